//! Seats on sale, and appointments.

use std::collections::BTreeSet;

use jiff::SignedDuration;
use jiff::civil::date;
use prereg_node::domain::ids::CenterId;
use prereg_node::domain::slot::{Appointment, Slot};
use prereg_node::domain::status::{Lifecycle, Status};
use serde_json::{Value, json};

use crate::support::{Application, Plan, Reply, TestNode, central_s_application, envelope};

const BOOK: &str = "mosip.pre-registration.booking.book";

const NO_SEAT: (&str, &str) = ("PRG_BOOK_RCI_002", "Availability not found for the selected time");
const NO_SLOTS: (&str, &str) =
    ("PRG_BOOK_RCI_015", "No available slots found for specified registration center");
const TOO_LATE: (&str, &str) = ("PRG_BOOK_RCI_026", "Booking status cannot be altered");
const NO_APPLICATION: (&str, &str) =
    ("PRG_PAM_APP_005", "No data found for the requested pre-registration id");
const NOT_OWNER: (&str, &str) =
    ("PRG_PAM_APP_017", "Requested preregistration id does not belong to the user");

fn wish() -> Value {
    json!({"registration_center_id": "10001", "appointment_date": "2026-11-30",
           "time_slot_from": "09:30:00", "time_slot_to": "09:45:00"})
}

async fn book(node: &TestNode, application: &Application, wish: Value) -> Reply {
    node.call(&application.by, &format!("/appointment/{}", application.prid), BOOK, wish).await
}

async fn appointment(node: &TestNode, application: &Application) -> Reply {
    node.get(&application.by, &format!("/appointment/{}", application.prid)).await
}

async fn availability(node: &TestNode, center: &str) -> Reply {
    node.get(&node.resident(0), &format!("/appointment/availability/{center}")).await
}

/// Returns how many seats the slot has that starts then, as they are listed.
async fn seats(node: &TestNode, day: &str, from: &str) -> Option<u64> {
    let listed = availability(node, "10001").await.response();
    let days = listed["centerDetails"].as_array().unwrap();
    let slots = days.iter().find(|listed| listed["date"] == day)?["timeSlots"].as_array().unwrap();
    slots.iter().find(|slot| slot["fromTime"] == from)?["availability"].as_u64()
}

#[tokio::test]
async fn an_application_is_booked_into_a_slot_and_shows_it() {
    let node = TestNode::authority().await;
    let application = node.given_application().await;
    let none = appointment(&node, &application).await;
    none.is_refused("PRG_BOOK_RCI_013", "Booking data not found");

    let reply = book(&node, &application, wish()).await;

    assert_eq!(reply.json()["id"], BOOK);
    assert_eq!(reply.response(), json!({"bookingMessage": "Appointment booked successfully"}));
    assert_eq!(node.status_of(&application).await, "Booked");
    for who in [&application.by, &node.officer()] {
        let path = format!("/applications/appointment/{}", application.prid);
        let reply = node.get(who, &path).await;
        assert_eq!(reply.json()["id"], "mosip.pre-registration.appointment.fetch");
        assert_eq!(
            reply.response(),
            json!({"registration_center_id": "10001", "appointment_date": "2026-11-30",
                   "time_slot_from": "09:30", "time_slot_to": "09:45"})
        );
    }
    assert_eq!(seats(&node, "2026-11-30", "09:30:00").await, Some(7));
}

#[tokio::test]
async fn a_time_is_a_time_with_seconds_and_without() {
    let node = TestNode::authority().await;
    let application = node.given_application().await;
    let mut wish = wish();
    wish["time_slot_from"] = json!("09:30");
    wish["time_slot_to"] = json!("09:45");
    let path = format!("/applications/appointment/{}", application.prid);
    node.call(&application.by, &path, BOOK, wish).await.response();
}

