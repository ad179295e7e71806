//! Sends operations: marks, sends, settles; looks at the other end before anything is sent again.

use jiff::Timestamp;

use crate::carrier::{Carrier, Failure};
use crate::domain::document::Document;
use crate::domain::identity::Identity;
use crate::domain::ids::Digest;
use crate::domain::operation::{Change, Operation, Outcome};
use crate::domain::prid::Prid;
use crate::services::perform::{self, NOT_OURS};
use crate::store::attempt::Subject;
use crate::store::operation::Due;
use crate::store::{self, Error};
use crate::sync::decide::{self, Action};
use crate::sync::{Parts, changes};

/// What follows a refused application.
const REFUSED_WITH_IT: &str = "Central refused the application itself.";
/// The content of a document is not here: nothing to send.
const NO_CONTENT: &str = "The document's content is not at this center any more.";

/// At which step an attempt failed: that decides what is known of the operation.
pub(super) enum Trouble {
    /// While looking whether it had arrived, or before it left: as unsure as before, or as sure.
    Before(Failure),
    /// While it was sent.
    Sending(Failure),
    /// After the other end had taken it: all but the note of it is done.
    After(Failure),
}

/// Sends one operation that is due.
///
/// # Errors
/// A failure that is about the line and not about this operation; the store's own is
/// [`Failure::NotSent`].
pub(super) async fn send<C: Carrier>(parts: &Parts<C>, due: Due) -> Result<(), Failure> {
    let lifecycle = parts.rules.lifecycle;
    if parts.store.read(move |view| perform::is_strange(view, lifecycle)).await.map_err(broken)? {
        return Err(Failure::Lifecycle);
    }
    let unsure = due.sent_at.is_some();
    let operation = due.operation;
    let result = match operation.change.clone() {
        Change::Create { language, identity, .. } => {
            create(parts, &operation, &language, &identity, unsure).await
        }
        Change::Attach { document } => attach(parts, &operation, &document, unsure).await,
        Change::Update { .. }
        | Change::Remove { .. }
        | Change::Refer { .. }
        | Change::SetStatus { .. }
        | Change::Delete => changes::change(parts, &operation, unsure).await,
        // An own seat is settled as it is sold; no other booking is made or given up here.
        Change::Book { .. } | Change::Cancel { .. } => Ok(()),
    };
    match result {
        Ok(()) => Ok(()),
        Err(trouble) => {
            let failure = match &trouble {
                Trouble::Before(failure) | Trouble::Sending(failure) | Trouble::After(failure) => {
                    failure.clone()
                }
            };
            let line = decide::ends_round(&failure);
            note(parts, operation, trouble, due.attempts + 1).await.map_err(broken)?;
            if line { Err(failure) } else { Ok(()) }
        }
    }
}

fn patience<C>(parts: &Parts<C>) -> jiff::SignedDuration {
    jiff::SignedDuration::try_from(parts.pace.unsure)
        .unwrap_or(jiff::SignedDuration::from_hours(24))
}

async fn create<C: Carrier>(
    parts: &Parts<C>,
    operation: &Operation,
    language: &str,
    identity: &Identity,
    unsure: bool,
) -> Result<(), Trouble> {
    let arrived =
        if unsure { look_up(parts, identity).await.map_err(Trouble::Before)? } else { None };
    let upstream = match arrived {
        Some(upstream) => upstream,
        None => {
            if !mark(parts, operation).await.map_err(Trouble::Before)? {
                return Ok(());
            }
            parts.carrier.create(language, identity).await.map_err(Trouble::Sending)?
        }
    };
    let (operation, now) = (operation.clone(), parts.clock.now());
    parts
        .store
        .write(move |tx| {
            store::application::put_alias(tx, &operation.prid, &upstream)?;
            perform::settle(tx, &operation, &Outcome::Accepted, now)
        })
        .await
        .map_err(|error| Trouble::After(broken(error)))
}

/// Looks among what this node's account made at the other end for an application with this identity
/// that is no other's of this node.
async fn look_up<C: Carrier>(
    parts: &Parts<C>,
    identity: &Identity,
) -> Result<Option<Prid>, Failure> {
    let made = parts.carrier.made().await?;
    let unknown: Vec<Prid> = parts
        .store
        .read::<_, Error, _>(move |view| {
            let mut unknown = Vec::new();
            for prid in made {
                if store::application::local_prid(view, &prid)? == prid {
                    unknown.push(prid);
                }
            }
            Ok(unknown)
        })
        .await
        .map_err(broken)?;
    for prid in unknown {
        match parts.carrier.made_identity(&prid).await {
            Ok(found) if found.as_ref() == Some(identity) => return Ok(Some(prid)),
            Ok(_) => {}
            // One that is not for this account, or gone, is not what it made just now.
            Err(Failure::Refused { code, .. }) if !decide::is_passing(&code) => {}
            Err(failure) => return Err(failure),
        }
    }
    Ok(None)
}

async fn attach<C: Carrier>(
    parts: &Parts<C>,
    operation: &Operation,
    document: &Document,
    unsure: bool,
) -> Result<(), Trouble> {
    let prid = operation.prid.clone();
    let digest = document.digest;
    let (upstream, content, refused) = parts
        .store
        .read::<_, Error, _>(move |view| {
            let upstream = store::application::upstream_prid(view, &prid)?;
            let content = match digest {
                Some(digest) => store::blob::content(view, &digest)?,
                None => None,
            };
            let refused = store::operation::refusal_of_create(view, &prid)?;
            Ok((upstream, content, refused))
        })
        .await
        .map_err(|error| Trouble::Before(broken(error)))?;
    let outcome = match (upstream, content) {
        (None, _) if let Some(code) = refused => refused_with_it(&operation.change, &code),
        (None, _) => Outcome::KeptHere { why: NOT_OURS.into() },
        (Some(_), None) => Outcome::KeptHere { why: NO_CONTENT.into() },
        (Some(upstream), Some(content)) => {
            let arrived =
                unsure && is_there(parts, &upstream, document).await.map_err(Trouble::Before)?;
            if !arrived {
                if !mark(parts, operation).await.map_err(Trouble::Before)? {
                    return Ok(());
                }
                let sent = parts.carrier.attach(&upstream, document, content).await;
                sent.map_err(Trouble::Sending)?;
            }
            Outcome::Accepted
        }
    };
    let (operation, now) = (operation.clone(), parts.clock.now());
    parts
        .store
        .write(move |tx| perform::settle(tx, &operation, &outcome, now))
        .await
        .map_err(|error| Trouble::After(broken(error)))
}

