//! Rows to [`Master`]: reads each, joins them by code, and refuses what does not add up.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::applicant::ApplicantTypes;
use super::center;
use super::content::{
    DocumentContent, FieldContent, LanguageContent, LevelContent, LocationContent, PropertyContent,
    TemplateContent,
};
use super::rows::{Rows, named};
use super::{ByName, Inconsistent, Kind, Language, Languages, Master, Named, Names, Place, Row};
use crate::domain::id_schema::IdSchema;
use crate::domain::pattern::Pattern;
use crate::domain::ui_spec::UiSpec;

impl Master {
    /// Builds master data from all of its rows.
    ///
    /// # Errors
    /// [`Inconsistent`], naming the first row that cannot be read or refers to one that is not there.
    pub fn from_rows(rows: impl IntoIterator<Item = Row>) -> Result<Self, Inconsistent> {
        let rows = Rows::collect(rows)?;
        let properties = properties(&rows)?;
        let languages = languages(&rows, &properties)?;
        let places = places(&rows, &languages)?;
        let places_by_name =
            index(places.values().map(|place| (place.level, &place.code, &place.named)));
        let fields = fields(&rows, &languages)?;
        let choices = fields.iter().flat_map(|(field, choices)| {
            choices.iter().map(move |(code, named)| (field.clone(), code, named))
        });
        let choices_by_name = index(choices);
        let centers = center::centers(&rows, &languages, &places)?;
        let categories = rows.named(Kind::DocumentCategory, &languages)?;
        let document_types = rows.named(Kind::DocumentType, &languages)?;
        let known = |row: &Row, category: &str, document_type: &str| {
            for (what, code, codes) in
                [("category", category, &categories), ("type", document_type, &document_types)]
            {
                if !codes.contains_key(code) {
                    return Err(row.fault(format!("its {what} {code} is unknown")));
                }
            }
            Ok(())
        };
        let mut valid_documents = BTreeSet::new();
        for (row, content) in rows.read::<DocumentContent>(Kind::ValidDocument)? {
            known(row, &content.doc_category_code, &content.doc_type_code)?;
            if content.is_active {
                valid_documents.insert((content.doc_category_code, content.doc_type_code));
            }
        }
        let mut applicant_documents = BTreeMap::<_, BTreeSet<_>>::new();
        for (row, content) in rows.read::<DocumentContent>(Kind::ApplicantDocument)? {
            known(row, &content.doc_category_code, &content.doc_type_code)?;
            if content.is_active {
                applicant_documents
                    .entry(content.app_type_code)
                    .or_default()
                    .insert((content.doc_category_code, content.doc_type_code));
            }
        }
        let identity_mapping = rows.only(Kind::IdentityMapping).map(|row| row.content.clone());
        let applicant_types = match rows.only(Kind::ApplicantType) {
            Some(row) => row.read::<ApplicantTypes>()?,
            None => ApplicantTypes::default(),
        };
        Ok(Self {
            places_by_name,
            choices_by_name,
            calendar: center::calendar(&rows, &languages)?,
            levels: levels(&rows, &languages)?,
            templates: templates(&rows, &languages)?,
            ui_spec: ui_spec(&rows)?,
            id_schema: id_schema(&rows)?,
            patterns: patterns(&properties)?,
            identity_mapping: identity_mapping.unwrap_or(Value::Null),
            languages,
            places,
            fields,
            centers,
            categories,
            document_types,
            valid_documents,
            applicant_documents,
            applicant_types,
            properties,
        })
    }
}

fn index<'a, G: Ord>(things: impl Iterator<Item = (G, &'a String, &'a Named)>) -> ByName<G> {
    let mut index = ByName::new();
    for (group, code, named) in things.filter(|(.., named)| named.active) {
        let languages = index.entry(group).or_default();
        for (language, name) in named.names.iter() {
            let names = languages.entry(language.to_owned()).or_default();
            names.entry(name.to_owned()).or_insert_with(|| code.clone());
            // A code goes before another thing's name.
            names.insert(code.clone(), code.clone());
        }
    }
    index
}

fn properties(rows: &Rows) -> Result<BTreeMap<String, String>, Inconsistent> {
    let content = rows.read::<PropertyContent>(Kind::Property)?;
    Ok(content.into_iter().map(|(_, content)| (content.key, content.value)).collect())
}

/// Takes the languages that are active, and the order the configuration gives them; without one, all
/// are optional.
fn languages(
    rows: &Rows,
    properties: &BTreeMap<String, String>,
) -> Result<Languages, Inconsistent> {
    let list = |key: &str| -> Vec<String> {
        let value = properties.get(key).map_or("", String::as_str);
        value.split(',').map(str::trim).filter(|code| !code.is_empty()).map(str::to_owned).collect()
    };
    let active: Vec<_> = rows
        .read::<LanguageContent>(Kind::Language)?
        .into_iter()
        .filter(|(_, content)| content.is_active)
        .map(|(row, content)| Language {
            code: row.code.clone(),
            native_name: content.native_name.unwrap_or_else(|| content.name.clone()),
            name: content.name,
        })
        .collect();
    if active.is_empty() {
        return Err(Inconsistent::new("languages", "there is no active one"));
    }
    let mandatory = list("mosip.mandatory-languages");
    let is_active = |code: &str| active.iter().any(|language| language.code == code);
    if let Some(unknown) = mandatory.iter().find(|code| !is_active(code)) {
        let fault = format!("{unknown} is mandatory, but no active language");
        return Err(Inconsistent::new("languages", fault));
    }
    let mut optional = list("mosip.optional-languages");
    if mandatory.is_empty() && optional.is_empty() {
        optional = list("mosip.supported-languages");
    }
    optional.retain(|code| is_active(code) && !mandatory.contains(code));
    if mandatory.is_empty() && optional.is_empty() {
        optional = active.iter().map(|language| language.code.clone()).collect();
    }
    let right_to_left = list("mosip.right_to_left_orientation").into_iter().collect();
    Ok(Languages { active, mandatory, optional, right_to_left })
}

