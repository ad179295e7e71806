//! The lane of documents: contents down, uploads up, by appointment. A large one delays only the few
//! that travel beside it.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use futures_util::stream::{self, StreamExt as _};
use jiff::{SignedDuration, Timestamp};

use crate::carrier::{Carrier, Failure};
use crate::store::attempt::Subject;
use crate::store::document::Coming;
use crate::store::operation::{Due, Payload};
use crate::store::{self, Error};
use crate::sync::outgoing::{self, broken, jitter};
use crate::sync::{Lane, Parts, decide, intake};

/// Documents that travel at a time.
const AT_ONCE: usize = 3;
/// Rows looked at in one go.
const SOME: u32 = 32;
/// How often it is looked for what is due again.
const LOOK: Duration = Duration::from_secs(15);

enum Work {
    Send(Box<Due>),
    Fetch(Coming),
}

pub(super) async fn run<C: Carrier>(parts: Arc<Parts<C>>, lane: Arc<Lane>) {
    let mut called = lane.called.subscribe();
    let (mut sends, mut fetches) = (Pause::default(), Pause::default());
    loop {
        // Read before the work: a call that comes while it is done is for the next pass.
        let call = *called.borrow_and_update();
        if lane.hurry.swap(false, Ordering::Relaxed) {
            (sends, fetches) = (Pause::default(), Pause::default());
        }
        // While one account is refused the other may be good.
        if parts.line.borrow().state.is_reached() {
            work_off(&parts, &mut sends, &mut fetches).await;
        }
        lane.done.send_replace(call);
        let look = parts.clock.now() + SignedDuration::try_from(LOOK).unwrap_or_default();
        tokio::select! {
            changed = called.changed() => if changed.is_err() { return },
            () = parts.clock.sleep_until(look) => {}
        }
    }
}

/// How long one direction rests because the line, or its account, is of no use.
#[derive(Default)]
struct Pause {
    failures: u32,
    from: Timestamp,
    until: Timestamp,
}

impl Pause {
    fn is_over(&self, now: Timestamp) -> bool {
        // Before it began: the clock was put back, and nobody knows how long is left (I7).
        now >= self.until || now < self.from
    }

    fn rest(&mut self, failure: &Failure, now: Timestamp, jitter: u8) {
        self.failures = self.failures.saturating_add(1);
        (self.from, self.until) = (now, decide::again_at(self.failures, failure, now, jitter));
    }
}

/// Works until nothing is due, or the line is of no use.
async fn work_off<C: Carrier>(parts: &Parts<C>, sends: &mut Pause, fetches: &mut Pause) {
    loop {
        let now = parts.clock.now();
        let (may_send, may_fetch) = (sends.is_over(now), fetches.is_over(now));
        let due = match due(parts, now, may_send, may_fetch).await {
            Ok(due) if due.is_empty() => return,
            Ok(due) => due,
            Err(error) => {
                broken(error);
                return;
            }
        };
        let (send_fails, fetch_fails) = (first_failure(), first_failure());
        stream::iter(due)
            .for_each_concurrent(AT_ONCE, |work| {
                let (send_fails, fetch_fails) = (&send_fails, &fetch_fails);
                async move {
                    // What is under way when the line fails comes to its own end.
                    match work {
                        Work::Send(due) if send_fails.get().is_none() => {
                            if let Err(failure) = outgoing::send(parts, *due).await {
                                if !matches!(failure, Failure::Credential(_) | Failure::Lifecycle) {
                                    let _ = fetch_fails.set(failure.clone());
                                }
                                let _ = send_fails.set(failure);
                            }
                        }
                        Work::Fetch(coming) if fetch_fails.get().is_none() => {
                            if let Err(failure) = fetch(parts, coming).await {
                                if !matches!(failure, Failure::Credential(_) | Failure::Lifecycle) {
                                    let _ = send_fails.set(failure.clone());
                                }
                                let _ = fetch_fails.set(failure);
                            }
                        }
                        Work::Send(_) | Work::Fetch(_) => {}
                    }
                }
            })
            .await;
        let now = parts.clock.now();
        for (pause, failure, tried) in [
            (&mut *sends, send_fails.get(), may_send),
            (&mut *fetches, fetch_fails.get(), may_fetch),
        ] {
            match failure {
                Some(failure) => pause.rest(failure, now, jitter(parts)),
                None if tried => *pause = Pause::default(),
                None => {}
            }
        }
    }
}

fn first_failure() -> std::sync::OnceLock<Failure> {
    std::sync::OnceLock::new()
}

async fn due<C: Carrier>(
    parts: &Parts<C>,
    now: Timestamp,
    may_send: bool,
    may_fetch: bool,
) -> Result<Vec<Work>, Error> {
    let unsure = SignedDuration::try_from(parts.pace.unsure).unwrap_or(SignedDuration::MAX);
    parts
        .store
        .read(move |view| {
            let mut work = Vec::new();
            if may_send {
                let due = store::operation::due(view, Payload::Documents, now, unsure, SOME)?;
                work.extend(due.into_iter().map(|due| Work::Send(Box::new(due))));
            }
            if may_fetch {
                let coming = store::document::coming(view, now, SOME)?;
                work.extend(coming.into_iter().map(Work::Fetch));
            }
            Ok(work)
        })
        .await
}

async fn fetch<C: Carrier>(parts: &Parts<C>, coming: Coming) -> Result<(), Failure> {
    let here = coming.prid.clone();
    let upstream = parts
        .store
        .read::<_, Error, _>(move |view| store::application::upstream_prid(view, &here))
        .await
        .map_err(broken)?
        .unwrap_or_else(|| coming.prid.clone());
    let subject = Subject::document(&coming.prid, &coming.id);
    let came = match parts.carrier.content(&upstream, &coming.id).await {
        Ok(content) => intake::content_came(&parts.store, coming, content, parts.clock.now())
            .await
            .map_err(broken),
        Err(failure) => Err(failure),
    };
    match came {
        // The document can do nothing for the line.
        Err(failure) if !decide::ends_round(&failure) => {
            let now = parts.clock.now();
            intake::failed(&parts.store, subject, failure, now, jitter(parts)).await.map_err(broken)
        }
        came => came,
    }
}
