//! What changes documents: copies, deletions, reference numbers, and what a status forbids.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use prereg_node::domain::status::{Lifecycle, Status};
use serde_json::{Value, json};

use super::{NO_APPLICATION, NOT_OWNER, content, of, paper};
use crate::support::{Application, Reply, Session, TestNode, central_s_application, file};

const DELETED: &str = "Document successfully deleted";
const NO_DOCUMENTS: (&str, &str) =
    ("PRG_PAM_DOC_005", "Documents is not found for the requested pre-registration id");
const CLOSED: (&str, &str) =
    ("PRG_PAM_DOC_024", "Document table not able to update by this status");
const NOWHERE: &str = "97465075291709";

async fn copy(node: &TestNode, who: &Session, from: &str, to: &str, category: &str) -> Reply {
    let path = format!("/documents/{to}?catCode={category}&sourcePreId={from}");
    node.put(who, &path).await
}

async fn delete(node: &TestNode, who: &Session, prid: &str, id: &str) -> Reply {
    node.delete(who, &format!("/documents/{id}?preRegistrationId={prid}")).await
}

async fn delete_all(node: &TestNode, who: &Session, prid: &str) -> Reply {
    node.delete(who, &format!("/documents/preregistration/{prid}")).await
}

async fn refer(node: &TestNode, who: &Session, prid: &str, id: &str, number: &str) -> Reply {
    let path = format!("/documents/document/{id}?preRegistrationId={prid}&refNumber={number}");
    node.put(who, &path).await
}

/// Returns what is told of the documents of an application.
async fn listed(node: &TestNode, of: &Application) -> Vec<Value> {
    let reply = node.get(&of.by, &format!("/documents/preregistration/{}", of.prid)).await;
    reply.response()["documentsMetaData"].as_array().unwrap().clone()
}

/// Lets the same resident make two applications.
async fn two_of_one(node: &TestNode) -> (Application, Application) {
    let one = node.given_application_of(3).await;
    (one, node.given_application_of(3).await)
}

async fn given_paper(node: &TestNode, to: &Application, category: &str, name: &str) -> String {
    let kind = if category == "POI" { "VIC" } else { "WTB" };
    let made = node.upload(&to.by, &to.prid, of(category, kind), name, &file(100)).await;
    made.response()["docId"].as_str().unwrap().to_owned()
}

async fn today_s_release() -> TestNode {
    TestNode::with(|plan| plan.settings.rules.lifecycle = Lifecycle::V1_2).await
}

/// Returns a node on which an application with a proof of address and of identity stands in `status`.
async fn held_in(status: Status, lifecycle: Lifecycle) -> (TestNode, Application) {
    let node = TestNode::with(|plan| {
        plan.settings.rules.lifecycle = lifecycle;
        let mut application = central_s_application(9, status);
        application.documents = vec![paper("POA"), paper("POI")];
        plan.holds(application);
    })
    .await;
    let application = node.central_s(9);
    (node, application)
}

#[tokio::test]
async fn a_proof_of_address_is_copied_from_one_application_of_a_resident_to_another() {
    let node = TestNode::authority().await;
    let (from, to) = two_of_one(&node).await;
    let original = given_paper(&node, &from, "POA", "address.pdf").await;

    let reply = copy(&node, &to.by, &from.prid, &to.prid, "POA").await;

    assert_eq!(reply.json()["id"], "mosip.pre-registration.document.copy");
    let mut copied = reply.response();
    let id = copied["docId"].take().as_str().unwrap().to_owned();
    assert_ne!(id, original);
    assert_eq!(
        copied,
        json!({"preRegistrationId": to.prid, "docId": null, "docName": "address.pdf",
               "refNumber": "V123", "docCatCode": "POA", "docTypCode": "WTB",
               "docFileFormat": "pdf"})
    );
    // The copy stands by itself.
    delete(&node, &from.by, &from.prid, &original).await.response();
    let fetched = content(&node, &to, &id).await.response();
    assert_eq!(STANDARD.decode(fetched["document"].as_str().unwrap()).unwrap(), file(100));
}

