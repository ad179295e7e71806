//! The filled form: UI specification, master data and an application, put together so that a program
//! at a counter needs nothing else. Its JSON is the answer of `GET /prefill/v1/forms/{prid}`.

mod contents;

use std::borrow::Cow;
use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Serialize, Serializer};
use serde_json::Value;

use self::contents::instant;
pub use self::contents::{AppointmentLine, Contents, DocumentLine, Giver, Origin, Provenance};
use super::ids::{CenterId, DocumentId};
use super::master::{Master, Names};
use super::ui_spec::UiField;

/// A filled form.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Form<'a> {
    prid: &'a str,
    status: &'a str,
    language: &'a str,
    #[serde(serialize_with = "instant_if_any")]
    confirmed_at: Option<Timestamp>,
    line: &'a str,
    ready: bool,
    missing: Vec<Missing<'a>>,
    fields: Vec<Field<'a>>,
    others: Vec<Field<'a>>,
    documents: Vec<Document<'a>>,
    appointment: Option<Appointment<'a>>,
}

/// What keeps the form from being ready.
#[derive(Debug, Serialize)]
struct Missing<'a> {
    what: What,
    #[serde(skip_serializing_if = "Option::is_none")]
    category: Option<&'a str>,
    /// Whether it is known and on its way.
    coming: bool,
    names: Cow<'a, Names>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum What {
    Record,
    Document,
    Appointment,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Field<'a> {
    id: &'a str,
    labels: Cow<'a, Names>,
    #[serde(rename = "type")]
    type_name: &'a str,
    control_type: Option<&'a str>,
    required: bool,
    /// The value as it stands, of a field that is not given by language.
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<&'a Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'a str>,
    values: Vec<InLanguage<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    category: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    documents: Vec<&'a DocumentId>,
    #[serde(flatten)]
    provenance: Option<Provenance>,
}

/// A value in one language. `name` is what a person reads; where master data has the value, `code` is
/// its code, and the languages that the identity lacks are there too.
#[derive(Debug, PartialEq, Eq, Serialize)]
struct InLanguage<'a> {
    language: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'a str>,
    value: &'a str,
    name: &'a str,
}

#[derive(Debug, Serialize)]
struct Coded<'a> {
    code: &'a str,
    names: Cow<'a, Names>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Document<'a> {
    id: &'a DocumentId,
    field: Option<&'a str>,
    category: Coded<'a>,
    #[serde(rename = "type")]
    document_type: Coded<'a>,
    file_name: &'a str,
    size: u64,
    sha256: Option<String>,
    href: &'a str,
    present: bool,
    ref_number: Option<&'a str>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Appointment<'a> {
    center_id: CenterId,
    center: Cow<'a, Names>,
    address: Cow<'a, Names>,
    date: String,
    from: String,
    to: String,
}

impl<'a> Form<'a> {
    /// Fills the form.
    #[must_use]
    pub fn fill(contents: &Contents<'a>, master: &'a Master) -> Self {
        let ui_fields = master.ui_spec().fields();
        let mut categories = BTreeSet::new();
        let fields: Vec<_> = ui_fields
            .iter()
            .map(|ui| {
                // A category may have two controls; its document stands at the first.
                let category = ui.category().filter(|category| categories.insert(*category));
                Field::fill(contents, master, ui, category)
            })
            .collect();
        let known: BTreeSet<_> = ui_fields.iter().map(|ui| ui.id.as_str()).collect();
        let others = contents
            .identity
            .members()
            .iter()
            .filter(|(id, _)| !known.contains(id.as_str()))
            .map(|(id, value)| Field::other(contents, id, value))
            .collect();
        let missing = missing(contents, master);
        Self {
            prid: contents.prid.as_str(),
            status: contents.status,
            language: contents.language,
            confirmed_at: contents.confirmed_at,
            line: contents.line,
            ready: missing.is_empty(),
            missing,
            fields,
            others,
            documents: documents(contents, master),
            appointment: contents.appointment.as_ref().map(|line| appointment(line, master)),
        }
    }

    /// Tells whether nothing is missing: record, documents of the mandatory categories, appointment;
    /// whatever the status says.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.ready
    }
}

