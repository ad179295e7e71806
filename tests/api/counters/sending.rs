//! What programs and browsers at a counter send: texts that a hand scanner typed, and pictures.

use hyper::Method;
use serde_json::{Value, json};

use super::{Center, NOBODY_S, path};
use crate::support::Reply;

async fn send(center: &Center, counter: u8, kind: &str, body: &[u8]) -> Reply {
    let cookie = format!("Authorization={}", center.token(counter).token);
    let headers = [("cookie", cookie.as_str()), ("content-type", kind)];
    center.node.send(Method::POST, &path(counter, "scans"), &headers, body).await
}

fn code(reply: &Reply) -> (u16, Value) {
    (reply.status, reply.json()["code"].clone())
}

#[tokio::test]
async fn a_typed_number_is_a_scan_like_any_other() {
    let center = Center::new().await;
    let application = center.node.given_application().await;
    let mut events = center.listen(1).await;

    let reply = center.type_in(1, &format!(" {}\n", application.prid)).await;

    assert_eq!(reply.status, 200);
    let answer = reply.json();
    assert_eq!((&answer["codes"], &answer["scan"]["source"]), (&json!(1), &json!(null)));
    assert_eq!(answer["scan"]["at"], json!(center.node.now()));
    assert_eq!(events.expect("scan").await.data["source"], json!(null));
    assert_eq!(events.expect("form").await.data["prid"], json!(application.prid));
}

#[tokio::test]
async fn a_picture_with_a_code_is_a_scan_and_held_in_view_one() {
    let center = Center::new().await;
    let application = center.node.given_application().await;
    let mut events = center.listen(1).await;
    let picture = format!("https://example.org\n{}", application.prid);
    for frame in 0..5 {
        let reply = send(&center, 1, "image/jpeg", picture.as_bytes()).await;
        let answer = reply.json();
        assert_eq!((reply.status, &answer["codes"]), (200, &json!(2)), "{frame}");
        assert!(answer["scan"].is_object());
    }
    events.expect("scan").await;
    assert_eq!(events.expect("form").await.data["prid"], json!(application.prid));
    // Five frames were one scan: what comes next is the next code.
    send(&center, 1, "image/png", NOBODY_S.as_bytes()).await;
    events.expect("cleared").await;
    events.expect("scan").await;
    events.expect("miss").await;
}

#[tokio::test]
async fn a_picture_without_a_code_changes_nothing() {
    let center = Center::new().await;
    let reply = send(&center, 1, "image/jpeg", b"").await;
    assert_eq!((reply.status, reply.json()), (200, json!({"codes": 0, "scan": null})));
    assert_eq!(center.current(1).await["scan"], json!(null));
}

#[tokio::test]
async fn what_is_neither_text_nor_picture_is_refused_with_a_sentence() {
    let center = Center::new().await;
    for (kind, body, wanted) in [
        ("application/json", &b"{}"[..], (400, "PFL-009")),
        ("application/json", b"{\"text\":4}", (400, "PFL-009")),
        ("application/json", b"\xff", (400, "PFL-009")),
        ("text/plain", b"97465075291709", (415, "PFL-009")),
        ("application/pdf", b"%PDF", (415, "PFL-009")),
        ("", b"", (415, "PFL-009")),
        ("image/jpeg", b"!damaged", (400, "PFL-010")),
    ] {
        let reply = send(&center, 1, kind, body).await;
        assert_eq!(code(&reply), (wanted.0, json!(wanted.1)), "{kind} {body:?}");
    }
    let large = vec![b'x'; 2 * 1024 * 1024 + 1];
    let reply = send(&center, 1, "image/png", &large).await;
    reply.is_rejected(413, "PRG_CORE_REQ_015", "the request is too large");
    assert_eq!(center.current(1).await["scan"], json!(null));
}

#[tokio::test]
async fn without_the_scan_process_a_picture_is_refused_and_a_number_is_not() {
    let mut center = Center::new().await;
    center.scan = None;
    let reply = send(&center, 1, "image/jpeg", b"x").await;
    assert_eq!(code(&reply), (503, json!("PFL-011")));
    assert_eq!(reply.header("retry-after"), Some("1"));
    assert_eq!(center.type_in(1, NOBODY_S).await.status, 200);
}

/// I11
#[tokio::test]
async fn a_counter_that_sends_without_end_is_slowed_and_another_is_not() {
    let center = Center::new().await;
    let mut slowed = None;
    for _ in 0..1000 {
        let reply = center.type_in(1, "a code").await;
        if reply.status != 200 {
            slowed = Some(reply);
            break;
        }
    }
    let slowed = slowed.expect("there is a bound");
    assert_eq!(code(&slowed), (429, json!("PFL-008")));
    assert_eq!(slowed.header("retry-after"), Some("1"));
    assert_eq!(center.type_in(2, "a code").await.status, 200);
}
