//! The seats that this node sold: which appointment holds one, and how it comes back (I6).

use crate::domain::application::Application;
use crate::domain::operation::{Change, Operation};
use crate::domain::prid::Prid;
use crate::domain::slot::Appointment;
use crate::domain::status::Status;
use crate::services::Rules;
use crate::store::{self, Tx};

/// Tells whether the seat of `held` is one that this node sold. On a center node it may be central's,
/// of the same slot as an own seat that somebody else holds.
///
/// # Errors
/// The replica's failure.
pub fn is_sold_here(
    tx: &Tx<'_>,
    prid: &Prid,
    held: &Appointment,
    rules: &Rules,
) -> Result<bool, store::Error> {
    Ok(rules.authority || is_of(&store::operation::uncovered(tx, prid)?, held))
}

/// Gives back the seat that `application` holds, whatever its status, if this node sold it: it is
/// about to be given up, or deleted for good.
///
/// # Errors
/// The replica's failure.
pub fn give_back(
    tx: &Tx<'_>,
    application: &Application,
    rules: &Rules,
) -> Result<(), store::Error> {
    if let Some(held) = &application.appointment
        && is_sold_here(tx, &application.prid, held, rules)?
    {
        store::slot::give_back(tx, &held.slot)?;
    }
    Ok(())
}

/// Tells whether the last of these `operations` that is about an appointment sold the seat of `held`.
pub(super) fn is_of(operations: &[Operation], held: &Appointment) -> bool {
    let mut revs = None;
    for operation in operations.iter().filter(|operation| operation.shows()) {
        match &operation.change {
            Change::Book { slot, booking_rev } => {
                revs = (*slot == held.slot).then_some((booking_rev + 1, booking_rev + 1));
            }
            Change::Cancel { .. } => revs = None,
            // An appointment that expires is the same one, under the next revision.
            Change::SetStatus { to: Status::Expired, .. } => {
                revs = revs.map(|(first, last)| (first, last + 1));
            }
            _ => {}
        }
    }
    revs.is_some_and(|(first, last)| (first..=last).contains(&held.booking_rev))
}
