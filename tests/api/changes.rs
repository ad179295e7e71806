//! Changing applications: their data, their status, and that they are there at all; in both
//! lifecycles.

use jiff::SignedDuration;
use jiff::civil::{date, time};
use prereg_node::demo::residents::resident;
use prereg_node::domain::caller::Role;
use prereg_node::domain::ids::CenterId;
use prereg_node::domain::slot::{Appointment, Slot};
use prereg_node::domain::status::{Lifecycle, Status};
use serde_json::{Value, json};

use crate::demographic::{NO_APPLICATION, NOT_OWNER, UPDATE, identity, keys, send};
use crate::support::{
    Application, Reply, Session, TestNode, central_s_application, envelope, file,
};

const INVALID_STATUS: &str = "status code is invalid";

async fn in_1_2() -> TestNode {
    TestNode::with(|plan| plan.settings.rules.lifecycle = Lifecycle::V1_2).await
}

async fn update(node: &TestNode, who: &Session, prid: &str, identity: &Value) -> Reply {
    let request = json!({"langCode": "eng", "demographicDetails": {"identity": identity}});
    let body = envelope(UPDATE, node.now(), request);
    send(node, "PUT", who, &format!("/applications/{prid}"), &body).await
}

async fn delete(node: &TestNode, who: &Session, prid: &str) -> Reply {
    send(node, "DELETE", who, &format!("/applications/{prid}"), &json!(null)).await
}

async fn set_status(node: &TestNode, who: &Session, prid: &str, code: &str) -> Reply {
    let path = format!("/applications/prereg/status/{prid}?statusCode={code}");
    send(node, "PUT", who, &path, &json!({})).await
}

async fn upload(node: &TestNode, application: &Application, category: &str, kind: &str) {
    let request = json!({"docCatCode": category, "docTypCode": kind, "langCode": "eng"});
    let (who, prid) = (&application.by, &application.prid);
    node.upload(who, prid, request, "a.pdf", &file(100)).await.response();
}

/// Brings an application into a status of 1.2 by setting it.
async fn given_in(node: &TestNode, status: Status) -> Application {
    let application = node.given_application().await;
    set_status(node, &application.by, &application.prid, status.as_str()).await.response();
    application
}

#[tokio::test]
async fn what_differs_is_changed_and_what_was_sent_is_answered() {
    let node = TestNode::authority().await;
    let application = node.given_application_of(0).await;
    let mut changed = identity();
    changed["phone"] = json!("9000000099");
    changed.as_object_mut().unwrap().remove("email");
    node.wait(SignedDuration::from_secs(60));

    let reply = update(&node, &application.by, &application.prid, &changed).await;

    assert_eq!(reply.json()["id"], UPDATE);
    let told = reply.response();
    assert_eq!(
        keys(&told),
        [
            "createdDateTime",
            "demographicDetails",
            "langCode",
            "preRegistrationId",
            "statusCode",
            "updatedDateTime"
        ]
    );
    assert_eq!(told["createdDateTime"], "2026-11-23T08:00:11.204Z");
    assert_eq!(told["updatedDateTime"], "2026-11-23T08:01:11.204Z");
    assert_eq!(told["statusCode"], "Pending_Appointment");
    let path = format!("/applications/{}", application.prid);
    let read = node.get(&application.by, &path).await.response();
    assert_eq!(read["demographicDetails"], json!({"identity": changed}));
    assert_eq!(read["updatedDateTime"], told["updatedDateTime"]);
}

#[tokio::test]
async fn an_update_that_changes_nothing_leaves_the_time_of_the_last_one() {
    let node = TestNode::authority().await;
    let application = node.given_application_of(0).await;
    let body = json!({"langCode": resident(0).language,
                      "demographicDetails": {"identity": identity()}});
    node.wait(SignedDuration::from_secs(60));
    let path = format!("/applications/prereg/{}", application.prid);
    let body = envelope(UPDATE, node.now(), body);
    let told = send(&node, "PUT", &application.by, &path, &body).await.response();
    assert_eq!(told["updatedDateTime"], "2026-11-23T08:00:11.204Z");
}

