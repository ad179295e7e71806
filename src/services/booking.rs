//! The booking service: seats on sale, and appointments.

use jiff::civil::{Date, Time};
use jiff::{Timestamp, ToSpan as _};

use crate::domain::caller::Caller;
use crate::domain::ids::CenterId;
use crate::domain::master::Master;
use crate::domain::operation::Change;
use crate::domain::prid::Prid;
use crate::domain::slot::{Appointment, Hours, Slot};
use crate::domain::status::Status;
use crate::entropy::Entropy;
use crate::services::perform::perform;
use crate::services::{Coded, Kind, Rules};
use crate::store::slot::Free;
use crate::store::{self, Tx, View};

/// Days ahead for which seats are on sale; `preregistration.availability.sync`.
const DAYS_ON_SALE: i64 = 180;
/// Days between today and the first that is listed; `preregistration.booking.offset`.
const LISTING_OFFSET: i64 = 1;
/// Days that are listed; `preregistration.availability.noOfDays`.
const DAYS_LISTED: i64 = 179;
/// Whole hours before an appointment up to which it may be moved; `preregistration.timespan.rebook`.
const REBOOK_HOURS: i64 = 1;

/// Why the booking service refused. Texts and codes: `contract/errors.md` §5 and §7.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no such slot, or no seat left in it.
    #[error("Availability not found for the selected time")]
    NoSeat,
    /// A time of the slot is missing or none.
    #[error("User has not selected time slot")]
    NoTime,
    /// The center's id is blank.
    #[error("Registration center id not entered")]
    NoCenter,
    /// The date is blank.
    #[error("Booking date time not selected")]
    NoDate,
    /// The date is none, or has passed.
    #[error("Invalid Booking Date Time found for preregistration id - {0}")]
    Date(String),
    /// The application has no appointment.
    #[error("Booking data not found")]
    NoAppointment,
    /// The center sells no seats.
    #[error("No available slots found for specified registration center")]
    NoSlots,
    /// It is too late to move the appointment.
    #[error("Booking status cannot be altered")]
    TooLate,
    /// There is no such center.
    #[error("Registration center id not found")]
    UnknownCenter,
    /// Its status allows no appointment.
    #[error("Appointment cannot be booked for incomplete application")]
    NotBookable,
    /// There is no such application.
    #[error("No data found for the requested pre-registration id")]
    NoApplication,
    /// The application is someone else's.
    #[error("Requested preregistration id does not belong to the user")]
    NotOwner,
    /// The replica failed.
    #[error("Booking table not found")]
    Store(#[from] store::Error),
}

impl Coded for Error {
    fn code(&self) -> &'static str {
        match self {
            Self::NoSeat => "PRG_BOOK_RCI_002",
            Self::NoTime => "PRG_BOOK_RCI_003",
            Self::NoCenter => "PRG_BOOK_RCI_007",
            Self::NoDate => "PRG_BOOK_RCI_008",
            Self::Date(_) => "PRG_BOOK_RCI_031",
            Self::NoAppointment => "PRG_BOOK_RCI_013",
            Self::NoSlots => "PRG_BOOK_RCI_015",
            Self::TooLate => "PRG_BOOK_RCI_026",
            Self::UnknownCenter => "PRG_BOOK_RCI_035",
            Self::NotBookable => "PRG_BOOK_RCI_036",
            Self::NoApplication => "PRG_PAM_APP_005",
            Self::NotOwner => "PRG_PAM_APP_017",
            Self::Store(_) => "PRG_BOOK_RCI_005",
        }
    }

    fn kind(&self) -> Kind {
        match self {
            Self::Store(_) => Kind::Internal,
            _ => Kind::Refused,
        }
    }
}

/// What somebody wants to book; a text where it has still to be understood.
#[derive(Clone, Debug)]
pub struct Wish {
    /// The center's id.
    pub center: String,
    /// The date as it came, and as it reads.
    pub date: (String, Option<Date>),
    /// The start of the slot, if it reads as a time.
    pub from: Option<Time>,
    /// The end of the slot, if it reads as a time.
    pub to: Option<Time>,
}

