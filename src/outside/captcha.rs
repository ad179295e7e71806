//! Asks whether a captcha was solved, as reCAPTCHA has it asked: a form `secret`, `response` to a
//! URL, and `success` in the JSON that comes back.

use std::fmt;
use std::path::PathBuf;

use jiff::Timestamp;
use serde::Deserialize;
use zeroize::Zeroizing;

use crate::outside::web::{self, Body, Web};

/// How captchas are verified.
#[derive(Clone)]
pub struct Settings {
    /// Whether they are asked for at all; as the country has it, if nothing is said.
    pub wanted: Option<bool>,
    /// Who verifies them: an address and the secret for it.
    pub verifier: Option<(String, Zeroizing<String>)>,
    /// A certificate to trust besides the system's.
    pub ca: Option<PathBuf>,
}

/// Who is asked.
#[derive(Clone)]
pub struct Verifier {
    web: Web,
    url: String,
    secret: Zeroizing<String>,
}

/// Why it is not known whether a captcha was solved.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// There is no answer.
    #[error("the captcha's verifier: {0}")]
    Web(#[from] web::Failure),
    /// The answer is of this status.
    #[error("the captcha's verifier answered with status {0}")]
    Status(u16),
    /// The answer cannot be read.
    #[error("the captcha's verifier answered something else than JSON with `success`")]
    Unreadable,
}

#[derive(Deserialize)]
struct Answer {
    success: bool,
    challenge_ts: Option<String>,
}

/// A captcha that was solved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Solved {
    /// When it was posed, if the verifier says so.
    pub posed_at: Option<Timestamp>,
}

impl Verifier {
    /// Asks at `url`, as the owner of `secret`.
    #[must_use]
    pub fn new(web: Web, url: String, secret: Zeroizing<String>) -> Self {
        Self { web, url, secret }
    }

    /// Asks whether the captcha that gave `token` was solved; nothing says that it was not.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn verify(&self, token: &str) -> Result<Option<Solved>, Failure> {
        let form = Body::form(&[("secret", &self.secret), ("response", token)]);
        let answer = self.web.post(&self.url, &[], form).await?;
        if !answer.status.is_success() {
            return Err(Failure::Status(answer.status.as_u16()));
        }
        let answer: Answer =
            serde_json::from_slice(&answer.body).map_err(|_| Failure::Unreadable)?;
        let posed_at = answer.challenge_ts.and_then(|text| text.parse().ok());
        Ok(answer.success.then_some(Solved { posed_at }))
    }
}

impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Verifier(..)")
    }
}
