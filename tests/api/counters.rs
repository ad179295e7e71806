//! Counters: what is read for one stands on its screen, and on no other.

mod central;
mod documents;
mod double;
mod link;
mod listening;
mod real;
mod sending;

use jiff::SignedDuration;
use prereg_node::domain::caller::Role;
use prereg_node::domain::counter::{Counter, Counters};
use prereg_node::domain::ids::CounterId;
use prereg_node::node::Scanning;
use prereg_node::scanner::link::Way;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::{Plan, Reply, Session, TestNode};
use double::Scan;
use listening::Listening;

/// A PRID that nobody has.
const NOBODY_S: &str = "97465075291709";

/// A node with two counters, and the double of a scan process.
pub(crate) struct Center {
    pub(crate) node: TestNode,
    pub(crate) scan: Option<Scan>,
    folder: TempDir,
}

impl Center {
    pub(crate) async fn new() -> Self {
        Self::with(|_| ()).await
    }

    pub(crate) async fn with(change: impl FnOnce(&mut Plan)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let scan = Scan::listen(&folder.path().join("scan.sock"));
        let node = TestNode::with(|plan| {
            plan.settings.scanning = Scanning {
                way: Way::Socket(folder.path().join("scan.sock")),
                cameras: None,
                counters: Counters::new(vec![
                    counter("counter-1", "Window 1", "Front"),
                    counter("counter-2", "Window 2", "/dev/video1"),
                ])
                .unwrap(),
            };
            change(plan);
        })
        .await;
        scan.cameras(&["Front", "Back", "Nobody's"]).await;
        Self { node, scan: Some(scan), folder }
    }

    pub(crate) fn scan(&self) -> &Scan {
        self.scan.as_ref().unwrap()
    }

    /// Lets the scan process come back.
    pub(crate) fn restart_scan(&mut self) {
        self.scan = Some(Scan::listen(&self.folder.path().join("scan.sock")));
    }

    /// Returns the token of a counter.
    pub(crate) fn token(&self, counter: u8) -> Session {
        self.node.session(&format!("counter-{counter}"), &[Role::Counter])
    }

    pub(crate) async fn current(&self, counter: u8) -> Value {
        let reply = self.node.get(&self.token(counter), &path(counter, "current")).await;
        assert_eq!(reply.status, 200, "{reply:?}");
        reply.json()
    }

    pub(crate) async fn listen(&self, counter: u8) -> Listening {
        let stream =
            Listening::open(&self.node, &self.token(counter), &path(counter, "events")).await;
        assert_eq!((stream.status, stream.media_type.as_str()), (200, "text/event-stream"));
        stream
    }

    pub(crate) async fn type_in(&self, counter: u8, text: &str) -> Reply {
        let path = path(counter, "scans");
        self.node.post(&self.token(counter), &path, &json!({"text": text})).await
    }
}

fn counter(id: &str, name: &str, camera: &str) -> Counter {
    let (id, name) = (CounterId::new(id), Some(name.to_owned()));
    Counter { id, name, cameras: vec![camera.to_owned()], keys: Vec::new(), folder: None }
}

pub(crate) fn path(counter: u8, what: &str) -> String {
    format!("/prefill/v1/counters/counter-{counter}/{what}")
}

#[tokio::test]
async fn a_code_in_view_is_a_form_on_the_screen_of_its_counter_and_of_no_other() {
    let center = Center::new().await;
    let one = center.node.given_application().await;
    let other = center.node.given_application().await;
    let (mut first, mut second) = (center.listen(1).await, center.listen(2).await);

    center.scan().sees("Front", &one.prid).await;
    let scan = first.expect("scan").await.data;
    let form = first.expect("form").await.data;
    assert_eq!(scan["source"], json!({"kind": "camera", "name": "Front"}));
    assert_eq!(form["prid"], json!(one.prid));
    assert_eq!(center.current(2).await["form"], json!(null));

    // By its path, as this counter names it.
    center.scan().sees("Back", &other.prid).await;
    second.expect("scan").await;
    assert_eq!(second.expect("form").await.data["prid"], json!(other.prid));

    let current = center.current(1).await;
    assert_eq!(current["form"], form);
    assert_eq!(current["scan"]["result"], "form");
    assert_eq!((&current["counter"], &current["name"]), (&json!("counter-1"), &json!("Window 1")));
    assert_eq!(current["scanner"], "up");
    assert_eq!(current["cameras"].as_array().unwrap().len(), 1);
    assert_eq!(current["cameras"][0]["name"], "Front");
    assert_eq!(current["cameras"][0]["state"], "live");
}

