//! An operation: what was done here, by whom, and what became of it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::domain::application::Kind;
use crate::domain::document::Document;
use crate::domain::identity::Identity;
use crate::domain::prid::Prid;
use crate::domain::slot::Slot;
use crate::domain::status::Status;

/// A change to one application, recorded in the transaction that made it.
#[derive(Clone, Debug, PartialEq)]
pub struct Operation {
    /// Names it everywhere, for ever (UUIDv7).
    pub id: Uuid,
    /// Which node made it, and as its how-manieth.
    pub origin: Origin,
    /// The application, under its id at this node.
    pub prid: Prid,
    /// What was changed.
    pub change: Change,
    /// The `rev` of the confirmed state that the change was made upon; 0 where there was none.
    pub base: i64,
    /// Who made it: a user id, personal.
    pub actor: String,
    /// When, by this node's clock: shown, never compared.
    pub made_at: Timestamp,
    /// What became of it; nothing yet while it is pending.
    pub outcome: Option<Outcome>,
    /// Whether what upstream confirmed already has it in it.
    pub covered: bool,
}

/// Where an operation comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The node.
    pub node: Uuid,
    /// Drawn anew at `init` and at each restore, so a restored box cannot pass for the old one.
    pub epoch: Uuid,
    /// Counts the node's operations in this epoch, from 1.
    pub seq: i64,
}

/// What an operation changes. Its spelling is stored and never changed, only added to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Change {
    /// Makes the application.
    Create {
        /// What it is for.
        purpose: Kind,
        /// The language it was typed in.
        language: String,
        /// The identity data.
        identity: Identity,
        /// The status it begins with, by this node's lifecycle.
        #[serde(default = "pending")]
        status: Status,
    },
    /// Changes identity data: the members that differ, and no others.
    Update {
        /// The language it was typed in this time.
        language: String,
        /// The members that are new or have another value.
        set: Map<String, Value>,
        /// The members that are no more.
        removed: Vec<String>,
    },
    /// Puts a document in, in the place of one of its category.
    Attach {
        /// The document; its digest names the content.
        document: Document,
    },
    /// Takes the document of a category away.
    Remove {
        /// The category: an application has one document of each.
        category: String,
    },
    /// Gives the document of a category another reference number.
    Refer {
        /// The category.
        category: String,
        /// The number.
        ref_number: String,
    },
    /// Makes or moves the appointment.
    Book {
        /// The slot whose seat was taken.
        slot: Slot,
        /// The application's `booking_rev` before.
        booking_rev: u32,
    },
    /// Gives the appointment up.
    Cancel {
        /// The application's `booking_rev` before.
        booking_rev: u32,
        /// The status that follows, by this node's lifecycle.
        status: Status,
    },
    /// Sets the status by itself.
    SetStatus {
        /// The status that it replaces; the operation means nothing in another.
        from: Status,
        /// The status that follows.
        to: Status,
    },
    /// Deletes the application.
    Delete,
}

/// What operations began with before they said it.
fn pending() -> Status {
    Status::PendingAppointment
}

impl Change {
    /// Returns the word for the change in lists and metrics.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Create { .. } => "create",
            Self::Update { .. } => "update",
            Self::Attach { .. } => "attach",
            Self::Remove { .. } => "remove",
            Self::Refer { .. } => "refer",
            Self::Book { .. } => "book",
            Self::Cancel { .. } => "cancel",
            Self::SetStatus { .. } => "set status",
            Self::Delete => "delete",
        }
    }
}

/// What became of an operation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Outcome {
    /// The other end has it as it is.
    Accepted,
    /// True at this center until consumption, never retried, laid over what upstream sends.
    KeptHere {
        /// Why, as a sentence for an officer.
        why: String,
    },
    /// The other end said no.
    Refused {
        /// Its code.
        code: String,
        /// What an officer can do about it.
        sentence: String,
    },
}

impl Outcome {
    /// Returns the word for the outcome in lists and metrics.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::KeptHere { .. } => "kept here",
            Self::Refused { .. } => "refused",
        }
    }
}

impl Operation {
    /// Tells whether it is laid over what upstream confirmed. A refused one is not, unless it
    /// brought something that would be gone otherwise: a walk-in, its corrections and its papers stay
    /// at the counter, with the refusal shown beside them (I1).
    #[must_use]
    pub fn shows(&self) -> bool {
        match (&self.outcome, &self.change) {
            (
                Some(Outcome::Refused { .. }),
                Change::Book { .. }
                | Change::Remove { .. }
                | Change::Cancel { .. }
                | Change::SetStatus { .. }
                | Change::Delete,
            ) => false,
            (Some(Outcome::Refused { .. } | Outcome::KeptHere { .. }) | None, _) => true,
            (Some(Outcome::Accepted), _) => !self.covered,
        }
    }
}
