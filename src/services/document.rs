//! The document service.

use jiff::Timestamp;
use uuid::Builder;

use crate::domain::application::Application;
use crate::domain::caller::Caller;
use crate::domain::document::{Document, Format, allows_name};
use crate::domain::ids::DocumentId;
use crate::domain::master::Master;
use crate::domain::operation::Change;
use crate::domain::prid::Prid;
use crate::domain::status::{Lifecycle, Status};
use crate::entropy::Entropy;
use crate::services::perform::perform;
use crate::services::{Coded, Kind, Rules};
use crate::store::{self, Tx, View};

/// Letters of a document's name at most: the column upstream holds 128, the portal allows 50.
const LONGEST_NAME: usize = 128;
/// MiB that a document stays below, where the country sets nothing (`contract/rules.md` §10).
const LARGEST_MIB: i64 = 10;
/// The extensions that a document's name may have, where the country sets nothing.
const EXTENSIONS: &str = "PDF,JPEG,PNG,JPG";
/// The one category that is copied from one application to another: families share an address.
const COPIED: &str = "POA";

/// Why the document service refused. Texts and codes: `contract/errors.md` §3, §5 and §6b.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The language is none of the country's.
    #[error("Language code is invalid")]
    Language,
    /// The category is unknown or inactive.
    #[error("Document Catagory code is invalid")]
    Category,
    /// Documents of this category are not copied.
    #[error("Catagory code is invalid")]
    NotCopied,
    /// A parameter of the query is missing, or the PRID is blank.
    #[error("request parameter is missing")]
    Missing,
    /// The PRID to upload to is blank.
    #[error("PreRegistrationId is invalid")]
    NoPrid,
    /// The type does not go with the category.
    #[error("Document type code is invalid")]
    Type,
    /// The content is none of the formats, or not the one its name says; or its name is no name.
    #[error("Invalid document format supported")]
    Format,
    /// The content is as large as the limit, or larger.
    #[error("Document exceeding permitted size")]
    TooLarge,
    /// The virus scanner found something, or did not say that there is nothing.
    #[error("Document virus scan failed")]
    NotClean,
    /// The PDF does not open without a password (lifecycle 1.2).
    #[error("Password-protected file is not allowed for upload")]
    Locked,
    /// The application's status lets no document be replaced or renamed (lifecycle 1.2).
    #[error("Document table not able to update by this status")]
    Closed,
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
    /// The same, where the document was to be given a reference number.
    #[error("DocumentId is not belongs to the pre-registration Id")]
    NotToRefer,
    /// No application has a document of that id to give a reference number.
    #[error("Document table not accessible")]
    NowhereToRefer,
    /// The content to copy has not come yet.
    #[error("Document copy failed from source to destination")]
    NoContentToCopy,
    /// The replica failed.
    #[error("Document table not accessible")]
    Store(#[from] store::Error),
}

