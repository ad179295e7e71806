//! Pre-fill: from a PRID to a filled form.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;

use crate::domain::caller::Caller;
use crate::domain::document::Format;
use crate::domain::form::{
    AppointmentLine, Contents, DocumentLine, Form, Giver, Origin, Provenance,
};
use crate::domain::ids::{Digest, DocumentId};
use crate::domain::line::Line;
use crate::domain::master::Master;
use crate::domain::operation::Change;
use crate::domain::prid::Prid;
use crate::services::{Coded, Kind, Rules, document};
use crate::store::{self, View};

/// Why there is no form.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The text is not 14 digits.
    #[error("This is not an application number: it has 14 digits.")]
    NotAPrid,
    /// The check digit does not fit.
    #[error("This application number does not exist: a digit is mistyped.")]
    Mistyped,
    /// It is neither here nor at central.
    #[error("No application with this number.")]
    Nowhere,
    /// It is not here, and central cannot be asked now.
    #[error("This application is not here, and central cannot be asked now; the data here is {0}.")]
    NotHere(String),
    /// A code was seen that is not 14 digits.
    #[error("This code is not that of an acknowledgement.")]
    Foreign,
    /// The replica failed.
    #[error("The replica failed.")]
    Store(#[from] store::Error),
}

impl Coded for Error {
    fn code(&self) -> &'static str {
        match self {
            Self::NotAPrid => "PFL-001",
            Self::Mistyped => "PFL-002",
            Self::Nowhere => "PFL-003",
            Self::NotHere(_) => "PFL-004",
            Self::Foreign => "PFL-005",
            Self::Store(_) => "PFL-500",
        }
    }

    fn kind(&self) -> Kind {
        match self {
            Self::Store(_) => Kind::Internal,
            _ => Kind::Refused,
        }
    }
}

/// Reads what was scanned or typed.
///
/// # Errors
/// [`Error::NotAPrid`]. A check digit that does not fit is no error yet: countries change that rule,
/// so it only words the miss.
pub fn parse(text: &str) -> Result<Prid, Error> {
    Prid::parse(text).map_err(|_| Error::NotAPrid)
}

/// Words the miss of `prid`, where central could not be asked or does not have it.
#[must_use]
pub fn miss(prid: &Prid, line: &Line, asked: bool, now: Timestamp) -> Error {
    match (prid.is_plausible(), asked) {
        (false, _) => Error::Mistyped,
        (true, true) => Error::Nowhere,
        (true, false) => Error::NotHere(age(line.complete_at, now)),
    }
}

/// Spells how old the data is.
#[must_use]
pub fn age(complete_at: Option<Timestamp>, now: Timestamp) -> String {
    let Some(complete_at) = complete_at else { return "empty: central was never reached".into() };
    if now < complete_at {
        return "of unknown age: this machine's clock is wrong".into(); // (I7)
    }
    let minutes = now.duration_since(complete_at).as_mins();
    match minutes {
        ..1 => "less than a minute old".into(),
        1..60 => format!("{minutes} minutes old"),
        60..2880 => format!("{} hours old", minutes / 60),
        _ => format!("{} days old", minutes / 1440),
    }
}

/// The answer of `GET /prefill/v1/forms/{prid}`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Answer<'a> {
    #[serde(flatten)]
    form: &'a Form<'a>,
    /// Central's PRID of an application that was made here; none until central has it.
    central_prid: Option<&'a str>,
    /// Whether central does not know the application yet.
    only_here: bool,
    /// Since when central says that it does not have the application any more.
    gone_at: Option<Timestamp>,
    /// When all that central lists was last here in full.
    complete_at: Option<Timestamp>,
    /// What was done here and has not been settled with central, or was not accepted by it.
    operations: Vec<Standing<'a>>,
}

/// An operation and where it stands.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Standing<'a> {
    operation: &'static str,
    outcome: Option<&'static str>,
    made_at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sentence: Option<&'a str>,
}

