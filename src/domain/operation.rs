//! An operation: what was done here, by whom, and what became of it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::domain::application::Kind;
use crate::domain::document::Document;
use crate::domain::identity::Identity;
use crate::domain::prid::Prid;
use crate::domain::slot::Slot;

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
    },
    /// Puts a document in, in the place of one of its category.
    Attach {
        /// The document; its digest names the content.
        document: Document,
    },
    /// Makes or moves the appointment.
    Book {
        /// The slot whose seat was taken.
        slot: Slot,
        /// The application's `booking_rev` before.
        booking_rev: u32,
    },
}

impl Change {
    /// Returns the word for the change in lists and metrics.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Create { .. } => "create",
            Self::Attach { .. } => "attach",
            Self::Book { .. } => "book",
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
    /// brought something that would be gone otherwise: a walk-in and its papers stay at the counter,
    /// with the refusal shown beside them (I1).
    #[must_use]
    pub fn shows(&self) -> bool {
        match (&self.outcome, &self.change) {
            (Some(Outcome::Refused { .. }), Change::Book { .. }) => false,
            (Some(Outcome::Refused { .. } | Outcome::KeptHere { .. }) | None, _) => true,
            (Some(Outcome::Accepted), _) => !self.covered,
        }
    }
}
