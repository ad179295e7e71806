use jiff::civil::date;
use serde_json::json;

use super::*;
use crate::domain::master::{Kind, Row, sample};

const MISSING: &str = "Missing input parameter - identity/";
const INVALID: &str = "Invalid input parameter - identity/";

fn identity() -> Value {
    json!({
        "IDSchemaVersion": 0.1,
        "fullName": [{"language": "eng", "value": "A Name"}, {"language": "ara", "value": "اسم"}],
        "dateOfBirth": "1990/02/28",
        "gender": [{"language": "eng", "value": "WMN"}, {"language": "ara", "value": "امرأة"}],
        "residenceStatus": [{"language": "eng", "value": "whatever"}],
        "region": [{"language": "eng", "value": "North"}, {"language": "ara", "value": "NORTH"}],
        "postalCode": "40110",
        "phone": "9000000000"
    })
}

fn check(
    master: &Master,
    required: Option<&[&str]>,
    change: impl FnOnce(&mut Value),
) -> Vec<String> {
    let mut json = identity();
    change(&mut json);
    let identity = serde_json::from_value(json).unwrap();
    let required: Option<Vec<_>> =
        required.map(|list| list.iter().map(|id| (*id).to_owned()).collect());
    let findings = validate(&identity, master, required.as_deref(), date(2026, 11, 22));
    for finding in &findings {
        let missing = finding.message.starts_with(MISSING);
        assert_eq!(finding.code, if missing { "KER-IOV-005" } else { "KER-IOV-004" });
    }
    findings
        .into_iter()
        .map(|finding| finding.message.replace(MISSING, "005 ").replace(INVALID, "004 "))
        .collect()
}

fn findings(change: impl FnOnce(&mut Value)) -> Vec<String> {
    check(&sample::master(), None, change)
}

fn remove(json: &mut Value, field: &str) {
    json.as_object_mut().unwrap().remove(field);
}

fn with_list(list: &str) -> Master {
    let mut rows = sample::rows();
    rows.push(Row::new(Kind::Property, json!({"key": MANDATORY, "value": list})).unwrap());
    Master::from_rows(rows).unwrap()
}

#[test]
fn a_complete_identity_has_no_findings() {
    assert_eq!(findings(|_| {}), [""; 0]);
}

#[test]
fn without_a_list_what_the_form_requires_must_be_there_but_no_document() {
    assert_eq!(
        findings(|json| *json = json!({})),
        ["005 IDSchemaVersion", "005 fullName", "005 dateOfBirth", "005 gender", "005 region"]
    );
}

#[test]
fn the_countrys_list_demands_one_of_what_a_bar_parts_and_no_uin() {
    let master = with_list("IDSchemaVersion,UIN,dateOfBirth|age,phone");
    let none = |json: &mut Value| *json = json!({});
    assert_eq!(
        check(&master, None, none),
        [
            "005 IDSchemaVersion",
            "Missing input parameter - identity/dateOfBirth|identity/age",
            "005 phone"
        ]
        .map(|text| text.replace(MISSING, "005 "))
    );
    let age = check(&master, None, |json| {
        remove(json, "dateOfBirth");
        json["age"] = json!(30);
    });
    assert_eq!(age, [""; 0]);
}

#[test]
fn the_list_that_a_client_sends_counts_alone_less_what_the_schema_does_not_know() {
    let found = check(&sample::master(), Some(&["phone", "UIN", "height"]), |json| {
        *json = json!({"shoeSize": 42});
    });
    assert_eq!(found, ["005 phone", "005 UIN"]);
}

#[test]
fn an_unknown_key_passes_only_with_a_list_where_the_schema_forbids_it() {
    let extra = |json: &mut Value| json["shoeSize"] = json!(42);
    assert_eq!(findings(extra), ["004 shoeSize"]);
    assert_eq!(check(&sample::master(), Some(&[]), extra), [""; 0]);
}

#[test]
fn a_language_that_is_not_active_is_named_by_its_place() {
    let found = findings(|json| {
        json["fullName"][1]["language"] = json!("tam");
        json["region"][0]["language"] = json!("xxx");
    });
    assert_eq!(found, ["004 fullName/1/language", "004 region/0/language"]);
}

#[test]
fn a_value_must_be_in_master_data_in_its_own_language() {
    let found = findings(|json| {
        json["gender"][0]["value"] = json!("امرأة");
        json["region"][1]["value"] = json!("North");
        json["postalCode"] = json!("99999");
    });
    assert_eq!(found, ["004 gender/0/value", "004 region/1/value", "004 postalCode"]);
}

#[test]
fn not_available_stands_for_any_place_and_an_empty_optional_value_passes() {
    assert_eq!(findings(|json| json["postalCode"] = json!("NA")), [""; 0]);
    assert_eq!(findings(|json| json["region"][0]["value"] = json!("NA")), [""; 0]);
    assert_eq!(findings(|json| json["region"][0]["value"] = json!("")), ["004 region/0/value"]);
    assert_eq!(findings(|json| json["residenceStatus"][0]["value"] = json!("")), [""; 0]);
}

#[test]
fn a_birth_date_is_a_real_day_that_has_come() {
    for bad in
        ["1990/02/30", "2026/11/23", "1990-02-28", "28/02/1990", "1990/2/28", "", "١٩٩٠/٠٢/٢٨"]
    {
        assert_eq!(findings(|json| json["dateOfBirth"] = json!(bad)), ["004 dateOfBirth"], "{bad}");
    }
    assert_eq!(findings(|json| json["dateOfBirth"] = json!("2026/11/22")), [""; 0]);
}

#[test]
fn the_configured_pattern_of_the_phone_goes_before_the_schemas() {
    for bad in ["5000000000", "900000000", "90000000000", ""] {
        assert_eq!(findings(|json| json["phone"] = json!(bad)), ["004 phone"], "{bad}");
    }
    assert_eq!(findings(|json| remove(json, "phone")), [""; 0]);
}

#[test]
fn all_findings_come_together_missing_first_and_each_once() {
    let found = findings(|json| {
        remove(json, "fullName");
        json["postalCode"] = json!("9999");
        json["gender"][0] = json!({"language": "eng"});
    });
    // The postal code fails its pattern and is unknown besides.
    assert_eq!(found, ["005 fullName", "005 gender/0/value", "004 postalCode"]);
}

#[test]
fn an_identity_prints_nothing_of_what_it_holds() {
    let identity: Identity = serde_json::from_value(identity()).unwrap();
    assert_eq!(format!("{identity:?}"), "Identity(..)");
    assert_eq!(identity.text("phone"), Some("9000000000"));
    assert_eq!(identity.text("fullName"), Some("A Name"));
    assert_eq!(identity.values("fullName").last(), Some(("ara", "اسم")));
    assert_eq!(identity.text("IDSchemaVersion"), None);
    assert_eq!(serde_json::to_value(&identity).unwrap(), self::identity());
}
