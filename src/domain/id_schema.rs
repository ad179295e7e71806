//! The id-schema: what an identity must look like, checked as upstream's validator does.
//!
//! That validator is a draft-04 one whatever the schema declares, so what stands beside a `$ref` is
//! ignored: the patterns of `fullName` and its like are not applied, those of plain strings are
//! (`contract/rules.md` §5.2). It words its findings by path, so a general validator would not do.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::identity::Finding;
use super::pattern::Pattern;

/// How deep a field may nest, and how far a reference may lead: MOSIP's own schemas need 2 and 1. With
/// a definition that holds itself many times over, more would fill the memory.
const DEPTH: usize = 6;

/// An id-schema, compiled once.
#[derive(Clone, Debug)]
pub struct IdSchema {
    version: String,
    json: Value,
    fields: BTreeMap<String, Field>,
    closed: bool,
    required: Vec<String>,
}

/// A field of the identity.
#[derive(Clone, Debug)]
struct Field {
    shape: Shape,
    /// The definition it refers to, such as `simpleType`.
    definition: Option<String>,
}

/// What a value must look like; what a member does not say, is free.
#[derive(Clone, Debug, Default)]
struct Shape {
    types: Vec<String>,
    patterns: Vec<Pattern>,
    allowed: Option<Vec<Value>>,
    minimum: Option<f64>,
    maximum: Option<f64>,
    min_length: Option<u64>,
    max_length: Option<u64>,
    items: Option<Box<Self>>,
    members: BTreeMap<String, Self>,
    required: Vec<String>,
    closed: bool,
}

/// What keeps a JSON value from being an id-schema.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct BadSchema(String);

impl IdSchema {
    /// Compiles the schema `json`.
    ///
    /// # Errors
    /// [`BadSchema`] when it is none: no `$schema`, no `type`, no `properties.identity`, a reference
    /// to nowhere, or a pattern that cannot be run.
    pub fn parse(version: &str, json: &Value) -> Result<Self, BadSchema> {
        for member in ["$schema", "type"] {
            if json.get(member).is_none() {
                return Err(BadSchema(format!("has no {member}")));
            }
        }
        let (identity, _) = json
            .pointer("/properties/identity")
            .map(|identity| resolve(json, identity))
            .transpose()?
            .ok_or_else(|| BadSchema("has no properties.identity".to_owned()))?;
        let mut fields = BTreeMap::new();
        for (id, field) in object(identity, "properties") {
            let (resolved, definition) = resolve(json, field)?;
            let shape = Shape::compile(json, resolved, DEPTH)
                .map_err(|fault| BadSchema(format!("field {id}: {fault}")))?;
            fields.insert(id.clone(), Field { shape, definition });
        }
        Ok(Self {
            version: version.to_owned(),
            json: json.clone(),
            fields,
            closed: is_closed(identity),
            required: texts(identity, "required"),
        })
    }

    /// Returns its version as master data spells it.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.version
    }

    /// Returns the schema itself.
    #[must_use]
    pub fn json(&self) -> &Value {
        &self.json
    }

    /// Tells whether the identity may have the field `id`.
    #[must_use]
    pub fn knows(&self, id: &str) -> bool {
        self.fields.contains_key(id)
    }

    /// Tells whether an identity may have no other fields than these.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.closed
    }

    /// Goes through the required fields that a resident types, so no documents and no biometrics.
    pub fn required(&self) -> impl Iterator<Item = &str> {
        let typed = |id: &&str| {
            let definition = self.fields.get(*id).and_then(|field| field.definition.as_deref());
            !matches!(definition, Some("documentType" | "biometricsType"))
        };
        self.required.iter().map(String::as_str).filter(typed)
    }

    /// Says what is wrong with `value` as the field `id`; a field the schema does not know is free.
    /// `pattern`, where given, stands in for the schema's own.
    pub(super) fn check(
        &self,
        id: &str,
        value: &Value,
        pattern: Option<&Pattern>,
        findings: &mut Vec<Finding>,
    ) {
        let Some(field) = self.fields.get(id) else { return };
        field.shape.check(&format!("identity/{id}"), value, pattern, findings);
    }
}

