//! Applications of every kind: those for a lost UIN or an update, which have no data, and the lists in
//! which all kinds stand.

use jiff::SignedDuration;
use prereg_node::demo::country;
use prereg_node::domain::status::Lifecycle;
use serde_json::{Value, json};

use crate::demographic::{NO_APPLICATION, create, identity, keys, send};
use crate::support::{Application, Reply, Session, TestNode, envelope};

const NOT_THEIRS: (&str, &str) =
    ("PRG_APP_015", "Requested application id does not belong to the user");
const NO_RECORD: (&str, &str) = ("PRG_PAM_APP_005", "No record found for the requested user id");

/// The kinds without data: path, ids of making and deleting, and the word for the kind.
const KINDS: [(&str, &str, &str, &str); 2] = [
    (
        "/applications/lostuin",
        "mosip.pre-registration.lostuin.create",
        "mosip.pre-registration.lostuin.delete",
        "LOST_FORGOTTEN_UIN",
    ),
    (
        "/applications/updateregistration",
        "mosip.pre-registration.updateregistration.create",
        "mosip.pre-registration.updateregistration.delete",
        "UPDATE_REGISTRATION",
    ),
];

async fn given_other(node: &TestNode, number: usize, kind: usize) -> Application {
    let by = node.resident(number);
    let made = node.call(&by, KINDS[kind].0, KINDS[kind].1, json!({"langCode": "eng"})).await;
    let prid = made.response()["applicationId"].as_str().unwrap().to_owned();
    Application { prid, by, resident: number }
}

async fn delete(node: &TestNode, who: &Session, path: &str, prid: &str) -> Reply {
    send(node, "DELETE", who, &format!("{path}/{prid}"), &json!(null)).await
}

#[tokio::test]
async fn an_application_without_data_may_book_at_once_in_either_lifecycle() {
    for lifecycle in [Lifecycle::V1_1, Lifecycle::V1_2] {
        let node = TestNode::with(|plan| plan.settings.rules.lifecycle = lifecycle).await;
        for (kind, (path, create, _, word)) in KINDS.into_iter().enumerate() {
            let who = node.resident(kind);
            let reply = node.call(&who, path, create, json!({"langCode": "eng"})).await;
            assert_eq!(reply.json()["id"], create);
            let made = reply.response();
            let prid = made["applicationId"].as_str().unwrap();
            assert_eq!(
                made,
                json!({"applicationId": prid, "createdBy": who.user,
                       "createdDateTime": "2026-11-23T08:00:11.204Z", "updatedBy": who.user,
                       "updatedDateTime": "2026-11-23T08:00:11.204Z",
                       "applicationStatusCode": "SUBMITTED",
                       "bookingStatusCode": "Pending_Appointment", "langCode": "eng",
                       "bookingType": word})
            );
            let application =
                Application { prid: prid.to_owned(), by: who.clone(), resident: kind };
            node.book(&application, "2026-11-30", "09:30").await.response();

            let told = node.get(&who, &format!("/applications/{prid}")).await;
            assert_eq!(told.json()["id"], "mosip.preregistration.applications.detail.info");
            assert_eq!(
                told.response(),
                json!({"applicationId": prid, "bookingType": word, "bookingStatusCode": "Booked",
                       "applicationStatusCode": "SUBMITTED", "appointmentDate": "2026-11-30",
                       "bookingDate": "2026-11-23", "registrationCenterId": country::CENTER,
                       "slotFromTime": "09:30:00", "slotToTime": "09:45:00",
                       "contactInfo": who.user, "crBy": who.user,
                       "crDtime": "2026-11-23T08:00:11.204", "updBy": who.user,
                       "updDtime": "2026-11-23T08:00:11.204"})
            );
            assert_eq!(node.status_of(&application).await, "Booked");
        }
    }
}

#[tokio::test]
async fn an_application_without_data_is_none_to_who_asks_for_data() {
    let node = TestNode::authority().await;
    let lost = given_other(&node, 0, 0).await;
    for path in ["/applications/prereg", "/applications/prereg/info"] {
        let reply = node.get(&lost.by, &format!("{path}/{}", lost.prid)).await;
        reply.is_refused(NO_APPLICATION.0, NO_APPLICATION.1);
    }
    let request = json!({"langCode": "eng", "demographicDetails": {"identity": identity()}});
    let body = envelope(crate::demographic::UPDATE, node.now(), request);
    let reply = send(&node, "PUT", &lost.by, &format!("/applications/{}", lost.prid), &body).await;
    reply.is_refused(NO_APPLICATION.0, NO_APPLICATION.1);
    let path = format!("/applications/status/{}?statusCode=Booked", lost.prid);
    let reply = send(&node, "PUT", &lost.by, &path, &body).await;
    reply.is_refused(NO_APPLICATION.0, NO_APPLICATION.1);
    let reply = delete(&node, &lost.by, "/applications", &lost.prid).await;
    reply.is_refused("PRG_APP_016", "Invalid booking type");
}

