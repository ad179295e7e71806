//! Documents of an application: coming in and being fetched; what changes them is in `changes`,
//! what is in them in `scanned`.

mod changes;
mod scanned;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use prereg_node::demo::residents::resident;
use prereg_node::domain::document::Document;
use prereg_node::domain::ids::DocumentId;
use prereg_node::domain::status::Status;
use serde_json::{Value, json};

use crate::support::{Application, Reply, TestNode, central_s_application, envelope, file, form};

const UPLOAD: &str = "mosip.pre-registration.document.upload";

const NO_APPLICATION: (&str, &str) =
    ("PRG_PAM_APP_005", "No data found for the requested pre-registration id");
const NOT_OWNER: (&str, &str) =
    ("PRG_PAM_APP_017", "Requested preregistration id does not belong to the user");
const BAD_FORMAT: (&str, &str) = ("PRG_PAM_DOC_004", "Invalid document format supported");

/// Returns a document whose content has not come.
fn paper(category: &str) -> Document {
    Document {
        id: DocumentId::new(format!("6f036ecf-91b3-11e9-a605-cd68a2d40{category}")),
        category: category.into(),
        kind: "VIC".into(),
        name: "identity.pdf".into(),
        language: "eng".into(),
        ref_number: None,
        extra: serde_json::Map::new(),
        digest: None,
        size: None,
    }
}

fn of(category: &str, kind: &str) -> Value {
    json!({"docCatCode": category, "docTypCode": kind, "langCode": "eng", "refNumber": "V123"})
}

async fn upload(node: &TestNode, to: &Application, name: &str, content: &[u8]) -> Reply {
    node.upload(&to.by, &to.prid, of("POI", "VIC"), name, content).await
}

async fn content(node: &TestNode, of: &Application, id: &str) -> Reply {
    node.get(&of.by, &format!("/documents/{id}?preRegistrationId={}", of.prid)).await
}

#[tokio::test]
async fn a_document_comes_back_byte_for_byte() {
    let node = TestNode::authority().await;
    let to = node.given_application().await;
    for paper in resident(0).documents {
        let request = json!({"docCatCode": paper.category, "docTypCode": paper.document_type,
                             "langCode": "ara", "refNumber": paper.ref_number});
        let sent = paper.content();

        let reply = node.upload(&to.by, &to.prid, request, &paper.file_name, &sent).await;

        assert_eq!(reply.json()["id"], UPLOAD);
        let mut made = reply.response();
        let id = made["docId"].take().as_str().unwrap().to_owned();
        let format = paper.file_name.rsplit('.').next();
        assert_eq!(
            made,
            json!({"preRegistrationId": to.prid, "docId": null, "docName": paper.file_name,
                   "refNumber": paper.ref_number, "docCatCode": paper.category,
                   "docTypCode": paper.document_type, "docFileFormat": format})
        );
        let fetched = content(&node, &to, &id).await;
        assert_eq!(fetched.json()["id"], "mosip.pre-registration.document.fetch.content");
        let fetched = fetched.response();
        assert_eq!(fetched.as_object().unwrap().len(), 1);
        assert_eq!(STANDARD.decode(fetched["document"].as_str().unwrap()).unwrap(), sent);
    }
}

#[tokio::test]
async fn the_documents_of_an_application_are_listed_for_its_maker_and_staff() {
    let node = TestNode::authority().await;
    let to = node.given_application().await;
    let path = format!("/documents/preregistration/{}", to.prid);
    let none = node.get(&to.by, &path).await;
    none.is_refused(
        "PRG_PAM_DOC_005",
        "Documents is not found for the requested pre-registration id",
    );
    let made = upload(&node, &to, "identity.pdf", &file(200)).await.response();

    for who in [&to.by, &node.officer()] {
        let reply = node.get(who, &path).await;
        assert_eq!(reply.json()["id"], "mosip.pre-registration.document.fetch.metadata");
        assert_eq!(
            reply.response(),
            json!({"documentsMetaData": [{
                "docName": "identity.pdf", "documentId": made["docId"], "docCatCode": "POI",
                "docTypCode": "VIC", "langCode": "eng", "refNumber": "V123"}]})
        );
    }
    node.get(&node.resident(9), &path).await.is_refused(NOT_OWNER.0, NOT_OWNER.1);
    let nowhere = node.get(&to.by, "/documents/preregistration/97465075291709").await;
    nowhere.is_refused(NO_APPLICATION.0, NO_APPLICATION.1);
}