#[tokio::test]
async fn an_update_is_checked_as_a_new_application_is_before_anybody_looks_for_the_old_one() {
    let node = TestNode::authority().await;
    let who = node.resident(0);
    let path = "/applications/97465075291709";
    let put = async |id: &str, request: Value| {
        let body = envelope(id, node.now(), request);
        send(&node, "PUT", &who, path, &body).await
    };
    let mut wrong = identity();
    wrong["phone"] = json!("12");
    wrong.as_object_mut().unwrap().remove("fullName");
    let sent =
        |identity: Value| json!({"langCode": "eng", "demographicDetails": {"identity": identity}});

    put("mosip.pre-registration.demographic.create", sent(identity()))
        .await
        .is_refused("PRG_PAM_CORE_001", "Request id is invalid");
    put(UPDATE, sent(wrong)).await.is_refused_for(&[
        ("KER-IOV-005", "Missing input parameter - identity/fullName"),
        ("KER-IOV-004", "Invalid input parameter - identity/phone"),
    ]);
    put(UPDATE, json!({"langCode": "xxx", "demographicDetails": {"identity": identity()}}))
        .await
        .is_refused("PRG_CORE_REQ_014", "Lang code is invalid");
    for unreadable in [json!("text"), json!([]), json!(5)] {
        let made = node
            .call(
                &who,
                "/applications",
                "mosip.pre-registration.demographic.create",
                sent(unreadable.clone()),
            )
            .await;
        made.is_refused("PRG_PAM_APP_007", "json parsing is failed");
        put(UPDATE, sent(unreadable)).await.is_refused("PRG_PAM_APP_007", "json parsing is failed");
    }
    put(UPDATE, json!({"langCode": []})).await.is_rejected(
        200,
        "PRG_CORE_REQ_015",
        "JSON parse error",
    );
    put(UPDATE, sent(identity())).await.is_refused(NO_APPLICATION.0, NO_APPLICATION.1);

    let mut faulty = envelope(UPDATE, node.now(), json!(null));
    faulty["version"] = json!("2");
    faulty["requesttime"] = json!("yesterday");
    send(&node, "PUT", &who, path, &faulty).await.is_refused_for(&[
        ("PRG_PAM_CORE_003", "Invalid request time"),
        ("PRG_PAM_CORE_002", "Request version is invalid"),
        ("PRG_PAM_CORE_004", "Request body is invalid"),
    ]);
    faulty["requesttime"] = json!("2026-11-22T08:00:00.000Z");
    faulty["version"] = json!("1.0");
    send(&node, "PUT", &who, path, &faulty).await.is_refused_for(&[
        ("PRG_CORE_REQ_013", "Request date should be current date"),
        ("PRG_PAM_CORE_004", "Request body is invalid"),
    ]);
}

/// I9
#[tokio::test]
async fn nobody_but_the_maker_changes_or_deletes_an_application_and_staff_set_its_status() {
    let node = TestNode::authority().await;
    let application = node.given_application().await;
    let prid = &application.prid;
    let identity = serde_json::to_value(resident(application.resident).identity).unwrap();
    for who in [node.resident(7), node.officer()] {
        update(&node, &who, prid, &identity).await.is_refused(NOT_OWNER.0, NOT_OWNER.1);
        delete(&node, &who, prid).await.is_refused(NOT_OWNER.0, NOT_OWNER.1);
    }
    let reply = set_status(&node, &node.resident(7), prid, "Expired").await;
    reply.is_refused(NOT_OWNER.0, NOT_OWNER.1);
    let admin = node.session("admin", &[Role::PreRegistrationAdmin]);
    set_status(&node, &admin, prid, "Expired").await.response();
    assert_eq!(node.status_of(&application).await, "Expired");
}

#[tokio::test]
async fn the_data_changes_in_every_status_of_1_1_and_the_status_stays() {
    let node = TestNode::authority().await;
    let application = node.given_appointment("2026-11-30", "09:00").await;
    let mut identity = serde_json::to_value(resident(application.resident).identity).unwrap();
    for (phone, status) in [("9000000001", "Booked"), ("9000000002", "Expired")] {
        set_status(&node, &application.by, &application.prid, status).await.response();
        identity["phone"] = json!(phone);
        update(&node, &application.by, &application.prid, &identity).await.response();
        assert_eq!(node.status_of(&application).await, status);
    }
}