impl Coded for Error {
    fn code(&self) -> &'static str {
        match self {
            Self::Language => "PRG_CORE_REQ_014",
            Self::Category => "PRG_CORE_REQ_018",
            Self::Type | Self::NotCopied => "PRG_CORE_REQ_017",
            Self::Missing => "PRG_CORE_REQ_001",
            Self::NoPrid => "PRG_PAM_DOC_018",
            Self::Format => "PRG_PAM_DOC_004",
            Self::TooLarge => "PRG_PAM_DOC_007",
            Self::NotClean => "PRG_PAM_DOC_010",
            Self::Locked => "PRG_PAM_DOC_025",
            Self::Closed => "PRG_PAM_DOC_024",
            Self::NoApplication => "PRG_PAM_APP_005",
            Self::NotOwner => "PRG_PAM_APP_017",
            Self::NoDocuments | Self::NoContent => "PRG_PAM_DOC_005",
            Self::NotOfApplication => "PRG_PAM_DOC_022",
            Self::NotToRefer => "PRG_PAM_DOC_019",
            Self::NoContentToCopy => "PRG_PAM_DOC_011",
            Self::NowhereToRefer | Self::Store(_) => "PRG_PAM_DOC_012",
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

/// Checks what is said about a document, before anybody looks into it.
///
/// # Errors
/// The first thing that is wrong with it.
pub fn check_request(upload: &Upload, master: &Master) -> Result<(), Error> {
    if !master.languages().is_offered(&upload.language) {
        return Err(Error::Language);
    }
    if !master.categories().get(&upload.category).is_some_and(|category| category.active) {
        return Err(Error::Category);
    }
    if !master.is_valid_document(&upload.category, &upload.kind) {
        return Err(Error::Type);
    }
    Ok(())
}

/// Checks that `caller` may put documents into the application `prid`.
///
/// # Errors
/// [`Error::NoApplication`], [`Error::NotOwner`], or the replica's failure.
pub fn check_owner(view: &View<'_>, prid: &Prid, caller: &Caller) -> Result<(), Error> {
    obeying(view, prid, caller).map(drop)
}

/// Checks the file itself, once a virus scanner has seen it: the name, and the content by its first
/// bytes.
///
/// # Errors
/// The first thing that is wrong with it.
pub fn check_file(upload: &Upload, master: &Master) -> Result<(), Error> {
    let named = Format::named(&upload.name);
    if named.is_none()
        || named != Format::of(&upload.content)
        || !has_allowed_extension(&upload.name, master)
        || !allows_name(&upload.name, LONGEST_NAME)
    {
        return Err(Error::Format);
    }
    if upload.content.len() >= size_limit(master) {
        return Err(Error::TooLarge);
    }
    Ok(())
}

/// Tells whether the country lets documents have the extension of `name`.
fn has_allowed_extension(name: &str, master: &Master) -> bool {
    let Some((_, extension)) = name.rsplit_once('.') else { return false };
    let allowed = master.property("preregistration.document.extention").unwrap_or(EXTENSIONS);
    allowed.split(',').any(|allowed| allowed.trim().eq_ignore_ascii_case(extension))
}

/// Tells whether the country wants documents seen by a virus scanner.
#[must_use]
pub fn wants_scan(master: &Master) -> bool {
    let switch = master.property("mosip.preregistration.document.scan").unwrap_or_default();
    switch.trim().eq_ignore_ascii_case("true")
}

/// Tells whether it has to be asked if a document opens without a password.
#[must_use]
pub fn may_be_locked(upload: &Upload, rules: &Rules) -> bool {
    rules.lifecycle == Lifecycle::V1_2 && Format::of(&upload.content) == Some(Format::Pdf)
}

/// Puts a document that was found right into the application `prid`. One of the same category is
/// replaced and hands its id on.
///
/// # Errors
/// [`Error::NoApplication`], [`Error::NotOwner`], [`Error::Closed`], or the replica's failure.
pub fn attach(
    tx: &Tx<'_>,
    prid: &Prid,
    upload: &Upload,
    caller: &Caller,
    rules: &Rules,
    entropy: &dyn Entropy,
    now: Timestamp,
) -> Result<Document, Error> {
    let application = obeying(tx, prid, caller)?;
    let mut document = Document {
        id: place(&application, &upload.category, rules, entropy)?,
        category: upload.category.clone(),
        kind: upload.kind.clone(),
        name: upload.name.clone(),
        language: upload.language.clone(),
        ref_number: upload.ref_number.clone(),
        extra: serde_json::Map::new(),
        digest: None,
        size: Some(upload.content.len() as u64),
    };
    document.digest = Some(store::blob::put(tx, &upload.content)?);
    let change = Change::Attach { document: document.clone() };
    perform(tx, &application.prid, change, caller, rules, entropy, now)?;
    Ok(document)
}

/// Checks that documents of `category` are copied at all.
///
/// # Errors
/// [`Error::NotCopied`].
pub fn check_copied(category: &str) -> Result<(), Error> {
    if category == COPIED { Ok(()) } else { Err(Error::NotCopied) }
}

/// Copies the proof of address of the application `from` to the application `to`, where one that is
/// there already is replaced and hands its id on.
///
/// # Errors
/// [`Error::NoApplication`] or [`Error::NotOwner`] of either; [`Error::NoDocuments`],
/// [`Error::NoContentToCopy`], [`Error::Closed`], or the replica's failure.
pub fn copy(
    tx: &Tx<'_>,
    from: &Prid,
    to: &Prid,
    caller: &Caller,
    rules: &Rules,
    entropy: &dyn Entropy,
    now: Timestamp,
) -> Result<Document, Error> {
    let source = obeying(tx, from, caller)?;
    let target = obeying(tx, to, caller)?;
    let mut documents = source.documents.into_iter();
    let original = documents.find(|d| d.category == COPIED).ok_or(Error::NoDocuments)?;
    if original.digest.is_none() {
        return Err(Error::NoContentToCopy);
    }
    let document = Document {
        id: place(&target, COPIED, rules, entropy)?,
        extra: serde_json::Map::new(),
        ..original
    };
    let change = Change::Attach { document: document.clone() };
    perform(tx, &target.prid, change, caller, rules, entropy, now)?;
    Ok(document)
}

/// Returns the id of the document that is to be the application's one of `category`: that of the one
/// it replaces, which the status must allow, or a new one.
fn place(
    application: &Application,
    category: &str,
    rules: &Rules,
    entropy: &dyn Entropy,
) -> Result<DocumentId, Error> {
    match application.documents.iter().find(|held| held.category == category) {
        None => Ok(new_id(entropy)),
        Some(_) if !rules.lifecycle.allows_document(application.status, true) => Err(Error::Closed),
        Some(replaced) => Ok(replaced.id.clone()),
    }
}

/// Takes every document of the application `prid` away.
///
/// # Errors
/// [`Error::NoApplication`], [`Error::NotOwner`], [`Error::NoDocuments`], or the replica's failure.
pub fn remove_all(
    tx: &Tx<'_>,
    prid: &Prid,
    caller: &Caller,
    rules: &Rules,
    entropy: &dyn Entropy,
    now: Timestamp,
) -> Result<(), Error> {
    let application = obeying(tx, prid, caller)?;
    if application.documents.is_empty() {
        return Err(Error::NoDocuments);
    }
    for document in application.documents {
        let change = Change::Remove { category: document.category };
        perform(tx, &application.prid, change, caller, rules, entropy, now)?;
    }
    Ok(())
}

/// Takes a document of the application `prid` away. In lifecycle 1.2 an application that waits for
/// its appointment is incomplete without a mandatory one.
///
/// # Errors
/// [`Error::NoApplication`], [`Error::NotOwner`], [`Error::NotOfApplication`], or the replica's
/// failure.
#[expect(clippy::too_many_arguments, reason = "a document, and what every change takes")]
pub fn remove(
    tx: &Tx<'_>,
    prid: &Prid,
    id: &DocumentId,
    caller: &Caller,
    master: &Master,
    rules: &Rules,
    entropy: &dyn Entropy,
    now: Timestamp,
) -> Result<(), Error> {
    let application = obeying(tx, prid, caller)?;
    let held = application.documents.iter().find(|document| document.id == *id);
    let category = held.ok_or(Error::NotOfApplication)?.category.clone();
    let is_missed = rules.lifecycle == Lifecycle::V1_2
        && application.status == Status::PendingAppointment
        && master
            .mandatory_categories(&application.identity, rules.today(now))
            .contains(&category.as_str());
    let change = Change::Remove { category };
    perform(tx, &application.prid, change, caller, rules, entropy, now)?;
    if is_missed {
        let (from, to) = (application.status, Status::ApplicationIncomplete);
        let change = Change::SetStatus { from, to };
        perform(tx, &application.prid, change, caller, rules, entropy, now)?;
    }
    Ok(())
}

/// Gives a document of the application `prid` another reference number.
///
/// # Errors
/// [`Error::NoApplication`], [`Error::NotOwner`], [`Error::NotToRefer`],
/// [`Error::NowhereToRefer`], [`Error::Closed`], or the replica's failure.
#[expect(clippy::too_many_arguments, reason = "a document, and what every change takes")]
pub fn refer(
    tx: &Tx<'_>,
    prid: &Prid,
    id: &DocumentId,
    ref_number: String,
    caller: &Caller,
    rules: &Rules,
    entropy: &dyn Entropy,
    now: Timestamp,
) -> Result<(), Error> {
    let application = obeying(tx, prid, caller)?;
    let Some(held) = application.documents.iter().find(|document| document.id == *id) else {
        let is_known = store::document::exists(tx, id)?;
        return Err(if is_known { Error::NotToRefer } else { Error::NowhereToRefer });
    };
    if !rules.lifecycle.allows_document(application.status, true) {
        return Err(Error::Closed);
    }
    let change = Change::Refer { category: held.category.clone(), ref_number };
    perform(tx, &application.prid, change, caller, rules, entropy, now)?;
    Ok(())
}

/// Returns the application `prid` if `caller` may see and change it.
fn obeying(view: &View<'_>, prid: &Prid, caller: &Caller) -> Result<Application, Error> {
    let application = store::application::find(view, prid)?.ok_or(Error::NoApplication)?;
    if application.obeys(caller) { Ok(application) } else { Err(Error::NotOwner) }
}

/// Returns the documents of the application `prid`, for its maker or staff.
///
/// # Errors
/// [`Error::NoApplication`], [`Error::NotOwner`], [`Error::NoDocuments`], or the replica's failure.
pub fn all(view: &View<'_>, prid: &Prid, caller: &Caller) -> Result<Vec<Document>, Error> {
    let application = obeying(view, prid, caller)?;
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
    let application = obeying(view, prid, caller)?;
    let document =
        store::document::find(view, &application.prid, id)?.ok_or(Error::NotOfApplication)?;
    let digest = document.digest.ok_or(Error::NoContent)?;
    let content = store::blob::content(view, &digest)?.ok_or(Error::NoContent)?;
    Ok((document, content))
}

fn new_id(entropy: &dyn Entropy) -> DocumentId {
    DocumentId::new(Builder::from_random_bytes(entropy.bytes()).into_uuid().to_string())
}