/// Books the wished slot for `prid`: makes the appointment, or moves it and gives the old seat back.
/// The order of checks is the contract's (`contract/rules.md` §8.5).
///
/// # Errors
/// Why not, or the replica's failure.
#[expect(clippy::too_many_arguments, reason = "a booking hangs on all of them")]
pub fn book(
    tx: &Tx<'_>,
    prid: &Prid,
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
    if wish.date.0.trim().is_empty() {
        return Err(Error::NoDate);
    }
    let Some(day) = wish.date.1.filter(|day| !past(*day)) else {
        return Err(Error::Date(prid.to_string()));
    };
    let application = store::application::find(tx, prid)?.ok_or(Error::NoApplication)?;
    if !application.obeys(caller) {
        return Err(Error::NotOwner);
    }
    if !rules.lifecycle.allows_booking(application.status) {
        return Err(Error::NotBookable);
    }
    if wish.center.trim().is_empty() {
        return Err(Error::NoCenter);
    }
    let (Some(starts), Some(ends)) = (wish.from, wish.to) else { return Err(Error::NoTime) };
    let center = CenterId::new(wish.center.trim());
    if master.center(&center).is_none() {
        return Err(Error::UnknownCenter);
    }
    if !store::slot::any(tx, &center)? {
        return Err(Error::NoSlots);
    }
    let slot = Slot { center, day, starts, ends };
    // An expired appointment is replaced; its seat is gone with its day.
    let held = application.appointment.as_ref().filter(|_| application.status == Status::Booked);
    if let Some(held) = held
        && sold_here(tx, &application.prid, held, rules)?
    {
        store::slot::give_back(tx, &held.slot)?;
    }
    if !store::slot::take(tx, &slot)? {
        return Err(Error::NoSeat);
    }
    if let Some(held) = held {
        let hours = master.number("preregistration.timespan.rebook").unwrap_or(REBOOK_HOURS);
        if held.start().duration_since(local).as_hours() < hours {
            return Err(Error::TooLate);
        }
    }
    let change = Change::Book { slot, booking_rev: application.booking_rev };
    let booked = perform(tx, &application.prid, change, caller, rules, entropy, now)?;
    booked.appointment.ok_or(Error::NoAppointment)
}

/// Tells whether the seat of `held` is one that this node sold. On a center node it may be central's,
/// of the same slot as an own seat that somebody else holds (I6).
fn sold_here(
    tx: &Tx<'_>,
    prid: &Prid,
    held: &Appointment,
    rules: &Rules,
) -> Result<bool, store::Error> {
    if rules.authority {
        return Ok(true);
    }
    let operations = store::operation::uncovered(tx, prid)?;
    Ok(operations.iter().any(|operation| match &operation.change {
        Change::Book { slot, booking_rev } => {
            *slot == held.slot && booking_rev + 1 == held.booking_rev
        }
        _ => false,
    }))
}

/// Returns the appointment of `prid`, for its maker or staff.
///
/// # Errors
/// [`Error::NoApplication`], [`Error::NotOwner`], [`Error::NoAppointment`], or the replica's failure.
pub fn find(view: &View<'_>, prid: &Prid, caller: &Caller) -> Result<Appointment, Error> {
    let application = store::application::find(view, prid)?.ok_or(Error::NoApplication)?;
    if !application.obeys(caller) {
        return Err(Error::NotOwner);
    }
    application.appointment.ok_or(Error::NoAppointment)
}

/// Returns the slots of `center` that are listed today, in order, the full ones among them
/// (`contract/rules.md` §8.4).
///
/// # Errors
/// [`Error::UnknownCenter`], [`Error::NoSlots`] if no seat is free, or the replica's failure.
pub fn availability(
    view: &View<'_>,
    center: &CenterId,
    master: &Master,
    rules: &Rules,
    now: Timestamp,
) -> Result<Vec<Free>, Error> {
    if master.center(center).is_none() {
        return Err(Error::UnknownCenter);
    }
    // A center node sells its own seats to who stands at the door, so today's are listed.
    let offset = if rules.authority {
        master.number("preregistration.booking.offset").unwrap_or(LISTING_OFFSET)
    } else {
        0
    };
    let days = master.number("preregistration.availability.noOfDays").unwrap_or(DAYS_LISTED);
    let local = rules.local(now);
    let today = local.date();
    let first = today.saturating_add(offset.clamp(0, 3650).days());
    let last = today.saturating_add((offset + days - 1).clamp(0, 3650).days());
    let mut free = store::slot::free(view, center, first, last)?;
    for free in &mut free {
        if free.slot.day.to_datetime(free.slot.starts) < local {
            free.seats = 0; // What has begun cannot be booked.
        }
    }
    if free.iter().any(|slot| slot.seats > 0) { Ok(free) } else { Err(Error::NoSlots) }
}

/// Puts the days on sale that are not yet: of an authority every center's, of a center node its own
/// seats. Days that have rows already stay as they are, however master data has changed.
///
/// # Errors
/// The replica's failure.
pub fn open_days(
    tx: &Tx<'_>,
    master: &Master,
    rules: &Rules,
    now: Timestamp,
) -> Result<(), store::Error> {
    let days = master.number("preregistration.availability.sync").unwrap_or(DAYS_ON_SALE);
    let today = rules.today(now);
    let concerned = |id: &CenterId| rules.authority || rules.center.as_ref() == Some(id);
    for center in master.centers().filter(|center| center.active && concerned(&center.id)) {
        let kiosks = if rules.authority { u32::from(center.kiosks) } else { rules.local_kiosks };
        if kiosks == 0 {
            continue;
        }
        let hours = Hours {
            opens: center.start,
            closes: center.end,
            lunch: (center.lunch_start, center.lunch_end),
            step: center.step.as_mins().max(1),
        };
        for ahead in 0..days.clamp(0, 3650) {
            let day = today.saturating_add(ahead.days());
            if master.is_working_day(center, day) && !master.is_holiday(center, day) {
                store::slot::open_day(tx, &center.id, day, &hours.slots(&center.id, day), kiosks)?;
            }
        }
    }
    Ok(())
}
