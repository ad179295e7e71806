//! The catalog: answers about master data, given from the replica as central's master data service
//! gives them (`contract/masterdata.md` §2 to §5).
//!
//! Rows are uneven in real data, and nobody may be stuck for it: what is asked for in a language of
//! the country and has no row in it is answered with the row of another, under the language asked
//! for, since clients file answers by it.

mod centers;

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde_json::{Value, json};

pub use self::centers::{center, centers_in, centers_near, holidays, week_days, working_days};
use crate::domain::master::{Kind as Of, Master, Place, Row};
use crate::services::{Coded, Kind};
use crate::store::{self, View};

/// Why a question about master data has no answer.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No such center, or none that is asked for.
    #[error("Registration Center not found")]
    NoCenter,
    /// Residence, gender or birth date is missing, or of no age group.
    #[error("Applicant Type data does not exist")]
    NoApplicantType,
    /// The list of attributes is empty or cannot be read.
    #[error("One or more input parameter is invalid or does not exist")]
    BadAttributes,
    /// The applicant type has no documents.
    #[error("Document Category- Document Type mapping not found")]
    NoDocuments,
    /// The birth date is in the future. The contract gives this code no text.
    #[error("Date of birth is in the future")]
    NotBorn,
    /// The replica does not hold what would answer it.
    #[error("Failed to fetch masterdata information")]
    NotHere,
    /// The replica failed.
    #[error("Failed to fetch masterdata information")]
    Store(#[from] store::Error),
}

impl Coded for Error {
    fn code(&self) -> &'static str {
        match self {
            Self::NoCenter => "KER-MSD-215",
            Self::NoApplicantType => "KER-MSD-147",
            Self::BadAttributes => "KER-MSD-148",
            Self::NoDocuments => "KER-MSD-150",
            Self::NotBorn => "KER-MSD-151",
            Self::NotHere | Self::Store(_) => "PRG_MSD_APP_001",
        }
    }

    fn kind(&self) -> Kind {
        match self {
            Self::Store(_) => Kind::Internal,
            _ => Kind::Refused,
        }
    }
}

/// Returns the active rows of `kind`: those of one language, or all for `None`.
///
/// # Errors
/// The replica's failure.
pub fn list(
    view: &View<'_>,
    master: &Master,
    kind: Of,
    language: Option<&str>,
) -> Result<Vec<Row>, Error> {
    let rows = store::master::of(view, kind)?;
    Ok(match language {
        Some(language) => in_language(rows, language, master),
        None => rows.into_iter().filter(is_active).collect(),
    })
}

/// Returns the active rows of `kind` under `code`, in every language.
///
/// # Errors
/// [`Error::NotHere`] if there is none, or the replica's failure.
pub fn every_language(view: &View<'_>, kind: Of, code: &str) -> Result<Vec<Row>, Error> {
    let mut rows = store::master::find(view, kind, code)?;
    rows.retain(is_active);
    if rows.is_empty() { Err(Error::NotHere) } else { Ok(rows) }
}

/// Returns the places right below the place `code`; none below one that is not there.
///
/// # Errors
/// The replica's failure.
pub fn places_below(
    view: &View<'_>,
    master: &Master,
    code: &str,
    language: &str,
) -> Result<Vec<Row>, Error> {
    let mut below = Vec::new();
    for place in master.places_below(Some(code)).filter(|place| place.named.active) {
        below.extend(place_row(view, master, &place.code, language)?);
    }
    Ok(below)
}

/// Returns the places of the level that is called `level` in any language, in every language.
///
/// # Errors
/// The replica's failure.
pub fn places_of(view: &View<'_>, level: &str) -> Result<Vec<Row>, Error> {
    let is_of = |row: &Row| {
        let name = row.content.get("hierarchyLevelName").and_then(Value::as_str);
        name.is_some_and(|name| name.to_lowercase() == level.to_lowercase())
    };
    let levels = store::master::of(view, Of::LocationLevel)?;
    let number = |row: &Row| row.content.get("hierarchyLevel").and_then(Value::as_u64);
    let Some(level) = levels.iter().find(|row| is_of(row)).and_then(number) else {
        return Ok(Vec::new());
    };
    let mut places = store::master::of(view, Of::Location)?;
    places.retain(|row| is_active(row) && number(row) == Some(level));
    Ok(places)
}

/// Returns the place `code`.
///
/// # Errors
/// [`Error::NotHere`] if there is none, or the replica's failure.
pub fn place(view: &View<'_>, master: &Master, code: &str, language: &str) -> Result<Row, Error> {
    place_row(view, master, code, language)?.ok_or(Error::NotHere)
}

