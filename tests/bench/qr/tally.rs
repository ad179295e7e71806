//! Times and how they are summed up, and the work spread over the processors.

#![expect(clippy::cast_precision_loss, reason = "counts are small")]

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use prereg_node::clock::Stopwatch;

pub(crate) type Fault = Box<dyn std::error::Error + Send + Sync>;

/// How often something succeeded, and what it took.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tally {
    pub(crate) hits: usize,
    pub(crate) wrong: usize,
    times: Vec<Duration>,
    hit_times: Vec<Duration>,
}

impl Tally {
    pub(crate) fn add(&mut self, hit: bool, wrong: bool, took: Duration) {
        self.hits += usize::from(hit);
        self.wrong += usize::from(wrong);
        self.times.push(took);
        if hit {
            self.hit_times.push(took);
        }
    }

    pub(crate) fn join(&mut self, other: &Self) {
        self.hits += other.hits;
        self.wrong += other.wrong;
        self.times.extend(&other.times);
        self.hit_times.extend(&other.hit_times);
    }

    pub(crate) fn count(&self) -> usize {
        self.times.len()
    }

    pub(crate) fn rate(&self) -> f64 {
        100.0 * self.hits as f64 / self.times.len().max(1) as f64
    }

    /// Returns the milliseconds within which `share` of a thousand were done.
    pub(crate) fn ms(&self, share: usize) -> f64 {
        within(&self.times, share)
    }

    /// The same for those that succeeded.
    pub(crate) fn hit_ms(&self, share: usize) -> f64 {
        within(&self.hit_times, share)
    }
}

fn within(times: &[Duration], share: usize) -> f64 {
    let mut times = times.to_vec();
    times.sort_unstable();
    let at = (times.len() * share / 1000).min(times.len().saturating_sub(1));
    times.get(at).map_or(0.0, |time| time.as_secs_f64() * 1000.0)
}

/// Returns what `work` gives for each number below `count`, in any order, on all processors.
pub(crate) fn spread<T: Send>(
    count: usize,
    work: impl Fn(usize) -> Result<T, Fault> + Sync,
) -> Result<Vec<T>, Fault> {
    let next = AtomicUsize::new(0);
    let done = Mutex::new((Vec::with_capacity(count), None));
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= count {
                        return;
                    }
                    let result = work(number);
                    let Ok(mut done) = done.lock() else { return };
                    match result {
                        Ok(result) => done.0.push(result),
                        Err(fault) => done.1 = Some(fault),
                    }
                }
            });
        }
    });
    let (results, fault) = done.into_inner().map_err(|_| "a thread gave up")?;
    if results.len() < count {
        return Err(fault.unwrap_or_else(|| "a thread gave up".into()));
    }
    Ok(results)
}

/// What the kernel counts a thread's time in, at the coarsest.
const TICK: Duration = Duration::from_millis(4);

/// Returns what `work` gives, and how long that took: by the clock on the wall, but not more than the
/// thread's processor was at it, to a tick, so that other programs on the machine count little.
pub(crate) fn timed<T>(work: impl FnOnce() -> T) -> Result<(T, Duration), Fault> {
    let before = on_processor()?;
    let watch = Stopwatch::start();
    let result = work();
    let took = watch.elapsed();
    Ok((result, took.min(on_processor()?.saturating_sub(before) + TICK)))
}

fn on_processor() -> Result<Duration, Fault> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat")?;
    let nanoseconds = text.split_whitespace().next().ok_or("the kernel keeps no times")?;
    Ok(Duration::from_nanos(nanoseconds.parse()?))
}

/// Returns the load of the machine in the last minute.
pub(crate) fn load() -> Result<String, Fault> {
    let text = std::fs::read_to_string("/proc/loadavg")?;
    Ok(text.split_whitespace().next().unwrap_or_default().to_owned())
}
