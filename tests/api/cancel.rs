//! Appointments that are given up: by the resident, the administrator, the batch, and with the booking
//! itself.

use jiff::SignedDuration;
use jiff::civil::date;
use prereg_node::domain::caller::Role;
use prereg_node::domain::ids::CenterId;
use prereg_node::domain::slot::{Appointment, Slot};
use prereg_node::domain::status::{Lifecycle, Status};
use serde_json::Value;

use crate::support::{Application, Plan, Reply, Session, TestNode, central_s_application};

const CANCEL: &str = "mosip.pre-registration.appointment.cancel";

const NO_APPOINTMENT: (&str, &str) = ("PRG_BOOK_RCI_013", "Booking data not found");
const NOT_BOOKED: (&str, &str) = ("PRG_BOOK_RCI_018", "Appointment cannot be canceled");
const NO_APPLICATION: (&str, &str) =
    ("PRG_PAM_APP_005", "No data found for the requested pre-registration id");
const NOT_OWNER: (&str, &str) =
    ("PRG_PAM_APP_017", "Requested preregistration id does not belong to the user");
const NO_PRID: (&str, &str) = ("PRG_BOOK_RCI_006", "Preregistration id not entered");

/// The ways to cancel, whether they ask how late it is, and who goes them.
const WAYS: [&str; 4] = ["/appointment", "/applications/appointment", BATCH, INTERNAL];
const BATCH: &str = "/batch/appointment";
const INTERNAL: &str = "/internal/applications/appointment";

fn who(node: &TestNode, way: &str, application: &Application) -> Session {
    if way == BATCH { node.admin() } else { application.by.clone() }
}

async fn cancel(node: &TestNode, way: &str, application: &Application) -> Reply {
    node.put(&who(node, way, application), &format!("{way}/{}", application.prid)).await
}

/// Returns how many seats the slot has that starts then, as they are listed.
async fn seats(node: &TestNode, day: &str, from: &str) -> Option<u64> {
    let path = "/appointment/availability/10001";
    let listed = node.get(&node.resident(0), path).await.response();
    let days = listed["centerDetails"].as_array().unwrap();
    let slots = days.iter().find(|listed| listed["date"] == day)?["timeSlots"].as_array().unwrap();
    slots.iter().find(|slot| slot["fromTime"] == from)?["availability"].as_u64()
}

/// I6
#[tokio::test]
async fn a_cancelled_appointment_gives_its_seat_back_and_may_be_booked_again() {
    let node = TestNode::authority().await;
    for way in WAYS {
        let application = node.given_appointment("2026-11-30", "09:00").await;
        assert_eq!(seats(&node, "2026-11-30", "09:00:00").await, Some(7));

        let reply = cancel(&node, way, &application).await;

        assert_eq!(reply.json()["id"], CANCEL);
        let told = reply.response();
        assert!(matches!(&told["transactionId"], Value::String(id) if id.len() == 36));
        assert_eq!(
            told["message"],
            "Appointment for the selected application has been successfully cancelled"
        );
        assert_eq!(seats(&node, "2026-11-30", "09:00:00").await, Some(8));
        assert_eq!(node.status_of(&application).await, "Pending_Appointment");
        cancel(&node, way, &application).await.is_refused(NO_APPOINTMENT.0, NO_APPOINTMENT.1);
        node.book(&application, "2026-11-30", "10:00").await.response();
        assert_eq!(node.status_of(&application).await, "Booked");
    }
}

#[tokio::test]
async fn in_1_2_a_cancelled_application_stays_cancelled_until_it_is_booked_again() {
    let node = TestNode::with(|plan| {
        plan.settings.rules.lifecycle = Lifecycle::V1_2;
        from_central(plan, Status::PendingAppointment, None);
    })
    .await;
    let application = node.central_s(9);
    for way in WAYS {
        node.book(&application, "2026-11-30", "09:00").await.response();
        cancel(&node, way, &application).await.response();
        assert_eq!(node.status_of(&application).await, "Cancelled");
        cancel(&node, way, &application).await.is_refused(NOT_BOOKED.0, NOT_BOOKED.1);
    }
}

