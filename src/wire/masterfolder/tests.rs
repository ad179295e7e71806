use std::path::PathBuf;

use super::*;
use crate::domain::ids::CenterId;
use crate::domain::master::Master;

/// Reads a folder of these files.
fn read_files(files: &[(&str, &str)]) -> Result<Vec<Row>, Error> {
    read(&|name| {
        let found = files.iter().find(|(known, _)| *known == name);
        Ok(found.map(|(_, content)| Cow::Borrowed(content.as_bytes())))
    })
}

fn error(files: &[(&str, &str)]) -> String {
    read_files(files).unwrap_err().to_string()
}

#[test]
fn a_row_has_the_members_of_the_master_data_service_and_keeps_what_nobody_knows() {
    let rows = read_files(&[(
        "master/location.csv",
        "\u{feff}lang_code,code,name,hierarchy_level,hierarchy_level_name,parent_loc_code,is_active,mood\n\
         eng,X,\"A, b\",0,Country,,true,good\n",
    )])
    .unwrap();
    assert_eq!(rows.len(), 1);
    assert_eq!(
        (rows[0].kind, rows[0].code.as_str(), rows[0].language.as_str()),
        (Kind::Location, "X", "eng")
    );
    assert_eq!(
        rows[0].content,
        json!({"langCode": "eng", "code": "X", "name": "A, b", "hierarchyLevel": 0,
            "hierarchyName": "Country", "isActive": true, "mood": "good"})
    );
}

#[test]
fn an_error_names_file_and_line() {
    let header = "lang_code,id,number_of_kiosks\n";
    assert_eq!(
        error(&[("master/registration_center.csv", &format!("{header}eng,1,3\neng,2,many\n"))]),
        "master/registration_center.csv, line 3: numberOfKiosks is not a number: many"
    );
    assert_eq!(
        error(&[("master/registration_center.csv", &format!("{header}eng,,3\n"))]),
        "master/registration_center.csv, line 2: center: has no id"
    );
    let uneven = error(&[("master/language.csv", "code,name\neng,English\nfra\n")]);
    assert!(uneven.starts_with("master/language.csv, line 3: "), "{uneven}");
    let garbage = error(&[("config/identity-mapping.json", "<html>")]);
    assert!(garbage.starts_with("config/identity-mapping.json: expected value"), "{garbage}");
    assert_eq!(
        error(&[("spec/id_schema_meta.json", r#"{"id_version": "../../x"}"#)]),
        "spec/id_schema_meta.json: its version is not a number"
    );
}

#[test]
fn the_choices_of_a_dynamic_field_come_as_one_object_for_each_language() {
    let rows = read_files(&[(
        "master/dynamic_field.csv",
        "id,name,description,data_type,lang_code,code,value,is_active\n\
         1,mood,Mood,string,eng,G,Good,true\n\
         2,mood,Mood,string,eng,B,Bad,true\n\
         3,mood,Mood,string,eng,U,Unused,false\n\
         4,mood,Humeur,string,fra,G,Bonne,true\n",
    )])
    .unwrap();
    assert_eq!(rows.len(), 2);
    assert_eq!(
        rows[0].content["fieldVal"],
        json!([{"code": "G", "value": "Good"}, {"code": "B", "value": "Bad"}])
    );
    assert_eq!((rows[1].code.as_str(), rows[1].language.as_str()), ("mood", "fra"));
}

#[test]
fn placeholders_are_resolved_or_the_property_is_left_out() {
    let rows = read_files(&[
        ("config/application-shared.json", r#"{"a": "1", "b": "shared", "other": 7}"#),
        (
            "config/pre-registration-default.json",
            r#"{"b": "x${a}y${c:z}", "nested": "${b}", "lost": "${nowhere}", "ring": "${ring}",
                "db.password": "no", "broken": "${a"}"#,
        ),
    ])
    .unwrap();
    let properties: Vec<_> = rows
        .iter()
        .map(|row| (row.code.as_str(), row.content["value"].as_str().unwrap()))
        .collect();
    assert_eq!(properties, [("a", "1"), ("b", "x1yz"), ("nested", "x1yz")]);
}

#[test]
fn a_folder_that_is_not_there_is_one_without_rows() {
    assert_eq!(read_folder(&PathBuf::from("/nonexistent")).unwrap(), []);
}

/// The folder with a real sandbox's master data, where this machine has it.
fn shared_data() -> Option<PathBuf> {
    let path = std::env::var_os("PREREG_SHARED_DATA").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/data")),
        PathBuf::from,
    );
    path.join("master").is_dir().then_some(path)
}

#[test]
fn the_master_data_of_a_real_sandbox_loads() {
    let Some(path) = shared_data() else {
        eprintln!("no shared data here: set PREREG_SHARED_DATA to a folder that has it");
        return;
    };
    let master = Master::from_rows(read_folder(&path).unwrap()).unwrap();

    assert_eq!(master.languages().offered().collect::<Vec<_>>(), ["eng", "ara", "fra"]);
    assert_eq!(master.languages().active().len(), 7);
    let center = master.center(&CenterId::new("10001")).unwrap();
    assert_eq!(center.names.pick("eng"), "Center A Ben Mansour");
    assert_eq!(center.names.exact("ara"), Some("مركز بن منصور"));
    assert_eq!(center.kiosks, 3);
    assert!(master.is_holiday(center, jiff::civil::date(2026, 1, 1)));
    assert!(!master.is_working_day(center, jiff::civil::date(2026, 11, 22)));
    // Spanish only, and without working days: those of the country hold.
    let spanish = master.center(&CenterId::new("10137")).unwrap();
    assert!(spanish.names.exact("eng").is_none() && !spanish.names.pick("eng").is_empty());
    assert!(master.is_working_day(spanish, jiff::civil::date(2026, 11, 23)));
    assert_eq!(master.center(&CenterId::new("10000")).unwrap().kiosks, 0);
    assert_eq!(master.place_code(2, Some("fra"), "Kénitra"), Some("KTA"));
    assert!(master.is_valid_document("POI", "CIN"));
    assert!(master.applicant_documents("004").unwrap().contains(&("POI".into(), "CIN".into())));
    assert_eq!(master.property("mosip.adult.age"), Some("5"));
    assert_eq!(master.property("mosip.preregistration.captcha.enable"), Some("false"));
    assert_eq!(master.property("mosip.batch.token.authmanager.url"), None);
    assert_ne!(
        master.template("otp-sms-template", "eng"),
        master.template("OTP-sms-template", "eng")
    );
    assert_eq!(master.ui_spec().fields().len(), 21);
    assert_eq!(master.ui_spec().content()["version"], 0.1);
    assert_eq!(master.ui_spec().content()["effectiveFrom"], Value::Null);
}
