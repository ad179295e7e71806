//! What every endpoint asks of the envelope around its request, whatever is in it. The cases come from
//! the route table itself.

use prereg_node::domain::caller::Role;
use prereg_node::http::route::{Endpoint, Route, Who};
use prereg_node::http::says::Takes;
use prereg_node::http::table::table;
use serde_json::{Value, json};

use crate::routes::paths;
use crate::support::{Reply, Session, TestNode, envelope, file, form};

/// Returns the rows that take an envelope of a certain id.
fn enveloped() -> Vec<(Route, &'static str)> {
    table()
        .into_iter()
        .filter(|route| matches!(route.says.takes, Takes::Enveloped(_)))
        .filter_map(|route| route.id.map(|id| (route, id)))
        .collect()
}

fn somebody(node: &TestNode, route: &Route) -> Session {
    match route.who {
        Who::Roles(roles) => node.session("somebody", &roles[..1]),
        Who::Anybody | Who::ThisMachine => node.session("somebody", &[Role::Individual]),
    }
}

/// Sends `body` to every path of every such row and hands each answer to `check`.
async fn each(body: impl Fn(&TestNode, &str) -> Vec<u8>, check: impl Fn(Endpoint, &Reply)) {
    let node = TestNode::authority().await;
    assert!(enveloped().len() > 5);
    for (route, id) in enveloped() {
        let cookie = format!("Authorization={}", somebody(&node, &route).token);
        let headers = [("cookie", cookie.as_str()), ("content-type", "application/json")];
        for path in paths(&route) {
            let body = body(&node, id);
            let reply = node.send(route.method.clone(), &path, &headers, body).await;
            check(route.endpoint, &reply);
        }
    }
}

/// As [`each`], with a sound envelope that was changed.
async fn each_with(change: impl Fn(&mut Value), code: &str, text: &str) {
    let body = |node: &TestNode, id: &str| {
        let mut body = envelope(id, node.now(), json!({}));
        change(&mut body);
        body.to_string().into_bytes()
    };
    let check = |endpoint, reply: &Reply| {
        // Of L3 the contract does not ask for an id.
        if code != "PRG_PAM_CORE_001" || endpoint != Endpoint::SendOtpWithCaptcha {
            reply.is_refused(code, text);
        }
    };
    each(body, check).await;
}

#[tokio::test]
async fn every_endpoint_refuses_an_id_that_is_not_its_own() {
    for wrong in [json!("mosip.pre-registration.another"), json!(null)] {
        let change = |body: &mut Value| body["id"] = wrong.clone();
        each_with(change, "PRG_PAM_CORE_001", "Request id is invalid").await;
    }
}

#[tokio::test]
async fn every_endpoint_refuses_another_version() {
    let change = |body: &mut Value| body["version"] = json!("2.0");
    each_with(change, "PRG_PAM_CORE_002", "Request version is invalid").await;
}

#[tokio::test]
async fn every_endpoint_refuses_a_time_that_is_none() {
    let change = |body: &mut Value| body["requesttime"] = json!("today");
    each_with(change, "PRG_PAM_CORE_003", "Invalid request time").await;
}

#[tokio::test]
async fn every_endpoint_refuses_a_time_that_is_not_today() {
    let change = |body: &mut Value| body["requesttime"] = json!("2026-11-22T23:59:59.999Z");
    let text = "Request date should be current date";
    each_with(change, "PRG_CORE_REQ_013", text).await;
}

#[tokio::test]
async fn every_endpoint_refuses_an_envelope_with_nothing_in_it() {
    let change = |body: &mut Value| body["request"] = json!(null);
    each_with(change, "PRG_PAM_CORE_004", "Request body is invalid").await;
}

#[tokio::test]
async fn an_upload_s_envelope_is_asked_for_as_well() {
    let node = TestNode::authority().await;
    let application = node.given_application().await;
    let wrong = [
        ("id", json!("another"), "PRG_PAM_CORE_001", "Request id is invalid"),
        ("version", json!("2.0"), "PRG_PAM_CORE_002", "Request version is invalid"),
        ("requesttime", json!("today"), "PRG_PAM_CORE_003", "Invalid request time"),
        ("request", json!(null), "PRG_PAM_CORE_004", "Request body is invalid"),
        (
            "requesttime",
            json!("2026-11-22T23:59:59.999Z"),
            "PRG_CORE_REQ_013",
            "Request date should be current date",
        ),
    ];
    for (member, value, code, text) in wrong {
        let mut request = envelope("mosip.pre-registration.document.upload", node.now(), json!({}));
        request[member] = value;
        let parts = [
            form("Document request", None, request.to_string().as_bytes()),
            form("file", Some("a.pdf"), &file(1_000)),
        ];
        let reply = node.upload_parts(&application.by, &application.prid, &parts).await;
        reply.is_refused(code, text);
    }
}

#[tokio::test]
async fn every_endpoint_refuses_what_is_not_json() {
    let text = "JSON parse error";
    let not_json = |_: &TestNode, _: &str| b"{\"id\": ".to_vec();
    each(not_json, |_, reply| reply.is_rejected(200, "PRG_CORE_REQ_015", text)).await;
}
