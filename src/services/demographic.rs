//! The demographic service: applications and their identity data.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::domain::application::{Application, Kind as Purpose};
use crate::domain::caller::Caller;
use crate::domain::identity::{Finding, Identity, validate};
use crate::domain::master::Master;
use crate::domain::operation::Change;
use crate::domain::prid::Prid;
use crate::domain::status::Status;
use crate::entropy::Entropy;
use crate::services::perform::perform;
use crate::services::{Coded, Kind, Rules};
use crate::store::{self, Tx, View};

/// Why the demographic service refused. Texts and codes: `contract/errors.md` §3, §5 and §6.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The language is none of the country's.
    #[error("Lang code is invalid")]
    Language,
    /// The identity data is not what schema and master data ask for.
    #[error("the identity data is not valid")]
    Identity(Vec<Finding>),
    /// There is no such application.
    #[error("No data found for the requested pre-registration id")]
    NoApplication,
    /// The caller has made none.
    #[error("No record found for the requested user id")]
    NoneMade,
    /// The application is someone else's.
    #[error("Requested preregistration id does not belong to the user")]
    NotOwner,
    /// The list of ids is empty.
    #[error("request parameter is missing")]
    NoIds,
    /// The index is not a number of a page.
    #[error("Invalid page index value")]
    PageIndex,
    /// There are not so many pages.
    #[error("no record found for the requested page index")]
    PastTheEnd,
    /// The replica failed.
    #[error("unable to access the pre-registration table")]
    Store(#[from] store::Error),
}

impl Coded for Error {
    fn code(&self) -> &'static str {
        match self {
            Self::Language => "PRG_CORE_REQ_014",
            Self::Identity(_) => "KER-IOV-004",
            Self::NoApplication | Self::NoneMade => "PRG_PAM_APP_005",
            Self::NotOwner => "PRG_PAM_APP_017",
            Self::NoIds => "PRG_PAM_CORE_001",
            Self::PageIndex => "PRG_PAM_APP_019",
            Self::PastTheEnd => "PRG_PAM_APP_016",
            Self::Store(_) => "PRG_PAM_APP_002",
        }
    }

    fn kind(&self) -> Kind {
        match self {
            Self::Store(_) => Kind::Internal,
            _ => Kind::Refused,
        }
    }

    fn findings(&self) -> &[Finding] {
        match self {
            Self::Identity(findings) => findings,
            _ => &[],
        }
    }
}

/// What a new application consists of.
#[derive(Clone, Debug)]
pub struct New {
    /// The language it is typed in.
    pub language: String,
    /// The identity data.
    pub identity: Identity,
    /// The fields that must be filled, where the client says so (lifecycle 1.2's clients do).
    pub required: Option<Vec<String>>,
}

/// Checks what a new application consists of, before anything is written.
///
/// # Errors
/// [`Error::Language`], or [`Error::Identity`] with everything that is wrong.
pub fn check(new: &New, master: &Master, now: Timestamp) -> Result<(), Error> {
    if !master.languages().is_offered(&new.language) {
        return Err(Error::Language);
    }
    let today = now.to_zoned(TimeZone::UTC).date();
    let findings = validate(&new.identity, master, new.required.as_deref(), today);
    if findings.is_empty() { Ok(()) } else { Err(Error::Identity(findings)) }
}

/// Makes an application of what [`check`] found right, under a PRID of this node.
///
/// # Errors
/// The replica's failure.
pub fn create(
    tx: &Tx<'_>,
    new: &New,
    caller: &Caller,
    rules: &Rules,
    entropy: &dyn Entropy,
    now: Timestamp,
) -> Result<Application, Error> {
    let prid = loop {
        let prid = Prid::draw(entropy);
        if store::application::find(tx, &prid)?.is_none() {
            break prid;
        }
    };
    create_as(tx, &prid, new, caller, rules, entropy, now)
}

/// Makes an application under a PRID that was drawn before.
///
/// # Errors
/// The replica's failure.
pub fn create_as(
    tx: &Tx<'_>,
    prid: &Prid,
    new: &New,
    caller: &Caller,
    rules: &Rules,
    entropy: &dyn Entropy,
    now: Timestamp,
) -> Result<Application, Error> {
    let change = Change::Create {
        purpose: Purpose::New,
        language: new.language.clone(),
        identity: new.identity.clone(),
        status: rules.lifecycle.first(),
    };
    Ok(perform(tx, prid, change, caller, rules, entropy, now)?)
}

/// Returns the application `prid`, for its maker or staff.
///
/// # Errors
/// [`Error::NoApplication`], [`Error::NotOwner`], or the replica's failure.
pub fn read(view: &View<'_>, prid: &Prid, caller: &Caller) -> Result<Application, Error> {
    let application = store::application::find(view, prid)?.ok_or(Error::NoApplication)?;
    if !application.obeys(caller) {
        return Err(Error::NotOwner);
    }
    Ok(application)
}

/// Returns the status of the application `prid`, for its maker or staff.
///
/// # Errors
/// As [`read`].
pub fn status(view: &View<'_>, prid: &Prid, caller: &Caller) -> Result<Status, Error> {
    Ok(read(view, prid, caller)?.status)
}

/// A page of the applications that somebody made.
#[derive(Clone, Debug)]
pub struct Page {
    /// Those of the page, newest first.
    pub applications: Vec<Application>,
    /// How many there are on all pages.
    pub total: usize,
}

/// Returns the applications that `caller` made and that are not consumed: all of them, or the page
/// `index` (from 0) of `size`.
///
/// # Errors
/// [`Error::NoneMade`], [`Error::PageIndex`], [`Error::PastTheEnd`], or the replica's failure.
pub fn list(
    view: &View<'_>,
    index: Option<&str>,
    size: usize,
    caller: &Caller,
) -> Result<Page, Error> {
    let index =
        index.map(|index| index.parse::<usize>().map_err(|_| Error::PageIndex)).transpose()?;
    let mut applications = store::application::made_by(view, &caller.user)?;
    if applications.is_empty() {
        return Err(Error::NoneMade);
    }
    let total = applications.len();
    if let Some(index) = index {
        let first = index.saturating_mul(size);
        if first >= total {
            return Err(Error::PastTheEnd);
        }
        applications = applications.split_off(first);
        applications.truncate(size);
    }
    Ok(Page { applications, total })
}

/// Returns when each of `prids` was updated last; those that are not here are left out.
///
/// # Errors
/// [`Error::NoIds`] for an empty list, [`Error::NoApplication`] if none is here, or the replica's
/// failure.
pub fn updated_times(
    view: &View<'_>,
    prids: &[String],
) -> Result<BTreeMap<String, Timestamp>, Error> {
    if prids.is_empty() {
        return Err(Error::NoIds);
    }
    let mut times = BTreeMap::new();
    for prid in prids.iter().filter_map(|text| Prid::parse(text).ok()) {
        if let Some(application) = store::application::find(view, &prid)? {
            times.insert(prid.to_string(), application.updated_at);
        }
    }
    if times.is_empty() { Err(Error::NoApplication) } else { Ok(times) }
}