impl<'a> Field<'a> {
    fn fill(
        contents: &Contents<'a>,
        master: &'a Master,
        ui: &'a UiField,
        category: Option<&'a str>,
    ) -> Self {
        let value = contents.identity.get(&ui.id);
        let documents = contents.documents.iter();
        let documents = documents.filter(|line| category == Some(line.category.as_str()));
        let mut field = Self {
            id: &ui.id,
            labels: Cow::Borrowed(&ui.labels),
            type_name: &ui.type_name,
            control_type: ui.control.as_deref(),
            required: ui.required,
            value: value.filter(|value| !value.is_array()),
            code: None,
            values: Vec::new(),
            category: ui.category(),
            documents: documents.map(|line| &line.id).collect(),
            provenance: value.map(|_| provenance(contents, &ui.id)),
        };
        match value {
            Some(Value::String(text)) => {
                field.code = code(master, ui, None, text);
                field.add_other_languages(master, ui);
            }
            Some(Value::Array(_)) => {
                for (language, value) in contents.identity.values(&ui.id) {
                    let code = code(master, ui, Some(language), value);
                    field.code = field.code.or(code);
                    let name = code.and_then(|code| names(master, ui, code));
                    let name = name.map_or(value, |names| names.pick(language));
                    field.values.push(InLanguage { language, code, value, name });
                }
                field.add_other_languages(master, ui);
            }
            _ => {}
        }
        field
    }

    /// Adds the name of the field's code in the languages of the form that are not there yet.
    fn add_other_languages(&mut self, master: &'a Master, ui: &'a UiField) {
        let Some(code) = self.code else { return };
        let Some(names) = names(master, ui, code) else { return };
        for language in master.languages().offered() {
            if !self.values.iter().any(|value| value.language == language) {
                let name = names.pick(language);
                self.values.push(InLanguage { language, code: Some(code), value: code, name });
            }
        }
    }

    /// Returns a field that the UI specification does not have.
    fn other(contents: &Contents<'a>, id: &'a str, value: &'a Value) -> Self {
        let in_language =
            |(language, value)| InLanguage { language, code: None, value, name: value };
        let values: Vec<_> = contents.identity.values(id).map(in_language).collect();
        Self {
            id,
            labels: Cow::Owned(Names::default()),
            type_name: match value {
                Value::Array(_) if !values.is_empty() => "simpleType",
                Value::Array(_) => "array",
                Value::Number(_) => "number",
                Value::Object(_) => "object",
                Value::Bool(_) => "boolean",
                Value::String(_) | Value::Null => "string",
            },
            control_type: None,
            required: false,
            value: values.is_empty().then_some(value),
            code: None,
            values,
            category: None,
            documents: Vec::new(),
            provenance: Some(provenance(contents, id)),
        }
    }
}

fn provenance(contents: &Contents<'_>, id: &str) -> Provenance {
    contents.overrides.get(id).copied().unwrap_or(contents.source)
}

/// Returns the code that master data has for what the field holds, which may be code or name.
fn code<'a>(
    master: &'a Master,
    ui: &'a UiField,
    language: Option<&str>,
    text: &str,
) -> Option<&'a str> {
    match ui.level {
        Some(level) => master
            .place_code(level, language, text)
            .or_else(|| master.place_code(level, None, text)),
        None => {
            let list = master.choice_list(&ui.id)?;
            master
                .choice_code(list, language, text)
                .or_else(|| master.choice_code(list, None, text))
        }
    }
}

fn names<'a>(master: &'a Master, ui: &'a UiField, code: &str) -> Option<&'a Names> {
    match ui.level {
        Some(_) => Some(&master.place(code)?.named.names),
        None => Some(&master.choices(master.choice_list(&ui.id)?)?.get(code)?.names),
    }
}

