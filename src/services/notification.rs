//! The notification service: tells residents by SMS and e-mail that an appointment is booked or
//! cancelled (`contract/rules.md` §13). What it tells is queued in the replica and sent by a lane of
//! its own, so a line that is down loses no notice.
//!
//! Who calls may name another recipient, and for a cancellation nothing that it says is checked
//! against the booking. So a text says only what the replica says, or what reads as a day, a time or
//! a name: else anybody with a login could send anything to anybody.

mod text;

use jiff::civil::DateTime;
use jiff::{SignedDuration, Timestamp};

use crate::domain::application::{Application, Kind as Purpose};
use crate::domain::caller::Caller;
use crate::domain::master::Master;
use crate::domain::message::{Channel, Message};
use crate::domain::prid::Prid;
use crate::domain::slot::Appointment;
use crate::services::{Coded, Kind, Rules, login};
use crate::store::{self, Tx};

use self::text::Occasion;
pub(in crate::services) use self::text::names;

/// Messages that may wait in all; beyond, new ones are not taken.
const MOST_WAITING: u64 = 20_000;
/// Messages about one application in a day: several bookings, each told again and again.
const MOST_A_DAY: u64 = 30;
/// How long a notice that names no appointment is worth sending.
const USEFUL: SignedDuration = SignedDuration::from_hours(7 * 24);

/// Why the notification service refused. Texts and codes: `contract/errors.md` §10.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The language is none that applications may be in.
    #[error("Lang code is invalid")]
    Language,
    /// There is no such application.
    #[error("No data found for the requested pre-registration id")]
    NoApplication,
    /// It is somebody else's.
    #[error("Requested preregistration id does not belong to the user")]
    NotOwner,
    /// An additional recipient has neither phone number nor e-mail address.
    #[error("Mobile number or Email Id is missing")]
    NoRecipient,
    /// Something is missing that is needed.
    #[error("Mandatory fields are missing")]
    Missing,
    /// The request is no JSON, or has other types.
    #[error("Json is not able to parse")]
    NotJson,
    /// Too many messages wait, or went out about this application.
    #[error("INPUT_OUTPUT_EXCEPTION")]
    TooMany,
    /// The recipient's e-mail address is none.
    #[error("Email is not valid")]
    Email,
    /// The recipient's phone number is none.
    #[error("Phone number is not valid")]
    Phone,
    /// The name is not the application's.
    #[error("Full name is not valid")]
    Name,
    /// There is no appointment to tell of.
    #[error("Booking data not found")]
    NoAppointment,
    /// It is on another day.
    #[error("Appointment date is not valid")]
    Date,
    /// It is at another time.
    #[error("Appointment time is not valid")]
    Time,
    /// The replica failed.
    #[error("INPUT_OUTPUT_EXCEPTION")]
    Store(#[from] store::Error),
}

impl Coded for Error {
    fn code(&self) -> &'static str {
        match self {
            Self::Language => "PRG_CORE_REQ_014",
            Self::NoApplication => "PRG_PAM_APP_005",
            Self::NotOwner => "PRG_PAM_APP_017",
            Self::NoRecipient => "PRG_PAM_ACK_001",
            Self::Missing => "PRG_PAM_ACK_002",
            Self::NotJson => "PRG_PAM_ACK_004",
            Self::TooMany | Self::Store(_) => "PRG_PAM_ACK_005",
            Self::Email => "PRG_PAM_ACK_006",
            Self::Phone => "PRG_PAM_ACK_007",
            Self::Name => "PRG_PAM_ACK_008",
            Self::NoAppointment => "PRG_BOOK_RCI_013",
            Self::Date => "PRG_PAM_ACK_009",
            Self::Time => "PRG_PAM_ACK_010",
        }
    }

    fn kind(&self) -> Kind {
        match self {
            Self::Store(_) => Kind::Internal,
            _ => Kind::Refused,
        }
    }
}

