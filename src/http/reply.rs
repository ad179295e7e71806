//! Answers. One place turns any error of a service into what MOSIP clients expect: HTTP 200 with
//! `errors` filled.

use bytes::Bytes;
use http_body_util::{BodyExt as _, Collected};
use hyper::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue};
use hyper::{Response, StatusCode};
use jiff::Timestamp;
use serde::Serialize;

use crate::http::stream::Content;
use crate::secrets::signature::Signer;
use crate::secrets::token::Rejected;
use crate::services::{Coded, Kind};
use crate::wire::envelope::{self, Fault};

/// An answer. Nearly all are whole; nobody signs one that goes on, or looks into it.
pub type Reply = Response<Content>;

/// The code with which a call was refused: a mark on the answer that clients don't see, for the audit
/// trail.
#[derive(Clone)]
pub struct Refused(pub String);

/// Who a call turned out to be from, where no token says it: a mark like [`Refused`].
#[derive(Clone)]
pub struct Who(pub String);

/// Which applications a call was about, where its path does not say it: a mark like [`Refused`].
#[derive(Clone)]
pub struct Of(pub Vec<String>);

/// An answer that told nothing of anybody, and so leaves no record: a mark like [`Refused`].
#[derive(Clone, Copy)]
pub struct Unrecorded;

/// Marks an answer as one that refuses, with `code`.
#[must_use]
pub fn marked(mut reply: Reply, code: &str) -> Reply {
    reply.extensions_mut().insert(Refused(code.to_owned()));
    reply
}

/// Returns `body` as the answer of the operation `id`.
pub fn ok<T: Serialize>(id: &str, body: T, now: Timestamp) -> Reply {
    json(StatusCode::OK, envelope::ok(id, body, now).to_bytes())
}

/// Returns the answer of the operation `id` to one who made these mistakes.
#[must_use]
pub fn faults(id: &str, faults: &[Fault], now: Timestamp) -> Reply {
    let reply = json(StatusCode::OK, envelope::refused(id, faults, now).to_bytes());
    marked(reply, faults.first().map_or("", |fault| &fault.code))
}

/// Returns the answer of the operation `id` for an error, and logs what is the node's own fault.
pub fn refused(id: &str, error: &dyn Coded, now: Timestamp) -> Reply {
    log(error);
    faults(id, &told(error), now)
}

/// Returns `body`, which answers an error in an envelope of its own, and logs what is the node's own
/// fault.
pub fn refusing(error: &dyn Coded, body: Vec<u8>) -> Reply {
    log(error);
    marked(json(StatusCode::OK, body), error.code())
}

/// Returns the answer of the operation `id` for an error, with a `response` beside it: what the wire
/// has in one case.
pub fn refused_with<T: Serialize>(
    id: &str,
    response: T,
    error: &dyn Coded,
    now: Timestamp,
) -> Reply {
    log(error);
    let faults = told(error);
    let answer = envelope::Answer { errors: Some(&faults), ..envelope::ok(id, response, now) };
    json(StatusCode::OK, answer.to_bytes())
}

/// Returns the answer to a request that reached no operation.
#[must_use]
pub fn rejected(
    status: StatusCode,
    request: Option<&envelope::Request>,
    fault: Fault,
    now: Timestamp,
) -> Reply {
    let code = fault.code.clone();
    marked(json(status, envelope::rejected(request, &[fault], now).to_bytes()), &code)
}

/// Returns the answer to a request whose token does not count.
#[must_use]
pub fn no_login(rejected: Rejected, now: Timestamp) -> Reply {
    let code = match rejected {
        Rejected::Invalid => "KER-ATH-401",
        Rejected::Expired => "KER-ATH-402",
    };
    self::rejected(StatusCode::UNAUTHORIZED, None, Fault::new(code, rejected.to_string()), now)
}

/// Returns an answer outside the MOSIP envelope for an error, as `{code, message}`.
pub fn plain_refusal(status: StatusCode, error: &dyn Coded) -> Reply {
    log(error);
    let body = serde_json::json!({"code": error.code(), "message": error.to_string()});
    marked(json(status, body.to_string().into_bytes()), error.code())
}

/// Returns an answer in JSON. It is not to be kept by anybody on the way: it is about a person.
#[must_use]
pub fn json(status: StatusCode, body: Vec<u8>) -> Reply {
    content(status, "application/json", body)
}

/// Returns an answer of some media type.
#[must_use]
pub fn content(status: StatusCode, media_type: &'static str, body: Vec<u8>) -> Reply {
    streamed(status, media_type, Bytes::from(body).into())
}

/// Returns an answer of some media type and body.
#[must_use]
pub fn streamed(status: StatusCode, media_type: &'static str, body: Content) -> Reply {
    let mut reply = Response::new(body);
    *reply.status_mut() = status;
    let headers = reply.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert("x-content-type-options", HeaderValue::from_static("nosniff"));
    reply
}

/// Signs an answer for registration clients: in a header, over the body as it leaves.
pub async fn signed(reply: Reply, signer: &Signer) -> Reply {
    let (mut head, body) = reply.into_parts();
    let Ok(body) = body.collect().await.map(Collected::to_bytes);
    if let Ok(signature) = HeaderValue::try_from(signer.sign(&body)) {
        head.headers.insert("response-signature", signature);
    }
    Response::from_parts(head, body.into())
}

fn told(error: &dyn Coded) -> Vec<Fault> {
    if error.findings().is_empty() {
        return vec![Fault::new(error.code(), error.to_string())];
    }
    error
        .findings()
        .iter()
        .map(|finding| Fault::new(finding.code, finding.message.clone()))
        .collect()
}

fn log(error: &dyn Coded) {
    if error.kind() == Kind::Internal {
        // The chain names causes, never values: see store::Error.
        let mut chain = String::new();
        let mut cause = std::error::Error::source(error);
        while let Some(error) = cause {
            chain.push_str(": ");
            chain.push_str(&error.to_string());
            cause = error.source();
        }
        tracing::error!(code = error.code(), "answered with a failure of this node{chain}");
    }
}