#[tokio::test]
async fn a_camera_of_no_counter_reads_for_nobody() {
    let center = Center::new().await;
    let application = center.node.given_application().await;
    let mut first = center.listen(1).await;
    center.scan().sees("Nobody's", &application.prid).await;
    center.scan().sees("Front", "then this").await;
    // What comes first is the second.
    assert_eq!(first.expect("scan").await.data["source"]["name"], "Front");
    assert_eq!(center.current(2).await["scan"], json!(null));
}

#[tokio::test]
async fn a_foreign_code_is_told_and_leaves_the_form_that_is_there() {
    let center = Center::new().await;
    let application = center.node.given_application().await;
    let mut events = center.listen(1).await;
    center.scan().sees("Front", &application.prid).await;
    events.expect("scan").await;
    events.expect("form").await;

    center.scan().sees("Front", "https://example.org/menu").await;

    events.expect("scan").await;
    let miss = events.expect("miss").await.data;
    let foreign = "This code is not that of an acknowledgement.";
    assert_eq!(miss, json!({"code": "PFL-005", "message": foreign}));
    let current = center.current(1).await;
    assert_eq!(current["form"]["prid"], json!(application.prid));
    assert_eq!(current["scan"]["result"], "miss");
    assert_eq!(current["scan"]["code"], "PFL-005");
}

/// I10
#[tokio::test]
async fn a_number_without_a_form_takes_the_screen_so_that_no_other_person_s_form_stays() {
    let center = Center::new().await;
    let application = center.node.given_application().await;
    let mut events = center.listen(1).await;
    for (text, code) in [(NOBODY_S, "PFL-003"), ("97465075291790", "PFL-002")] {
        center.type_in(1, &application.prid).await;
        events.expect("scan").await;
        events.expect("form").await;

        center.scan().sees("Front", text).await;

        events.expect("cleared").await;
        events.expect("scan").await;
        assert_eq!(events.expect("miss").await.data["code"], code);
        let current = center.current(1).await;
        assert_eq!((&current["form"], &current["scan"]["code"]), (&json!(null), &json!(code)));
    }
}

#[tokio::test]
async fn the_next_person_finds_an_empty_screen() {
    let center = Center::new().await;
    let application = center.node.given_application().await;
    let mut events = center.listen(1).await;
    center.scan().sees("Front", &application.prid).await;
    events.expect("scan").await;
    events.expect("form").await;

    let reply = center.node.delete(&center.token(1), &path(1, "current")).await;

    let empty = json!({"counter": "counter-1", "scan": null, "form": null});
    assert_eq!((reply.status, reply.json()), (200, empty));
    events.expect("cleared").await;
    let current = center.current(1).await;
    assert_eq!((&current["form"], &current["scan"]), (&json!(null), &json!(null)));
}

/// I8
#[tokio::test]
async fn the_form_of_an_application_that_is_deleted_leaves_the_screen() {
    let center = Center::new().await;
    for is_listened_to in [true, false] {
        let application = center.node.given_application().await;
        let mut events = center.listen(1).await;
        center.type_in(1, &application.prid).await;
        while events.next().await.name != "form" {}
        let mut events = Some(events).filter(|_| is_listened_to);

        let path = format!("/applications/{}", application.prid);
        center.node.delete(&application.by, &path).await.response();

        if let Some(events) = &mut events {
            events.expect("cleared").await;
        }
        let current = center.current(1).await;
        assert_eq!((&current["form"], &current["scan"]), (&json!(null), &json!(null)));
    }
}

/// I8
#[tokio::test]
async fn a_form_that_nobody_cleared_leaves_the_screen_after_an_hour() {
    let center = Center::new().await;
    let application = center.node.given_application().await;
    let mut events = center.listen(1).await;
    center.type_in(1, &application.prid).await;
    events.expect("scan").await;
    events.expect("form").await;
    center.node.wait(SignedDuration::from_mins(50));
    center.type_in(1, "no number").await;
    events.expect("scan").await;
    events.expect("miss").await;
    assert_eq!(center.current(1).await["form"]["prid"], json!(application.prid));

    center.node.wait(SignedDuration::from_mins(10));

    events.expect("cleared").await;
    let current = center.current(1).await;
    assert_eq!((&current["form"], &current["scan"]), (&json!(null), &json!(null)));
}

