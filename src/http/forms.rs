//! From a PRID to its filled form: from the replica, else fetched from central. One way for whoever
//! asks, a call or a code that was seen.

use std::time::Duration;

use tokio::sync::oneshot;

use crate::domain::line::Fetched;
use crate::domain::prid::Prid;
use crate::http::Context;
use crate::services::prefill::{self, Error};
use crate::store;

/// The path below which documents of forms are.
const FORMS: &str = "/prefill/v1/forms";
/// How long a counter waits for central when an application is not here.
const PATIENCE: Duration = Duration::from_secs(8);

/// Returns the form of `prid` as JSON; calls `fetching` before central is asked.
///
/// # Errors
/// Why there is none.
pub(super) async fn find(
    cx: &Context,
    prid: &Prid,
    fetching: impl FnOnce(),
) -> Result<Vec<u8>, Error> {
    if let Some(form) = here(cx, prid.clone()).await? {
        return Ok(form);
    }
    let fetched = fetch(cx, prid, fetching).await;
    if fetched == Fetched::Here
        && let Some(form) = here(cx, prid.clone()).await?
    {
        return Ok(form);
    }
    let line = cx.line.borrow().clone();
    let asked = fetched != Fetched::Unasked || cx.rules.authority;
    Err(prefill::miss(prid, &line, asked, cx.clock.now()))
}

/// Returns the form of `prid` as it is in the replica now.
///
/// # Errors
/// The replica's failure.
pub(super) async fn here(cx: &Context, prid: Prid) -> Result<Option<Vec<u8>>, store::Error> {
    let (parts, now) = (cx.clone(), cx.clock.now());
    let line = cx.line.borrow().clone();
    cx.store
        .read(move |view| {
            prefill::form(view, &prid, FORMS, &parts.master, &parts.rules, &line, now)
        })
        .await
}

/// Asks central for an application, for as long as a counter waits.
async fn fetch(cx: &Context, prid: &Prid, fetching: impl FnOnce()) -> Fetched {
    let Some(ask) = &cx.ask else { return Fetched::Unasked };
    let (to, answer) = oneshot::channel();
    if ask.try_send((prid.clone(), to)).is_err() {
        return Fetched::Unasked;
    }
    fetching();
    match tokio::time::timeout(PATIENCE, answer).await {
        Ok(Ok(fetched)) => fetched,
        Ok(Err(_)) | Err(_) => Fetched::Unasked,
    }
}

/// Asks central for applications, all at once, for as long as a counter waits; returns of which it
/// said something.
pub(super) async fn fetched(cx: &Context, prids: &[Prid]) -> Vec<Prid> {
    let asked = prids.iter().map(|prid| async move { (fetch(cx, prid, || ()).await, prid) });
    let asked = futures_util::future::join_all(asked).await;
    let told = asked.into_iter().filter(|(fetched, _)| *fetched != Fetched::Unasked);
    told.map(|(_, prid)| prid.clone()).collect()
}
