//! Several bookings at once, and who is booked where.

use jiff::civil::{date, time};
use prereg_node::domain::caller::Role;
use prereg_node::domain::ids::CenterId;
use prereg_node::domain::slot::{Appointment, Slot};
use prereg_node::domain::status::{Lifecycle, Status};
use serde_json::{Value, json};

use crate::support::{Application, Reply, Session, TestNode, central_s_application, envelope};

const BOOK: &str = "mosip.pre-registration.booking.book";
const IDS: &str = "mosip.pre-registration.appointment.ids";

fn wish(application: &Application, from: &str, to: &str) -> Value {
    json!({"preRegistrationId": application.prid, "registration_center_id": "10001",
           "appointment_date": "2026-11-30", "time_slot_from": from, "time_slot_to": to})
}

async fn book(node: &TestNode, who: &Session, wishes: &[Value]) -> Reply {
    node.call(who, "/appointment", BOOK, json!({"bookingRequest": wishes})).await
}

/// Lets one resident make two applications.
async fn two(node: &TestNode) -> [Application; 2] {
    [node.given_application_of(0).await, node.given_application_of(0).await]
}

#[tokio::test]
async fn several_applications_are_booked_at_once() {
    let node = TestNode::authority().await;
    for path in ["/appointment", "/applications/appointment"] {
        let [one, other] = two(&node).await;
        let wishes = [wish(&one, "09:30:00", "09:45:00"), wish(&other, "09:45", "10:00")];
        let reply = node.call(&one.by, path, BOOK, json!({"bookingRequest": wishes})).await;
        assert_eq!(reply.json()["id"], BOOK);
        let done = json!({"bookingMessage": "Appointment booked successfully"});
        assert_eq!(reply.response(), json!({"bookingStatusResponse": [done, done]}));
        assert_eq!(node.status_of(&one).await, "Booked");
        assert_eq!(node.status_of(&other).await, "Booked");
    }
}

/// I6
#[tokio::test]
async fn of_several_bookings_all_are_made_or_none() {
    let node = TestNode::authority().await;
    let [one, other] = two(&node).await;
    let good = wish(&one, "09:30", "09:45");
    let mut cases = Vec::new();
    let mut case = |member: &str, value: Value, code: &'static str, text: String| {
        let mut bad = wish(&other, "09:45", "10:00");
        bad[member] = value;
        cases.push((bad, code, text));
    };
    let none = "No data found for the requested pre-registration id";
    case("preRegistrationId", json!("97465075291709"), "PRG_PAM_APP_005", none.into());
    let no_prid = "Preregistration id not entered";
    case("preRegistrationId", json!(" "), "PRG_BOOK_RCI_006", no_prid.into());
    case("preRegistrationId", json!(null), "PRG_BOOK_RCI_006", no_prid.into());
    let no_center = "Registration center id not entered";
    case("registration_center_id", json!(""), "PRG_BOOK_RCI_007", no_center.into());
    let unknown = "Registration center id not found";
    case("registration_center_id", json!("1000"), "PRG_BOOK_RCI_035", unknown.into());
    let no_date = "Booking date time not selected";
    case("appointment_date", json!(null), "PRG_BOOK_RCI_008", no_date.into());
    let passed = format!("Invalid Booking Date Time found for preregistration id - {}", other.prid);
    case("appointment_date", json!("2026-11-22"), "PRG_BOOK_RCI_031", passed);
    let no_time = "User has not selected time slot";
    case("time_slot_from", json!(""), "PRG_BOOK_RCI_003", no_time.into());
    let no_seat = "Availability not found for the selected time";
    case("time_slot_to", json!("10:05"), "PRG_BOOK_RCI_002", no_seat.into());
    for (bad, code, text) in &cases {
        book(&node, &one.by, &[good.clone(), bad.clone()]).await.is_refused(code, text);
    }
    // Of several failures the first is told, and nothing else.
    let all = [cases[3].0.clone(), cases[8].0.clone()];
    book(&node, &one.by, &all).await.is_refused("PRG_BOOK_RCI_007", no_center);
    for application in [&one, &other] {
        assert_eq!(node.status_of(application).await, "Pending_Appointment");
    }
}

