//! The carrier to a stock central (or to a central node, which serves the same), by its public API
//! alone: `contract/rules.md` §15 says what that allows.
//!
//! Two accounts, because who has the role INDIVIDUAL may read only what is their own: the reader
//! lists and fetches, the writer makes applications and looks at those it made. Nothing of an answer
//! is trusted: `client` bounds it in time and size, `body` and `record` in form.

mod account;
mod body;
mod changes;
mod client;
mod record;
#[cfg(test)]
mod tests;
mod upload;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use hyper::header::HeaderValue;
use hyper::{Method, StatusCode};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::Deserialize;

pub use self::account::Account;
use self::account::Session;
use self::body::Look;
use self::client::{Answer, Call, Client, Effect, status_sentence};
pub use self::client::{BadAddress, Limits};
use super::{Carrier, Failure, Listed};
use crate::domain::application::Application;
use crate::domain::document::Document;
use crate::domain::identity::Identity;
use crate::domain::ids::{CenterId, DocumentId};
use crate::domain::prid::Prid;
use crate::domain::status::Status;
use crate::entropy::Entropy;
use crate::wire::{booking, datasync, date, demographic, document};

const BASE: &str = "/preregistration/v1";

/// How many applications one call for updated times names.
const BATCH: usize = 100;

/// The code for "no such application", and for "no applications of this user".
const NONE: &str = "PRG_PAM_APP_005";

/// How the sentence begins when [`NONE`] means the latter.
const NO_LIST: &str = "No record found";

/// How many applications the writer can have made at most.
const MOST: usize = 100_000;

/// What the carrier is told.
#[derive(Clone)]
pub struct Settings {
    /// Where central is: `https://host[:port][/path]`, or `http` on a line that needs no TLS.
    pub url: String,
    /// The account of an officer and pre-registration administrator, never INDIVIDUAL.
    pub reader: Account,
    /// The account with the role INDIVIDUAL.
    pub writer: Account,
    /// Whose certificates are trusted.
    pub tls: Arc<rustls::ClientConfig>,
    /// What central may take.
    pub limits: Limits,
    /// Tells the time of day, which requests must bear.
    pub now: Arc<dyn Fn() -> Timestamp + Send + Sync>,
    /// Draws the boundaries of uploads.
    pub entropy: Arc<dyn Entropy>,
}

/// The line to a stock central.
pub struct Mosip {
    client: Client,
    reader: Session,
    writer: Session,
    /// Whether central serves applications at [`Place::Below`]: learned from answers, and again
    /// when central is upgraded.
    below: AtomicBool,
    now: Arc<dyn Fn() -> Timestamp + Send + Sync>,
    entropy: Arc<dyn Entropy>,
}

impl Mosip {
    /// Takes the settings; nothing is connected yet.
    ///
    /// # Errors
    /// [`BadAddress`].
    pub fn new(settings: Settings) -> Result<Self, BadAddress> {
        Ok(Self {
            client: Client::new(&settings.url, &settings.tls, settings.limits)?,
            reader: Session::new("reader", settings.reader),
            writer: Session::new("writer", settings.writer),
            below: AtomicBool::new(false),
            now: settings.now,
            entropy: settings.entropy,
        })
    }

    fn place(&self) -> Place {
        if self.below.load(Ordering::Relaxed) { Place::Below } else { Place::Contract }
    }

    fn get(&self, name: &'static str, path: String) -> Call {
        Call {
            name,
            method: Method::GET,
            path,
            effect: Effect::Reads,
            content_type: None,
            body: Bytes::new(),
            largest: self.client.limits.answer,
        }
    }

    fn post(&self, name: &'static str, path: String, effect: Effect, body: Vec<u8>) -> Call {
        let content_type = Some(HeaderValue::from_static("application/json"));
        let (method, body) = (Method::POST, Bytes::from(body));
        Call { method, effect, content_type, body, ..self.get(name, path) }
    }

    async fn call(&self, session: &Session, call: &Call) -> Result<Answer, Failure> {
        session.call(&self.client, call, (self.now)()).await
    }

    /// Makes a call that is served at one path everywhere, and returns the answer's body.
    async fn ask(&self, session: &Session, call: &Call) -> Result<Bytes, Failure> {
        found(call.name, self.call(session, call).await?)
    }

