//! Seats follow master data: the availability sync, as an order and as what a new start does.

use jiff::SignedDuration;
use prereg_node::domain::master::{Kind, Row};
use prereg_node::domain::status::{Lifecycle, Status};
use serde_json::{Value, json};

use crate::support::{Plan, Reply, TestNode, central_s_application};

async fn sync(node: &TestNode) -> Reply {
    node.get(&node.admin(), "/appointment/availability/sync").await
}

async fn availability(node: &TestNode, center: &str) -> Reply {
    node.get(&node.resident(0), &format!("/appointment/availability/{center}")).await
}

/// Returns the slots that are listed for a day, each with its start and its seats.
async fn slots(node: &TestNode, day: &str) -> Vec<(String, u64)> {
    let listed = availability(node, "10001").await.response();
    let days = listed["centerDetails"].as_array().unwrap();
    let Some(day) = days.iter().find(|listed| listed["date"] == day) else { return Vec::new() };
    let slots = day["timeSlots"].as_array().unwrap().iter();
    slots
        .map(|slot| {
            (slot["fromTime"].as_str().unwrap().to_owned(), slot["availability"].as_u64().unwrap())
        })
        .collect()
}

/// Changes the demo's center in master data.
fn center(rows: &mut [Row], member: &str, value: &Value) {
    for row in rows.iter_mut().filter(|row| row.kind == Kind::Center && row.code == "10001") {
        assert!(row.content.get(member).is_some(), "a center has no {member}");
        row.content[member] = value.clone();
    }
}

/// Closes the demo's center on a day.
fn close(rows: &mut Vec<Row>, day: &str) {
    let mut row = rows.iter().find(|row| row.kind == Kind::ExceptionalHoliday).unwrap().clone();
    row.code = format!("10001-{day}");
    row.content["registrationCenterID"] = json!("10001");
    row.content["holidayDate"] = json!(day);
    row.content["isActive"] = json!(true);
    rows.push(row);
}

/// Puts an application of the resident 9 into the replica, which may book in either lifecycle: in 1.2
/// a new one is incomplete.
fn of(lifecycle: Lifecycle) -> impl FnOnce(&mut Plan) {
    move |plan| {
        plan.settings.rules.lifecycle = lifecycle;
        plan.holds(central_s_application(9, Status::PendingAppointment));
    }
}

#[tokio::test]
async fn the_availability_sync_says_when_it_is_done() {
    let node = TestNode::authority().await;
    let reply = sync(&node).await;
    assert_eq!(reply.json()["id"], "mosip.pre-registration.appointment.availability.sync");
    assert_eq!(reply.response(), "MASTER_DATA_SYNCED_SUCCESSFULLY");
    assert_eq!(slots(&node, "2026-11-30").await.len(), 28);
}

#[tokio::test]
async fn a_node_that_has_no_seat_to_sell_says_so() {
    let node = TestNode::cut_off_center(0).await;
    let text = "No available slots found for specified registration center";
    sync(&node).await.is_refused("PRG_BOOK_RCI_015", text);
}

#[tokio::test]
async fn master_data_without_a_center_is_told_by_the_availability_sync() {
    let mut node = TestNode::authority().await;
    node.restart_with(|rows| rows.retain(|row| row.kind != Kind::Center)).await;
    sync(&node).await.is_refused("PRG_BOOK_RCI_020", "Master data not found");
}

/// I6
#[tokio::test]
async fn a_day_that_becomes_a_holiday_loses_its_bookings_and_is_listed_no_more() {
    let mut node = TestNode::authority().await;
    let booked = node.given_appointment("2026-11-30", "09:00").await;
    let other = node.given_appointment("2026-12-01", "09:00").await;
    let before = availability(&node, "10001").await.response();
    let last = before["centerDetails"].as_array().unwrap().last().unwrap()["date"].clone();

    node.restart_with(|rows| close(rows, "2026-11-30")).await;

    sync(&node).await.response();
    assert_eq!(slots(&node, "2026-11-30").await, []);
    assert_eq!(node.status_of(&booked).await, "Pending_Appointment");
    assert_eq!(node.status_of(&other).await, "Booked");
    // With nothing on sale beyond, no further day takes its place.
    let after = availability(&node, "10001").await.response();
    assert_eq!(after["centerDetails"].as_array().unwrap().last().unwrap()["date"], last);

    // A working day again, it is on sale again.
    node.restart_with(|_| ()).await;
    sync(&node).await.response();
    assert_eq!(slots(&node, "2026-11-30").await.len(), 28);
    node.book(&booked, "2026-11-30", "09:00").await.response();
}