impl Shape {
    fn compile(root: &Value, json: &Value, depth: usize) -> Result<Self, BadSchema> {
        if depth == 0 {
            return Err(BadSchema("refers to itself without end".to_owned()));
        }
        let mut patterns = Vec::new();
        let validators = json.get("validators").and_then(Value::as_array).into_iter().flatten();
        let regexes = validators
            .filter(|validator| validator.get("type").and_then(Value::as_str) == Some("regex"))
            .filter_map(|validator| validator.get("validator"));
        for regex in regexes.chain(json.get("pattern")).filter_map(Value::as_str) {
            patterns.push(Pattern::java(regex).map_err(|error| BadSchema(error.to_string()))?);
        }
        let nested = |json: &Value| {
            let (resolved, _) = resolve(root, json)?;
            Self::compile(root, resolved, depth - 1)
        };
        let mut members = BTreeMap::new();
        for (name, member) in object(json, "properties") {
            members.insert(name.clone(), nested(member)?);
        }
        let number = |name: &str| json.get(name).and_then(Value::as_f64);
        let length = |name: &str| json.get(name).and_then(Value::as_u64);
        Ok(Self {
            types: match json.get("type") {
                Some(Value::String(word)) => vec![word.clone()],
                _ => texts(json, "type"),
            },
            patterns,
            allowed: json.get("enum").and_then(Value::as_array).cloned(),
            minimum: number("minimum"),
            maximum: number("maximum"),
            min_length: length("minLength"),
            max_length: length("maxLength"),
            items: match json.get("items") {
                Some(items @ Value::Object(_)) => Some(Box::new(nested(items)?)),
                _ => None,
            },
            members,
            required: texts(json, "required"),
            closed: is_closed(json),
        })
    }

    fn check(
        &self,
        path: &str,
        value: &Value,
        pattern: Option<&Pattern>,
        findings: &mut Vec<Finding>,
    ) {
        let fits = self.fits_type(value)
            && self.allowed.as_ref().is_none_or(|allowed| allowed.contains(value))
            && match value {
                Value::Number(number) => number.as_f64().is_some_and(|number| {
                    self.minimum.is_none_or(|least| number >= least)
                        && self.maximum.is_none_or(|most| number <= most)
                }),
                Value::String(text) => {
                    let length = text.chars().count() as u64;
                    self.min_length.is_none_or(|least| length >= least)
                        && self.max_length.is_none_or(|most| length <= most)
                        && match pattern {
                            Some(pattern) => pattern.matches(text),
                            None => self.patterns.iter().all(|pattern| pattern.matches(text)),
                        }
                }
                _ => true,
            };
        if !fits {
            findings.push(Finding::invalid(path));
            return;
        }
        match value {
            Value::Array(elements) => {
                let Some(items) = &self.items else { return };
                for (at, element) in elements.iter().enumerate() {
                    items.check(&format!("{path}/{at}"), element, None, findings);
                }
            }
            Value::Object(members) => self.check_members(path, members, findings),
            _ => {}
        }
    }

    fn check_members(&self, path: &str, members: &Map<String, Value>, findings: &mut Vec<Finding>) {
        for name in self.required.iter().filter(|name| !members.contains_key(*name)) {
            findings.push(Finding::missing(&format!("{path}/{name}")));
        }
        for (name, value) in members {
            match self.members.get(name) {
                Some(shape) => shape.check(&format!("{path}/{name}"), value, None, findings),
                None if self.closed => findings.push(Finding::invalid(&format!("{path}/{name}"))),
                None => {}
            }
        }
    }

    fn fits_type(&self, value: &Value) -> bool {
        let is = |word: &String| match (word.as_str(), value) {
            ("string", Value::String(_))
            | ("number", Value::Number(_))
            | ("boolean", Value::Bool(_))
            | ("null", Value::Null)
            | ("array", Value::Array(_))
            | ("object", Value::Object(_)) => true,
            ("integer", Value::Number(number)) => number.is_i64() || number.is_u64(),
            _ => false,
        };
        self.types.is_empty() || self.types.iter().any(is)
    }
}

