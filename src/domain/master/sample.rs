//! A country of one center, for the tests of this layer.

use serde_json::{Value, json};

use super::{Kind, Master, Row};

/// Returns the country.
pub(crate) fn master() -> Master {
    Master::from_rows(rows()).unwrap()
}

/// Returns its rows.
pub(crate) fn rows() -> Vec<Row> {
    let mut rows = Vec::new();
    let mut add = |kind, content: Value| rows.push(Row::new(kind, content).unwrap());
    for (code, active) in [("eng", true), ("fra", true), ("ara", true), ("tam", false)] {
        add(Kind::Language, json!({"code": code, "name": code, "isActive": active}));
    }
    for (key, value) in [
        ("mosip.mandatory-languages", "eng"),
        ("mosip.optional-languages", "ara, fra,tam"),
        ("mosip.right_to_left_orientation", "ara"),
        ("mosip.id.validation.identity.phone", "^[6-9][0-9]{9}$"),
        ("blank", " "),
        ("offset", " 2 "),
    ] {
        add(Kind::Property, json!({"key": key, "value": value}));
    }
    for (code, level, parent, eng, ara) in [
        ("LAND", 0, Value::Null, "Land", "أرض"),
        ("NORTH", 1, json!("LAND"), "North", "شمال"),
        ("SOUTH", 1, json!("LAND"), "South", "جنوب"),
        ("40110", 2, json!("NORTH"), "40110", "40110"),
    ] {
        for (language, name) in [("eng", eng), ("ara", ara)] {
            add(
                Kind::Location,
                json!({"code": code, "langCode": language, "name": name, "hierarchyLevel": level,
                    "parentLocCode": parent, "isActive": code != "SOUTH"}),
            );
        }
    }
    add(
        Kind::LocationLevel,
        json!({"hierarchyLevel": 1, "hierarchyLevelName": "Region", "langCode": "eng"}),
    );
    add(
        Kind::Center,
        json!({"id": "10001", "langCode": "fra", "name": "Centre", "addressLine1": "1 rue", "addressLine2": "",
            "addressLine3": "Nord", "locationCode": "40110", "holidayLocationCode": "NORTH",
            "numberOfKiosks": 3, "perKioskProcessTime": "00:15:00", "centerStartTime": "09:00:00",
            "centerEndTime": "17:00", "lunchStartTime": "13:00:00", "lunchEndTime": "14:00:00",
            "timeZone": "(nowhere)", "isActive": null}),
    );
    for (code, working) in [("101", false), ("102", true)] {
        add(
            Kind::WeekDay,
            json!({"code": code, "langCode": "eng", "name": code, "isGlobalWorking": working}),
        );
    }
    add(
        Kind::WorkingDay,
        json!({"registrationCenterId": "99999", "dayCode": "103", "langCode": "spa", "isWorking": true}),
    );
    add(
        Kind::Holiday,
        json!({"locationCode": "NORTH", "holidayDate": "2026-12-25", "holidayName": "Winter", "langCode": "eng"}),
    );
    add(
        Kind::ExceptionalHoliday,
        json!({"registrationCenterID": "10001", "holidayDate": "2026-12-28", "langCode": "eng"}),
    );
    for (code, name) in [("POI", "Identity"), ("POA", "Address"), ("POR", "Relation")] {
        add(Kind::DocumentCategory, json!({"code": code, "langCode": "eng", "name": name}));
    }
    add(Kind::DocumentType, json!({"code": "CARD", "langCode": "eng", "name": "Card"}));
    for (category, active) in [("POI", true), ("POA", true), ("POR", false)] {
        add(
            Kind::ValidDocument,
            json!({"docCategoryCode": category, "docTypeCode": "CARD", "langCode": "eng", "isActive": active}),
        );
    }
    for (applicant, category) in [("1", "POI"), ("2", "POI"), ("2", "POR")] {
        // The language of these rows says nothing.
        add(
            Kind::ApplicantDocument,
            json!({"appTypeCode": applicant, "docCategoryCode": category, "docTypeCode": "CARD", "langCode": "tam"}),
        );
    }
    add(
        Kind::ApplicantType,
        json!({"inputs": {"ageGroup": {"CHILD": "0-17", "GROWN": "18-200"}}, "table": [
            {"ageGroup": "GROWN", "code": "1"}, {"ageGroup": "CHILD", "code": "2"}]}),
    );
    for (language, choices) in [
        ("eng", json!([{"code": "WMN", "value": "Woman"}, {"code": "MAN", "value": "Man"}])),
        ("ara", json!([{"code": "WMN", "value": "امرأة"}, {"code": "MAN", "value": "رجل"}])),
    ] {
        add(
            Kind::DynamicField,
            json!({"name": "gender", "langCode": language, "fieldVal": choices}),
        );
        add(
            Kind::DynamicField,
            json!({"name": "residenceStatus", "langCode": language, "fieldVal": [{"code": "CTZ", "value": "Citizen"}]}),
        );
    }
    for (code, text) in [("otp-sms-template", "small $otp"), ("OTP-sms-template", "large $otp")] {
        add(Kind::Template, json!({"templateTypeCode": code, "langCode": "eng", "fileText": text}));
    }
    add(Kind::UiSpec, json!({"version": 0.10, "jsonSpec": {"identity": {"identity": []}}}));
    add(Kind::UiSpec, json!({"version": 0.9, "jsonSpec": ui_spec()}));
    add(Kind::IdSchema, json!({"idVersion": "0.1", "schemaJson": id_schema().to_string()}));
    rows
}

