//! How central's master data service spells its objects (`contract/masterdata.md` §1, §3): exactly
//! these members, `null` where a row has none.

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::date;
use super::envelope::{Fault, VERSION};

/// A registration center.
pub const CENTER: &[&str] = &[
    "id",
    "name",
    "centerTypeCode",
    "addressLine1",
    "addressLine2",
    "addressLine3",
    "latitude",
    "longitude",
    "locationCode",
    "holidayLocationCode",
    "contactPhone",
    "workingHours",
    "langCode",
    "numberOfKiosks",
    "perKioskProcessTime",
    "centerStartTime",
    "centerEndTime",
    "timeZone",
    "contactPerson",
    "lunchStartTime",
    "lunchEndTime",
    "isActive",
    "zoneCode",
];
/// What a registration center has besides where centers come by the page.
pub const CENTER_ON_A_PAGE: &[&str] = &[
    "numberOfStations",
    "createdBy",
    "createdDateTime",
    "updatedBy",
    "updatedDateTime",
    "isDeleted",
    "deletedDateTime",
];
/// A holiday.
pub const HOLIDAY: &[&str] = &[
    "locationCode",
    "holidayDate",
    "holidayName",
    "holidayDesc",
    "langCode",
    "isActive",
    "holidayId",
];
/// A language.
pub const LANGUAGE: &[&str] = &["code", "name", "family", "nativeName", "isActive"];
/// A category or a type of documents.
pub const DOCUMENT: &[&str] = &["code", "name", "description", "langCode", "isActive"];
/// A template.
pub const TEMPLATE: &[&str] = &[
    "id",
    "name",
    "description",
    "fileFormatCode",
    "model",
    "fileText",
    "moduleId",
    "moduleName",
    "templateTypeCode",
    "langCode",
    "isActive",
];
/// A place.
pub const LOCATION: &[&str] =
    &["code", "name", "hierarchyLevel", "hierarchyName", "parentLocCode", "langCode", "isActive"];
/// What a level of places is called.
pub const LEVEL: &[&str] = &["hierarchyLevel", "hierarchyLevelName", "langCode", "isActive"];
/// The choices of one drop-down in one language.
pub const FIELD: &[&str] = &[
    "id",
    "name",
    "langCode",
    "dataType",
    "description",
    "fieldVal",
    "isActive",
    "createdBy",
    "updatedBy",
    "createdOn",
    "updatedOn",
];
/// A UI specification as the portal gets it (`contract/payloads.md`, U1).
pub const UI_SPEC: &[&str] = &[
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
    "updatedOn",
];

/// Returns exactly `members` of `content`.
#[must_use]
pub fn shaped(content: &Value, members: &[&str]) -> Value {
    let member =
        |name: &&str| ((*name).to_owned(), content.get(*name).cloned().unwrap_or(Value::Null));
    Value::Object(members.iter().map(member).collect::<Map<_, _>>())
}

/// Which part of a long list is wanted; pages count from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    /// The page.
    pub number: usize,
    /// Items on a page, at least one.
    pub size: usize,
}

/// Returns a page of `items`, each in its shape; past the end it is empty.
#[must_use]
pub fn page<T>(items: &[T], part: Part, shape: impl Fn(&T) -> Value) -> Value {
    let data: Vec<Value> = items
        .iter()
        .skip(part.number.saturating_mul(part.size))
        .take(part.size)
        .map(shape)
        .collect();
    json!({
        "pageNo": part.number,
        "pageSize": part.size,
        "sort": null,
        "totalItems": items.len(),
        "totalPages": items.len().div_ceil(part.size.max(1)),
        "data": data,
    })
}

/// Returns the answer of the service around `response`.
#[must_use]
pub fn answer(response: &Value, now: Timestamp) -> Vec<u8> {
    enveloped(Some(VERSION), Some(now), true, response, &[])
}

/// Returns the service's answer to who asked for what is not there.
#[must_use]
pub fn refused(fault: Fault, now: Timestamp) -> Vec<u8> {
    enveloped(Some(VERSION), Some(now), true, &Value::Null, &[fault])
}

/// Returns the answer of pre-registration itself where the service could not be asked.
#[must_use]
pub fn unanswered(fault: Fault) -> Vec<u8> {
    enveloped(None, None, false, &Value::Null, &[fault])
}

fn enveloped(
    version: Option<&str>,
    now: Option<Timestamp>,
    metadata: bool,
    response: &Value,
    errors: &[Fault],
) -> Vec<u8> {
    let mut envelope = Map::new();
    envelope.insert("id".to_owned(), Value::Null);
    envelope.insert("version".to_owned(), json!(version));
    envelope.insert("responsetime".to_owned(), json!(now.map(date::instant)));
    if metadata {
        envelope.insert("metadata".to_owned(), Value::Null);
    }
    envelope.insert("response".to_owned(), response.clone());
    // Never an empty list: the portal takes that for an error.
    envelope
        .insert("errors".to_owned(), if errors.is_empty() { Value::Null } else { json!(errors) });
    Value::Object(envelope).to_string().into_bytes()
}

/// The request of `getApplicantType`.
#[derive(Clone, Deserialize, schemars::JsonSchema)]
pub struct ApplicantRequest {
    /// What is known of the applicant.
    #[serde(default)]
    pub attributes: Option<Vec<Attribute>>,
}

/// Something known of an applicant.
#[derive(Clone, Deserialize, schemars::JsonSchema)]
pub struct Attribute {
    /// Its name, such as `gender`.
    pub attribute: Option<String>,
    /// Its value: text, a truth value, or a list of `{language, value}` that says the same in each.
    #[serde(default)]
    pub value: Value,
}

impl Attribute {
    /// Returns the value as text; blank is none.
    #[must_use]
    pub fn text(&self) -> Option<String> {
        let value = match &self.value {
            Value::Array(values) => values.first()?.get("value")?,
            value => value,
        };
        let text = match value {
            Value::String(text) => text.trim().to_owned(),
            Value::Bool(_) | Value::Number(_) => value.to_string(),
            _ => return None,
        };
        (!text.is_empty()).then_some(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_has_its_members_and_no_others() {
        let content = json!({"x": 1, "code": "A", "langCode": "eng"});
        assert_eq!(
            shaped(&content, LEVEL).to_string(),
            r#"{"hierarchyLevel":null,"hierarchyLevelName":null,"langCode":"eng","isActive":null}"#
        );
    }

    #[test]
    fn pages_are_counted_from_0_and_the_last_may_be_short() {
        let items = [1, 2, 3, 4, 5];
        let page = |number| page(&items, Part { number, size: 2 }, |item| json!(item));
        assert_eq!((&page(0)["data"], &page(0)["totalPages"]), (&json!([1, 2]), &json!(3)));
        assert_eq!(page(2)["data"], json!([5]));
        assert_eq!(page(usize::MAX)["data"], json!([]));
    }

    #[test]
    fn an_attribute_is_text_however_it_is_sent() {
        let text = |value| Attribute { attribute: None, value }.text();
        assert_eq!(text(json!(" A ")).as_deref(), Some("A"));
        assert_eq!(text(json!(false)).as_deref(), Some("false"));
        let several = json!([{"language": "eng", "value": "A"}, {"language": "fra", "value": "B"}]);
        assert_eq!(text(several).as_deref(), Some("A"));
        for none in [json!(""), json!(null), json!([]), json!({}), json!([{"value": {}}])] {
            assert_eq!(text(none), None);
        }
    }
}