#[tokio::test]
async fn slots_are_listed_from_the_day_after_today_in_order_and_by_the_center_s_hours() {
    let node = TestNode::authority().await;

    let reply = availability(&node, "10001").await;

    assert_eq!(reply.json()["id"], "mosip.pre-registration.appointment.availability");
    let listed = reply.response();
    assert_eq!(listed["regCenterId"], "10001");
    let days = listed["centerDetails"].as_array().unwrap();
    assert_eq!(days[0]["date"], "2026-11-24");
    assert_eq!(days.len(), 30);
    let dates: Vec<_> = days.iter().map(|day| day["date"].as_str().unwrap()).collect();
    assert!(dates.is_sorted());
    assert_eq!(days[0]["holiday"], json!(false));
    let slots = days[0]["timeSlots"].as_array().unwrap();
    assert_eq!(slots.len(), 28);
    let first = json!({"fromTime": "09:00:00", "toTime": "09:15:00", "availability": 8});
    assert_eq!(slots[0], first);
    let after_lunch = json!({"fromTime": "14:00:00", "toTime": "14:15:00", "availability": 8});
    assert_eq!(slots[16], after_lunch);
    let portal = "/applications/appointment/slots/availability/10001";
    assert_eq!(node.get(&node.resident(0), portal).await.response(), listed);
}

#[tokio::test]
async fn days_on_which_a_center_is_closed_are_not_listed() {
    let node = TestNode::authority().await;
    let listed = availability(&node, "10002").await.response();
    let days = listed["centerDetails"].as_array().unwrap();
    let dates: BTreeSet<_> = days.iter().map(|day| day["date"].as_str().unwrap()).collect();
    assert!(dates.contains("2026-11-24"));
    assert!(!dates.contains("2026-11-29"), "a Sunday");
    assert!(!dates.contains("2026-12-04"), "a holiday");
}

#[tokio::test]
async fn a_center_that_does_not_exist_or_sells_nothing_is_told_apart() {
    let node = TestNode::cut_off_center(0).await;
    let application = node.given_application().await;
    availability(&node, "10001").await.is_refused(NO_SLOTS.0, NO_SLOTS.1);
    // Central may have some, but cannot be asked.
    book(&node, &application, wish()).await.is_refused(NO_SEAT.0, NO_SEAT.1);
    // A part of an id is none.
    for center in ["1000", "99999"] {
        let unknown = ("PRG_BOOK_RCI_035", "Registration center id not found");
        availability(&node, center).await.is_refused(unknown.0, unknown.1);
        let mut wish = wish();
        wish["registration_center_id"] = json!(center);
        book(&node, &application, wish).await.is_refused(unknown.0, unknown.1);
    }
}

#[tokio::test]
async fn what_is_missing_from_a_wish_is_told() {
    let node = TestNode::authority().await;
    let application = node.given_application().await;
    let no_center = ("PRG_BOOK_RCI_007", "Registration center id not entered");
    let no_date = ("PRG_BOOK_RCI_008", "Booking date time not selected");
    let no_time = ("PRG_BOOK_RCI_003", "User has not selected time slot");
    for (member, values, (code, text)) in [
        ("registration_center_id", vec![json!(""), json!(" "), json!(null)], no_center),
        ("appointment_date", vec![json!(""), json!(" "), json!(null)], no_date),
        ("time_slot_from", vec![json!(""), json!("x"), json!("25:00"), json!(null)], no_time),
        ("time_slot_to", vec![json!(""), json!("9:45"), json!(null)], no_time),
    ] {
        for value in values {
            let mut wish = wish();
            wish[member] = value;
            book(&node, &application, wish).await.is_refused(code, text);
        }
    }
    assert_eq!(node.status_of(&application).await, "Pending_Appointment");
}

#[tokio::test]
async fn a_date_that_has_passed_or_is_none_is_refused_by_the_application_s_number() {
    let node = TestNode::authority().await;
    let application = node.given_application().await;
    node.wait(SignedDuration::from_mins(75)); // 09:15:11
    let text =
        format!("Invalid Booking Date Time found for preregistration id - {}", application.prid);
    for (day, from, to) in [
        ("2026-11-22", "09:30", "09:45"),
        ("2026-11-23", "09:15", "09:30"),
        ("2026-02-30", "09:30", "09:45"),
        ("30-11-2026", "09:30", "09:45"),
        ("2026-11-30T09:30", "09:30", "09:45"),
    ] {
        let wish = json!({"registration_center_id": "10001", "appointment_date": day,
                          "time_slot_from": from, "time_slot_to": to});
        book(&node, &application, wish).await.is_refused("PRG_BOOK_RCI_031", &text);
    }
    // Today itself can be booked, though it is not listed.
    node.book(&application, "2026-11-23", "09:30").await.response();
}