/// Follows `$ref`, which hides whatever stands beside it; returns also the definition's name.
fn resolve<'a>(root: &'a Value, json: &'a Value) -> Result<(&'a Value, Option<String>), BadSchema> {
    let mut found = json;
    let mut name = None;
    for _ in 0..DEPTH {
        let Some(reference) = found.get("$ref").and_then(Value::as_str) else {
            return Ok((found, name));
        };
        found = reference
            .strip_prefix('#')
            .and_then(|pointer| root.pointer(pointer))
            .ok_or_else(|| BadSchema(format!("refers to {reference}, which is not there")))?;
        name = reference.rsplit('/').next().map(str::to_owned);
    }
    Err(BadSchema("refers to itself without end".to_owned()))
}

fn object<'a>(json: &'a Value, name: &str) -> impl Iterator<Item = (&'a String, &'a Value)> {
    json.get(name).and_then(Value::as_object).into_iter().flatten()
}

fn texts(json: &Value, name: &str) -> Vec<String> {
    let list = json.get(name).and_then(Value::as_array).into_iter().flatten();
    list.filter_map(Value::as_str).map(str::to_owned).collect()
}

fn is_closed(json: &Value) -> bool {
    json.get("additionalProperties") == Some(&Value::Bool(false))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn schema() -> Value {
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
                    "version": {"type": "number", "minimum": 0},
                    "phone": {"type": "string",
                        "validators": [{"type": "regex", "validator": "^[0-9]{3}$"}]},
                    "fullName": {"$ref": "#/definitions/simpleType",
                        "validators": [{"type": "regex", "validator": "^x$"}]},
                    "proofOfIdentity": {"$ref": "#/definitions/documentType"}
                }
            }}
        })
    }

    fn findings(id: &str, value: &Value) -> Vec<String> {
        let mut findings = Vec::new();
        IdSchema::parse("0.1", &schema()).unwrap().check(id, value, None, &mut findings);
        findings.into_iter().map(|finding| finding.message).collect()
    }

    #[test]
    fn what_stands_beside_a_reference_is_ignored_as_upstream_does() {
        assert!(findings("fullName", &json!([{"language": "eng", "value": "Not x"}])).is_empty());
        assert_eq!(findings("phone", &json!("12")), ["Invalid input parameter - identity/phone"]);
    }

    #[test]
    fn an_element_is_named_by_its_place() {
        let value = json!([{"language": "eng", "value": "A"}, {"language": "fra"},
            {"value": 1, "language": "ara", "extra": true}]);
        assert_eq!(
            findings("fullName", &value),
            [
                "Missing input parameter - identity/fullName/1/value",
                "Invalid input parameter - identity/fullName/2/value",
                "Invalid input parameter - identity/fullName/2/extra",
            ]
        );
    }

    #[test]
    fn a_value_of_another_type_is_invalid() {
        assert_eq!(
            findings("version", &json!("1")),
            ["Invalid input parameter - identity/version"]
        );
        assert_eq!(findings("version", &json!(-1)), ["Invalid input parameter - identity/version"]);
        assert_eq!(
            findings("fullName", &json!("A")),
            ["Invalid input parameter - identity/fullName"]
        );
        assert!(findings("version", &json!(0.1)).is_empty());
    }

    #[test]
    fn documents_are_not_what_a_resident_types() {
        let schema = IdSchema::parse("0.1", &schema()).unwrap();
        assert_eq!(schema.required().collect::<Vec<_>>(), ["fullName"]);
        assert!(schema.is_closed() && schema.knows("phone") && !schema.knows("height"));
    }

    #[test]
    fn a_schema_that_cannot_be_used_is_refused_with_the_reason() {
        let refused = |change: fn(&mut Value)| {
            let mut json = schema();
            change(&mut json);
            IdSchema::parse("0.1", &json).unwrap_err().to_string()
        };
        assert_eq!(refused(|s| *s = json!({"type": "object"})), "has no $schema");
        assert_eq!(
            refused(|s| s["definitions"] = json!({})),
            "refers to #/definitions/simpleType, which is not there"
        );
        assert_eq!(
            refused(
                |s| s["definitions"]["simpleType"] = json!({"$ref": "#/definitions/simpleType"})
            ),
            "refers to itself without end"
        );
        assert_eq!(
            refused(
                |s| s["properties"]["identity"]["properties"]["phone"]["validators"][0]["validator"] =
                    json!("(")
            ),
            "field phone: the pattern ( cannot be used"
        );
    }
}
