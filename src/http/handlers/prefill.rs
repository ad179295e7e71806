//! Pre-fill for programs at the counters: forms and their documents.

use bytes::Bytes;
use hyper::StatusCode;
use hyper::header::{
    ACCEPT_RANGES, CONTENT_DISPOSITION, CONTENT_RANGE, ETAG, HeaderMap, HeaderName, HeaderValue,
    IF_NONE_MATCH, IF_RANGE, RANGE,
};

use crate::domain::caller::Caller;
use crate::domain::ids::DocumentId;
use crate::domain::picture::{Found, NotFound, Wanted};
use crate::domain::prid::Prid;
use crate::http::dispatch::Call;
use crate::http::handlers::counter::{ask, later, refused};
use crate::http::range::{self, Part};
use crate::http::reply::{self, Reply};
use crate::http::{Context, forms};
use crate::services::prefill::{self, Error, File, Refused};
use crate::services::{Coded as _, Kind, document};

/// The longest side of a thumbnail in pixels, where none is asked for.
const SIDE: u16 = 256;

/// `GET /prefill/v1/forms/{prid}`: the filled form; from the replica, else fetched from central.
pub(in crate::http) async fn form(cx: &Context, call: Call) -> Reply {
    let text = call.path.first().map_or("", String::as_str);
    let found = match prefill::parse(text) {
        Ok(prid) => forms::find(cx, &prid, || ()).await,
        Err(error) => Err(error),
    };
    match found {
        Ok(form) => reply::json(StatusCode::OK, form),
        Err(error) => {
            let status = match &error {
                Error::NotAPrid => StatusCode::BAD_REQUEST,
                Error::Store(_) => StatusCode::INTERNAL_SERVER_ERROR,
                _ => StatusCode::NOT_FOUND,
            };
            reply::plain_refusal(status, &error)
        }
    }
}

/// `GET /prefill/v1/forms/{prid}/documents/{documentId}`: a document as its file, or a range of it.
pub(in crate::http) async fn document(cx: &Context, call: Call) -> Reply {
    let (prid, id) = match named(&call) {
        Ok(named) => named,
        Err(reply) => return *reply,
    };
    let headers = call.headers;
    let file = match file(cx, prid, id, call.caller).await {
        Ok(file) => file,
        Err(error) => return no_document(&error),
    };
    let tag = format!("\"{}\"", file.digest);
    let length = file.content.len();
    let is_known = header(&headers, IF_NONE_MATCH) == Some(&tag);
    let is_same = header(&headers, IF_RANGE).is_none_or(|known| known == tag);
    let range = header(&headers, RANGE).filter(|_| is_same);
    let (status, content, sent) = match range::part(range, length) {
        _ if is_known => (StatusCode::NOT_MODIFIED, Vec::new(), None),
        Part::Whole => (StatusCode::OK, file.content, None),
        Part::Bytes(range) => {
            let sent = format!("bytes {}-{}/{length}", range.start, range.end - 1);
            (StatusCode::PARTIAL_CONTENT, file.content[range].to_vec(), Some(sent))
        }
        Part::Beyond => {
            let mut reply = refused(StatusCode::RANGE_NOT_SATISFIABLE, Refused::BadRange);
            set(&mut reply, CONTENT_RANGE, &format!("bytes */{length}"));
            return reply;
        }
    };
    let mut reply = reply::content(status, file.media_type, content);
    shown_alone(&mut reply);
    set(&mut reply, ETAG, &tag);
    set(&mut reply, ACCEPT_RANGES, "bytes");
    if let Some(sent) = sent {
        set(&mut reply, CONTENT_RANGE, &sent);
    }
    reply
}

/// `GET /prefill/v1/forms/{prid}/documents/{documentId}/thumbnail?side=`: a small picture of it.
pub(in crate::http) async fn thumbnail(cx: &Context, call: Call) -> Reply {
    let (prid, id) = match named(&call) {
        Ok(named) => named,
        Err(reply) => return *reply,
    };
    let side = match call.query("side").map(|side| side.parse::<u16>()) {
        None => SIDE,
        Some(Ok(side @ 16..=1024)) => side,
        Some(_) => return refused(StatusCode::BAD_REQUEST, Refused::BadSide),
    };
    let (of, which) = (prid.clone(), id.clone());
    let digest = cx.store.read(move |view| prefill::document_digest(view, &of, &which)).await;
    let digest = match digest {
        Ok(digest) => digest,
        Err(error) => return no_document(&error),
    };
    let tag = format!("\"{digest}-{side}\"");
    let drawn = if header(&call.headers, IF_NONE_MATCH) == Some(&tag) {
        None
    } else if let Some(jpeg) = cx.thumbnails.find(digest, side) {
        Some(jpeg)
    } else {
        let file = match file(cx, prid, id, call.caller).await {
            Ok(file) => file,
            Err(error) => return no_document(&error),
        };
        match ask(cx, Wanted::Thumbnail(side), Bytes::from(file.content)).await {
            Ok(Found::Thumbnail(jpeg)) => {
                cx.thumbnails.keep(digest, side, &jpeg);
                Some(jpeg)
            }
            Err(NotFound::NoProcess) => {
                return later(refused(StatusCode::SERVICE_UNAVAILABLE, Refused::NoScanner));
            }
            Ok(_) | Err(_) => {
                return refused(StatusCode::UNSUPPORTED_MEDIA_TYPE, Refused::NotDrawable);
            }
        }
    };
    let status = if drawn.is_some() { StatusCode::OK } else { StatusCode::NOT_MODIFIED };
    let mut reply = reply::streamed(status, "image/jpeg", drawn.unwrap_or_default().into());
    shown_alone(&mut reply);
    set(&mut reply, ETAG, &tag);
    reply
}

async fn file(
    cx: &Context,
    prid: Prid,
    id: DocumentId,
    caller: Caller,
) -> Result<File, document::Error> {
    cx.store.read(move |view| prefill::document(view, &prid, &id, &caller)).await
}

/// Returns the application and the document in the path.
fn named(call: &Call) -> Result<(Prid, DocumentId), Box<Reply>> {
    let refuse = |error: &Error| Box::new(reply::plain_refusal(StatusCode::BAD_REQUEST, error));
    let [prid, id] = call.path.as_slice() else { return Err(refuse(&Error::NotAPrid)) };
    let prid = prefill::parse(prid).map_err(|error| refuse(&error))?;
    Ok((prid, DocumentId::new(id.as_str())))
}

fn no_document(error: &document::Error) -> Reply {
    let status = match error.kind() {
        Kind::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        Kind::Refused => StatusCode::NOT_FOUND,
    };
    reply::plain_refusal(status, error)
}

/// Has a browser show a document as a picture or a page of its own, whatever it is, never as ours.
fn shown_alone(reply: &mut Reply) {
    let headers = reply.headers_mut();
    headers.insert(CONTENT_DISPOSITION, HeaderValue::from_static("inline"));
    headers.insert("content-security-policy", HeaderValue::from_static("sandbox"));
}

fn header(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

fn set(reply: &mut Reply, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        reply.headers_mut().insert(name, value);
    }
}
