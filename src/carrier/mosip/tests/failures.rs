//! What a call that failed is said to be, and how often it left.

use bytes::Bytes;
use hyper::Method;
use serde_json::json;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpListener;

use super::central::{Central, JSON, Say, Seen, good, http, refusal, token};
use super::{
    CREATE, D3, LOG_IN, document, given, given_bytes, identity, list, prid, record, settings,
};
use crate::carrier::mosip::client::{Call, Client, Effect};
use crate::carrier::mosip::{Mosip, Settings};
use crate::carrier::{Carrier as _, Failure};
use crate::domain::ids::DocumentId;

fn unanswered(sentence: &str) -> Failure {
    Failure::Unanswered(sentence.to_owned())
}

#[tokio::test]
async fn a_central_whose_certificate_is_trusted_is_spoken_to_by_tls() {
    let (central, trusting) = Central::start_with_tls(|seen: &Seen, _| {
        Say::Keep(if seen.line.starts_with(LOG_IN) {
            token("t")
        } else {
            good(&json!({"preRegistrationId": "46537143845798"}))
        })
    })
    .await;
    let settings = Settings { tls: trusting, ..settings(&central.url) };

    assert_eq!(Mosip::new(settings).unwrap().create("eng", &identity()).await, Ok(prid()));
}