#[tokio::test]
async fn a_document_of_the_same_category_replaces_the_first_and_keeps_its_id() {
    let node = TestNode::authority().await;
    let to = node.given_application().await;
    let first = upload(&node, &to, "first.pdf", &file(200)).await.response();
    let second = node.upload(&to.by, &to.prid, of("POI", "VPP"), "second.pdf", &file(300)).await;

    assert_eq!(second.response()["docId"], first["docId"]);
    let path = format!("/documents/preregistration/{}", to.prid);
    let listed = node.get(&to.by, &path).await.response();
    let [only] = listed["documentsMetaData"].as_array().unwrap().as_slice() else {
        panic!("one: {listed}");
    };
    assert_eq!((&only["docName"], &only["docTypCode"]), (&json!("second.pdf"), &json!("VPP")));
    let fetched = content(&node, &to, first["docId"].as_str().unwrap()).await.response();
    let fetched = STANDARD.decode(fetched["document"].as_str().unwrap()).unwrap();
    assert_eq!(fetched, file(300));
}

#[tokio::test]
async fn the_content_must_be_what_the_name_says() {
    let node = TestNode::authority().await;
    let to = node.given_application().await;
    let pdf = file(100);
    let jpeg = [&[0xff, 0xd8, 0xff, 0xe0][..], &[0; 60]].concat();
    let png = [&b"\x89PNG\r\n\x1a\n"[..], &[0; 60]].concat();
    for (name, content) in [("a.PDF", &pdf), ("a.jpg", &jpeg), ("a.Jpeg", &jpeg), ("a.b.png", &png)]
    {
        upload(&node, &to, name, content).await.response();
    }
    let html = b"<html><script>".to_vec();
    for (name, content) in [
        ("a.pdf", &jpeg),
        ("a.jpg", &pdf),
        ("a.png", &html),
        ("a.pdf", &html),
        ("a.html", &html),
        ("a.gif", &b"GIF89a".to_vec()),
        ("a.pdf", &Vec::new()),
        ("a.pdf.exe", &pdf),
    ] {
        let reply = upload(&node, &to, name, content).await;
        reply.is_refused(BAD_FORMAT.0, BAD_FORMAT.1);
    }
}

#[tokio::test]
async fn a_name_that_would_be_no_file_name_in_the_archive_is_refused() {
    let node = TestNode::authority().await;
    let to = node.given_application().await;
    let (long, longest) = (format!("{}.pdf", "x".repeat(125)), format!("{}.pdf", "x".repeat(124)));
    for name in ["", ".pdf", "..pdf", "identity", "identity.", "a\tb.pdf", long.as_str()] {
        upload(&node, &to, name, &file(100)).await.is_refused(BAD_FORMAT.0, BAD_FORMAT.1);
    }
    upload(&node, &to, &longest, &file(100)).await.response();
    // Some browsers send the folder; it is not part of the name.
    for name in ["../../etc/paper.pdf", "C:\\fakepath\\paper.pdf"] {
        let made = upload(&node, &to, name, &file(100)).await.response();
        assert_eq!(made["docName"], "paper.pdf");
    }
    let made = upload(&node, &to, "شهادة ميلاد.pdf", &file(100)).await.response();
    assert_eq!(made["docName"], "شهادة ميلاد.pdf");
}

#[tokio::test]
async fn a_document_stays_below_the_country_s_limit_and_the_limit_itself_is_too_large() {
    let node = TestNode::authority().await;
    let to = node.given_application().await;
    let limit = 2 * 1024 * 1024;
    upload(&node, &to, "a.pdf", &file(limit - 1)).await.response();
    for size in [limit, limit + 1, limit + 100_000, 3 * limit] {
        let reply = upload(&node, &to, "b.pdf", &file(size)).await;
        reply.is_refused("PRG_PAM_DOC_007", "Document exceeding permitted size");
    }
}