/// What a caller wants to be told, in one language; as it was typed.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Notice {
    /// In which language; none is the application's.
    pub language: Option<String>,
    /// About which application.
    pub prid: Option<String>,
    /// How the resident is called.
    pub name: Option<String>,
    /// The day of the appointment.
    pub date: Option<String>,
    /// Its time.
    pub time: Option<String>,
    /// Another phone number to tell.
    pub phone: Option<String>,
    /// Another e-mail address to tell.
    pub email: Option<String>,
    /// Whether those others are told, and not who is named in the application.
    pub additional: bool,
    /// Whether it tells of a cancellation, whose appointment is no more.
    pub cancelled: Option<bool>,
}

/// Queues the message that `notices` make, one for each language of it, for each way by which its
/// recipient is reached. Somebody who is reached by none is told nothing, and that is no error.
///
/// # Errors
/// [`Error`]; then nothing is queued.
pub fn notify(
    tx: &Tx<'_>,
    notices: &[Notice],
    caller: &Caller,
    master: &Master,
    rules: &Rules,
    now: Timestamp,
) -> Result<(), Error> {
    let languages = notices.iter().filter_map(|notice| notice.language.as_deref());
    if languages.clone().any(|language| !master.languages().is_offered(language)) {
        return Err(Error::Language);
    }
    let Some(first) = notices.first() else { return Err(Error::Missing) };
    if notices.iter().any(|notice| notice.prid != first.prid) {
        return Err(Error::Missing);
    }
    let prid = first.prid.as_deref().map(str::trim).filter(|prid| !prid.is_empty());
    let prid = Prid::parse(prid.ok_or(Error::Missing)?).map_err(|_| Error::NoApplication)?;
    let application = store::application::find(tx, &prid)?.ok_or(Error::NoApplication)?;
    if !application.obeys(caller) {
        return Err(Error::NotOwner);
    }
    for notice in notices {
        check(notice, &application, master)?;
    }
    let recipients = recipients(first, &application, master)?;
    let occasions: Vec<Occasion<'_>> = notices
        .iter()
        .map(|notice| Occasion::told(notice, &application, master, rules, now))
        .collect();
    let at = occasions.iter().find_map(|occasion| occasion.at);
    queue(tx, &application, &recipients, &occasions, useful_until(at, rules, now), now)
}

/// Queues the notice that `appointment` of `application` is cancelled, in the application's language,
/// for who is named in it. Of too many notices those that come last are not queued; that is logged
/// and no error, for what was cancelled stays cancelled.
///
/// For the jobs of an authority: a center node never notifies by itself.
///
/// # Errors
/// The store's own.
pub fn cancelled(
    tx: &Tx<'_>,
    application: &Application,
    appointment: &Appointment,
    master: &Master,
    rules: &Rules,
    now: Timestamp,
) -> Result<(), store::Error> {
    let recipients = own_recipients(&Notice::default(), application, master);
    let occasion = Occasion::cancelled(application, appointment, master, rules, now);
    let until = useful_until(Some(appointment.start()), rules, now);
    match queue(tx, application, &recipients, &[occasion], until, now) {
        Ok(()) => Ok(()),
        Err(Error::Store(error)) => Err(error),
        Err(_) => {
            tracing::warn!("a notice of a cancelled appointment was left out: too many wait");
            Ok(())
        }
    }
}