#[tokio::test]
async fn an_appointment_closes_the_data_in_1_2() {
    let node = in_1_2().await;
    for (status, may) in [
        (Status::ApplicationIncomplete, true),
        (Status::Booked, false),
        (Status::Expired, false),
        (Status::Cancelled, false),
        (Status::Prefetched, false),
    ] {
        let application = given_in(&node, status).await;
        let mut identity = serde_json::to_value(resident(application.resident).identity).unwrap();
        identity["phone"] = json!("9000000003");
        let reply = update(&node, &application.by, &application.prid, &identity).await;
        if may {
            reply.response();
        } else {
            reply.is_refused("PRG_PAM_APP_022", "Application can not be updated!!");
        }
    }
}

/// I6
#[tokio::test]
async fn a_deleted_application_is_gone_with_its_documents_and_its_seat_is_free() {
    let node = TestNode::authority().await;
    let application = node.given_appointment("2026-11-30", "09:00").await;
    upload(&node, &application, "POI", "VIC").await;
    node.wait(SignedDuration::from_secs(5));

    let reply = delete(&node, &application.by, &application.prid).await;

    assert_eq!(reply.json()["id"], "mosip.pre-registration.demographic.delete");
    assert_eq!(
        reply.response(),
        json!({"preRegistrationId": application.prid, "deletedBy": application.by.user,
               "deletedDateTime": "2026-11-23T08:00:16.204+00:00"})
    );
    for path in ["/applications", "/applications/status", "/documents/preregistration"] {
        let reply = node.get(&application.by, &format!("{path}/{}", application.prid)).await;
        reply.is_refused(NO_APPLICATION.0, NO_APPLICATION.1);
    }
    let again = delete(&node, &application.by, &application.prid).await;
    again.is_refused(NO_APPLICATION.0, NO_APPLICATION.1);
    // As the node stops, it is counted that no seat is sold without a holder.
}

#[tokio::test]
async fn each_lifecycle_deletes_in_its_own_statuses() {
    let refused = ("PRG_PAM_APP_003", "delete operation is not allowed");
    let node = TestNode::authority().await;
    let application = given_in(&node, Status::Expired).await;
    let reply = delete(&node, &application.by, &application.prid).await;
    reply.is_refused(refused.0, refused.1);

    let node = in_1_2().await;
    for status in
        [Status::ApplicationIncomplete, Status::Booked, Status::Cancelled, Status::Prefetched]
    {
        let application = given_in(&node, status).await;
        delete(&node, &application.by, &application.prid).await.response();
    }
    let application = given_in(&node, Status::Expired).await;
    let reply = delete(&node, &application.by, &application.prid).await;
    reply.is_refused(refused.0, refused.1);
}

#[tokio::test]
async fn what_registration_has_consumed_is_no_longer_there_to_be_changed() {
    for lifecycle in [Lifecycle::V1_1, Lifecycle::V1_2] {
        let node = TestNode::with(|plan| {
            plan.settings.rules.lifecycle = lifecycle;
            plan.holds(central_s_application(9, Status::Consumed));
        })
        .await;
        let application = node.central_s(9);
        let (who, prid) = (&application.by, &application.prid);
        let identity = serde_json::to_value(resident(application.resident).identity).unwrap();
        let reply = update(&node, who, prid, &identity).await;
        reply.is_refused(NO_APPLICATION.0, NO_APPLICATION.1);
        delete(&node, who, prid).await.is_refused(NO_APPLICATION.0, NO_APPLICATION.1);
        let reply = set_status(&node, who, prid, "Booked").await;
        reply.is_refused(NO_APPLICATION.0, NO_APPLICATION.1);
    }
}

#[tokio::test]
async fn any_status_may_be_set_that_the_lifecycle_has() {
    let node = TestNode::authority().await;
    let application = node.given_application().await;
    let (who, prid) = (&application.by, &application.prid);
    for status in ["Booked", "Expired", "Pending_Appointment"] {
        let reply = set_status(&node, who, prid, status).await;
        assert_eq!(reply.json()["id"], "mosip.pre-registration.demographic.status.update");
        assert_eq!(reply.response(), "STATUS_UPDATED_SUCESSFULLY");
        assert_eq!(node.status_of(&application).await, status);
    }
    for status in
        ["booked", "Cancelled", "Application_Incomplete", "Document_Uploaded", "Consumed", "x"]
    {
        let reply = set_status(&node, who, prid, status).await;
        reply.is_refused("PRG_PAM_APP_005", INVALID_STATUS);
    }
    for status in ["", "%20"] {
        let reply = set_status(&node, who, prid, status).await;
        reply.is_refused("PRG_PAM_CORE_001", INVALID_STATUS);
    }
    let path = format!("/applications/status/{prid}");
    let reply = send(&node, "PUT", who, &path, &json!(null)).await;
    reply.is_refused("PRG_PAM_CORE_001", INVALID_STATUS);
    let reply = set_status(&node, who, "97465075291709", "Booked").await;
    reply.is_refused(NO_APPLICATION.0, NO_APPLICATION.1);
}

