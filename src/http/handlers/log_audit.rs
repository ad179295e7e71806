//! A1: what the portal asks to have recorded, such as a resident's consent.

use hyper::StatusCode;
use serde_json::Value;

use crate::domain::audit::Told;
use crate::domain::ids::Digest;
use crate::http::Context;
use crate::http::dispatch::Call;
use crate::http::handlers::unread;
use crate::http::reply::{self, Reply};
use crate::wire::audit::{DONE, LogAudit};
use crate::wire::date;
use crate::wire::envelope::{self, Answer, Fault, Request};

/// `POST /logAudit`: has something recorded. The record is made where all are, after the answer.
pub(in crate::http) async fn log(cx: &Context, mut call: Call) -> Reply {
    let now = cx.clock.now();
    let bytes = match call.json().await {
        Ok(bytes) => bytes,
        Err(error) => return unread(call.id, error, now),
    };
    // Of the envelope nothing is looked at: the portal sends an empty id.
    let request = match Request::parse(&bytes) {
        Ok(request) => request,
        Err(malformed) => return reply::rejected(StatusCode::OK, None, malformed.into(), now),
    };
    let body = match request.body::<LogAudit>() {
        Ok(body) => body,
        Err(malformed) => {
            return reply::rejected(StatusCode::OK, Some(&request), malformed.into(), now);
        }
    };
    let Some(told) = told(body) else {
        let fault = Fault::new("PRG_APP_007", "Audit Failed");
        let answer = envelope::refused("", std::slice::from_ref(&fault), now);
        let body = Answer { id: None, ..answer }.to_bytes();
        return reply::marked(reply::json(StatusCode::OK, body), &fault.code);
    };
    let answer = Answer { id: None, ..envelope::ok("", DONE, now) };
    let mut reply = reply::json(StatusCode::OK, answer.to_bytes());
    reply.extensions_mut().insert(told);
    reply
}

/// Reads what is to be recorded; `None` if the description is not JSON or the time is not one. Of the
/// text that was agreed to only the digest is kept; all else is cut to what the audit manager takes.
fn told(body: LogAudit) -> Option<Told> {
    let at = body.action_time_stamp?;
    date::parse_instant_without_zone(&at)?;
    let description: Value = serde_json::from_str(&body.description?).ok()?;
    let text = |name: &str| description.get(name).and_then(Value::as_str).unwrap_or_default();
    let template = description.get("template").and_then(Value::as_str);
    Some(Told {
        event: cut(body.event_name.unwrap_or_default(), 128),
        module: (
            cut(body.module_name.unwrap_or_default(), 128),
            cut(body.module_id.unwrap_or_default(), 64),
        ),
        description: cut(text("description").to_owned(), 2048),
        url: cut(text("url").to_owned(), 2048),
        template: template.map(|text| Digest::of(text.as_bytes())),
        at,
        user: body.action_user_id.unwrap_or_default(),
    })
}

/// Takes the first letters of a text.
fn cut(text: String, letters: usize) -> String {
    match text.char_indices().nth(letters) {
        Some((end, _)) => text[..end].to_owned(),
        None => text,
    }
}