#[tokio::test]
async fn several_appointments_are_moved_by_the_rules_for_one() {
    let node = TestNode::with(|plan| plan.set("preregistration.timespan.rebook", "999")).await;
    let [one, other] = two(&node).await;
    let wishes = [wish(&one, "09:30", "09:45"), wish(&other, "09:45", "10:00")];
    book(&node, &one.by, &wishes).await.response();
    let moved = json!({"bookingRequest": [wish(&one, "10:00", "10:15")]});
    let reply = node.call(&one.by, "/appointment", BOOK, moved.clone()).await;
    reply.is_refused("PRG_BOOK_RCI_026", "Booking status cannot be altered");
    let portal = "/applications/appointment";
    let reply = node.call(&one.by, portal, BOOK, moved).await;
    reply.is_refused("PRG_BOOK_RCI_026", "Appointment re-booking cannot be done within 999 hours");
    let none = json!({"bookingRequest": [wish(&one, "10:00", "10:20")]});
    let reply = node.call(&one.by, portal, BOOK, none).await;
    reply.is_refused(
        "PRG_BOOK_RCI_002",
        "Appointment booking/re-booking cannot be done as the requested slot is not available. \
         Please select another slot or try again later",
    );
}

#[tokio::test]
async fn in_1_2_several_bookings_need_complete_applications() {
    for (status, text) in [
        (Status::ApplicationIncomplete, "Appointment cannot be booked for incomplete application"),
        (Status::Prefetched, "Appointment cannot be booked for prefetched application"),
    ] {
        let node = TestNode::with(|plan| {
            plan.settings.rules.lifecycle = Lifecycle::V1_2;
            plan.holds(central_s_application(9, status));
        })
        .await;
        let application = node.central_s(9);
        let reply = book(&node, &application.by, &[wish(&application, "09:30", "09:45")]).await;
        reply.is_refused("PRG_BOOK_RCI_036", text);
    }
}

#[tokio::test]
async fn a_booking_that_is_no_json_is_told_as_such() {
    let node = TestNode::authority().await;
    let application = node.given_application().await;
    for path in ["/appointment".to_owned(), format!("/appointment/{}", application.prid)] {
        for request in [json!([1]), json!("x")] {
            let reply = node.call(&application.by, &path, BOOK, request).await;
            reply.is_rejected(200, "PRG_CORE_REQ_015", "JSON parse error");
        }
    }
}

#[tokio::test]
async fn several_bookings_are_made_by_their_maker_alone() {
    let node = TestNode::authority().await;
    let own = node.given_application().await;
    let other = node.given_application().await;
    let wishes = [wish(&own, "09:30", "09:45"), wish(&other, "09:45", "10:00")];
    let reply = book(&node, &own.by, &wishes).await;
    reply.is_refused("PRG_PAM_APP_017", "Requested preregistration id does not belong to the user");
    assert_eq!(node.status_of(&own).await, "Pending_Appointment");
}

#[tokio::test]
async fn a_list_of_no_bookings_or_of_more_than_a_hundred_is_no_request() {
    let node = TestNode::authority().await;
    let application = node.given_application().await;
    let one = wish(&application, "09:30", "09:45");
    let many: Vec<Value> = std::iter::repeat_n(one, 101).collect();
    for request in [json!({}), json!({"bookingRequest": []}), json!({"bookingRequest": many})] {
        let reply = node.call(&application.by, "/appointment", BOOK, request).await;
        reply.is_refused("PRG_PAM_CORE_004", "Request body is invalid");
    }
    let mut faulty = envelope("x", node.now(), json!(null));
    faulty["version"] = json!("2");
    faulty["requesttime"] = json!("2026-11-22T23:00:00.000Z");
    let reply = node.post(&application.by, "/appointment", &faulty).await;
    assert_eq!(
        reply.codes(),
        ["PRG_CORE_REQ_013", "PRG_PAM_CORE_002", "PRG_PAM_CORE_004", "PRG_PAM_CORE_001"]
    );
}

