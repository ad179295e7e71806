//! E-mail by a mail server of the country or the center.

use std::path::PathBuf;
use std::time::Duration;

use jiff::Timestamp;
use lettre::message::Mailbox;
use lettre::message::header::ContentType;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use lettre::transport::smtp::{Error, response};
use lettre::{AsyncSmtpTransport, AsyncTransport as _, Tokio1Executor};
use tokio::time::timeout;
use zeroize::Zeroizing;

use crate::domain::message::Message;
use crate::outside::delivery::Failure;

/// How a mail server is reached.
#[derive(Clone)]
pub struct Settings {
    /// Its name, which its certificate bears.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the connection is kept secret.
    pub security: Security,
    /// Whom the messages come from, such as `Pre-registration <prereg@example.org>`.
    pub from: String,
    /// User and password, if it asks for them.
    pub login: Option<(String, Zeroizing<String>)>,
    /// A certificate to trust besides the system's.
    pub ca: Option<PathBuf>,
    /// How long one message may take in all.
    pub patience: Duration,
}

/// How a connection to a mail server is kept secret.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Security {
    /// TLS from the first byte, usually on port 465.
    #[default]
    Tls,
    /// TLS after `STARTTLS`, which the server must offer; usually on port 587.
    StartTls,
    /// None: for a relay on this machine.
    None,
}

/// Why a mail server cannot be used as configured. Each text is a sentence for the operator.
#[derive(Debug, thiserror::Error)]
pub enum BadSettings {
    /// The sender's address is none.
    #[error("mail.from: {0:?} is no address such as \"Pre-registration <prereg@example.org>\"")]
    From(String),
    /// A password would go over the line in clear.
    #[error("mail: a password needs security = \"tls\" or \"starttls\"")]
    ClearPassword,
    /// The certificate cannot be read.
    #[error("mail.ca: {path}: {1}", path = .0.display())]
    Ca(PathBuf, String),
    /// The host's name or the system's certificates cannot be used.
    #[error("mail: TLS cannot be set up: {0}")]
    Tls(String),
}

/// A mail server. Every message has a connection of its own.
#[derive(Clone)]
pub struct MailServer {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
    patience: Duration,
}

impl MailServer {
    /// Prepares to send by the server of these settings; nothing is sent yet.
    ///
    /// # Errors
    /// [`BadSettings`].
    pub fn new(settings: &Settings) -> Result<Self, BadSettings> {
        let from = settings.from.parse().map_err(|_| BadSettings::From(settings.from.clone()))?;
        let tls = match settings.security {
            Security::None if settings.login.is_some() => return Err(BadSettings::ClearPassword),
            Security::None => Tls::None,
            Security::Tls => Tls::Wrapper(tls(settings)?),
            Security::StartTls => Tls::Required(tls(settings)?),
        };
        let mut transport =
            AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(settings.host.as_str())
                .port(settings.port)
                .tls(tls)
                .timeout(Some(settings.patience));
        if let Some((user, password)) = &settings.login {
            let credentials = Credentials::new(user.clone(), String::clone(password));
            transport = transport.credentials(credentials);
        }
        Ok(Self { transport: transport.build(), from, patience: settings.patience })
    }

    /// Sends a message.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn send(&self, message: &Message, made_at: Timestamp) -> Result<(), Failure> {
        let refused = |what: &str| Failure::Refused(what.to_owned());
        let to: Mailbox = message.to.parse().map_err(|_| refused("no address"))?;
        let name = format!("<{}@{}>", message.name(made_at), self.from.email.domain());
        let mail = lettre::Message::builder()
            .from(self.from.clone())
            .to(to)
            .subject(message.subject.as_str())
            .message_id(Some(name))
            .header(ContentType::TEXT_PLAIN)
            .body(String::clone(&message.text))
            .map_err(|_| refused("no mail can be made of it"))?;
        match timeout(self.patience, self.transport.send(mail)).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => Err(failure(&error)),
            Err(_) => Err(Failure::Failed("the mail server did not answer in time".into())),
        }
    }
}

fn tls(settings: &Settings) -> Result<TlsParameters, BadSettings> {
    let mut tls = TlsParameters::builder(settings.host.clone());
    if let Some(path) = &settings.ca {
        let bad = |text: String| BadSettings::Ca(path.clone(), text);
        let pem = std::fs::read(path).map_err(|error| bad(error.to_string()))?;
        let ca = Certificate::from_pem(&pem).map_err(|_| bad("is no certificate in PEM".into()))?;
        tls = tls.add_root_certificate(ca);
    }
    tls.build_rustls().map_err(|error| BadSettings::Tls(error.to_string()))
}

/// Tells a refused recipient from a server that is of no use now. The server's own words are left
/// out, for they name the recipient.
fn failure(error: &Error) -> Failure {
    let Some(code) = error.status() else {
        let what = if error.is_tls() {
            "TLS with the mail server failed"
        } else if error.is_timeout() {
            "the mail server did not answer in time"
        } else if error.is_response() {
            "the mail server's answer is none"
        } else {
            "the mail server cannot be reached, or lacks what is configured"
        };
        return Failure::Failed(what.into());
    };
    // 550 to 554 are about recipient or content; 535 and its like are about this node.
    let is_about_message = error.is_permanent() && code.category == response::Category::MailSystem;
    if is_about_message {
        Failure::Refused(code.to_string())
    } else {
        Failure::Failed(format!("the mail server answers {code}"))
    }
}

#[cfg(test)]
mod tests;