#[tokio::test]
async fn a_slot_is_booked_by_its_exact_times_alone() {
    let node = TestNode::authority().await;
    let application = node.given_application().await;
    for (day, from, to) in [
        ("2026-11-30", "09:35", "09:50"),
        ("2026-11-30", "09:30", "10:00"),
        ("2026-11-30", "13:00", "13:15"),
        ("2027-11-30", "09:30", "09:45"),
    ] {
        let wish = json!({"registration_center_id": "10001", "appointment_date": day,
                          "time_slot_from": from, "time_slot_to": to});
        book(&node, &application, wish).await.is_refused(NO_SEAT.0, NO_SEAT.1);
    }
}

#[tokio::test]
async fn an_application_is_booked_by_its_maker_alone() {
    let node = TestNode::authority().await;
    let mut application = node.given_application().await;
    let maker = std::mem::replace(&mut application.by, node.resident(9));
    book(&node, &application, wish()).await.is_refused(NOT_OWNER.0, NOT_OWNER.1);
    appointment(&node, &application).await.is_refused(NOT_OWNER.0, NOT_OWNER.1);
    application.by = maker;
    for prid in ["97465075291709", "x"] {
        let nowhere = Application { prid: prid.into(), ..application.clone() };
        book(&node, &nowhere, wish()).await.is_refused(NO_APPLICATION.0, NO_APPLICATION.1);
        appointment(&node, &nowhere).await.is_refused(NO_APPLICATION.0, NO_APPLICATION.1);
    }
}

#[tokio::test]
async fn every_fault_of_a_booking_s_envelope_is_told() {
    let node = TestNode::authority().await;
    let application = node.given_application().await;
    let mut request = envelope("x", node.now(), json!(null));
    request["version"] = json!(null);
    let path = format!("/appointment/{}", application.prid);
    let reply = node.post(&application.by, &path, &request).await;
    assert_eq!(reply.codes(), ["PRG_PAM_CORE_002", "PRG_PAM_CORE_004", "PRG_PAM_CORE_001"]);
}

/// I6
#[tokio::test]
async fn an_appointment_that_is_moved_gives_its_seat_back() {
    let node = TestNode::authority().await;
    let application = node.given_appointment("2026-11-30", "09:00").await;
    assert_eq!(seats(&node, "2026-11-30", "09:00:00").await, Some(7));

    node.book(&application, "2026-12-01", "14:15").await.response();

    assert_eq!(seats(&node, "2026-11-30", "09:00:00").await, Some(8));
    assert_eq!(seats(&node, "2026-12-01", "14:15:00").await, Some(7));
    let now = appointment(&node, &application).await.response();
    assert_eq!(
        (&now["appointment_date"], &now["time_slot_from"]),
        (&json!("2026-12-01"), &json!("14:15"))
    );
}

/// I6
#[tokio::test]
async fn a_move_to_a_full_slot_leaves_the_appointment_as_it_was() {
    let node = TestNode::cut_off_center(1).await;
    let application = node.given_appointment("2026-11-30", "09:00").await;
    node.given_appointment("2026-11-30", "09:15").await;

    node.book(&application, "2026-11-30", "09:15").await.is_refused(NO_SEAT.0, NO_SEAT.1);

    let now = appointment(&node, &application).await.response();
    assert_eq!(now["time_slot_from"], "09:00");
    assert_eq!(seats(&node, "2026-11-30", "09:00:00").await, None);
    // Booking the same slot again is no loss, though nobody else could.
    node.book(&application, "2026-11-30", "09:00").await.response();
}

#[tokio::test]
async fn an_appointment_within_the_hour_cannot_be_moved() {
    let node = TestNode::authority().await;
    let application = node.given_appointment("2026-11-23", "10:00").await;
    node.wait(SignedDuration::from_mins(59)); // 08:59:11
    node.book(&application, "2026-11-23", "11:00").await.response();
    node.wait(SignedDuration::from_mins(62)); // 10:01:11

    node.book(&application, "2026-11-30", "09:00").await.is_refused(TOO_LATE.0, TOO_LATE.1);

    assert_eq!(appointment(&node, &application).await.response()["time_slot_from"], "11:00");
    // Whether there is such a slot is looked up first.
    node.book(&application, "2026-11-30", "09:05").await.is_refused(NO_SEAT.0, NO_SEAT.1);
}

#[tokio::test]
async fn a_full_slot_is_listed_no_more() {
    let node = TestNode::cut_off_center(1).await;
    assert_eq!(seats(&node, "2026-11-30", "09:00:00").await, Some(1));
    node.given_appointment("2026-11-30", "09:00").await;
    assert_eq!(seats(&node, "2026-11-30", "09:00:00").await, None);
    assert_eq!(seats(&node, "2026-11-30", "09:15:00").await, Some(1));
}

