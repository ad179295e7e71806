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
use crate::services::perform::{self, perform};
use crate::services::{Coded, Kind, Rules, seat};
use crate::store::{self, Tx, View};

/// PRIDs in one question for updated times, at most.
pub const MOST_IDS: usize = 1000;
/// Applications in a list without pages, at most: who has more is told how many and reads pages.
const MOST_LISTED: usize = 1000;
/// Applications on a page; `mosip.pregistration.pagesize`, misspelled at the source.
const PAGE: usize = 20;

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
    /// The list of ids is empty, or the one that is asked for is blank.
    #[error("request parameter is missing")]
    NoIds,
    /// The id in the path is blank.
    #[error("Invalid application Id")]
    NoId,
    /// The list of ids is longer than [`MOST_IDS`].
    #[error("Request body is invalid")]
    TooManyIds,
    /// What was sent as the identity is no object.
    #[error("json parsing is failed")]
    Unreadable,
    /// In its status the data stands.
    #[error("Application can not be updated!!")]
    NotUpdatable,
    /// In its status it is not deleted.
    #[error("delete operation is not allowed")]
    NotDeletable,
    /// It is one without data, which has calls of its own.
    #[error("Invalid booking type")]
    OtherKind,
    /// No status is named.
    #[error("status code is invalid")]
    NoStatus,
    /// The lifecycle has no such status, or it is not to be set.
    #[error("status code is invalid")]
    UnknownStatus,
    /// It may not book yet: a mandatory document is missing.
    #[error("Failed to update status to pending appointment")]
    NoDocuments,
    /// The seat that would be given up is central's: only central can take it back.
    #[error("Availability not found for the selected time")]
    NoSeat,
    /// The country's page size is none.
    #[error("Page size must be greater than zero")]
    PageSize,
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
            Self::NoApplication | Self::NoneMade | Self::UnknownStatus => "PRG_PAM_APP_005",
            Self::NotOwner => "PRG_PAM_APP_017",
            Self::NoIds | Self::NoStatus => "PRG_PAM_CORE_001",
            Self::NoId => "PRG_PAM_APP_013",
            Self::TooManyIds => "PRG_PAM_CORE_004",
            Self::Unreadable => "PRG_PAM_APP_007",
            Self::NotUpdatable => "PRG_PAM_APP_022",
            Self::NotDeletable => "PRG_PAM_APP_003",
            Self::OtherKind => "PRG_APP_016",
            Self::NoDocuments => "PRG_PAM_APP_023",
            Self::NoSeat => "PRG_BOOK_RCI_002",
            Self::PageSize => "PRG_PAM_APP_015",
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
    let prid = draw(tx, entropy)?;
    create_as(tx, &prid, new, caller, rules, entropy, now)
}

