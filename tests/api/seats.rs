//! Seats under contention: whatever residents do at once, no seat is sold twice and none is lost.

use futures_util::future::join_all;
use prereg_node::demo::country;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};

use crate::support::{Application, Reply, TestNode};

const BOOK: &str = "mosip.pre-registration.booking.book";
const DAY: &str = "2026-11-30";

/// Residents, each with two applications.
const RESIDENTS: usize = 50;
/// Slots they want, of a quarter of an hour each, from nine on.
const SLOTS: usize = 10;
/// Seats of each slot: far fewer than there are applications.
const SEATS: u32 = 3;

/// What a resident does.
#[derive(Clone, Copy, Debug)]
enum Step {
    /// Books the slot for the first application, or moves its appointment there.
    Book(usize),
    /// Books two slots, one for each application, or none.
    Both(usize, usize),
    /// Cancels the appointment of the first application.
    Cancel,
    /// Deletes the booking of the second one.
    Delete,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0..SLOTS).prop_map(Step::Book),
        2 => (0..SLOTS, 0..SLOTS).prop_map(|(one, other)| Step::Both(one, other)),
        2 => Just(Step::Cancel),
        1 => Just(Step::Delete),
    ]
}

fn time(slot: usize) -> String {
    format!("{:02}:{:02}:00", 9 + slot / 4, slot % 4 * 15)
}

fn wish(slot: usize) -> Value {
    json!({"registration_center_id": country::CENTER, "appointment_date": DAY,
           "time_slot_from": time(slot), "time_slot_to": time(slot + 1)})
}

async fn take(node: &TestNode, [one, other]: &[Application; 2], step: Step) -> Reply {
    match step {
        Step::Book(slot) => {
            let path = format!("/appointment/{}", one.prid);
            node.call(&one.by, &path, BOOK, wish(slot)).await
        }
        Step::Both(first, second) => {
            let mut wishes = [wish(first), wish(second)];
            wishes[0]["preRegistrationId"] = json!(one.prid);
            wishes[1]["preRegistrationId"] = json!(other.prid);
            node.call(&one.by, "/appointment", BOOK, json!({"bookingRequest": wishes})).await
        }
        Step::Cancel => node.put(&one.by, &format!("/appointment/{}", one.prid)).await,
        Step::Delete => {
            let path = format!("/appointment?preRegistrationId={}", other.prid);
            node.delete(&other.by, &path).await
        }
    }
}

/// Returns the seats that are left of each slot, as they are listed.
async fn left(node: &TestNode) -> Vec<u64> {
    let path = format!("/appointment/availability/{}", country::CENTER);
    let listed = node.get(&node.resident(0), &path).await.response();
    let days = listed["centerDetails"].as_array().unwrap();
    let day = days.iter().find(|day| day["date"] == DAY).unwrap();
    let slots = day["timeSlots"].as_array().unwrap();
    let seats = |slot: usize| {
        let listed = slots.iter().find(|listed| listed["fromTime"] == time(slot));
        listed.map_or(0, |listed| listed["availability"].as_u64().unwrap())
    };
    (0..SLOTS).map(seats).collect()
}

/// Returns the start of the slot that an application holds.
async fn held(node: &TestNode, application: &Application) -> Option<String> {
    let reply = node.get(&application.by, &format!("/appointment/{}", application.prid)).await;
    let from = reply.json()["response"]["time_slot_from"].as_str().map(str::to_owned);
    assert_eq!(from.is_some(), node.status_of(application).await == "Booked", "{reply:?}");
    from.map(|from| format!("{from}:00"))
}

/// Lets everybody do their first step at once, then their second, and so on; then looks at every
/// seat and every appointment.
async fn contend(plans: &[Vec<Step>]) {
    let node = TestNode::cut_off_center(SEATS).await;
    let mut people = Vec::new();
    for number in 0..plans.len() {
        people.push([
            node.given_application_of(number).await,
            node.given_application_of(number).await,
        ]);
    }
    let rounds = plans.iter().map(Vec::len).max().unwrap_or(0);
    for round in 0..rounds {
        let steps = people
            .iter()
            .zip(plans)
            .filter_map(|(own, plan)| Some(take(&node, own, *plan.get(round)?)));
        for reply in join_all(steps).await {
            // A full slot, nothing to cancel, nothing to delete; and nothing else.
            assert!(
                matches!(
                    reply.error_code().as_deref(),
                    None | Some("PRG_BOOK_RCI_002" | "PRG_BOOK_RCI_013")
                ),
                "{reply:?}"
            );
        }
    }
    let mut sold = [0_u64; SLOTS];
    for application in people.iter().flatten() {
        if let Some(from) = held(&node, application).await {
            sold[(0..SLOTS).find(|slot| time(*slot) == from).unwrap()] += 1;
        }
    }
    for (sold, left) in sold.iter().zip(left(&node).await) {
        assert_eq!(sold + left, u64::from(SEATS), "each seat is held once or for sale");
    }
}

/// I6
#[test]
fn whatever_fifty_residents_do_at_once_each_seat_is_held_once_or_for_sale() {
    let plans = prop::collection::vec(prop::collection::vec(step(), 1..4), RESIDENTS);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    // A case is a whole node and some three hundred requests, so few of them, and none made smaller:
    // who gets the last seat differs from run to run.
    let config = Config { cases: 3, max_shrink_iters: 0, ..Config::default() };
    TestRunner::new(config)
        .run(&plans, |plans| {
            runtime.block_on(contend(&plans));
            Ok(())
        })
        .unwrap();
}
