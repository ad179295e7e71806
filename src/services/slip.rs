//! Slips: what stands on the acknowledgement that a person takes home, or brings.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::domain::application::{Application, Kind as Purpose};
use crate::domain::form::category_names;
use crate::domain::master::{Center, Master};
use crate::domain::operation::Change;
use crate::domain::prid::Prid;
use crate::services::{Coded, Kind, Rules, notification, qrcode};
use crate::store::{self, View};
use crate::typeset::{Column, NotWritten, Paper, Slip, WordBook};

/// Slips in one file.
pub const MOST: usize = 20;
/// Languages on a slip.
const MOST_LANGUAGES: usize = 3;

/// Why there are no slips.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No application is named, or too many are.
    #[error("Name one to {MOST} applications.")]
    Count,
    /// A language is none of the country's, or there are too many.
    #[error("A slip is in one to {MOST_LANGUAGES} languages of the country.")]
    Language,
    /// The paper is none of those there are.
    #[error("Paper is a4, a5 or letter.")]
    Paper,
    /// The file was not made.
    #[error("The slips could not be made.")]
    NotMade,
    /// The replica failed.
    #[error("The replica failed.")]
    Store(#[from] store::Error),
}

impl Coded for Error {
    fn code(&self) -> &'static str {
        match self {
            Self::Count => "PFL-017",
            Self::Language => "PFL-018",
            Self::Paper => "PFL-019",
            Self::NotMade => "PFL-501",
            Self::Store(_) => "PFL-500",
        }
    }

    fn kind(&self) -> Kind {
        match self {
            Self::NotMade | Self::Store(_) => Kind::Internal,
            Self::Count | Self::Language | Self::Paper => Kind::Refused,
        }
    }
}

impl From<NotWritten> for Error {
    fn from(_: NotWritten) -> Self {
        Self::NotMade
    }
}

impl From<qrcode::Error> for Error {
    fn from(_: qrcode::Error) -> Self {
        Self::NotMade
    }
}

/// Reads the languages of slips, by commas; none is each application's own and then the country's.
///
/// # Errors
/// [`Error::Language`].
pub fn languages(text: Option<&str>, master: &Master) -> Result<Vec<String>, Error> {
    let given = text.into_iter().flat_map(|text| text.split(','));
    let mut languages: Vec<String> = Vec::new();
    for language in given.map(str::trim).filter(|language| !language.is_empty()) {
        if !master.languages().is_active(language) && !master.languages().is_offered(language) {
            return Err(Error::Language);
        }
        if !languages.iter().any(|known| known == language) {
            languages.push(language.to_owned());
        }
    }
    if languages.len() > MOST_LANGUAGES { Err(Error::Language) } else { Ok(languages) }
}

/// Reads the paper that is asked for.
///
/// # Errors
/// [`Error::Paper`].
pub fn paper(text: Option<&str>, usual: Paper) -> Result<Paper, Error> {
    match text.map(str::trim) {
        None | Some("") => Ok(usual),
        Some(text) => Paper::parse(&text.to_ascii_lowercase()).ok_or(Error::Paper),
    }
}

/// Returns the slip of `prid`, if the application is here. Without `languages` it is in its own
/// language first, then in those of its person and of the country for which there are words.
///
/// # Errors
/// [`Error::Store`]; [`Error::NotMade`] if the country's codes have no room for a number.
pub fn slip(
    view: &View<'_>,
    prid: &Prid,
    languages: &[String],
    words: &WordBook,
    master: &Master,
    rules: &Rules,
    now: Timestamp,
) -> Result<Option<Slip>, Error> {
    let Some(application) = store::application::find(view, prid)? else { return Ok(None) };
    let central = store::application::upstream_prid(view, &application.prid)?;
    let operations = store::operation::uncovered(view, &application.prid)?;
    let made_here =
        operations.iter().any(|operation| matches!(operation.change, Change::Create { .. }));
    let only_here = made_here && central.is_none();
    let number = central.as_ref().unwrap_or(&application.prid);
    let (side, modules) = qrcode::modules(number.as_str(), qrcode::version(master))?;
    let names = notification::names(&application, master);
    let is_mirrored = |language: &str| master.languages().is_right_to_left(language);
    let own: Vec<&str> = names.iter().map(|(language, _)| *language).collect();
    let languages = if languages.is_empty() {
        usual_languages(&application, &own, words, master)
    } else {
        languages.to_vec()
    };
    let slot = application.appointment.as_ref().map(|appointment| &appointment.slot);
    let center = slot.map(|slot| &slot.center).or(rules.center.as_ref());
    let center = center.and_then(|center| master.center(center));
    let today = now.to_zoned(TimeZone::UTC).date();
    let mandatory = match application.kind {
        Purpose::New => master.mandatory_categories(&application.identity, today),
        Purpose::LostUin | Purpose::Update => Vec::new(),
    };
    let column = |language: String| Column {
        right_to_left: is_mirrored(&language),
        words: Arc::clone(words.of(&language)),
        center: told(center, |center| center.names.pick(&language)),
        address: address(
            center.map_or("", |center| center.address_lines.pick(&language)),
            is_mirrored(&language),
        ),
        phone: told(center, |center| &center.contact_phone),
        bring: mandatory
            .iter()
            .map(|category| document(&application, category, master, &language))
            .collect(),
        language,
    };
    Ok(Some(Slip {
        number: number.to_string(),
        side,
        modules,
        only_here,
        appointment: slot.map(|slot| (slot.day, slot.starts)),
        made_at: rules.local(now),
        columns: languages.into_iter().map(column).collect(),
        names: names.iter().map(|(language, name)| (name.clone(), is_mirrored(language))).collect(),
    }))
}

