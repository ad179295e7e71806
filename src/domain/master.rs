//! Master data: what the country says of its places, centers, documents, forms and settings.
//!
//! It is kept as rows ([`Row`]) and used as one [`Master`], built from all of them at once: whole and
//! consistent, or refused with a sentence that names the place. Languages are uneven in real data
//! (centers without Arabic rows, working days in English only), so things are joined by code, and a
//! name falls back to another language.

mod applicant;
mod assemble;
mod center;
mod content;
mod names;
mod row;
mod rows;

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use serde_json::Value;

use self::applicant::ApplicantTypes;
use self::center::Calendar;
pub use self::center::Center;
pub use self::names::{Language, Languages, Named, Names};
pub use self::row::{Kind, Row};
use super::application::{self, Application};
use super::id_schema::IdSchema;
use super::identity::{self, Identity};
use super::ids::CenterId;
use super::pattern::Pattern;
use super::ui_spec::UiSpec;

/// Why rows do not add up to master data.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {fault}")]
pub struct Inconsistent {
    place: String,
    fault: String,
}

impl Inconsistent {
    fn new(place: impl Into<String>, fault: impl Into<String>) -> Self {
        Self { place: place.into(), fault: fault.into() }
    }
}

/// A place, from the country down to a postal code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Its code.
    pub code: String,
    /// Its level: 0 is the country.
    pub level: u8,
    /// The place around it; `None` for the country.
    pub parent: Option<String>,
    /// What it is called.
    pub named: Named,
}

/// All master data of a country, in memory and ready to ask.
#[derive(Debug)]
pub struct Master {
    languages: Languages,
    places: BTreeMap<String, Place>,
    places_by_name: ByName<u8>,
    levels: BTreeMap<u8, Names>,
    fields: BTreeMap<String, BTreeMap<String, Named>>,
    choices_by_name: ByName<String>,
    centers: BTreeMap<CenterId, Center>,
    calendar: Calendar,
    categories: BTreeMap<String, Named>,
    document_types: BTreeMap<String, Named>,
    valid_documents: BTreeSet<(String, String)>,
    applicant_documents: BTreeMap<String, BTreeSet<(String, String)>>,
    applicant_types: ApplicantTypes,
    templates: BTreeMap<String, Names>,
    properties: BTreeMap<String, String>,
    ui_spec: UiSpec,
    id_schema: IdSchema,
    identity_mapping: Value,
    patterns: BTreeMap<String, Pattern>,
}

/// Group, then language, then name or code, to code: real lists of places are long, and each
/// application is checked against four of them.
type ByName<G> = BTreeMap<G, BTreeMap<String, BTreeMap<String, String>>>;

impl Master {
    /// Returns the languages.
    #[must_use]
    pub fn languages(&self) -> &Languages {
        &self.languages
    }

    /// Returns the place `code`, active or not.
    #[must_use]
    pub fn place(&self, code: &str) -> Option<&Place> {
        self.places.get(code)
    }

    /// Goes through the places right below `parent`, or through countries for `None`.
    pub fn places_below<'a>(&'a self, parent: Option<&'a str>) -> impl Iterator<Item = &'a Place> {
        self.places.values().filter(move |place| place.parent.as_deref() == parent)
    }

    /// Returns the code of the active place of `level` that `text` names in `language`, by code or by
    /// name; with `None` in any language.
    #[must_use]
    pub fn place_code(&self, level: u8, language: Option<&str>, text: &str) -> Option<&str> {
        find(self.places_by_name.get(&level)?, language, text)
    }

    /// Tells whether there are places of `level` at all.
    #[must_use]
    pub fn has_level(&self, level: u8) -> bool {
        self.places_by_name.contains_key(&level)
    }

    /// Returns what the places of `level` are called.
    #[must_use]
    pub fn level_names(&self, level: u8) -> Option<&Names> {
        self.levels.get(&level)
    }

    /// Returns the choices of the dynamic field `name` by code.
    #[must_use]
    pub fn choices(&self, name: &str) -> Option<&BTreeMap<String, Named>> {
        self.fields.get(name)
    }

