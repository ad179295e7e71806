//! The lane of messages: sends what is queued, one channel beside the other, as long as the way out
//! works. A message leaves once as far as the other end allows: it is noted right after, and one
//! whose note was cut off by a kill goes again under the same name (I1).

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::sync::watch;
use tokio::time::timeout;

use crate::batch::schedule;
use crate::clock::Clock;
use crate::domain::message::Channel;
use crate::entropy::Entropy;
use crate::outside::delivery::{Delivery, Failure};
use crate::store::message::Waiting;
use crate::store::{self, Store, Tx};

/// Messages taken from the queue in one go.
const SOME: u32 = 16;
/// Refusals after which a message is given up: a gateway may say no to what it takes an hour later.
const REFUSALS: u32 = 3;
/// The wait after the first failure; each next one is twice as long.
const FIRST: SignedDuration = SignedDuration::from_secs(5);
/// The longest wait, without what jitter adds.
const LONGEST: SignedDuration = SignedDuration::from_mins(10);
/// How often it is looked at queue and clock though nothing was written.
const LOOK: SignedDuration = SignedDuration::from_mins(1);
/// How long after a commit the queue is looked at: a burst is one look.
const SETTLE: Duration = Duration::from_millis(100);

/// What the lane works with.
#[derive(Clone)]
pub struct Parts {
    /// The replica.
    pub store: Store,
    /// The ways out.
    pub delivery: Delivery,
    /// The time.
    pub clock: Clock,
    /// Randomness, for jitter.
    pub entropy: Arc<dyn Entropy>,
}

/// Sends until `stop` says so. What is under way then is finished, or sent again by the next start.
pub async fn run(parts: Parts, stop: watch::Receiver<bool>) {
    let [sms, email] = Channel::ALL.map(|channel| Lane {
        parts: parts.clone(),
        channel,
        stop: stop.clone(),
        failures: 0,
    });
    tokio::join!(sms.run(), email.run(), prune(&parts, stop));
}

/// Takes away each hour what is of no more use; nothing while the clock stands where it was put (I7).
async fn prune(parts: &Parts, mut stop: watch::Receiver<bool>) {
    let pace = parts.clock.pace();
    loop {
        let now = parts.clock.now();
        if schedule::was_put(parts.clock.drift(&pace)) {
            tracing::warn!(
                "the clock was put by more than a day; messages are kept until a restart"
            );
        } else if let Err(error) = parts.store.write(move |tx| store::message::prune(tx, now)).await
        {
            tracing::error!(%error, "old messages could not be taken away");
        }
        tokio::select! {
            () = parts.clock.sleep_until(later(now, SignedDuration::from_hours(1))) => {}
            _ = stop.wait_for(|stopped| *stopped) => return,
        }
    }
}

struct Lane {
    parts: Parts,
    channel: Channel,
    stop: watch::Receiver<bool>,
    /// How often in a row the way out was of no use.
    failures: u32,
}

/// What comes after a look at the queue.
enum Next {
    /// Another look, at once.
    More,
    /// Another look then, or when something was written.
    At(Timestamp),
    /// Another look then and not before: the way out is of no use.
    Rest(Timestamp),
}

impl Lane {
    async fn run(mut self) {
        if !self.parts.delivery.reaches(self.channel) {
            return;
        }
        let mut commits = self.parts.store.commits();
        let clock = self.parts.clock.clone();
        let mut stop = self.stop.clone();
        while !*self.stop.borrow() {
            commits.mark_unchanged();
            match self.look().await {
                Next::More => {}
                Next::Rest(until) => tokio::select! {
                    () = clock.sleep_until(until) => {}
                    _ = stop.wait_for(|stopped| *stopped) => return,
                },
                Next::At(at) => {
                    tokio::select! {
                        () = clock.sleep_until(at) => continue,
                        Ok(()) = commits.changed() => {}
                        _ = stop.wait_for(|stopped| *stopped) => return,
                    }
                    if timeout(SETTLE, stop.wait_for(|stopped| *stopped)).await.is_ok() {
                        return;
                    }
                }
            }
        }
    }

