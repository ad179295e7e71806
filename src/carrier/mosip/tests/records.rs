//! What is read from a central that behaves, of either release.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::central::{JSON, Say, good, http, refusal};
use super::{BELOW, CREATE, D3, document, given, given_bytes, identity, list, prid, record};
use crate::carrier::{Carrier as _, Failure, Listed};
use crate::domain::ids::DocumentId;
use crate::domain::prid::Prid;
use crate::domain::status::Status;

const D5: &str = "GET /preregistration/v1/applications";

#[tokio::test]
async fn a_record_is_central_s_word_with_what_is_not_known_here_kept() {
    let (_central, mosip) = given(|seen, _| {
        Say::Bytes(if seen.line.contains("/documents/") {
            good(&json!({"documentsMetaData": [{
                "docName": "Doc.pdf", "documentId": "d4585c1e-91b1-11e9-a605-eb637a690b50",
                "docCatCode": "POA", "docTypCode": "RNC", "langCode": "fra",
                "refNumber": "A1234567", "docHash": "x"}]}))
        } else if seen.line.contains("/appointment/") {
            good(&json!({"registration_center_id": "10005", "appointment_date": "2026-12-01",
                         "time_slot_from": "16:10", "time_slot_to": "16:23:00"}))
        } else {
            let mut said = record();
            said["updatedBy"] = Value::Null;
            said["isUpdated"] = json!([1]);
            good(&said)
        })
    })
    .await;

    let found = mosip.record(&prid()).await.unwrap().unwrap();

    assert_eq!((&found.prid, found.status, found.booking_rev), (&prid(), Status::Booked, 0));
    assert_eq!(
        (found.created_by.as_str(), found.updated_by.as_str()),
        ("8754462073", "8754462073")
    );
    assert_eq!(found.updated_at, "2026-11-20T06:30:37.900Z".parse().unwrap());
    assert!(found.identity == identity());
    assert_eq!(Value::Object(found.extra), json!({"isUpdated": [1]}));
    let slot = found.appointment.unwrap().slot;
    assert_eq!((slot.center.as_str(), slot.day.to_string()), ("10005", "2026-12-01".into()));
    assert_eq!(
        (slot.starts.to_string(), slot.ends.to_string()),
        ("16:10:00".into(), "16:23:00".into())
    );
    assert_eq!(found.documents.len(), 1);
    assert_eq!(found.documents[0].ref_number.as_deref(), Some("A1234567"));
    assert_eq!(found.documents[0].digest, None);
    assert_eq!(found.documents[0].extra["docHash"], "x");
}

#[tokio::test]
async fn an_application_without_documents_and_appointment_is_one() {
    let (_central, mosip) = given(|seen, _| {
        Say::Bytes(if seen.line.contains("/documents/") {
            let text = "Documents is not found for the requested pre-registration id";
            refusal("PRG_PAM_DOC_005", text)
        } else if seen.line.contains("/appointment/") {
            refusal("PRG_BOOK_RCI_013", "Booking data not found")
        } else {
            good(&record())
        })
    })
    .await;

    let found = mosip.record(&prid()).await.unwrap().unwrap();

    assert_eq!((found.documents, found.appointment), (vec![], None));
}

#[tokio::test]
async fn a_store_of_documents_that_failed_is_not_an_application_without_documents() {
    let (_central, mosip) =
        given_bytes(refusal("PRG_PAM_DOC_005", "Failed to fetch from File System server")).await;

    let attached = mosip.attached(&prid()).await;

    assert!(matches!(attached, Err(Failure::Refused { .. })), "{attached:?}");
}

#[tokio::test]
async fn an_application_that_central_does_not_have_is_none() {
    let text = "No data found for the requested pre-registration id";
    let (central, mosip) = given_bytes(refusal("PRG_PAM_APP_005", text)).await;

    assert_eq!(mosip.record(&prid()).await, Ok(None));
    assert_eq!(mosip.made_identity(&prid()).await, Ok(None));
    assert_eq!(mosip.updated(&[prid()]).await, Ok(vec![]));
    assert_eq!(central.seen("").len(), 2 + 3, "each is one call, beside two log-ins");

    let text = "No record found for the requested user id";
    let (central, mosip) = given_bytes(refusal("PRG_PAM_APP_005", text)).await;
    assert_eq!(mosip.made().await, Ok(vec![]));
    assert_eq!(central.seen(D5).len(), 1);
}