    /// Returns the code of the active choice of the dynamic field `name` that `text` names in
    /// `language`, by code or by name; with `None` in any language.
    #[must_use]
    pub fn choice_code(&self, name: &str, language: Option<&str>, text: &str) -> Option<&str> {
        find(self.choices_by_name.get(name)?, language, text)
    }

    /// Returns the center `id`, active or not.
    #[must_use]
    pub fn center(&self, id: &CenterId) -> Option<&Center> {
        self.centers.get(id)
    }

    /// Goes through the centers by id.
    pub fn centers(&self) -> impl Iterator<Item = &Center> {
        self.centers.values()
    }

    /// Tells whether `center` works on that day of the week. One that has no working days of its own
    /// keeps those of the country.
    #[must_use]
    pub fn is_working_day(&self, center: &Center, day: Date) -> bool {
        self.calendar.is_working_day(&center.id, day)
    }

    /// Returns on which days of the week `center` works, Sunday first.
    #[must_use]
    pub fn working_week(&self, center: &Center) -> [bool; 7] {
        self.calendar.week(&center.id)
    }

    /// Tells whether `day` is a holiday at `center`, general or exceptional.
    #[must_use]
    pub fn is_holiday(&self, center: &Center, day: Date) -> bool {
        self.calendar.is_holiday(center, day)
    }

    /// Returns the document categories by code.
    #[must_use]
    pub fn categories(&self) -> &BTreeMap<String, Named> {
        &self.categories
    }

    /// Returns the document types by code.
    #[must_use]
    pub fn document_types(&self) -> &BTreeMap<String, Named> {
        &self.document_types
    }

    /// Tells whether a document of `document_type` may be uploaded in `category`.
    #[must_use]
    pub fn is_valid_document(&self, category: &str, document_type: &str) -> bool {
        self.valid_documents.contains(&(category.to_owned(), document_type.to_owned()))
    }

    /// Returns the pairs of category and type that people of `applicant_type` may show.
    #[must_use]
    pub fn applicant_documents(&self, applicant_type: &str) -> Option<&BTreeSet<(String, String)>> {
        self.applicant_documents.get(applicant_type)
    }

    /// Returns the applicant type of who wrote `identity`; `None` where the country has no table, or
    /// residence, gender or birth date are not told.
    #[must_use]
    pub fn applicant_type(&self, identity: &Identity, today: Date) -> Option<&str> {
        let code = |key: &str| {
            let field = self.mapped(key);
            let text = identity.text(field)?;
            let name = self.choice_list(field)?;
            self.choice_code(name, None, text)
        };
        let born = identity::birth_date(identity.text(self.mapped("dob"))?)?;
        let age = applicant::age(born, today);
        self.applicant_types.find(code("residenceStatus")?, code("gender")?, age, false)
    }

    /// Returns the applicant type of a person by codes, born on `born`; `exception` says that
    /// biometrics cannot be taken of them. `None` if no age group has their age; where the country
    /// has no table everybody is of the type that nothing else fits.
    #[must_use]
    pub fn applicant_type_of(
        &self,
        residence: &str,
        gender: &str,
        born: Date,
        today: Date,
        exception: bool,
    ) -> Option<&str> {
        if self.applicant_types.is_empty() {
            return Some(self.applicant_types.otherwise());
        }
        self.applicant_types.find(residence, gender, applicant::age(born, today), exception)
    }

    /// Returns the document categories without which the application of `identity` is not complete:
    /// uploads that the form requires, in its order, less those that its applicant type has no use
    /// for (`contract/rules.md` §7.2).
    #[must_use]
    pub fn mandatory_categories(&self, identity: &Identity, today: Date) -> Vec<&str> {
        let allowed = self
            .applicant_type(identity, today)
            .and_then(|code| self.applicant_documents.get(code));
        let mut mandatory = Vec::new();
        for field in self.ui_spec.fields().iter().filter(|field| field.required) {
            let Some(category) = field.category() else { continue };
            let applies =
                allowed.is_none_or(|pairs| pairs.iter().any(|(code, _)| code == category));
            if applies && !mandatory.contains(&category) {
                mandatory.push(category);
            }
        }
        mandatory
    }