/// Returns the filled form of `prid` as JSON, if the application is here. `base` is the path below
/// which its documents are.
///
/// # Errors
/// The replica's failure.
pub fn form(
    view: &View<'_>,
    prid: &Prid,
    base: &str,
    master: &Master,
    rules: &Rules,
    line: &Line,
    now: Timestamp,
) -> Result<Option<Vec<u8>>, store::Error> {
    let Some(application) = store::application::find(view, prid)? else { return Ok(None) };
    let operations = store::operation::uncovered(view, &application.prid)?;
    let central = store::application::upstream_prid(view, &application.prid)?;
    let spoken = store::confirmed::spoken(view, &application.prid)?;
    let confirmed_at = if rules.authority {
        Some(application.updated_at)
    } else {
        spoken.map(|spoken| spoken.seen_at)
    };
    let giver = Some(if application.created_by.is_empty() { Giver::Job } else { Giver::Resident });
    let source = match confirmed_at {
        Some(as_of) => Provenance { from: Origin::Central, by: giver, as_of },
        None => Provenance { from: Origin::Here, by: giver, as_of: application.updated_at },
    };
    let documents: Vec<DocumentLine> = application
        .documents
        .iter()
        .map(|document| DocumentLine {
            id: document.id.clone(),
            category: document.category.clone(),
            document_type: document.kind.clone(),
            file_name: document.name.clone(),
            size: document.size.unwrap_or(0),
            digest: document.digest,
            href: format!("{base}/{}/documents/{}", application.prid, document.id),
            present: document.digest.is_some(),
            ref_number: document.ref_number.clone(),
        })
        .collect();
    let contents = Contents {
        prid: &application.prid,
        status: application.status.as_str(),
        language: &application.language,
        identity: &application.identity,
        documents: &documents,
        appointment: application.appointment.as_ref().map(|appointment| AppointmentLine {
            center: appointment.slot.center.clone(),
            date: appointment.slot.day,
            from: appointment.slot.starts,
            to: appointment.slot.ends,
        }),
        source,
        overrides: &BTreeMap::new(),
        confirmed_at,
        line: line.state.as_str(),
        today: now.to_zoned(TimeZone::UTC).date(),
    };
    let form = Form::fill(&contents, master);
    let standing = operations.iter().map(|operation| {
        let (code, sentence) = match &operation.outcome {
            Some(crate::domain::operation::Outcome::Refused { code, sentence }) => {
                (Some(code.as_str()), Some(sentence.as_str()))
            }
            Some(crate::domain::operation::Outcome::KeptHere { why }) => (None, Some(why.as_str())),
            Some(crate::domain::operation::Outcome::Accepted) | None => (None, None),
        };
        Standing {
            operation: operation.change.name(),
            outcome: operation.outcome.as_ref().map(|outcome| outcome.name()),
            made_at: operation.made_at,
            code,
            sentence,
        }
    });
    let made_here =
        operations.iter().any(|operation| matches!(operation.change, Change::Create { .. }));
    let answer = Answer {
        form: &form,
        central_prid: central.as_ref().map(Prid::as_str),
        only_here: made_here && central.is_none(),
        gone_at: spoken.and_then(|spoken| spoken.gone_at),
        complete_at: line.complete_at,
        operations: standing.collect(),
    };
    Ok(Some(serde_json::to_vec(&answer).expect("a form has text keys and no failing parts")))
}

/// Why a counter's call was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// There is no counter with this id.
    #[error("There is no counter with this id.")]
    NoCounter,
    /// The token is of another counter.
    #[error("This token is of another counter.")]
    OtherCounter,
    /// Scans come too fast.
    #[error("Too many scans at once: try again in a second.")]
    TooFast,
    /// What was sent is neither a text nor a picture.
    #[error(
        "Send {{\"text\": \"...\"}} as application/json, or a picture as image/jpeg or image/png."
    )]
    NotAScan,
    /// The picture could not be read.
    #[error("This is not a picture that can be read.")]
    NotAPicture,
    /// The process that decodes does not answer.
    #[error("Cameras and pictures cannot be read now: the scan process does not answer.")]
    NoScanner,
    /// The counter has no such camera.
    #[error("This counter has no such camera.")]
    NoCamera,
    /// The document cannot be drawn.
    #[error("This document cannot be drawn small: open it as it is.")]
    NotDrawable,
    /// The side of a thumbnail is out of range.
    #[error("The side of a thumbnail is 16 to 1024 pixels.")]
    BadSide,
    /// There is no place for a further stream.
    #[error("Too many streams are open: close one, or ask for the current form instead.")]
    TooManyStreams,
    /// The range lies beyond the document.
    #[error("The document is shorter than that.")]
    BadRange,
}

impl Coded for Refused {
    fn code(&self) -> &'static str {
        match self {
            Self::NoCounter => "PFL-006",
            Self::OtherCounter => "PFL-007",
            Self::TooFast => "PFL-008",
            Self::NotAScan => "PFL-009",
            Self::NotAPicture => "PFL-010",
            Self::NoScanner => "PFL-011",
            Self::NoCamera => "PFL-012",
            Self::NotDrawable => "PFL-013",
            Self::BadSide => "PFL-014",
            Self::TooManyStreams => "PFL-015",
            Self::BadRange => "PFL-016",
        }
    }
}

/// Returns a document of `prid` with its media type and content, for a caller who may see every
/// application of the center.
///
/// # Errors
/// As [`document::content`].
pub fn document(
    view: &View<'_>,
    prid: &Prid,
    id: &DocumentId,
    caller: &Caller,
) -> Result<File, document::Error> {
    let (document, content) = document::content(view, prid, id, caller)?;
    let format = Format::of(&content);
    let media_type = format.map_or("application/octet-stream", Format::media_type);
    let digest = document.digest.unwrap_or_else(|| Digest::of(&content));
    Ok(File { media_type, digest, content })
}

/// A document as a file.
pub struct File {
    /// What it is, by its first bytes.
    pub media_type: &'static str,
    /// The digest of its content.
    pub digest: Digest,
    /// Its content.
    pub content: Vec<u8>,
}

/// Returns the digest of a document's content, without reading that.
///
/// # Errors
/// As [`document()`].
pub fn document_digest(
    view: &View<'_>,
    prid: &Prid,
    id: &DocumentId,
) -> Result<Digest, document::Error> {
    let application =
        store::application::find(view, prid)?.ok_or(document::Error::NoApplication)?;
    let document = store::document::find(view, &application.prid, id)?
        .ok_or(document::Error::NotOfApplication)?;
    document.digest.ok_or(document::Error::NoContent)
}
