//! U1 and U2: the UI specification of the portal's forms.

use hyper::StatusCode;
use serde_json::Value;

use crate::http::Context;
use crate::http::dispatch::Call;
use crate::http::handlers::proxy::part;
use crate::http::reply::{self, Reply};
use crate::services::Coded as _;
use crate::services::uispec::{self, Error};
use crate::wire::envelope::{self, Answer, Fault};
use crate::wire::masterdata::{UI_SPEC, page, shaped};

/// `GET /uispec/latest`: the latest specification, of certain versions if any are named.
pub(in crate::http) async fn latest(cx: &Context, call: Call) -> Reply {
    let number = |name: &str| match call.query(name) {
        Some(text) => text.trim().parse::<f64>().map_err(|_| Error::None),
        None => Ok(0.0),
    };
    let found = match (number("version"), number("identitySchemaVersion")) {
        (Ok(version), Ok(schema)) => {
            cx.store.read(move |view| uispec::latest(view, version, schema)).await
        }
        (Err(error), _) | (_, Err(error)) => Err(error),
    };
    answered(cx, found.map(|spec| shaped(&spec, UI_SPEC)))
}

/// `GET /uispec/all`: a page of all specifications.
pub(in crate::http) async fn all(cx: &Context, call: Call) -> Reply {
    let part = part(&call, 10);
    let found = cx.store.read(uispec::all).await;
    answered(cx, found.map(|specs| page(&specs, part, |spec| shaped(spec, UI_SPEC))))
}

/// Answers in an envelope that bears no id.
fn answered(cx: &Context, found: Result<Value, Error>) -> Reply {
    let now = cx.clock.now();
    match found {
        Ok(found) => {
            let answer = Answer { id: None, ..envelope::ok("", found, now) };
            reply::json(StatusCode::OK, answer.to_bytes())
        }
        Err(error) => {
            let faults = [Fault::new(error.code(), error.to_string())];
            let answer = Answer { id: None, ..envelope::refused("", &faults, now) };
            reply::refusing(&error, answer.to_bytes())
        }
    }
}
