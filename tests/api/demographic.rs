//! Applications and their identity data.

use jiff::SignedDuration;
use prereg_node::demo::residents::resident;
use prereg_node::domain::caller::Role;
use prereg_node::domain::status::Lifecycle;
use serde_json::{Value, json};

use crate::support::{Reply, Session, TestNode, envelope};

const CREATE: &str = "mosip.pre-registration.demographic.create";
pub(crate) const UPDATE: &str = "mosip.pre-registration.demographic.update";
const DATES: &str = "mosip.pre-registration.demographic.retrieve.date";

pub(crate) const NO_APPLICATION: (&str, &str) =
    ("PRG_PAM_APP_005", "No data found for the requested pre-registration id");
pub(crate) const NOT_OWNER: (&str, &str) =
    ("PRG_PAM_APP_017", "Requested preregistration id does not belong to the user");

/// The identity of the resident 0, as the portal sends it.
pub(crate) fn identity() -> Value {
    serde_json::to_value(resident(0).identity).unwrap()
}

pub(crate) async fn create(node: &TestNode, who: &Session, identity: Value) -> Reply {
    let request = json!({"langCode": "eng", "demographicDetails": {"identity": identity}});
    node.call(who, "/applications", CREATE, request).await
}

/// Sends JSON by any method.
pub(crate) async fn send(
    node: &TestNode,
    method: &str,
    who: &Session,
    path: &str,
    body: &Value,
) -> Reply {
    let cookie = format!("Authorization={}", who.token);
    let headers = [("cookie", cookie.as_str()), ("content-type", "application/json")];
    let path = format!("/preregistration/v1{path}");
    node.send(method.parse().unwrap(), &path, &headers, body.to_string()).await
}

pub(crate) fn keys(value: &Value) -> Vec<&str> {
    let mut keys: Vec<&str> = value.as_object().unwrap().keys().map(String::as_str).collect();
    keys.sort_unstable();
    keys
}

/// Tells whether `text` has digits and marks where `form` has them.
fn has_form(text: &Value, form: &str) -> bool {
    let text = text.as_str().unwrap();
    let alike = |(a, b): (char, char)| a == b || (a.is_ascii_digit() && b.is_ascii_digit());
    text.len() == form.len() && text.chars().zip(form.chars()).all(alike)
}

#[tokio::test]
async fn an_application_is_made_under_a_prid_and_may_book() {
    let node = TestNode::authority().await;
    let who = node.resident(0);

    let reply = create(&node, &who, identity()).await;

    let envelope = reply.json();
    assert_eq!(keys(&envelope), ["errors", "id", "response", "responsetime", "version"]);
    assert_eq!((&envelope["id"], &envelope["version"]), (&json!(CREATE), &json!("1.0")));
    assert_eq!(envelope["responsetime"], "2026-11-23T08:00:11.204Z");
    let made = reply.response();
    assert_eq!(
        keys(&made),
        ["createdDateTime", "demographicDetails", "langCode", "preRegistrationId", "statusCode"]
    );
    let prid = made["preRegistrationId"].as_str().unwrap();
    assert!(prid.len() == 14 && prid.bytes().all(|b| b.is_ascii_digit()), "{prid}");
    assert_eq!(made["createdDateTime"], "2026-11-23T08:00:11.204Z");
    assert_eq!(made["statusCode"], "Pending_Appointment");
    assert_eq!(made["langCode"], "eng");
    assert_eq!(made["demographicDetails"], json!({"identity": identity()}));
}

#[tokio::test]
async fn today_s_portal_calls_the_same_service_by_its_own_paths() {
    let node = TestNode::authority().await;
    let who = node.resident(0);
    let request = json!({"langCode": "eng", "demographicDetails": {"identity": identity()},
        "requiredFields": ["fullName", "dateOfBirth", "gender", "postalCode"]});

    let made = node.call(&who, "/applications/prereg", CREATE, request).await.response();

    let prid = made["preRegistrationId"].as_str().unwrap();
    let read = node.get(&who, &format!("/applications/prereg/{prid}")).await.response();
    assert_eq!(read["demographicDetails"], made["demographicDetails"]);
    let status = node.get(&who, &format!("/applications/prereg/status/{prid}")).await.response();
    assert_eq!(status["statusCode"], "Pending_Appointment");
    let listed = node.get(&who, "/applications/prereg").await.response();
    assert_eq!(listed["basicDetails"][0]["preRegistrationId"], prid);
    let asked = json!({"registartion_center_id": null, "pre_registration_ids": [prid]});
    let times = node.call(&who, "/applications/prereg/updatedTime", DATES, asked).await.response();
    assert_eq!(keys(&times), [prid]);
}

