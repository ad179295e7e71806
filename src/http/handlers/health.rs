//! Health, for systemd and monitoring. It says nothing about anybody.

use hyper::StatusCode;
use serde_json::json;

use crate::http::Context;
use crate::http::reply::{self, Reply};
use crate::store;

/// `GET /health/live`: the program turns.
pub(in crate::http) fn live() -> Reply {
    reply::json(StatusCode::OK, json!({"live": true}).to_string().into_bytes())
}

/// `GET /health/ready`: the replica answers, and on a center node everything that central lists was
/// here in full at least once. Whether the line works now is no matter: the node serves without.
pub(in crate::http) async fn ready(cx: &Context) -> Reply {
    let line = cx.line.borrow().clone();
    let answers = cx.store.read::<_, store::Error, _>(store::application::count).await;
    let ready = answers.is_ok() && (cx.rules.authority || line.complete_at.is_some());
    let body = json!({
        "ready": ready,
        "replica": answers.is_ok(),
        "line": line.state,
        "completeAt": line.complete_at,
    });
    let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    reply::json(status, body.to_string().into_bytes())
}
