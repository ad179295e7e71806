use jiff::civil::{date, time};
use serde_json::{Value, json};

use super::*;

fn refused(change: impl FnOnce(&mut Vec<Row>)) -> String {
    let mut rows = sample::rows();
    change(&mut rows);
    Master::from_rows(rows).unwrap_err().to_string()
}

fn content(rows: &mut [Row], kind: Kind) -> &mut Value {
    &mut rows.iter_mut().find(|row| row.kind == kind).unwrap().content
}

#[test]
fn languages_come_mandatory_first_and_only_if_they_are_active() {
    let master = sample::master();
    let languages = master.languages();
    assert_eq!(languages.offered().collect::<Vec<_>>(), ["eng", "ara", "fra"]);
    assert_eq!(languages.active().len(), 3);
    assert!(languages.is_offered("fra") && !languages.is_offered("tam"));
    assert!(languages.is_right_to_left("ara") && !languages.is_right_to_left("eng"));
    assert_eq!(languages.first(), "eng");
}

#[test]
fn a_center_without_a_row_in_the_language_has_the_name_of_another() {
    let master = sample::master();
    let center = master.center(&CenterId::new("10001")).unwrap();
    assert_eq!(center.names.pick("ara"), "Centre");
    assert_eq!(center.address.pick("fra"), "1 rue Nord");
    assert_eq!(center.address_lines.pick("fra"), "1 rue\nNord");
    assert_eq!((center.start, center.end), (time(9, 0, 0, 0), time(17, 0, 0, 0)));
    assert_eq!((center.step.as_mins(), center.kiosks, center.active), (15, 3, true));
}

#[test]
fn a_center_without_working_days_keeps_those_of_the_country() {
    let master = sample::master();
    let center = master.center(&CenterId::new("10001")).unwrap();
    assert!(master.is_working_day(center, date(2026, 11, 23)));
    assert!(!master.is_working_day(center, date(2026, 11, 22)));

    let mut rows = sample::rows();
    let own = json!({"registrationCenterId": "10001", "dayCode": "101", "isWorking": true});
    rows.push(Row::new(Kind::WorkingDay, own).unwrap());
    let master = Master::from_rows(rows).unwrap();
    assert!(!master.is_working_day(center, date(2026, 11, 23)));
    assert!(master.is_working_day(center, date(2026, 11, 22)));
}

#[test]
fn a_center_keeps_the_holidays_of_its_place_and_its_own() {
    let master = sample::master();
    let center = master.center(&CenterId::new("10001")).unwrap();
    assert!(master.is_holiday(center, date(2026, 12, 25)));
    assert!(master.is_holiday(center, date(2026, 12, 28)));
    assert!(!master.is_holiday(center, date(2026, 12, 26)));
}

#[test]
fn a_place_is_found_by_code_and_by_name_of_its_language_while_it_is_active() {
    let master = sample::master();
    assert_eq!(master.place_code(1, Some("ara"), "شمال"), Some("NORTH"));
    assert_eq!(master.place_code(1, Some("ara"), "NORTH"), Some("NORTH"));
    assert_eq!(master.place_code(1, Some("eng"), "شمال"), None);
    assert_eq!(master.place_code(1, None, "شمال"), Some("NORTH"));
    assert_eq!(master.place_code(0, Some("eng"), "North"), None);
    assert_eq!(master.place_code(1, Some("eng"), "SOUTH"), None);
    assert_eq!(master.place("SOUTH").unwrap().named.names.pick("ara"), "جنوب");
    assert_eq!(master.places_below(Some("LAND")).count(), 2);
}

#[test]
fn templates_are_told_apart_by_case() {
    let master = sample::master();
    assert_eq!(master.template("otp-sms-template", "ara"), Some("small $otp"));
    assert_eq!(master.template("OTP-sms-template", "eng"), Some("large $otp"));
    assert_eq!(master.template("Otp-sms-template", "eng"), None);
}

#[test]
fn a_property_loses_the_blanks_around_it_and_a_blank_one_is_unset() {
    let master = sample::master();
    assert_eq!(master.number("offset"), Some(2));
    assert_eq!(master.property("blank"), None);
    assert_eq!(master.number("mosip.mandatory-languages"), None);
}

