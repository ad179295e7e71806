//! Puts what arrived into the replica, each by one transaction.

use jiff::Timestamp;
use uuid::Uuid;

use crate::carrier::{Failure, Listed};
use crate::domain::application::Application;
use crate::domain::operation::Outcome;
use crate::domain::prid::Prid;
use crate::services::perform;
use crate::store::attempt::Subject;
use crate::store::document::Coming;
use crate::store::listing::Listing;
use crate::store::{self, Error, Store};
use crate::sync::decide;
use crate::sync::record::Found;

/// Why a record is asked for again.
const NOT_SHOWN: &str = "upstream took a change and does not show it";

/// Puts a whole list in, as the next round; returns its number.
pub(super) async fn list_came(store: &Store, listed: Vec<Listed>) -> Result<i64, Error> {
    store
        .write(move |tx| {
            let mut rounds = store::line::find(tx)?;
            rounds.round += 1;
            for line in &listed {
                store::listing::put_listed(tx, &line.prid, &line.value, rounds.round)?;
            }
            store::line::put(tx, &rounds)?;
            Ok(rounds.round)
        })
        .await
}

/// Puts in when upstream updated what it lists.
pub(super) async fn updates_came(store: &Store, updates: Vec<(Prid, String)>) -> Result<(), Error> {
    store
        .write(move |tx| {
            updates.iter().try_for_each(|(prid, at)| store::listing::put_updated(tx, prid, at))
        })
        .await
}

/// What is known of a record before it is fetched: what comes is the record of these.
pub(super) struct Before {
    here: Prid,
    rev: i64,
    listing: Listing,
    accepted: Vec<Uuid>,
}

/// Reads what is known of the record that upstream calls `prid`.
pub(super) async fn before_record(store: &Store, prid: Prid) -> Result<Before, Error> {
    store
        .read(move |view| {
            let here = store::application::local_prid(view, &prid)?;
            let operations = store::operation::uncovered(view, &here)?;
            let accepted = operations
                .iter()
                .filter(|operation| operation.outcome == Some(Outcome::Accepted))
                .map(|operation| operation.id)
                .collect();
            let listing = store::listing::find(view, &prid)?.unwrap_or_default();
            Ok(Before { rev: store::confirmed::rev(view, &here)?, here, listing, accepted })
        })
        .await
}

/// Puts a record in, or notes that upstream does not have it (any more): what is here stays. A record
/// that was asked for before something newer came in is thrown away.
pub(super) async fn record_came(
    store: &Store,
    prid: Prid,
    record: Option<Application>,
    before: Before,
    now: Timestamp,
    jitter: u8,
) -> Result<Found, Error> {
    store
        .write(move |tx| {
            let here = store::application::local_prid(tx, &prid)?;
            if here != before.here || store::confirmed::rev(tx, &here)? != before.rev {
                return Ok(Found::Outdated);
            }
            let subject = Subject::record(&prid);
            let absences = store::attempt::count(tx, &subject)? + 1;
            store::attempt::succeeded(tx, &subject)?;
            // It took an operation, and does not show it: what is here stays, and it is looked for
            // again, ever more seldom.
            let look_again = |tx: &store::Tx<'_>| {
                let at = decide::look_again_at(absences, now, jitter);
                store::attempt::failed(tx, &subject, at, Some(("", NOT_SHOWN)))
            };
            let Some(mut application) = record.clone() else {
                store::listing::forget(tx, &prid)?;
                if before.accepted.is_empty() {
                    store::confirmed::gone(tx, &here, now)?;
                } else {
                    look_again(tx)?;
                }
                return Ok(Found::Nowhere);
            };
            application.prid = here;
            let known = store::confirmed::find(tx, &application.prid)?;
            let hidden = known.is_some_and(|known| {
                decide::may_hide_content(&before.listing, &known.application, &application)
            });
            if !perform::confirm(tx, application, &before.accepted, hidden, now)? {
                look_again(tx)?;
            }
            store::listing::put_fetched(tx, &prid, &before.listing)?;
            Ok(Found::Here)
        })
        .await
}

/// Puts the content of a document in, unless the application has changed while it was on its way:
/// then it may be another content by now, and is asked for again.
pub(super) async fn content_came(
    store: &Store,
    coming: Coming,
    content: Vec<u8>,
    now: Timestamp,
) -> Result<(), Error> {
    store
        .write(move |tx| {
            if store::confirmed::rev(tx, &coming.prid)? != coming.rev {
                return Ok(());
            }
            store::attempt::succeeded(tx, &Subject::document(&coming.prid, &coming.id))?;
            if perform::content_came(tx, &coming.prid, &coming.id, &content)?.is_none() {
                let at = decide::look_again_at(1, now, 0);
                let subject = Subject::document(&coming.prid, &coming.id);
                store::attempt::failed(tx, &subject, at, None)?;
            }
            Ok(())
        })
        .await
}

/// Notes that something failed, and when it is tried again.
pub(super) async fn failed(
    store: &Store,
    subject: Subject,
    failure: Failure,
    now: Timestamp,
    jitter: u8,
) -> Result<(), Error> {
    store
        .write(move |tx| {
            let attempts = store::attempt::count(tx, &subject)? + 1;
            let at = decide::again_at(attempts, &failure, now, jitter);
            let (code, sentence) = match &failure {
                Failure::Refused { code, sentence } => (code.as_str(), sentence.clone()),
                other => ("", other.to_string()),
            };
            store::attempt::failed(tx, &subject, at, Some((code, &sentence)))
        })
        .await
}
