//! Why the booking service refused, and how each path family words it.

use std::fmt;

use crate::services::{Coded, Family, Kind};
use crate::store;

/// Why the booking service refused. Texts and codes: `contract/errors.md` §3, §5 and §7; where today's
/// portal reads another text, [`Worded`] has it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no such slot, or no seat left in it; or the seat is not this node's to give back.
    #[error("Availability not found for the selected time")]
    NoSeat,
    /// A time of the slot is missing or none.
    #[error("User has not selected time slot")]
    NoTime,
    /// The application's id is blank.
    #[error("Preregistration id not entered")]
    NoPrid,
    /// The application's id is blank, where somebody wanted to read its appointment.
    #[error("preRegistrationId cannot be empty.")]
    NothingAsked,
    /// The application's id is blank, where the portal wanted to delete its booking.
    #[error("preRegistrationId cannot be empty.")]
    NothingToDelete,
    /// The center's id is blank.
    #[error("Registration center id not entered")]
    NoCenter,
    /// The date is blank.
    #[error("Booking date time not selected")]
    NoDate,
    /// The date is none, or has passed.
    #[error("Invalid Booking Date Time found for preregistration id - {0}")]
    Date(String),
    /// A date of a range is missing or none, or the range has more days than a leap year.
    #[error("Invalid date time format")]
    RangeDate,
    /// The range is backwards.
    #[error("From date is greater than To date")]
    Range,
    /// The application has no appointment.
    #[error("Booking data not found")]
    NoAppointment,
    /// Its status is not `Booked`.
    #[error("Appointment cannot be canceled")]
    NotBooked,
    /// Nobody has an appointment there and then.
    #[error("Record not found for date range and reg center id")]
    Nobody,
    /// The center sells no seats.
    #[error("No available slots found for specified registration center")]
    NoSlots,
    /// It is too late to move the appointment: fewer whole hours are left than these.
    #[error("Booking status cannot be altered")]
    TooLateToMove(i64),
    /// It is too late to cancel the appointment: fewer whole hours are left than these.
    #[error("Booking status cannot be altered")]
    TooLateToCancel(i64),
    /// There is no such center.
    #[error("Registration center id not found")]
    UnknownCenter,
    /// Its status allows no appointment.
    #[error("Appointment cannot be booked for incomplete application")]
    NotBookable,
    /// A registration client has fetched it without an appointment.
    #[error("Appointment cannot be booked for prefetched application")]
    Prefetched,
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
            Self::NoPrid => "PRG_BOOK_RCI_006",
            Self::NoCenter => "PRG_BOOK_RCI_007",
            Self::NoDate => "PRG_BOOK_RCI_008",
            Self::NoAppointment => "PRG_BOOK_RCI_013",
            Self::NoSlots => "PRG_BOOK_RCI_015",
            Self::NotBooked => "PRG_BOOK_RCI_018",
            Self::NothingAsked => "PRG_BOOK_RCI_022",
            Self::NothingToDelete => "PRG_APP_013",
            Self::TooLateToMove(_) | Self::TooLateToCancel(_) => "PRG_BOOK_RCI_026",
            Self::Date(_) => "PRG_BOOK_RCI_031",
            Self::Nobody => "PRG_BOOK_RCI_032",
            Self::UnknownCenter => "PRG_BOOK_RCI_035",
            Self::NotBookable | Self::Prefetched => "PRG_BOOK_RCI_036",
            Self::RangeDate => "PRG_CORE_REQ_019",
            Self::Range => "PRG_CORE_REQ_020",
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

/// An error in the words of the path family that it is answered on.
#[derive(Debug)]
pub struct Worded {
    error: Error,
    family: Family,
}

impl Error {
    /// Words the error for `family`.
    #[must_use]
    pub fn on(self, family: Family) -> Worded {
        Worded { error: self, family }
    }
}

impl fmt::Display for Worded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.family, &self.error) {
            (Family::Portal, Error::NoSeat) => f.write_str(
                "Appointment booking/re-booking cannot be done as the requested slot is not \
                 available. Please select another slot or try again later",
            ),
            (Family::Portal, Error::TooLateToMove(hours)) => {
                write!(f, "Appointment re-booking cannot be done within {hours} hours")
            }
            // Without a blank before `hours`, as the portal knows it.
            (Family::Portal, Error::TooLateToCancel(hours)) => {
                write!(f, "Appointment cancelling cannot be done within {hours}hours")
            }
            (_, error) => error.fmt(f),
        }
    }
}

impl std::error::Error for Worded {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.error.source()
    }
}

impl Coded for Worded {
    fn code(&self) -> &'static str {
        self.error.code()
    }

    fn kind(&self) -> Kind {
        self.error.kind()
    }
}
