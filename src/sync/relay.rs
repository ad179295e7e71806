//! Tells the other end what the registration processor has told this node that it has taken over.

use crate::carrier::{Carrier, Failure, NONE_CONSUMED};
use crate::store;
use crate::store::attempt::{self, Subject};
use crate::sync::Parts;
use crate::sync::decide;
use crate::sync::outgoing::{broken, jitter};

/// How many are told of in one call.
const BATCH: u32 = 100;

/// Tells of all that is due. Telling twice does no harm, so what is unsure is told again.
///
/// # Errors
/// A failure that is about the line; any other waits by itself (I3).
pub(super) async fn send<C: Carrier>(parts: &Parts<C>) -> Result<(), Failure> {
    loop {
        let now = parts.clock.now();
        let due = parts
            .store
            .read(move |view| store::consumed::to_relay(view, now, BATCH))
            .await
            .map_err(broken)?;
        if due.is_empty() {
            return Ok(());
        }
        match parts.carrier.consumed(&due).await {
            Ok(()) => {}
            // It has deleted them, or took them over long ago.
            Err(Failure::Refused { code, .. }) if code == NONE_CONSUMED => {}
            Err(failure) => {
                let ends_round = decide::ends_round(&failure);
                wait(parts, &failure).await?;
                return if ends_round { Err(failure) } else { Ok(()) };
            }
        }
        parts.store.write(move |tx| store::consumed::relayed(tx, &due)).await.map_err(broken)?;
    }
}

/// Writes down when it is tried again.
async fn wait<C>(parts: &Parts<C>, failure: &Failure) -> Result<(), Failure> {
    let (now, jitter, failure) = (parts.clock.now(), jitter(parts), failure.clone());
    parts
        .store
        .write(move |tx| {
            let subject = Subject::consumed();
            let attempts = attempt::count(tx, &subject)?.saturating_add(1);
            let again = decide::again_at(attempts, &failure, now, jitter);
            attempt::failed(tx, &subject, again, Some(("", &failure.to_string())))
        })
        .await
        .map_err(broken)
}
