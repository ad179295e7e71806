//! The lane of texts: wakes, sends what was made here, asks for lists and records, puts them in.

use std::sync::Arc;
use std::time::Duration;

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp, ToSpan as _};
use tokio::sync::mpsc;

use crate::carrier::{Carrier, Failure};
use crate::domain::line::{Line, State};
use crate::domain::prid::Prid;
use crate::store::operation::Payload;
use crate::store::{self, Error, View};
use crate::sync::outgoing::{self, broken, jitter};
use crate::sync::{Lane, Nudge, Parts, decide, intake, record, relay};

/// Rows looked at in one go.
const SOME: u32 = 64;
/// How long after a commit it is looked whether something is to be sent: a burst is one look.
const SETTLE: SignedDuration = SignedDuration::from_millis(100);
/// How long a nudge waits for the documents.
const DOCUMENTS: SignedDuration = SignedDuration::from_secs(20);
/// How often it is looked at the clock, which may have been put right.
const LOOK: SignedDuration = SignedDuration::from_secs(60);

pub(super) async fn run<C: Carrier>(
    parts: Arc<Parts<C>>,
    mut nudges: mpsc::Receiver<Nudge>,
    documents: Arc<Lane>,
) {
    let clock = parts.clock.clone();
    let mut commits = parts.store.commits();
    let mut looked_at = clock.now();
    let mut driver = Driver { parts, documents, failures: 0, round_at: looked_at, lacking: None };
    loop {
        // What was due at the last look and is still there is nothing that looking again helps.
        let wake = driver
            .next_try(looked_at)
            .await
            .min(looked_at.saturating_add(LOOK).unwrap_or(looked_at));
        tokio::select! {
            biased;
            Some(nudge) = nudges.recv() => {
                looked_at = clock.now();
                let line = driver.nudged().await;
                // Who asked may have gone.
                let _ = nudge.send(line);
                continue;
            }
            () = clock.sleep_until(wake) => {}
            Ok(()) = commits.changed() => {
                clock.sleep_until(later(clock.now(), SETTLE)).await;
                commits.mark_unchanged();
            }
        }
        let now = clock.now();
        // A clock that went back would put off for years what was to wait for minutes (I7).
        if now < looked_at {
            driver.hurry().await;
            driver.round_at = now;
        }
        looked_at = now;
        if now >= driver.round_at {
            driver.round().await;
        } else if driver.state() == State::Up {
            driver.between_rounds().await;
        }
    }
}

struct Driver<C> {
    parts: Arc<Parts<C>>,
    documents: Arc<Lane>,
    /// Rounds that failed since one did not.
    failures: u32,
    /// When the next round begins.
    round_at: Timestamp,
    /// The last round, while some of its records are not in.
    lacking: Option<Round>,
}

/// A round whose list is in.
#[derive(Clone, Copy)]
struct Round {
    number: i64,
    began: Timestamp,
    /// The first day that was asked for.
    first: Date,
}

impl<C: Carrier> Driver<C> {
    fn state(&self) -> State {
        self.parts.line.borrow().state
    }

