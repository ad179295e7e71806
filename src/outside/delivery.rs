//! The ways out of the node for messages: a mail server, an SMS gateway, and in trials a folder.
//!
//! A message either left, or it may be tried again, or the other end refused this one message. What
//! went wrong is told without its content, its recipient or what the other end said of them (I8).

use crate::domain::message::{Channel, Message};
use crate::entropy::Entropy;
use crate::outside::sms::Gateway;
use crate::outside::smtp::MailServer;
use crate::outside::spool::{Letter, Spool};
use jiff::Timestamp;

/// Sends messages.
#[derive(Clone, Default)]
pub struct Delivery {
    mail: Option<MailServer>,
    sms: Option<Gateway>,
    spool: Option<Spool>,
}

/// Why a message did not leave. The texts hold no personal data.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// No way is configured for its channel.
    #[error("no way out is configured")]
    NoWay,
    /// This message is refused; another may not be.
    #[error("the message is refused ({0})")]
    Refused(String),
    /// The way out is of no use now.
    #[error("{0}")]
    Failed(String),
}

impl Delivery {
    /// Sends by these ways. A channel without its own takes the folder, where there is one.
    #[must_use]
    pub fn new(mail: Option<MailServer>, sms: Option<Gateway>, spool: Option<Spool>) -> Self {
        Self { mail, sms, spool }
    }

    /// Tells whether there is a way for the messages of `channel`.
    #[must_use]
    pub fn reaches(&self, channel: Channel) -> bool {
        let own = match channel {
            Channel::Sms => self.sms.is_some(),
            Channel::Email => self.mail.is_some(),
        };
        own || self.spool.is_some()
    }

    /// Sends a message that was made at `made_at`, and waits until the other end has taken it: less
    /// than a minute.
    ///
    /// # Errors
    /// [`Failure`]; a message that failed may have left all the same.
    pub async fn send(
        &self,
        message: &Message,
        made_at: Timestamp,
        entropy: &dyn Entropy,
    ) -> Result<(), Failure> {
        match (message.channel, &self.mail, &self.sms, &self.spool) {
            (Channel::Email, Some(mail), ..) => mail.send(message, made_at).await,
            (Channel::Sms, _, Some(sms), _) => sms.send(message, made_at).await,
            (_, _, _, Some(spool)) => {
                let letter = Letter {
                    to: &message.to,
                    channel: message.channel.name(),
                    subject: &message.subject,
                    text: &message.text,
                };
                let failed = |_| Failure::Failed("the folder cannot be written".into());
                spool.put(&letter, entropy).map_err(failed)
            }
            _ => Err(Failure::NoWay),
        }
    }
}