#[tokio::test]
async fn who_connects_again_is_told_what_is_new_and_nothing_twice() {
    let center = Center::new().await;
    let application = center.node.given_application().await;
    let mut events = center.listen(1).await;
    center.scan().sees("Front", &application.prid).await;
    events.expect("scan").await;
    let last = events.expect("form").await.id;
    drop(events);

    let (who, events) = (center.token(1), path(1, "events"));
    let mut knowing = Listening::after(&center.node, &who, &events, &last).await;
    let mut stranger = Listening::after(&center.node, &who, &events, "00000000-1").await;
    let mut late = center.listen(1).await;
    for name in ["cleared", "scan", "form"] {
        stranger.expect(name).await;
    }
    for name in ["scan", "form"] {
        late.expect(name).await;
    }
    center.scan().sees("Front", "something else").await;
    for name in ["scan", "miss"] {
        for reader in [&mut knowing, &mut stranger, &mut late] {
            reader.expect(name).await;
        }
    }
}

#[tokio::test]
async fn a_form_that_changes_while_it_is_shown_is_told_anew() {
    let center = Center::new().await;
    let application = center.node.given_application().await;
    let mut events = center.listen(1).await;
    center.scan().sees("Front", &application.prid).await;
    events.expect("scan").await;
    assert_eq!(events.expect("form").await.data["appointment"], json!(null));
    center.node.book(&application, "2026-11-30", "09:00").await.response();
    assert_eq!(events.expect("form").await.data["appointment"]["date"], "2026-11-30");
}

#[tokio::test]
async fn a_screen_that_has_not_changed_is_not_sent_again() {
    let center = Center::new().await;
    center.type_in(1, "not a number").await;
    let first = center.node.get(&center.token(1), &path(1, "current")).await;
    let tag = first.header("etag").unwrap().to_owned();
    let cookie = format!("Authorization={}", center.token(1).token);
    let again = async || {
        let headers = [("cookie", cookie.as_str()), ("if-none-match", tag.as_str())];
        center.node.send(hyper::Method::GET, &path(1, "current"), &headers, "").await.status
    };
    assert_eq!(again().await, 304);
    center.type_in(1, "another").await;
    center.node.delete(&center.token(1), &path(1, "current")).await;
    assert_eq!(again().await, 200);
}

/// I9
#[tokio::test]
async fn a_counter_s_token_opens_its_own_counter_and_an_officer_s_any() {
    let center = Center::new().await;
    let (node, own, officer) = (&center.node, center.token(1), center.node.officer());
    for what in ["current", "events", "preview"] {
        let reply = node.get(&own, &path(2, what)).await;
        assert_eq!((reply.status, &reply.json()["code"]), (403, &json!("PFL-007")), "{what}");
        let reply = node.get(&own, &path(3, what)).await;
        assert_eq!((reply.status, &reply.json()["code"]), (404, &json!("PFL-006")), "{what}");
        for counter in [1, 2] {
            let status = node.get(&officer, &path(counter, what)).await.status;
            assert_eq!(status, 200, "{what} {counter}");
        }
    }
    for status in [
        node.delete(&own, &path(2, "current")).await.status,
        node.post(&own, &path(2, "scans"), &json!({"text": "x"})).await.status,
    ] {
        assert_eq!(status, 403);
    }
    assert_eq!(center.current(2).await["scan"], json!(null));
    let resident = node.get(&node.resident(0), &path(1, "current")).await;
    resident.is_rejected(403, "KER-ATH-403", "Forbidden");
}

#[tokio::test]
async fn what_is_scanned_and_shown_at_a_counter_is_recorded() {
    let mut center = Center::new().await;
    let application = center.node.given_application().await;
    let mut events = center.listen(1).await;
    center.scan().sees("Front", &application.prid).await;
    events.expect("scan").await;
    events.expect("form").await;
    center.type_in(2, NOBODY_S).await;
    let mut second = center.listen(2).await;
    second.expect("scan").await;
    second.expect("miss").await;
    center.node.get(&center.node.officer(), &path(1, "current")).await.json();

    let records = center.node.stopped_and_audited();

    // The application was made; then it was scanned, told as an event, and asked for.
    let made = &records[0];
    let shown: Vec<_> = records[1..].iter().filter(|one| one.subject == made.subject).collect();
    assert_eq!(shown.len(), 3);
    assert!(shown.iter().all(|one| one.event == "PRE_401"));
    assert_eq!(shown[0].actor, shown[1].actor, "by its counter's camera, to its own program");
    assert_ne!(shown[0].actor, shown[2].actor);
    let refused: Vec<_> = records.iter().filter(|one| one.event == "PRE_405").collect();
    assert_eq!(refused.len(), 1);
    assert!(refused[0].detail.contains("PFL-003") && !refused[0].detail.contains(NOBODY_S));
    center.scan = None;
}