#[tokio::test]
async fn for_each_closed_day_another_is_listed_at_the_end() {
    let mut node =
        TestNode::with(|plan| plan.set("preregistration.availability.noOfDays", "3")).await;
    let dates = async |node: &TestNode| -> Vec<String> {
        let listed = availability(node, "10001").await.response();
        let days = listed["centerDetails"].as_array().unwrap().clone();
        days.iter().map(|day| day["date"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(dates(&node).await, ["2026-11-24", "2026-11-25", "2026-11-26"]);
    node.restart_with(|rows| {
        let property = |row: &&mut Row| {
            row.kind == Kind::Property
                && row.content["key"] == "preregistration.availability.noOfDays"
        };
        rows.iter_mut().find(property).unwrap().content["value"] = json!("3");
        close(rows, "2026-11-25");
        close(rows, "2026-11-27");
    })
    .await;
    sync(&node).await.response();
    // The 27th takes the place of the 25th, is closed too, and the 28th takes its place.
    assert_eq!(dates(&node).await, ["2026-11-24", "2026-11-26", "2026-11-28"]);
}

/// I6
#[tokio::test]
async fn fewer_kiosks_cancel_the_day_in_1_2_and_sell_fewer_seats_in_1_1() {
    for lifecycle in [Lifecycle::V1_1, Lifecycle::V1_2] {
        let mut node = TestNode::with(of(lifecycle)).await;
        let booked = node.central_s(9);
        node.book(&booked, "2026-11-30", "09:00").await.response();

        node.restart_with(|rows| center(rows, "numberOfKiosks", &json!(5))).await;
        sync(&node).await.response();

        let listed = slots(&node, "2026-11-30").await;
        if lifecycle == Lifecycle::V1_2 {
            assert_eq!(node.status_of(&booked).await, "Cancelled");
            assert_eq!(listed[0], ("09:00:00".into(), 5));
        } else {
            assert_eq!(node.status_of(&booked).await, "Booked");
            assert_eq!(listed[0], ("09:00:00".into(), 4), "one of five is sold");
        }
        assert_eq!(listed[1], ("09:15:00".into(), 5));

        // More kiosks cancel nobody, though a slot has sold some.
        node.book(&booked, "2026-11-30", "09:15").await.response();
        node.restart_with(|rows| center(rows, "numberOfKiosks", &json!(9))).await;
        sync(&node).await.response();
        assert_eq!(node.status_of(&booked).await, "Booked");
        assert_eq!(
            slots(&node, "2026-11-30").await[..2],
            [("09:00:00".into(), 9), ("09:15:00".into(), 8)]
        );
    }
}

/// I6
#[tokio::test]
async fn a_seat_that_was_sold_above_the_kiosks_there_are_now_is_not_sold_again() {
    let mut node = TestNode::with(of(Lifecycle::V1_1)).await;
    let one = node.given_appointment("2026-11-30", "09:00").await;
    let other = node.given_appointment("2026-11-30", "09:00").await;
    node.restart_with(|rows| center(rows, "numberOfKiosks", &json!(1))).await;
    sync(&node).await.response();
    for (who, next) in [(&one, ("09:15:00", 1)), (&other, ("09:00:00", 1))] {
        node.put(&who.by, &format!("/appointment/{}", who.prid)).await.response();
        assert_eq!(slots(&node, "2026-11-30").await[0], (next.0.into(), next.1));
    }
}

/// I6
#[tokio::test]
async fn an_expired_appointment_does_not_outlive_its_slot() {
    let mut node = TestNode::authority().await;
    let expired = node.given_appointment("2026-11-30", "09:00").await;
    let path = format!("/applications/status/{}?statusCode=Expired", expired.prid);
    node.put(&expired.by, &path).await.response();
    node.restart_with(|rows| close(rows, "2026-11-30")).await;
    sync(&node).await.response();
    assert_eq!(node.status_of(&expired).await, "Pending_Appointment");
    let held = node.get(&expired.by, &format!("/appointment/{}", expired.prid)).await;
    held.is_refused("PRG_BOOK_RCI_013", "Booking data not found");
}

#[tokio::test]
async fn a_center_whose_seats_are_all_gone_lists_no_day() {
    let node = TestNode::with(|plan| {
        plan.set("preregistration.availability.sync", "2");
        plan.master(|rows| close(rows, "2026-11-24"));
    })
    .await;
    let listed = availability(&node, "10001").await.response();
    assert_eq!(listed["centerDetails"], json!([]));
}

/// I6
#[tokio::test]
async fn doors_that_move_cancel_what_falls_away_and_sell_what_is_added() {
    for lifecycle in [Lifecycle::V1_1, Lifecycle::V1_2] {
        let mut node = TestNode::with(of(lifecycle)).await;
        let booked = node.central_s(9);
        let mut doors = async |from: &str, opens: &str, closes: &str| {
            node.book(&booked, "2026-11-30", from).await.response();
            node.restart_with(|rows| {
                center(rows, "centerStartTime", &json!(opens));
                center(rows, "centerEndTime", &json!(closes));
            })
            .await;
            sync(&node).await.response();
            (node.status_of(&booked).await, slots(&node, "2026-11-30").await)
        };
        let (status, listed) = doors("10:00", "10:00:00", "18:00:00").await;
        assert_eq!(status, "Booked");
        assert_eq!(listed.len(), 28);
        assert_eq!(listed[0], ("10:00:00".into(), 7));
        assert_eq!(listed[27], ("17:45:00".into(), 8));

        let (status, listed) = doors("10:00", "10:15:00", "18:00:00").await;
        assert_eq!(status, lifecycle.after_cancel().as_str());
        assert_eq!(listed[0], ("10:15:00".into(), 8));
    }
}

/// I6
#[tokio::test]
async fn a_center_that_is_closed_for_good_cancels_its_bookings_and_no_other_s() {
    let mut node = TestNode::authority().await;
    let booked = node.given_appointment("2026-11-30", "09:00").await;
    node.restart_with(|rows| center(rows, "isActive", &json!(false))).await;
    sync(&node).await.response();
    assert_eq!(node.status_of(&booked).await, "Pending_Appointment");
    let text = "No available slots found for specified registration center";
    availability(&node, "10001").await.is_refused("PRG_BOOK_RCI_015", text);
    let reply = node.book(&booked, "2026-11-30", "09:00").await;
    reply.is_refused("PRG_BOOK_RCI_015", text);
    availability(&node, "10002").await.response();
}

/// I6
#[tokio::test]
async fn a_center_node_cancels_nobody_and_sells_no_more_of_a_closed_day() {
    let mut node = TestNode::cut_off_center(1).await;
    let booked = node.given_appointment("2026-11-30", "09:00").await;
    node.restart_with(|rows| close(rows, "2026-11-30")).await;
    sync(&node).await.response();
    assert_eq!(node.status_of(&booked).await, "Booked");
    assert_eq!(slots(&node, "2026-11-30").await, []);
}

#[tokio::test]
async fn a_midnight_that_passed_while_the_node_was_off_is_made_up_for() {
    let mut node = TestNode::authority().await;
    let booked = node.given_appointment("2026-11-24", "09:00").await;
    node.restart_after(SignedDuration::from_hours(72)).await;
    let path = format!("/applications/status/{}", booked.prid);
    let caught_up = async {
        loop {
            let reply = node.get(&node.officer(), &path).await.response();
            if reply["statusCode"] == "Expired" && slots(&node, "2026-12-26").await.len() == 28 {
                return;
            }
            tokio::task::yield_now().await;
        }
    };
    let patience = std::time::Duration::from_secs(60);
    tokio::time::timeout(patience, caught_up).await.expect("missed midnights are made up for");
}
