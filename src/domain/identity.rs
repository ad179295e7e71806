//! The identity of an application: what a resident typed, as JSON, for each country asks its own
//! questions; and what is wrong with it by id-schema and master data.

use std::collections::BTreeSet;
use std::fmt;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::master::Master;

/// The names of the fields that Seed demands, set by the country; a bar means "one of".
const MANDATORY: &str =
    "mosip.kernel.idobjectvalidator.mandatory-attributes.pre-registration.new-registration";
/// What stands for a place that master data does not have.
const NOT_AVAILABLE: &str = "mosip.kernel.idobjectvalidator.masterdata.value-not-available";

/// An identity, verbatim. It prints as `Identity(..)`, whatever it holds.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Identity(Map<String, Value>);

impl Identity {
    /// Takes the members of the object `identity`.
    #[must_use]
    pub fn new(members: Map<String, Value>) -> Self {
        Self(members)
    }

    /// Returns the members.
    #[must_use]
    pub fn members(&self) -> &Map<String, Value> {
        &self.0
    }

    /// Returns it with the members of `set` in their places and without those in `removed`.
    #[must_use]
    pub fn with(&self, set: &Map<String, Value>, removed: &[String]) -> Self {
        let mut members = self.0.clone();
        for name in removed {
            members.shift_remove(name);
        }
        for (name, value) in set {
            members.insert(name.clone(), value.clone());
        }
        Self(members)
    }

    /// Returns what makes `next` of it: the members that are new or differ, and the names of those
    /// that are no more.
    #[must_use]
    pub fn difference(&self, next: &Self) -> (Map<String, Value>, Vec<String>) {
        let set = next.0.iter().filter(|(name, value)| self.0.get(*name) != Some(value));
        let removed = self.0.keys().filter(|name| !next.0.contains_key(*name));
        (set.map(|(n, v)| (n.clone(), v.clone())).collect(), removed.cloned().collect())
    }

    /// Tells whether nothing was typed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the value of `field` as it stands.
    #[must_use]
    pub fn get(&self, field: &str) -> Option<&Value> {
        self.0.get(field)
    }

    /// Goes through language and value of a field that is given by language.
    pub fn values<'a>(&'a self, field: &str) -> impl Iterator<Item = (&'a str, &'a str)> {
        let elements = self.0.get(field).and_then(Value::as_array).into_iter().flatten();
        elements.filter_map(|element| {
            Some((element.get("language")?.as_str()?, element.get("value")?.as_str()?))
        })
    }

    /// Returns the text of `field`: itself if it is plain, else the value in the first language.
    #[must_use]
    pub fn text(&self, field: &str) -> Option<&str> {
        match self.0.get(field)? {
            Value::String(text) => Some(text),
            _ => self.values(field).next().map(|(_, value)| value),
        }
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Identity(..)")
    }
}

/// Something wrong with an identity, worded as the wire has it. It names fields, never values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The wire's code.
    pub code: &'static str,
    /// The wire's message.
    pub message: String,
}

impl Finding {
    /// Says that what should stand at `path` does not.
    pub(super) fn missing(path: &str) -> Self {
        Self { code: "KER-IOV-005", message: format!("Missing input parameter - {path}") }
    }

    /// Says that what stands at `path` should not.
    pub(super) fn invalid(path: &str) -> Self {
        Self { code: "KER-IOV-004", message: format!("Invalid input parameter - {path}") }
    }
}

/// Returns the day that `text` (`yyyy/MM/dd`) means; `None` unless the calendar has it.
#[must_use]
pub fn birth_date(text: &str) -> Option<Date> {
    let bytes = text.as_bytes();
    let shape = |(at, byte): (usize, &u8)| match at {
        4 | 7 => *byte == b'/',
        _ => byte.is_ascii_digit(),
    };
    if bytes.len() != 10 || !bytes.iter().enumerate().all(shape) {
        return None;
    }
    Date::new(text[..4].parse().ok()?, text[5..7].parse().ok()?, text[8..].parse().ok()?).ok()
}

