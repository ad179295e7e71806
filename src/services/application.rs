//! Applications of every kind: how a resident's own and a center's are listed, and those for a lost
//! UIN or an update, which consist of a PRID and an appointment and have no data.

use jiff::Timestamp;
use jiff::civil::Date;

use crate::domain::application::{Application, Kind as Purpose};
use crate::domain::caller::Caller;
use crate::domain::identity::{Finding, Identity};
use crate::domain::ids::CenterId;
use crate::domain::master::Master;
use crate::domain::operation::Change;
use crate::domain::prid::Prid;
use crate::domain::status::Status;
use crate::entropy::Entropy;
use crate::services::demographic::{self, Page};
use crate::services::perform::{self, perform};
use crate::services::{Coded, Kind, Rules, datasync};
use crate::store::overview::{self, Overview};
use crate::store::{self, Tx, View};

/// Applications in a list of somebody's own, at most.
const MOST_OWN: u32 = 1000;
/// Applications in a list of a center's, at most: more than its largest month.
const MOST_BOOKED: u32 = 50_000;

/// Why the application service refused. Texts and codes: `contract/errors.md` §5.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The application is someone else's.
    #[error("Requested application id does not belong to the user")]
    NotOwner,
    /// There is no such kind of application.
    #[error("Invalid booking type")]
    UnknownKind,
    /// The center's id is no number.
    #[error("Invalid registration center Id")]
    Center,
    /// A date is none.
    #[error("Invaild Request Argument")]
    Date,
    /// There is no application of that kind under that PRID.
    #[error("No record found for the requested user id")]
    NoApplication,
    /// The language is none of the country's.
    #[error("Lang code is invalid")]
    Language,
    /// What is known of its data refuses.
    #[error(transparent)]
    Record(#[from] demographic::Error),
    /// The replica failed.
    #[error("Save/Update failed for applications table")]
    Store(#[from] store::Error),
}

impl Coded for Error {
    fn code(&self) -> &'static str {
        match self {
            Self::NotOwner => "PRG_APP_015",
            Self::UnknownKind => "PRG_APP_016",
            Self::Center | Self::Date => "PRG_APP_013",
            Self::NoApplication => "PRG_PAM_APP_005",
            Self::Language => "PRG_CORE_REQ_014",
            Self::Record(error) => error.code(),
            Self::Store(_) => "PRG_APP_009",
        }
    }

    fn kind(&self) -> Kind {
        match self {
            Self::Record(error) => error.kind(),
            Self::Store(_) => Kind::Internal,
            _ => Kind::Refused,
        }
    }

    fn findings(&self) -> &[Finding] {
        match self {
            Self::Record(error) => error.findings(),
            _ => &[],
        }
    }
}

/// What stands under a PRID.
#[derive(Clone, Debug)]
pub enum Found {
    /// An application with data.
    Record(Box<Application>),
    /// One for a lost UIN or an update.
    Other(Overview),
}

/// Returns what stands under `prid`, for its maker or staff.
///
/// # Errors
/// Those of [`demographic::read`], [`Error::NotOwner`] for a kind without data, or the replica's
/// failure.
pub fn read(view: &View<'_>, prid: &Prid, caller: &Caller) -> Result<Found, Error> {
    let application = visible(view, prid, caller)?;
    if application.kind == Purpose::New {
        return Ok(Found::Record(Box::new(application)));
    }
    let told = overview::find(view, &application.prid)?;
    Ok(Found::Other(told.ok_or(demographic::Error::NoApplication)?))
}

/// Returns the status of the application `prid` of any kind, for its maker or staff.
///
/// # Errors
/// As [`read`].
pub fn status(view: &View<'_>, prid: &Prid, caller: &Caller) -> Result<Status, Error> {
    Ok(visible(view, prid, caller)?.status)
}

fn visible(view: &View<'_>, prid: &Prid, caller: &Caller) -> Result<Application, Error> {
    let found = store::application::find(view, prid)?;
    let application = found.ok_or(demographic::Error::NoApplication)?;
    match application.kind {
        _ if application.obeys(caller) => Ok(application),
        Purpose::New => Err(demographic::Error::NotOwner.into()),
        Purpose::LostUin | Purpose::Update => Err(Error::NotOwner),
    }
}

