//! The QR code service: Q1.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hyper::StatusCode;
use serde_json::Value;

use crate::http::Context;
use crate::http::dispatch::Call;
use crate::http::handlers::{answered, unread};
use crate::http::reply::{self, Reply};
use crate::services::qrcode;
use crate::wire::envelope::Request;
use crate::wire::qrcode::{Code, Drawn};

/// `POST /qrCode/generate`: draws the text of the request.
pub(in crate::http) async fn generate(cx: &Context, mut call: Call) -> Reply {
    let now = cx.clock.now();
    let bytes = match call.json().await {
        Ok(bytes) => bytes,
        Err(error) => return unread(call.id, error, now),
    };
    let mut request = match Request::parse(&bytes) {
        Ok(request) => request,
        Err(malformed) => {
            return reply::rejected(StatusCode::OK, None, malformed.into(), now);
        }
    };
    let text = request.body::<Drawn>().map(Drawn::text);
    if text.as_ref().is_ok_and(String::is_empty) {
        // An empty text counts as none.
        request.request = Value::Null;
    }
    let found = request.findings(call.id, cx.window, now);
    if !found.is_empty() {
        return reply::faults(call.id, &found, now);
    }
    match text {
        Ok(text) => {
            let png = qrcode::draw(&text, qrcode::version(&cx.master));
            answered(cx, call.id, png.map(|png| Code { qrcode: STANDARD.encode(png) }))
        }
        Err(malformed) => reply::rejected(StatusCode::OK, Some(&request), malformed.into(), now),
    }
}
