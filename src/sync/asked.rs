//! The lane of what somebody at a counter waits for: it never stands behind a round.

use std::sync::Arc;

use futures_util::stream::{self, StreamExt as _};
use tokio::sync::mpsc;

use crate::carrier::Carrier;
use crate::domain::line::Fetched;
use crate::domain::prid::Prid;
use crate::sync::record::{self, Found};
use crate::sync::{Ask, Lane, Parts};

/// Applications fetched at a time; who asks then waits for a place.
const AT_ONCE: usize = 4;

pub(super) async fn run<C: Carrier>(
    parts: Arc<Parts<C>>,
    mut asks: mpsc::Receiver<Ask>,
    documents: Arc<Lane>,
) {
    stream::poll_fn(|cx| asks.poll_recv(cx))
        .for_each_concurrent(AT_ONCE, |(prid, answer)| {
            let (parts, documents) = (&parts, &documents);
            async move {
                // Who asked may have gone, before or meanwhile.
                if !answer.is_closed() {
                    let _ = answer.send(fetch(parts, documents, &prid).await);
                }
            }
        })
        .await;
    // Nobody can ask any more; the other lanes go on.
    std::future::pending().await
}

async fn fetch<C: Carrier>(parts: &Parts<C>, documents: &Lane, prid: &Prid) -> Fetched {
    match record::fetch(parts, prid).await {
        Ok(Found::Here | Found::Outdated) => {
            documents.call();
            Fetched::Here
        }
        Ok(Found::Nowhere) => Fetched::Nowhere,
        Err(_) => Fetched::Unasked,
    }
}
