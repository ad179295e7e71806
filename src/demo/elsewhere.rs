//! Makes the demo's residents fit a country that is not the made-up one: places, choices and document
//! types of its master data in the place of ours.

use serde_json::{Value, json};

use crate::demo::residents::Resident;
use crate::domain::identity::Identity;
use crate::domain::master::Master;

/// Returns the resident number `i` with an identity that the country of `master` knows.
pub(super) fn fitted(resident: &Resident, i: usize, master: &Master) -> Identity {
    let languages: Vec<&str> = master.languages().offered().collect();
    let mut identity = resident.identity.members().clone();
    let by_language = |code: &str| -> Value {
        languages.iter().map(|language| json!({"language": language, "value": code})).collect()
    };
    // Names in languages that the country does not offer would be refused.
    for value in identity.values_mut() {
        if let Value::Array(values) = value {
            values.retain(|value| {
                value["language"].as_str().is_some_and(|language| languages.contains(&language))
            });
        }
    }
    for (level, code) in (1_u8..).zip(path(master, i)) {
        match level {
            1 => identity.insert("region".into(), by_language(&code)),
            2 => identity.insert("province".into(), by_language(&code)),
            3 => identity.insert("city".into(), by_language(&code)),
            4 => identity.insert("zone".into(), by_language(&code)),
            5 => identity.insert("postalCode".into(), json!(code)),
            _ => None,
        };
    }
    for field in ["gender", "residenceStatus"] {
        let list = master.choice_list(field).unwrap_or(field);
        let codes: Vec<&String> =
            master.choices(list).into_iter().flatten().map(|(c, _)| c).collect();
        if let Some(code) = codes.get(i % codes.len().max(1)) {
            identity.insert(field.into(), by_language(code));
        }
    }
    Identity::new(identity)
}

/// Returns the codes of places from the first below the country down to one without places below.
fn path(master: &Master, i: usize) -> Vec<String> {
    let mut path = Vec::new();
    let mut parent: Option<String> = master.places_below(None).next().map(|top| top.code.clone());
    while let Some(code) = parent {
        let below: Vec<&str> =
            master.places_below(Some(&code)).map(|place| place.code.as_str()).collect();
        parent = below.get(i % below.len().max(1)).map(|code| (*code).to_owned());
        path.extend(parent.clone());
    }
    path
}

/// Returns a document type that the country accepts in `category`: ours, or its first.
pub(super) fn document_type<'m>(
    master: &'m Master,
    category: &str,
    ours: &'m str,
) -> Option<&'m str> {
    if master.is_valid_document(category, ours) {
        return Some(ours);
    }
    master
        .document_types()
        .keys()
        .map(String::as_str)
        .find(|kind| master.is_valid_document(category, kind))
}
