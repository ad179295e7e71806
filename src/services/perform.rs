//! The one place that changes an application, and records the operation that did.
//!
//! On an authority an operation is accepted as it is made: *confirmed* moves with it. On a center
//! node it stays pending, laid over *confirmed*, until the synchronisation has settled it. Either way
//! the view is what `apply` makes of both, in the same transaction.

use jiff::Timestamp;
use uuid::{Builder, Uuid};

use crate::domain::application::{Application, Kind as Purpose};
use crate::domain::apply::apply;
use crate::domain::caller::Caller;
use crate::domain::ids::{Digest, DocumentId};
use crate::domain::operation::{Change, Operation, Outcome};
use crate::domain::prid::Prid;
use crate::domain::status::{Lifecycle, Status};
use crate::entropy::Entropy;
use crate::services::{Rules, seat};
use crate::store::{self, Error, Tx, View};

/// Why an own booking never leaves: central does not sell those seats.
const OWN_SEAT: &str = "The seat is this center's own; central does not sell it.";
/// Why a walk-in of another kind never leaves: it is no more than an appointment.
const NOTHING_TO_SEND: &str = "An application for a lost UIN or an update has no data; it stays at \
                               this center.";
/// Why central never gets a change to an application that somebody else made there.
pub const NOT_OURS: &str = "Central lets only the owner change this application; the change is \
                            kept at this center.";

/// Makes `change` to the application `prid` of this node and returns what it looks like now.
///
/// The caller has checked that it may; a seat that the change takes is taken already.
///
/// # Errors
/// The store's own.
pub fn perform(
    tx: &Tx<'_>,
    prid: &Prid,
    change: Change,
    caller: &Caller,
    rules: &Rules,
    entropy: &dyn Entropy,
    now: Timestamp,
) -> Result<Application, Error> {
    let mut operation = Operation {
        id: new_id(entropy, now),
        origin: store::operation::next_origin(tx)?,
        prid: prid.clone(),
        base: store::confirmed::rev(tx, prid)?,
        actor: caller.user.clone(),
        made_at: now,
        outcome: None,
        covered: false,
        change,
    };
    if rules.authority {
        let confirmed = store::confirmed::find(tx, prid)?.map(|confirmed| confirmed.application);
        if let Some(next) = apply(confirmed.as_ref(), std::slice::from_ref(&operation)) {
            store::confirmed::put(tx, &next, now)?;
        }
        operation.outcome = Some(Outcome::Accepted);
        operation.covered = true;
    } else {
        operation.outcome = stays(tx, prid, &operation.change)?;
    }
    store::operation::insert(tx, &operation)?;
    view_again(tx, prid)?.ok_or(Error::Row("an application"))
}

/// Returns the outcome of a change that a center node can tell at once: central would not take it.
fn stays(tx: &Tx<'_>, prid: &Prid, change: &Change) -> Result<Option<Outcome>, Error> {
    let why = match change {
        Change::Create { purpose: Purpose::LostUin | Purpose::Update, .. } => NOTHING_TO_SEND,
        Change::Book { .. } | Change::Cancel { .. } => OWN_SEAT,
        Change::Update { .. }
        | Change::Remove { .. }
        | Change::SetStatus { .. }
        | Change::Delete
            if !is_made_here(tx, prid)? =>
        {
            NOT_OURS
        }
        // A document reference is taken from staff; whether the rest is, its sending will show.
        _ => return Ok(None),
    };
    Ok(Some(Outcome::KeptHere { why: why.into() }))
}

/// Tells whether this node made the application: then its account at central owns it there.
fn is_made_here(tx: &Tx<'_>, prid: &Prid) -> Result<bool, Error> {
    if store::application::upstream_prid(tx, prid)?.is_some() {
        return Ok(true);
    }
    let operations = store::operation::uncovered(tx, prid)?;
    Ok(operations.iter().any(|operation| matches!(operation.change, Change::Create { .. })))
}