#[tokio::test]
async fn today_s_central_is_recognised_by_its_answers_and_remembered() {
    let entity = json!({"applicationId": "46537143845798", "bookingType": "NEW_PREREGISTRATION"});
    let (central, mosip) = given(move |seen, _| {
        Say::Bytes(match seen.line.as_str() {
            D3 => good(&entity),
            BELOW => good(&record()),
            CREATE => http("405 Method Not Allowed", JSON, "{}"),
            _ => good(&json!({"preRegistrationId": "46537143845798"})),
        })
    })
    .await;

    for _ in 0..2 {
        assert!(mosip.made_identity(&prid()).await.unwrap().unwrap() == identity());
    }
    assert_eq!(mosip.create("eng", &identity()).await, Ok(prid()));

    assert_eq!((central.seen(D3).len(), central.seen(BELOW).len()), (1, 2));
    assert_eq!(central.seen(CREATE)[0].line, "POST /preregistration/v1/applications/prereg");
}

#[tokio::test]
async fn the_look_up_after_a_create_at_the_wrong_place_finds_the_right_one() {
    let (central, mosip) = given(|seen, _| {
        Say::Bytes(match seen.line.as_str() {
            CREATE => http("404 Not Found", JSON, "{}"),
            D5 => good(&json!({"allApplications": []})),
            "GET /preregistration/v1/applications/prereg" => {
                refusal("PRG_PAM_APP_005", "No record found for the requested user id")
            }
            _ => good(&json!({"preRegistrationId": "46537143845798"})),
        })
    })
    .await;

    let made = mosip.create("eng", &identity()).await;
    assert!(matches!(made, Err(Failure::Unanswered(_))), "{made:?}");
    assert_eq!(mosip.made().await, Ok(vec![]));
    assert_eq!(mosip.create("eng", &identity()).await, Ok(prid()));
    assert_eq!(central.seen(CREATE).len(), 2);
}

#[tokio::test]
async fn the_code_of_today_s_central_for_none_sends_to_the_other_place() {
    let (_central, mosip) = given(|seen, _| {
        Say::Bytes(match seen.line.as_str() {
            D3 => refusal("PRG_APP_013", "No Records Found"),
            _ => refusal("PRG_PAM_APP_005", "No data found"),
        })
    })
    .await;

    assert_eq!(mosip.made_identity(&prid()).await, Ok(None));
}

#[tokio::test]
async fn what_stock_clients_take_for_an_empty_list_is_one() {
    for code in ["PRG_BOOK_RCI_032", "PRG_DATA_SYNC_016"] {
        let (_central, mosip) = given_bytes(refusal(code, "none")).await;
        assert_eq!(list(&mosip).await, Ok(vec![]));
    }
    let (_central, mosip) = given_bytes(refusal("PRG_DATA_SYNC_009", "no such center")).await;
    assert!(matches!(list(&mosip).await, Err(Failure::Refused { .. })));
}

#[tokio::test]
async fn the_list_is_asked_for_by_center_and_window_and_its_values_are_kept_as_they_are() {
    let (central, mosip) = given_bytes(good(&json!({
        "transactionId": null, "countOfPreRegIds": "1",
        "preRegistrationIds": {"46537143845798": "2026-11-30T09:00:00.000"}})))
    .await;

    let value = "2026-11-30T09:00:00.000".to_owned();
    assert_eq!(list(&mosip).await, Ok(vec![Listed { prid: prid(), value }]));
    let seen = &central.seen("POST /preregistration/v1/sync")[0];
    assert_eq!(
        seen.json()["request"],
        json!({"registrationCenterId": "10001", "fromDate": "2026-11-22", "toDate": "2026-11-22"})
    );
}

#[tokio::test]
async fn updated_times_are_asked_for_a_hundred_at_once_and_only_what_was_asked_counts() {
    let (central, mosip) = given(|seen, _| {
        let mut said = seen.json()["request"]["pre_registration_ids"]
            .as_array()
            .unwrap()
            .iter()
            .map(|prid| (prid.as_str().unwrap().to_owned(), json!("2026-11-20T11:44:28.966")))
            .collect::<serde_json::Map<_, _>>();
        said.insert("99999999999999".into(), json!("2026-11-20T11:44:28.966"));
        Say::Keep(good(&Value::Object(said)))
    })
    .await;
    let prids: Vec<Prid> = (0..201)
        .map(|n| Prid::parse(&format!("{}", 20_000_000_000_000_u64 + n)).unwrap())
        .collect();

    let updated = mosip.updated(&prids).await.unwrap();

    assert_eq!(updated.into_iter().map(|(prid, _)| prid).collect::<Vec<_>>(), prids);
    assert_eq!(central.seen("POST /preregistration/v1/applications/updatedTime").len(), 3);
    assert_eq!(mosip.updated(&[]).await, Ok(vec![]));
}

