//! Master data through pre-registration's proxy, and UI specifications: what the portal reads of the
//! country, given from the replica.

use jiff::SignedDuration;
use prereg_node::demo::country;
use prereg_node::domain::caller::Role;
use serde_json::{Value, json};

use crate::support::{Reply, TestNode};

/// The answer where central's master data service would have been asked in vain.
const NOT_HERE: (&str, &str) = ("PRG_MSD_APP_001", "Failed to fetch masterdata information");
const NO_CENTER: (&str, &str) = ("KER-MSD-215", "Registration Center not found");

async fn ask(node: &TestNode, path: &str) -> Reply {
    node.get(&node.resident(0), &format!("/proxy/masterdata/{path}")).await
}

/// Returns `member` of each object of a list.
fn each(list: &Value, member: &str) -> Vec<Value> {
    list.as_array().unwrap().iter().map(|one| one[member].clone()).collect()
}

fn members(object: &Value) -> Vec<String> {
    object.as_object().unwrap().keys().cloned().collect()
}

async fn applicant_type(node: &TestNode, attributes: Value) -> Reply {
    let request = json!({"id": "mosip.applicanttype.fetch", "version": "1.0", "metadata": {},
        "requesttime": "2026-11-23T08:00:00.000Z", "request": {"attributes": attributes}});
    node.post(&node.resident(0), "/proxy/masterdata/getApplicantType", &request).await
}

fn attributes(residence: &str, gender: &str, born: &str) -> Value {
    json!([{"attribute": "residenceStatus", "value": residence},
           {"attribute": "gender", "value": gender},
           {"attribute": "dateOfBirth", "value": born},
           {"attribute": "biometricAvailable", "value": false}])
}

#[tokio::test]
async fn an_answer_has_the_envelope_of_central_s_master_data_service() {
    let node = TestNode::authority().await;
    let body = ask(&node, "registrationcenters/10001/eng").await.json();
    assert_eq!(members(&body), ["id", "version", "responsetime", "metadata", "response", "errors"]);
    assert_eq!((&body["id"], &body["version"]), (&Value::Null, &json!("1.0")));
    assert_eq!((&body["metadata"], &body["errors"]), (&Value::Null, &Value::Null));
    assert_eq!(body["responsetime"], "2026-11-23T08:00:11.204Z");

    let body = ask(&node, "registrationcenters/99999/eng").await.json();
    assert_eq!(members(&body), ["id", "version", "responsetime", "metadata", "response", "errors"]);
}

#[tokio::test]
async fn what_the_replica_does_not_answer_is_answered_as_if_central_were_away() {
    let node = TestNode::authority().await;
    let paths = [
        "nothing",
        "machines/1",
        "registrationcenters/1/2/3/4",
        "templates/templatetypecodes/none",
    ];
    for path in paths {
        let reply = ask(&node, path).await;
        reply.is_refused(NOT_HERE.0, NOT_HERE.1);
        let body = reply.json();
        assert_eq!(members(&body), ["id", "version", "responsetime", "response", "errors"]);
        for null in ["id", "version", "responsetime", "response"] {
            assert_eq!(body[null], Value::Null);
        }
    }
    let elsewhere = "/proxy/masterdata/registrationcenters";
    let posted = node.post(&node.resident(0), elsewhere, &json!({})).await;
    posted.is_refused(NOT_HERE.0, NOT_HERE.1);
}

#[tokio::test]
async fn a_center_is_shown_with_every_member_in_the_language_asked_for() {
    let node = TestNode::authority().await;
    let centers = ask(&node, "registrationcenters/10001/fra").await.response();
    assert_eq!(
        centers["registrationCenters"],
        json!([{
            "id": "10001", "name": "Centre d’inscription du Vieux-Quai", "centerTypeCode": "FIX",
            "addressLine1": "3 rue du Quai", "addressLine2": "Vieux-Quai",
            "addressLine3": "Ostrelle-Ville", "latitude": "36.10425", "longitude": "4.20771",
            "locationCode": "40110", "holidayLocationCode": "OSC", "contactPhone": "5550101",
            "workingHours": "07:00:00", "langCode": "fra", "numberOfKiosks": 8,
            "perKioskProcessTime": "00:15:00", "centerStartTime": "09:00:00",
            "centerEndTime": "17:00:00", "timeZone": "Velmara time", "contactPerson": "Desk one",
            "lunchStartTime": "13:00:00", "lunchEndTime": "14:00:00", "isActive": true,
            "zoneCode": "VNO"
        }])
    );
    let all = ask(&node, "registrationcenters/10001/all").await.response();
    assert_eq!(each(&all["registrationCenters"], "langCode"), ["ara", "eng", "fra"]);
}