/// Deletes the application `prid` of this node, and gives its seat back.
///
/// On an authority it is gone, and so is one that never left a center node. Else central has to
/// delete its own: until then, or if only the owner may, the operation hides it here. While central
/// may still refuse, the seat is kept: with the refusal its holder comes back (I6).
///
/// # Errors
/// The store's own.
pub fn delete(
    tx: &Tx<'_>,
    prid: &Prid,
    caller: &Caller,
    rules: &Rules,
    entropy: &dyn Entropy,
    now: Timestamp,
) -> Result<(), Error> {
    let never_left = store::confirmed::find(tx, prid)?.is_none()
        && store::application::upstream_prid(tx, prid)?.is_none()
        && !store::operation::any_on_its_way(tx, prid)?;
    let outcome = stays(tx, prid, &Change::Delete)?;
    let is_certain = rules.authority || never_left || outcome.is_some();
    if is_certain && let Some(application) = store::application::find(tx, prid)? {
        seat::give_back(tx, &application, rules)?;
    }
    if rules.authority || never_left {
        return store::application::erase(tx, prid);
    }
    let operation = Operation {
        id: new_id(entropy, now),
        origin: store::operation::next_origin(tx)?,
        prid: prid.clone(),
        base: store::confirmed::rev(tx, prid)?,
        actor: caller.user.clone(),
        made_at: now,
        outcome,
        covered: false,
        change: Change::Delete,
    };
    store::operation::insert(tx, &operation)?;
    view_again(tx, prid)?;
    Ok(())
}

/// Moves `application` out of the view: registration has taken it over (`contract/rules.md` §9.6).
/// No service shows it any more; what there is of it is kept until its retention ends. On an
/// authority only.
///
/// # Errors
/// The store's own.
pub fn consume(tx: &Tx<'_>, mut application: Application, now: Timestamp) -> Result<(), Error> {
    application.status = Status::Consumed;
    store::consumed::put(tx, &application, now)?;
    store::application::erase(tx, &application.prid)
}

/// Takes over what upstream says of an application, under its PRID at this node; `covers` are the
/// operations that upstream had accepted before it was asked. Returns whether it shows all of them;
/// one that it does not show stays laid over it (I1).
///
/// Documents come without content; content that is here already, by id and description, stays.
/// `content_changed` says that upstream's word for a document may hide another content.
///
/// # Errors
/// The store's own.
pub fn confirm(
    tx: &Tx<'_>,
    mut application: Application,
    covers: &[Uuid],
    content_changed: bool,
    now: Timestamp,
) -> Result<bool, Error> {
    let before = store::confirmed::find(tx, &application.prid)?;
    let settled = store::operation::uncovered(tx, &application.prid)?;
    // At upstream an application made here is the node's own; here it stays its maker's.
    let maker = settled
        .iter()
        .find(|operation| matches!(operation.change, Change::Create { .. }))
        .map(|operation| &operation.actor);
    let is_ours = store::application::upstream_prid(tx, &application.prid)?.is_some();
    let known_maker = before.as_ref().filter(|_| is_ours).map(|b| &b.application.created_by);
    if let Some(maker) = maker.or(known_maker) {
        application.created_by.clone_from(maker);
    }
    let taken: Vec<&Operation> =
        settled.iter().filter(|operation| covers.contains(&operation.id)).collect();
    let is_shown = |place: usize| {
        let Some((category, is_there)) = about_document(&taken[place].change) else { return true };
        // The last word on a category is the one to be seen.
        let is_last = taken[place + 1..]
            .iter()
            .all(|later| about_document(&later.change).is_none_or(|(other, _)| other != category));
        let has_one = application.documents.iter().any(|shown| shown.category == category);
        !is_last || has_one == is_there
    };
    let shown: Vec<Uuid> =
        (0..taken.len()).filter(|place| is_shown(*place)).map(|place| taken[place].id).collect();
    let all = taken.len();
    for document in &mut application.documents {
        let known = before
            .iter()
            .filter(|_| !content_changed)
            .flat_map(|before| &before.application.documents)
            .find(|known| known.id == document.id && known.is_described_as(document));
        // What this node uploaded itself need not come back over the line.
        let ours =
            settled.iter().filter(|operation| covers.contains(&operation.id)).rev().find_map(
                |operation| match &operation.change {
                    Change::Attach { document: ours }
                        if ours.category == document.category
                            && ours.kind == document.kind
                            && ours.name == document.name =>
                    {
                        Some(ours)
                    }
                    _ => None,
                },
            );
        if let Some(here) = ours.or(known) {
            document.digest = here.digest;
            document.size = here.size;
        }
    }
    if let Some(before) = before {
        application.booking_rev = before.application.booking_rev
            + u32::from(
                before.application.appointment.as_ref().map(|held| &held.slot)
                    != application.appointment.as_ref().map(|held| &held.slot),
            );
    }
    if let Some(appointment) = &mut application.appointment {
        appointment.booking_rev = application.booking_rev;
    }
    let news = store::confirmed::put(tx, &application, now)?;
    if content_changed && !news {
        // A content that is on its way now may be the old one.
        store::confirmed::raise(tx, &application.prid)?;
    }
    store::operation::cover(tx, &shown)?;
    if news || !shown.is_empty() {
        view_again(tx, &application.prid)?;
    }
    Ok(shown.len() == all)
}