#[test]
fn the_pattern_of_a_property_admits_only_what_fits_it() {
    let master = sample::master();
    assert!(master.admits("mosip.id.validation.identity.phone", "9000000000"));
    assert!(!master.admits("mosip.id.validation.identity.phone", "1000000000"));
    assert!(!master.admits("mosip.id.validation.identity.email", "a@example.org"));
}

#[test]
fn the_latest_ui_specification_is_the_one_of_the_highest_version() {
    assert_eq!(sample::master().ui_spec().content()["version"], 0.9);
}

#[test]
fn mandatory_are_required_uploads_that_the_applicant_type_has_a_use_for() {
    let master = sample::master();
    let born = |year: &str| {
        let json = json!({"dateOfBirth": format!("{year}/01/01"),
            "gender": [{"language": "eng", "value": "Woman"}],
            "residenceStatus": [{"language": "eng", "value": "CTZ"}]});
        serde_json::from_value::<Identity>(json).unwrap()
    };
    let today = date(2026, 11, 22);
    assert_eq!(master.applicant_type(&born("1990"), today), Some("1"));
    assert_eq!(master.mandatory_categories(&born("1990"), today), ["POI"]);
    assert_eq!(master.mandatory_categories(&born("2020"), today), ["POI", "POR"]);
    assert_eq!(master.mandatory_categories(&Identity::default(), today), ["POI", "POR"]);
}

#[test]
fn what_is_missing_are_the_mandatory_categories_without_a_document_and_no_form_misses_none() {
    let master = sample::master();
    let today = date(2026, 11, 22);
    let mut application: Application = serde_json::from_value(json!({
        "prid": "97465075291709", "kind": "New", "language": "eng", "identity": {},
        "status": "Application_Incomplete", "created_by": "a", "created_at": "2026-11-22T07:00:00Z",
        "updated_by": "a", "updated_at": "2026-11-22T07:00:00Z",
        "documents": [{"id": "1", "category": "POI", "kind": "CARD", "name": "a.pdf",
                       "language": "eng"}],
    }))
    .unwrap();
    assert_eq!(master.missing_categories(&application, today), ["POR"]);
    application.kind = application::Kind::LostUin;
    assert_eq!(master.missing_categories(&application, today), [""; 0]);
}

#[test]
fn a_pair_of_category_and_type_is_valid_while_its_row_is_active() {
    let master = sample::master();
    assert!(master.is_valid_document("POI", "CARD"));
    assert!(!master.is_valid_document("POR", "CARD"));
    assert!(!master.is_valid_document("CARD", "POI"));
}

#[test]
fn what_does_not_add_up_is_refused_with_its_place() {
    for (change, says) in [
        (
            (|rows| content(rows, Kind::Center)["locationCode"] = json!("NOWHERE"))
                as fn(&mut Vec<Row>),
            "center 10001 (fra): its location NOWHERE is unknown",
        ),
        (
            |rows| content(rows, Kind::Center)["centerStartTime"] = json!("nine"),
            "center 10001 (fra): nine is not a time of day",
        ),
        (
            |rows| content(rows, Kind::Center)["perKioskProcessTime"] = json!("00:00:00"),
            "center 10001 (fra): its time for each person is nothing",
        ),
        (
            |rows| content(rows, Kind::ValidDocument)["docTypeCode"] = json!("NONE"),
            "valid document POI/CARD (eng): its type NONE is unknown",
        ),
        (|rows| rows.push(rows[0].clone()), "language eng: is there twice"),
        (|rows| rows.retain(|row| row.kind != Kind::Language), "languages: there is no active one"),
        (|rows| rows.retain(|row| row.kind != Kind::UiSpec), "UI specification: there is none"),
        (|rows| rows.retain(|row| row.kind != Kind::IdSchema), "id-schema: there is none"),
        (
            |rows| content(rows, Kind::IdSchema)["schemaJson"] = json!("{"),
            "id schema 0.1: its schemaJson is not JSON: EOF while parsing an object at line 1 column 1",
        ),
        (
            |rows| rows.retain(|row| row.code != "LAND"),
            "location NORTH (ara): the place around it, LAND, is unknown",
        ),
        (
            |rows| content(rows, Kind::Property)["value"] = json!("tam"),
            "languages: tam is mandatory, but no active language",
        ),
    ] {
        assert_eq!(refused(change), says);
    }
}
