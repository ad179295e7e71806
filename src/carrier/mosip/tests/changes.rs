//! Changes to what is at central already, as they stand on the wire.

use serde_json::json;

use super::central::{JSON, Say, good, http, refusal};
use super::{given, given_bytes, identity, prid};
use crate::carrier::{Carrier as _, Failure};
use crate::domain::ids::DocumentId;
use crate::domain::status::Status;

#[tokio::test]
async fn an_update_bears_the_whole_identity_and_its_own_id() {
    let (central, mosip) = given_bytes(good(&json!({"preRegistrationId": "46537143845798"}))).await;

    mosip.update(&prid(), "fra", &identity()).await.unwrap();

    let seen = central.seen("PUT /preregistration/v1/applications/46537143845798");
    let body = seen[0].json();
    assert_eq!(body["id"], "mosip.pre-registration.demographic.update");
    assert_eq!(body["request"]["langCode"], "fra");
    assert_eq!(body["request"]["demographicDetails"]["identity"]["phone"], "9886442073");
    assert_eq!(body["request"]["requiredFields"], json!(["fullName", "phone"]));
}

#[tokio::test]
async fn a_status_a_document_and_an_application_are_changed_at_their_places() {
    let (central, mosip) = given_bytes(good(&json!({"message": "done"}))).await;

    mosip.set_status(&prid(), Status::PendingAppointment).await.unwrap();
    mosip.remove(&prid(), &DocumentId::new("d-1")).await.unwrap();
    mosip.delete(&prid()).await.unwrap();

    for line in [
        "PUT /preregistration/v1/applications/status/46537143845798?statusCode=Pending_Appointment",
        "DELETE /preregistration/v1/documents/d-1?preRegistrationId=46537143845798",
        "DELETE /preregistration/v1/applications/46537143845798",
    ] {
        assert_eq!(central.seen(line).len(), 1, "{line}");
    }
}

#[tokio::test]
async fn a_reference_goes_to_the_document_of_its_category_whatever_it_is_made_of() {
    let (central, mosip) = given(|seen, _| {
        Say::Bytes(if seen.line.starts_with("GET") {
            good(&json!({"documentsMetaData": [
                {"docName": "a.pdf", "documentId": "d-1", "docCatCode": "POI",
                 "docTypCode": "passport", "langCode": "eng"}]}))
        } else {
            good(&json!("updated"))
        })
    })
    .await;

    mosip.refer(&prid(), "POI", "N 1&é").await.unwrap();

    let line = "PUT /preregistration/v1/documents/document/d-1\
                ?preRegistrationId=46537143845798&refNumber=N%201%26%C3%A9";
    assert_eq!(central.seen(line).len(), 1);
    let none = mosip.refer(&prid(), "POA", "N1").await;
    assert!(matches!(none, Err(Failure::Refused { .. })), "{none:?}");
}

/// I3
#[tokio::test]
async fn a_change_that_central_s_release_does_not_know_is_refused_and_not_tried_for_ever() {
    let spring = |path: &str| {
        json!({"timestamp": "2026-11-22T07:24:47.605+00:00", "status": 404, "error": "Not Found",
               "path": path})
        .to_string()
    };
    let own = json!({"response": null, "errors": [{"errorCode": "KER-404", "message": "no"}]});
    let path = "/preregistration/v1/applications/46537143845798";
    for status in ["404 Not Found", "405 Method Not Allowed"] {
        for told in [spring(path), own.to_string()] {
            let (_central, mosip) = given_bytes(http(status, JSON, &told)).await;
            let refused = mosip.delete(&prid()).await;
            assert!(matches!(refused, Err(Failure::Refused { .. })), "{refused:?}");
        }
        // What stands before central, while central is not there.
        for (kind, told) in [
            ("Content-Type: text/plain\r\n", "default backend - 404".to_owned()),
            (JSON, String::new()),
            (JSON, "{}".to_owned()),
            (JSON, json!({"errors": []}).to_string()),
            (JSON, json!({"status": 404, "error": "Not Found"}).to_string()),
            (JSON, spring("/elsewhere")),
        ] {
            let (_central, mosip) = given_bytes(http(status, kind, &told)).await;
            let refused = mosip.delete(&prid()).await;
            assert!(matches!(refused, Err(Failure::Unanswered(_))), "{told}: {refused:?}");
        }
    }
}

/// I3
#[tokio::test]
async fn a_document_whose_id_fits_no_address_is_refused_and_ends_nobody_s_round() {
    let (central, mosip) = given_bytes(good(&json!({"message": "done"}))).await;
    let refused = mosip.remove(&prid(), &DocumentId::new("../d?1")).await;
    assert!(matches!(refused, Err(Failure::Refused { .. })), "{refused:?}");
    assert!(central.seen("DELETE").is_empty());
}

#[tokio::test]
async fn what_registration_has_taken_over_is_told_all_at_once() {
    let (central, mosip) = given_bytes(good(&json!({"countOfStoredPreRegIds": "1"}))).await;

    mosip.consumed(&[prid(), prid()]).await.unwrap();

    let seen = central.seen("POST /preregistration/v1/sync/consumedPreRegIds");
    let body = seen[0].json();
    assert_eq!(body["id"], "mosip.pre-registration.datasync.store");
    let told = json!(["46537143845798", "46537143845798"]);
    assert_eq!(body["request"]["preRegistrationIds"], told);
}

#[tokio::test]
async fn what_central_says_of_a_change_is_passed_on() {
    let text = "delete operation is not allowed";
    let (_central, mosip) = given_bytes(refusal("PRG_PAM_APP_003", text)).await;

    let refused = mosip.delete(&prid()).await;

    let expected = Failure::Refused { code: "PRG_PAM_APP_003".into(), sentence: text.into() };
    assert_eq!(refused, Err(expected));
}