/// I6
#[tokio::test]
async fn an_application_without_data_is_deleted_by_its_maker_as_what_it_is() {
    let node = TestNode::authority().await;
    for (kind, (path, _, id, _)) in KINDS.into_iter().enumerate() {
        let other_kind = KINDS[1 - kind].0;
        let application = given_other(&node, kind, kind).await;
        let (who, prid) = (&application.by, &application.prid);
        node.book(&application, "2026-11-30", "10:00").await.response();

        for stranger in [node.resident(7), node.officer()] {
            let reply = delete(&node, &stranger, path, prid).await;
            reply.is_refused(NOT_THEIRS.0, NOT_THEIRS.1);
        }
        delete(&node, who, other_kind, prid).await.is_refused(NO_RECORD.0, NO_RECORD.1);

        let reply = delete(&node, who, path, prid).await;
        assert_eq!(reply.json()["id"], id);
        assert_eq!(
            reply.response(),
            json!({"applicationId": prid, "deletedBy": who.user,
                   "deletedDateTime": "2026-11-23T08:00:11.204+00:00"})
        );
        for prid in [prid.as_str(), "97465075291709", "x", "%20"] {
            delete(&node, who, path, prid).await.is_refused(NO_RECORD.0, NO_RECORD.1);
        }
    }
    let new = node.given_application().await;
    delete(&node, &new.by, KINDS[0].0, &new.prid).await.is_refused(NO_RECORD.0, NO_RECORD.1);
}

/// I9
#[tokio::test]
async fn an_application_without_data_is_read_by_its_maker_and_by_staff() {
    let node = TestNode::authority().await;
    let lost = given_other(&node, 0, 0).await;
    for path in ["/applications", "/applications/status"] {
        let path = format!("{path}/{}", lost.prid);
        node.get(&node.officer(), &path).await.response();
        node.get(&node.resident(7), &path).await.is_refused(NOT_THEIRS.0, NOT_THEIRS.1);
    }
}

#[tokio::test]
async fn making_one_asks_for_a_sound_envelope_and_a_language_of_the_country() {
    let node = TestNode::authority().await;
    let who = node.resident(0);
    for (path, id, _, _) in KINDS {
        for language in [json!("xxx"), json!(null), json!("")] {
            let reply = node.call(&who, path, id, json!({"langCode": language})).await;
            reply.is_refused("PRG_CORE_REQ_014", "Lang code is invalid");
        }
        let reply = node.call(&who, path, id, json!({"langCode": {}})).await;
        reply.is_rejected(200, "PRG_CORE_REQ_015", "JSON parse error");
        node.post(&who, path, &json!({})).await.is_refused_for(&[
            ("PRG_PAM_CORE_003", "Invalid request time"),
            ("PRG_PAM_CORE_002", "Request version is invalid"),
            ("PRG_PAM_CORE_004", "Request body is invalid"),
            ("PRG_PAM_CORE_001", "Request id is invalid"),
        ]);
        let mut stale = envelope(id, node.now(), json!({"langCode": "eng"}));
        stale["requesttime"] = json!("2026-11-22T08:00:00.000Z");
        let reply = node.post(&who, path, &stale).await;
        reply.is_refused("PRG_CORE_REQ_013", "Request date should be current date");
    }
}

#[tokio::test]
async fn the_dashboard_of_either_portal_finds_its_list_in_one_answer() {
    let node = TestNode::authority().await;
    let who = node.resident(0);
    let nothing = node.get(&who, "/applications").await;
    nothing.is_refused(NO_RECORD.0, NO_RECORD.1);

    let lost = given_other(&node, 0, 0).await;
    let only = node.get(&who, "/applications").await.response();
    assert_eq!((&only["totalRecords"], &only["basicDetails"]), (&json!("0"), &json!([])));
    assert_eq!(only["allApplications"][0]["applicationId"], json!(lost.prid));
    let none = node.get(&who, "/applications/prereg").await;
    none.is_refused(NO_RECORD.0, NO_RECORD.1);

    node.wait(SignedDuration::from_secs(1));
    let made = create(&node, &who, identity()).await.response();
    let new = made["preRegistrationId"].as_str().unwrap();
    node.given_application_of(1).await;
    let reply = node.get(&who, "/applications").await;
    assert_eq!(reply.json()["id"], "mosip.pre-registration.demographic.retrieve.basic");
    let both = reply.response();
    let prids = |list: &Value, name: &str| -> Vec<String> {
        let of = |one: &Value| one[name].as_str().unwrap().to_owned();
        list.as_array().unwrap().iter().map(of).collect()
    };
    assert_eq!(prids(&both["basicDetails"], "preRegistrationId"), [new]);
    assert_eq!(prids(&both["allApplications"], "applicationId"), [new, &lost.prid]);
}