/// Draws a PRID that no application here goes by.
///
/// # Errors
/// The replica's failure.
pub fn draw(view: &View<'_>, entropy: &dyn Entropy) -> Result<Prid, store::Error> {
    loop {
        let prid = Prid::draw(entropy);
        if store::application::find(view, &prid)?.is_none() {
            return Ok(prid);
        }
    }
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

/// Changes the data of the application `prid` to what [`check`] found right: what differs, and
/// nothing else, is recorded.
///
/// # Errors
/// [`Error::NoApplication`], [`Error::NotOwner`] for everybody but its maker,
/// [`Error::NotUpdatable`], or the replica's failure.
pub fn update(
    tx: &Tx<'_>,
    prid: &Prid,
    new: &New,
    caller: &Caller,
    rules: &Rules,
    entropy: &dyn Entropy,
    now: Timestamp,
) -> Result<Application, Error> {
    let application = present(tx, prid)?;
    if !application.is_made_by(caller) {
        return Err(Error::NotOwner);
    }
    if application.kind != Purpose::New {
        return Err(Error::NoApplication);
    }
    if !rules.lifecycle.allows_update(application.status) {
        return Err(Error::NotUpdatable);
    }
    let (set, removed) = application.identity.difference(&new.identity);
    if set.is_empty() && removed.is_empty() && application.language == new.language {
        return Ok(application);
    }
    let change = Change::Update { language: new.language.clone(), set, removed };
    Ok(perform(tx, &application.prid, change, caller, rules, entropy, now)?)
}

/// Deletes the application `prid` and gives its seat back.
///
/// # Errors
/// [`Error::NoApplication`], [`Error::NotOwner`] for everybody but its maker,
/// [`Error::OtherKind`], [`Error::NotDeletable`], or the replica's failure.
pub fn delete(
    tx: &Tx<'_>,
    prid: &Prid,
    caller: &Caller,
    rules: &Rules,
    entropy: &dyn Entropy,
    now: Timestamp,
) -> Result<(), Error> {
    let application = present(tx, prid)?;
    if !application.is_made_by(caller) {
        return Err(Error::NotOwner);
    }
    if application.kind != Purpose::New {
        return Err(Error::OtherKind);
    }
    if !rules.lifecycle.allows_delete(application.status) {
        return Err(Error::NotDeletable);
    }
    Ok(perform::delete(tx, &application.prid, caller, rules, entropy, now)?)
}

/// Sets the status of the application `prid` to the one with this code. Any may follow any; one
/// that goes without an appointment gives up what there is, so that no seat is held by nobody.
/// `Consumed` is the registration processor's to say.
///
/// # Errors
/// [`Error::NoStatus`], [`Error::NoApplication`], [`Error::NotOwner`], [`Error::UnknownStatus`],
/// [`Error::NoDocuments`], [`Error::NoSeat`] on a center node for a seat that central sold, or the
/// replica's failure.
#[expect(clippy::too_many_arguments, reason = "a status hangs on all of them")]
pub fn set_status(
    tx: &Tx<'_>,
    prid: &Prid,
    code: &str,
    caller: &Caller,
    master: &Master,
    rules: &Rules,
    entropy: &dyn Entropy,
    now: Timestamp,
) -> Result<(), Error> {
    if code.trim().is_empty() {
        return Err(Error::NoStatus);
    }
    let application = present(tx, prid)?;
    if application.kind != Purpose::New {
        return Err(Error::NoApplication);
    }
    if !application.obeys(caller) {
        return Err(Error::NotOwner);
    }
    let to = Status::parse(code)
        .filter(|status| rules.lifecycle.knows(*status) && *status != Status::Consumed)
        .ok_or(Error::UnknownStatus)?;
    if to == Status::PendingAppointment
        && rules.lifecycle.demands_documents()
        && !master.missing_categories(&application, rules.today(now)).is_empty()
    {
        return Err(Error::NoDocuments);
    }
    if to == application.status {
        return Ok(());
    }
    let change = if application.appointment.is_some() && !to.has_appointment() {
        if let Some(held) = &application.appointment
            && !seat::is_sold_here(tx, &application.prid, held, rules)?
        {
            return Err(Error::NoSeat);
        }
        seat::give_back(tx, &application, rules)?;
        Change::Cancel { booking_rev: application.booking_rev, status: to }
    } else {
        Change::SetStatus { from: application.status, to }
    };
    perform(tx, &application.prid, change, caller, rules, entropy, now)?;
    Ok(())
}

/// Returns the application that goes by `prid`, unless registration has consumed it: central keeps
/// such a one elsewhere and answers as if it never was.
fn present(view: &View<'_>, prid: &Prid) -> Result<Application, Error> {
    store::application::find(view, prid)?
        .filter(|application| application.status != Status::Consumed)
        .ok_or(Error::NoApplication)
}

/// Returns the application `prid` with its data, for its maker or staff; one of a kind without data
/// is none.
///
/// # Errors
/// [`Error::NoApplication`], [`Error::NotOwner`], or the replica's failure.
pub fn read(view: &View<'_>, prid: &Prid, caller: &Caller) -> Result<Application, Error> {
    let application = store::application::find(view, prid)?
        .filter(|application| application.kind == Purpose::New)
        .ok_or(Error::NoApplication)?;
    if !application.obeys(caller) {
        return Err(Error::NotOwner);
    }
    Ok(application)
}

/// A page of the applications that somebody made.
#[derive(Clone, Debug, Default)]
pub struct Page {
    /// Those of the page, newest first, each with the PRID to show: central's, once known.
    pub applications: Vec<(Prid, Application)>,
    /// How many there are on all pages.
    pub total: usize,
}

/// Returns the applications with data that `caller` made and that are not consumed: the newest
/// thousand, or the page `index` (from 0).
///
/// # Errors
/// [`Error::NoneMade`], [`Error::PageIndex`], [`Error::PageSize`], [`Error::PastTheEnd`], or the
/// replica's failure.
pub fn list(
    view: &View<'_>,
    index: Option<&str>,
    caller: &Caller,
    master: &Master,
) -> Result<Page, Error> {
    let (skipped, most) = match index {
        None => (0, MOST_LISTED),
        Some(index) => {
            let index = index.parse::<usize>().map_err(|_| Error::PageIndex)?;
            let size = page_size(master)?;
            (index.saturating_mul(size), size)
        }
    };
    let total = store::application::count_made_by(view, &caller.user)?;
    if total == 0 {
        return Err(Error::NoneMade);
    }
    if skipped >= total {
        return Err(Error::PastTheEnd);
    }
    let mut applications = Vec::new();
    for application in store::application::made_by(view, &caller.user, skipped, most)? {
        let central_s = store::application::upstream_prid(view, &application.prid)?;
        applications.push((central_s.unwrap_or_else(|| application.prid.clone()), application));
    }
    Ok(Page { applications, total })
}

fn page_size(master: &Master) -> Result<usize, Error> {
    match master.property("mosip.pregistration.pagesize") {
        None => Ok(PAGE),
        Some(text) => {
            text.parse().ok().filter(|size| (1..=MOST_LISTED).contains(size)).ok_or(Error::PageSize)
        }
    }
}

/// Returns when each of `prids` was updated last; those that are not here are left out.
///
/// # Errors
/// [`Error::NoIds`] for an empty list, [`Error::TooManyIds`], [`Error::NoApplication`] if none is
/// here, or the replica's failure.
pub fn updated_times(
    view: &View<'_>,
    prids: &[String],
) -> Result<BTreeMap<String, Timestamp>, Error> {
    if prids.is_empty() {
        return Err(Error::NoIds);
    }
    if prids.len() > MOST_IDS {
        return Err(Error::TooManyIds);
    }
    let mut times = BTreeMap::new();
    for prid in prids.iter().filter_map(|text| Prid::parse(text).ok()) {
        if let Some(updated_at) = store::application::updated_at(view, &prid)? {
            times.insert(prid.to_string(), updated_at);
        }
    }
    if times.is_empty() { Err(Error::NoApplication) } else { Ok(times) }
}