fn ui_spec() -> Value {
    let field = |id: &str, type_name: &str, control: &str, required: bool| {
        json!({"id": id, "type": type_name, "controlType": control, "required": required,
            "labelName": {"eng": id, "ara": "حقل"}})
    };
    let upload = |id: &str, category: &str, required: bool| {
        json!({"id": id, "controlType": "fileupload", "subType": category, "required": required,
            "labelName": {"eng": id}})
    };
    let mut gender = field("gender", "simpleType", "dropdown", true);
    gender["subType"] = json!("gender");
    json!({"identity": {
        "identity": [
            {"id": "IDSchemaVersion", "type": "number", "controlType": null, "required": true},
            field("fullName", "simpleType", "textbox", true),
            field("dateOfBirth", "string", "ageDate", true),
            gender,
            field("residenceStatus", "simpleType", "dropdown", false),
            field("region", "simpleType", "dropdown", true),
            field("postalCode", "string", "dropdown", false),
            field("phone", "string", "textbox", false),
            upload("proofOfIdentity", "POI", true),
            upload("proofOfRelationship", "POR", true),
            upload("proofOfIdentity-1", "POI", true),
            upload("proofOfAddress", "POA", false)
        ],
        "locationHierarchy": ["region", "postalCode"]
    }})
}

fn id_schema() -> Value {
    json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "type": "object",
        "definitions": {
            "simpleType": {"type": "array", "items": {
                "type": "object", "additionalProperties": false,
                "required": ["language", "value"],
                "properties": {"language": {"type": "string"}, "value": {"type": "string"}}}},
            "documentType": {"type": "object"}
        },
        "properties": {"identity": {
            "type": "object", "additionalProperties": false,
            "required": ["fullName", "proofOfIdentity"],
            "properties": {
                "IDSchemaVersion": {"type": "number", "minimum": 0},
                "fullName": {"$ref": "#/definitions/simpleType"},
                "dateOfBirth": {"type": "string"},
                "gender": {"$ref": "#/definitions/simpleType"},
                "residenceStatus": {"$ref": "#/definitions/simpleType"},
                "region": {"$ref": "#/definitions/simpleType"},
                "postalCode": {"type": "string",
                    "validators": [{"type": "regex", "validator": "^[0-9]{5}$|^NA$"}]},
                "phone": {"type": "string", "validators": [{"type": "regex", "validator": "^[0-9]+$"}]},
                "UIN": {"type": "string"},
                "proofOfIdentity": {"$ref": "#/definitions/documentType"}
            }
        }}
    })
}