/// Says what is wrong with `identity`, each thing once, in upstream's order: what is missing, what
/// the id-schema refuses, what master data does not know (`contract/rules.md` §5).
///
/// `required_fields` is the list that today's clients send. With it, keys the schema does not know
/// pass; without it, a schema that allows no others refuses them. `today` is a day in UTC.
#[must_use]
pub fn validate(
    identity: &Identity,
    master: &Master,
    required_fields: Option<&[String]>,
    today: Date,
) -> Vec<Finding> {
    let schema = master.id_schema();
    let demanded = demanded(master, required_fields);
    let mut findings: Vec<_> = demanded
        .iter()
        .filter(|alternatives| !alternatives.iter().any(|id| identity.get(id).is_some()))
        .map(|alternatives| {
            let paths: Vec<_> = alternatives.iter().map(|id| format!("identity/{id}")).collect();
            Finding::missing(&paths.join("|"))
        })
        .collect();
    for (id, value) in identity.members() {
        if schema.knows(id) {
            schema.check(id, value, master.pattern(id), &mut findings);
        } else if required_fields.is_none() && schema.is_closed() && !is_one_of(&demanded, id) {
            findings.push(Finding::invalid(&format!("identity/{id}")));
        }
    }
    for id in identity.members().keys().filter(|id| schema.knows(id)) {
        check_reference(identity, id, master, is_one_of(&demanded, id), today, &mut findings);
    }
    let mut seen = BTreeSet::new();
    findings.retain(|finding| seen.insert(finding.message.clone()));
    findings
}

/// Returns the fields of which each inner list must have one.
///
/// Today's clients send the list, and what the schema does not know is left out of it. For others
/// the country's property counts, less what its form does not ask for (`UIN` stands there for other
/// uses); and where there is none, what the form requires.
fn demanded<'a>(master: &'a Master, required_fields: Option<&'a [String]>) -> Vec<Vec<&'a str>> {
    let schema = master.id_schema();
    if let Some(fields) = required_fields {
        return fields.iter().filter(|id| schema.knows(id)).map(|id| vec![id.as_str()]).collect();
    }
    let ui_spec = master.ui_spec();
    match master.property(MANDATORY) {
        Some(list) => list
            .split(',')
            .map(|entry| entry.split('|').map(str::trim).collect::<Vec<_>>())
            .filter(|alternatives| alternatives.iter().any(|id| ui_spec.field(id).is_some()))
            .collect(),
        None => ui_spec.required().filter(|id| schema.knows(id)).map(|id| vec![id]).collect(),
    }
}

fn is_one_of(demanded: &[Vec<&str>], id: &str) -> bool {
    demanded.iter().flatten().any(|field| *field == id)
}

/// Looks up in master data what the field `id` refers to.
fn check_reference(
    identity: &Identity,
    id: &str,
    master: &Master,
    required: bool,
    today: Date,
    findings: &mut Vec<Finding>,
) {
    if id == master.mapped("dob") {
        let is_good = |text: &str| birth_date(text).is_some_and(|born| born <= today);
        if identity.get(id).and_then(Value::as_str).is_some_and(|text| !is_good(text)) {
            findings.push(Finding::invalid(&format!("identity/{id}")));
        }
        return;
    }
    let level = master
        .ui_spec()
        .field(id)
        .and_then(|field| field.level)
        .filter(|level| master.has_level(*level));
    let choices = (id == master.mapped("gender")).then(|| master.choice_list(id)).flatten();
    let is_known = |language: Option<&str>, value: &str| match (level, choices) {
        _ if value.is_empty() && !required => true,
        (Some(level), _) => {
            value == master.property(NOT_AVAILABLE).unwrap_or("NA")
                || master.place_code(level, language, value).is_some()
        }
        (None, Some(name)) => master.choice_code(name, language, value).is_some(),
        (None, None) => true,
    };
    match identity.get(id) {
        Some(Value::String(text)) if !is_known(None, text) => {
            findings.push(Finding::invalid(&format!("identity/{id}")));
        }
        Some(Value::Array(elements)) => {
            for (at, element) in elements.iter().enumerate() {
                let text = |name: &str| element.get(name).and_then(Value::as_str);
                let Some(language) = text("language") else { continue };
                if !master.languages().is_active(language) {
                    findings.push(Finding::invalid(&format!("identity/{id}/{at}/language")));
                } else if text("value").is_some_and(|value| !is_known(Some(language), value)) {
                    findings.push(Finding::invalid(&format!("identity/{id}/{at}/value")));
                }
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests;
