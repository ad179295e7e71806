//! P1, `/proxy/masterdata/…`: what the portal asks central's master data service through
//! pre-registration, answered from the replica. What portals ask of `contract/masterdata.md` §2 and §4
//! stands in [`question`]; whatever else is asked, central's own servers' questions too, is answered
//! as if central could not be reached.

use hyper::StatusCode;
use serde_json::{Value, json};

use crate::domain::master::{Kind as Of, Master, Row};
use crate::http::Context;
use crate::http::dispatch::Call;
use crate::http::handlers::unread;
use crate::http::reply::{self, Reply};
use crate::services::Coded as _;
use crate::services::catalog::{self, Applicant, Error};
use crate::store::View;
use crate::wire::date;
use crate::wire::envelope::{Fault, Request};
use crate::wire::masterdata::{
    self, ApplicantRequest, CENTER, CENTER_ON_A_PAGE, DOCUMENT, FIELD, HOLIDAY, LANGUAGE, LEVEL,
    LOCATION, Part, TEMPLATE, page, shaped,
};

/// Names of places that one search may ask for.
const NAMES: usize = 50;

/// Reads the replica for an answer.
type Question = Box<dyn FnOnce(&View<'_>, &Master) -> Result<Value, Error> + Send>;

/// `GET /proxy/masterdata/…`: answers a question about master data.
pub(in crate::http) async fn get(cx: &Context, call: Call) -> Reply {
    let answer = match question(&call) {
        Some(question) => {
            let parts = cx.clone();
            cx.store.read(move |view| question(view, &parts.master)).await
        }
        None => Err(Error::NotHere),
    };
    answered(cx, answer)
}

/// `POST /proxy/masterdata/…`: tells an applicant's type.
pub(in crate::http) async fn post(cx: &Context, mut call: Call) -> Reply {
    let now = cx.clock.now();
    if !matches!(call.path.as_slice(), [path] if path == "getApplicantType") {
        return answered(cx, Err(Error::NotHere));
    }
    let bytes = match call.json().await {
        Ok(bytes) => bytes,
        Err(error) => return unread(call.id, error, now),
    };
    // The service looks at nothing of the envelope.
    let request = Request::parse(&bytes).and_then(|request| request.body::<ApplicantRequest>());
    let attributes = request.ok().and_then(|request| request.attributes).unwrap_or_default();
    if attributes.is_empty() || attributes.iter().any(|one| one.attribute.is_none()) {
        return answered(cx, Err(Error::BadAttributes));
    }
    let value = |names: &[&str]| {
        let is_named = |name: &str| names.contains(&name);
        attributes.iter().find(|one| one.attribute.as_deref().is_some_and(is_named))?.text()
    };
    // Each in the words of either release.
    let applicant = Applicant {
        residence: value(&["residenceStatus", "residenceStatusCode", "individualTypeCode"]),
        gender: value(&["gender", "genderCode"]),
        born: value(&["dateOfBirth", "dateofbirth"]).and_then(|text| birth_date(&text)),
        exception: value(&["isBioException"]).as_deref() == Some("true"),
        updates: value(&["_flow"]).as_deref() == Some("Update"),
    };
    let today = now.to_zoned(jiff::tz::TimeZone::UTC).date();
    let found = catalog::applicant_type(&cx.master, &applicant, today);
    answered(cx, found.map(|code| json!({"applicantType": {"applicantTypeCode": code}})))
}

/// Reads a birth date in the form of either release.
fn birth_date(text: &str) -> Option<jiff::civil::Date> {
    let instant = || Some(date::parse_instant(text)?.to_zoned(jiff::tz::TimeZone::UTC).date());
    date::parse_birth_date(text).or_else(instant)
}

fn answered(cx: &Context, answer: Result<Value, Error>) -> Reply {
    let now = cx.clock.now();
    match answer {
        Ok(response) => reply::json(StatusCode::OK, masterdata::answer(&response, now)),
        Err(error) => {
            let fault = Fault::new(error.code(), error.to_string());
            let body = match error {
                Error::NotHere | Error::Store(_) => masterdata::unanswered(fault.clone()),
                _ => masterdata::refused(fault.clone(), now),
            };
            reply::refusing(&error, body)
        }
    }
}

/// Returns what is asked; `None` for what the replica does not answer. Words that are the same in
/// every question stand before those that name something.
fn question(call: &Call) -> Option<Question> {
    let path: Vec<&str> = call.path.iter().map(String::as_str).collect();
    Some(match path.as_slice() {
        ["languages"] => rows("languages", LANGUAGE, Of::Language, None),
        ["gendertypes"] => choices("gender", "genderType", "genderName", None),
        ["gendertypes", language] => {
            choices("gender", "genderType", "genderName", Some((*language).to_owned()))
        }
        ["individualtypes"] => choices("residenceStatus", "individualTypes", "name", None),
        ["documentcategories"] => rows("documentcategories", DOCUMENT, Of::DocumentCategory, None),
        ["documentcategories", language] => {
            rows("documentcategories", DOCUMENT, Of::DocumentCategory, Some(language))
        }
        ["locationHierarchyLevels"] => {
            rows("locationHierarchyLevels", LEVEL, Of::LocationLevel, None)
        }
        ["locationHierarchyLevels", language] => {
            rows("locationHierarchyLevels", LEVEL, Of::LocationLevel, Some(language))
        }
        ["dynamicfields"] => {
            let (part, language) = (part(call, 10), call.query("langCode"));
            Box::new(move |view, master| {
                let mut fields = catalog::list(view, master, Of::DynamicField, None)?;
                fields.retain(|row| language.as_ref().is_none_or(|code| row.language == *code));
                Ok(page(&fields, part, |row| shaped(&row.content, FIELD)))
            })
        }
        ["locations", "locationhierarchy", level] => {
            let level = (*level).to_owned();
            Box::new(move |view, _| {
                Ok(json!({"locations": all(&catalog::places_of(view, &level)?, LOCATION)}))
            })
        }
        ["locations", "immediatechildren", code, language] => {
            let (code, language) = ((*code).to_owned(), (*language).to_owned());
            Box::new(move |view, master| {
                let places = catalog::places_below(view, master, &code, &language)?;
                Ok(json!({"locations": all(&places, LOCATION)}))
            })
        }
        ["locations", "info", code, language] => {
            let (code, language) = ((*code).to_owned(), (*language).to_owned());
            Box::new(move |view, master| {
                let place = catalog::place(view, master, &code, &language)?;
                Ok(shaped(&place.content, LOCATION))
            })
        }
        ["locations", code, language] => {
            let (code, language) = ((*code).to_owned(), (*language).to_owned());
            Box::new(move |view, master| {
                let places = catalog::places_up(view, master, &code, &language)?;
                Ok(json!({"locations": all(&places, LOCATION)}))
            })
        }
        ["templates", "templatetypecodes", code] => {
            let code = (*code).to_owned();
            Box::new(move |view, _| {
                let templates = catalog::every_language(view, Of::Template, &code)?;
                Ok(json!({"templates": all(&templates, TEMPLATE)}))
            })
        }
        ["templates", language, code] => {
            let (language, code) = ((*language).to_owned(), (*code).to_owned());
            Box::new(move |view, _| {
                let mut templates = catalog::every_language(view, Of::Template, &code)?;
                templates.retain(|row| row.language == language);
                Ok(json!({"templates": all(&templates, TEMPLATE)}))
            })
        }
        ["applicanttype", code, "languages"] => {
            let code = (*code).to_owned();
            let asked = call.query("languages").filter(|language| !language.is_empty());
            Box::new(move |view, master| {
                let first = asked.as_deref().and_then(|asked| asked.split(',').next());
                let language = first.unwrap_or(master.languages().first()).trim();
                let documents = catalog::documents(view, master, &code, language)?;
                let category = |(category, kinds): &(Row, Vec<Row>)| {
                    let mut shown = shaped(&category.content, DOCUMENT);
                    shown["documentTypes"] = all(kinds, DOCUMENT);
                    shown
                };
                let categories: Vec<Value> = documents.iter().map(category).collect();
                Ok(json!({"appTypeCode": code, "langCode": language, "isActive": true,
                    "documentCategories": categories}))
            })
        }
        ["workingdays", center, language] => {
            let (center, language) = ((*center).to_owned(), (*language).to_owned());
            Box::new(move |view, master| {
                let days = catalog::working_days(view, master, &center, &language)?;
                Ok(json!({"workingdays": days}))
            })
        }
        ["weekdays", center, language] => {
            let (center, language) = ((*center).to_owned(), (*language).to_owned());
            Box::new(move |view, master| {
                let days = catalog::week_days(view, master, &center, &language)?;
                Ok(json!({"weekdays": days}))
            })
        }
        ["possiblevalues", field] => {
            let (field, language) = ((*field).to_owned(), call.query("langCode"));
            Box::new(move |_, master| possible_values(master, &field, language.as_deref()))
        }
        ["getregistrationcenterholidays", language, center, year] => {
            let language = (*language).to_owned();
            let (center, year) = ((*center).to_owned(), (*year).to_owned());
            Box::new(move |view, master| {
                let days = catalog::holidays(view, master, &center, &year, &language)?;
                Ok(json!({"registrationCenter": null, "holidays": all(&days, HOLIDAY)}))
            })
        }
        _ => return centers(call, &path),
    })
}

/// Returns what is asked of centers.
fn centers(call: &Call, path: &[&str]) -> Option<Question> {
    Some(match path {
        ["getcoordinatespecificregistrationcenters", language, longitude, latitude, metres] => {
            let number = |text: &str| text.parse::<f64>().ok().filter(|number| number.is_finite());
            let (at, metres) = ((number(longitude)?, number(latitude)?), number(metres)?);
            let language = (*language).to_owned();
            Box::new(move |view, master| {
                let rows = catalog::centers_near(view, master, at, metres, &language)?;
                Ok(json!({"registrationCenters": all(&rows, CENTER)}))
            })
        }
        ["registrationcenters"] => rows("registrationCenters", CENTER, Of::Center, None),
        ["registrationcenters", "page", language, level, name] => {
            let found = found(language, level, vec![(*name).to_owned()]);
            let part = part(call, 10);
            Box::new(move |view, master| {
                let members = [CENTER, CENTER_ON_A_PAGE].concat();
                Ok(page(&found(view, master)?, part, |row| shaped(&row.content, &members)))
            })
        }
        ["registrationcenters", language, level, "names"] => {
            let mut names = call.query_all("name");
            names.truncate(NAMES);
            let found = found(language, level, names);
            Box::new(move |view, master| {
                Ok(json!({"registrationCenters": all(&found(view, master)?, CENTER)}))
            })
        }
        ["registrationcenters", language, level, name] => {
            let found = found(language, level, vec![(*name).to_owned()]);
            Box::new(move |view, master| {
                Ok(json!({"registrationCenters": all(&found(view, master)?, CENTER)}))
            })
        }
        ["registrationcenters", id, language] => {
            let (id, language) = ((*id).to_owned(), (*language).to_owned());
            Box::new(move |view, master| {
                let rows = catalog::center(view, master, &id, &language)?;
                Ok(json!({"registrationCenters": all(&rows, CENTER)}))
            })
        }
        _ => return None,
    })
}

/// Asks for the centers at places of `level` with one of these names.
fn found(
    language: &str,
    level: &str,
    names: Vec<String>,
) -> impl FnOnce(&View<'_>, &Master) -> Result<Vec<Row>, Error> + Send + use<> {
    let (language, level) = (language.to_owned(), level.parse::<u8>());
    move |view, master| {
        let level = level.map_err(|_| Error::NoCenter)?;
        catalog::centers_in(view, master, level, &names, &language)
    }
}

/// Asks for the rows of `kind`, in a language or in all.
fn rows(
    name: &'static str,
    shape: &'static [&'static str],
    kind: Of,
    language: Option<&str>,
) -> Question {
    let language = language.map(str::to_owned);
    Box::new(move |view, master| {
        let rows = catalog::list(view, master, kind, language.as_deref())?;
        Ok(json!({ name: all(&rows, shape) }))
    })
}