/// Returns the place `code` and those around it, up to the country.
///
/// # Errors
/// [`Error::NotHere`] if there is none, or the replica's failure.
pub fn places_up(
    view: &View<'_>,
    master: &Master,
    code: &str,
    language: &str,
) -> Result<Vec<Row>, Error> {
    let mut places = Vec::new();
    for place in up(master, code) {
        places.extend(place_row(view, master, &place.code, language)?);
    }
    if places.is_empty() { Err(Error::NotHere) } else { Ok(places) }
}

/// Goes from the place `code` up to the country, in a bounded number of steps: that rows lead in a
/// circle is not ruled out.
fn up<'a>(master: &'a Master, code: &str) -> impl Iterator<Item = &'a Place> {
    let parent = |place: &&'a Place| master.place(place.parent.as_deref()?);
    std::iter::successors(master.place(code), parent).take(32)
}

fn place_row(
    view: &View<'_>,
    master: &Master,
    code: &str,
    language: &str,
) -> Result<Option<Row>, Error> {
    Ok(pick(store::master::find(view, Of::Location, code)?, language, master))
}

/// Whom an applicant type is asked for.
#[derive(Clone, Debug, Default)]
pub struct Applicant {
    /// The code of the residence status, or its name.
    pub residence: Option<String>,
    /// The code of the gender, or its name.
    pub gender: Option<String>,
    /// The birth date; `None` also for one that cannot be read.
    pub born: Option<Date>,
    /// Whether biometrics cannot be taken of them.
    pub exception: bool,
    /// Whether they only update what is known of them.
    pub updates: bool,
}

/// Returns the applicant type of a person by the country's table.
///
/// # Errors
/// [`Error::NoApplicantType`] or [`Error::NotBorn`].
pub fn applicant_type(
    master: &Master,
    applicant: &Applicant,
    today: Date,
) -> Result<String, Error> {
    if applicant.born.is_some_and(|born| born > today) {
        return Err(Error::NotBorn);
    }
    let code = |part: &str, text: &str| {
        let list = master.choice_list(master.mapped(part));
        list.and_then(|list| master.choice_code(list, None, text)).unwrap_or(text).to_owned()
    };
    let found = match (&applicant.residence, &applicant.gender, applicant.born) {
        (Some(residence), Some(gender), Some(born)) => master.applicant_type_of(
            &code("residenceStatus", residence),
            &code("gender", gender),
            born,
            today,
            applicant.exception,
        ),
        _ => None,
    };
    match found {
        Some(found) => Ok(found.to_owned()),
        // By the contract whoever updates need not tell it all again.
        None if applicant.updates => Ok("000".to_owned()),
        None => Err(Error::NoApplicantType),
    }
}

/// Returns the categories of documents that an applicant of type `code` may bring, and the types of
/// each. The language of the rows that join them means nothing, upstream neither.
///
/// # Errors
/// [`Error::NoDocuments`], or the replica's failure.
pub fn documents(
    view: &View<'_>,
    master: &Master,
    code: &str,
    language: &str,
) -> Result<Vec<(Row, Vec<Row>)>, Error> {
    let pairs = master.applicant_documents(code).ok_or(Error::NoDocuments)?;
    let mut categories = BTreeMap::<&str, Vec<Row>>::new();
    for (category, kind) in pairs {
        let rows = store::master::find(view, Of::DocumentType, kind)?;
        categories.entry(category).or_default().extend(pick(rows, language, master));
    }
    let mut found = Vec::new();
    for (category, kinds) in categories.into_iter().filter(|(_, kinds)| !kinds.is_empty()) {
        let rows = store::master::find(view, Of::DocumentCategory, category)?;
        found.extend(pick(rows, language, master).map(|row| (row, kinds)));
    }
    if found.is_empty() { Err(Error::NoDocuments) } else { Ok(found) }
}

/// Takes of each code the row of `language` or what stands in for it.
fn in_language(rows: Vec<Row>, language: &str, master: &Master) -> Vec<Row> {
    let mut by_code = BTreeMap::<String, Vec<Row>>::new();
    for row in rows {
        by_code.entry(row.code.clone()).or_default().push(row);
    }
    by_code.into_values().filter_map(|rows| pick(rows, language, master)).collect()
}

/// Takes the active row of `language`; for a language of the country that has none, that of the
/// first language that has one.
fn pick(mut rows: Vec<Row>, language: &str, master: &Master) -> Option<Row> {
    rows.retain(is_active);
    if let Some(at) = rows.iter().position(|row| row.language == language) {
        return Some(rows.swap_remove(at));
    }
    let languages = master.languages();
    if !languages.is_active(language) {
        return None;
    }
    let rank = |row: &Row| languages.offered().position(|offered| offered == row.language);
    let mut row = rows.into_iter().min_by_key(|row| rank(row).unwrap_or(usize::MAX))?;
    row.content["langCode"] = json!(language);
    Some(row)
}

/// The service sends null where nobody switched a row off.
fn is_active(row: &Row) -> bool {
    row.content.get("isActive") != Some(&Value::Bool(false))
}