#[tokio::test]
async fn what_cannot_be_cancelled_is_told_by_its_status() {
    for (lifecycle, status, (code, text)) in [
        (Lifecycle::V1_1, Status::PendingAppointment, NO_APPOINTMENT),
        (Lifecycle::V1_1, Status::Expired, NOT_BOOKED),
        (Lifecycle::V1_1, Status::Consumed, NOT_BOOKED),
        (Lifecycle::V1_2, Status::PendingAppointment, NO_APPOINTMENT),
        (Lifecycle::V1_2, Status::ApplicationIncomplete, NO_APPOINTMENT),
        (Lifecycle::V1_2, Status::Expired, NOT_BOOKED),
        (Lifecycle::V1_2, Status::Cancelled, NOT_BOOKED),
        (Lifecycle::V1_2, Status::Prefetched, NOT_BOOKED),
    ] {
        let node = TestNode::with(|plan| {
            plan.settings.rules.lifecycle = lifecycle;
            from_central(plan, status, None);
        })
        .await;
        for way in WAYS {
            cancel(&node, way, &node.central_s(9)).await.is_refused(code, text);
        }
    }
}

#[tokio::test]
async fn an_appointment_is_cancelled_by_its_maker_or_the_administrator() {
    let node = TestNode::authority().await;
    let mut application = node.given_appointment("2026-11-30", "09:00").await;
    let maker = std::mem::replace(&mut application.by, node.resident(9));
    for way in ["/appointment", "/applications/appointment", INTERNAL] {
        cancel(&node, way, &application).await.is_refused(NOT_OWNER.0, NOT_OWNER.1);
        application.by = node.admin();
        cancel(&node, way, &application).await.response();
        application.by = maker.clone();
        node.book(&application, "2026-11-30", "09:00").await.response();
        application.by = node.resident(9);
    }
    let supervisor = node.session("supervisor", &[Role::RegistrationSupervisor]);
    node.put(&supervisor, &format!("{BATCH}/{}", application.prid)).await.response();
}

#[tokio::test]
async fn what_names_no_application_cancels_nothing() {
    let node = TestNode::authority().await;
    let application = node.given_application().await;
    for way in WAYS {
        for prid in ["97465075291709", "x"] {
            let nowhere = Application { prid: prid.into(), ..application.clone() };
            let reply = cancel(&node, way, &nowhere).await;
            reply.is_refused(NO_APPLICATION.0, NO_APPLICATION.1);
        }
        let blank = Application { prid: "%20".into(), ..application.clone() };
        cancel(&node, way, &blank).await.is_refused(NO_PRID.0, NO_PRID.1);
    }
}

#[tokio::test]
async fn an_appointment_within_the_hour_is_cancelled_by_the_batch_alone() {
    let node = TestNode::authority().await;
    let application = node.given_appointment("2026-11-23", "09:00").await; // 59 minutes ahead
    let own = cancel(&node, "/appointment", &application).await;
    own.is_refused("PRG_BOOK_RCI_026", "Booking status cannot be altered");
    for way in ["/applications/appointment", INTERNAL] {
        let reply = cancel(&node, way, &application).await;
        reply.is_refused("PRG_BOOK_RCI_026", "Appointment cancelling cannot be done within 1hours");
    }
    assert_eq!(node.status_of(&application).await, "Booked");
    cancel(&node, BATCH, &application).await.response();
}

#[tokio::test]
async fn in_1_2_an_appointment_may_be_cancelled_until_the_country_says_otherwise() {
    for (hours, refused) in [("0", false), ("24", true)] {
        let node = TestNode::with(|plan| {
            plan.settings.rules.lifecycle = Lifecycle::V1_2;
            plan.set("preregistration.timespan.cancel", hours);
            from_central(plan, Status::PendingAppointment, None);
        })
        .await;
        let application = node.central_s(9);
        node.book(&application, "2026-11-23", "09:00").await.response();
        node.wait(SignedDuration::from_mins(70)); // it has begun
        let reply = cancel(&node, "/appointment", &application).await;
        if refused {
            reply.is_refused("PRG_BOOK_RCI_026", "Booking status cannot be altered");
        } else {
            reply.response();
        }
    }
}

