//! What registration clients are told to fetch.

use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::support::{Application, Reply, Session, TestNode, file};

const LIST: &str = "mosip.pre-registration.datasync.fetch.ids";

const NOTHING: (&str, &str) =
    ("PRG_BOOK_RCI_032", "Record not found for date range and reg center id");

fn range(from: &str, to: &str) -> Value {
    json!({"registrationCenterId": "10001", "fromDate": from, "toDate": to})
}

async fn list(node: &TestNode, request: Value) -> Reply {
    node.call(&node.officer(), "/sync", LIST, request).await
}

/// Returns the value that the application is listed with.
async fn value(node: &TestNode, application: &Application) -> String {
    let listed = list(node, range("2026-11-24", "2026-12-10")).await.response();
    listed["preRegistrationIds"][application.prid.as_str()].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn who_has_an_appointment_in_the_range_is_listed_with_its_start() {
    let node = TestNode::authority().await;
    let first = node.given_appointment("2026-11-24", "09:00").await;
    let last = node.given_appointment("2026-11-30", "16:45").await;
    node.given_appointment("2026-12-01", "09:00").await;
    node.given_application().await;

    let reply = list(&node, range("2026-11-24", "2026-11-30")).await;

    assert_eq!(reply.json()["id"], LIST);
    let listed = reply.response();
    assert_eq!(listed.as_object().unwrap().len(), 3);
    assert_eq!(listed["transactionId"].as_str().unwrap().len(), 36);
    assert_eq!(listed["countOfPreRegIds"], "2");
    assert_eq!(
        listed["preRegistrationIds"],
        json!({first.prid.as_str(): "2026-11-24T09:00:00.000",
               last.prid.as_str(): "2026-11-30T16:45:00.000"})
    );
}

#[tokio::test]
async fn without_a_last_day_the_first_is_it() {
    let node = TestNode::authority().await;
    node.given_appointment("2026-11-24", "09:00").await;
    node.given_appointment("2026-11-25", "09:00").await;
    for to in [json!(""), json!(null), json!("2026-11-24")] {
        let mut request = range("2026-11-24", "");
        request["toDate"] = to;
        assert_eq!(list(&node, request).await.response()["countOfPreRegIds"], "1");
    }
    let request = json!({"registrationCenterId": "10001", "fromDate": "2026-11-24"});
    assert_eq!(list(&node, request).await.response()["countOfPreRegIds"], "1");
}

#[tokio::test]
async fn what_has_not_changed_is_listed_with_the_same_value() {
    let node = TestNode::authority().await;
    let application = node.given_appointment("2026-11-30", "09:00").await;
    let before = value(&node, &application).await;
    node.wait(SignedDuration::from_hours(5));
    assert_eq!(value(&node, &application).await, before);
}

#[tokio::test]
async fn after_a_document_the_value_has_grown() {
    let node = TestNode::authority().await;
    let application = node.given_appointment("2026-11-30", "09:00").await;
    let before = value(&node, &application).await;
    for size in [100, 200] {
        let request = json!({"docCatCode": "POI", "docTypCode": "VIC", "langCode": "eng"});
        let by = &application.by;
        node.upload(by, &application.prid, request, "a.pdf", &file(size)).await.response();
    }
    let after = value(&node, &application).await;
    assert!(after > before, "{before} {after}");
    assert_eq!(value(&node, &application).await, after);
}

#[tokio::test]
async fn after_a_move_the_value_has_grown_even_to_an_earlier_slot() {
    let node = TestNode::authority().await;
    let application = node.given_appointment("2026-11-30", "09:00").await;
    let mut before = value(&node, &application).await;
    for (day, from) in [("2026-11-25", "09:00"), ("2026-12-01", "09:00"), ("2026-11-30", "09:00")] {
        node.book(&application, day, from).await.response();
        let after = value(&node, &application).await;
        assert!(after > before, "{before} {after}");
        before = after;
    }
}

#[tokio::test]
async fn a_range_that_nobody_is_in_is_told_so() {
    let node = TestNode::authority().await;
    node.given_appointment("2026-11-24", "09:00").await;
    list(&node, range("2026-11-25", "2026-11-30")).await.is_refused(NOTHING.0, NOTHING.1);
    let mut elsewhere = range("2026-11-24", "2026-11-30");
    elsewhere["registrationCenterId"] = json!("10002");
    list(&node, elsewhere).await.is_refused(NOTHING.0, NOTHING.1);
}

#[tokio::test]
async fn a_range_has_a_center_and_two_dates_in_order() {
    let node = TestNode::authority().await;
    for date in
        [json!(null), json!(""), json!("2026-1-1"), json!("24-11-2026"), json!("2026-02-30")]
    {
        let mut request = range("", "2026-11-30");
        request["fromDate"] = date;
        let reply = list(&node, request).await;
        reply.is_refused("PRG_CORE_REQ_019", "Invalid date time format");
    }
    let reply = list(&node, range("2026-11-24", "tomorrow")).await;
    reply.is_refused("PRG_CORE_REQ_019", "Invalid date time format");
    let reply = list(&node, range("2026-11-25", "2026-11-24")).await;
    reply.is_refused("PRG_CORE_REQ_020", "From date is greater than To date");
    for center in [json!(null), json!(""), json!(" ")] {
        let mut request = range("2026-11-24", "2026-11-30");
        request["registrationCenterId"] = center;
        let reply = list(&node, request).await;
        reply.is_refused("PRG_DATA_SYNC_009", "registration center id is invalid");
    }
}

#[tokio::test]
async fn the_first_fault_of_the_envelope_ends_the_call() {
    let node = TestNode::authority().await;
    let officer: Session = node.officer();
    let mut request = json!({});
    for (member, sound, code, text) in [
        (
            "requesttime",
            json!("2026-11-23T08:00:00.000Z"),
            "PRG_PAM_CORE_003",
            "Invalid request time",
        ),
        ("version", json!("1.0"), "PRG_PAM_CORE_002", "Request version is invalid"),
        ("request", range("2026-11-24", ""), "PRG_PAM_CORE_004", "Request body is invalid"),
        ("id", json!(LIST), "PRG_PAM_CORE_001", "Request id is invalid"),
    ] {
        node.post(&officer, "/sync", &request).await.is_refused(code, text);
        request[member] = sound;
    }
    node.post(&officer, "/sync", &request).await.is_refused(NOTHING.0, NOTHING.1);
}
