//! Document service: F1, F3, F4.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;

use crate::domain::document::Document;
use crate::domain::ids::DocumentId;
use crate::domain::prid::Prid;
use crate::http::Context;
use crate::http::dispatch::Call;
use crate::http::handlers::{answered, prid, unread};
use crate::http::reply::{self, Reply};
use crate::services::document::{self, Error, Upload};
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
    if let Err(error) = document::check(&upload, &cx.master) {
        return reply::refused(call.id, &error, now);
    }
    let prid = match prid(cx, &call, &Error::NoApplication) {
        Ok(prid) => prid,
        Err(reply) => return *reply,
    };
    let (parts, caller, to) = (cx.clone(), call.caller, prid.clone());
    let attached = cx
        .store
        .write(move |tx| {
            document::attach(tx, &to, &upload, &caller, &parts.rules, &*parts.entropy, now)
        })
        .await;
    answered(cx, call.id, attached.map(|document| uploaded(&prid, document)))
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
    let now = cx.clock.now();
    let prid = call.query("preRegistrationId").and_then(|text| Prid::parse(&text).ok());
    let Some(prid) = prid else {
        return reply::refused(call.id, &Error::NoApplication, now);
    };
    let id = DocumentId::new(call.path.first().map_or("", String::as_str));
    let caller = call.caller;
    let found = cx.store.read(move |view| document::content(view, &prid, &id, &caller)).await;
    let told =
        found.map(|(_, content)| spelled::Content { document: STANDARD.encode(content).into() });
    answered(cx, call.id, told)
}