#[tokio::test]
async fn everything_wrong_with_an_identity_is_told_at_once_each_thing_once() {
    let node = TestNode::authority().await;
    let who = node.resident(0);
    let mut wrong = identity();
    wrong.as_object_mut().unwrap().remove("fullName");
    wrong["postalCode"] = json!("99999");
    wrong["dateOfBirth"] = json!("2001/02/29");
    wrong["phone"] = json!("12");
    wrong["gender"][0]["value"] = json!("no such");
    wrong["region"][0]["language"] = json!("xxx");
    wrong["invented"] = json!("x");

    let reply = create(&node, &who, wrong).await;

    let mut told = reply.errors();
    assert_eq!(
        told.remove(0),
        ("KER-IOV-005".into(), "Missing input parameter - identity/fullName".into())
    );
    told.sort();
    let expected = [
        "identity/dateOfBirth",
        "identity/gender/0/value",
        "identity/invented",
        "identity/phone",
        "identity/postalCode",
        "identity/region/0/language",
    ]
    .map(|place| ("KER-IOV-004".to_owned(), format!("Invalid input parameter - {place}")));
    assert_eq!(told, expected);
    let listed = node.get(&who, "/applications").await;
    assert_eq!(listed.codes(), ["PRG_PAM_APP_005"]);
}

#[tokio::test]
async fn a_birth_tomorrow_is_no_birth() {
    let node = TestNode::authority().await;
    let who = node.resident(0);
    let mut wrong = identity();
    wrong["dateOfBirth"] = json!("2026/11/24");
    let reply = create(&node, &who, wrong.clone()).await;
    reply.is_refused("KER-IOV-004", "Invalid input parameter - identity/dateOfBirth");
    wrong["dateOfBirth"] = json!("2026/11/23");
    create(&node, &who, wrong).await.response();
}

#[tokio::test]
async fn an_application_is_typed_in_a_language_of_the_country() {
    let node = TestNode::authority().await;
    let who = node.resident(0);
    for language in [json!("xxx"), json!("en"), json!(""), json!(null)] {
        let request = json!({"langCode": language, "demographicDetails": {"identity": identity()}});
        let reply = node.call(&who, "/applications", CREATE, request).await;
        reply.is_refused("PRG_CORE_REQ_014", "Lang code is invalid");
    }
}

#[tokio::test]
async fn an_identity_that_is_missing_misses_every_field_that_must_be_there() {
    let node = TestNode::authority().await;
    let who = node.resident(0);
    let reply = node.call(&who, "/applications", CREATE, json!({"langCode": "eng"})).await;
    let told = reply.errors();
    assert!(told.iter().all(|(code, _)| code == "KER-IOV-005"), "{told:?}");
    for place in ["identity/fullName", "identity/dateOfBirth", "identity/postalCode"] {
        assert!(told.iter().any(|(_, text)| text.contains(place)), "{place}: {told:?}");
    }
}

#[tokio::test]
async fn every_fault_of_the_envelope_is_told_and_one_of_yesterday_is_one() {
    const REST: [(&str, &str); 3] = [
        ("PRG_PAM_CORE_002", "Request version is invalid"),
        ("PRG_PAM_CORE_004", "Request body is invalid"),
        ("PRG_PAM_CORE_001", "Request id is invalid"),
    ];
    let node = TestNode::authority().await;
    let who = node.resident(0);
    let mut request = envelope("another.id", node.now(), json!(null));
    request["version"] = json!("2.0");
    for path in ["/applications", "/applications/updatedTime"] {
        for (time, fault) in [
            (
                "2026-11-22T23:59:59.999Z",
                ("PRG_CORE_REQ_013", "Request date should be current date"),
            ),
            (
                "2026-11-24T00:00:00.000Z",
                ("PRG_CORE_REQ_013", "Request date should be current date"),
            ),
            ("now", ("PRG_PAM_CORE_003", "Invalid request time")),
        ] {
            request["requesttime"] = json!(time);
            let reply = node.post(&who, path, &request).await;
            reply.is_refused_for(&[&[fault], &REST[..]].concat());
        }
    }
    let reply = node.call(&who, "/applications/updatedTime", DATES, json!([])).await;
    reply.is_rejected(200, "PRG_CORE_REQ_015", "JSON parse error");
}

