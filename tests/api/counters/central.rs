//! What is scanned and not here is asked for at central while the counter sees that.

use std::time::Duration;

use prereg_node::carrier::mosip::Account;
use prereg_node::domain::caller::Roles;
use prereg_node::domain::ids::Digest;
use prereg_node::http::Client;
use prereg_node::node::Upstream;
use prereg_node::sync::Pace;
use serde_json::json;
use zeroize::Zeroizing;

use super::{Center, NOBODY_S};
use crate::support::TestNode;

const SECRET: &str = "a secret of both accounts";

fn client(id: &str, roles: &str) -> Client {
    let (id, secret) = (id.to_owned(), Digest::of(SECRET.as_bytes()));
    Client { id, secret, roles: Roles::parse(roles) }
}

fn account(id: &str) -> Account {
    Account {
        client_id: id.to_owned(),
        secret: Zeroizing::new(SECRET.to_owned()),
        app_id: "prereg".to_owned(),
    }
}

async fn central() -> TestNode {
    TestNode::with(|plan| {
        plan.settings.clients = vec![
            client("reader", "REGISTRATION_OFFICER,PRE_REGISTRATION_ADMIN"),
            client("writer", "INDIVIDUAL"),
        ];
    })
    .await
}

async fn center_below(central: &TestNode) -> Center {
    let url = format!("http://{}", central.at);
    Center::with(move |plan| {
        plan.cut_off_center(0);
        plan.settings.upstream = Some(Upstream {
            url,
            ca: None,
            reader: account("reader"),
            writer: account("writer"),
            pace: Pace { every: Duration::from_secs(3600), ..Pace::default() },
        });
    })
    .await
}

#[tokio::test]
async fn a_scan_of_what_is_not_here_is_fetched_from_central_and_the_counter_sees_that() {
    let central = central().await;
    // Without an appointment the center has no reason to have it.
    let application = central.given_application().await;
    let center = center_below(&central).await;
    let mut events = center.listen(1).await;

    center.scan().sees("Front", &application.prid).await;

    events.expect("scan").await;
    let fetching = events.expect("fetching").await.data;
    assert_eq!(fetching["source"]["name"], "Front");
    let form = events.expect("form").await.data;
    assert_eq!((&form["prid"], &form["onlyHere"]), (&json!(application.prid), &json!(false)));
    let current = center.current(1).await;
    assert_eq!(current["scan"]["result"], "form");

    // What nobody has is asked for and not found.
    center.scan().sees("Front", NOBODY_S).await;
    events.expect("cleared").await;
    events.expect("scan").await;
    events.expect("fetching").await;
    assert_eq!(events.expect("miss").await.data["code"], "PFL-003");
}

/// I10
#[tokio::test]
async fn when_the_line_is_cut_what_is_here_is_shown_and_what_is_not_is_not_called_unknown() {
    let central = central().await;
    let here = central.given_application().await;
    let elsewhere = central.given_application().await;
    let center = center_below(&central).await;
    let mut events = center.listen(1).await;
    center.scan().sees("Front", &here.prid).await;
    events.expect("scan").await;
    events.expect("fetching").await;
    events.expect("form").await;

    drop(central);

    center.scan().sees("Front", &elsewhere.prid).await;
    events.expect("cleared").await;
    events.expect("scan").await;
    events.expect("fetching").await;
    assert_eq!(events.expect("miss").await.data["code"], "PFL-004");
    center.scan().sees("Front", &here.prid).await;
    events.expect("scan").await;
    assert_eq!(events.expect("form").await.data["prid"], json!(here.prid));
}