#[tokio::test]
async fn a_center_without_a_row_in_a_language_of_the_country_is_shown_in_another() {
    let node = TestNode::with(|plan| {
        plan.master(|rows| {
            rows.retain(|row| row.language != "ara" || row.code != country::CENTER);
        });
    })
    .await;
    let shown = ask(&node, "registrationcenters/10001/ara").await.response();
    let center = &shown["registrationCenters"][0];
    assert_eq!(center["name"], "Old Quay Registration Center");
    assert_eq!(center["langCode"], "ara");
    for nowhere in ["registrationcenters/10001/kan", "registrationcenters/10009/eng"] {
        ask(&node, nowhere).await.is_refused(NO_CENTER.0, NO_CENTER.1);
    }
}

#[tokio::test]
async fn centers_are_found_by_the_place_they_stand_in_or_one_around_it() {
    let node = TestNode::authority().await;
    let region = ask(&node, "locations/info/ORV/eng").await.response();
    assert_eq!(region["name"], "Orvane");
    let found = ask(&node, "registrationcenters/eng/5/names?name=40110&name=52010").await;
    assert_eq!(each(&found.response()["registrationCenters"], "id"), ["10001", "10003"]);

    // By name in any case and language, and in any script.
    for name in ["orvane", "%D8%A3%D9%88%D8%B1%D9%81%D8%A7%D9%86"] {
        let found = ask(&node, &format!("registrationcenters/eng/1/{name}")).await.response();
        assert_eq!(each(&found["registrationCenters"], "id"), ["10001", "10002"]);
    }
    for nothing in ["eng/1/nowhere", "eng/2/orvane", "eng/x/orvane", "eng/1/names"] {
        let reply = ask(&node, &format!("registrationcenters/{nothing}")).await;
        reply.is_refused(NO_CENTER.0, NO_CENTER.1);
    }
}

#[tokio::test]
async fn a_search_for_centers_comes_in_pages() {
    let node = TestNode::authority().await;
    let path = |number| {
        format!(
            "registrationcenters/page/eng/0/Velmara?pageNumber={number}&pageSize=3&orderBy=desc\
             &sortBy=createdDateTime"
        )
    };
    let first = ask(&node, &path(0)).await.response();
    assert_eq!((&first["totalItems"], &first["totalPages"]), (&json!(4), &json!(2)));
    assert_eq!(each(&first["data"], "id"), ["10001", "10002", "10003"]);
    // By the page, a center has a few members more.
    assert!(first["data"][0].as_object().unwrap().contains_key("numberOfStations"));
    assert_eq!(each(&ask(&node, &path(1)).await.response()["data"], "id"), ["10004"]);
    assert_eq!(ask(&node, &path(2)).await.response()["data"], json!([]));
}

#[tokio::test]
async fn centers_nearby_are_found_longitude_first_and_the_nearest_first() {
    let node = TestNode::authority().await;
    let near = async |metres: &str| {
        ask(&node, &format!("getcoordinatespecificregistrationcenters/eng/4.2078/36.1043/{metres}"))
            .await
    };
    let found = near("2000").await.response();
    assert_eq!(each(&found["registrationCenters"], "id"), ["10001"]);
    let found = near("40000").await.response();
    assert_eq!(each(&found["registrationCenters"], "id"), ["10001", "10002"]);
    near("1").await.is_refused(NO_CENTER.0, NO_CENTER.1);
    for odd in ["x", "NaN", "inf"] {
        near(odd).await.is_refused(NOT_HERE.0, NOT_HERE.1);
    }
}

#[tokio::test]
async fn a_place_s_children_come_with_their_names_in_one_language() {
    let node = TestNode::authority().await;
    let below = ask(&node, "locations/immediatechildren/VLM/fra").await.response();
    let regions = &below["locations"];
    assert_eq!(each(regions, "code"), ["ORV", "SRC", "UDL"]);
    assert_eq!(
        regions[1],
        json!({"code": "SRC", "name": "Côte de Sarnel", "hierarchyLevel": 1,
               "hierarchyName": "Région", "parentLocCode": "VLM", "langCode": "fra",
               "isActive": true})
    );
    // The form must open whatever is missing.
    for none in ["nowhere/eng", "40110/eng", "VLM/kan"] {
        let below = ask(&node, &format!("locations/immediatechildren/{none}")).await.response();
        assert_eq!(below, json!({"locations": []}));
    }
}