    /// Returns the mandatory categories of which `application` has no document, in the order of the
    /// form. Lost UIN and update applications need none: they have no form
    /// (`contract/rules.md` §7.2).
    #[must_use]
    pub fn missing_categories(&self, application: &Application, today: Date) -> Vec<&str> {
        if application.kind != application::Kind::New {
            return Vec::new();
        }
        let mut missing = self.mandatory_categories(&application.identity, today);
        missing.retain(|category| !application.documents.iter().any(|d| d.category == *category));
        missing
    }

    /// Returns the text of the template `code`, in `language` or what stands in for it.
    #[must_use]
    pub fn template(&self, code: &str, language: &str) -> Option<&str> {
        self.templates.get(code).map(|texts| texts.pick(language))
    }

    /// Returns the value of the property `key`, blanks around it left out; `None` if it is not set or
    /// blank.
    #[must_use]
    pub fn property(&self, key: &str) -> Option<&str> {
        self.properties.get(key).map(|value| value.trim()).filter(|value| !value.is_empty())
    }

    /// Returns the whole number that the property `key` holds; `None` also if it holds none.
    #[must_use]
    pub fn number(&self, key: &str) -> Option<i64> {
        self.property(key)?.parse().ok()
    }

    /// Goes through the properties by key.
    pub fn properties(&self) -> impl Iterator<Item = (&str, &str)> {
        self.properties.iter().map(|(key, value)| (key.as_str(), value.as_str()))
    }

    /// Returns the latest UI specification.
    #[must_use]
    pub fn ui_spec(&self) -> &UiSpec {
        &self.ui_spec
    }

    /// Returns the latest id-schema.
    #[must_use]
    pub fn id_schema(&self) -> &IdSchema {
        &self.id_schema
    }

    /// Returns the identity mapping.
    #[must_use]
    pub fn identity_mapping(&self) -> &Value {
        &self.identity_mapping
    }

    /// Returns the field of the identity that plays the part `key` (`name`, `dob`, `phone` …): the
    /// first one where the mapping names several, and MOSIP's own name where it has none.
    #[must_use]
    pub fn mapped<'a>(&'a self, key: &'a str) -> &'a str {
        let mapped = self.identity_mapping.get("identity").and_then(|fields| fields.get(key));
        let fields = mapped.and_then(|field| field.get("value")?.as_str()).unwrap_or("");
        match (fields.split(',').map(str::trim).find(|field| !field.is_empty()), key) {
            (Some(field), _) => field,
            (None, "name") => "fullName",
            (None, "dob") => "dateOfBirth",
            (None, _) => key,
        }
    }

    /// Returns the dynamic field that the choices of the identity's field `id` come from.
    #[must_use]
    pub fn choice_list<'a>(&'a self, id: &'a str) -> Option<&'a str> {
        let sub_type = self.ui_spec.field(id).and_then(|field| field.sub_type.as_deref());
        [sub_type, Some(id)].into_iter().flatten().find(|name| self.fields.contains_key(*name))
    }

    /// Tells whether all of `text` fits the pattern that the property `key` holds: those of phone
    /// and e-mail. Nothing fits where there is none.
    #[must_use]
    pub fn admits(&self, key: &str, text: &str) -> bool {
        self.patterns.get(key).is_some_and(|pattern| pattern.matches(text))
    }

    /// Returns the pattern that the configuration sets for the field `id`.
    pub(super) fn pattern(&self, id: &str) -> Option<&Pattern> {
        self.patterns.get(&format!("mosip.id.validation.identity.{id}"))
    }
}

fn find<'a>(
    languages: &'a BTreeMap<String, BTreeMap<String, String>>,
    language: Option<&str>,
    text: &str,
) -> Option<&'a str> {
    match language {
        Some(language) => languages.get(language)?.get(text).map(String::as_str),
        None => languages.values().find_map(|names| names.get(text)).map(String::as_str),
    }
}

#[cfg(test)]
pub(crate) mod sample;
#[cfg(test)]
mod tests;