    /// Makes a call that looks, at the place where this central served it last, and where the answer
    /// is not one of that service, at the other.
    async fn ask_either(
        &self,
        session: &Session,
        call: impl Fn(String) -> Call,
        fits: impl Fn(&[u8]) -> bool,
    ) -> Result<Bytes, Failure> {
        let fits = |answer: &Answer| answer.status == StatusCode::OK && fits(&answer.body);
        let place = self.place();
        let here = call(format!("{BASE}{}", place.path()));
        let answer = self.call(session, &here).await?;
        if fits(&answer) {
            return Ok(answer.body);
        }
        let there = call(format!("{BASE}{}", place.other().path()));
        match self.call(session, &there).await {
            Ok(other) if fits(&other) => {
                self.below.store(place.other() == Place::Below, Ordering::Relaxed);
                Ok(other.body)
            }
            Err(failure @ (Failure::NotSent(_) | Failure::Busy(_))) => Err(failure),
            // Neither is it, so the first answer stands for itself.
            _ => found(here.name, answer),
        }
    }

    /// Fetches D3.
    async fn retrieve(
        &self,
        session: &Session,
        prid: &Prid,
    ) -> Result<Option<demographic::Record>, Failure> {
        const NAME: &str = "record";
        let call = |place| self.get(NAME, format!("{place}/{prid}"));
        // Today's central has records of another service at the older place, and a code of its own
        // where it has none (`contract/endpoints.md` §10).
        let fits = |bytes: &[u8]| match body::look(bytes) {
            Look::Refused(code, _) => code != "PRG_APP_013",
            Look::Has(members) => members.contains_key("demographicDetails"),
            Look::Other => true,
        };
        let bytes = self.ask_either(session, call, fits).await?;
        unless(&[NONE], body::answer(NAME, &bytes))
    }

    /// Fetches F3.
    async fn documents(&self, session: &Session, prid: &Prid) -> Result<Vec<Document>, Failure> {
        const NAME: &str = "documents";
        let path = format!("{BASE}/documents/preregistration/{prid}");
        let bytes = self.ask(session, &self.get(NAME, path)).await?;
        match body::answer(NAME, &bytes) {
            // The same code also says that the store of documents failed.
            Err(Failure::Refused { code, sentence })
                if code == "PRG_PAM_DOC_005" && sentence.starts_with("Documents is not found") =>
            {
                Ok(Vec::new())
            }
            answer => record::documents(NAME, answer?),
        }
    }

    /// Fetches B5.
    async fn appointment(&self, prid: &Prid) -> Result<Option<booking::Appointment>, Failure> {
        const NAME: &str = "appointment";
        let path = format!("{BASE}/appointment/{prid}");
        let bytes = self.ask(&self.reader, &self.get(NAME, path)).await?;
        unless(&["PRG_BOOK_RCI_013"], body::answer(NAME, &bytes))
    }

    /// Fetches D5, all of it or a page.
    async fn own(&self, page: Option<usize>) -> Result<Option<Own>, Failure> {
        const NAME: &str = "own applications";
        let query = page.map_or_else(String::new, |page| format!("?pageIndex={page}"));
        let call = |place| self.get(NAME, format!("{place}{query}"));
        // An older central takes the newer place for a record and says that it has none: taken for
        // an empty list, this would make an application twice.
        let fits = |bytes: &[u8]| match body::look(bytes) {
            Look::Has(members) => members.contains_key("basicDetails"),
            Look::Refused(code, message) => code != NONE || message.starts_with(NO_LIST),
            Look::Other => true,
        };
        let bytes = self.ask_either(&self.writer, call, fits).await?;
        match body::answer(NAME, &bytes) {
            Err(Failure::Refused { code, sentence })
                if (code == NONE && sentence.starts_with(NO_LIST)) || code == "PRG_PAM_APP_016" =>
            {
                Ok(None)
            }
            answer => answer.map(Some),
        }
    }
}