/// I6
#[tokio::test]
async fn a_center_cannot_cancel_a_seat_that_central_sold() {
    let node = TestNode::with(|plan| from_central(plan, Status::Booked, Some("09:00:00"))).await;
    node.given_appointment("2026-11-30", "09:00").await;
    let application = node.central_s(9);
    for way in ["/appointment", BATCH] {
        let reply = cancel(&node, way, &application).await;
        reply.is_refused("PRG_BOOK_RCI_002", "Availability not found for the selected time");
    }
    let reply = cancel(&node, INTERNAL, &application).await;
    assert_eq!(reply.codes(), ["PRG_BOOK_RCI_002"]);
    let reply = remove(&node, &application.by, &application).await;
    reply.is_refused("PRG_BOOK_RCI_002", "Availability not found for the selected time");
    assert_eq!(seats(&node, "2026-11-30", "09:00:00").await, None);
    // One that this center sold it takes back.
    node.book(&application, "2026-11-30", "10:00").await.response();
    cancel(&node, "/appointment", &application).await.response();
    assert_eq!(seats(&node, "2026-11-30", "10:00:00").await, Some(1));
}

async fn remove(node: &TestNode, who: &Session, application: &Application) -> Reply {
    let path = format!("/appointment?preRegistrationId={}", application.prid);
    node.delete(who, &path).await
}

/// I6
#[tokio::test]
async fn a_booking_that_is_deleted_names_who_had_booked_and_gives_the_seat_back() {
    for lifecycle in [Lifecycle::V1_1, Lifecycle::V1_2] {
        let node = TestNode::with(|plan| {
            plan.settings.rules.lifecycle = lifecycle;
            from_central(plan, Status::PendingAppointment, None);
        })
        .await;
        let application = node.central_s(9);
        remove(&node, &application.by, &application)
            .await
            .is_refused(NO_APPOINTMENT.0, NO_APPOINTMENT.1);
        for who in [application.by.clone(), node.admin()] {
            node.book(&application, "2026-11-30", "09:00").await.response();
            assert_eq!(seats(&node, "2026-11-30", "09:00:00").await, None);

            let reply = remove(&node, &who, &application).await;

            assert_eq!(reply.json()["id"], "mosip.preregistration.booking.delete");
            let told = reply.response();
            assert_eq!(told["preRegistrationId"], application.prid);
            assert_eq!(told["deletedBy"], application.by.user);
            assert_eq!(told["deletedDateTime"], "2026-11-23T08:00:11.204+00:00");
            assert_eq!(seats(&node, "2026-11-30", "09:00:00").await, Some(1));
            assert_eq!(node.status_of(&application).await, lifecycle.after_cancel().as_str());
        }
    }
}

#[tokio::test]
async fn a_booking_is_deleted_by_its_maker_or_the_administrator() {
    let node = TestNode::authority().await;
    let application = node.given_appointment("2026-11-30", "09:00").await;
    let other = node.resident(9);
    remove(&node, &other, &application).await.is_refused(NOT_OWNER.0, NOT_OWNER.1);
    for prid in ["97465075291709", "x"] {
        let nowhere = Application { prid: prid.into(), ..application.clone() };
        let reply = remove(&node, &other, &nowhere).await;
        reply.is_refused(NO_APPLICATION.0, NO_APPLICATION.1);
    }
    node.delete(&other, "/appointment").await.is_refused(NO_PRID.0, NO_PRID.1);
    let portal = node.delete(&other, "/applications/appointment?preRegistrationId=").await;
    portal.is_refused("PRG_APP_013", "preRegistrationId cannot be empty.");
    let portal = format!("/applications/appointment?preRegistrationId={}", application.prid);
    node.delete(&application.by, &portal).await.response();
}

/// Puts an application of the resident 9 into the replica of a cut-off center with one kiosk of its
/// own, as central's word.
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
