//! Figures and how they are shown, each beside its budget.

use std::time::Duration;

use crate::nodes::Fault;

/// How long the answers took.
pub(crate) struct Answers {
    /// Sorted.
    times: Vec<Duration>,
    counted: Duration,
}

impl Answers {
    /// Takes the times that were measured within `counted`.
    pub(crate) fn of(mut times: Vec<Duration>, counted: Duration) -> Self {
        times.sort_unstable();
        Self { times, counted }
    }

    /// Returns the time within which `share` of a thousand answers came.
    pub(crate) fn within(&self, share: usize) -> Duration {
        let at = (self.times.len() * share / 1000).min(self.times.len().saturating_sub(1));
        self.times.get(at).copied().unwrap_or_default()
    }

    /// Returns how many there were.
    pub(crate) fn count(&self) -> usize {
        self.times.len()
    }

    /// Returns how many came in a second.
    pub(crate) fn per_second(&self) -> f64 {
        self.times.len() as f64 / self.counted.as_secs_f64()
    }
}

/// Prints what the columns are.
pub(crate) fn head() {
    if cfg!(debug_assertions) {
        println!("not optimised: these figures say nothing of the budgets");
    }
    println!("{:<42} {:>18} {:>9}", "what", "measured", "budget");
}

/// Prints a figure; a budget comes with whether it was kept.
pub(crate) fn line(what: &str, measured: &str, budget: Option<(&str, bool)>) {
    let (budget, kept) = match budget {
        Some((budget, _)) if cfg!(debug_assertions) => (budget, ""),
        Some((budget, true)) => (budget, "within"),
        Some((budget, false)) => (budget, "over"),
        None => ("", ""),
    };
    println!("{what:<42} {measured:>18} {budget:>9} {kept}");
}

/// Prints a figure of the kernel's about the process `id`, and its budget in MiB.
pub(crate) fn memory(what: &str, id: u32, figure: &str, budget: u64) -> Result<(), Fault> {
    let status = std::fs::read_to_string(format!("/proc/{id}/status"))?;
    let kib: u64 = status
        .lines()
        .find_map(|line| line.strip_prefix(figure)?.strip_prefix(':'))
        .and_then(|value| value.split_whitespace().next()?.parse().ok())
        .ok_or("the kernel does not tell the memory of a process")?;
    let text = format!("{:.1} MiB", kib as f64 / 1024.0);
    line(what, &text, Some((&format!("{budget} MiB"), kib <= budget * 1024)));
    Ok(())
}

/// Returns a time in milliseconds.
pub(crate) fn ms(time: Duration) -> String {
    format!("{:.2} ms", time.as_secs_f64() * 1000.0)
}
