//! What is done each night, or when the administrator says so: appointments expire, and what
//! registration took over is moved away.

use jiff::SignedDuration;
use prereg_node::domain::caller::Role;
use prereg_node::domain::status::{Lifecycle, Status};
use serde_json::{Value, json};

use crate::support::{Application, Reply, TestNode, central_s_application, envelope};

const STORE: &str = "mosip.pre-registration.datasync.store";

const NOTHING: (&str, &str) = ("PRG_PAM_BAT_001", "No pre-registration id found to update status");
const NOT_VALID: (&str, &str) =
    ("PRG_DATA_SYNC_011", "requested preregistration ids are not valid");

async fn expire(node: &TestNode) -> Reply {
    node.put(&node.admin(), "/batch/expiredStatus").await
}

async fn move_consumed(node: &TestNode) -> Reply {
    node.put(&node.admin(), "/batch/consumedStatus").await
}

/// Waits until the jobs that a start runs are over: an order comes after them.
async fn rested(node: &TestNode) {
    move_consumed(node).await.is_refused(NOTHING.0, NOTHING.1);
}

/// Tells the node, as the registration processor does, who was consumed.
async fn tell(node: &TestNode, prids: Value) -> Reply {
    let processor = node.session("processor", &[Role::RegistrationProcessor]);
    let request = json!({"preRegistrationIds": prids});
    node.call(&processor, "/sync/consumedPreRegIds", STORE, request).await
}

/// Returns the status as staff reads it: a resident's token lasts a day.
async fn status(node: &TestNode, application: &Application) -> Option<String> {
    let path = format!("/applications/status/{}", application.prid);
    let reply = node.get(&node.officer(), &path).await;
    reply.json()["response"]["statusCode"].as_str().map(str::to_owned)
}

async fn until(node: &TestNode, application: &Application, wanted: Option<&str>) {
    let changed = async {
        while status(node, application).await.as_deref() != wanted {
            tokio::task::yield_now().await;
        }
    };
    let patience = std::time::Duration::from_secs(60);
    tokio::time::timeout(patience, changed).await.expect("the job is run at midnight");
}

#[tokio::test]
async fn an_appointment_expires_at_the_midnight_after_its_day() {
    for lifecycle in [Lifecycle::V1_1, Lifecycle::V1_2] {
        let node = TestNode::with(|plan| {
            plan.settings.rules.lifecycle = lifecycle;
            plan.holds(central_s_application(9, Status::PendingAppointment));
        })
        .await;
        let application = node.central_s(9);
        node.book(&application, "2026-11-24", "09:00").await.response();
        node.wait(SignedDuration::from_hours(24)); // its own day
        expire(&node).await.is_refused(NOTHING.0, NOTHING.1);
        assert_eq!(status(&node, &application).await.as_deref(), Some("Booked"));

        node.wait(SignedDuration::from_hours(24));

        until(&node, &application, Some("Expired")).await;
        // An expired appointment may be replaced, in either lifecycle.
        let again = Application { by: node.resident(9), ..application };
        node.book(&again, "2026-11-30", "09:00").await.response();
    }
}

/// I7
#[tokio::test]
async fn when_the_clock_has_jumped_appointments_expire_by_the_administrator_s_word_alone() {
    let node = TestNode::authority().await;
    rested(&node).await;
    let application = node.given_appointment("2026-11-24", "09:00").await;
    let later = node.given_appointment("2026-12-23", "09:00").await;
    node.wait(SignedDuration::from_hours(24 * 40));
    // Seats on sale show that the jobs had their turn at the new time.
    let path = "/appointment/availability/10001";
    let on_sale = async {
        while node.get(&node.resident(0), path).await.error_code().is_some() {
            tokio::task::yield_now().await;
        }
    };
    let patience = std::time::Duration::from_secs(60);
    tokio::time::timeout(patience, on_sale).await.expect("the days to come go on sale");
    assert_eq!(status(&node, &application).await.as_deref(), Some("Booked"));

    let reply = expire(&node).await;

    assert_eq!(reply.json()["id"], "mosip.pre-registration.batchjob.service.expired");
    assert_eq!(reply.response(), "Registration appointment status updated to expired successfully");
    for application in [&application, &later] {
        assert_eq!(status(&node, application).await.as_deref(), Some("Expired"));
    }
    expire(&node).await.is_refused(NOTHING.0, NOTHING.1);
    // The administrator has vouched for the clock, so the next night is an ordinary one.
    let next = Application { by: node.resident(0), ..application };
    node.book(&next, "2027-01-04", "09:00").await.response();
    node.wait(SignedDuration::from_hours(72));
    until(&node, &next, Some("Expired")).await;
}