/// Returns the applications that `caller` made and that are not consumed, newest first; with a
/// `kind` those of that kind.
///
/// # Errors
/// The replica's failure.
pub fn own(
    view: &View<'_>,
    kind: Option<Purpose>,
    caller: &Caller,
) -> Result<Vec<Overview>, Error> {
    Ok(overview::made_by(view, &caller.user, kind, MOST_OWN)?)
}

/// Returns both lists of what `caller` made: of those with data a page as [`demographic::list`] has
/// it, and all kinds as [`own`] has them.
///
/// # Errors
/// Those of [`demographic::list`]; who has made applications without data only has made some.
pub fn both_lists(
    view: &View<'_>,
    index: Option<&str>,
    caller: &Caller,
    master: &Master,
) -> Result<(Page, Vec<Overview>), Error> {
    let own = own(view, None, caller)?;
    match demographic::list(view, index, caller, master) {
        Err(demographic::Error::NoneMade) if !own.is_empty() => Ok((Page::default(), own)),
        page => Ok((page?, own)),
    }
}

/// Returns the applications of every kind with an appointment at `center` in `days`, first and last
/// included; to a resident their own, and at a center node of its own center only. `days` is nothing
/// if one of them could not be read.
///
/// # Errors
/// [`Error::Center`], [`Error::Date`], or the replica's failure.
pub fn at_center(
    view: &View<'_>,
    center: &str,
    days: Option<(Date, Date)>,
    caller: &Caller,
    rules: &Rules,
) -> Result<Vec<Overview>, Error> {
    let center = center.trim();
    if center.is_empty() || !center.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(Error::Center);
    }
    let days = days.filter(|(first, last)| !datasync::is_too_long(*first, *last));
    let days = days.ok_or(Error::Date)?;
    let center = CenterId::new(center);
    if datasync::is_elsewhere(&center, rules) {
        return Ok(Vec::new());
    }
    // Upstream shows a resident everybody's user ids here; nobody but its services calls it so.
    let maker = caller.is_individual().then_some(caller.user.as_str());
    Ok(overview::at_center(view, &center, days, maker, MOST_BOOKED)?)
}

/// Makes an application without data, which may book at once in either lifecycle.
///
/// # Errors
/// [`Error::Language`], or the replica's failure.
#[expect(clippy::too_many_arguments, reason = "an application hangs on all of them")]
pub fn create(
    tx: &Tx<'_>,
    purpose: Purpose,
    language: &str,
    caller: &Caller,
    master: &Master,
    rules: &Rules,
    entropy: &dyn Entropy,
    now: Timestamp,
) -> Result<Application, Error> {
    if !master.languages().is_offered(language) {
        return Err(Error::Language);
    }
    let prid = demographic::draw(tx, entropy)?;
    let change = Change::Create {
        purpose,
        language: language.to_owned(),
        identity: Identity::default(),
        status: Status::PendingAppointment,
    };
    Ok(perform(tx, &prid, change, caller, rules, entropy, now)?)
}

/// Deletes the application `prid` of the kind `purpose`, and gives its seat back.
///
/// # Errors
/// [`Error::NoApplication`] also for one of another kind, [`Error::NotOwner`] for everybody but its
/// maker, or the replica's failure.
pub fn delete(
    tx: &Tx<'_>,
    prid: &Prid,
    purpose: Purpose,
    caller: &Caller,
    rules: &Rules,
    entropy: &dyn Entropy,
    now: Timestamp,
) -> Result<(), Error> {
    let application = store::application::find(tx, prid)?
        .filter(|found| found.kind == purpose && found.status != Status::Consumed)
        .ok_or(Error::NoApplication)?;
    if !application.is_made_by(caller) {
        return Err(Error::NotOwner);
    }
    Ok(perform::delete(tx, &application.prid, caller, rules, entropy, now)?)
}
