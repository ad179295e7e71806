//! The only place that asks the time.
//!
//! Everything below `http`, `sync`, `batch` and `scanner` is handed `now` as a value. A test turns a
//! simulated clock by hand, so a week of outage takes no longer than its arithmetic.

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::sync::watch;

/// The time of day, and waiting for it. Clones share one clock.
#[derive(Clone, Debug)]
pub struct Clock(Kind);

#[derive(Clone, Debug)]
enum Kind {
    System,
    Simulated(Arc<watch::Sender<Timestamp>>),
}

impl Clock {
    /// Returns the clock of this machine.
    #[must_use]
    pub fn system() -> Self {
        Self(Kind::System)
    }

    /// Returns a clock that stands at `start` until [`Clock::set`] moves it.
    #[must_use]
    pub fn simulated(start: Timestamp) -> Self {
        Self(Kind::Simulated(Arc::new(watch::Sender::new(start))))
    }

    /// Returns the present instant. The system's clock may be wrong (I7): for display and for
    /// windows that the contract defines by the time of day, not for order.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "this is the place that asks")]
    pub fn now(&self) -> Timestamp {
        match &self.0 {
            Kind::System => Timestamp::now(),
            Kind::Simulated(time) => *time.borrow(),
        }
    }

    /// Begins to compare the time of day with the time that passes.
    #[must_use]
    pub fn pace(&self) -> Pace {
        Pace { from: self.now(), passed: Stopwatch::start() }
    }

    /// Returns how far the clock stands from where it stood at `pace` and the time that has passed
    /// since; a simulated one, whose time passes by being set, stands right (I7).
    #[must_use]
    pub fn drift(&self, pace: &Pace) -> SignedDuration {
        match &self.0 {
            Kind::System => drift(pace.from, self.now(), pace.passed.elapsed()),
            Kind::Simulated(_) => SignedDuration::ZERO,
        }
    }

    /// Moves a simulated clock to `to` and wakes who waited for it; the system's stays as it is.
    pub fn set(&self, to: Timestamp) {
        if let Kind::Simulated(time) = &self.0 {
            time.send_replace(to);
        }
    }

    /// Waits until the clock shows `deadline`, or is put back behind the instant at which the wait
    /// began: who waits looks again then, and does not wait for years (I7). On the system's clock it
    /// looks once a minute.
    #[expect(clippy::disallowed_methods, reason = "this is the place that waits")]
    pub async fn sleep_until(&self, deadline: Timestamp) {
        let began = self.now();
        match &self.0 {
            Kind::System => loop {
                if Timestamp::now() < began {
                    return;
                }
                let left = deadline.duration_since(Timestamp::now());
                if left <= SignedDuration::ZERO {
                    return;
                }
                let left = left.unsigned_abs().min(Duration::from_secs(60));
                tokio::time::sleep(left).await;
            },
            Kind::Simulated(time) => {
                let mut seen = time.subscribe();
                // The sender lives in self, so waiting ends only by the time coming.
                let _ = seen.wait_for(|now| *now >= deadline || *now < began).await;
            }
        }
    }
}

/// A time of day that was believed, and what has passed since.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    from: Timestamp,
    passed: Stopwatch,
}

fn drift(from: Timestamp, now: Timestamp, passed: Duration) -> SignedDuration {
    let passed = SignedDuration::try_from(passed).unwrap_or(SignedDuration::MAX);
    now.duration_since(from).saturating_sub(passed).abs()
}

/// Measures how long something took; monotonic, for figures and time-outs only.
#[derive(Clone, Copy, Debug)]
pub struct Stopwatch(std::time::Instant);

impl Stopwatch {
    /// Starts measuring.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "this is the place that asks")]
    pub fn start() -> Self {
        Self(std::time::Instant::now())
    }

    /// Returns the time since the start.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}

/// Bounds how often one thing is said: once a minute, with how often it was not said before.
#[derive(Clone, Copy, Debug)]
pub struct Seldom {
    since: Stopwatch,
    said: Option<Duration>,
    unsaid: u64,
}

impl Seldom {
    /// Begins with nothing said.
    #[must_use]
    pub fn start() -> Self {
        Self { since: Stopwatch::start(), said: None, unsaid: 0 }
    }

    /// Counts that it happened; returns how often it did since it was said last, if it is to be said
    /// now.
    pub fn happened(&mut self) -> Option<u64> {
        self.happened_at(self.since.elapsed())
    }

    fn happened_at(&mut self, passed: Duration) -> Option<u64> {
        self.unsaid = self.unsaid.saturating_add(1);
        let is_early =
            self.said.is_some_and(|said| passed.saturating_sub(said) < Duration::from_secs(60));
        if is_early {
            return None;
        }
        self.said = Some(passed);
        Some(std::mem::take(&mut self.unsaid))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// I11
    #[test]
    fn what_happens_all_the_time_is_said_once_a_minute_with_its_count() {
        let mut seldom = Seldom::start();
        let said: Vec<_> = (0..150_u64)
            .filter_map(|second| seldom.happened_at(Duration::from_secs(second)))
            .collect();
        assert_eq!(said, [1, 60, 60]);
    }

    #[tokio::test]
    async fn a_simulated_clock_wakes_who_waits_when_it_is_moved() {
        let start = Timestamp::from_second(1_000).unwrap();
        let clock = Clock::simulated(start);
        let waiting = tokio::spawn({
            let clock = clock.clone();
            async move { clock.sleep_until(Timestamp::from_second(2_000).unwrap()).await }
        });
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished());

        clock.set(Timestamp::from_second(2_000).unwrap());

        waiting.await.unwrap();
    }

    /// I7
    #[test]
    fn a_clock_that_goes_with_the_time_that_passes_does_not_drift_and_one_that_is_put_does() {
        let from = Timestamp::from_second(1_000_000).unwrap();
        let hour = Duration::from_secs(3600);
        let after = |hours: i64| from + SignedDuration::from_hours(hours);
        for (hours, wanted) in [(1, 0), (49, 48), (-47, 48)] {
            assert_eq!(drift(from, after(hours), hour), SignedDuration::from_hours(wanted));
        }
    }

    /// I7
    #[tokio::test]
    async fn who_waits_looks_again_when_the_clock_is_put_back() {
        let clock = Clock::simulated(Timestamp::from_second(1_000).unwrap());
        let waiting = tokio::spawn({
            let clock = clock.clone();
            async move { clock.sleep_until(Timestamp::from_second(2_000).unwrap()).await }
        });
        tokio::task::yield_now().await;

        clock.set(Timestamp::from_second(10).unwrap());

        waiting.await.unwrap();
    }
}