/// Tells whether the other end has this very content under this description.
async fn is_there<C: Carrier>(
    parts: &Parts<C>,
    upstream: &Prid,
    document: &Document,
) -> Result<bool, Failure> {
    let held = parts.carrier.attached(upstream).await?;
    let Some(held) = held.iter().find(|held| {
        held.category == document.category
            && held.kind == document.kind
            && held.name == document.name
    }) else {
        return Ok(false);
    };
    match parts.carrier.content(upstream, &held.id).await {
        Ok(content) => Ok(document.digest == Some(Digest::of(&content))),
        Err(Failure::Refused { code, .. }) if !decide::is_passing(&code) => Ok(false),
        Err(failure) => Err(failure),
    }
}

/// Writes down that the operation is about to leave; only then may it (I2). Returns whether it is
/// still to leave.
pub(super) async fn mark<C: Carrier>(
    parts: &Parts<C>,
    operation: &Operation,
) -> Result<bool, Failure> {
    let (id, now) = (operation.id, parts.clock.now());
    parts.store.write(move |tx| store::operation::sending(tx, id, now)).await.map_err(broken)
}

/// Writes down what a failed attempt means for the operation.
async fn note<C: Carrier>(
    parts: &Parts<C>,
    operation: Operation,
    trouble: Trouble,
    attempts: u32,
) -> Result<(), Error> {
    let (now, jitter) = (parts.clock.now(), jitter(parts));
    let action = match &trouble {
        Trouble::Sending(failure) => match decide::after_failure(attempts, failure, now, jitter) {
            // The other end may still be at work on it.
            Action::CheckAt(at) => Action::CheckAt(at.max(now + patience(parts))),
            action => action,
        },
        // There is nothing to look at that it could be put to.
        Trouble::Before(Failure::Refused { code, sentence })
            if !matches!(operation.change, Change::Create { .. }) && !decide::is_passing(code) =>
        {
            Action::Settle(Outcome::Refused { code: code.clone(), sentence: sentence.clone() })
        }
        // What was known of it is still known: whether it may have left stands in its mark.
        Trouble::Before(failure) | Trouble::After(failure) => {
            Action::CheckAt(decide::again_at(attempts, failure, now, jitter))
        }
    };
    let (Trouble::Before(failure) | Trouble::Sending(failure) | Trouble::After(failure)) = trouble;
    let sentence = failure.to_string();
    parts
        .store
        .write(move |tx| {
            let subject = Subject::operation(operation.id);
            match &action {
                Action::Settle(outcome) => {
                    perform::settle(tx, &operation, outcome, now)?;
                    if let Change::Create { .. } = operation.change {
                        refuse_followers(tx, &operation.prid, outcome, now)?;
                    }
                    Ok(())
                }
                Action::RetryAt(at) => {
                    store::operation::not_sent(tx, operation.id)?;
                    store::attempt::failed(tx, &subject, *at, Some(("", &sentence)))
                }
                Action::CheckAt(at) => {
                    store::attempt::failed(tx, &subject, *at, Some(("", &sentence)))
                }
            }
        })
        .await
}

/// Refuses what waits behind a refused application: it can never be sent (I3).
fn refuse_followers(
    tx: &store::Tx<'_>,
    prid: &Prid,
    outcome: &Outcome,
    now: Timestamp,
) -> Result<(), Error> {
    let Outcome::Refused { code, .. } = outcome else { return Ok(()) };
    for follower in store::operation::pending(tx, prid)? {
        perform::settle(tx, &follower, &refused_with_it(&follower.change, code), now)?;
        if follower.change == Change::Delete {
            return Ok(());
        }
    }
    Ok(())
}

/// Returns what becomes of a change to an application that central refused with `code`: it is at this
/// center only.
pub(super) fn refused_with_it(change: &Change, code: &str) -> Outcome {
    match change {
        Change::Delete => Outcome::Accepted,
        // What adds to it shows the refusal; what takes away from it is true here all the same.
        Change::Remove { .. } | Change::Cancel { .. } | Change::SetStatus { .. } => {
            Outcome::KeptHere { why: REFUSED_WITH_IT.into() }
        }
        _ => Outcome::Refused { code: code.into(), sentence: REFUSED_WITH_IT.into() },
    }
}

/// The replica failing is no fault of the line, but nothing can be sent without it either; unless it
/// is about the one thing it was asked to take: then that waits by itself.
#[expect(clippy::needless_pass_by_value, reason = "it is handed to map_err")]
pub(super) fn broken(error: Error) -> Failure {
    tracing::error!(%error, "the synchronisation cannot use the replica");
    if error.is_about_content() {
        Failure::Unanswered(error.to_string())
    } else {
        Failure::NotSent(error.to_string())
    }
}

/// Draws the jitter of a wait.
pub(super) fn jitter<C>(parts: &Parts<C>) -> u8 {
    u8::try_from(parts.entropy.below(256)).unwrap_or(u8::MAX)
}