impl Carrier for Mosip {
    async fn list(
        &self,
        center: &CenterId,
        first: Date,
        last: Date,
    ) -> Result<Vec<Listed>, Failure> {
        const NAME: &str = "list";
        let request = datasync::FetchIds {
            registration_center_id: Some(center.as_str().to_owned()),
            from_date: Some(date::date(first)),
            to_date: Some(date::date(last)),
        };
        let question = body::question(datasync::FETCH_IDS, &request, (self.now)());
        let call = self.post(NAME, format!("{BASE}/sync"), Effect::Reads, question);
        let bytes = self.ask(&self.reader, &call).await?;
        // Stock clients take both for an empty list.
        let nothing = ["PRG_BOOK_RCI_032", "PRG_DATA_SYNC_016"];
        let Some(ids): Option<Ids> = unless(&nothing, body::answer(NAME, &bytes))? else {
            return Ok(Vec::new());
        };
        let listed = |(prid, value): (String, String)| {
            Ok(Listed { prid: record::prid(NAME, &prid)?, value: record::mark(NAME, value)? })
        };
        ids.pre_registration_ids.into_iter().map(listed).collect()
    }

    async fn updated(&self, prids: &[Prid]) -> Result<Vec<(Prid, String)>, Failure> {
        const NAME: &str = "updated times";
        let mut updated = Vec::new();
        for batch in prids.chunks(BATCH) {
            let request = demographic::RetrieveDate {
                registration_center_id: None,
                pre_registration_ids: Some(batch.iter().map(Prid::to_string).collect()),
            };
            let question = body::question(demographic::RETRIEVE_DATE, &request, (self.now)());
            let call = |place| {
                let path = format!("{place}/updatedTime");
                self.post(NAME, path, Effect::Reads, question.clone())
            };
            let bytes = self.ask_either(&self.reader, call, |_| true).await?;
            let dates: Option<demographic::Dates> = unless(&[NONE], body::answer(NAME, &bytes))?;
            let asked: BTreeSet<&Prid> = batch.iter().collect();
            for (prid, value) in dates.unwrap_or_default() {
                let prid = record::prid(NAME, &prid)?;
                if asked.contains(&prid) {
                    updated.push((prid, record::mark(NAME, value)?));
                }
            }
        }
        Ok(updated)
    }

    async fn record(&self, prid: &Prid) -> Result<Option<Application>, Failure> {
        let Some(found) = self.retrieve(&self.reader, prid).await? else {
            return Ok(None);
        };
        let mut application = record::application("record", prid, found)?;
        let parts = tokio::try_join!(self.documents(&self.reader, prid), self.appointment(prid));
        // It may be deleted between two calls.
        let Some((documents, booked)) = unless(&[NONE], parts)? else {
            return Ok(None);
        };
        application.documents = documents;
        application.appointment =
            booked.map(|booked| record::appointment("appointment", booked)).transpose()?;
        Ok(Some(application))
    }

    async fn content(&self, prid: &Prid, document: &DocumentId) -> Result<Vec<u8>, Failure> {
        const NAME: &str = "content";
        if !record::is_sound(document.as_str()) {
            return Err(Failure::NotSent(format!("{NAME}: the document's id fits no address")));
        }
        let path = format!("{BASE}/documents/{document}?preRegistrationId={prid}");
        let call = Call { largest: self.client.limits.document, ..self.get(NAME, path) };
        let bytes = self.ask(&self.reader, &call).await?;
        let content: document::Content<'_> = body::answer(NAME, &bytes)?;
        STANDARD
            .decode(content.document.as_bytes())
            .map_err(|_| Failure::Unanswered(format!("{NAME}: central's answer is no base64")))
    }

    async fn create(&self, language: &str, identity: &Identity) -> Result<Prid, Failure> {
        const NAME: &str = "create";
        let request = changes::typed(language, identity);
        let question = body::question(demographic::CREATE, &request, (self.now)());
        // At the wrong place it is answered 404: the look-up that follows finds the right one, and
        // the call itself leaves no more than once.
        let path = format!("{BASE}{}", self.place().path());
        let call = self.post(NAME, path, Effect::Writes, question);
        let bytes = self.ask(&self.writer, &call).await?;
        let made: Made = body::answer(NAME, &bytes)?;
        record::prid(NAME, &made.pre_registration_id)
    }

