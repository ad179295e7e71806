use std::collections::BTreeMap;

use jiff::civil::{date, time};
use serde_json::json;

use super::*;
use crate::domain::identity::Identity;
use crate::domain::ids::Digest;
use crate::domain::master::sample;
use crate::domain::prid::Prid;

fn identity() -> Identity {
    serde_json::from_value(json!({
        "IDSchemaVersion": 0.1,
        "fullName": [{"language": "ara", "value": "اسم"}],
        "dateOfBirth": "1990/02/28",
        "gender": [{"language": "eng", "value": "WMN"}],
        "residenceStatus": [{"language": "eng", "value": "CTZ"}],
        "region": [{"language": "ara", "value": "شمال"}],
        "postalCode": "40110",
        "height": 172
    }))
    .unwrap()
}

fn document(category: &str, present: bool) -> DocumentLine {
    DocumentLine {
        id: DocumentId::new(format!("id-of-{category}")),
        category: category.to_owned(),
        document_type: "CARD".to_owned(),
        file_name: "card.pdf".to_owned(),
        size: 4,
        digest: Some(Digest::of(b"card")),
        href: format!("/documents/{category}"),
        present,
        ref_number: None,
    }
}

fn provenance() -> Provenance {
    Provenance { from: Origin::Central, by: None, as_of: Timestamp::from_second(1_000).unwrap() }
}

/// An application that lacks nothing, until a test takes it away.
struct Case {
    status: &'static str,
    identity: Identity,
    documents: Vec<DocumentLine>,
    booked: bool,
    overrides: BTreeMap<String, Provenance>,
    confirmed: bool,
}

fn complete() -> Case {
    Case {
        status: "Booked",
        identity: identity(),
        documents: vec![document("POA", true), document("POI", true)],
        booked: true,
        overrides: BTreeMap::new(),
        confirmed: true,
    }
}

fn form(case: &Case) -> Value {
    let master = sample::master();
    let prid = Prid::parse("97465075291709").unwrap();
    let appointment = AppointmentLine {
        center: CenterId::new("10001"),
        date: date(2026, 11, 23),
        from: time(9, 0, 0, 0),
        to: time(9, 15, 0, 0),
    };
    let contents = Contents {
        prid: &prid,
        status: case.status,
        language: "eng",
        identity: &case.identity,
        documents: &case.documents,
        appointment: case.booked.then_some(appointment),
        source: provenance(),
        overrides: &case.overrides,
        confirmed_at: case.confirmed.then(|| Timestamp::from_second(1_000).unwrap()),
        line: "down",
        today: date(2026, 11, 22),
    };
    let form = Form::fill(&contents, &master);
    let json = serde_json::to_value(&form).unwrap();
    assert_eq!(json["ready"], form.is_ready());
    json
}

fn field<'a>(form: &'a Value, id: &str) -> &'a Value {
    form["fields"].as_array().unwrap().iter().find(|field| field["id"] == id).unwrap()
}

#[test]
fn fields_stand_in_the_order_of_the_ui_specification() {
    let form = form(&complete());
    let ids: Vec<_> = form["fields"]
        .as_array()
        .unwrap()
        .iter()
        .map(|field| field["id"].as_str().unwrap())
        .collect();
    let master = sample::master();
    let wanted: Vec<_> = master.ui_spec().fields().iter().map(|field| field.id.as_str()).collect();
    assert_eq!(ids, wanted);
    assert_eq!(form["others"][0]["id"], "height");
    assert_eq!(form["others"][0]["value"], 172);
}

#[test]
fn a_value_of_master_data_has_code_and_name_in_each_language() {
    let form = form(&complete());
    assert_eq!(
        field(&form, "gender")["values"],
        json!([
            {"language": "eng", "code": "WMN", "value": "WMN", "name": "Woman"},
            {"language": "ara", "code": "WMN", "value": "WMN", "name": "امرأة"},
            {"language": "fra", "code": "WMN", "value": "WMN", "name": "Woman"},
        ])
    );
    // This one was given by name.
    assert_eq!(
        field(&form, "region")["values"],
        json!([
            {"language": "ara", "code": "NORTH", "value": "شمال", "name": "شمال"},
            {"language": "eng", "code": "NORTH", "value": "NORTH", "name": "North"},
            {"language": "fra", "code": "NORTH", "value": "NORTH", "name": "North"},
        ])
    );
    assert_eq!(field(&form, "postalCode")["code"], "40110");
    assert_eq!(field(&form, "postalCode")["value"], "40110");
}

