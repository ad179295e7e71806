//! Sends changes to applications that are at the other end already. Only this node's account makes
//! them there, and each has the same effect once or twice, so what is unsure is sent again; the one
//! that is told apart by a look costs no more than that look.

use crate::carrier::{Carrier, Failure};
use crate::domain::apply::apply;
use crate::domain::identity::Identity;
use crate::domain::operation::{Change, Operation, Outcome};
use crate::domain::prid::Prid;
use crate::services::perform::{self, NOT_OURS};
use crate::store::{self, Error};
use crate::sync::Parts;
use crate::sync::outgoing::{Trouble, broken, mark, refused_with_it};

/// The code for "no such application".
const GONE: &str = "PRG_PAM_APP_005";

/// What is known here of an application that is to be changed at the other end.
struct Known {
    /// Its PRID there, if this node made it.
    made_as: Option<Prid>,
    /// The code with which it was refused there.
    refused: Option<String>,
    /// Its language and identity with the operation.
    wanted: Option<(String, Identity)>,
}

/// Sends a change that is due, and settles it.
pub(super) async fn change<C: Carrier>(
    parts: &Parts<C>,
    operation: &Operation,
    unsure: bool,
) -> Result<(), Trouble> {
    let known = known(parts, operation).await.map_err(|error| Trouble::Before(broken(error)))?;
    let prid = match (&known.made_as, &known.refused, &operation.change) {
        (Some(prid), ..) => Ok(prid.clone()),
        (None, Some(code), change) => Err(refused_with_it(change, code)),
        // Staff may give anybody's document a reference.
        (None, None, Change::Refer { .. }) => Ok(operation.prid.clone()),
        (None, None, _) => Err(Outcome::KeptHere { why: NOT_OURS.into() }),
    };
    let outcome = match prid {
        Err(outcome) => outcome,
        Ok(prid) => match deliver(parts, operation, &prid, &known, unsure).await? {
            Delivery::Done => Outcome::Accepted,
            Delivery::Withdrawn => return Ok(()),
        },
    };
    let (operation, now) = (operation.clone(), parts.clock.now());
    parts
        .store
        .write(move |tx| perform::settle(tx, &operation, &outcome, now))
        .await
        .map_err(|error| Trouble::After(broken(error)))
}

async fn known<C: Carrier>(parts: &Parts<C>, operation: &Operation) -> Result<Known, Error> {
    let (prid, id) = (operation.prid.clone(), operation.id);
    parts
        .store
        .read(move |view| {
            let confirmed = store::confirmed::find(view, &prid)?.map(|held| held.application);
            let mut operations = store::operation::uncovered(view, &prid)?;
            let later = operations.iter().position(|other| other.id == id).map(|at| at + 1);
            operations.truncate(later.unwrap_or_default());
            let wanted = apply(confirmed.as_ref(), &operations);
            Ok(Known {
                made_as: store::application::upstream_prid(view, &prid)?,
                refused: store::operation::refusal_of_create(view, &prid)?,
                wanted: wanted.map(|application| (application.language, application.identity)),
            })
        })
        .await
}

/// What sending came to.
enum Delivery {
    /// The other end has it.
    Done,
    /// Its application was deleted here before it left.
    Withdrawn,
}

async fn deliver<C: Carrier>(
    parts: &Parts<C>,
    operation: &Operation,
    prid: &Prid,
    known: &Known,
    unsure: bool,
) -> Result<Delivery, Trouble> {
    let carrier = &*parts.carrier;
    // What a look can spare, and what it has to find out.
    let mut held = None;
    let is_there = match (&operation.change, &known.wanted) {
        (Change::Update { .. }, Some((_, identity))) if unsure => {
            let theirs = carrier.made_identity(prid).await.map_err(Trouble::Before)?;
            theirs.as_ref() == Some(identity)
        }
        (Change::Remove { category }, _) => {
            let theirs = carrier.attached(prid).await.map_err(Trouble::Before)?;
            held = theirs.into_iter().find(|held| held.category == *category);
            held.is_none()
        }
        _ => false,
    };
    if is_there {
        return Ok(Delivery::Done);
    }
    if !mark(parts, operation).await.map_err(Trouble::Before)? {
        return Ok(Delivery::Withdrawn);
    }
    let sent = match (&operation.change, &known.wanted, held) {
        (Change::Update { .. }, Some((language, identity)), _) => {
            carrier.update(prid, language, identity).await
        }
        (Change::Remove { .. }, _, Some(document)) => carrier.remove(prid, &document.id).await,
        (Change::Refer { category, ref_number }, ..) => {
            carrier.refer(prid, category, ref_number).await
        }
        (Change::SetStatus { to, .. }, ..) => carrier.set_status(prid, *to).await,
        (Change::Delete, ..) => match carrier.delete(prid).await {
            Err(Failure::Refused { code, .. }) if code == GONE => Ok(()),
            sent => sent,
        },
        _ => Ok(()),
    };
    sent.map(|()| Delivery::Done).map_err(Trouble::Sending)
}
