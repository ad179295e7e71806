//! Fetches records: one, or many at a time, each failing by itself.

use futures_util::stream::{self, StreamExt as _};

use crate::carrier::{Carrier, Failure};
use crate::domain::prid::Prid;
use crate::store::attempt::Subject;
use crate::sync::outgoing::{broken, jitter};
use crate::sync::{Parts, decide, intake};

/// Records fetched at a time: enough to hide a line's delay, too few to fill it.
const AT_ONCE: usize = 4;

/// What fetching a record came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// It is in the replica now.
    Here,
    /// Something newer came in while it was on its way: it was thrown away.
    Outdated,
    /// Upstream does not have it.
    Nowhere,
}

/// Fetches the records that upstream calls `prids`. One that fails waits by itself.
///
/// # Errors
/// A failure that is about the line.
pub(super) async fn fetch_all<C: Carrier>(
    parts: &Parts<C>,
    prids: Vec<Prid>,
) -> Result<(), Failure> {
    let one = |prid: Prid| async move {
        match fetch(parts, &prid).await {
            Ok(_) => Ok(()),
            Err(failure) if decide::ends_round(&failure) => Err(failure),
            Err(failure) => {
                let (now, jitter) = (parts.clock.now(), jitter(parts));
                let subject = Subject::record(&prid);
                intake::failed(&parts.store, subject, failure, now, jitter).await.map_err(broken)
            }
        }
    };
    let mut fetched = stream::iter(prids).map(one).buffer_unordered(AT_ONCE);
    while let Some(result) = fetched.next().await {
        result?;
    }
    Ok(())
}

/// Fetches the record that upstream calls `prid` and puts it in.
///
/// # Errors
/// Why it did not come.
pub(super) async fn fetch<C: Carrier>(parts: &Parts<C>, prid: &Prid) -> Result<Found, Failure> {
    let before = intake::before_record(&parts.store, prid.clone()).await.map_err(broken)?;
    let record = parts.carrier.record(prid).await?;
    let (now, jitter) = (parts.clock.now(), jitter(parts));
    intake::record_came(&parts.store, prid.clone(), record, before, now, jitter)
        .await
        .map_err(broken)
}