    /// Sends what is due.
    async fn look(&mut self) -> Next {
        let (channel, now) = (self.channel, self.parts.clock.now());
        let read = self.parts.store.read(move |view| {
            let due = store::message::due(view, channel, now, SOME)?;
            Ok::<_, store::Error>((due, store::message::next_after(view, channel, now)?))
        });
        let soon = later(now, LOOK);
        let (due, next) = match read.await {
            Ok(found) => found,
            Err(error) => {
                tracing::error!(%error, "waiting messages could not be read");
                return Next::Rest(soon);
            }
        };
        if due.is_empty() {
            return Next::At(next.map_or(soon, |next| next.min(soon)));
        }
        for waiting in due {
            if *self.stop.borrow() {
                break;
            }
            if let Some(rest) = self.send(waiting).await {
                return Next::Rest(rest);
            }
        }
        Next::More
    }

    /// Sends one message and notes what became of it. Returns until when the way out is to rest.
    async fn send(&mut self, waiting: Waiting) -> Option<Timestamp> {
        let Parts { delivery, entropy, clock, .. } = &self.parts;
        let sent = delivery.send(&waiting.message, waiting.made_at, &**entropy).await;
        let [jitter] = entropy.bytes();
        let (id, now) = (waiting.id, clock.now());
        let attempts = waiting.attempts.saturating_add(1);
        match sent {
            Ok(()) => {
                if self.failures > 0 {
                    tracing::info!(channel = self.channel.name(), "messages leave again");
                }
                self.failures = 0;
                self.note(move |tx| store::message::sent(tx, id, now)).await
            }
            Err(Failure::Refused(why)) => {
                let channel = self.channel.name();
                let gives_up = attempts >= REFUSALS;
                tracing::warn!(channel, why, gives_up, "a message was refused");
                let try_at = later(now, wait(attempts, jitter));
                self.note(move |tx| match gives_up {
                    true => store::message::refused(tx, id, now),
                    false => store::message::failed(tx, id, try_at),
                })
                .await
            }
            Err(failure) => {
                self.failures = self.failures.saturating_add(1);
                if self.failures == 1 {
                    let channel = self.channel.name();
                    tracing::warn!(channel, %failure, "messages do not leave; they wait");
                }
                let try_at = later(now, wait(attempts, jitter));
                let rest = later(now, wait(self.failures, jitter));
                let noted = self.note(move |tx| store::message::failed(tx, id, try_at)).await;
                Some(noted.map_or(rest, |later| later.max(rest)))
            }
        }
    }

    /// Writes what became of a message, until it is written: nothing else is sent before, or a full
    /// disk would send one message for ever. Returns a wait if the node stops first.
    async fn note(
        &self,
        work: impl Fn(&Tx<'_>) -> Result<(), store::Error> + Clone + Send + 'static,
    ) -> Option<Timestamp> {
        let mut stop = self.stop.clone();
        loop {
            let error = match self.parts.store.write(work.clone()).await {
                Ok(()) => return None,
                Err(error) => error,
            };
            tracing::error!(%error, "what became of a message could not be noted");
            let again = later(self.parts.clock.now(), LOOK);
            tokio::select! {
                () = self.parts.clock.sleep_until(again) => {}
                _ = stop.wait_for(|stopped| *stopped) => return Some(again),
            }
        }
    }
}

/// Returns how long to wait after so many failures; `jitter` adds up to half of it, so that centers
/// that lost one gateway don't come back as one.
fn wait(failures: u32, jitter: u8) -> SignedDuration {
    let wait = FIRST * (1 << failures.saturating_sub(1).min(10));
    let wait = wait.min(LONGEST);
    wait + wait * i32::from(jitter) / 510
}

fn later(at: Timestamp, by: SignedDuration) -> Timestamp {
    at.saturating_add(by).unwrap_or(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_ten_minutes_and_jitter_adds_at_most_half() {
        assert_eq!(wait(1, 0), SignedDuration::from_secs(5));
        assert_eq!(wait(2, 0), SignedDuration::from_secs(10));
        assert_eq!(wait(8, 0), LONGEST);
        assert_eq!(wait(u32::MAX, 255), LONGEST * 3 / 2);
    }
}