#[tokio::test]
async fn places_are_listed_by_level_and_upwards() {
    let node = TestNode::authority().await;
    let regions = ask(&node, "locations/locationhierarchy/Region").await.response();
    assert_eq!(regions["locations"].as_array().unwrap().len(), 9);
    let up = ask(&node, "locations/40110/eng").await.response();
    let levels = each(&up["locations"], "hierarchyLevel");
    assert_eq!(levels, [5, 4, 3, 2, 1, 0]);
    ask(&node, "locations/nowhere/eng").await.is_refused(NOT_HERE.0, NOT_HERE.1);
    ask(&node, "locations/info/nowhere/eng").await.is_refused(NOT_HERE.0, NOT_HERE.1);

    let levels = ask(&node, "locationHierarchyLevels/fra").await.response();
    assert_eq!(
        levels["locationHierarchyLevels"][3],
        json!({"hierarchyLevel": 3, "hierarchyLevelName": "Ville", "langCode": "fra",
               "isActive": true})
    );
}

#[tokio::test]
async fn the_choices_of_drop_downs_come_in_pages_sorted_by_name() {
    let node = TestNode::authority().await;
    let first = ask(&node, "dynamicfields?pageNumber=0&pageSize=4").await.response();
    assert_eq!((&first["totalPages"], &first["totalItems"]), (&json!(3), &json!(9)));
    assert_eq!(each(&first["data"], "name"), ["bloodType", "bloodType", "bloodType", "gender"]);
    assert_eq!(first["data"][3]["langCode"], "ara");
    let french = ask(&node, "dynamicfields?langCode=fra").await.response();
    assert_eq!(each(&french["data"], "name"), ["bloodType", "gender", "residenceStatus"]);
    assert_eq!(
        french["data"][2]["fieldVal"],
        json!([{"code": "CTZ", "value": "Citoyen"}, {"code": "GST", "value": "Hôte"}])
    );
}

#[tokio::test]
async fn the_older_portal_gets_genders_and_residence_statuses() {
    let node = TestNode::authority().await;
    let genders = ask(&node, "gendertypes/eng").await.response();
    assert_eq!(
        genders["genderType"][0],
        json!({"code": "MAN", "genderName": "Man", "langCode": "eng", "isActive": true})
    );
    assert_eq!(
        ask(&node, "gendertypes").await.response()["genderType"].as_array().unwrap().len(),
        9
    );
    let kinds = ask(&node, "individualtypes").await.response();
    assert_eq!(kinds["individualTypes"].as_array().unwrap().len(), 6);
}

#[tokio::test]
async fn the_days_of_a_center_are_its_own_or_the_country_s() {
    let node = TestNode::with(|plan| {
        plan.master(|rows| rows.retain(|row| !row.code.starts_with("10003/")));
    })
    .await;
    let days = ask(&node, "workingdays/10001/fra").await.response();
    assert_eq!(days["workingdays"].as_array().unwrap().len(), 7);
    assert_eq!(
        days["workingdays"][0],
        json!({"code": "101", "name": "Dimanche", "order": 1, "languageCode": "fra"})
    );
    let usual = ask(&node, "workingdays/10003/eng").await.response();
    assert!(!each(&usual["workingdays"], "code").contains(&json!("101")), "{usual}");
    ask(&node, "workingdays/1/eng").await.is_refused(NO_CENTER.0, NO_CENTER.1);

    // The older portal asks for each day and whether it is one of them.
    let week = ask(&node, "weekdays/10003/fra").await.response();
    assert_eq!(week["weekdays"].as_array().unwrap().len(), 7);
    let sunday = &week["weekdays"][0];
    assert_eq!((&sunday["dayCode"], &sunday["name"]), (&json!("101"), &json!("Dimanche")));
    assert_eq!((&sunday["languagecode"], &sunday["isWorking"]), (&json!("fra"), &json!(false)));
    assert_eq!(week["weekdays"][1]["working"], json!(true));
    ask(&node, "weekdays/1/eng").await.is_refused(NO_CENTER.0, NO_CENTER.1);

    let days = ask(&node, "getregistrationcenterholidays/eng/10001/2026").await.response();
    assert_eq!(days["holidays"], json!([]));
    ask(&node, "getregistrationcenterholidays/eng/1/2026")
        .await
        .is_refused(NO_CENTER.0, NO_CENTER.1);
}

