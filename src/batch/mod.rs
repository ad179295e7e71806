//! The jobs of a node. So far one: each day puts another day's seats on sale.

pub mod audit;
pub mod messages;
mod schedule;

use std::sync::Arc;

use tokio::sync::watch;

use crate::clock::Clock;
use crate::services::master::Loaded;
use crate::services::{Rules, booking};
use crate::store::Store;

/// Runs the jobs when they are due: at the start, each midnight of the country, and when master data
/// was replaced, until `stop` says so. A job may run twice and does nothing the second time.
pub async fn run(
    store: Store,
    mut loaded: watch::Receiver<Loaded>,
    rules: Arc<Rules>,
    clock: Clock,
    mut stop: watch::Receiver<bool>,
) {
    loop {
        let now = clock.now();
        let master = Arc::clone(&loaded.borrow_and_update().master);
        let days = Arc::clone(&rules);
        let opened = store.write(move |tx| booking::open_days(tx, &master, &days, now)).await;
        if let Err(error) = opened {
            tracing::error!(%error, "the days to come could not be put on sale");
        }
        tokio::select! {
            () = clock.sleep_until(schedule::next_midnight(now, &rules.zone)) => {}
            Ok(()) = loaded.changed() => {}
            _ = stop.wait_for(|stopped| *stopped) => return,
        }
    }
}