#[tokio::test]
async fn what_registration_took_over_is_moved_away_and_shown_by_no_service() {
    let node = TestNode::authority().await;
    let taken = node.given_appointment("2026-11-30", "09:00").await;
    let other = node.given_appointment("2026-11-30", "09:00").await;
    rested(&node).await;

    // Twice named is once noted, and one that is not here is left out.
    let prids = json!([taken.prid, "97465075291709", "x", taken.prid]);
    let reply = tell(&node, prids.clone()).await;

    assert_eq!(reply.json()["id"], STORE);
    let told = reply.response();
    assert_eq!(told["preRegistrationIds"], json!([taken.prid]));
    assert_eq!(told["countOfStoredPreRegIds"], "1");
    assert_eq!(told["countOfPreRegIds"], "1");
    assert_eq!(told["transactionId"].as_str().map(str::len), Some(36));
    // Told again before it is moved, it is noted again, and nothing more.
    tell(&node, prids).await.response();
    assert_eq!(node.status_of(&taken).await, "Booked", "until the job runs");

    let reply = move_consumed(&node).await;

    assert_eq!(reply.json()["id"], "mosip.pre-registration.batchjob.service.consumed");
    assert_eq!(reply.response(), "Demographic status to consumed updated successfully");
    move_consumed(&node).await.is_refused(NOTHING.0, NOTHING.1);
    for path in ["/applications", "/applications/status", "/appointment"] {
        let reply = node.get(&taken.by, &format!("{path}/{}", taken.prid)).await;
        reply.is_refused("PRG_PAM_APP_005", "No data found for the requested pre-registration id");
    }
    let path = "/appointment/preRegistrationId/10001?from_date=2026-11-30";
    let listed = node.get(&node.officer(), path).await.response();
    assert_eq!(listed["pre_registration_ids"], json!([other.prid]));
    tell(&node, json!([taken.prid])).await.is_refused(NOT_VALID.0, NOT_VALID.1);
}

#[tokio::test]
async fn a_consumed_application_s_seat_is_not_sold_again() {
    let node = TestNode::authority().await;
    rested(&node).await;
    let taken = node.given_appointment("2026-11-30", "09:00").await;
    tell(&node, json!([taken.prid])).await.response();
    move_consumed(&node).await.response();
    let path = "/appointment/availability/10001";
    let listed = node.get(&node.resident(9), path).await.response();
    let days = listed["centerDetails"].as_array().unwrap();
    let day = days.iter().find(|day| day["date"] == "2026-11-30").unwrap();
    assert_eq!(day["timeSlots"][0]["availability"], 7);
}

#[tokio::test]
async fn what_was_told_during_the_day_is_moved_at_midnight() {
    let node = TestNode::authority().await;
    let taken = node.given_appointment("2026-11-30", "09:00").await;
    tell(&node, json!([taken.prid])).await.response();
    node.wait(SignedDuration::from_hours(24));
    until(&node, &taken, None).await;
}

#[tokio::test]
async fn in_1_1_only_who_was_booked_counts_as_consumed_and_in_1_2_anybody() {
    let node = TestNode::authority().await;
    let application = node.given_application().await;
    for prids in [json!([application.prid]), json!([]), json!(["97465075291709"]), json!(null)] {
        tell(&node, prids).await.is_refused(NOT_VALID.0, NOT_VALID.1);
    }
    let many: Vec<String> = (0..1001).map(|_| application.prid.clone()).collect();
    tell(&node, json!(many)).await.is_refused(NOT_VALID.0, NOT_VALID.1);

    let node = TestNode::with(|plan| plan.settings.rules.lifecycle = Lifecycle::V1_2).await;
    rested(&node).await;
    let application = node.given_application().await;
    let told = tell(&node, json!([application.prid])).await.response();
    assert_eq!(told["countOfStoredPreRegIds"], "1");
    move_consumed(&node).await.response();
    assert_eq!(status(&node, &application).await, None);
}

#[tokio::test]
async fn who_tells_of_consumed_applications_hears_the_first_fault_of_the_envelope() {
    let node = TestNode::authority().await;
    let officer = node.officer();
    let request = json!({"preRegistrationIds": ["97465075291709"]});
    let id = "mosip.pre-registration.datasync.fetch.ids";
    let reply = node.call(&officer, "/sync/consumedPreRegIds", id, request).await;
    reply.is_refused("PRG_PAM_CORE_001", "Request id is invalid");
    for (member, value, code, text) in [
        ("requesttime", json!(null), "PRG_PAM_CORE_003", "Invalid request time"),
        (
            "requesttime",
            json!("2026-11-22T23:59:59.999Z"),
            "PRG_CORE_REQ_013",
            "Request date should be current date",
        ),
        ("version", json!("2.0"), "PRG_PAM_CORE_002", "Request version is invalid"),
        ("request", json!(null), "PRG_PAM_CORE_004", "Request body is invalid"),
    ] {
        let mut faulty = envelope(STORE, node.now(), json!({"preRegistrationIds": ["x"]}));
        faulty[member] = value;
        let reply = node.post(&officer, "/sync/consumedPreRegIds", &faulty).await;
        reply.is_refused(code, text);
    }
    let reply = tell(&node, json!("x")).await;
    reply.is_rejected(200, "PRG_CORE_REQ_015", "JSON parse error");
}

/// A center node's view is central's: nothing expires or leaves it by its own clock.
#[tokio::test]
async fn on_a_center_node_the_jobs_cancel_and_move_nothing() {
    let node = TestNode::cut_off_center(1).await;
    let application = node.given_appointment("2026-11-24", "09:00").await;
    tell(&node, json!([application.prid])).await.response();
    node.wait(SignedDuration::from_hours(48));
    expire(&node).await.is_refused(NOTHING.0, NOTHING.1);
    move_consumed(&node).await.is_refused(NOTHING.0, NOTHING.1);
    assert_eq!(status(&node, &application).await.as_deref(), Some("Booked"));
}