#[tokio::test]
async fn the_values_of_a_drop_down_are_listed_in_a_language() {
    let node = TestNode::authority().await;
    let values = ask(&node, "possiblevalues/gender?langCode=eng").await.response();
    let values = values.as_array().unwrap();
    assert!(values.iter().all(|value| value["code"].is_string() && value["value"].is_string()));
    let all = ask(&node, "possiblevalues/gender").await.response();
    assert_eq!(all.as_array().unwrap().len(), 3 * values.len());
    assert!(!values.is_empty());
    ask(&node, "possiblevalues/nothing?langCode=eng").await.is_refused(NOT_HERE.0, NOT_HERE.1);
}

#[tokio::test]
async fn templates_come_in_every_language() {
    let node = TestNode::authority().await;
    for code in ["consent", "Onscreen-Acknowledgement"] {
        let found = ask(&node, &format!("templates/templatetypecodes/{code}")).await.response();
        assert_eq!(each(&found["templates"], "langCode"), ["ara", "eng", "fra"]);
        assert!(found["templates"][1]["fileText"].is_string());
    }
    let one = ask(&node, "templates/fra/consent").await.response();
    assert_eq!(each(&one["templates"], "langCode"), ["fra"]);
}

#[tokio::test]
async fn an_applicant_s_type_is_told_by_residence_and_age_in_either_release_s_words() {
    let node = TestNode::authority().await;
    for (attributes, code) in [
        (attributes("CTZ", "WMN", "1991/05/14"), "101"),
        (attributes("CTZ", "WMN", "2010/11/24"), "102"),
        (attributes("CTZ", "WMN", "2010/11/23"), "101"),
        (attributes("GST", "MAN", "1991/05/14"), "111"),
        (attributes("Hôte", "Homme", "1991/05/14"), "111"),
        (attributes("ELSE", "MAN", "1991/05/14"), "000"),
        (
            json!([{"attribute": "individualTypeCode", "value": "GST"},
                   {"attribute": "genderCode", "value": "WMN"},
                   {"attribute": "dateofbirth", "value": "2020-01-01T00:00:00.000Z"}]),
            "112",
        ),
        (
            json!([{"attribute": "residenceStatus", "value": [{"language": "eng", "value": "CTZ"}]},
                   {"attribute": "gender", "value": [{"language": "eng", "value": "WMN"}]},
                   {"attribute": "isBioException", "value": "true"},
                   {"attribute": "dateOfBirth", "value": "1991/05/14"}]),
            "101",
        ),
        (json!([{"attribute": "_flow", "value": "Update"}]), "000"),
    ] {
        let answer = applicant_type(&node, attributes.clone()).await.response();
        assert_eq!(answer, json!({"applicantType": {"applicantTypeCode": code}}), "{attributes}");
    }
}

#[tokio::test]
async fn an_applicant_of_whom_too_little_is_told_has_no_type() {
    let node = TestNode::authority().await;
    for odd in [
        attributes("", "WMN", "1991/05/14"),
        attributes("CTZ", "", "1991/05/14"),
        attributes("CTZ", "WMN", ""),
        attributes("CTZ", "WMN", "14.05.1991"),
        attributes("CTZ", "WMN", "1726/05/14"),
        json!([{"attribute": "gender", "value": "WMN"}]),
    ] {
        let reply = applicant_type(&node, odd).await;
        reply.is_refused("KER-MSD-147", "Applicant Type data does not exist");
    }
    let text = "One or more input parameter is invalid or does not exist";
    for odd in [json!([]), json!(null), json!("x"), json!([1]), json!([{"value": "x"}])] {
        applicant_type(&node, odd).await.is_refused("KER-MSD-148", text);
    }
    let path = "/preregistration/v1/proxy/masterdata/getApplicantType";
    let cookie = format!("Authorization={}", node.officer().token);
    let reply = node.send(hyper::Method::POST, path, &[("cookie", &cookie)], "no JSON").await;
    reply.is_refused("KER-MSD-148", text);
    let unborn = applicant_type(&node, attributes("CTZ", "WMN", "2026/11/24")).await;
    assert_eq!(unborn.codes(), ["KER-MSD-151"]);
    node.wait(SignedDuration::from_hours(24));
    let born = applicant_type(&node, attributes("CTZ", "WMN", "2026/11/24")).await;
    born.response();
}

