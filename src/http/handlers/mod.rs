//! The handlers: one file for each service, named as there. A handler parses, makes one call, and
//! answers.

pub(super) mod application;
pub(super) mod batch;
pub(super) mod booking;
pub(super) mod captcha;
pub(super) mod counter;
pub(super) mod datasync;
pub(super) mod demographic;
pub(super) mod document;
pub(super) mod health;
pub(super) mod log_audit;
pub(super) mod login;
pub(super) mod notification;
pub(super) mod openapi;
pub(super) mod prefill;
pub(super) mod proxy;
pub(super) mod qrcode;
pub(super) mod slip;
pub(super) mod transliteration;
pub(super) mod uispec;

use hyper::StatusCode;
use hyper::header::{HeaderValue, RETRY_AFTER};
use jiff::Timestamp;
use serde::de::DeserializeOwned;

use crate::domain::prid::Prid;
use crate::http::Context;
use crate::http::body;
use crate::http::dispatch::Call;
use crate::http::reply::{self, Reply};
use crate::services::Coded;
use crate::wire::envelope::{Fault, Request};

/// How many of an envelope's faults an endpoint tells (`contract/rules.md` §1).
#[derive(Clone, Copy)]
enum Faults {
    All,
    /// All but that of the id, which the endpoint does not look at.
    AllButId,
    First,
}

/// Reads the body, checks its envelope and returns what is in it.
async fn opened<T: DeserializeOwned>(
    cx: &Context,
    call: &mut Call,
    faults: Faults,
) -> Result<T, Box<Reply>> {
    opened_as(cx, call, faults, &[call.id]).await
}

/// The same where the id may be any of `ids`.
async fn opened_as<T: DeserializeOwned>(
    cx: &Context,
    call: &mut Call,
    faults: Faults,
    ids: &[&str],
) -> Result<T, Box<Reply>> {
    let now = cx.clock.now();
    let id = call.id;
    let bytes = call.json().await.map_err(|error| Box::new(unread(id, error, now)))?;
    let request = Request::parse(&bytes).map_err(|malformed| {
        Box::new(reply::rejected(StatusCode::OK, None, malformed.into(), now))
    })?;
    let sent = ids.iter().find(|id| request.id.as_deref() == Some(**id)).unwrap_or(&id);
    let mut found = request.findings(sent, cx.window, now);
    match faults {
        Faults::All => {}
        Faults::AllButId => found.retain(|fault| fault.code != "PRG_PAM_CORE_001"),
        Faults::First => found.truncate(1),
    }
    if !found.is_empty() {
        return Err(Box::new(reply::faults(id, &found, now)));
    }
    let body = request.body().map_err(|malformed| {
        Box::new(reply::rejected(StatusCode::OK, Some(&request), malformed.into(), now))
    })?;
    drop(request);
    call.took_apart(bytes.len());
    Ok(body)
}

/// Answers a body that did not come whole.
fn unread(id: &'static str, error: body::Error, now: Timestamp) -> Reply {
    let fault = Fault::new("PRG_CORE_REQ_015", error.to_string());
    let status = match error {
        body::Error::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        body::Error::TooSlow => StatusCode::REQUEST_TIMEOUT,
        body::Error::NotAForm => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        body::Error::Broken => StatusCode::BAD_REQUEST,
        body::Error::NoRoom(_) => {
            let mut reply = reply::rejected(StatusCode::SERVICE_UNAVAILABLE, None, fault, now);
            reply.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("1"));
            return reply;
        }
        body::Error::BadForm => {
            return reply::faults(id, &[Fault::new("PRG_PAM_DOC_015", "Json exception")], now);
        }
    };
    reply::rejected(status, None, fault, now)
}

/// Returns the PRID in the path. A text that is none is answered as `missing`, for there is no
/// application under it.
fn prid(cx: &Context, call: &Call, missing: &dyn Coded) -> Result<Prid, Box<Reply>> {
    let text = call.path.first().map_or("", String::as_str);
    Prid::parse(text).map_err(|_| Box::new(reply::refused(call.id, missing, cx.clock.now())))
}

/// Answers what a service answered.
fn answered<T: serde::Serialize, E: Coded>(
    cx: &Context,
    id: &'static str,
    result: Result<T, E>,
) -> Reply {
    let now = cx.clock.now();
    match result {
        Ok(body) => reply::ok(id, body, now),
        Err(error) => reply::refused(id, &error, now),
    }
}