/// Asks for the choices of the identity's field `part` as the older portal wants them: a list of
/// their own, each choice in each language an object, its name under `word`.
fn choices(
    part: &'static str,
    list: &'static str,
    word: &'static str,
    language: Option<String>,
) -> Question {
    Box::new(move |_, master| {
        let field = master.choice_list(master.mapped(part)).ok_or(Error::NotHere)?;
        let choices = master.choices(field).ok_or(Error::NotHere)?;
        let shown =
            choices.iter().filter(|(_, choice)| choice.active).flat_map(|(code, choice)| {
                choice.names.iter().map(move |(language, name)| (code, language, name))
            });
        let shown: Vec<Value> = shown
            .filter(|(_, code, _)| language.as_deref().is_none_or(|language| language == *code))
            .map(|(code, language, name)| {
                json!({"code": code, word: name, "langCode": language, "isActive": true})
            })
            .collect();
        Ok(json!({ list: shown }))
    })
}

/// Returns the choices of the drop-down `field`, in a language or in all.
fn possible_values(master: &Master, field: &str, language: Option<&str>) -> Result<Value, Error> {
    let choices = master.choices(field).ok_or(Error::NotHere)?;
    let shown = choices.iter().filter(|(_, choice)| choice.active).flat_map(|(code, choice)| {
        let names = choice.names.iter();
        names.map(move |(spoken, name)| (spoken, json!({"code": code, "value": name})))
    });
    Ok(shown
        .filter(|(spoken, _)| language.is_none_or(|language| language == *spoken))
        .map(|(_, shown)| shown)
        .collect())
}

fn all(rows: &[Row], members: &[&str]) -> Value {
    rows.iter().map(|row| shaped(&row.content, members)).collect()
}

/// Returns which part of a list is asked for: the first, of `usual` items, where nothing is said.
pub(super) fn part(call: &Call, usual: usize) -> Part {
    let number = |name: &str| call.query(name)?.trim().parse::<usize>().ok();
    let size = number("pageSize").filter(|size| *size > 0).unwrap_or(usual);
    Part { number: number("pageNumber").unwrap_or(0), size: size.min(1000) }
}