fn told(center: Option<&Center>, what: impl FnOnce(&Center) -> &str) -> String {
    center.map(what).unwrap_or_default().to_owned()
}

/// Writes the lines of an address as one, with the comma of the language between them.
fn address(lines: &str, right_to_left: bool) -> String {
    let comma = if right_to_left { "، " } else { ", " };
    let lines = lines.lines().map(|line| line.trim_end_matches([',', '،', ' ']));
    lines.filter(|line| !line.is_empty()).collect::<Vec<_>>().join(comma)
}

fn usual_languages(
    application: &Application,
    own: &[&str],
    words: &WordBook,
    master: &Master,
) -> Vec<String> {
    let first = application.language.as_str();
    let others = own.iter().copied().chain(master.languages().offered());
    let others = others.filter(|language| words.has(language));
    let mut seen = BTreeSet::new();
    let all = (!first.is_empty()).then_some(first).into_iter().chain(others);
    let mut all: Vec<String> =
        all.filter(|one| seen.insert(*one)).take(MOST_LANGUAGES).map(str::to_owned).collect();
    if all.is_empty() {
        all.push(master.languages().first().to_owned());
    }
    all
}

/// Names a document to bring: its category, and the very paper that was uploaded for it.
fn document(application: &Application, category: &str, master: &Master, language: &str) -> String {
    let names = category_names(master, category);
    let name = match names.pick(language) {
        "" => category,
        name => name,
    };
    let uploaded = application.documents.iter().find(|document| document.category == category);
    let kind = uploaded.and_then(|document| master.document_types().get(&document.kind));
    match kind.map_or("", |kind| kind.names.pick(language)) {
        "" => name.to_owned(),
        kind => format!("{name} ({kind})"),
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;
    use serde_json::Map;
    use uuid::Uuid;
    use zeroize::Zeroizing;

    use super::*;
    use crate::domain::caller::{Caller, Roles};
    use crate::domain::identity::Identity;
    use crate::domain::ids::CenterId;
    use crate::domain::master::sample;
    use crate::domain::status::{Lifecycle, Status};
    use crate::entropy::Seeded;
    use crate::services::perform::perform;
    use crate::store::{Key, Store};

    const HERE: &str = "97465075291709";
    const UPSTREAM: &str = "86492083124024";

    /// Returns the slip of an application that was made at this node, which central may know.
    fn of_walk_in(authority: bool, upstream: Option<&str>) -> Slip {
        let folder = tempfile::tempdir().unwrap();
        let (path, key) = (folder.path().join("replica.db"), Key::new(Zeroizing::new([7; 32])));
        Store::create(&path, &key).unwrap();
        let store = Store::inline(&path, &key).unwrap();
        let rules = Rules {
            authority,
            center: (!authority).then(|| CenterId::new("10001")),
            local_kiosks: 1,
            zone: TimeZone::UTC,
            lifecycle: Lifecycle::default(),
        };
        let now: Timestamp = "2026-11-23T08:00:00Z".parse().unwrap();
        let upstream = upstream.map(|text| Prid::parse(text).unwrap());
        let work = move |tx: &store::Tx<'_>| {
            let prid = Prid::parse(HERE).unwrap();
            let caller = Caller { user: "resident".into(), roles: Roles::NONE };
            let change = Change::Create {
                purpose: Purpose::New,
                language: "fra".into(),
                identity: Identity::new(Map::new()),
                status: Status::PendingAppointment,
            };
            store::operation::name_node(tx, Uuid::from_u128(1), Uuid::from_u128(2))?;
            perform(tx, &prid, change, &caller, &rules, &Seeded::new(1), now)?;
            if let Some(upstream) = &upstream {
                store::application::put_alias(tx, &prid, upstream)?;
            }
            slip(tx, &prid, &[], &WordBook::default(), &sample::master(), &rules, now)
        };
        store.write(work).now_or_never().unwrap().unwrap().unwrap()
    }

    #[test]
    fn the_number_of_a_walk_in_is_this_centers_alone_until_central_has_given_it_one() {
        let before = of_walk_in(false, None);
        assert_eq!((before.number.as_str(), before.only_here), (HERE, true));
        let after = of_walk_in(false, Some(UPSTREAM));
        assert_eq!((after.number.as_str(), after.only_here), (UPSTREAM, false));
        assert_ne!(before.modules, after.modules);
    }

    #[test]
    fn a_number_that_the_authority_drew_is_everybodys() {
        let slip = of_walk_in(true, None);
        assert_eq!((slip.number.as_str(), slip.only_here), (HERE, false));
    }

    #[test]
    fn a_slip_has_its_centers_address_with_commas() {
        let slip = of_walk_in(false, None);
        assert_eq!(slip.columns[0].address, "1 rue, Nord");
        assert_eq!(
            address("3 Quay Street,\nOld Quay\n,\nOstrelle", false),
            "3 Quay Street, Old Quay, Ostrelle"
        );
        assert_eq!(address("3 شارع الرصيف\nمدينة أوستريل", true), "3 شارع الرصيف، مدينة أوستريل");
        assert_eq!(address("", true), "");
    }
}