#[tokio::test]
async fn category_type_and_language_are_those_of_the_country() {
    let node = TestNode::authority().await;
    let to = node.given_application().await;
    let try_with =
        async |request: Value| node.upload(&to.by, &to.prid, request, "a.pdf", &file(100)).await;

    let mut request = of("POI", "VIC");
    request["langCode"] = json!("xxx");
    try_with(request).await.is_refused("PRG_CORE_REQ_014", "Language code is invalid");
    for category in ["XXX", "", "poi"] {
        let reply = try_with(of(category, "VIC")).await;
        reply.is_refused("PRG_CORE_REQ_018", "Document Catagory code is invalid");
    }
    // The last is a type of another category.
    for kind in ["XXX", "", "WTB"] {
        let reply = try_with(of("POI", kind)).await;
        reply.is_refused("PRG_CORE_REQ_017", "Document type code is invalid");
    }
}

#[tokio::test]
async fn a_document_request_that_is_no_json_or_lacks_a_field_is_a_json_exception() {
    let node = TestNode::authority().await;
    let to = node.given_application().await;
    for field in ["docCatCode", "docTypCode", "langCode"] {
        let mut request = of("POI", "VIC");
        request.as_object_mut().unwrap().remove(field);
        let reply = node.upload(&to.by, &to.prid, request, "a.pdf", &file(100)).await;
        reply.is_refused("PRG_PAM_DOC_015", "Json exception");
    }
    let paper = form("file", Some("a.pdf"), &file(100));
    for text in ["", "{", "[]", "no JSON", "{\"id\": {}}"] {
        let parts = [form("Document request", None, text.as_bytes()), paper.clone()];
        let reply = node.upload_parts(&to.by, &to.prid, &parts).await;
        reply.is_refused("PRG_PAM_DOC_015", "Json exception");
    }
    let wrong = envelope(UPLOAD, node.now(), json!(["POI"])).to_string();
    let parts = [form("Document request", None, wrong.as_bytes()), paper.clone()];
    let reply = node.upload_parts(&to.by, &to.prid, &parts).await;
    reply.is_refused("PRG_PAM_DOC_015", "Json exception");
    let sound = envelope(UPLOAD, node.now(), of("POI", "VIC")).to_string();
    for parts in [vec![form("Document request", None, sound.as_bytes())], vec![paper], vec![]] {
        let reply = node.upload_parts(&to.by, &to.prid, &parts).await;
        reply.is_refused("PRG_PAM_DOC_015", "Json exception");
    }
}

#[tokio::test]
async fn the_first_fault_of_an_upload_s_envelope_ends_the_call() {
    let node = TestNode::authority().await;
    let to = node.given_application().await;
    let paper = form("file", Some("a.pdf"), &file(100));
    let mut request = json!({});
    for (member, sound, code, text) in [
        (
            "requesttime",
            json!("2026-11-22T23:59:59.999Z"),
            "PRG_PAM_CORE_003",
            "Invalid request time",
        ),
        (
            "requesttime",
            json!("2026-11-23T08:00:00.000Z"),
            "PRG_CORE_REQ_013",
            "Request date should be current date",
        ),
        ("version", json!("1.0"), "PRG_PAM_CORE_002", "Request version is invalid"),
        ("request", of("POI", "VIC"), "PRG_PAM_CORE_004", "Request body is invalid"),
        ("id", json!(UPLOAD), "PRG_PAM_CORE_001", "Request id is invalid"),
    ] {
        let sent = request.to_string();
        let parts = [form("Document request", None, sent.as_bytes()), paper.clone()];
        let reply = node.upload_parts(&to.by, &to.prid, &parts).await;
        reply.is_refused(code, text);
        request[member] = sound;
    }
    let text = request.to_string();
    let parts = [form("Document request", None, text.as_bytes()), paper];
    node.upload_parts(&to.by, &to.prid, &parts).await.response();
}

