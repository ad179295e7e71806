//! The login service: a resident proves a phone number or an e-mail address with an OTP.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use zeroize::Zeroizing;

use crate::domain::master::Master;
use crate::domain::message::{Channel, Message, filled};
use crate::domain::otp::{Limits, NotNow, Otp, Verdict};
use crate::entropy::Entropy;
use crate::secrets::hash;
use crate::services::{Coded, Kind};
use crate::store::{self, Tx};

/// Why the login service refused. Texts and codes: `contract/errors.md` §4.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The user id is neither a phone number nor an e-mail address.
    #[error("Invalid Request userId received")]
    UserId,
    /// The same, when an OTP is tried.
    #[error("User Detail doesn't exist.")]
    UserIdAtValidation,
    /// Too many OTPs in a short time.
    #[error("Innumerous OTP requests received")]
    Flooding,
    /// Too many wrong tries before.
    #[error("Could not generate/send OTP")]
    Frozen,
    /// There is no way to send it.
    #[error("OTP failed to send through a specified channel")]
    NotSent,
    /// No OTP was given.
    #[error("OTP can't be empty or null.")]
    NoOtp,
    /// It has other letters than digits.
    #[error("OTP consists of only numeric characters. No other characters is allowed")]
    NotDigits,
    /// There is none to try.
    #[error("Validation can't be performed against this key. Generate OTP first.")]
    NoneSent,
    /// It is wrong.
    #[error("VALIDATION_UNSUCCESSFUL")]
    Wrong,
    /// It is wrong, as too many before it.
    #[error("Otp validation attempt exceeded")]
    TooMany,
    /// It is right, too late.
    #[error("OTP has expired - Please regenerate OTP and try again after sometime")]
    Expired,
    /// The replica failed.
    #[error("Authentication failed")]
    Store(#[from] store::Error),
}

impl Coded for Error {
    fn code(&self) -> &'static str {
        match self {
            Self::UserId => "PRG_PAM_LGN_008",
            Self::UserIdAtValidation => "KER-ATH-003",
            Self::Flooding => "PRE-REG-OTP-101",
            Self::Frozen => "PRE-REG-OTP-401",
            Self::NotSent => "PRG_AUTH_001",
            Self::NoOtp => "KER-OTV-003",
            Self::NotDigits => "KER-OTV-004",
            Self::NoneSent => "KER-OTV-005",
            Self::Wrong => "PRG_PAM_LGN_013",
            Self::TooMany => "PRE-REG-OTP-409",
            Self::Expired => "PRE-REG-OTP-402",
            Self::Store(_) => "PRG_AUTH_002",
        }
    }

    fn kind(&self) -> Kind {
        match self {
            Self::Store(_) | Self::NotSent => Kind::Internal,
            _ => Kind::Refused,
        }
    }
}

/// Tells by which way `user` is reached; nothing if it is neither phone number nor e-mail address
/// by the country's rules.
#[must_use]
pub fn channel(user: &str, master: &Master) -> Option<Channel> {
    if !(3..=64).contains(&user.chars().count()) {
        return None;
    }
    if master.admits("mosip.id.validation.identity.phone", user) {
        Some(Channel::Sms)
    } else if master.admits("mosip.id.validation.identity.email", user) {
        Some(Channel::Email)
    } else {
        None
    }
}

/// Draws an OTP for `user` and returns the message that brings it. `key` is the node's for OTPs.
///
/// # Errors
/// [`Error::UserId`], [`Error::Flooding`], [`Error::Frozen`], or the replica's failure.
pub fn send_otp(
    tx: &Tx<'_>,
    user: &str,
    key: &[u8; 32],
    master: &Master,
    entropy: &dyn Entropy,
    now: Timestamp,
) -> Result<Message, Error> {
    let channel = channel(user, master).ok_or(Error::UserId)?;
    let limits = limits(master);
    let digits = usize::from(limits.digits);
    let otp =
        Zeroizing::new(format!("{:0digits$}", entropy.below(10_u64.pow(u32::from(limits.digits)))));
    let name = hash::keyed(key, &[b"user", user.as_bytes()]);
    let last = store::otp::find(tx, &name)?;
    let next =
        Otp::next(last.as_ref(), hash_of(key, user, &otp), &limits, now).map_err(|not_now| {
            match not_now {
                NotNow::Frozen => Error::Frozen,
                NotNow::Flooding => Error::Flooding,
            }
        })?;
    store::otp::put(tx, &name, &next)?;
    Ok(message(user, channel, &otp, &limits, master, now))
}