fn places(rows: &Rows, languages: &Languages) -> Result<BTreeMap<String, Place>, Inconsistent> {
    let mut names = rows.named(Kind::Location, languages)?;
    let codes: BTreeSet<_> = names.keys().cloned().collect();
    let mut places = BTreeMap::<String, Place>::new();
    for (row, content) in rows.read::<LocationContent>(Kind::Location)? {
        let level = content.hierarchy_level;
        let parent = content.parent_loc_code.filter(|code| !code.is_empty());
        if let Some(unknown) = parent.as_ref().filter(|code| !codes.contains(*code)) {
            return Err(row.fault(format!("the place around it, {unknown}, is unknown")));
        }
        match names.remove(&row.code) {
            Some(named) => {
                let code = row.code.clone();
                places.insert(code.clone(), Place { code, level, parent, named });
            }
            None if places.get(&row.code).is_some_and(|place| place.level != level) => {
                return Err(row.fault("its level differs between languages"));
            }
            None => {}
        }
    }
    Ok(places)
}

fn levels(rows: &Rows, languages: &Languages) -> Result<BTreeMap<u8, Names>, Inconsistent> {
    let mut levels = BTreeMap::<u8, Vec<_>>::new();
    for (row, content) in rows.read::<LevelContent>(Kind::LocationLevel)? {
        let name = (row.language.clone(), content.hierarchy_level_name);
        levels.entry(content.hierarchy_level).or_default().push(name);
    }
    Ok(levels.into_iter().map(|(level, names)| (level, Names::ordered(names, languages))).collect())
}

fn fields(
    rows: &Rows,
    languages: &Languages,
) -> Result<BTreeMap<String, BTreeMap<String, Named>>, Inconsistent> {
    let mut fields = BTreeMap::<String, BTreeMap<String, Vec<(String, String, bool)>>>::new();
    for (row, content) in rows.read::<FieldContent>(Kind::DynamicField)? {
        let choices = fields.entry(row.code.clone()).or_default();
        for choice in content.field_val {
            let names = choices.entry(choice.code.clone()).or_default();
            if names.iter().any(|(language, ..)| *language == row.language) {
                return Err(row.fault(format!("its choice {} is there twice", choice.code)));
            }
            names.push((row.language.clone(), choice.value, content.is_active));
        }
    }
    let join = |choices: BTreeMap<_, _>| {
        choices.into_iter().map(|(code, names)| (code, named(names, languages))).collect()
    };
    Ok(fields.into_iter().map(|(name, choices)| (name, join(choices))).collect())
}

fn templates(rows: &Rows, languages: &Languages) -> Result<BTreeMap<String, Names>, Inconsistent> {
    let mut templates = BTreeMap::<String, Vec<_>>::new();
    for (row, content) in rows.read::<TemplateContent>(Kind::Template)? {
        if content.is_active {
            let text = (row.language.clone(), content.file_text);
            templates.entry(row.code.clone()).or_default().push(text);
        }
    }
    Ok(templates
        .into_iter()
        .map(|(code, texts)| (code, Names::ordered(texts, languages)))
        .collect())
}

/// Returns the row of the highest version, which is a decimal number upstream: 0.9 is after 0.10.
fn latest(rows: &Rows, kind: Kind, what: &str) -> Result<Row, Inconsistent> {
    let version = |row: &Row| row.code.parse::<f64>().unwrap_or(0.0);
    let latest = rows.of(kind).max_by(|a, b| version(a).total_cmp(&version(b))).cloned();
    latest.ok_or_else(|| Inconsistent::new(what, "there is none"))
}

fn ui_spec(rows: &Rows) -> Result<UiSpec, Inconsistent> {
    let row = latest(rows, Kind::UiSpec, "UI specification")?;
    UiSpec::parse(&row.content).map_err(|error| row.fault(error.to_string()))
}

/// Reads the schema, which the service that gives it sends as text.
fn id_schema(rows: &Rows) -> Result<IdSchema, Inconsistent> {
    let row = latest(rows, Kind::IdSchema, "id-schema")?;
    let schema = match row.content.get("schemaJson") {
        Some(Value::String(text)) => serde_json::from_str(text)
            .map_err(|error| row.fault(format!("its schemaJson is not JSON: {error}")))?,
        Some(schema @ Value::Object(_)) => schema.clone(),
        _ => return Err(row.fault("has no schemaJson")),
    };
    IdSchema::parse(&row.code, &schema).map_err(|error| row.fault(error.to_string()))
}

/// Compiles the patterns of phone and e-mail. The configuration has more, but upstream's validator
/// asks only for these two, and its birth date pattern fits no date at all (`contract/rules.md` §5.4).
fn patterns(
    properties: &BTreeMap<String, String>,
) -> Result<BTreeMap<String, Pattern>, Inconsistent> {
    let mut patterns = BTreeMap::new();
    for field in ["phone", "email"] {
        let key = format!("mosip.id.validation.identity.{field}");
        let Some(java) = properties.get(&key).filter(|java| !java.trim().is_empty()) else {
            continue;
        };
        let pattern = Pattern::java(java.trim())
            .map_err(|error| Inconsistent::new(format!("property {key}"), error.to_string()))?;
        patterns.insert(key, pattern);
    }
    Ok(patterns)
}
