//! The sections on how messages leave: `[mail]` and `[sms]`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;
use zeroize::Zeroizing;

use super::{Error, secret};
use crate::node;
use crate::outside::sms::{self, Form};
use crate::outside::smtp::{self, Security};

/// The mail server.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Mail {
    host: String,
    port: Option<u16>,
    #[serde(default)]
    security: Security,
    from: String,
    user: Option<String>,
    /// A file with the password alone in it.
    password_file: Option<PathBuf>,
    ca: Option<PathBuf>,
    #[serde(default = "usual_patience")]
    patience_seconds: u64,
}

fn usual_patience() -> u64 {
    20
}

impl Mail {
    pub(super) fn settings(self, path: &Path, base: &Path) -> Result<smtp::Settings, Error> {
        let login = match (self.user, self.password_file) {
            (Some(user), Some(file)) => Some((user, secret(&base.join(file))?)),
            (None, None) => None,
            _ => return Err(wrong(path, "mail: give user and password_file, or neither")),
        };
        // Who waits for an OTP is answered within the half minute that a request may take.
        if !(1..=25).contains(&self.patience_seconds) {
            return Err(wrong(path, "mail.patience_seconds is 1 to 25"));
        }
        let usual_port = match self.security {
            Security::Tls => 465,
            Security::StartTls => 587,
            Security::None => 25,
        };
        Ok(smtp::Settings {
            host: self.host,
            port: self.port.unwrap_or(usual_port),
            security: self.security,
            from: self.from,
            login,
            ca: self.ca.map(|ca| base.join(ca)),
            patience: Duration::from_secs(self.patience_seconds),
        })
    }
}

/// The gateway for SMS.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Sms {
    url: String,
    #[serde(default)]
    form: Form,
    parameters: BTreeMap<String, String>,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    /// A file with the secret alone in it.
    secret_file: Option<PathBuf>,
    /// What the answer says of a message that was taken.
    #[serde(default)]
    success: String,
    ca: Option<PathBuf>,
}

impl Sms {
    pub(super) fn settings(self, path: &Path, base: &Path) -> Result<node::Sms, Error> {
        let uses_secret = self
            .parameters
            .values()
            .chain(self.headers.values())
            .any(|value| value.contains("{secret}"));
        let secret = match self.secret_file {
            Some(file) => secret(&base.join(file))?,
            None if uses_secret => {
                return Err(wrong(path, "sms: {secret} is used, so secret_file is needed"));
            }
            None => Zeroizing::default(),
        };
        let gateway = sms::Settings {
            url: self.url,
            form: self.form,
            parameters: self.parameters.into_iter().collect(),
            headers: self.headers.into_iter().collect(),
            secret,
            success: self.success,
        };
        Ok(node::Sms { gateway, ca: self.ca.map(|ca| base.join(ca)) })
    }
}

fn wrong(path: &Path, text: &str) -> Error {
    Error::Value(path.into(), text.to_owned())
}
