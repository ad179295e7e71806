//! The login service: a resident proves a phone number or an e-mail address with an OTP.

use std::ops::RangeInclusive;

use jiff::{SignedDuration, Timestamp};
use zeroize::Zeroizing;

use crate::domain::ids::Digest;
use crate::domain::master::Master;
use crate::domain::message::{Channel, Message, filled};
use crate::domain::otp::{Limits, NotNow, Otp, Verdict};
use crate::domain::status::Lifecycle;
use crate::entropy::Entropy;
use crate::secrets::hash;
use crate::services::{Coded, Kind, Rules};
use crate::store::{self, Tx};

/// Bytes of an e-mail address at most; what is longer is not looked at.
const LONGEST_ADDRESS: usize = 320;

/// Seconds or minutes that a country may set; what is outside is a mistake.
const LENGTHS: RangeInclusive<i64> = 1..=500_000;

/// How long an OTP is kept after it expired, for who comes late to be told so.
const KEPT: SignedDuration = SignedDuration::from_mins(10);

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
    /// It is shorter or longer than a user id may be.
    #[error("Key length should be in the range of 3-64.")]
    UserIdLength,
    /// Too many wrong tries before. The text is the contract's, sign and all.
    #[error("Missing Input Parameter - %s")]
    Frozen,
    /// The country has no text for it.
    #[error("Missing Input Parameter - TEMPLATE")]
    NoTemplate,
    /// The last one is still good, and in lifecycle 1.2 that is one too many.
    #[error("OTP is already sent - Please use the Sent OTP or try again after sometime")]
    StillGood,
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
    /// There is no cookie to take a token from.
    #[error("Cookies are empty")]
    NoCookies,
    /// No token is among the cookies.
    #[error("Token is not present in cookies")]
    NoToken,
    /// What is there is no token.
    #[error("Failed to invalidate the auth token")]
    NotAToken,
    /// It is nobody's login, or that has ended.
    #[error("Token is not present in datastore, Please try with new token")]
    UnknownToken,
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
            Self::UserIdLength => "KER-OTG-001",
            Self::Frozen | Self::NoTemplate => "PRE-REG-OTP-405",
            Self::StillGood => "PRE-REG-OTP-408",
            Self::NotSent => "PRG_AUTH_001",
            Self::NoOtp => "KER-OTV-003",
            Self::NotDigits => "KER-OTV-004",
            Self::NoneSent => "KER-OTV-005",
            Self::Wrong => "PRG_PAM_LGN_013",
            Self::TooMany => "PRE-REG-OTP-409",
            Self::Expired => "PRE-REG-OTP-402",
            Self::NoCookies => "KER-ATH-006",
            Self::NoToken => "KER-ATH-007",
            Self::NotAToken => "PRG_PAM_LGN_003",
            Self::UnknownToken => "KER-ATH-008",
            Self::Store(_) => "PRG_AUTH_002",
        }
    }

    fn kind(&self) -> Kind {
        match self {
            Self::Store(_) | Self::NotSent | Self::NoTemplate => Kind::Internal,
            _ => Kind::Refused,
        }
    }
}