#[tokio::test]
async fn a_list_of_one_kind_has_that_kind_and_may_be_empty() {
    let node = TestNode::authority().await;
    let lost = given_other(&node, 0, 0).await;
    let new = node.given_application_of(0).await;
    for (word, expected) in [
        ("NEW_PREREGISTRATION", Some(&new.prid)),
        ("LOST_FORGOTTEN_UIN", Some(&lost.prid)),
        ("UPDATE_REGISTRATION", None),
    ] {
        let reply = node.get(&lost.by, &format!("/applications?type={word}")).await;
        assert_eq!(reply.json()["id"], "mosip.preregistration.applications.all.get");
        let told = reply.response();
        assert_eq!(keys(&told), ["allApplications"]);
        let all = told["allApplications"].as_array().unwrap();
        let prids: Vec<&str> =
            all.iter().map(|one| one["applicationId"].as_str().unwrap()).collect();
        assert_eq!(prids, expected.into_iter().collect::<Vec<_>>(), "{word}");
        for one in all {
            assert_eq!(one["bookingType"], word);
            assert_eq!(
                (&one["appointmentDate"], &one["bookingDate"]),
                (&Value::Null, &Value::Null)
            );
        }
    }
    for word in ["", "new_preregistration", "OTHER"] {
        let reply = node.get(&lost.by, &format!("/applications?type={word}")).await;
        reply.is_refused("PRG_APP_016", "Invalid booking type");
    }
}

#[tokio::test]
async fn the_appointments_of_a_center_are_listed_by_day_and_of_every_kind() {
    let node = TestNode::authority().await;
    let later = node.given_appointment("2026-12-01", "09:00").await;
    let lost = given_other(&node, 5, 0).await;
    node.book(&lost, "2026-11-30", "10:00").await.response();
    let first = node.given_appointment("2026-11-30", "09:00").await;
    node.given_application().await;
    let list = async |who: &Session, query: &str| {
        node.get(who, &format!("/applications/bookings/{}?{query}", country::CENTER)).await
    };
    let prids = |told: Value| -> Vec<String> {
        let of = |one: &Value| one["applicationId"].as_str().unwrap().to_owned();
        told.as_array().unwrap().iter().map(of).collect()
    };
    let officer = node.officer();

    let range = "appointmentDate=2026-11-23&appointmentToDate=2026-12-31";
    let reply = list(&officer, range).await;
    assert_eq!(reply.json()["id"], "mosip.preregistration.applications.detail.info");
    let told = reply.response();
    assert_eq!(
        told[0],
        json!({"applicationId": first.prid, "applicationStatusCode": "SUBMITTED",
               "bookingStatusCode": "Booked", "appointmentDate": "2026-11-30",
               "slotFromTime": "09:00", "slotToTime": "09:15", "crBy": first.by.user,
               "crDtime": "2026-11-23T08:00:11.204", "registrationCenterId": country::CENTER,
               "bookingType": "NEW_PREREGISTRATION"})
    );
    assert_eq!(prids(told), [&first.prid, &lost.prid, &later.prid].map(Clone::clone));
    // Without a last day, one day; and a resident sees nobody else's.
    let one_day = list(&officer, "appointmentDate=2026-12-01").await.response();
    assert_eq!(prids(one_day), [later.prid]);
    assert_eq!(prids(list(&lost.by, range).await.response()), [lost.prid]);
    assert_eq!(list(&officer, "appointmentDate=2026-11-24").await.response(), json!([]));

    for query in [
        "",
        "appointmentDate=x",
        "appointmentDate=2026-11-31",
        "appointmentToDate=2026-11-30",
        "appointmentDate=2026-11-30&appointmentToDate=2027-12-01",
        "appointmentDate=2026-11-30&appointmentToDate=30-11-2026",
    ] {
        list(&officer, query).await.is_refused("PRG_APP_013", "Invaild Request Argument");
    }
    for center in ["x", "10a", "%20", "-1"] {
        let path = format!("/applications/bookings/{center}?{range}");
        let reply = node.get(&officer, &path).await;
        reply.is_refused("PRG_APP_013", "Invalid registration center Id");
    }
}

#[tokio::test]
async fn a_center_keeps_an_application_without_data_to_itself() {
    let node = TestNode::cut_off_center(1).await;
    let lost = given_other(&node, 0, 0).await;
    node.book(&lost, "2026-11-24", "09:00").await.response();
    delete(&node, &lost.by, KINDS[0].0, &lost.prid).await.response();
    let reply = node.get(&lost.by, &format!("/applications/{}", lost.prid)).await;
    reply.is_refused(NO_APPLICATION.0, NO_APPLICATION.1);
}
