//! The data-sync service: what registration clients are told to fetch.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;

use crate::domain::ids::CenterId;
use crate::domain::prid::Prid;
use crate::services::{Coded, Kind};
use crate::store::listed::Listed;
use crate::store::{self, Tx};

/// Why the data-sync service refused. Texts and codes: `contract/errors.md` §3, §7 and §8.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A date is missing or none.
    #[error("Invalid date time format")]
    Date,
    /// The range is backwards.
    #[error("From date is greater than To date")]
    Range,
    /// The center's id is blank.
    #[error("registration center id is invalid")]
    Center,
    /// Nobody has an appointment there and then.
    #[error("Record not found for date range and reg center id")]
    Nothing,
    /// The replica failed.
    #[error("Demographic record failed to fetch")]
    Store(#[from] store::Error),
}

impl Coded for Error {
    fn code(&self) -> &'static str {
        match self {
            Self::Date => "PRG_CORE_REQ_019",
            Self::Range => "PRG_CORE_REQ_020",
            Self::Center => "PRG_DATA_SYNC_009",
            Self::Nothing => "PRG_BOOK_RCI_032",
            Self::Store(_) => "PRG_DATA_SYNC_007",
        }
    }

    fn kind(&self) -> Kind {
        match self {
            Self::Store(_) => Kind::Internal,
            _ => Kind::Refused,
        }
    }
}

/// Lists the applications with an appointment at `center` from `first` to `last`, each with its
/// value: a wall clock that grows when the application has changed, so that clients, which fetch
/// only what grows, fetch it again.
///
/// # Errors
/// [`Error::Center`], [`Error::Range`], [`Error::Nothing`], or the replica's failure.
pub fn list(
    tx: &Tx<'_>,
    center: &CenterId,
    first: Date,
    last: Date,
) -> Result<Vec<(Prid, DateTime)>, Error> {
    if center.as_str().trim().is_empty() {
        return Err(Error::Center);
    }
    if first > last {
        return Err(Error::Range);
    }
    let booked = store::application::appointments(tx, center, first, last)?;
    if booked.is_empty() {
        return Err(Error::Nothing);
    }
    let mut list = Vec::with_capacity(booked.len());
    for booked in booked {
        let before = store::listed::find(tx, &booked.listed_as)?;
        let next = next_value(before, booked.appointment.start(), booked.version);
        if before != Some(next) {
            store::listed::put(tx, &booked.listed_as, next)?;
        }
        list.push((booked.listed_as, wall_clock(next.value)));
    }
    Ok(list)
}

/// Decides what a PRID is listed as: the start of its slot, and after a change at least one
/// millisecond more than it was ever listed as.
fn next_value(before: Option<Listed>, slot_start: DateTime, version: i64) -> Listed {
    let start =
        slot_start.to_zoned(TimeZone::UTC).map_or(0, |zoned| zoned.timestamp().as_millisecond());
    let value = match before {
        None => start,
        Some(before) if before.version == version => before.value.max(start),
        Some(before) => start.max(before.value + 1),
    };
    Listed { value, version }
}

fn wall_clock(ms: i64) -> DateTime {
    Timestamp::from_millisecond(ms).unwrap_or(Timestamp::MAX).to_zoned(TimeZone::UTC).datetime()
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn a_changed_application_is_listed_higher_even_when_its_slot_moves_back() {
        let nine = date(2026, 11, 30).at(9, 0, 0, 0);
        let first = next_value(None, nine, 1);
        assert_eq!(wall_clock(first.value), nine);
        assert_eq!(next_value(Some(first), nine, 1), first);

        let edited = next_value(Some(first), nine, 2);
        assert_eq!(edited.value, first.value + 1);

        let earlier = next_value(Some(edited), date(2026, 11, 29).at(9, 0, 0, 0), 3);
        assert_eq!(earlier.value, edited.value + 1);

        let later = date(2026, 12, 1).at(9, 0, 0, 0);
        assert_eq!(wall_clock(next_value(Some(earlier), later, 4).value), later);
    }
}