/// Tells by which way `user` is reached; nothing if it is neither phone number nor e-mail address
/// by the country's rules.
#[must_use]
pub fn channel(user: &str, master: &Master) -> Option<Channel> {
    if user.len() > LONGEST_ADDRESS {
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

/// What OTPs are made by.
pub struct Terms<'a> {
    /// The node's key for their hashes.
    pub key: &'a [u8; 32],
    /// The country's limits and texts.
    pub master: &'a Master,
    /// The lifecycle, and the zone where the country's texts have none of their own.
    pub rules: &'a Rules,
}

/// An OTP that is to be sent.
pub struct Sending {
    /// What brings it.
    pub message: Message,
    /// Which it is: its keyed hash.
    pub hash: [u8; 32],
}

/// Draws an OTP for `user` and returns it with the message that brings it, in `language` where there is
/// such a text.
///
/// # Errors
/// [`Error::UserId`], [`Error::UserIdLength`], [`Error::Flooding`], [`Error::Frozen`],
/// [`Error::StillGood`], [`Error::NoTemplate`], or the replica's failure.
pub fn send_otp(
    tx: &Tx<'_>,
    user: &str,
    language: Option<&str>,
    terms: &Terms<'_>,
    entropy: &dyn Entropy,
    now: Timestamp,
) -> Result<Sending, Error> {
    let Terms { key, master, rules } = terms;
    let channel = channel(user, master).ok_or(Error::UserId)?;
    if !(3..=64).contains(&user.chars().count()) {
        return Err(Error::UserIdLength);
    }
    let limits = limits(terms);
    let digits = usize::from(limits.digits);
    let otp =
        Zeroizing::new(format!("{:0digits$}", entropy.below(10_u64.pow(u32::from(limits.digits)))));
    let name = hash::keyed(key, &[b"user", user.as_bytes()]);
    store::otp::prune(tx, now - limits.remembered() - KEPT, now)?;
    let last = store::otp::find(tx, &name)?;
    if rules.lifecycle == Lifecycle::V1_2 && last.as_ref().is_some_and(|o| o.is_good(&limits, now))
    {
        return Err(Error::StillGood);
    }
    let hash = hash_of(key, user, &otp);
    let next = Otp::next(last.as_ref(), hash, &limits, now).map_err(|not_now| match not_now {
        NotNow::Frozen => Error::Frozen,
        NotNow::Flooding => Error::Flooding,
    })?;
    store::otp::put(tx, &name, &next)?;
    Ok(Sending { message: message(user, language, channel, &otp, &limits, terms, now)?, hash })
}

/// Takes the OTP of `user` with this hash back that could not be sent, so that another can be had at
/// once. Tries and flooding go on counting; a newer OTP stays as it is.
///
/// # Errors
/// The replica's failure.
pub fn withdraw_otp(tx: &Tx<'_>, user: &str, hash: &[u8; 32], key: &[u8; 32]) -> Result<(), Error> {
    let name = hash::keyed(key, &[b"user", user.as_bytes()]);
    if let Some(mut otp) = store::otp::find(tx, &name)?
        && hash::equal(&otp.hash, hash)
    {
        otp.used = true;
        store::otp::put(tx, &name, &otp)?;
    }
    Ok(())
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
    terms: &Terms<'_>,
    now: Timestamp,
) -> Result<Verdict, Error> {
    let Terms { key, master, .. } = terms;
    channel(user, master).ok_or(Error::UserIdAtValidation)?;
    let otp = otp.filter(|otp| !otp.is_empty()).ok_or(Error::NoOtp)?;
    if !otp.bytes().all(|b| b.is_ascii_digit()) {
        return Err(Error::NotDigits);
    }
    let name = hash::keyed(key, &[b"user", user.as_bytes()]);
    let Some(mut sent) = store::otp::find(tx, &name)? else { return Ok(Verdict::None) };
    let matches = hash::equal(&sent.hash, &hash_of(key, user, otp));
    let verdict = sent.try_with(matches, &limits(terms), now);
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

/// Ends the login of the token with this digest, which would have lasted until `expires`. Those that
/// would have ended by themselves before `forget` are forgotten.
///
/// # Errors
/// The replica's failure.
pub fn end(
    tx: &Tx<'_>,
    token: &Digest,
    expires: Timestamp,
    forget: Timestamp,
) -> Result<(), Error> {
    store::login::prune(tx, forget)?;
    Ok(store::login::revoke(tx, token, expires)?)
}

fn hash_of(key: &[u8; 32], user: &str, otp: &str) -> [u8; 32] {
    hash::keyed(key, &[b"otp", user.as_bytes(), otp.as_bytes()])
}

/// Returns how long an OTP is good for.
#[must_use]
pub fn otp_life(master: &Master) -> SignedDuration {
    let seconds = master.number("mosip.kernel.otp.expiry-time").filter(|n| LENGTHS.contains(n));
    seconds.map_or(Limits::default().life, SignedDuration::from_secs)
}

fn limits(terms: &Terms<'_>) -> Limits {
    let Terms { master, rules, .. } = terms;
    let usual = Limits::default();
    let seconds = |key, usual| {
        master.number(key).filter(|n| LENGTHS.contains(n)).map_or(usual, SignedDuration::from_secs)
    };
    let minutes = |key, usual| {
        master.number(key).filter(|n| LENGTHS.contains(n)).map_or(usual, SignedDuration::from_mins)
    };
    let count =
        |key: &str| master.number(key).and_then(|n| u32::try_from(n).ok()).filter(|n| *n > 0);
    Limits {
        digits: master
            .number("mosip.kernel.otp.default-length")
            .and_then(|n| u8::try_from(n).ok())
            .filter(|n| (4..=18).contains(n))
            .unwrap_or(usual.digits),
        life: otp_life(master),
        tries: match rules.lifecycle {
            Lifecycle::V1_1 => {
                count("mosip.kernel.otp.validation-attempt-threshold").unwrap_or(usual.tries)
            }
            // There the tries must exceed the threshold.
            Lifecycle::V1_2 => count("pre.reg.login.otp.validation-attempt-threshold")
                .unwrap_or(usual.tries)
                .saturating_add(1),
        },
        freeze: seconds("mosip.kernel.otp.key-freeze-time", usual.freeze),
        window: minutes("otp.request.flooding.duration", usual.window),
        window_count: count("otp.request.flooding.max-count").unwrap_or(usual.window_count),
    }
}

fn message(
    user: &str,
    language: Option<&str>,
    channel: Channel,
    otp: &str,
    limits: &Limits,
    terms: &Terms<'_>,
    now: Timestamp,
) -> Result<Message, Error> {
    let Terms { master, rules, .. } = terms;
    let language = language
        .filter(|code| master.languages().is_active(code))
        .unwrap_or_else(|| master.languages().first());
    let (text, subject) = match channel {
        Channel::Sms => ("otp-sms-template", None),
        Channel::Email => ("OTP-email-content-template", Some("OTP-email-subject-template")),
    };
    let local = now.to_zoned(rules.zone_of_messages(master));
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
        let template = master.template(code, language).ok_or(Error::NoTemplate)?;
        Ok::<_, Error>(filled(template, &values))
    };
    Ok(Message {
        to: user.to_owned(),
        channel,
        subject: subject.map(fill).transpose()?.map_or_else(String::new, |text| text.to_string()),
        text: fill(text)?,
    })
}
