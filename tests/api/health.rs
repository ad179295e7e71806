//! Health, for systemd and monitoring.

use hyper::Method;
use serde_json::json;

use crate::support::TestNode;

#[tokio::test]
async fn an_authority_is_alive_and_ready_and_tells_it_to_who_has_no_token() {
    let node = TestNode::authority().await;
    let live = node.send(Method::GET, "/health/live", &[], "").await;
    assert_eq!((live.status, live.json()), (200, json!({"live": true})));
    let ready = node.send(Method::GET, "/health/ready", &[], "").await;
    assert_eq!(ready.status, 200);
    let expected = json!({"ready": true, "replica": true, "line": "authority", "completeAt": null});
    assert_eq!(ready.json(), expected);
}

#[tokio::test]
async fn a_center_that_never_had_central_s_data_is_alive_and_not_ready() {
    let node = TestNode::cut_off_center(1).await;
    assert_eq!(node.send(Method::GET, "/health/live", &[], "").await.status, 200);
    let ready = node.send(Method::GET, "/health/ready", &[], "").await;
    assert_eq!(ready.status, 503);
    assert_eq!(ready.json()["ready"], json!(false));
    assert_eq!(ready.json()["replica"], json!(true));
}

#[tokio::test]
async fn an_answer_is_kept_by_nobody_on_the_way() {
    let node = TestNode::authority().await;
    let application = node.given_application().await;
    let path = format!("/applications/{}", application.prid);
    for reply in [
        node.get(&application.by, &path).await,
        node.get(&application.by, "/applications/1").await,
        node.send(Method::GET, "/health/ready", &[], "").await,
        node.send(Method::GET, "/nowhere", &[], "").await,
    ] {
        assert_eq!(reply.header("cache-control"), Some("no-store"), "{reply:?}");
        assert_eq!(reply.header("x-content-type-options"), Some("nosniff"), "{reply:?}");
        assert_eq!(reply.header("content-type"), Some("application/json"), "{reply:?}");
    }
}