/// I2
#[tokio::test]
async fn a_create_leaves_once_whatever_comes_back() {
    let half = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 90\r\n\r\n{";
    let chunk = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\
                  Transfer-Encoding: chunked\r\n\r\n5\r\n{\"res\r\n";
    let short = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 5\r\n\r\n\
                  {\"response\":{\"preRegistrationId\":\"46537143845798\"}}";
    let big = format!("HTTP/1.1 200 OK\r\n{JSON}Content-Length: 100001\r\n\r\n");
    let cases: Vec<(Vec<u8>, &str)> = vec![
        (vec![], "central did not answer (connection closed before message completed)"),
        (
            b"\0\x01\x02 garbage\r\n\r\n".to_vec(),
            "central did not answer (invalid HTTP version parsed)",
        ),
        (half.to_vec(), "central's answer broke off"),
        (chunk.to_vec(), "central's answer broke off"),
        (short.to_vec(), "central's answer breaks off in the middle"),
        (big.into_bytes(), "central's answer is larger than allowed"),
        (
            http("200 OK", "Content-Type: text/html\r\n", "<html>Puja</html>"),
            "central's answer says that it is no JSON",
        ),
        (http("200 OK", "", "{}"), "central's answer says that it is no JSON"),
        (http("200 OK", JSON, "<html>Puja</html>"), "central's answer is no JSON object"),
        (
            http("302 Found", "Location: http://127.0.0.1:1/\r\n", ""),
            "central answered with a redirect (302), which is never followed",
        ),
        (
            http("307 Temporary Redirect", "Location: /x\r\n", ""),
            "central answered with a redirect (307), which is never followed",
        ),
        (http("500 Internal Server Error", JSON, "{}"), "central answered with status 500"),
        (http("503 Service Unavailable", "", ""), "central answered with status 503"),
        (http("204 No Content", "", ""), "central answered with status 204"),
        (http("404 Not Found", JSON, "{}"), "central answered with status 404"),
        (good(&json!(null)), "central's answer has not the form that was agreed"),
        (good(&json!("Puja")), "central's answer has not the form that was agreed"),
        (
            good(&json!({"preRegistrationId": "8754462073"})),
            "central's answer names something that is not a pre-registration id",
        ),
    ];
    for (bytes, what) in cases {
        let (central, mosip) = given_bytes(bytes).await;

        let made = mosip.create("eng", &identity()).await;

        assert_eq!(made, Err(unanswered(&format!("create: {what}"))));
        assert_eq!(central.seen(CREATE).len(), 1, "{what}");
        assert_eq!(central.seen("").len(), 2, "{what}");
    }
}

/// Sends a call that changes something, without the log-in before it.
async fn sent(url: &str) -> Failure {
    let settings = settings(url);
    let client = Client::new(url, &settings.tls, settings.limits).unwrap();
    let call = Call {
        name: "create",
        method: Method::POST,
        path: "/".to_owned(),
        effect: Effect::Writes,
        content_type: None,
        body: Bytes::new(),
        largest: settings.limits.answer,
    };
    client.send(&call, None, (settings.now)()).await.err().unwrap()
}

#[tokio::test]
async fn a_call_that_cannot_have_left_is_told_from_one_that_may_have_arrived() {
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let failure = sent(&format!("http://{closed}")).await;
    assert!(
        matches!(&failure, Failure::NotSent(why) if why.contains("Connection refused")),
        "{failure:?}"
    );
    let failure = sent("http://central.invalid").await;
    assert!(matches!(failure, Failure::NotSent(_)), "{failure:?}");

    let closes = Central::start(|_, _| Say::Bytes(vec![])).await;
    let failure = sent(&closes.url).await;
    assert!(matches!(failure, Failure::Unanswered(_)), "{failure:?}");
    assert_eq!(closes.seen("POST /").len(), 1);
}

#[tokio::test]
async fn a_central_with_which_no_tls_comes_about_got_nothing() {
    let (untrusted, _) = Central::start_with_tls(|_, _| Say::Bytes(vec![])).await;
    let failure = sent(&untrusted.url).await;
    assert!(matches!(failure, Failure::NotSent(_)), "{failure:?}");
    assert_eq!(untrusted.seen("").len(), 0);

    for greeting in ["HTTP/1.1 400 Bad Request\r\n\r\n", ""] {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("https://{}", listener.local_addr().unwrap());
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            stream.write_all(greeting.as_bytes()).await.unwrap();
            std::future::pending::<()>().await;
        });
        let failure = sent(&url).await;
        assert!(matches!(failure, Failure::NotSent(_)), "{failure:?}");
    }
}

#[tokio::test]
async fn an_answer_that_stalls_or_drips_is_given_up() {
    let head = format!("HTTP/1.1 200 OK\r\n{JSON}Content-Length: 9000\r\n\r\n{{");
    let unbounded = format!("HTTP/1.1 200 OK\r\n{JSON}\r\n{{");
    for (say, what) in [
        (Say::Hold(vec![]), "central did not answer in time"),
        (Say::Drip(b"HTTP/1.1 200 OK\r\nX:".to_vec()), "central did not answer in time"),
        (Say::Hold(head.clone().into_bytes()), "central's answer stalled"),
        (Say::Drip(head.into_bytes()), "central's answer stalled"),
        (Say::Drip(unbounded.into_bytes()), "central's answer stalled"),
    ] {
        let (central, mosip) = given(move |_, _| say.clone()).await;

        let made = mosip.create("eng", &identity()).await;

        assert_eq!(made, Err(unanswered(&format!("create: {what}"))));
        assert_eq!(central.seen(CREATE).len(), 1);
    }
}

#[tokio::test]
async fn an_answer_without_a_length_is_cut_off_at_the_limit() {
    let mut endless = format!("HTTP/1.1 200 OK\r\n{JSON}\r\n").into_bytes();
    endless.extend(vec![b' '; 200_000]);
    let (_central, mosip) = given_bytes(endless).await;

    let refused = Err(unanswered("list: central's answer is larger than allowed"));
    assert_eq!(list(&mosip).await, refused);
}

#[tokio::test]
async fn a_chunked_answer_is_an_answer() {
    let mut chunked = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\
                        Transfer-Encoding: chunked\r\n\r\n"
        .to_vec();
    for chunk in ["{\"response\":{\"preRegistration", "Id\":\"46537143845798\"}}", ""] {
        chunked.extend(format!("{:x}\r\n{chunk}\r\n", chunk.len()).into_bytes());
    }
    let (_central, mosip) = given_bytes(chunked).await;

    assert_eq!(mosip.create("eng", &identity()).await, Ok(prid()));
}

#[tokio::test]
async fn central_may_ask_to_wait_up_to_a_day() {
    for (header, seconds) in [
        ("120", 120),
        ("0", 1),
        ("99999999999999999999", 86_400),
        ("Sun, 22 Nov 2026 07:26:47 GMT", 119),
        ("Sun, 22 Nov 2020 07:26:47 GMT", 1),
    ] {
        let wait = format!("Retry-After: {header}\r\n");
        let (central, mosip) = given_bytes(http("429 Too Many Requests", &wait, "")).await;
        assert_eq!(mosip.create("eng", &identity()).await, Err(Failure::Busy(seconds)));
        assert_eq!(central.seen(CREATE).len(), 1);
    }
    let (_central, mosip) = given_bytes(http("503 Busy", "Retry-After: soon\r\n", "")).await;
    assert_eq!(list(&mosip).await, Err(unanswered("list: central answered with status 503")));
}

#[tokio::test]
async fn a_refusal_comes_with_central_s_code_and_its_sentence_without_the_person() {
    let bytes = refusal("PRG_PAM_APP_017", "8754462073 does not own\n46537143845798");
    let (central, mosip) = given_bytes(bytes).await;

    let made = mosip.attach(&prid(), &document(), b"%PDF-".to_vec()).await;

    let sentence = "########## does not own ##############".to_owned();
    assert_eq!(made, Err(Failure::Refused { code: "PRG_PAM_APP_017".into(), sentence }));
    assert_eq!(central.seen("POST /preregistration/v1/documents/").len(), 1);
}

#[tokio::test]
async fn an_account_that_is_refused_is_a_matter_of_credentials() {
    let refusals = [
        http("401 Unauthorized", JSON, "{}"),
        http("403 Forbidden", JSON, "{}"),
        refusal("KER-ATH-003", "no such client"),
    ];
    for bytes in refusals {
        let central = Central::start(move |_, _| Say::Bytes(bytes.clone())).await;
        let made = Mosip::new(settings(&central.url)).unwrap().create("eng", &identity()).await;
        assert!(matches!(made, Err(Failure::Credential(_))), "{made:?}");
        assert_eq!(central.seen("").len(), 1);
    }
}

#[tokio::test]
async fn a_role_that_is_refused_is_a_matter_of_credentials_and_the_next_call_logs_in_anew() {
    let (central, mosip) = given_bytes(http("403 Forbidden", JSON, "{}")).await;
    for logins in 1..3 {
        let made = mosip.create("eng", &identity()).await;
        assert!(matches!(made, Err(Failure::Credential(_))), "{made:?}");
        assert_eq!((central.seen(CREATE).len(), central.seen(LOG_IN).len()), (logins, logins));
    }

    let (central, mosip) = given_bytes(http("401 Unauthorized", JSON, "{}")).await;
    let made = mosip.create("eng", &identity()).await;
    assert!(matches!(made, Err(Failure::Credential(_))), "{made:?}");
    assert_eq!((central.seen(CREATE).len(), central.seen(LOG_IN).len()), (2, 2));
}

#[tokio::test]
async fn a_log_in_that_failed_means_that_the_call_was_not_sent() {
    for say in [
        Say::Bytes(http("500 Internal Server Error", "", "")),
        Say::Bytes(http("404 Not Found", "", "")),
        Say::Bytes(http("200 OK", JSON, "{\"resp")),
        Say::Bytes(good(&json!({"status": "success"}))),
        Say::Bytes(token("")),
        Say::Hold(vec![]),
    ] {
        let central = Central::start(move |_, _| say.clone()).await;
        let made = Mosip::new(settings(&central.url)).unwrap().create("eng", &identity()).await;
        assert!(matches!(made, Err(Failure::NotSent(_))), "{made:?}");
        assert_eq!(central.seen(CREATE).len(), 0);
    }
}

#[tokio::test]
async fn a_record_that_does_not_fit_is_one_sentence_that_quotes_nothing() {
    for (member, value, what) in [
        ("preRegistrationId", json!("Puja"), "names something that is not a pre-registration id"),
        ("preRegistrationId", json!("97285429827016"), "is about another application"),
        ("createdDateTime", json!("Puja"), "has a time that is none"),
        ("statusCode", json!("Puja"), "has a status that is not known here"),
        ("createdBy", json!({"name": "Puja"}), "has not the form that was agreed"),
        ("demographicDetails", json!("Puja"), "has not the form that was agreed"),
        ("demographicDetails", json!({"identity": "Puja"}), "has not the form that was agreed"),
    ] {
        let mut said = record();
        said[member] = value;
        let (central, mosip) = given_bytes(good(&said)).await;

        let found = mosip.record(&prid()).await;

        assert_eq!(found, Err(unanswered(&format!("record: central's answer {what}"))));
        assert_eq!(central.seen(D3).len(), 1, "{what}");
    }
}

#[tokio::test]
async fn documents_and_appointments_that_do_not_fit_are_sentences_too() {
    let entry = |id: &str, category: &str| {
        json!({"docName": "Puja.pdf", "documentId": id, "docCatCode": category,
               "docTypCode": "RNC", "langCode": "eng", "refNumber": null})
    };
    let booked = |date: &str, from: &str| {
        json!({"registration_center_id": "10001", "appointment_date": date,
               "time_slot_from": from, "time_slot_to": "09:30"})
    };
    let fine = booked("2026-11-30", "09:15");
    for (entries, booked, what) in [
        (
            json!([entry("../../x", "POA")]),
            fine.clone(),
            "documents: central's answer names something that is not a document's id",
        ),
        (
            json!([entry("a", "POA"), entry("b", "POA")]),
            fine,
            "documents: central's answer lists a document or a category twice",
        ),
        (
            json!([]),
            booked("2026-02-30", "09:15"),
            "appointment: central's answer has an appointment at a time that is none",
        ),
        (
            json!([]),
            booked("2026-11-30", "Puja"),
            "appointment: central's answer has an appointment at a time that is none",
        ),
    ] {
        let (_central, mosip) = given(move |seen, _| {
            Say::Bytes(if seen.line.contains("/documents/") {
                good(&json!({"documentsMetaData": entries}))
            } else if seen.line.contains("/appointment/") {
                good(&booked)
            } else {
                good(&record())
            })
        })
        .await;
        assert_eq!(mosip.record(&prid()).await, Err(unanswered(what)));
    }
}

#[tokio::test]
async fn lists_and_contents_that_do_not_fit_are_sentences_too() {
    let (_central, mosip) =
        given_bytes(good(&json!({"preRegistrationIds": {"Puja": "2026-11-30T09:00:00.000"}})))
            .await;
    let what = "list: central's answer names something that is not a pre-registration id";
    assert_eq!(list(&mosip).await, Err(unanswered(what)));

    let long = "9".repeat(65);
    let (_central, mosip) =
        given_bytes(good(&json!({"preRegistrationIds": {"46537143845798": long}}))).await;
    assert_eq!(
        list(&mosip).await,
        Err(unanswered("list: central's answer has a time that is none"))
    );

    let (central, mosip) = given_bytes(good(&json!({"document": "P u j a"}))).await;
    let id = DocumentId::new("d4585c1e-91b1-11e9-a605-eb637a690b50");
    let content = mosip.content(&prid(), &id).await;
    assert_eq!(content, Err(unanswered("content: central's answer is no base64")));
    let content = mosip.content(&prid(), &DocumentId::new("../x")).await;
    assert!(matches!(content, Err(Failure::NotSent(_))), "{content:?}");
    assert_eq!(central.seen("GET").len(), 1);
}
