//! The scan process may be away, die, come back or talk nonsense: forms go on, and the state says so.

use prereg_node::domain::counter::{Counters, Reach};
use prereg_node::node::Scanning;
use prereg_node::scanner::link::Way;
use prereg_node::scanner::socket::Order;
use serde_json::json;

use super::double::Scan;
use super::listening::Listening;
use super::{Center, path};
use crate::support::TestNode;

#[tokio::test]
async fn settings_come_first_and_are_given_again_to_a_process_that_was_started_anew() {
    let mut center = Center::new().await;
    let is_settings = |order: &Order| matches!(order, Order::Settings(_));
    let first = center.scan().ordered(is_settings).await;
    let Order::Settings(settings) = &first else { panic!("{first:?}") };
    // All cameras are opened, for the states of all are told.
    assert_eq!(settings.cameras, None);
    center.scan = None;
    center.restart_scan();
    assert_eq!(center.scan().ordered(is_settings).await, first);
}

/// I10
#[tokio::test]
async fn without_the_scan_process_forms_go_on_and_the_state_says_so() {
    let mut center = Center::new().await;
    let application = center.node.given_application().await;
    let mut events = center.listen(1).await;
    assert_eq!(events.next().await.data["scanner"], "up");

    center.scan = None;

    let cameras = events.next().await;
    assert_eq!(cameras.name, "cameras");
    assert_eq!(cameras.data, json!({"scanner": Reach::Absent, "cameras": []}));
    center.type_in(1, &application.prid).await;
    events.expect("scan").await;
    assert_eq!(events.expect("form").await.data["prid"], json!(application.prid));
    let preview = center.node.get(&center.token(1), &path(1, "preview")).await;
    assert_eq!((preview.status, &preview.json()["code"]), (503, &json!("PFL-011")));

    center.restart_scan();
    center.scan().cameras(&["Front"]).await;
    loop {
        let cameras = events.next().await.data;
        if cameras["cameras"][0]["name"] == "Front" {
            break;
        }
    }
    center.scan().sees("Front", "once more").await;
    events.expect("scan").await;
}

/// I11
#[tokio::test]
async fn a_process_that_talks_nonsense_is_left_and_asked_again() {
    let center = Center::new().await;
    for _ in 0..2 {
        center.scan().ordered(|order| matches!(order, Order::Settings(_))).await;
        center.scan().babble().await;
    }
    center.scan().ordered(|order| matches!(order, Order::Settings(_))).await;
    let mut events = center.listen(1).await;
    center.scan().cameras(&["Front"]).await;
    center.scan().sees("Front", "a code").await;
    events.expect("scan").await;
    events.expect("miss").await;
}

#[tokio::test]
async fn a_preview_is_made_while_somebody_looks_and_no_longer() {
    let center = Center::new().await;
    let is_look = |wanted: bool| move |order: &Order| matches!(order, Order::Look(look) if look.on == wanted && look.camera == "Front");
    let look = async || {
        let who = center.token(1);
        let preview = Listening::open(&center.node, &who, &path(1, "preview?camera=Front")).await;
        assert_eq!(preview.status, 200);
        preview
    };
    let mut one = look().await;
    let mut other = look().await;
    assert_eq!(one.media_type, "multipart/x-mixed-replace; boundary=picture");
    center.scan().ordered(is_look(true)).await;
    for picture in ["first picture", "second picture"] {
        center.scan().shows("Front", picture.as_bytes()).await;
        for reader in [&mut one, &mut other] {
            let part = reader.until(format!("{picture}\r\n").as_bytes()).await.unwrap();
            let part = String::from_utf8_lossy(&part);
            assert!(part.starts_with("--picture\r\nContent-Type: image/jpeg\r\n"), "{part}");
        }
    }
    drop(one);
    center.scan().shows("Front", b"third picture").await;
    other.until(b"third picture\r\n").await.unwrap();
    drop(other);
    center.scan().ordered(is_look(false)).await;
    // Nobody ordered it twice.
    look().await;
    center.scan().ordered(is_look(true)).await;
}

#[tokio::test]
async fn a_camera_of_another_counter_is_not_shown() {
    let center = Center::new().await;
    for camera in ["Back", "Nobody's", "Nothing"] {
        let path = path(1, &format!("preview?camera={camera}"));
        let reply = center.node.get(&center.token(1), &path).await;
        assert_eq!((reply.status, &reply.json()["code"]), (404, &json!("PFL-012")), "{camera}");
    }
}

#[tokio::test]
async fn the_one_counter_of_a_node_without_any_takes_every_source() {
    let folder = tempfile::tempdir().unwrap();
    let scan = Scan::listen(&folder.path().join("scan.sock"));
    let node = TestNode::with(|plan| {
        plan.settings.scanning = Scanning {
            way: Way::Socket(folder.path().join("scan.sock")),
            cameras: Some(vec!["Any".into()]),
            counters: Counters::default(),
        };
    })
    .await;
    let application = node.given_application().await;
    let events = "/prefill/v1/counters/1/events";
    let mut events = Listening::open(&node, &node.counter(), events).await;
    scan.cameras(&["Any"]).await;
    scan.sees("Another, that nobody told of", "and so nobody's code").await;
    scan.sees("Any", &application.prid).await;
    events.expect("scan").await;
    assert_eq!(events.expect("form").await.data["prid"], json!(application.prid));
    let settings = scan.ordered(|order| matches!(order, Order::Settings(_))).await;
    let Order::Settings(settings) = settings else { panic!("{settings:?}") };
    assert_eq!(settings.cameras, Some(vec!["Any".to_owned()]));
}

/// I11
#[tokio::test]
async fn streams_are_bounded_and_end_with_their_readers_and_with_the_node() {
    let mut center = Center::new().await;
    let mut open = Vec::new();
    for _ in 0..8 {
        open.push(center.listen(1).await);
    }
    let further = center.node.get(&center.token(1), &path(1, "events")).await;
    assert_eq!((further.status, &further.json()["code"]), (503, &json!("PFL-015")));
    assert_eq!(further.header("retry-after"), Some("1"));
    open.push(center.listen(2).await);
    // One that goes makes room.
    drop(open.remove(0));
    let mut tries = 0;
    while center.node.get(&center.token(1), &path(1, "events")).await.status != 200 {
        tries += 1;
        assert!(tries < 500, "no place came free");
        crate::support::pause(std::time::Duration::from_millis(10)).await;
    }
    center.node.stopped_and_audited();
    for mut stream in open {
        while stream.until(b"\n\n").await.is_some() {}
    }
}
