//! What registration clients are told to fetch; what they fetch is in `archives`.

mod archives;

use jiff::SignedDuration;
use prereg_node::domain::application::Kind as Purpose;
use prereg_node::domain::ids::CenterId;
use prereg_node::domain::slot::{Appointment, Slot};
use prereg_node::domain::status::Status;
use serde_json::{Value, json};

use crate::support::{Application, Reply, Session, TestNode, central_s_application, file};

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
    for path in ["/sync", "/syncV2"] {
        let mut request = json!({});
        for (member, sound, code, text) in [
            (
                "requesttime",
                json!("2026-11-22T23:59:59.999Z"),
                "PRG_PAM_CORE_003",
                "Invalid request time",
            ),
            (
                "requesttime",
                json!("2026-11-23T08:00:00.000Z"),
                "PRG_CORE_REQ_013",
                "Request date should be current date",
            ),
            ("version", json!("1.0"), "PRG_PAM_CORE_002", "Request version is invalid"),
            ("request", range("2026-11-24", ""), "PRG_PAM_CORE_004", "Request body is invalid"),
            ("id", json!(LIST), "PRG_PAM_CORE_001", "Request id is invalid"),
        ] {
            node.post(&officer, path, &request).await.is_refused(code, text);
            request[member] = sound;
        }
        let sound = node.post(&officer, path, &request).await;
        assert!([None, Some(NOTHING.0)].contains(&sound.error_code().as_deref()));
        let cookie = format!("Authorization={}", officer.token);
        let whole = format!("/preregistration/v1{path}");
        let headers = [("cookie", cookie.as_str())];
        let torn = node.send(hyper::Method::POST, &whole, &headers, "{\"id\":").await;
        torn.is_rejected(200, "PRG_CORE_REQ_015", "JSON parse error");
    }
}

#[tokio::test]
async fn older_clients_name_the_list_by_a_shorter_id() {
    let node = TestNode::authority().await;
    node.given_appointment("2026-11-24", "09:00").await;
    let request = range("2026-11-24", "");
    for path in ["/sync", "/syncV2"] {
        let short = "mosip.pre-registration.datasync";
        let reply = node.call(&node.officer(), path, short, request.clone()).await;
        assert_eq!(reply.json()["id"], LIST);
        reply.response();
    }
}

#[tokio::test]
async fn the_list_of_all_kinds_tells_each_appointment_and_may_be_empty() {
    let node = TestNode::with(|plan| {
        let mut lost = central_s_application(9, Status::Booked);
        lost.kind = Purpose::LostUin;
        lost.appointment = Some(Appointment {
            slot: Slot {
                center: CenterId::new("10001"),
                day: jiff::civil::date(2026, 11, 25),
                starts: jiff::civil::time(10, 0, 0, 0),
                ends: jiff::civil::time(10, 15, 0, 0),
            },
            booking_rev: 0,
        });
        plan.cut_off_center(3);
        plan.holds(lost);
    })
    .await;
    let officer = node.officer();
    let all = async |request| node.call(&officer, "/syncV2", LIST, request).await;

    let reply = all(range("2026-11-24", "2026-11-30")).await;

    assert_eq!(reply.json()["id"], LIST);
    assert_eq!(
        reply.response(),
        json!({"applications": [{
            "applicationId": node.central_s(9).prid,
            "appointmentDtTime": "2026-11-25T10:00:00.000",
            "bookingType": "LOST_FORGOTTEN_UIN"}]})
    );
    assert_eq!(
        all(range("2026-12-01", "2026-12-02")).await.response(),
        json!({"applications": []})
    );
}

#[tokio::test]
async fn both_lists_refuse_the_same_ranges() {
    let node = TestNode::authority().await;
    let officer = node.officer();
    for path in ["/sync", "/syncV2"] {
        let ask = async |request| node.call(&officer, path, LIST, request).await;
        let (date, order) = (
            ("PRG_CORE_REQ_019", "Invalid date time format"),
            ("PRG_CORE_REQ_020", "From date is greater than To date"),
        );
        for (from, to) in [("", "2026-11-30"), ("tomorrow", ""), ("2026-11-24", "2027-02-30")] {
            ask(range(from, to)).await.is_refused(date.0, date.1);
        }
        ask(range("2026-11-25", "2026-11-24")).await.is_refused(order.0, order.1);
        // A leap year, and a day more.
        ask(range("2028-01-01", "2029-01-01")).await.is_refused(date.0, date.1);
        let whole = ask(range("2028-01-01", "2028-12-31")).await;
        assert_ne!(whole.error_code().as_deref(), Some(date.0));
        let mut nowhere = range("2026-11-24", "2026-11-30");
        nowhere["registrationCenterId"] = json!(" ");
        let reply = ask(nowhere).await;
        reply.is_refused("PRG_DATA_SYNC_009", "registration center id is invalid");
    }
}

#[tokio::test]
async fn a_center_node_lists_its_own_center_and_no_other() {
    let at = |center: &str| {
        let mut application = central_s_application(9, Status::Booked);
        application.appointment = Some(Appointment {
            slot: Slot {
                center: CenterId::new(center),
                day: jiff::civil::date(2026, 11, 25),
                starts: jiff::civil::time(10, 0, 0, 0),
                ends: jiff::civil::time(10, 15, 0, 0),
            },
            booking_rev: 0,
        });
        application
    };
    for (center, is_own) in [("10001", true), ("10002", false)] {
        let node = TestNode::with(|plan| {
            plan.cut_off_center(0);
            plan.holds(at(center));
        })
        .await;
        let officer = node.officer();
        let mut request = range("2026-11-24", "2026-11-30");
        request["registrationCenterId"] = json!(center);
        let list = node.call(&officer, "/sync", LIST, request.clone()).await;
        let all = node.call(&officer, "/syncV2", LIST, request).await.response();
        if is_own {
            assert_eq!(list.response()["countOfPreRegIds"], "1");
        } else {
            list.is_refused(NOTHING.0, NOTHING.1);
        }
        assert_eq!(all["applications"].as_array().unwrap().len(), usize::from(is_own));
        // Who stands at the counter with an appointment elsewhere is served all the same.
        let archive = node.get(&officer, &format!("/sync/{}", node.central_s(9).prid)).await;
        assert_eq!(archive.response()["registration-client-id"], center);
    }
}