fn own(prids: &[&str], total: &str) -> Vec<u8> {
    let basic: Vec<Value> = prids.iter().map(|prid| json!({"preRegistrationId": prid})).collect();
    good(&json!({"basicDetails": basic, "totalRecords": total, "noOfRecords": "0",
                 "pageIndex": "0"}))
}

#[tokio::test]
async fn the_writer_s_own_list_comes_in_one_answer_where_central_allows() {
    let (central, mosip) = given_bytes(own(&["46537143845798", "97285429827016"], "2")).await;
    assert_eq!(mosip.made().await.unwrap().len(), 2);
    assert_eq!(central.seen(D5).len(), 1);
}

#[tokio::test]
async fn the_writer_s_own_list_is_followed_page_by_page_where_central_cuts_it() {
    let (central, mosip) = given(|seen, _| {
        Say::Bytes(match seen.line.rsplit_once("pageIndex=").map(|(_, page)| page) {
            None | Some("0") => own(&["46537143845798"], "3"),
            Some("1") => own(&["97285429827016"], "3"),
            Some("2") => own(&["31601973604129"], "3"),
            Some(_) => refusal("PRG_PAM_APP_016", "no record found for the requested page index"),
        })
    })
    .await;

    assert_eq!(mosip.made().await.unwrap().len(), 3);
    assert_eq!(central.seen(D5).len(), 5);
}

/// I2
#[tokio::test]
async fn a_list_that_is_not_whole_does_not_pass_for_one() {
    let (central, mosip) = given_bytes(own(&["46537143845798"], "1000000")).await;
    let endless = Failure::Unanswered("own applications: central's list has no end".to_owned());
    assert_eq!(mosip.made().await, Err(endless));
    assert_eq!(central.seen(D5).len(), 3);

    // An older central at the newer place, where `prereg` is taken for a PRID.
    let (_central, mosip) = given(|seen, before| {
        Say::Bytes(match (seen.line.as_str(), before) {
            (D5, 0) => http("404 Not Found", JSON, "{}"),
            (D5, _) => own(&["46537143845798"], "1"),
            _ => refusal("PRG_PAM_APP_005", "No data found for the requested pre-registration id"),
        })
    })
    .await;
    let made = mosip.made().await;
    assert!(matches!(made, Err(Failure::Unanswered(_))), "{made:?}");
    assert_eq!(mosip.made().await, Ok(vec![prid()]));
}

#[tokio::test]
async fn a_list_that_tells_no_total_ends_where_nothing_new_comes() {
    let basic = json!([{"preRegistrationId": "46537143845798"}]);
    let (_central, mosip) = given_bytes(good(&json!({"basicDetails": basic}))).await;
    assert_eq!(mosip.made().await, Ok(vec![prid()]));
}

#[tokio::test]
async fn a_content_may_be_larger_than_other_answers() {
    let content: Vec<u8> = (0..300_000_u32).map(|n| u8::try_from(n % 251).unwrap()).collect();
    let body = json!({"document": STANDARD.encode(&content)});
    let (central, mosip) = given_bytes(good(&body)).await;

    let id = DocumentId::new("d4585c1e-91b1-11e9-a605-eb637a690b50");
    assert_eq!(mosip.content(&prid(), &id).await, Ok(content));

    let path = format!("GET /preregistration/v1/documents/{id}?preRegistrationId=46537143845798");
    assert_eq!(central.seen(&path).len(), 1);
}

#[tokio::test]
async fn an_upload_has_central_s_two_parts_and_gives_central_s_id() {
    let id = "91a1e0ac-91af-11e9-a605-d9ae0e3774a9";
    let (central, mosip) = given_bytes(good(&json!({"docId": id}))).await;

    let attached = mosip.attach(&prid(), &document(), b"%PDF-1.4 x".to_vec()).await;

    assert_eq!(attached, Ok(DocumentId::new(id)));
    let seen = &central.seen("POST /preregistration/v1/documents/46537143845798")[0];
    assert!(seen.head.contains("content-type: multipart/form-data; boundary="), "{}", seen.head);
    let text = String::from_utf8(seen.body.clone()).unwrap();
    assert!(text.contains("name=\"Document request\""), "{text}");
    assert!(text.contains("\"docCatCode\":\"POA\",\"docTypCode\":\"RNC\""), "{text}");
    assert!(text.contains("filename=\"rental.pdf\""), "{text}");
    assert!(text.contains("\r\n\r\n%PDF-1.4 x\r\n--"), "{text}");
}