#[tokio::test]
async fn what_is_no_form_is_no_upload() {
    let node = TestNode::authority().await;
    let to = node.given_application().await;
    let reply = node.post(&to.by, &format!("/documents/{}", to.prid), &json!({})).await;
    assert_eq!(reply.status, 415);
    assert_eq!(reply.codes(), ["PRG_CORE_REQ_015"]);
}

#[tokio::test]
async fn a_document_goes_to_an_application_of_its_uploader() {
    let node = TestNode::authority().await;
    let to = node.given_application().await;
    let stranger = node.resident(9);
    let reply = node.upload(&stranger, &to.prid, of("POI", "VIC"), "a.pdf", &file(100)).await;
    reply.is_refused(NOT_OWNER.0, NOT_OWNER.1);
    for prid in ["97465075291709", "x"] {
        let reply = node.upload(&stranger, prid, of("POI", "VIC"), "a.pdf", &file(100)).await;
        reply.is_refused(NO_APPLICATION.0, NO_APPLICATION.1);
    }
}

#[tokio::test]
async fn a_document_is_fetched_under_its_own_application_alone() {
    let node = TestNode::authority().await;
    let (one, other) = (node.given_application().await, node.given_application().await);
    let made = upload(&node, &one, "a.pdf", &file(100)).await.response();
    let id = made["docId"].as_str().unwrap();
    upload(&node, &other, "b.pdf", &file(100)).await.response();
    let not_of = "DocumentId is not belongs to the pre-registration Id";

    content(&node, &other, id).await.is_refused("PRG_PAM_DOC_022", not_of);
    content(&node, &one, "nothing").await.is_refused("PRG_PAM_DOC_022", not_of);
    let path = format!("/documents/{id}?preRegistrationId={}", one.prid);
    node.get(&other.by, &path).await.is_refused(NOT_OWNER.0, NOT_OWNER.1);
    for query in ["", "?preRegistrationId=", "?preRegistrationId=97465075291709"] {
        let reply = node.get(&one.by, &format!("/documents/{id}{query}")).await;
        reply.is_refused(NO_APPLICATION.0, NO_APPLICATION.1);
    }
}

#[tokio::test]
async fn a_document_whose_content_has_not_come_from_central_yet_is_listed_and_not_fetched() {
    let node = TestNode::with(|plan| {
        let mut application = central_s_application(9, Status::Booked);
        application.documents = vec![paper("POI")];
        plan.cut_off_center(0);
        plan.holds(application);
    })
    .await;
    let application = node.central_s(9);

    let path = format!("/documents/preregistration/{}", application.prid);
    let listed = node.get(&application.by, &path).await.response();
    let id = listed["documentsMetaData"][0]["documentId"].as_str().unwrap();
    let fetched = content(&node, &application, id).await;
    fetched.is_refused("PRG_PAM_DOC_005", "Failed to fetch from File System server");

    let form = format!("/prefill/v1/forms/{}", application.prid);
    let form = node.get(&node.counter(), &form).await.json();
    assert_eq!(form["documents"][0]["present"], json!(false));
    let href = form["documents"][0]["href"].as_str().unwrap();
    assert_eq!(node.get(&node.counter(), href).await.status, 404);
}

#[tokio::test]
async fn the_country_says_which_extensions_documents_have() {
    let node = TestNode::with(|plan| {
        plan.set("preregistration.document.extention", "pdf, GIF");
    })
    .await;
    let to = node.given_application().await;
    let jpeg = [&[0xff, 0xd8, 0xff, 0xe0][..], &[0; 60]].concat();
    upload(&node, &to, "a.PDF", &file(100)).await.response();
    upload(&node, &to, "a.gif", b"GIF89a and more").await.response();
    for (name, content) in [("a.jpg", &jpeg[..]), ("a.gif", &jpeg), ("a.gif", b"GIF88a")] {
        upload(&node, &to, name, content).await.is_refused(BAD_FORMAT.0, BAD_FORMAT.1);
    }
}

#[tokio::test]
async fn a_blank_application_number_is_told_before_anything_else() {
    let node = TestNode::authority().await;
    let reply = node.upload(&node.resident(0), "%20", of("XXX", "X"), "a.exe", b"x").await;
    reply.is_refused("PRG_PAM_DOC_018", "PreRegistrationId is invalid");
}