/// Returns the category that a change is about, and whether there is a document of it afterwards.
fn about_document(change: &Change) -> Option<(&str, bool)> {
    match change {
        Change::Attach { document } => Some((&document.category, true)),
        Change::Remove { category } => Some((category, false)),
        _ => None,
    }
}

/// Tells whether an application here is in a status that `lifecycle` does not have: then upstream
/// has another lifecycle than this node was told. Applications of 1.1 look like those of 1.2, so only
/// a node that was told 1.1 can see it.
///
/// # Errors
/// The store's own.
pub fn is_strange(view: &View<'_>, lifecycle: Lifecycle) -> Result<bool, Error> {
    match lifecycle {
        Lifecycle::V1_1 => store::application::any_of_1_2(view),
        Lifecycle::V1_2 => Ok(false),
    }
}

/// Takes in the content of a document that upstream had described before.
///
/// # Errors
/// The store's own.
pub fn content_came(
    tx: &Tx<'_>,
    prid: &Prid,
    id: &DocumentId,
    content: &[u8],
) -> Result<Option<Digest>, Error> {
    let Some(mut confirmed) = store::confirmed::find(tx, prid)? else { return Ok(None) };
    let documents = &mut confirmed.application.documents;
    let Some(document) = documents.iter_mut().find(|document| document.id == *id) else {
        return Ok(None); // It was removed at the other end while its content was on the way.
    };
    let digest = store::blob::put(tx, content)?;
    document.digest = Some(digest);
    document.size = Some(content.len() as u64);
    store::confirmed::fill(tx, &confirmed.application)?;
    view_again(tx, prid)?;
    Ok(Some(digest))
}

/// Settles an operation and shows what follows from it.
///
/// # Errors
/// The store's own.
pub fn settle(
    tx: &Tx<'_>,
    operation: &Operation,
    outcome: &Outcome,
    now: Timestamp,
) -> Result<(), Error> {
    if operation.change == Change::Delete {
        if !matches!(outcome, Outcome::Refused { .. }) {
            give_back_of_deleted(tx, &operation.prid)?;
        }
        if *outcome == Outcome::Accepted {
            return store::application::erase(tx, &operation.prid);
        }
    }
    store::operation::settle(tx, operation.id, outcome, now)?;
    store::attempt::succeeded(tx, &store::attempt::Subject::operation(operation.id))?;
    view_again(tx, &operation.prid)?;
    Ok(())
}

/// Gives back the own seat that `prid` held when it was deleted, on a center node.
fn give_back_of_deleted(tx: &Tx<'_>, prid: &Prid) -> Result<(), Error> {
    let confirmed = store::confirmed::find(tx, prid)?.map(|confirmed| confirmed.application);
    let mut operations = store::operation::uncovered(tx, prid)?;
    operations.retain(|operation| operation.change != Change::Delete);
    let held = apply(confirmed.as_ref(), &operations).and_then(|shown| shown.appointment);
    if let Some(held) = held.filter(|held| seat::is_of(&operations, held)) {
        store::slot::give_back(tx, &held.slot)?;
    }
    Ok(())
}

fn view_again(tx: &Tx<'_>, prid: &Prid) -> Result<Option<Application>, Error> {
    let confirmed = store::confirmed::find(tx, prid)?.map(|confirmed| confirmed.application);
    let operations = store::operation::uncovered(tx, prid)?;
    let view = apply(confirmed.as_ref(), &operations);
    match &view {
        Some(view) => store::application::put(tx, view)?,
        None => store::application::hide(tx, prid)?,
    }
    Ok(view)
}

/// Draws a UUIDv7: sortable by when it was made, by this node's clock.
fn new_id(entropy: &dyn Entropy, now: Timestamp) -> Uuid {
    let ms = u64::try_from(now.as_millisecond()).unwrap_or(0);
    Builder::from_unix_timestamp_millis(ms, &entropy.bytes()).into_uuid()
}
