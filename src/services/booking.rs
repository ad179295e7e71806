//! The booking service: appointments are made, moved, given up and listed.

mod availability;
mod error;
mod numbers;

use jiff::Timestamp;
use jiff::civil::{Date, Time};

use crate::domain::application::Application;
use crate::domain::caller::Caller;
use crate::domain::ids::CenterId;
use crate::domain::master::Master;
use crate::domain::operation::Change;
use crate::domain::prid::Prid;
use crate::domain::slot::{Appointment, Slot};
use crate::domain::status::Status;
use crate::entropy::Entropy;
use crate::services::perform::perform;
use crate::services::seat::{self, is_sold_here};
use crate::services::{Rules, datasync};
use crate::store::application::Booked;
use crate::store::{self, Tx, View};

pub use availability::{availability, centers, days_behind, follow_master, open_days};
pub use error::{Error, Worded};
use numbers::Numbers;

/// What somebody wants to book; a text where it has still to be understood.
#[derive(Clone, Debug)]
pub struct Wish {
    /// The application's id.
    pub prid: String,
    /// The center's id.
    pub center: String,
    /// The date as it came, and as it reads.
    pub date: (String, Option<Date>),
    /// The start of the slot, if it reads as a time.
    pub from: Option<Time>,
    /// The end of the slot, if it reads as a time.
    pub to: Option<Time>,
}

/// Books the wished slot: makes the appointment, or moves it and gives the old seat back. The order
/// of checks is the contract's (`contract/rules.md` §8.5); a blank text is told as such first.
///
/// How late it is to move an appointment is reckoned from now, not from the time that the request
/// says it has.
///
/// # Errors
/// Why not, or the replica's failure.
pub fn book(
    tx: &Tx<'_>,
    wish: &Wish,
    caller: &Caller,
    master: &Master,
    rules: &Rules,
    entropy: &dyn Entropy,
    now: Timestamp,
) -> Result<Appointment, Error> {
    let local = rules.local(now);
    let past = |day: Date| {
        day < local.date() || (day == local.date() && wish.from.is_some_and(|t| t < local.time()))
    };
    if wish.prid.trim().is_empty() {
        return Err(Error::NoPrid);
    }
    if wish.date.0.trim().is_empty() {
        return Err(Error::NoDate);
    }
    let Some(day) = wish.date.1.filter(|day| !past(*day)) else {
        return Err(Error::Date(wish.prid.clone()));
    };
    let prid = Prid::parse(&wish.prid).map_err(|_| Error::NoApplication)?;
    let application = of_caller(tx, &prid, caller)?;
    if !rules.lifecycle.allows_booking(application.status) {
        return Err(match application.status {
            Status::Prefetched => Error::Prefetched,
            _ => Error::NotBookable,
        });
    }
    if wish.center.trim().is_empty() {
        return Err(Error::NoCenter);
    }
    let (Some(starts), Some(ends)) = (wish.from, wish.to) else { return Err(Error::NoTime) };
    let center = CenterId::new(wish.center.trim());
    if master.center(&center).is_none() {
        return Err(Error::UnknownCenter);
    }
    // What a center node does not sell itself may be central's to sell, so there it is a seat that is
    // missing, not a center that has none.
    if rules.authority && !store::slot::any(tx, &center)? {
        return Err(Error::NoSlots);
    }
    let slot = Slot { center, day, starts, ends };
    let held = application.appointment.as_ref();
    // Also of one that has expired: its day is gone, and the count of its seats stays true.
    seat::give_back(tx, &application, rules)?;
    if !store::slot::take(tx, &slot)? {
        return Err(Error::NoSeat);
    }
    if let Some(held) = held.filter(|_| application.status == Status::Booked) {
        let hours = Numbers::of(master, rules.lifecycle).rebook;
        if !held.is_hours_ahead(hours, rules.lifecycle, local) {
            return Err(Error::TooLateToMove(hours));
        }
    }
    let change = Change::Book { slot, booking_rev: application.booking_rev };
    let booked = perform(tx, &application.prid, change, caller, rules, entropy, now)?;
    booked.appointment.ok_or(Error::NoAppointment)
}

/// Books every wish, in order, or none: whoever calls rolls back on an error.
///
/// # Errors
/// Why the first one that fails does, or the replica's failure.
pub fn book_all(
    tx: &Tx<'_>,
    wishes: &[Wish],
    caller: &Caller,
    master: &Master,
    rules: &Rules,
    entropy: &dyn Entropy,
    now: Timestamp,
) -> Result<Vec<Appointment>, Error> {
    wishes.iter().map(|wish| book(tx, wish, caller, master, rules, entropy, now)).collect()
}

/// Whether the hours before an appointment count, within which nobody may cancel it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deadline {
    /// A resident's cancelling.
    Counts,
    /// An administrator's.
    Waived,
}