#[tokio::test]
async fn a_request_of_other_types_is_a_parse_error_that_echoes_what_could_be_read() {
    let node = TestNode::authority().await;
    let who = node.resident(0);
    for request in [json!(5), json!([]), json!({"langCode": {}}), json!({"demographicDetails": 1})]
    {
        let reply = node.call(&who, "/applications", CREATE, request).await;
        reply.is_rejected(200, "PRG_CORE_REQ_015", "JSON parse error");
        assert_eq!(reply.json()["id"], CREATE);
    }
}

#[tokio::test]
async fn an_application_is_read_by_its_maker_and_by_staff_and_by_nobody_else() {
    let node = TestNode::authority().await;
    let application = node.given_application().await;
    let stranger = node.resident(7);
    let admin = node.session("admin", &[Role::PreRegistrationAdmin]);
    // Who is a resident besides is one.
    let both = node.session("officer", &[Role::Individual, Role::RegistrationOfficer]);
    let path = format!("/applications/{}", application.prid);
    let status = format!("/applications/status/{}", application.prid);

    for who in [&application.by, &node.officer(), &admin] {
        let read = node.get(who, &path).await.response();
        assert_eq!(
            keys(&read),
            [
                "createdBy",
                "createdDateTime",
                "demographicDetails",
                "langCode",
                "preRegistrationId",
                "statusCode",
                "updatedBy",
                "updatedDateTime"
            ]
        );
        assert_eq!(read["createdBy"], json!(application.by.user));
        assert!(has_form(&read["updatedDateTime"], "2026-11-22T07:24:48.102Z"));
        let status = node.get(who, &status).await.response();
        let expected = json!({"preRegistartionId": application.prid,
                              "statusCode": "Pending_Appointment"});
        assert_eq!(status, expected);
    }
    for who in [&stranger, &both] {
        node.get(who, &path).await.is_refused(NOT_OWNER.0, NOT_OWNER.1);
        node.get(who, &status).await.is_refused(NOT_OWNER.0, NOT_OWNER.1);
    }
}

#[tokio::test]
async fn what_is_no_application_here_is_not_found_however_it_is_spelled() {
    let node = TestNode::authority().await;
    let application = node.given_application().await;
    let mut mistyped = application.prid.clone().into_bytes();
    mistyped[13] = if mistyped[13] == b'0' { b'1' } else { mistyped[13] - 1 };
    let mistyped = String::from_utf8(mistyped).unwrap();
    for text in [mistyped.as_str(), "97465075291709", "abc", "1", "%00", "..%2f..", "'%20or%201=1"]
    {
        for path in ["/applications", "/applications/status"] {
            let reply = node.get(&application.by, &format!("{path}/{text}")).await;
            reply.is_refused(NO_APPLICATION.0, NO_APPLICATION.1);
        }
    }
}

#[tokio::test]
async fn a_resident_lists_their_own_applications_with_names_and_appointment() {
    let node = TestNode::authority().await;
    let who = node.resident(0);
    create(&node, &who, identity()).await.response();
    node.wait(SignedDuration::from_secs(1));
    let application = node.given_application_of(0).await;
    node.book(&application, "2026-11-30", "09:30").await.response();
    let request = json!({"docCatCode": "POA", "docTypCode": "WTB", "langCode": "eng",
                         "refNumber": null});
    let file = crate::support::file(100);
    node.upload(&who, &application.prid, request, "house.pdf", &file).await.response();
    node.given_application_of(1).await;

    let listed = node.get(&who, "/applications").await.response();

    assert_eq!(
        keys(&listed),
        ["allApplications", "basicDetails", "noOfRecords", "pageIndex", "totalRecords"]
    );
    let alone = node.get(&who, "/applications/prereg").await.response();
    assert_eq!(keys(&alone), ["basicDetails", "noOfRecords", "pageIndex", "totalRecords"]);
    assert_eq!(alone["basicDetails"], listed["basicDetails"]);
    let counters = [&listed["totalRecords"], &listed["noOfRecords"], &listed["pageIndex"]];
    assert_eq!(counters, ["2", "0", "0"]);
    let [newest, oldest] = listed["basicDetails"].as_array().unwrap().as_slice() else {
        panic!("two: {listed}");
    };
    assert_eq!(newest["preRegistrationId"], json!(application.prid));
    assert_eq!(newest["statusCode"], "Booked");
    assert_eq!(
        newest["bookingMetadata"],
        json!({"registration_center_id": "10001", "appointment_date": "2026-11-30",
               "time_slot_from": "09:30", "time_slot_to": "09:45"})
    );
    let metadata = &newest["demographicMetadata"];
    assert_eq!(metadata["fullName"], identity()["fullName"]);
    assert_eq!(metadata["postalCode"], identity()["postalCode"]);
    assert_eq!(metadata["dateOfBirth"], identity()["dateOfBirth"]);
    let paper = &metadata["proofOfAddress"];
    assert_eq!(
        keys(paper),
        ["docCatCode", "docName", "docTypCode", "documentId", "langCode", "refNumber"]
    );
    assert_eq!((&paper["docName"], &paper["refNumber"]), (&json!("house.pdf"), &json!(null)));
    let languages = newest["dataCaptureLanguage"].as_array().unwrap();
    assert!(languages.contains(&json!("eng")), "{languages:?}");
    assert_eq!(
        keys(oldest),
        [
            "bookingMetadata",
            "dataCaptureLanguage",
            "demographicMetadata",
            "preRegistrationId",
            "statusCode"
        ]
    );
    assert_eq!(oldest["bookingMetadata"], json!(null));
    assert_eq!(oldest["demographicMetadata"]["proofOfAddress"], json!(null));
}

