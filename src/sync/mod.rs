//! Keeps replica and upstream in step.
//!
//! What holds:
//!
//! * An operation is sent again only after a look at the other end, unless it is certain that it
//!   never left (I2). The mark that it may have left is on disk before it leaves.
//! * Every operation ends settled; a record, a document or an operation that fails waits by itself and
//!   delays no other (I3).
//! * Everything that arrives is put in by one transaction, so a cut anywhere leaves a replica that the
//!   next round finishes (I1). What is due is read from the replica, never remembered.
//! * The age of the data is when everything that upstream lists was last here in full (I10).
//! * What was asked for before something newer came in is thrown away, not put over it.
//!
//! Deciding is apart from doing: `decide` says what an answer means, `driver` and `documents` see and
//! do, `intake` puts what arrived into the replica.

mod asked;
mod changes;
pub mod decide;
mod documents;
mod driver;
mod intake;
mod outgoing;
mod record;
mod relay;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinSet;

use crate::carrier::Carrier;
use crate::clock::Clock;
use crate::domain::ids::CenterId;
use crate::domain::line::{Fetched, Line};
use crate::domain::prid::Prid;
use crate::entropy::Entropy;
use crate::services::Rules;
use crate::store::Store;

/// When to ask, and for which days.
#[derive(Clone, Debug)]
pub struct Pace {
    /// Between the starts of two rounds while the line is up.
    pub every: Duration,
    /// How many days before today are still asked for.
    pub days_back: u16,
    /// How many days after today are asked for already.
    pub days_ahead: u16,
    /// How long something that was sent without an answer is left alone before the other end is
    /// looked at: it may still be at work.
    pub unsure: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            every: Duration::from_secs(300),
            days_back: 1,
            days_ahead: 7,
            unsure: Duration::from_secs(60),
        }
    }
}

/// An application that somebody at a counter waits for.
pub type Ask = (Prid, oneshot::Sender<Fetched>);

/// A wish to synchronise now; answered when the round has ended and the documents have been tried.
pub type Nudge = oneshot::Sender<Line>;

/// What the synchronisation works with.
pub struct Parts<C> {
    /// The other end.
    pub carrier: Arc<C>,
    /// The replica.
    pub store: Store,
    /// The time.
    pub clock: Clock,
    /// Randomness, for jitter.
    pub entropy: Arc<dyn Entropy>,
    /// What this node may decide.
    pub rules: Arc<Rules>,
    /// The center whose applications are asked for.
    pub center: CenterId,
    /// When to ask.
    pub pace: Pace,
    /// Where to tell how the line stands.
    pub line: watch::Sender<Line>,
}

/// Synchronises until `stop` says so; what is under way then is dropped, and finished by the next
/// start.
pub async fn run<C: Carrier>(
    parts: Parts<C>,
    asks: mpsc::Receiver<Ask>,
    nudges: mpsc::Receiver<Nudge>,
    mut stop: watch::Receiver<bool>,
) {
    let parts = Arc::new(parts);
    let documents = Arc::new(Lane::default());
    let mut lanes = JoinSet::new();
    lanes.spawn(driver::run(Arc::clone(&parts), nudges, Arc::clone(&documents)));
    lanes.spawn(asked::run(Arc::clone(&parts), asks, Arc::clone(&documents)));
    lanes.spawn(documents::run(parts, documents));
    tokio::select! {
        _ = stop.wait_for(|stopped| *stopped) => {}
        // A lane ends only by a fault of ours; the rest of the node serves on.
        _ = lanes.join_next() => tracing::error!("the synchronisation ended by itself"),
    }
    lanes.shutdown().await;
}

/// The documents' own lane: told that there may be work, and tells which of those calls it has
/// worked off.
#[derive(Default)]
struct Lane {
    called: watch::Sender<u64>,
    done: watch::Sender<u64>,
    hurry: AtomicBool,
}

impl Lane {
    /// Calls the lane to look for work; returns the number of the call.
    fn call(&self) -> u64 {
        let mut number = 0;
        self.called.send_modify(|called| {
            *called += 1;
            number = *called;
        });
        number
    }

    /// Calls the lane and lets it try at once, whatever it is waiting for.
    fn hurry(&self) -> u64 {
        self.hurry.store(true, Ordering::Relaxed);
        self.call()
    }

    /// Waits until a pass that began after the call `number` has ended.
    async fn done(&self, number: u64) {
        // The sender lives in self, so waiting ends only by the number coming.
        let _ = self.done.subscribe().wait_for(|done| *done >= number).await;
    }
}