/// Cancels the appointment of `prid` and gives its seat back (`contract/rules.md` §8.7).
///
/// # Errors
/// Why not, or the replica's failure. [`Error::NoSeat`] on a center node for a seat that central
/// sold: only central can take it back.
#[expect(clippy::too_many_arguments, reason = "a cancelling hangs on all of them")]
pub fn cancel(
    tx: &Tx<'_>,
    prid: &Prid,
    deadline: Deadline,
    caller: &Caller,
    master: &Master,
    rules: &Rules,
    entropy: &dyn Entropy,
    now: Timestamp,
) -> Result<(), Error> {
    let application = of_caller(tx, prid, caller)?;
    if application.status != Status::Booked {
        let awaits = rules.lifecycle.awaits_booking(application.status);
        return Err(if awaits { Error::NoAppointment } else { Error::NotBooked });
    }
    let held = application.appointment.as_ref().ok_or(Error::NoAppointment)?;
    let hours = Numbers::of(master, rules.lifecycle).cancel;
    if deadline == Deadline::Counts
        && !held.is_hours_ahead(hours, rules.lifecycle, rules.local(now))
    {
        return Err(Error::TooLateToCancel(hours));
    }
    if !is_sold_here(tx, &application.prid, held, rules)?
        || !store::slot::give_back(tx, &held.slot)?
    {
        return Err(Error::NoSeat);
    }
    give_up(tx, &application, caller, rules, entropy, now)?;
    Ok(())
}

/// Takes the booking of `prid` away, whatever its status, and gives its seat back; returns who had
/// booked it.
///
/// # Errors
/// [`Error::NoAppointment`], [`Error::NoSeat`] as in [`cancel`], why not, or the replica's failure.
pub fn remove(
    tx: &Tx<'_>,
    prid: &Prid,
    caller: &Caller,
    rules: &Rules,
    entropy: &dyn Entropy,
    now: Timestamp,
) -> Result<String, Error> {
    let application = of_caller(tx, prid, caller)?;
    let held = application.appointment.as_ref().ok_or(Error::NoAppointment)?;
    if !is_sold_here(tx, &application.prid, held, rules)? {
        return Err(Error::NoSeat);
    }
    store::slot::give_back(tx, &held.slot)?;
    let booker = store::operation::booker(tx, &application.prid)?;
    give_up(tx, &application, caller, rules, entropy, now)?;
    Ok(booker.unwrap_or(application.created_by))
}

/// Records that the appointment of `application` is given up; its seat is given back already.
fn give_up(
    tx: &Tx<'_>,
    application: &Application,
    caller: &Caller,
    rules: &Rules,
    entropy: &dyn Entropy,
    now: Timestamp,
) -> Result<(), store::Error> {
    let change = Change::Cancel {
        booking_rev: application.booking_rev,
        status: rules.lifecycle.after_cancel(),
    };
    perform(tx, &application.prid, change, caller, rules, entropy, now).map(drop)
}

/// Returns the appointment of `prid`, for its maker or staff.
///
/// # Errors
/// [`Error::NoApplication`], [`Error::NotOwner`], [`Error::NoAppointment`], or the replica's failure.
pub fn find(view: &View<'_>, prid: &Prid, caller: &Caller) -> Result<Appointment, Error> {
    of_caller(view, prid, caller)?.appointment.ok_or(Error::NoAppointment)
}

/// Returns the appointments at `center` from `first` to `last`, both included, by day and start. A
/// resident is told their own; a center node tells of its own center only, as to registration clients.
///
/// # Errors
/// [`Error::NoCenter`], [`Error::Range`], [`Error::RangeDate`] for more days than a leap year has,
/// [`Error::Nobody`], or the replica's failure.
pub fn booked(
    view: &View<'_>,
    center: &CenterId,
    first: Date,
    last: Date,
    caller: &Caller,
    rules: &Rules,
) -> Result<Vec<Booked>, Error> {
    if center.as_str().trim().is_empty() {
        return Err(Error::NoCenter);
    }
    if first > last {
        return Err(Error::Range);
    }
    let maker = caller.is_individual().then_some(caller.user.as_str());
    let booked = if datasync::is_too_long(first, last) {
        return Err(Error::RangeDate);
    } else if datasync::is_elsewhere(center, rules) {
        Vec::new()
    } else {
        store::application::appointments(view, center, first, last, maker)?
    };
    if booked.is_empty() { Err(Error::Nobody) } else { Ok(booked) }
}

/// Returns the application `prid`, if `caller` may see it.
fn of_caller(view: &View<'_>, prid: &Prid, caller: &Caller) -> Result<Application, Error> {
    let application = store::application::find(view, prid)?.ok_or(Error::NoApplication)?;
    if !application.obeys(caller) {
        return Err(Error::NotOwner);
    }
    Ok(application)
}
