//! The application: what a resident asked for, with documents and appointment.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::domain::caller::Caller;
use crate::domain::document::Document;
use crate::domain::identity::Identity;
use crate::domain::prid::Prid;
use crate::domain::slot::Appointment;
use crate::domain::status::Status;

/// What an application is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Kind {
    /// A first registration.
    New,
    /// A lost or forgotten UIN.
    LostUin,
    /// A change of registered data.
    Update,
}

/// One application, as one side sees it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Application {
    /// Its id at this node.
    pub prid: Prid,
    /// What it is for.
    pub kind: Kind,
    /// The language it was typed in first.
    pub language: String,
    /// The identity data, by the country's schema.
    pub identity: Identity,
    /// Where it stands.
    pub status: Status,
    /// Who made it: the user id typed at login.
    pub created_by: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// Who changed it last.
    pub updated_by: String,
    /// When its data or status changed last; documents do not count, as upstream has it.
    pub updated_at: Timestamp,
    /// Its documents, at most one of each category.
    #[serde(default)]
    pub documents: Vec<Document>,
    /// Its appointment.
    #[serde(default)]
    pub appointment: Option<Appointment>,
    /// How often it was booked, cancelled or expired.
    #[serde(default)]
    pub booking_rev: u32,
    /// What upstream said of it besides, word for word.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub extra: Map<String, Value>,
}

impl Application {
    /// Tells whether `caller` may see and change it: its maker, or staff (`contract/rules.md` §3).
    #[must_use]
    pub fn obeys(&self, caller: &Caller) -> bool {
        !caller.is_individual() || self.is_made_by(caller)
    }

    /// Tells whether `caller` made it: nobody else changes its data or deletes it, staff neither
    /// (`contract/rules.md` §3).
    #[must_use]
    pub fn is_made_by(&self, caller: &Caller) -> bool {
        self.created_by.trim() == caller.user.trim()
    }
}
