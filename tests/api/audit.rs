//! What is recorded of calls, and what the portal asks to have recorded.

use prereg_node::domain::audit::Record;
use prereg_node::domain::caller::Role;
use serde_json::{Value, json};

use crate::support::{Session, TestNode, file};

fn consent() -> Value {
    json!({
        "eventName": "CONSENT",
        "description": json!({"url": "http://localhost/#/eng/consent",
            "description": "User gave consent", "template": "I agree"}).to_string(),
        "actionTimeStamp": "2026-11-23T08:00:10.605",
        "actionUserId": "8907654778",
        "moduleName": "pre-registration",
        "moduleId": "PRE",
    })
}

async fn log(node: &TestNode, request: Value) -> crate::support::Reply {
    node.call(&node.resident(0), "/logAudit", "", request).await
}

fn detail(record: &Record) -> Value {
    serde_json::from_str(&record.detail).unwrap()
}

#[tokio::test]
async fn a_resident_s_consent_is_recorded() {
    let mut node = TestNode::authority().await;
    let reply = log(&node, consent()).await;
    assert_eq!(reply.json()["id"], Value::Null);
    assert_eq!(reply.response(), "Audit Logged Successfully");

    let records = node.stopped_and_audited();
    assert_eq!(records.len(), 1);
    let record = &records[0];
    assert_eq!((record.event.as_str(), record.subject.as_str()), ("PRE_414", "NO_ID"));
    assert_ne!(record.actor, "SYSTEM");
    let detail = detail(record);
    assert_eq!(detail["eventName"], "CONSENT");
    assert_eq!(detail["description"], "User gave consent");
    assert_eq!(detail["actionTimeStamp"], "2026-11-23T08:00:10.605");
    // Of the text itself its digest is kept, and of who agreed a pseudonym.
    assert_eq!(detail["template"].as_str().unwrap().len(), 64);
    assert!(!record.detail.contains("8907654778") && !record.detail.contains("I agree"));
}

#[tokio::test]
async fn what_is_no_event_is_not_recorded_as_one() {
    let mut node = TestNode::authority().await;
    for (member, value) in [
        ("description", json!("no JSON")),
        ("description", json!(null)),
        ("actionTimeStamp", json!("yesterday")),
        ("actionTimeStamp", json!(null)),
    ] {
        let mut request = consent();
        request[member] = value;
        log(&node, request).await.is_refused("PRG_APP_007", "Audit Failed");
    }
    let malformed = log(&node, json!("x")).await;
    malformed.is_rejected(200, "PRG_CORE_REQ_015", "JSON parse error");
    let records = node.stopped_and_audited();
    assert_eq!(records.len(), 5);
    for record in &records {
        assert_eq!(record.event, "PRE_405");
        assert_eq!(detail(record)["of"], "PRE_414");
    }
}

#[tokio::test]
async fn what_a_client_says_is_cut_to_what_the_audit_manager_takes() {
    let mut node = TestNode::authority().await;
    let mut request = consent();
    request["eventName"] = json!("é".repeat(500));
    log(&node, request).await.response();
    let records = node.stopped_and_audited();
    assert_eq!(detail(&records[0])["eventName"].as_str().unwrap().chars().count(), 128);
}

#[tokio::test]
async fn calls_are_recorded_as_the_contract_names_them_by_whom_and_about_whom() {
    let mut node = TestNode::authority().await;
    let application = node.given_application().await;
    let (prid, by) = (application.prid.clone(), application.by.clone());
    let request = json!({"docCatCode": "POI", "docTypCode": "VIC", "langCode": "eng"});
    node.upload(&by, &prid, request, "card.pdf", &file(100)).await.response();
    node.get(&by, &format!("/documents/preregistration/{prid}")).await.response();
    node.book(&application, "2026-11-30", "09:00").await.response();
    node.get(&by, "/appointment/availability/10001").await.response();
    // By the contract these leave no record.
    node.get(&by, &format!("/applications/{prid}")).await.response();
    node.get(&by, &format!("/applications/status/{prid}")).await.response();

    let records = node.stopped_and_audited();
    let events: Vec<_> =
        records.iter().map(|one| (one.event.as_str(), one.module.as_str())).collect();
    assert_eq!(
        events,
        [
            ("PRE_407", "DEM"),
            ("PRE_404", "DOC"),
            ("PRE_401", "DOC"),
            ("PRE_407", "BOOK"),
            ("PRE_401", "BOOK")
        ]
    );
    assert_eq!(records[4].subject, "10001");
    for record in &records {
        assert_eq!(record.actor, records[0].actor);
        assert!(record.subject == records[0].subject || record.subject == "10001", "{record:?}");
        // I8: pseudonyms alone.
        let text = format!("{record:?}");
        assert!(!text.contains(&by.user) && !text.contains(&prid), "{text}");
    }
    assert_eq!(records[0].subject.len(), 32);
}

#[tokio::test]
async fn a_refusal_is_recorded_with_its_code() {
    let mut node = TestNode::authority().await;
    let application = node.given_application().await;
    let stranger = node.resident(7);
    let path = format!("/documents/preregistration/{}", application.prid);
    let refused = node.get(&stranger, &path).await.error_code().unwrap();

    let records = node.stopped_and_audited();
    assert_eq!(records.len(), 2);
    assert_eq!(records[1].event, "PRE_405");
    assert_eq!(detail(&records[1]), json!({"refused": refused, "of": "PRE_401"}));
    assert_eq!(records[1].subject, records[0].subject);
    assert_ne!(records[1].actor, records[0].actor);
}

#[tokio::test]
async fn a_form_at_a_counter_is_recorded() {
    let mut node = TestNode::authority().await;
    let application = node.given_appointment("2026-11-30", "09:00").await;
    let counter: Session = node.session("counter-3", &[Role::Counter]);
    let form = node.get(&counter, &format!("/prefill/v1/forms/{}", application.prid)).await;
    assert_eq!(form.status, 200);
    let records = node.stopped_and_audited();
    let last = records.last().unwrap();
    assert_eq!((last.event.as_str(), &last.subject), ("PRE_401", &records[0].subject));
}

/// I9
#[tokio::test]
async fn who_is_not_let_in_is_recorded() {
    let mut node = TestNode::authority().await;
    let stranger = Session { user: String::new(), token: "x".into() };
    let reply = node.get(&stranger, "/applications").await;
    reply.is_rejected(401, "KER-ATH-401", "Invalid Token");
    let resident = node.resident(0);
    node.post(&resident, "/sync", &json!({})).await.is_rejected(403, "KER-ATH-403", "Forbidden");
    let records = node.stopped_and_audited();
    let told: Vec<_> = records
        .iter()
        .map(|record| detail(record)["refused"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(told, ["KER-ATH-401", "KER-ATH-403"]);
    assert!(records.iter().all(|record| record.event == "PRE_405"));
    assert_eq!(records[0].actor, "SYSTEM");
    assert_eq!(records[1].actor.len(), 32, "who has logged in is recorded by pseudonym");
}