#[tokio::test]
async fn a_copy_replaces_the_proof_of_address_that_is_there_and_keeps_its_id() {
    let node = TestNode::authority().await;
    let (from, to) = two_of_one(&node).await;
    given_paper(&node, &from, "POA", "new.pdf").await;
    let replaced = given_paper(&node, &to, "POA", "old.pdf").await;

    let copied = copy(&node, &to.by, &from.prid, &to.prid, "POA").await.response();

    assert_eq!(copied["docId"], replaced);
    let documents = listed(&node, &to).await;
    assert_eq!(documents.len(), 1);
    assert_eq!(documents[0]["docName"], "new.pdf");
}

#[tokio::test]
async fn a_copy_names_two_applications_and_the_one_category_that_is_copied() {
    let node = TestNode::authority().await;
    let (from, to) = two_of_one(&node).await;
    let by = &to.by;
    let missing = ("PRG_CORE_REQ_001", "request parameter is missing");
    for query in ["catCode=POA", "catCode=POA&sourcePreId=", "catCode=POA&sourcePreId=%20"] {
        let reply = node.put(by, &format!("/documents/{}?{query}", to.prid)).await;
        reply.is_refused(missing.0, missing.1);
    }
    copy(&node, by, &from.prid, "%20", "POA").await.is_refused(missing.0, missing.1);
    for category in ["POI", "poa", ""] {
        let reply = copy(&node, by, &from.prid, &to.prid, category).await;
        reply.is_refused("PRG_CORE_REQ_017", "Catagory code is invalid");
    }
    for (from, to) in [(NOWHERE, to.prid.as_str()), (&from.prid, NOWHERE), ("x", &to.prid)] {
        let reply = copy(&node, by, from, to, "POA").await;
        reply.is_refused(NO_APPLICATION.0, NO_APPLICATION.1);
    }
    let reply = copy(&node, by, &from.prid, &to.prid, "POA").await;
    reply.is_refused(NO_DOCUMENTS.0, NO_DOCUMENTS.1);
}

#[tokio::test]
async fn nobody_copies_from_or_to_an_application_of_somebody_else() {
    let node = TestNode::authority().await;
    let (mine, theirs) = (node.given_application().await, node.given_application().await);
    given_paper(&node, &mine, "POA", "a.pdf").await;
    given_paper(&node, &theirs, "POA", "b.pdf").await;
    for (from, to) in [(&mine, &theirs), (&theirs, &mine)] {
        let reply = copy(&node, &mine.by, &from.prid, &to.prid, "POA").await;
        reply.is_refused(NOT_OWNER.0, NOT_OWNER.1);
    }
}

#[tokio::test]
async fn a_content_that_has_not_come_yet_cannot_be_copied() {
    let (node, from) = held_in(Status::Booked, Lifecycle::V1_1).await;
    let to = node.given_application_of(9).await;
    let reply = copy(&node, &to.by, &from.prid, &to.prid, "POA").await;
    reply.is_refused("PRG_PAM_DOC_011", "Document copy failed from source to destination");
}

#[tokio::test]
async fn a_deleted_document_is_gone_and_the_others_stay() {
    let node = TestNode::authority().await;
    let to = node.given_application().await;
    let gone = given_paper(&node, &to, "POA", "a.pdf").await;
    given_paper(&node, &to, "POI", "b.pdf").await;

    let reply = delete(&node, &to.by, &to.prid, &gone).await;

    assert_eq!(reply.json()["id"], "mosip.pre-registration.document.delete.specific");
    assert_eq!(reply.response(), json!({"message": DELETED}));
    let documents = listed(&node, &to).await;
    assert_eq!(documents.len(), 1);
    assert_eq!(documents[0]["docName"], "b.pdf");
    let not_of = "DocumentId is not belongs to the pre-registration Id";
    content(&node, &to, &gone).await.is_refused("PRG_PAM_DOC_022", not_of);
    delete(&node, &to.by, &to.prid, &gone).await.is_refused("PRG_PAM_DOC_022", not_of);
}

