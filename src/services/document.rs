//! The document service.

use jiff::Timestamp;
use uuid::Builder;

use crate::domain::caller::Caller;
use crate::domain::document::{Document, Format, allows_name};
use crate::domain::ids::DocumentId;
use crate::domain::master::Master;
use crate::domain::operation::Change;
use crate::domain::prid::Prid;
use crate::entropy::Entropy;
use crate::services::perform::perform;
use crate::services::{Coded, Kind, Rules};
use crate::store::{self, Tx, View};

/// Letters of a document's name at most: the column upstream holds 128, the portal allows 50.
const LONGEST_NAME: usize = 128;
/// MiB that a document stays below, where the country sets nothing (`contract/rules.md` §10).
const LARGEST_MIB: i64 = 10;

/// Why the document service refused. Texts and codes: `contract/errors.md` §3, §5 and §6b.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The language is none of the country's.
    #[error("Language code is invalid")]
    Language,
    /// The category is unknown or inactive.
    #[error("Document Catagory code is invalid")]
    Category,
    /// The type does not go with the category.
    #[error("Document type code is invalid")]
    Type,
    /// The content is none of the formats, or not the one its name says; or its name is no name.
    #[error("Invalid document format supported")]
    Format,
    /// The content is as large as the limit, or larger.
    #[error("Document exceeding permitted size")]
    TooLarge,
    /// There is no such application.
    #[error("No data found for the requested pre-registration id")]
    NoApplication,
    /// The application is someone else's.
    #[error("Requested preregistration id does not belong to the user")]
    NotOwner,
    /// The application has no document.
    #[error("Documents is not found for the requested pre-registration id")]
    NoDocuments,
    /// The content has not come yet.
    #[error("Failed to fetch from File System server")]
    NoContent,
    /// The document is not one of this application.
    #[error("DocumentId is not belongs to the pre-registration Id")]
    NotOfApplication,
    /// The replica failed.
    #[error("Document table not accessible")]
    Store(#[from] store::Error),
}

impl Coded for Error {
    fn code(&self) -> &'static str {
        match self {
            Self::Language => "PRG_CORE_REQ_014",
            Self::Category => "PRG_CORE_REQ_018",
            Self::Type => "PRG_CORE_REQ_017",
            Self::Format => "PRG_PAM_DOC_004",
            Self::TooLarge => "PRG_PAM_DOC_007",
            Self::NoApplication => "PRG_PAM_APP_005",
            Self::NotOwner => "PRG_PAM_APP_017",
            Self::NoDocuments | Self::NoContent => "PRG_PAM_DOC_005",
            Self::NotOfApplication => "PRG_PAM_DOC_022",
            Self::Store(_) => "PRG_PAM_DOC_012",
        }
    }

    fn kind(&self) -> Kind {
        match self {
            Self::Store(_) => Kind::Internal,
            _ => Kind::Refused,
        }
    }
}

/// A document on its way in.
#[derive(Clone, Debug)]
pub struct Upload {
    /// The category's code.
    pub category: String,
    /// The type's code.
    pub kind: String,
    /// The uploader's language.
    pub language: String,
    /// The number on the paper, where it was typed.
    pub ref_number: Option<String>,
    /// The file name.
    pub name: String,
    /// The content.
    pub content: bytes::Bytes,
}

/// Returns how many bytes a document must stay below.
#[must_use]
pub fn size_limit(master: &Master) -> usize {
    let mib = master.number("max.file.size").unwrap_or(LARGEST_MIB);
    usize::try_from(mib.clamp(1, 1024)).unwrap_or(1) << 20
}

/// Checks a document, before anything is written.
///
/// # Errors
/// The first thing that is wrong with it.
pub fn check(upload: &Upload, master: &Master) -> Result<(), Error> {
    if !master.languages().is_offered(&upload.language) {
        return Err(Error::Language);
    }
    if !master.categories().get(&upload.category).is_some_and(|category| category.active) {
        return Err(Error::Category);
    }
    if !master.is_valid_document(&upload.category, &upload.kind) {
        return Err(Error::Type);
    }
    let named = Format::named(&upload.name);
    if named.is_none()
        || named != Format::of(&upload.content)
        || !allows_name(&upload.name, LONGEST_NAME)
    {
        return Err(Error::Format);
    }
    if upload.content.len() >= size_limit(master) {
        return Err(Error::TooLarge);
    }
    Ok(())
}

/// Puts a document that [`check`] found right into the application `prid`. One of the same category
/// is replaced and hands its id on.
///
/// # Errors
/// [`Error::NoApplication`], [`Error::NotOwner`], or the replica's failure.
pub fn attach(
    tx: &Tx<'_>,
    prid: &Prid,
    upload: &Upload,
    caller: &Caller,
    rules: &Rules,
    entropy: &dyn Entropy,
    now: Timestamp,
) -> Result<Document, Error> {
    let application = store::application::find(tx, prid)?.ok_or(Error::NoApplication)?;
    if !application.obeys(caller) {
        return Err(Error::NotOwner);
    }
    let replaced = application.documents.iter().find(|held| held.category == upload.category);
    let document = Document {
        id: replaced.map_or_else(|| new_id(entropy), |replaced| replaced.id.clone()),
        category: upload.category.clone(),
        kind: upload.kind.clone(),
        name: upload.name.clone(),
        language: upload.language.clone(),
        ref_number: upload.ref_number.clone(),
        extra: serde_json::Map::new(),
        digest: Some(store::blob::put(tx, &upload.content)?),
        size: Some(upload.content.len() as u64),
    };
    let change = Change::Attach { document: document.clone() };
    perform(tx, &application.prid, change, caller, rules, entropy, now)?;
    Ok(document)
}

/// Returns the documents of the application `prid`, for its maker or staff.
///
/// # Errors
/// [`Error::NoApplication`], [`Error::NotOwner`], [`Error::NoDocuments`], or the replica's failure.
pub fn all(view: &View<'_>, prid: &Prid, caller: &Caller) -> Result<Vec<Document>, Error> {
    let application = store::application::find(view, prid)?.ok_or(Error::NoApplication)?;
    if !application.obeys(caller) {
        return Err(Error::NotOwner);
    }
    if application.documents.is_empty() {
        return Err(Error::NoDocuments);
    }
    Ok(application.documents)
}

/// Returns a document of the application `prid` with its content, for its maker or staff.
///
/// # Errors
/// [`Error::NoApplication`], [`Error::NotOwner`], [`Error::NotOfApplication`],
/// [`Error::NoContent`] while it is still coming, or the replica's failure.
pub fn content(
    view: &View<'_>,
    prid: &Prid,
    id: &DocumentId,
    caller: &Caller,
) -> Result<(Document, Vec<u8>), Error> {
    let application = store::application::find(view, prid)?.ok_or(Error::NoApplication)?;
    if !application.obeys(caller) {
        return Err(Error::NotOwner);
    }
    let document =
        store::document::find(view, &application.prid, id)?.ok_or(Error::NotOfApplication)?;
    let digest = document.digest.ok_or(Error::NoContent)?;
    let content = store::blob::content(view, &digest)?.ok_or(Error::NoContent)?;
    Ok((document, content))
}

fn new_id(entropy: &dyn Entropy) -> DocumentId {
    DocumentId::new(Builder::from_random_bytes(entropy.bytes()).into_uuid().to_string())
}