    async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&View<'_>) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Failure> {
        self.parts.store.read(work).await.map_err(broken)
    }

    /// Returns when the next round begins, or something that was not due at `looked_at` is.
    async fn next_try(&self, looked_at: Timestamp) -> Timestamp {
        if self.state() != State::Up {
            return self.round_at;
        }
        let next = self.read(move |view| store::attempt::next_after(view, looked_at)).await;
        next.ok().flatten().map_or(self.round_at, |at| at.min(self.round_at))
    }

    /// Makes everything that waits due: somebody wants it now, or the clock was wrong.
    async fn hurry(&self) {
        if let Err(error) = self.parts.store.write(store::attempt::hurry).await {
            broken(error);
        }
    }

    /// Goes round because somebody wants it; returns how the line stands when the documents have
    /// been tried too.
    async fn nudged(&mut self) -> Line {
        self.hurry().await;
        self.round().await;
        let call = self.documents.hurry();
        let patience = later(self.parts.clock.now(), DOCUMENTS);
        tokio::select! {
            () = self.documents.done(call) => {}
            () = self.parts.clock.sleep_until(patience) => {}
        }
        // What was uploaded just now can be seen at the other end at once.
        if self.state() == State::Up {
            self.between_rounds().await;
        }
        self.parts.line.borrow().clone()
    }

    /// Goes once round, and sets when the next begins.
    async fn round(&mut self) {
        let began = self.parts.clock.now();
        match self.go_round(began).await {
            Ok(refused) => {
                self.failures = 0;
                let complete = self.lacking.is_none().then_some(began);
                self.tell(complete, refused.as_ref()).await;
                self.documents.call();
                self.round_at = later(began, long(self.parts.pace.every));
            }
            Err(failure) => self.failed(&failure).await,
        }
    }

    /// Sends what came up since the last round, and tries again what failed in it.
    async fn between_rounds(&mut self) {
        let now = self.parts.clock.now();
        let done = async {
            let refused = self.send().await?;
            relay::send(&self.parts).await?;
            let lacking = self.lacking;
            if let Some(round) = lacking {
                while self.fetch_some(round, now).await? {}
                self.fetch_vanished(round, now).await?;
            }
            self.confirm().await?;
            Ok::<_, Failure>((refused, lacking))
        }
        .await;
        match done {
            Ok((refused, lacking)) => {
                let complete = match lacking {
                    Some(round) if self.is_complete(round).await => Some(round.began),
                    _ => None,
                };
                if complete.is_some() {
                    self.lacking = None;
                }
                if refused.is_some() || complete.is_some() {
                    self.tell(complete, refused.as_ref()).await;
                }
            }
            Err(failure) => self.failed(&failure).await,
        }
    }

    async fn failed(&mut self, failure: &Failure) {
        self.failures = self.failures.saturating_add(1);
        let now = self.parts.clock.now();
        self.tell(None, Some(failure)).await;
        self.round_at = decide::again_at(self.failures, failure, now, jitter(&self.parts));
    }

    /// Sends, lists, fetches. What comes back is that the writing account is refused, which keeps
    /// nothing from coming in.
    async fn go_round(&mut self, began: Timestamp) -> Result<Option<Failure>, Failure> {
        let today = self.parts.rules.today(began);
        let first = today.saturating_sub(i64::from(self.parts.pace.days_back).days());
        let last = today.saturating_add(i64::from(self.parts.pace.days_ahead).days());
        let listed = self.parts.carrier.list(&self.parts.center, first, last).await?;
        self.reached();
        // Only a line that answers is worth sending on: what was made here is safe where it is.
        let mut refused = self.send().await?;
        relay::send(&self.parts).await?;
        let prids: Vec<Prid> = listed.iter().map(|line| line.prid.clone()).collect();
        let number = intake::list_came(&self.parts.store, listed).await.map_err(broken)?;
        let round = Round { number, began, first };
        self.lacking = Some(round);
        if !prids.is_empty() {
            let updates = self.parts.carrier.updated(&prids).await?;
            intake::updates_came(&self.parts.store, updates).await.map_err(broken)?;
        }
        // A first round is long; what is made here meanwhile does not wait for its end.
        while self.fetch_some(round, began).await? {
            if refused.is_none() {
                refused = self.send().await?;
            }
        }
        self.fetch_vanished(round, began).await?;
        self.confirm().await?;
        if self.is_complete(round).await {
            self.lacking = None;
        }
        Ok(refused)
    }

    async fn is_complete(&self, round: Round) -> bool {
        let missing = self.read(move |view| {
            let vanished =
                store::listing::vanished(view, round.number, round.first, Timestamp::MAX, 1)?;
            Ok(store::listing::count_missing(view, round.number)? + vanished.len() as u64)
        });
        missing.await == Ok(0)
    }

    /// Looks what became of those that are not listed any more.
    async fn fetch_vanished(&self, round: Round, now: Timestamp) -> Result<(), Failure> {
        loop {
            let vanished = self
                .read(move |view| {
                    store::listing::vanished(view, round.number, round.first, now, SOME)
                })
                .await?;
            if vanished.is_empty() {
                return Ok(());
            }
            record::fetch_all(&self.parts, vanished).await?;
        }
    }

    /// Fetches some of the records that are listed in `round` and not in; returns whether there
    /// were any to try at `now`. Who calls again does so with the same `now`: what failed waits from
    /// then on, so that a round comes to an end.
    async fn fetch_some(&self, round: Round, now: Timestamp) -> Result<bool, Failure> {
        let due = self.read(move |view| store::listing::due(view, round.number, now, SOME)).await?;
        if due.is_empty() {
            return Ok(false);
        }
        record::fetch_all(&self.parts, due).await?;
        self.documents.call();
        Ok(true)
    }

    /// Sends what was done here, documents apart; returns how the writing account was refused.
    async fn send(&self) -> Result<Option<Failure>, Failure> {
        let now = self.parts.clock.now();
        let unsure = long(self.parts.pace.unsure);
        let due = self
            .read(move |view| store::operation::due(view, Payload::Text, now, unsure, SOME))
            .await?;
        let mut refused = None;
        for due in due {
            match outgoing::send(&self.parts, due).await {
                Err(failure @ (Failure::Credential(_) | Failure::Lifecycle)) => {
                    refused = Some(failure);
                    break;
                }
                sent => sent?,
            }
        }
        self.documents.call();
        Ok(refused)
    }

    /// Looks at what upstream made of the applications whose operations it took.
    async fn confirm(&self) -> Result<(), Failure> {
        let now = self.parts.clock.now();
        let to_confirm = self
            .read(move |view| {
                let prids = store::operation::to_confirm(view, now, SOME)?;
                prids
                    .into_iter()
                    .map(|prid| Ok(store::application::upstream_prid(view, &prid)?.unwrap_or(prid)))
                    .collect::<Result<Vec<_>, Error>>()
            })
            .await?;
        record::fetch_all(&self.parts, to_confirm).await
    }

    /// Lets those who wait for the line know at once that it is there: a first round may be long.
    fn reached(&self) {
        let now = self.parts.clock.now();
        self.parts.line.send_modify(|line| {
            line.reached_at = Some(now);
            if !line.state.is_reached() {
                line.state = State::Up;
                line.failure = None;
            }
        });
    }

    /// Writes down how the line stands, and tells who watches. `complete` is when a round began of
    /// which everything is in now.
    async fn tell(&self, complete: Option<Timestamp>, failure: Option<&Failure>) {
        let now = self.parts.clock.now();
        let sentence = failure.map(ToString::to_string);
        if let Some(failure) = failure {
            tracing::info!(%failure, "the line to upstream is of no use now");
        }
        let kept = sentence.clone();
        let written = self
            .parts
            .store
            .write::<_, Error, _>(move |tx| {
                let mut rounds = store::line::find(tx)?;
                rounds.tried_at = Some(now);
                rounds.failure.clone_from(&kept);
                if complete.is_some() {
                    rounds.complete_at = complete;
                }
                store::line::put(tx, &rounds)?;
                store::attempt::mend(tx, now)?;
                Ok(rounds)
            })
            .await;
        let complete_at = match written {
            Ok(rounds) => rounds.complete_at,
            Err(error) => {
                broken(error);
                self.parts.line.borrow().complete_at
            }
        };
        let state = match failure {
            None => State::Up,
            Some(Failure::Credential(_)) => State::Refused,
            Some(Failure::Lifecycle) => State::Mismatch,
            Some(_) => State::Down,
        };
        self.parts.line.send_modify(|line| {
            line.state = state;
            line.failure = sentence;
            line.complete_at = complete_at;
            if state == State::Up {
                line.reached_at = Some(now);
            }
        });
    }
}

fn later(at: Timestamp, by: SignedDuration) -> Timestamp {
    at.saturating_add(by).unwrap_or(at)
}

fn long(span: Duration) -> SignedDuration {
    SignedDuration::try_from(span).unwrap_or(SignedDuration::from_hours(24))
}