#[tokio::test]
async fn a_document_is_deleted_under_its_own_application_by_its_maker_alone() {
    let node = TestNode::authority().await;
    let (one, other) = (node.given_application().await, node.given_application().await);
    let id = given_paper(&node, &one, "POI", "a.pdf").await;
    let not_of = "DocumentId is not belongs to the pre-registration Id";
    delete(&node, &other.by, &other.prid, &id).await.is_refused("PRG_PAM_DOC_022", not_of);
    delete(&node, &other.by, &one.prid, &id).await.is_refused(NOT_OWNER.0, NOT_OWNER.1);
    for prid in ["", "x", NOWHERE] {
        let reply = delete(&node, &one.by, prid, &id).await;
        reply.is_refused(NO_APPLICATION.0, NO_APPLICATION.1);
    }
    assert_eq!(listed(&node, &one).await.len(), 1);
}

#[tokio::test]
async fn all_documents_of_an_application_are_deleted_at_once() {
    let node = TestNode::authority().await;
    let (to, other) = two_of_one(&node).await;
    for application in [&to, &other] {
        given_paper(&node, application, "POA", "a.pdf").await;
        given_paper(&node, application, "POI", "b.pdf").await;
    }

    let reply = delete_all(&node, &to.by, &to.prid).await;

    assert_eq!(reply.json()["id"], "mosip.pre-registration.document.delete");
    let said = "All documents assosiated with requested pre-registration id deleted sucessfully";
    assert_eq!(reply.response(), json!({"message": said}));
    let path = format!("/documents/preregistration/{}", to.prid);
    node.get(&to.by, &path).await.is_refused(NO_DOCUMENTS.0, NO_DOCUMENTS.1);
    let again = delete_all(&node, &to.by, &to.prid).await;
    again.is_refused(NO_DOCUMENTS.0, NO_DOCUMENTS.1);
    assert_eq!(listed(&node, &other).await.len(), 2);

    let stranger = node.resident(9);
    delete_all(&node, &stranger, &other.prid).await.is_refused(NOT_OWNER.0, NOT_OWNER.1);
    for prid in [NOWHERE, "x"] {
        let reply = delete_all(&node, &to.by, prid).await;
        reply.is_refused(NO_APPLICATION.0, NO_APPLICATION.1);
    }
}

#[tokio::test]
async fn without_a_mandatory_document_an_application_of_today_s_release_is_incomplete() {
    for (lifecycle, category, status) in [
        (Lifecycle::V1_2, "POI", "Application_Incomplete"),
        (Lifecycle::V1_2, "POR", "Pending_Appointment"),
        (Lifecycle::V1_1, "POI", "Pending_Appointment"),
    ] {
        let node = TestNode::with(|plan| {
            plan.settings.rules.lifecycle = lifecycle;
            let mut application = central_s_application(9, Status::PendingAppointment);
            application.documents = vec![paper("POI"), paper("POR")];
            plan.holds(application);
        })
        .await;
        let application = node.central_s(9);
        let id = paper(category).id;

        let reply = delete(&node, &application.by, &application.prid, id.as_str()).await;

        assert_eq!(reply.response(), json!({"message": DELETED}));
        assert_eq!(node.status_of(&application).await, status, "{lifecycle:?} {category}");
    }
}

#[tokio::test]
async fn a_reference_number_is_set_by_maker_and_staff() {
    let node = TestNode::authority().await;
    let to = node.given_application().await;
    let id = given_paper(&node, &to, "POI", "a.pdf").await;
    for (who, number) in [(&to.by, "A1234567"), (&node.officer(), "B%201"), (&to.by, "")] {
        let reply = refer(&node, who, &to.prid, &id, number).await;
        assert_eq!(reply.json()["id"], "mosip.preregistration.docrefId.update");
        assert_eq!(reply.response(), "STATUS_UPDATED_SUCESSFULLY");
        assert_eq!(listed(&node, &to).await[0]["refNumber"], number.replace("%20", " "));
    }
    let fetched = content(&node, &to, &id).await.response();
    assert_eq!(STANDARD.decode(fetched["document"].as_str().unwrap()).unwrap(), file(100));
}

