//! The captcha service: whether a captcha is asked for, and why one did not count.

use std::error::Error as Cause;

use crate::domain::master::Master;
use crate::services::{Coded, Kind};

/// Why a captcha did not count. Texts and codes: `contract/errors.md` §4 and §10.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The captcha service was given no token.
    #[error("Invalid request , Request can't be null or empty")]
    NoToken,
    /// The login was given no token.
    #[error("Captcha token is empty")]
    NoTokenAtLogin,
    /// It was not solved.
    #[error("Invalid Captcha entered")]
    NotSolved,
    /// Who would know does not answer.
    #[error("Captcha could not be validated")]
    Unknown(#[source] Box<dyn Cause + Send + Sync>),
}

impl Coded for Error {
    fn code(&self) -> &'static str {
        match self {
            Self::NoToken => "PRG-PAM-006",
            Self::NoTokenAtLogin => "PRE-REG-CAP-101",
            Self::NotSolved => "PRG-PAM-005",
            Self::Unknown(_) => "PRE-REG-CAP-102",
        }
    }

    fn kind(&self) -> Kind {
        match self {
            Self::Unknown(_) => Kind::Internal,
            _ => Kind::Refused,
        }
    }
}

/// Tells whether captchas are asked for: as `wanted` says, the node's own setting, or else as the
/// country has it.
#[must_use]
pub fn is_on(master: &Master, wanted: Option<bool>) -> bool {
    let country = || {
        let value = master.property("mosip.preregistration.captcha.enable");
        value.is_some_and(|value| value.eq_ignore_ascii_case("true"))
    };
    wanted.unwrap_or_else(country)
}
