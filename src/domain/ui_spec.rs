//! The UI specification: which fields the form has, in which order, under which labels.

use serde_json::Value;

use super::master::Names;

/// A UI specification of the pre-registration form.
#[derive(Clone, Debug)]
pub struct UiSpec {
    content: Value,
    fields: Vec<UiField>,
}

/// A field of the form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UiField {
    /// Its key in the identity.
    pub id: String,
    /// Its label; empty for a field that is not shown.
    pub labels: Names,
    /// `simpleType`, `string`, `number`; `documentType` where an upload names none.
    pub type_name: String,
    /// `textbox`, `dropdown`, `ageDate`, `fileupload` …; `None` for a field that is not shown.
    pub control: Option<String>,
    /// The dynamic field its choices come from, or the category of an upload.
    pub sub_type: Option<String>,
    /// The level of the places its choices come from.
    pub level: Option<u8>,
    /// Whether the portal asks for it.
    pub required: bool,
}

impl UiField {
    /// Returns the document category of an upload; `None` for other fields.
    #[must_use]
    pub fn category(&self) -> Option<&str> {
        match self.control.as_deref() {
            Some("fileupload") => self.sub_type.as_deref(),
            _ => None,
        }
    }
}

/// What keeps a text from being a UI specification.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct BadUiSpec(String);

impl UiSpec {
    /// Reads a UI specification of master data, whose `jsonSpec` is the object itself, or the list of
    /// parts that the master data service gives.
    ///
    /// # Errors
    /// [`BadUiSpec`] when it has no list of fields, or one without an id.
    pub fn parse(content: &Value) -> Result<Self, BadUiSpec> {
        let json = match content.get("jsonSpec") {
            Some(Value::Array(parts)) => parts
                .iter()
                .filter_map(|part| part.get("spec"))
                .find(|spec| spec.get("identity").is_some())
                .ok_or_else(|| BadUiSpec("has no part with an identity".to_owned()))?,
            Some(other) => other,
            None => return Err(BadUiSpec("has no jsonSpec".to_owned())),
        };
        let fields = json
            .pointer("/identity/identity")
            .and_then(Value::as_array)
            .ok_or_else(|| BadUiSpec("has no list identity.identity".to_owned()))?;
        let hierarchy: Vec<_> = json
            .pointer("/identity/locationHierarchy")
            .and_then(Value::as_array)
            .map(|fields| fields.iter().filter_map(Value::as_str).collect())
            .unwrap_or_default();
        let fields =
            fields.iter().map(|field| parse_field(field, &hierarchy)).collect::<Result<_, _>>()?;
        let mut content = content.clone();
        content["jsonSpec"] = json.clone();
        Ok(Self { content, fields })
    }

    /// Returns it as clients get it: `version`, `title` and so on, and `jsonSpec` as an object.
    #[must_use]
    pub fn content(&self) -> &Value {
        &self.content
    }

    /// Returns the fields in the order of the form.
    #[must_use]
    pub fn fields(&self) -> &[UiField] {
        &self.fields
    }

    /// Returns the field `id`.
    #[must_use]
    pub fn field(&self, id: &str) -> Option<&UiField> {
        self.fields.iter().find(|field| field.id == id)
    }

    /// Goes through the ids of required fields that are no uploads: what the portal sends as
    /// `requiredFields`.
    pub fn required(&self) -> impl Iterator<Item = &str> {
        self.fields
            .iter()
            .filter(|field| field.required && field.control.as_deref() != Some("fileupload"))
            .map(|field| field.id.as_str())
    }
}

fn parse_field(field: &Value, hierarchy: &[&str]) -> Result<UiField, BadUiSpec> {
    let text = |name| field.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    let id = text("id").ok_or_else(|| BadUiSpec("has a field without an id".to_owned()))?;
    let labels = field.get("labelName").and_then(Value::as_object).map(|labels| {
        let label =
            |(code, text): (&String, &Value)| Some((code.clone(), text.as_str()?.to_owned()));
        labels.iter().filter_map(label).collect()
    });
    let level = match field.get("locationHierarchyLevel") {
        Some(Value::Number(level)) => level.as_u64().and_then(|level| u8::try_from(level).ok()),
        Some(Value::String(level)) => level.parse().ok(),
        _ => hierarchy.iter().position(|name| *name == id).and_then(|at| u8::try_from(at + 1).ok()),
    };
    let control = text("controlType").map(str::to_owned);
    let upload = control.as_deref() == Some("fileupload");
    Ok(UiField {
        id: id.to_owned(),
        labels: labels.unwrap_or_default(),
        type_name: text("type")
            .unwrap_or(if upload { "documentType" } else { "string" })
            .to_owned(),
        control,
        sub_type: text("subType").map(str::to_owned),
        level,
        required: field.get("required").and_then(Value::as_bool).unwrap_or(false),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn spec() -> Value {
        json!({"identity": {
            "identity": [
                {"id": "fullName", "type": "simpleType", "controlType": "textbox", "required": true,
                 "labelName": {"eng": "Name", "ara": "الاسم"}},
                {"id": "province", "type": "simpleType", "controlType": "dropdown"},
                {"id": "proofOfIdentity", "controlType": "fileupload", "subType": "POI", "required": true}
            ],
            "locationHierarchy": ["region", "province"]
        }})
    }

    #[test]
    fn a_list_of_parts_reads_as_the_specification_inside() {
        let parts = json!([{"type": "schema", "spec": {}}, {"type": "schema", "spec": spec()}]);
        let parsed = UiSpec::parse(&json!({"version": 0.1, "jsonSpec": parts})).unwrap();
        assert_eq!(parsed.content(), &json!({"version": 0.1, "jsonSpec": spec()}));
        assert_eq!(parsed.field("fullName").unwrap().labels.pick("ara"), "الاسم");
        assert_eq!(parsed.field("province").unwrap().level, Some(2));
        assert_eq!(parsed.field("proofOfIdentity").unwrap().category(), Some("POI"));
        assert_eq!(parsed.required().collect::<Vec<_>>(), ["fullName"]);
    }

    #[test]
    fn a_specification_without_fields_is_refused() {
        let error = UiSpec::parse(&json!({"jsonSpec": {"identity": {}}})).unwrap_err();
        assert_eq!(error.to_string(), "has no list identity.identity");
    }
}