#[tokio::test]
async fn a_page_has_as_many_applications_as_the_country_says() {
    let node = TestNode::with(|plan| plan.set("mosip.pregistration.pagesize", "2")).await;
    let who = node.resident(0);
    for _ in 0..3 {
        node.given_application_of(0).await;
    }
    let page =
        async |index: &str| node.get(&who, &format!("/applications?pageIndex={index}")).await;

    for (index, on_page) in [("0", 2), ("1", 1)] {
        let listed = page(index).await.response();
        let counters = [&listed["totalRecords"], &listed["noOfRecords"], &listed["pageIndex"]];
        assert_eq!(counters, ["3", on_page.to_string().as_str(), index]);
        assert_eq!(listed["basicDetails"].as_array().unwrap().len(), on_page);
    }
    let past = page("2").await;
    past.is_refused("PRG_PAM_APP_016", "no record found for the requested page index");
    for index in ["-1", "x", "", "1.5", "99999999999999999999999"] {
        page(index).await.is_refused("PRG_PAM_APP_019", "Invalid page index value");
    }
}

#[tokio::test]
async fn a_page_size_that_is_none_is_told_and_hurts_only_who_asks_for_a_page() {
    for size in ["0", "-1", "many", "1000000"] {
        let node = TestNode::with(|plan| plan.set("mosip.pregistration.pagesize", size)).await;
        let who = node.given_application().await.by;
        for path in ["/applications", "/applications/prereg"] {
            node.get(&who, path).await.response();
            let page = node.get(&who, &format!("{path}?pageIndex=0")).await;
            page.is_refused("PRG_PAM_APP_015", "Page size must be greater than zero");
        }
    }
}

#[tokio::test]
async fn who_has_made_no_application_is_told_so() {
    let node = TestNode::authority().await;
    node.given_application_of(1).await;
    let listed = node.get(&node.resident(0), "/applications").await;
    listed.is_refused("PRG_PAM_APP_005", "No record found for the requested user id");
}

#[tokio::test]
async fn updated_times_are_told_without_a_zone_and_leave_out_who_is_not_here() {
    let node = TestNode::authority().await;
    let first = node.given_application().await;
    node.wait(SignedDuration::from_secs(60));
    let second = node.given_application().await;
    let ask = async |prids: Value| {
        let request = json!({"registartion_center_id": null, "pre_registration_ids": prids});
        node.call(&node.officer(), "/applications/updatedTime", DATES, request).await
    };

    let told = ask(json!([first.prid, second.prid, "97465075291709", "x"])).await;
    assert_eq!(told.json()["id"], DATES);
    assert_eq!(
        told.response(),
        json!({first.prid.as_str(): "2026-11-23T08:00:11.204",
               second.prid.as_str(): "2026-11-23T08:01:11.204"})
    );
    let none = ask(json!(["97465075291709", "x"])).await;
    none.is_refused(NO_APPLICATION.0, NO_APPLICATION.1);
    for empty in [json!([]), json!(null)] {
        let reply = ask(empty).await;
        reply.is_refused("PRG_PAM_CORE_001", "request parameter is missing");
    }
    let mut many = vec![first.prid.clone(); 1000];
    assert_eq!(keys(&ask(json!(many)).await.response()), [first.prid.as_str()]);
    many.push("97465075291709".into());
    ask(json!(many)).await.is_refused("PRG_PAM_CORE_004", "Request body is invalid");
}

