//! The lane that writes the audit trail, some records at a time, so that no request waits for it.
//!
//! What was answered in the last moments before a power cut may be missing from the trail; what it
//! changed is not, for operations are written with the changes themselves.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use jiff::SignedDuration;
use tokio::sync::{mpsc, watch};

use crate::clock::Clock;
use crate::domain::audit::Happening;
use crate::services::audit::{self, Key};
use crate::store::{self, Store};

/// Records that are written together at most.
const LARGEST: usize = 256;
/// How long a record waits for others: each write costs the disk a flush.
const PATIENCE: SignedDuration = SignedDuration::from_millis(250);

/// Writes what comes from `from` until `stop` says so, and then what is left. `lost` counts what did
/// not fit into the channel, and what could not be written; the next record says so.
pub async fn run(
    store: Store,
    key: Key,
    mut from: mpsc::Receiver<Happening>,
    lost: Arc<AtomicU64>,
    clock: Clock,
    mut stop: watch::Receiver<bool>,
) {
    let key = Arc::new(key);
    let mut stopping = false;
    loop {
        let mut happened = Vec::new();
        tokio::select! {
            biased;
            _ = stop.wait_for(|stopped| *stopped), if !stopping => {
                stopping = true;
                from.close();
                continue;
            }
            _ = from.recv_many(&mut happened, LARGEST) => {}
        }
        let ended = happened.is_empty();
        if !stopping && !ended {
            tokio::select! {
                () = clock.sleep_until(clock.now() + PATIENCE) => {}
                () = fill(&mut from, &mut happened) => {}
                _ = stop.wait_for(|stopped| *stopped) => {
                    stopping = true;
                    from.close();
                }
            }
        }
        write(&store, &key, happened, &lost, &clock).await;
        if ended {
            return;
        }
    }
}

/// Takes more until there are enough, or there is nobody left to send any.
async fn fill(from: &mut mpsc::Receiver<Happening>, happened: &mut Vec<Happening>) {
    while happened.len() < LARGEST {
        if from.recv_many(happened, LARGEST - happened.len()).await == 0 {
            return;
        }
    }
}

async fn write(
    store: &Store,
    key: &Arc<Key>,
    happened: Vec<Happening>,
    lost: &AtomicU64,
    clock: &Clock,
) {
    let missing = lost.swap(0, Ordering::Relaxed);
    if happened.is_empty() && missing == 0 {
        return;
    }
    let (key, now, count) = (Arc::clone(key), clock.now(), happened.len() as u64);
    let written = store
        .write::<_, store::Error, _>(move |tx| audit::append(tx, &key, &happened, missing, now))
        .await;
    if let Err(error) = written {
        lost.fetch_add(missing + count, Ordering::Relaxed);
        tracing::error!(%error, count, "the audit trail could not be written");
    }
}
