//! Document service: F1 to F7.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use tokio::sync::oneshot;

use crate::domain::caller::Caller;
use crate::domain::document::Document;
use crate::domain::ids::DocumentId;
use crate::domain::picture::{NotFound, Wanted};
use crate::domain::prid::Prid;
use crate::http::Context;
use crate::http::dispatch::Call;
use crate::http::handlers::{answered, prid, unread};
use crate::http::reply::{self, Reply};
use crate::services::document::{self, Error, Upload};
use crate::store::Tx;
use crate::wire::document as spelled;
use crate::wire::envelope::{Fault, Request};

/// `POST /documents/{preRegistrationId}`: uploads a document of at most `largest` bytes.
pub(in crate::http) async fn upload(cx: &Context, mut call: Call, largest: usize) -> Reply {
    let now = cx.clock.now();
    let form = match call.upload(largest).await {
        Ok(form) => form,
        Err(crate::http::body::Error::TooLarge) => {
            return reply::refused(call.id, &Error::TooLarge, now);
        }
        Err(error) => return unread(call.id, error, now),
    };
    let Ok(envelope) = Request::parse(&form.request) else { return bad_request(call.id, now) };
    if let Some(fault) = envelope.findings(call.id, cx.window, now).into_iter().next() {
        return reply::faults(call.id, &[fault], now);
    }
    let Ok(request) = envelope.body::<spelled::Upload>() else {
        return bad_request(call.id, now);
    };
    let (Some(category), Some(kind), Some(language)) =
        (request.doc_cat_code, request.doc_typ_code, request.lang_code)
    else {
        return bad_request(call.id, now);
    };
    let upload = Upload {
        category,
        kind,
        language,
        ref_number: request.ref_number,
        name: form.file_name,
        content: form.content,
    };
    if call.path.first().is_none_or(|text| text.trim().is_empty()) {
        return reply::refused(call.id, &Error::NoPrid, now);
    }
    if let Err(error) = document::check_request(&upload, &cx.master) {
        return reply::refused(call.id, &error, now);
    }
    let prid = match prid(cx, &call, &Error::NoApplication) {
        Ok(prid) => prid,
        Err(reply) => return *reply,
    };
    if let Err(error) = checked(cx, &upload, &prid, &call.caller).await {
        return reply::refused(call.id, &error, now);
    }
    let (parts, caller, to) = (cx.clone(), call.caller, prid.clone());
    let attached = cx
        .store
        .write(move |tx| {
            document::attach(tx, &to, &upload, &caller, &parts.rules, &*parts.entropy, now)
        })
        .await;
    answered(cx, call.id, attached.map(|document| uploaded(&prid, document)))
}

/// Checks an upload whose request is in order: whose application it is for, so that nobody has the
/// scanner and the decoder at work for nothing; then what a virus scanner says, then the file's own
/// marks, and last whether it opens without a password (`contract/rules.md` §10).
async fn checked(cx: &Context, upload: &Upload, to: &Prid, caller: &Caller) -> Result<(), Error> {
    let (prid, who) = (to.clone(), caller.clone());
    cx.store.read(move |view| document::check_owner(view, &prid, &who)).await?;
    if document::wants_scan(&cx.master) {
        scanned(cx, upload).await?;
    }
    document::check_file(upload, &cx.master)?;
    if document::may_be_locked(upload, &cx.rules) && is_locked(cx, upload).await {
        return Err(Error::Locked);
    }
    Ok(())
}

/// Has an upload scanned. Only one that the scanner called clean passes.
async fn scanned(cx: &Context, upload: &Upload) -> Result<(), Error> {
    let Some(clamd) = &cx.virus_scan else {
        tracing::error!("the country wants documents scanned, and [virus_scan] is not configured");
        return Err(Error::NotClean);
    };
    clamd.scan(&upload.content).await.map_err(|why| {
        tracing::warn!(%why, "a document was refused");
        Error::NotClean
    })
}

/// Asks the process that decodes whether a PDF is locked. Where that cannot be told, it is taken as
/// it is: what is kept out are documents that nobody can read, and nothing dangerous.
async fn is_locked(cx: &Context, upload: &Upload) -> bool {
    let (to, answer) = oneshot::channel();
    if cx.pictures.send((Wanted::Opens, upload.content.clone(), to)).await.is_err() {
        return false;
    }
    match answer.await.unwrap_or(Err(NotFound::NoProcess)) {
        Ok(_) => false,
        Err(NotFound::Locked) => true,
        Err(why) => {
            tracing::warn!(%why, "a PDF was taken without knowing whether it is locked");
            false
        }
    }
}

/// Answers an upload whose part `Document request` is not what it should be.
fn bad_request(id: &str, now: Timestamp) -> Reply {
    reply::faults(id, &[Fault::new("PRG_PAM_DOC_015", "Json exception")], now)
}

fn uploaded(prid: &Prid, document: Document) -> spelled::Uploaded {
    let format = document.name.rsplit_once('.').map_or("", |(_, extension)| extension).to_owned();
    spelled::Uploaded {
        pre_registration_id: prid.to_string(),
        doc_id: document.id.to_string(),
        doc_name: document.name,
        ref_number: document.ref_number,
        doc_cat_code: document.category,
        doc_typ_code: document.kind,
        doc_file_format: format,
    }
}

