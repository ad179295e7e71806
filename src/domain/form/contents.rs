//! What goes into a form, as its caller has it.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::{Date, Time};
use serde::{Serialize, Serializer};

use crate::domain::identity::Identity;
use crate::domain::ids::{CenterId, Digest, DocumentId};
use crate::domain::prid::Prid;

/// What goes into a form.
#[derive(Clone, Debug)]
pub struct Contents<'a> {
    /// The application.
    pub prid: &'a Prid,
    /// Its status in the wire's spelling.
    pub status: &'a str,
    /// The language it was made in.
    pub language: &'a str,
    /// What was typed; empty while only the appointment is known.
    pub identity: &'a Identity,
    /// Its documents.
    pub documents: &'a [DocumentLine],
    /// Its appointment.
    pub appointment: Option<AppointmentLine>,
    /// Where values came from unless `overrides` has their field.
    pub source: Provenance,
    /// Where the values of single fields came from.
    pub overrides: &'a BTreeMap<String, Provenance>,
    /// When upstream last confirmed the application; `None` for one that upstream has not seen.
    pub confirmed_at: Option<Timestamp>,
    /// How the line to upstream stands, in a word.
    pub line: &'a str,
    /// The day in UTC by which the resident's age is taken.
    pub today: Date,
}

/// A document of the application.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DocumentLine {
    /// Its id.
    pub id: DocumentId,
    /// Its category, such as `POI`.
    pub category: String,
    /// Its type.
    pub document_type: String,
    /// The name it was uploaded under.
    pub file_name: String,
    /// Its size in bytes.
    pub size: u64,
    /// The SHA-256 of its content; `None` while that is not known.
    pub digest: Option<Digest>,
    /// Where a program gets the content.
    pub href: String,
    /// Whether the content is here; if not, it is still coming.
    pub present: bool,
    /// The number on the paper.
    pub ref_number: Option<String>,
}

/// The appointment of the application, in the country's time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppointmentLine {
    /// Where.
    pub center: CenterId,
    /// On which day.
    pub date: Date,
    /// From when.
    pub from: Time,
    /// Until when.
    pub to: Time,
}

/// Where a value came from, and how old it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Provenance {
    /// Which installation it was given at.
    pub from: Origin,
    /// Who gave it, where that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<Giver>,
    /// When it was last known to be so.
    #[serde(serialize_with = "instant")]
    pub as_of: Timestamp,
}

/// The installation at which a value was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Origin {
    /// Upstream.
    Central,
    /// This node.
    Here,
}

/// Who gave a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Giver {
    /// The person it is about.
    Resident,
    /// An officer, with that person present.
    Officer,
    /// A program without anybody present.
    Job,
}

/// Spells an instant as the wire does, to the millisecond.
pub(super) fn instant<S: Serializer>(at: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&format_args!("{at:.3}"))
}