/// Checks what is said of an appointment that is to be there.
fn check(notice: &Notice, application: &Application, master: &Master) -> Result<(), Error> {
    if notice.cancelled.ok_or(Error::Missing)? {
        return Ok(());
    }
    // A name that is there and blank is another name; a blank day or time is none.
    let given = |field: &Option<String>| {
        field.as_deref().map(|text| text.trim().to_owned()).ok_or(Error::Missing)
    };
    let (name, date, time) = (given(&notice.name)?, given(&notice.date)?, given(&notice.time)?);
    if date.is_empty() || time.is_empty() {
        return Err(Error::Missing);
    }
    // Who lost a UIN has not given a name to this application.
    let known = text::names(application, master);
    if application.kind == Purpose::New && !known.iter().any(|(_, known)| *known == name) {
        return Err(Error::Name);
    }
    let appointment = application.appointment.as_ref().ok_or(Error::NoAppointment)?;
    if text::parsed_day(&date) != Some(appointment.slot.day) {
        return Err(Error::Date);
    }
    if text::parsed_time(&time) != Some(appointment.slot.starts) {
        return Err(Error::Time);
    }
    Ok(())
}

/// Returns who is told.
fn recipients(
    notice: &Notice,
    application: &Application,
    master: &Master,
) -> Result<Vec<(Channel, String)>, Error> {
    if !notice.additional {
        return Ok(own_recipients(notice, application, master));
    }
    let mut recipients = Vec::new();
    for (channel, key, given, wrong) in [
        (Channel::Sms, "mosip.id.validation.identity.phone", &notice.phone, Error::Phone),
        (Channel::Email, "mosip.id.validation.identity.email", &notice.email, Error::Email),
    ] {
        let Some(given) = given.as_deref().filter(|given| !given.is_empty()) else { continue };
        if !master.admits(key, given) {
            return Err(wrong);
        }
        recipients.push((channel, given.to_owned()));
    }
    if recipients.is_empty() { Err(Error::NoRecipient) } else { Ok(recipients) }
}

/// Returns how the resident is reached: by what stands in the application, and by the user id of its
/// maker where nothing can stand there.
fn own_recipients(
    notice: &Notice,
    application: &Application,
    master: &Master,
) -> Vec<(Channel, String)> {
    let by_itself = |to: &str| Some((login::channel(to, master)?, to.to_owned()));
    if application.kind != Purpose::New {
        let given: Vec<_> = [&notice.phone, &notice.email]
            .into_iter()
            .flatten()
            .filter_map(|to| by_itself(to))
            .collect();
        return if given.is_empty() {
            by_itself(application.created_by.trim()).into_iter().collect()
        } else {
            given
        };
    }
    let field = |property: &str, part: &'static str| {
        let field = master.property(property).unwrap_or_else(|| master.mapped(part));
        application.identity.text(field).map(str::trim).filter(|text| !text.is_empty())
    };
    let phone = field("preregistration.identity.phone", "phone");
    let email = field("preregistration.identity.email", "email");
    let phone = phone.map(|to| (Channel::Sms, to.to_owned()));
    phone.into_iter().chain(email.map(|to| (Channel::Email, to.to_owned()))).collect()
}

fn queue(
    tx: &Tx<'_>,
    application: &Application,
    recipients: &[(Channel, String)],
    occasions: &[Occasion<'_>],
    until: Timestamp,
    now: Timestamp,
) -> Result<(), Error> {
    if until <= now {
        return Ok(());
    }
    for (channel, to) in recipients {
        let Some((subject, text)) = text::written(*channel, occasions) else { continue };
        let message = Message { to: to.clone(), channel: *channel, subject, text };
        if store::message::waits(tx, &application.prid, &message)? {
            continue;
        }
        let yesterday = now - SignedDuration::from_hours(24);
        if store::message::made_since(tx, &application.prid, yesterday)? >= MOST_A_DAY
            || store::message::count_waiting(tx)? >= MOST_WAITING
        {
            return Err(Error::TooMany);
        }
        store::message::put(tx, &application.prid, &message, until, now)?;
    }
    Ok(())
}

/// Returns until when it is worth telling of an appointment.
fn useful_until(at: Option<DateTime>, rules: &Rules, now: Timestamp) -> Timestamp {
    at.and_then(|at| at.to_zoned(rules.zone.clone()).ok()).map_or(now + USEFUL, |at| at.timestamp())
}