#[tokio::test]
async fn who_has_an_appointment_at_a_center_is_listed_by_day_and_start() {
    let node = TestNode::authority().await;
    let late = node.given_appointment("2026-11-30", "10:00").await;
    let early = node.given_appointment("2026-11-30", "09:00").await;
    let next = node.given_appointment("2026-12-01", "09:00").await;
    node.given_appointment("2026-12-02", "09:00").await;
    let officer = node.officer();

    for range in
        ["from_date=2026-11-30&to_date=2026-12-01", "fromDate=2026-11-30&toDate=2026-12-01"]
    {
        let reply =
            node.get(&officer, &format!("/appointment/preRegistrationId/10001?{range}")).await;
        assert_eq!(reply.json()["id"], IDS);
        assert_eq!(
            reply.response(),
            json!({"registration_center_id": "10001",
                   "pre_registration_ids": [early.prid, late.prid, next.prid]})
        );
    }
    // One date is one day.
    let path = "/appointment/registrationCenterId/10001?from_date=2026-11-30";
    let reply = node.get(&officer, path).await;
    assert_eq!(reply.json()["id"], IDS);
    let slot = |from: &str, to: &str| json!({"2026-11-30": {"fromTime": from, "toTime": to}});
    let mut ids = json!({});
    ids[&early.prid] = slot("09:00:00", "09:15:00");
    ids[&late.prid] = slot("10:00:00", "10:15:00");
    assert_eq!(
        reply.response(),
        json!({"registrationCenterId": "10001", "idsWithAppointmentDate": ids})
    );
    // A resident is told their own.
    let path = "/appointment/preRegistrationId/10001?from_date=2026-11-30&to_date=2026-12-31";
    let own = node.get(&next.by, path).await.response();
    assert_eq!(own["pre_registration_ids"], json!([next.prid]));
}

#[tokio::test]
async fn a_list_of_appointments_needs_a_center_and_a_range() {
    let node = TestNode::authority().await;
    let officer = node.session("officer", &[Role::RegistrationOfficer]);
    let date = ("PRG_CORE_REQ_019", "Invalid date time format");
    let range = ("PRG_CORE_REQ_020", "From date is greater than To date");
    let center = ("PRG_BOOK_RCI_007", "Registration center id not entered");
    let nobody = ("PRG_BOOK_RCI_032", "Record not found for date range and reg center id");
    for list in ["preRegistrationId", "registrationCenterId"] {
        for (asked, (code, text)) in [
            ("10001", date),
            ("10001?to_date=2026-11-30", date),
            ("10001?from_date=&to_date=2026-11-30", date),
            ("10001?from_date=30-11-2026", date),
            ("10001?from_date=2026-11-30&to_date=2026-11-31", date),
            ("10001?from_date=2026-11-30&to_date=2027-12-01", date),
            ("10001?from_date=2026-11-30&to_date=2026-11-29", range),
            ("10001?from_date=2026-12-31&to_date=2027-12-31", nobody),
            ("%20?from_date=2026-11-30", center),
            ("10001?from_date=2026-11-30&to_date=2026-12-30", nobody),
            ("99999?from_date=2026-11-30", nobody),
        ] {
            let reply = node.get(&officer, &format!("/appointment/{list}/{asked}")).await;
            reply.is_refused(code, text);
        }
    }
}

/// I9
#[tokio::test]
async fn a_center_node_tells_of_its_own_center_s_appointments_alone() {
    let node = TestNode::with(|plan| {
        let mut application = central_s_application(9, Status::Booked);
        let slot = Slot {
            center: CenterId::new("10002"),
            day: date(2026, 11, 30),
            starts: time(9, 0, 0, 0),
            ends: time(9, 15, 0, 0),
        };
        application.booking_rev = 1;
        application.appointment = Some(Appointment { slot, booking_rev: 1 });
        plan.cut_off_center(1);
        plan.holds(application);
    })
    .await;
    let officer = node.officer();
    for list in ["preRegistrationId", "registrationCenterId"] {
        let path = format!("/appointment/{list}/10002?from_date=2026-11-30");
        let reply = node.get(&officer, &path).await;
        reply.is_refused("PRG_BOOK_RCI_032", "Record not found for date range and reg center id");
    }
    let path = "/applications/bookings/10002?appointmentDate=2026-11-30";
    assert_eq!(node.get(&officer, path).await.response(), json!([]));
}