    async fn made(&self) -> Result<Vec<Prid>, Failure> {
        const NAME: &str = "own applications";
        let mut made = BTreeSet::new();
        // Without a page all of them come, in one answer that nothing can move under. A central that
        // cuts the list all the same is followed page by page.
        let mut page = None;
        while let Some(own) = self.own(page).await? {
            let before = made.len();
            let is_empty = own.basic_details.is_empty();
            for entry in own.basic_details {
                made.insert(record::prid(NAME, &entry.pre_registration_id)?);
            }
            let total = own.total_records.and_then(|total| total.parse::<usize>().ok());
            let lacks_some = total.map(|total| made.len() < total);
            if page.is_none() && lacks_some == Some(false) {
                break;
            }
            let brought_nothing = made.len() == before && page > Some(0);
            if brought_nothing && (is_empty || lacks_some != Some(true)) {
                break;
            }
            // A list that is not whole must not pass for one: what it lacks would be made again.
            if brought_nothing || made.len() > MOST {
                return Err(Failure::Unanswered(format!("{NAME}: central's list has no end")));
            }
            // The first page may be what came already.
            page = Some(page.map_or(0, |page| page + 1));
        }
        Ok(made.into_iter().collect())
    }

    async fn made_identity(&self, prid: &Prid) -> Result<Option<Identity>, Failure> {
        let found = self.retrieve(&self.writer, prid).await?;
        found.map(|found| Ok(record::application("record", prid, found)?.identity)).transpose()
    }

    async fn attach(
        &self,
        prid: &Prid,
        document: &Document,
        content: Vec<u8>,
    ) -> Result<DocumentId, Failure> {
        const NAME: &str = "upload";
        let request = document::Upload {
            doc_cat_code: Some(document.category.clone()),
            doc_typ_code: Some(document.kind.clone()),
            lang_code: Some(document.language.clone()),
            ref_number: document.ref_number.clone(),
        };
        let question = body::question(document::UPLOAD, &request, (self.now)());
        let form = upload::form(&question, &document.name, &content, &*self.entropy);
        drop(content);
        let path = format!("{BASE}/documents/{prid}");
        let call = Call {
            content_type: Some(form.media_type),
            ..self.post(NAME, path, Effect::Writes, form.bytes)
        };
        let bytes = self.ask(&self.writer, &call).await?;
        let uploaded: Uploaded = body::answer(NAME, &bytes)?;
        record::document_id(NAME, uploaded.doc_id)
    }

    async fn attached(&self, prid: &Prid) -> Result<Vec<Document>, Failure> {
        self.documents(&self.writer, prid).await
    }

    async fn update(
        &self,
        prid: &Prid,
        language: &str,
        identity: &Identity,
    ) -> Result<(), Failure> {
        self.put_identity(prid, language, identity).await
    }

    async fn remove(&self, prid: &Prid, document: &DocumentId) -> Result<(), Failure> {
        self.delete_document(prid, document).await
    }

    async fn refer(&self, prid: &Prid, category: &str, ref_number: &str) -> Result<(), Failure> {
        self.put_reference(prid, category, ref_number).await
    }

    async fn set_status(&self, prid: &Prid, status: Status) -> Result<(), Failure> {
        self.put_status(prid, status).await
    }

    async fn delete(&self, prid: &Prid) -> Result<(), Failure> {
        self.delete_application(prid).await
    }

    async fn consumed(&self, prids: &[Prid]) -> Result<(), Failure> {
        self.post_consumed(prids).await
    }
}

/// Where a central serves applications.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// The older releases, and the user's contract.
    Contract,
    /// Today's release.
    Below,
}

impl Place {
    fn path(self) -> &'static str {
        match self {
            Self::Contract => "/applications",
            Self::Below => "/applications/prereg",
        }
    }

    fn other(self) -> Self {
        match self {
            Self::Contract => Self::Below,
            Self::Below => Self::Contract,
        }
    }
}

// What of these answers is read: the less, the less can be amiss after central has acted.

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Made {
    pre_registration_id: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Uploaded {
    doc_id: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Ids {
    pre_registration_ids: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Own {
    basic_details: Vec<Made>,
    total_records: Option<String>,
}

/// Returns the body of an answer that is one.
fn found(name: &str, answer: Answer) -> Result<Bytes, Failure> {
    match answer.status {
        StatusCode::OK => Ok(answer.body),
        status => Err(Failure::Unanswered(format!("{name}: {}", status_sentence(status)))),
    }
}

/// Takes a refusal with one of `codes` for "there is none".
fn unless<T>(codes: &[&str], answer: Result<T, Failure>) -> Result<Option<T>, Failure> {
    match answer {
        Err(Failure::Refused { code, .. }) if codes.contains(&code.as_str()) => Ok(None),
        answer => answer.map(Some),
    }
}
