//! The data-sync service: what registration clients are told to fetch, and the archives they fetch.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;

use crate::domain::ids::CenterId;
use crate::domain::master::Master;
use crate::domain::prid::Prid;
use crate::domain::slot::Appointment;
use crate::domain::status::Status;
use crate::services::{Coded, Kind, Rules, archive};
use crate::store::application::Booked;
use crate::store::listed::Listed;
use crate::store::{self, Tx, View};

/// Days of a list at most (I11); registration clients ask for eight.
const LONGEST: i64 = 366;

/// Why the data-sync service refused. Texts and codes: `contract/errors.md` §3, §7 and §8.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A date is missing or none, or the range has more days than a leap year.
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
    /// There is no such application, or none any more.
    #[error("No data found for the requested pre-registration id")]
    NoApplication,
    /// It has no appointment.
    #[error("booking data not found")]
    NoAppointment,
    /// The content of a document has not come yet.
    #[error("unable to fetch the document")]
    NoContent,
    /// The archive cannot be made.
    #[error("Unable to create zip file")]
    Unpacked(#[source] zip::result::ZipError),
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
            Self::NoApplication => "PRG_PAM_APP_005",
            Self::NoAppointment => "PRG_BOOK_RCI_013",
            Self::NoContent => "PRG_DATA_SYNC_006",
            Self::Unpacked(_) => "PRG_DATA_SYNC_005",
            Self::Store(_) => "PRG_DATA_SYNC_007",
        }
    }

    fn kind(&self) -> Kind {
        match self {
            Self::Store(_) | Self::Unpacked(_) => Kind::Internal,
            _ => Kind::Refused,
        }
    }
}

/// Lists the applications with an appointment at `center` from `first` to `last`, each with its
/// value: a wall clock that grows when the application has changed, so that clients, which fetch
/// only what grows, fetch it again.
///
/// # Errors
/// [`Error::Center`], [`Error::Range`], [`Error::Date`], [`Error::Nothing`], or the replica's failure.
pub fn list(
    tx: &Tx<'_>,
    center: &CenterId,
    first: Date,
    last: Date,
    rules: &Rules,
) -> Result<Vec<(Prid, DateTime)>, Error> {
    let booked = appointed(tx, center, first, last, None, rules)?;
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

/// Returns who has an appointment at `center` from `first` to `last`, by day and start; with a `maker`
/// those that they made. A center node tells of its own center only: of another it says that nobody comes (`contract/rules.md` §3).
///
/// # Errors
/// [`Error::Center`], [`Error::Range`], [`Error::Date`], or the replica's failure.
pub fn appointed(
    view: &View<'_>,
    center: &CenterId,
    first: Date,
    last: Date,
    maker: Option<&str>,
    rules: &Rules,
) -> Result<Vec<Booked>, Error> {
    if center.as_str().trim().is_empty() {
        return Err(Error::Center);
    }
    if first > last {
        return Err(Error::Range);
    }
    if is_too_long(first, last) {
        return Err(Error::Date);
    }
    if is_elsewhere(center, rules) {
        return Ok(Vec::new());
    }
    Ok(store::application::appointments(view, center, first, last, maker)?)
}

/// Tells whether the days from `first` to `last` are more than a list may have.
pub(super) fn is_too_long(first: Date, last: Date) -> bool {
    first.duration_until(last).as_hours() >= 24 * LONGEST
}

/// Tells whether `center` is another one than this center node's.
pub(super) fn is_elsewhere(center: &CenterId, rules: &Rules) -> bool {
    !rules.authority && rules.center.as_ref().is_some_and(|own| own != center)
}

/// An application as registration clients fetch it.
pub struct Archive {
    /// The PRID: central's, once it is known.
    pub prid: Prid,
    /// The appointment.
    pub appointment: Appointment,
    /// The ZIP, in clear.
    pub zip: Vec<u8>,
}

/// Returns the archive of an application that has an appointment.
///
/// # Errors
/// [`Error::NoApplication`], also for one that is consumed or that upstream does not have any more;
/// [`Error::NoAppointment`], [`Error::NoContent`], [`Error::Unpacked`], or the replica's failure.
pub fn archive(view: &View<'_>, prid: &Prid, master: &Master) -> Result<Archive, Error> {
    let application = store::application::find(view, prid)?.ok_or(Error::NoApplication)?;
    let spoken = store::confirmed::spoken(view, &application.prid)?;
    let is_gone = spoken.is_some_and(|spoken| spoken.gone_at.is_some());
    if is_gone || application.status == Status::Consumed {
        return Err(Error::NoApplication);
    }
    let appointment = application.appointment.clone().ok_or(Error::NoAppointment)?;
    let mut papers = Vec::with_capacity(application.documents.len());
    for document in &application.documents {
        let digest = document.digest.ok_or(Error::NoContent)?;
        let content = store::blob::content(view, &digest)?.ok_or(Error::NoContent)?;
        papers.push((document, content));
    }
    let zip = archive::pack(&application.identity, &papers, master).map_err(Error::Unpacked)?;
    let upstream = store::application::upstream_prid(view, &application.prid)?;
    Ok(Archive { prid: upstream.unwrap_or(application.prid), appointment, zip })
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