#[test]
fn a_typed_value_stands_as_it_was_typed() {
    let form = form(&complete());
    assert_eq!(
        field(&form, "fullName")["values"],
        json!([{"language": "ara", "value": "اسم", "name": "اسم"}])
    );
    assert_eq!(field(&form, "fullName")["labels"], json!({"eng": "fullName", "ara": "حقل"}));
    assert_eq!(field(&form, "IDSchemaVersion")["value"], 0.1);
    assert_eq!(field(&form, "phone").get("value"), None);
}

#[test]
fn each_value_says_where_it_came_from_and_how_old_it_is() {
    let overrides = BTreeMap::from([(
        "fullName".to_owned(),
        Provenance {
            from: Origin::Here,
            by: Some(Giver::Officer),
            as_of: Timestamp::from_millisecond(2_000_500).unwrap(),
        },
    )]);
    let form = form(&Case { overrides, confirmed: false, ..complete() });
    let name = field(&form, "fullName");
    assert_eq!(
        (&name["from"], &name["by"], &name["asOf"]),
        (&json!("here"), &json!("officer"), &json!("1970-01-01T00:33:20.500Z"))
    );
    let gender = field(&form, "gender");
    assert_eq!((&gender["from"], gender.get("by")), (&json!("central"), None));
    assert_eq!(gender["asOf"], "1970-01-01T00:16:40.000Z");
    assert_eq!(field(&form, "phone").get("from"), None);
    assert_eq!((&form["confirmedAt"], &form["line"]), (&Value::Null, &json!("down")));
}

#[test]
fn a_form_with_record_mandatory_documents_and_appointment_is_ready_whatever_the_status() {
    let form = form(&Case { status: "Pending_Appointment", ..complete() });
    assert_eq!((&form["ready"], &form["missing"]), (&json!(true), &json!([])));
    assert_eq!(form["status"], "Pending_Appointment");
}

#[test]
fn what_is_missing_is_named_in_each_language() {
    let form = form(&Case {
        identity: Identity::default(),
        documents: Vec::new(),
        booked: false,
        ..complete()
    });
    assert_eq!(form["ready"], false);
    assert_eq!(
        form["missing"],
        json!([
            {"what": "record", "coming": false, "names":
                {"eng": "Personal data", "ara": "البيانات الشخصية", "fra": "Données personnelles"}},
            {"what": "document", "category": "POI", "coming": false, "names": {"eng": "Identity"}},
            {"what": "document", "category": "POR", "coming": false, "names": {"eng": "Relation"}},
            {"what": "appointment", "coming": false, "names":
                {"eng": "Appointment", "ara": "الموعد", "fra": "Rendez-vous"}},
        ])
    );
    assert_eq!(form["appointment"], Value::Null);
}

#[test]
fn a_document_whose_content_is_still_coming_keeps_the_form_from_being_ready() {
    let form = form(&Case { documents: vec![document("POI", false)], ..complete() });
    assert_eq!(form["ready"], false);
    assert_eq!(form["missing"][0]["category"], "POI");
    assert_eq!(form["missing"][0]["coming"], true);
    assert_eq!(form["documents"][0]["present"], false);
}

#[test]
fn documents_are_links_in_the_order_of_the_form() {
    let form = form(&complete());
    assert_eq!(
        form["documents"][0],
        json!({
            "id": "id-of-POI",
            "field": "proofOfIdentity",
            "category": {"code": "POI", "names": {"eng": "Identity"}},
            "type": {"code": "CARD", "names": {"eng": "Card"}},
            "fileName": "card.pdf",
            "size": 4,
            "sha256": Digest::of(b"card").to_string(),
            "href": "/documents/POI",
            "present": true,
            "refNumber": null,
        })
    );
    assert_eq!(form["documents"][1]["field"], "proofOfAddress");
    // A category has two controls here, its document stands at the first.
    assert_eq!(field(&form, "proofOfIdentity")["documents"], json!(["id-of-POI"]));
    assert_eq!(field(&form, "proofOfIdentity-1").get("documents"), None);
}

#[test]
fn an_appointment_names_its_center() {
    assert_eq!(
        form(&complete())["appointment"],
        json!({
            "centerId": "10001",
            "center": {"fra": "Centre"},
            "address": {"fra": "1 rue Nord"},
            "date": "2026-11-23",
            "from": "09:00",
            "to": "09:15",
        })
    );
}