/// `PUT /documents/{preRegistrationId}?catCode=&sourcePreId=`: copies the proof of address of another
/// application.
pub(in crate::http) async fn copy(cx: &Context, call: Call) -> Reply {
    let now = cx.clock.now();
    let to = call.path.first().cloned().unwrap_or_default();
    let from = call.query("sourcePreId").unwrap_or_default();
    if from.trim().is_empty() || to.trim().is_empty() {
        return reply::refused(call.id, &Error::Missing, now);
    }
    if let Err(error) = document::check_copied(&call.query("catCode").unwrap_or_default()) {
        return reply::refused(call.id, &error, now);
    }
    let (Ok(from), Ok(to)) = (Prid::parse(&from), Prid::parse(&to)) else {
        return reply::refused(call.id, &Error::NoApplication, now);
    };
    let (caller, parts, target) = (call.caller, cx.clone(), to.clone());
    let work = move |tx: &Tx<'_>| {
        document::copy(tx, &from, &target, &caller, &parts.rules, &*parts.entropy, now)
    };
    let copied = cx.store.write(work).await;
    answered(cx, call.id, copied.map(|document| uploaded(&to, document)))
}

/// `GET /documents/preregistration/{preRegistrationId}`: lists the documents of an application.
pub(in crate::http) async fn all(cx: &Context, call: Call) -> Reply {
    let prid = match prid(cx, &call, &Error::NoApplication) {
        Ok(prid) => prid,
        Err(reply) => return *reply,
    };
    let caller = call.caller;
    let found = cx.store.read(move |view| document::all(view, &prid, &caller)).await;
    let told = found.map(|documents| spelled::AllMetadata {
        documents: documents.iter().map(metadata).collect(),
    });
    answered(cx, call.id, told)
}

/// Spells what is known of a document as F3 does.
pub(super) fn metadata(document: &Document) -> spelled::Metadata {
    spelled::Metadata {
        doc_name: document.name.clone(),
        document_id: document.id.to_string(),
        doc_cat_code: document.category.clone(),
        doc_typ_code: document.kind.clone(),
        lang_code: document.language.clone(),
        ref_number: document.ref_number.clone(),
        extra: document.extra.clone(),
    }
}

/// `GET /documents/{documentId}?preRegistrationId=`: fetches the content of a document.
pub(in crate::http) async fn content(cx: &Context, call: Call) -> Reply {
    let (prid, id) = match named(cx, &call) {
        Ok(named) => named,
        Err(reply) => return *reply,
    };
    let caller = call.caller;
    let found = cx.store.read(move |view| document::content(view, &prid, &id, &caller)).await;
    let told =
        found.map(|(_, content)| spelled::Content { document: STANDARD.encode(content).into() });
    answered(cx, call.id, told)
}

/// `DELETE /documents/preregistration/{preRegistrationId}`: takes all documents away.
pub(in crate::http) async fn delete_all(cx: &Context, call: Call) -> Reply {
    let now = cx.clock.now();
    let prid = match prid(cx, &call, &Error::NoApplication) {
        Ok(prid) => prid,
        Err(reply) => return *reply,
    };
    let (caller, parts) = (call.caller, cx.clone());
    let work = move |tx: &Tx<'_>| {
        document::remove_all(tx, &prid, &caller, &parts.rules, &*parts.entropy, now)
    };
    let removed = cx.store.write(work).await;
    answered(cx, call.id, removed.map(|()| spelled::Deleted { message: spelled::ALL_DELETED }))
}

/// `DELETE /documents/{documentId}?preRegistrationId=`: takes a document away.
pub(in crate::http) async fn delete(cx: &Context, call: Call) -> Reply {
    let now = cx.clock.now();
    let (prid, id) = match named(cx, &call) {
        Ok(named) => named,
        Err(reply) => return *reply,
    };
    let (caller, parts) = (call.caller, cx.clone());
    let work = move |tx: &Tx<'_>| {
        let (master, rules) = (&parts.master, &parts.rules);
        document::remove(tx, &prid, &id, &caller, master, rules, &*parts.entropy, now)
    };
    let removed = cx.store.write(work).await;
    answered(cx, call.id, removed.map(|()| spelled::Deleted { message: spelled::DELETED }))
}

/// `PUT /documents/document/{documentId}?preRegistrationId=&refNumber=`: gives a document a reference
/// number; an empty one takes it away.
pub(in crate::http) async fn refer(cx: &Context, call: Call) -> Reply {
    let now = cx.clock.now();
    let (prid, id) = match named(cx, &call) {
        Ok(named) => named,
        Err(reply) => return *reply,
    };
    let Some(number) = call.query("refNumber") else {
        return reply::refused(call.id, &Error::Missing, now);
    };
    let (caller, parts) = (call.caller, cx.clone());
    let work = move |tx: &Tx<'_>| {
        let number = number.clone();
        document::refer(tx, &prid, &id, number, &caller, &parts.rules, &*parts.entropy, now)
    };
    let referred = cx.store.write(work).await;
    answered(cx, call.id, referred.map(|()| spelled::REFERRED))
}

/// Returns the application and the document that a path and its query name.
fn named(cx: &Context, call: &Call) -> Result<(Prid, DocumentId), Box<Reply>> {
    let prid = call.query("preRegistrationId").and_then(|text| Prid::parse(&text).ok());
    let refuse = || Box::new(reply::refused(call.id, &Error::NoApplication, cx.clock.now()));
    let id = DocumentId::new(call.path.first().map_or("", String::as_str));
    Ok((prid.ok_or_else(refuse)?, id))
}