fn missing<'a>(contents: &Contents<'a>, master: &'a Master) -> Vec<Missing<'a>> {
    let mut missing = Vec::new();
    if contents.identity.is_empty() {
        let names = Cow::Owned(in_our_words(master, |words| words.record));
        missing.push(Missing { what: What::Record, category: None, coming: false, names });
    }
    for category in master.mandatory_categories(contents.identity, contents.today) {
        let mut lines =
            contents.documents.iter().filter(|line| line.category == category).peekable();
        let coming = lines.peek().is_some();
        if !lines.any(|line| line.present) {
            let names = category_names(master, category);
            missing.push(Missing { what: What::Document, category: Some(category), coming, names });
        }
    }
    if contents.appointment.is_none() {
        let names = Cow::Owned(in_our_words(master, |words| words.appointment));
        missing.push(Missing { what: What::Appointment, category: None, coming: false, names });
    }
    missing
}

/// Names a document category by master data, else by the form's label; empty if neither knows it.
#[must_use]
pub fn category_names<'a>(master: &'a Master, category: &str) -> Cow<'a, Names> {
    let named = master.categories().get(category).map(|named| &named.names);
    let mut fields = master.ui_spec().fields().iter();
    let label = || fields.find(|ui| ui.category() == Some(category)).map(|ui| &ui.labels);
    named.or_else(label).map_or_else(|| Cow::Owned(Names::default()), Cow::Borrowed)
}

/// What master data has no word for.
struct Words {
    language: &'static str,
    record: &'static str,
    appointment: &'static str,
}

const WORDS: [Words; 3] = [
    Words { language: "eng", record: "Personal data", appointment: "Appointment" },
    Words { language: "fra", record: "Données personnelles", appointment: "Rendez-vous" },
    Words {
        language: "ara", record: "البيانات الشخصية", appointment: "الموعد"
    },
];

/// Returns our word in each language of the form; in English where we have none.
fn in_our_words(master: &Master, word: fn(&Words) -> &'static str) -> Names {
    let words = |language: &str| {
        word(WORDS.iter().find(|words| words.language == language).unwrap_or(&WORDS[0]))
    };
    let offered = master.languages().offered();
    offered.map(|language| (language.to_owned(), words(language).to_owned())).collect()
}

/// Lists the documents in the order of the form's uploads, others last.
fn documents<'a>(contents: &Contents<'a>, master: &'a Master) -> Vec<Document<'a>> {
    let ui_fields = master.ui_spec().fields();
    let place = |category: &str| ui_fields.iter().position(|ui| ui.category() == Some(category));
    let mut lines: Vec<_> = contents.documents.iter().collect();
    lines.sort_by_key(|line| place(&line.category).unwrap_or(usize::MAX));
    let document = |line: &'a DocumentLine| Document {
        id: &line.id,
        field: place(&line.category).map(|at| ui_fields[at].id.as_str()),
        category: Coded { code: &line.category, names: category_names(master, &line.category) },
        document_type: Coded {
            code: &line.document_type,
            names: match master.document_types().get(&line.document_type) {
                Some(named) => Cow::Borrowed(&named.names),
                None => Cow::Owned(Names::default()),
            },
        },
        file_name: &line.file_name,
        size: line.size,
        sha256: line.digest.map(|digest| digest.to_string()),
        href: &line.href,
        present: line.present,
        ref_number: line.ref_number.as_deref(),
    };
    lines.into_iter().map(document).collect()
}

fn appointment<'a>(line: &AppointmentLine, master: &'a Master) -> Appointment<'a> {
    let center = master.center(&line.center);
    let names = |names: Option<&'a Names>| {
        names.map_or_else(|| Cow::Owned(Names::default()), Cow::Borrowed)
    };
    Appointment {
        center_id: line.center.clone(),
        center: names(center.map(|center| &center.names)),
        address: names(center.map(|center| &center.address)),
        date: line.date.to_string(),
        from: line.from.strftime("%H:%M").to_string(),
        to: line.to.strftime("%H:%M").to_string(),
    }
}

fn instant_if_any<S: Serializer>(at: &Option<Timestamp>, serializer: S) -> Result<S::Ok, S::Error> {
    match at {
        Some(at) => instant(at, serializer),
        None => serializer.serialize_none(),
    }
}

#[cfg(test)]
mod tests;