/// Tries `otp` for `user`. The try is noted whatever it comes to, so the answer is a value and
/// [`judged`] makes an error of it after the commit.
///
/// # Errors
/// [`Error::UserIdAtValidation`], [`Error::NoOtp`], [`Error::NotDigits`], or the replica's failure.
pub fn try_otp(
    tx: &Tx<'_>,
    user: &str,
    otp: Option<&str>,
    key: &[u8; 32],
    master: &Master,
    now: Timestamp,
) -> Result<Verdict, Error> {
    channel(user, master).ok_or(Error::UserIdAtValidation)?;
    let otp = otp.filter(|otp| !otp.is_empty()).ok_or(Error::NoOtp)?;
    if !otp.bytes().all(|b| b.is_ascii_digit()) {
        return Err(Error::NotDigits);
    }
    let name = hash::keyed(key, &[b"user", user.as_bytes()]);
    let Some(mut sent) = store::otp::find(tx, &name)? else { return Ok(Verdict::None) };
    let matches = hash::equal(&sent.hash, &hash_of(key, user, otp));
    let verdict = sent.try_with(matches, &limits(master), now);
    store::otp::put(tx, &name, &sent)?;
    Ok(verdict)
}

/// Says what a verdict means to who tried.
///
/// # Errors
/// Whatever is not right.
pub fn judged(verdict: Verdict) -> Result<(), Error> {
    match verdict {
        Verdict::Right => Ok(()),
        Verdict::Wrong => Err(Error::Wrong),
        Verdict::TooMany => Err(Error::TooMany),
        Verdict::Expired => Err(Error::Expired),
        Verdict::None => Err(Error::NoneSent),
    }
}

fn hash_of(key: &[u8; 32], user: &str, otp: &str) -> [u8; 32] {
    hash::keyed(key, &[b"otp", user.as_bytes(), otp.as_bytes()])
}

fn limits(master: &Master) -> Limits {
    let usual = Limits::default();
    let seconds = |key, usual| {
        master.number(key).filter(|n| *n > 0).map_or(usual, jiff::SignedDuration::from_secs)
    };
    let minutes = |key, usual| {
        master.number(key).filter(|n| *n > 0).map_or(usual, jiff::SignedDuration::from_mins)
    };
    let count =
        |key: &str| master.number(key).and_then(|n| u32::try_from(n).ok()).filter(|n| *n > 0);
    Limits {
        digits: master
            .number("mosip.kernel.otp.default-length")
            .and_then(|n| u8::try_from(n).ok())
            .filter(|n| (4..=18).contains(n))
            .unwrap_or(usual.digits),
        life: seconds("mosip.kernel.otp.expiry-time", usual.life),
        tries: count("mosip.kernel.otp.validation-attempt-threshold").unwrap_or(usual.tries),
        freeze: seconds("mosip.kernel.otp.key-freeze-time", usual.freeze),
        window: minutes("otp.request.flooding.duration", usual.window),
        window_count: count("otp.request.flooding.max-count").unwrap_or(usual.window_count),
    }
}

fn message(
    user: &str,
    channel: Channel,
    otp: &str,
    limits: &Limits,
    master: &Master,
    now: Timestamp,
) -> Message {
    let language = master.languages().first();
    let (text, subject) = match channel {
        Channel::Sms => ("otp-sms-template", None),
        Channel::Email => ("OTP-email-content-template", Some("OTP-email-subject-template")),
    };
    let local = now.to_zoned(TimeZone::UTC);
    let date = local.strftime("%d-%m-%Y").to_string();
    let time = local.strftime("%H:%M:%S").to_string();
    let minutes = (limits.life.as_secs() / 60).to_string();
    let values = [
        ("otp", otp),
        ("date", &date),
        ("time", &time),
        ("validTime", &minutes),
        ("name", user),
        ("username", user),
    ];
    let fill = |code| {
        let template = master.template(code, language).unwrap_or("$otp");
        filled(template, &values)
    };
    Message {
        to: user.to_owned(),
        channel,
        subject: subject.map_or_else(String::new, |code| fill(code).to_string()),
        text: fill(text),
    }
}
