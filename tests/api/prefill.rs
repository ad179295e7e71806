//! Filled forms, for programs at the counters.

use prereg_node::demo::residents::resident;
use serde_json::{Value, json};

use crate::support::{Application, Reply, TestNode};

async fn form(node: &TestNode, prid: &str) -> Reply {
    node.get(&node.counter(), &format!("/prefill/v1/forms/{prid}")).await
}

/// An application with its papers and an appointment.
async fn given_all(node: &TestNode) -> Application {
    let application = node.given_application().await;
    for paper in resident(application.resident).documents {
        let request = json!({"docCatCode": paper.category, "docTypCode": paper.document_type,
                             "langCode": "eng", "refNumber": paper.ref_number});
        let (by, prid) = (&application.by, &application.prid);
        node.upload(by, prid, request, &paper.file_name, &paper.content()).await.response();
    }
    node.book(&application, "2026-11-30", "09:30").await.response();
    application
}

fn field<'a>(form: &'a Value, id: &str) -> &'a Value {
    let fields = form["fields"].as_array().unwrap();
    fields.iter().find(|field| field["id"] == id).unwrap_or_else(|| panic!("no field {id}"))
}

#[tokio::test]
async fn a_form_has_every_field_with_label_value_and_where_it_came_from() {
    let node = TestNode::authority().await;
    let application = given_all(&node).await;
    let typed = resident(application.resident);

    let reply = form(&node, &application.prid).await;

    assert_eq!(reply.status, 200);
    let form = reply.json();
    assert_eq!(form["prid"], json!(application.prid));
    assert_eq!(form["status"], "Booked");
    assert_eq!(form["language"], typed.language);
    let name = field(&form, "fullName");
    assert_eq!(name["labels"]["eng"], "Full name");
    assert_eq!(name["labels"]["ara"], "الاسم الكامل");
    for (language, value) in typed.identity.values("fullName") {
        let values = name["values"].as_array().unwrap();
        let given = values.iter().find(|given| given["language"] == language).unwrap();
        assert_eq!(given["value"], value);
    }
    assert_eq!(field(&form, "phone")["value"], json!(typed.phone));
    // What master data has is told by code, and by name in every language.
    let region = field(&form, "region")["values"].as_array().unwrap().clone();
    let languages: Vec<_> =
        region.iter().map(|value| value["language"].as_str().unwrap()).collect();
    assert!(
        ["eng", "fra", "ara"].iter().all(|language| languages.contains(language)),
        "{region:?}"
    );
    let code = typed.identity.values("region").next().unwrap().1;
    assert!(
        region.iter().all(|value| value["code"] == code && value["name"] != code),
        "{region:?}"
    );
    assert_eq!(form["appointment"]["date"], "2026-11-30");
    assert_eq!(form["appointment"]["center"]["eng"], "Old Quay Registration Center");
    assert_eq!(form["onlyHere"], json!(false));
    for member in ["confirmedAt", "line", "ready", "missing", "others", "centralPrid", "completeAt"]
    {
        assert!(form.get(member).is_some(), "{member}");
    }
}

#[tokio::test]
async fn the_documents_of_a_form_are_links_to_the_files() {
    let node = TestNode::authority().await;
    let application = given_all(&node).await;
    let form = form(&node, &application.prid).await.json();
    let listed = form["documents"].as_array().unwrap();
    let papers = resident(application.resident).documents;
    assert_eq!(listed.len(), papers.len());
    for paper in papers {
        let document = listed.iter().find(|one| one["category"]["code"] == paper.category).unwrap();
        assert_eq!(document["present"], json!(true));
        assert_eq!(document["fileName"], json!(paper.file_name));

        let reply = node.get(&node.counter(), document["href"].as_str().unwrap()).await;

        assert_eq!(reply.status, 200);
        assert_eq!(reply.body, paper.content());
        assert_eq!(reply.header("content-type"), Some(paper.media_type));
        assert_eq!(reply.header("content-security-policy"), Some("sandbox"));
        assert_eq!(reply.header("x-content-type-options"), Some("nosniff"));
    }
}

#[tokio::test]
async fn a_document_that_is_not_there_is_not_found() {
    let node = TestNode::authority().await;
    let application = given_all(&node).await;
    for (prid, status, code) in [
        (application.prid.as_str(), 404, "PRG_PAM_DOC_022"),
        ("97465075291709", 404, "PRG_PAM_APP_005"),
        ("x", 400, "PFL-001"),
    ] {
        let path = format!("/prefill/v1/forms/{prid}/documents/nothing");
        let reply = node.get(&node.counter(), &path).await;
        assert_eq!((reply.status, &reply.json()["code"]), (status, &json!(code)), "{reply:?}");
    }
}

#[tokio::test]
async fn a_number_that_is_none_or_mistyped_or_unknown_is_told_apart() {
    let node = TestNode::authority().await;
    for (typed, status, code, message) in [
        ("123", 400, "PFL-001", "This is not an application number: it has 14 digits."),
        ("9746507529170x", 400, "PFL-001", "This is not an application number: it has 14 digits."),
        (
            "97465075291790",
            404,
            "PFL-002",
            "This application number does not exist: a digit is mistyped.",
        ),
        ("97465075291709", 404, "PFL-003", "No application with this number."),
    ] {
        let reply = form(&node, typed).await;
        assert_eq!(reply.status, status);
        assert_eq!(reply.json(), json!({"code": code, "message": message}));
    }
}

/// I10
#[tokio::test]
async fn a_center_that_cannot_ask_central_never_says_that_an_application_does_not_exist() {
    let node = TestNode::cut_off_center(0).await;
    let reply = form(&node, "97465075291709").await;
    assert_eq!(reply.status, 404);
    assert_eq!(
        reply.json(),
        json!({"code": "PFL-004", "message": "This application is not here, and central cannot be \
               asked now; the data here is empty: central was never reached."})
    );
    assert_eq!(form(&node, "97465075291790").await.json()["code"], "PFL-002");
}

/// I10
#[tokio::test]
async fn a_walk_in_made_at_a_cut_off_center_is_shown_as_only_here() {
    let node = TestNode::cut_off_center(1).await;
    let application = node.given_appointment("2026-11-30", "09:00").await;

    let form = form(&node, &application.prid).await.json();

    assert_eq!(form["onlyHere"], json!(true));
    assert_eq!(form["centralPrid"], json!(null));
    let operations = form["operations"].as_array().unwrap();
    let standing: Vec<_> = operations
        .iter()
        .map(|one| (one["operation"].as_str().unwrap(), &one["outcome"]))
        .collect();
    assert_eq!(standing, [("create", &json!(null)), ("book", &json!("kept here"))]);
    assert_eq!(
        operations[1]["sentence"],
        "The seat is this center's own; central does not sell it."
    );
}