#[tokio::test]
async fn a_center_lists_of_its_own_seats_today_s_that_are_still_ahead() {
    let node = TestNode::cut_off_center(1).await;
    node.wait(SignedDuration::from_mins(75)); // 09:15:11
    assert_eq!(seats(&node, "2026-11-23", "09:15:00").await, None);
    assert_eq!(seats(&node, "2026-11-23", "09:30:00").await, Some(1));
    let application = node.given_application().await;
    node.book(&application, "2026-11-23", "09:30").await.response();

    node.wait(SignedDuration::from_mins(445)); // 16:40:11, and one slot left
    let listed = availability(&node, "10001").await.response();
    let today = &listed["centerDetails"][0];
    assert_eq!((&today["date"], &today["holiday"]), (&json!("2026-11-23"), &json!(false)));
    assert_eq!(today["timeSlots"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn each_midnight_another_day_goes_on_sale() {
    let node = TestNode::authority().await;
    assert_eq!(seats(&node, "2026-12-24", "09:00:00").await, None);
    node.wait(SignedDuration::from_hours(24));
    let on_sale = async {
        while seats(&node, "2026-12-24", "09:00:00").await != Some(8) {
            tokio::task::yield_now().await;
        }
    };
    let patience = std::time::Duration::from_secs(60);
    tokio::time::timeout(patience, on_sale).await.expect("the day goes on sale");
}

/// I6
#[tokio::test]
async fn of_fifty_who_want_ten_seats_at_once_exactly_ten_get_one() {
    let node = TestNode::cut_off_center(10).await;
    let mut applications = Vec::new();
    for _ in 0..50 {
        applications.push(node.given_application().await);
    }

    let all = applications.iter().map(|application| node.book(application, "2026-11-30", "09:00"));
    let replies = futures_util::future::join_all(all).await;

    let mut sold = 0;
    for (application, reply) in applications.iter().zip(replies) {
        if reply.error_code().is_none() {
            reply.response();
            assert_eq!(node.status_of(application).await, "Booked");
            sold += 1;
        } else {
            reply.is_refused(NO_SEAT.0, NO_SEAT.1);
            assert_eq!(node.status_of(application).await, "Pending_Appointment");
        }
    }
    assert_eq!(sold, 10);
}

/// I6
#[tokio::test]
async fn of_twenty_moves_at_once_each_seat_is_held_once() {
    let node = TestNode::cut_off_center(2).await;
    let mut applications = Vec::new();
    for (at, minute) in ["00", "15", "30", "45"].into_iter().cycle().take(8).enumerate() {
        let from = format!("{:02}:{minute}", 9 + at / 4);
        applications.push(node.given_appointment("2026-11-30", &from).await);
    }
    // All want one slot and back, in each other's way. Who holds what is checked at rest.
    let moves = applications.iter().flat_map(|application| {
        ["09:00", "11:00"].map(|from| node.book(application, "2026-11-30", from))
    });
    for reply in futures_util::future::join_all(moves).await {
        assert!(
            matches!(reply.error_code().as_deref(), None | Some("PRG_BOOK_RCI_002")),
            "{reply:?}"
        );
    }
}

/// Puts an application of the resident 9 into the replica of a cut-off center, as central's word.
fn from_central(plan: &mut Plan, status: Status, starts: Option<&str>) {
    let mut application = central_s_application(9, status);
    if let Some(starts) = starts {
        let starts: jiff::civil::Time = starts.parse().unwrap();
        let ends = starts + SignedDuration::from_mins(15);
        let slot = Slot { center: CenterId::new("10001"), day: date(2026, 11, 30), starts, ends };
        application.booking_rev = 1;
        application.appointment = Some(Appointment { slot, booking_rev: 1 });
    }
    plan.cut_off_center(1);
    plan.holds(application);
}

/// I6
#[tokio::test]
async fn a_move_from_central_s_seat_frees_no_seat_of_this_center() {
    let node = TestNode::with(|plan| {
        from_central(plan, Status::Booked, Some("09:00:00"));
    })
    .await;
    node.given_appointment("2026-11-30", "09:00").await;
    assert_eq!(seats(&node, "2026-11-30", "09:00:00").await, None);

    node.book(&node.central_s(9), "2026-11-30", "10:00").await.response();

    assert_eq!(seats(&node, "2026-11-30", "09:00:00").await, None);
    assert_eq!(seats(&node, "2026-11-30", "10:00:00").await, None);
    // The seat it has now is this center's, and comes back.
    node.book(&node.central_s(9), "2026-11-30", "11:00").await.response();
    assert_eq!(seats(&node, "2026-11-30", "10:00:00").await, Some(1));
}

#[tokio::test]
async fn an_expired_appointment_is_replaced() {
    let node = TestNode::with(|plan| {
        from_central(plan, Status::Expired, Some("09:00:00"));
    })
    .await;
    node.book(&node.central_s(9), "2026-11-30", "10:00").await.response();
    assert_eq!(node.status_of(&node.central_s(9)).await, "Booked");
}

#[tokio::test]
async fn an_application_whose_status_allows_no_appointment_gets_none() {
    let incomplete = "Appointment cannot be booked for incomplete application";
    let prefetched = "Appointment cannot be booked for prefetched application";
    for (lifecycle, status, text) in [
        (Lifecycle::V1_1, Status::Consumed, incomplete),
        (Lifecycle::V1_2, Status::Consumed, incomplete),
        (Lifecycle::V1_2, Status::ApplicationIncomplete, incomplete),
        (Lifecycle::V1_2, Status::Prefetched, prefetched),
    ] {
        let node = TestNode::with(|plan| {
            plan.settings.rules.lifecycle = lifecycle;
            from_central(plan, status, None);
        })
        .await;
        let reply = node.book(&node.central_s(9), "2026-11-30", "10:00").await;
        reply.is_refused("PRG_BOOK_RCI_036", text);
        assert_eq!(seats(&node, "2026-11-30", "10:00:00").await, Some(1));
    }
}

#[tokio::test]
async fn the_portal_s_paths_have_the_portal_s_texts() {
    let node = TestNode::with(|plan| {
        plan.set("preregistration.timespan.rebook", "48");
    })
    .await;
    let application = node.given_appointment("2026-11-24", "09:00").await;
    let path = format!("/applications/appointment/{}", application.prid);
    let reply = node.call(&application.by, &path, BOOK, wish()).await;
    reply.is_refused("PRG_BOOK_RCI_026", "Appointment re-booking cannot be done within 48 hours");
    let mut wish = wish();
    wish["time_slot_to"] = json!("09:50");
    let reply = node.call(&application.by, &path, BOOK, wish).await;
    reply.is_refused(
        "PRG_BOOK_RCI_002",
        "Appointment booking/re-booking cannot be done as the requested slot is not available. \
         Please select another slot or try again later",
    );
}

#[tokio::test]
async fn an_appointment_needs_the_number_of_its_application() {
    let node = TestNode::authority().await;
    let resident = node.resident(0);
    for path in ["/appointment/%20", "/applications/appointment/%20"] {
        let reply = node.call(&resident, path, BOOK, wish()).await;
        reply.is_refused("PRG_BOOK_RCI_006", "Preregistration id not entered");
        let reply = node.get(&resident, path).await;
        reply.is_refused("PRG_BOOK_RCI_022", "preRegistrationId cannot be empty.");
    }
}

#[tokio::test]
async fn in_1_2_an_appointment_may_be_moved_until_the_country_says_otherwise() {
    for (hours, refused) in [("0", false), ("2", true)] {
        let node = TestNode::with(|plan| {
            plan.settings.rules.lifecycle = Lifecycle::V1_2;
            plan.set("preregistration.timespan.rebook", hours);
            from_central(plan, Status::PendingAppointment, None);
        })
        .await;
        let application = node.central_s(9);
        node.book(&application, "2026-11-23", "09:00").await.response();
        let reply = node.book(&application, "2026-11-24", "09:00").await;
        if refused {
            reply.is_refused(TOO_LATE.0, TOO_LATE.1);
        } else {
            reply.response();
        }
    }
}

#[tokio::test]
async fn in_1_2_lunch_is_no_slot_and_a_cancelled_application_is_booked_again() {
    let node = TestNode::with(|plan| {
        plan.settings.rules.lifecycle = Lifecycle::V1_2;
        from_central(plan, Status::Cancelled, None);
    })
    .await;
    node.book(&node.central_s(9), "2026-11-30", "10:00").await.response();
    let listed = availability(&node, "10001").await.response();
    let slots = listed["centerDetails"][1]["timeSlots"].as_array().unwrap();
    assert_eq!(slots.len(), 28);
    assert!(slots.iter().all(|slot| slot["fromTime"] != "13:00:00"));
}