#[tokio::test]
async fn an_applicant_type_s_documents_are_offered_by_category_in_the_language_asked_for() {
    let node = TestNode::authority().await;
    let offered = ask(&node, "applicanttype/111/languages?languages=fra").await.response();
    assert_eq!(members(&offered), ["appTypeCode", "langCode", "isActive", "documentCategories"]);
    let categories = &offered["documentCategories"];
    assert_eq!(each(categories, "code")[..2], ["POA", "POI"]);
    let category = categories.as_array().unwrap().iter().find(|one| one["code"] == "POI").unwrap();
    assert_eq!(category["name"], "Preuve d’identité");
    assert_eq!(category["description"], "Montre qui est la personne");
    let kinds = &category["documentTypes"];
    assert_eq!(each(kinds, "code"), ["FTD", "VPP"]);
    assert_eq!(members(&kinds[0]), ["code", "name", "description", "langCode", "isActive"]);

    let usual = ask(&node, "applicanttype/111/languages").await.response();
    assert_eq!(usual["langCode"], "eng");
    let none = "Document Category- Document Type mapping not found";
    for path in
        ["applicanttype/999/languages?languages=eng", "applicanttype/111/languages?languages=kan"]
    {
        ask(&node, path).await.is_refused("KER-MSD-150", none);
    }
}

#[tokio::test]
async fn anybody_with_a_token_may_ask_for_master_data() {
    let node = TestNode::authority().await;
    for role in Role::ALL {
        let session = node.session("somebody", &[role]);
        node.get(&session, "/proxy/masterdata/languages").await.response();
    }
}

#[tokio::test]
async fn the_portal_gets_its_form_as_the_latest_ui_specification() {
    let node = TestNode::authority().await;
    let reply = node.get(&node.resident(0), "/uispec/latest").await;
    let body = reply.json();
    assert_eq!(members(&body), ["id", "version", "responsetime", "response", "errors"]);
    assert_eq!((&body["id"], &body["version"]), (&Value::Null, &json!("1.0")));
    let spec = reply.response();
    assert_eq!(
        members(&spec),
        [
            "id",
            "version",
            "title",
            "description",
            "identitySchemaId",
            "idSchemaVersion",
            "jsonSpec",
            "status",
            "effectiveFrom",
            "createdOn",
            "updatedOn"
        ]
    );
    assert_eq!((&spec["version"], &spec["idSchemaVersion"]), (&json!(0.1), &json!(0.1)));
    let fields = &spec["jsonSpec"]["identity"];
    assert_eq!(each(&fields["identity"], "id")[..2], ["IDSchemaVersion", "fullName"]);
    assert_eq!(
        fields["locationHierarchy"],
        json!(["region", "province", "city", "zone", "postalCode"])
    );
    for same in ["version=0.1", "version=0&identitySchemaVersion=0.1", "version=0.10"] {
        let again = node.get(&node.resident(0), &format!("/uispec/latest?{same}")).await;
        assert_eq!(again.response(), spec, "{same}");
    }
    for other in ["version=7", "identitySchemaVersion=0.2", "version=x", "version="] {
        let none = node.get(&node.resident(0), &format!("/uispec/latest?{other}")).await;
        none.is_refused("PRG_APP_003", "Failed to fetch the ui spec");
        assert_eq!(none.json()["id"], Value::Null);
    }
}

#[tokio::test]
async fn all_ui_specifications_come_in_pages() {
    let node = TestNode::authority().await;
    let all = async |query: &str| {
        node.get(&node.resident(0), &format!("/uispec/all{query}")).await.response()
    };
    let first = all("").await;
    let expected = json!({"pageNo": 0, "pageSize": 10, "sort": null, "totalItems": 1,
        "totalPages": 1, "data": [first["data"][0]]});
    assert_eq!(first, expected);
    assert_eq!(first["data"][0]["version"], 0.1);
    assert_eq!(all("?pageNumber=1&pageSize=1").await["data"], json!([]));
    assert_eq!(all("?pageNumber=x&pageSize=0").await["pageSize"], 10);
}

#[tokio::test]
async fn without_a_ui_specification_for_the_portal_there_is_none_to_give() {
    let node = TestNode::with(|plan| {
        plan.master(|rows| {
            for domain in rows.iter_mut().filter_map(|row| row.content.get_mut("domain")) {
                *domain = json!("registration-client");
            }
        });
    })
    .await;
    let reply = node.get(&node.resident(0), "/uispec/latest").await;
    reply.is_refused("PRG_APP_003", "Failed to fetch the ui spec");
    let reply = node.get(&node.resident(0), "/uispec/all").await;
    reply.is_refused("PRG_APP_003", "Failed to fetch the ui spec");
}