#[tokio::test]
async fn a_blank_id_is_a_parameter_that_is_missing() {
    let node = TestNode::authority().await;
    let who = node.resident(0);
    let request = json!({"langCode": "eng", "demographicDetails": {"identity": identity()}});
    for (method, path) in [
        ("GET", "/applications/%20"),
        ("GET", "/applications/prereg/%20%09"),
        ("GET", "/applications/status/%20"),
        ("DELETE", "/applications/%20"),
        ("PUT", "/applications/%20"),
        ("PUT", "/applications/status/%20?statusCode=Booked"),
    ] {
        let body = envelope(UPDATE, node.now(), request.clone());
        let reply = send(&node, method, &who, path, &body).await;
        reply.is_refused("PRG_PAM_CORE_001", "request parameter is missing");
    }
    let info = node.get(&who, "/applications/prereg/info/%20").await;
    info.is_refused("PRG_PAM_APP_013", "Invalid application Id");
}

#[tokio::test]
async fn data_sync_reads_an_application_with_its_documents_at_once() {
    let node = TestNode::authority().await;
    let application = node.given_application().await;
    let info = format!("/applications/prereg/info/{}", application.prid);
    let read = format!("/applications/{}", application.prid);

    let reply = node.get(&node.officer(), &info).await;
    assert_eq!(reply.json()["id"], json!(null));
    let told = reply.response();
    assert_eq!(keys(&told), ["demographicResponse", "documentsMetaData"]);
    assert_eq!(told["documentsMetaData"], json!(null));
    assert_eq!(told["demographicResponse"], node.get(&application.by, &read).await.response());

    let request = json!({"docCatCode": "POI", "docTypCode": "VIC", "langCode": "eng"});
    let file = crate::support::file(100);
    node.upload(&application.by, &application.prid, request, "a.pdf", &file).await.response();
    let told = node.get(&application.by, &info).await.response();
    let documents = &told["documentsMetaData"]["documentsMetaData"];
    assert_eq!((&documents[0]["docCatCode"], &documents[1]), (&json!("POI"), &json!(null)));

    node.get(&node.resident(7), &info).await.is_refused(NOT_OWNER.0, NOT_OWNER.1);
    let nobody = node.get(&node.officer(), "/applications/prereg/info/97465075291709").await;
    nobody.is_refused(NO_APPLICATION.0, NO_APPLICATION.1);
}

#[tokio::test]
async fn the_older_portal_reads_the_schema_of_identities() {
    let node = TestNode::authority().await;
    let reply = node.get(&node.resident(0), "/applications/config").await;
    assert_eq!(reply.json()["id"], json!(null));
    let schema = &reply.response()["idSchema"];
    assert!(schema["properties"]["identity"]["properties"]["fullName"].is_object(), "{schema}");
}

#[tokio::test]
async fn an_application_begins_incomplete_in_1_2() {
    let node = TestNode::with(|plan| plan.settings.rules.lifecycle = Lifecycle::V1_2).await;
    let application = node.given_application().await;
    assert_eq!(node.status_of(&application).await, "Application_Incomplete");
    let own = node.get(&application.by, "/applications?type=NEW_PREREGISTRATION").await.response();
    let [one] = own["allApplications"].as_array().unwrap().as_slice() else { panic!("{own}") };
    assert_eq!(one["applicationStatusCode"], "DRAFT");
}

#[tokio::test]
async fn a_booking_changes_the_updated_time_and_a_document_does_not() {
    let node = TestNode::authority().await;
    let application = node.given_application().await;
    let asked = json!({"pre_registration_ids": [application.prid]});
    let time = async || {
        let path = "/applications/updatedTime";
        let told = node.call(&node.officer(), path, DATES, asked.clone()).await.response();
        told[application.prid.as_str()].as_str().unwrap().to_owned()
    };

    node.wait(SignedDuration::from_secs(10));
    let request = json!({"docCatCode": "POI", "docTypCode": "VIC", "langCode": "eng"});
    let file = crate::support::file(100);
    node.upload(&application.by, &application.prid, request, "a.pdf", &file).await.response();
    assert_eq!(time().await, "2026-11-23T08:00:11.204");
    node.book(&application, "2026-11-30", "09:00").await.response();
    assert_eq!(time().await, "2026-11-23T08:00:21.204");
}
