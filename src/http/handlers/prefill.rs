//! Pre-fill for programs at the counters.

use std::time::Duration;

use hyper::StatusCode;
use hyper::header::{CONTENT_DISPOSITION, HeaderValue};
use tokio::sync::oneshot;

use crate::domain::ids::DocumentId;
use crate::domain::line::Fetched;
use crate::domain::prid::Prid;
use crate::http::Context;
use crate::http::dispatch::Call;
use crate::http::reply::{self, Reply};
use crate::services::prefill::{self, Error};
use crate::services::{Coded as _, Kind};
use crate::store;

/// The path below which documents of forms are.
const FORMS: &str = "/prefill/v1/forms";
/// How long a counter waits for central when an application is not here.
const PATIENCE: Duration = Duration::from_secs(8);

/// `GET /prefill/v1/forms/{prid}`: the filled form; from the replica, else fetched from central.
pub(in crate::http) async fn form(cx: &Context, call: Call) -> Reply {
    let text = call.path.first().map_or("", String::as_str);
    let prid = match prefill::parse(text) {
        Ok(prid) => prid,
        Err(error) => return reply::plain_refusal(StatusCode::BAD_REQUEST, &error),
    };
    match here(cx, prid.clone()).await {
        Ok(Some(form)) => return reply::json(StatusCode::OK, form),
        Ok(None) => {}
        Err(error) => return failed(&error.into()),
    }
    let fetched = fetch(cx, &prid).await;
    if fetched == Fetched::Here {
        match here(cx, prid.clone()).await {
            Ok(Some(form)) => return reply::json(StatusCode::OK, form),
            Ok(None) => {}
            Err(error) => return failed(&error.into()),
        }
    }
    let line = cx.line.borrow().clone();
    let asked = fetched != Fetched::Unasked || cx.rules.authority;
    let miss = prefill::miss(&prid, &line, asked, cx.clock.now());
    reply::plain_refusal(StatusCode::NOT_FOUND, &miss)
}

async fn here(cx: &Context, prid: Prid) -> Result<Option<Vec<u8>>, store::Error> {
    let (parts, now) = (cx.clone(), cx.clock.now());
    let line = cx.line.borrow().clone();
    cx.store
        .read(move |view| {
            prefill::form(view, &prid, FORMS, &parts.master, &parts.rules, &line, now)
        })
        .await
}

/// Asks central for an application, for as long as a counter waits.
async fn fetch(cx: &Context, prid: &Prid) -> Fetched {
    let Some(ask) = &cx.ask else { return Fetched::Unasked };
    let (to, answer) = oneshot::channel();
    if ask.try_send((prid.clone(), to)).is_err() {
        return Fetched::Unasked;
    }
    match tokio::time::timeout(PATIENCE, answer).await {
        Ok(Ok(fetched)) => fetched,
        Ok(Err(_)) | Err(_) => Fetched::Unasked,
    }
}

/// `GET /prefill/v1/forms/{prid}/documents/{documentId}`: a document as its file.
pub(in crate::http) async fn document(cx: &Context, call: Call) -> Reply {
    let [prid, id] = call.path.as_slice() else {
        return reply::plain_refusal(StatusCode::BAD_REQUEST, &Error::NotAPrid);
    };
    let prid = match prefill::parse(prid) {
        Ok(prid) => prid,
        Err(error) => return reply::plain_refusal(StatusCode::BAD_REQUEST, &error),
    };
    let (id, caller) = (DocumentId::new(id.as_str()), call.caller);
    match cx.store.read(move |view| prefill::document(view, &prid, &id, &caller)).await {
        Ok((media_type, content)) => {
            let mut reply = reply::content(StatusCode::OK, media_type, content);
            // Whatever it is, a browser shows it as a picture or a page of its own, never as ours.
            let headers = reply.headers_mut();
            headers.insert(CONTENT_DISPOSITION, HeaderValue::from_static("inline"));
            headers.insert("content-security-policy", HeaderValue::from_static("sandbox"));
            reply
        }
        Err(error) => {
            let status = match error.kind() {
                Kind::Internal => StatusCode::INTERNAL_SERVER_ERROR,
                Kind::Refused => StatusCode::NOT_FOUND,
            };
            reply::plain_refusal(status, &error)
        }
    }
}

fn failed(error: &Error) -> Reply {
    reply::plain_refusal(StatusCode::INTERNAL_SERVER_ERROR, error)
}