/// I6
#[tokio::test]
async fn a_status_without_an_appointment_gives_the_appointment_up() {
    let node = TestNode::authority().await;
    let application = node.given_appointment("2026-11-30", "09:00").await;
    let (who, prid) = (&application.by, &application.prid);
    set_status(&node, who, prid, "Pending_Appointment").await.response();
    let held = node.get(who, &format!("/appointment/{prid}")).await;
    held.is_refused("PRG_BOOK_RCI_013", "Booking data not found");
    node.book(&application, "2026-11-30", "09:15").await.response();
    // As the node stops, it is counted that the first seat is free again.
}

/// I6
#[tokio::test]
async fn an_expired_appointment_that_is_given_up_gives_its_seat_back() {
    for is_center in [false, true] {
        let node = TestNode::with(|plan| {
            if is_center {
                plan.cut_off_center(1);
            }
        })
        .await;
        let application = node.given_appointment("2026-11-30", "09:00").await;
        let (who, prid) = (&application.by, &application.prid);
        for _ in 0..2 {
            set_status(&node, who, prid, "Expired").await.response();
            set_status(&node, who, prid, "Pending_Appointment").await.response();
            node.book(&application, "2026-11-30", "09:00").await.response();
        }
        // As the node stops, it is counted that each seat that is sold has a holder.
    }
}

/// I6
#[tokio::test]
async fn a_center_takes_no_appointment_away_that_central_made() {
    let node = TestNode::with(|plan| {
        let mut application = central_s_application(9, Status::Booked);
        let slot = Slot {
            center: CenterId::new("10001"),
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
    let application = node.central_s(9);
    let (who, prid) = (&application.by, &application.prid);
    let reply = set_status(&node, who, prid, "Pending_Appointment").await;
    reply.is_refused("PRG_BOOK_RCI_002", "Availability not found for the selected time");
    assert_eq!(node.status_of(&application).await, "Booked");
}

#[tokio::test]
async fn an_application_is_pending_in_1_2_once_every_mandatory_document_is_there() {
    let node = in_1_2().await;
    let application = node.given_application_of(0).await;
    let (who, prid) = (&application.by, &application.prid);

    let reply = set_status(&node, who, prid, "Pending_Appointment").await;
    let text = "Failed to update status to pending appointment";
    reply.is_refused_with("STATUS_NOT_UPDATED_SUCESSFULLY", "PRG_PAM_APP_023", text);
    assert_eq!(node.status_of(&application).await, "Application_Incomplete");

    for paper in &resident(0).documents {
        upload(&node, &application, paper.category, paper.document_type).await;
    }
    set_status(&node, who, prid, "Pending_Appointment").await.response();
    assert_eq!(node.status_of(&application).await, "Pending_Appointment");
    let own = node.get(who, "/applications?type=NEW_PREREGISTRATION").await.response();
    assert_eq!(own["allApplications"][0]["applicationStatusCode"], "SUBMITTED");
    node.book(&application, "2026-11-30", "09:00").await.response();
}

#[tokio::test]
async fn a_center_shows_what_was_changed_of_central_s_application_at_once() {
    let node = TestNode::with(|plan| {
        plan.cut_off_center(1);
        plan.holds(central_s_application(3, Status::PendingAppointment));
    })
    .await;
    let application = node.central_s(3);
    let mut identity = serde_json::to_value(resident(3).identity).unwrap();
    identity["phone"] = json!("9000000004");
    update(&node, &application.by, &application.prid, &identity).await.response();
    let path = format!("/applications/{}", application.prid);
    let read = node.get(&application.by, &path).await.response();
    assert_eq!(read["demographicDetails"]["identity"]["phone"], "9000000004");

    delete(&node, &application.by, &application.prid).await.response();
    let read = node.get(&application.by, &path).await;
    read.is_refused(NO_APPLICATION.0, NO_APPLICATION.1);
}