#[tokio::test]
async fn a_reference_number_is_set_on_a_document_of_that_very_application() {
    let node = TestNode::authority().await;
    let (one, other) = (node.given_application().await, node.given_application().await);
    let id = given_paper(&node, &one, "POI", "a.pdf").await;

    let elsewhere = refer(&node, &other.by, &other.prid, &id, "A1").await;
    elsewhere.is_refused("PRG_PAM_DOC_019", "DocumentId is not belongs to the pre-registration Id");
    let nowhere = refer(&node, &other.by, &other.prid, "nothing", "A1").await;
    nowhere.is_refused("PRG_PAM_DOC_012", "Document table not accessible");
    refer(&node, &other.by, &one.prid, &id, "A1").await.is_refused(NOT_OWNER.0, NOT_OWNER.1);
    for prid in ["", "x", NOWHERE] {
        let reply = refer(&node, &one.by, prid, &id, "A1").await;
        reply.is_refused(NO_APPLICATION.0, NO_APPLICATION.1);
    }
    let path = format!("/documents/document/{id}?preRegistrationId={}", one.prid);
    let reply = node.put(&one.by, &path).await;
    reply.is_refused("PRG_CORE_REQ_001", "request parameter is missing");
    assert_eq!(listed(&node, &one).await[0]["refNumber"], "V123");
}

#[tokio::test]
async fn today_s_release_closes_the_documents_that_are_there_with_the_booking() {
    for status in [Status::Booked, Status::Expired, Status::Cancelled, Status::Prefetched] {
        let (node, held) = held_in(status, Lifecycle::V1_2).await;
        let (by, prid) = (&held.by, held.prid.as_str());
        let request = of("POA", "WTB");
        let replaced = node.upload(by, prid, request.clone(), "a.pdf", &file(100)).await;
        replaced.is_refused(CLOSED.0, CLOSED.1);
        let source = node.given_application_of(9).await;
        given_paper(&node, &source, "POA", "b.pdf").await;
        copy(&node, by, &source.prid, prid, "POA").await.is_refused(CLOSED.0, CLOSED.1);
        let id = paper("POA").id;
        refer(&node, by, prid, id.as_str(), "A1").await.is_refused(CLOSED.0, CLOSED.1);
        // What is not there yet may come, and what is there may go.
        let request = of("POR", "BTC");
        node.upload(by, prid, request, "c.pdf", &file(100)).await.response();
        delete(&node, by, prid, id.as_str()).await.response();
        copy(&node, by, &source.prid, prid, "POA").await.response();
        delete_all(&node, by, prid).await.response();
    }
}

#[tokio::test]
async fn an_application_that_is_not_booked_yet_is_open_in_today_s_release() {
    let node = today_s_release().await;
    let (to, source) = two_of_one(&node).await;
    assert_eq!(node.status_of(&to).await, "Application_Incomplete");
    given_paper(&node, &source, "POA", "b.pdf").await;
    let id = given_paper(&node, &to, "POA", "a.pdf").await;
    assert_eq!(given_paper(&node, &to, "POA", "b.pdf").await, id);
    copy(&node, &to.by, &source.prid, &to.prid, "POA").await.response();
    refer(&node, &to.by, &to.prid, &id, "A1").await.response();
}

#[tokio::test]
async fn the_first_lifecycle_lets_documents_change_in_every_status() {
    for status in [Status::Booked, Status::Expired] {
        let (node, held) = held_in(status, Lifecycle::V1_1).await;
        let (by, prid) = (&held.by, held.prid.as_str());
        let request = of("POA", "WTB");
        let replaced = node.upload(by, prid, request, "a.pdf", &file(100)).await.response();
        let id = replaced["docId"].as_str().unwrap();
        assert_eq!(id, paper("POA").id.as_str());
        refer(&node, by, prid, id, "A1").await.response();
        delete(&node, by, prid, id).await.response();
    }
}
