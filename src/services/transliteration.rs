//! The transliteration service: writes a name in the letters of another language, by the rules of
//! ICU (`contract/rules.md` §13).

use std::cell::RefCell;
use std::collections::BTreeMap;

use icu_experimental::transliterate::Transliterator;
use icu_locale_core::Locale;

use crate::domain::master::Master;
use crate::services::Coded;

/// Letters of a text at most: the longest field of a form, several times over.
const LONGEST: usize = 1_000;

/// What language is written in which script, as far as ICU goes from one to another.
const SCRIPTS: &[(&str, &[&str])] = &[
    (
        "Latn",
        &[
            "eng", "fra", "fre", "spa", "por", "deu", "ger", "ita", "nld", "dut", "swa", "fil",
            "tgl", "ind", "msa", "may", "tur", "vie", "som", "hau", "yor", "ibo", "kin", "run",
            "lug", "mlg", "wol", "ewe", "orm", "zul", "xho", "afr", "hat", "que", "pol", "ron",
            "rum", "sqi", "alb", "uzb", "aze", "tuk",
        ],
    ),
    ("Arab", &["ara", "fas", "per", "urd", "pus", "snd", "uig"]),
    ("Armn", &["hye", "arm"]),
    ("Beng", &["ben", "asm"]),
    ("Cyrl", &["rus", "ukr", "bel", "bul", "mkd", "mac", "srp", "kaz", "kir", "mon", "tgk"]),
    ("Deva", &["hin", "mar", "nep", "san", "kok", "mai", "doi"]),
    ("Ethi", &["amh", "tir"]),
    ("Geor", &["kat", "geo"]),
    ("Grek", &["ell", "gre"]),
    ("Gujr", &["guj"]),
    ("Guru", &["pan"]),
    ("Hang", &["kor"]),
    ("Hebr", &["heb"]),
    ("Kana", &["jpn"]),
    ("Knda", &["kan"]),
    ("Mlym", &["mal"]),
    ("Orya", &["ori", "ory"]),
    ("Taml", &["tam"]),
    ("Telu", &["tel"]),
    ("Thaa", &["div"]),
    ("Thai", &["tha"]),
];

/// Why the transliteration service refused. Texts and codes: `contract/errors.md` §10.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The text is too long.
    #[error("Failed to transliterate")]
    TooLong,
    /// One of the three fields is empty.
    #[error("Incorrect mandatory Fields")]
    Missing,
    /// The country does not have one of the languages, or ICU no way from one to the other.
    #[error("Unsupported language")]
    Language,
}

impl Coded for Error {
    fn code(&self) -> &'static str {
        match self {
            Self::TooLong => "PRG_TRL_APP_001",
            Self::Missing => "PRG_TRL_APP_002",
            Self::Language => "PRG_TRL_APP_008",
        }
    }
}

/// Writes `text`, which is in the language `from`, in the letters of the language `to`.
///
/// # Errors
/// [`Error`].
pub fn transliterate(text: &str, from: &str, to: &str, master: &Master) -> Result<String, Error> {
    if [text, from, to].iter().any(|field| field.trim().is_empty()) {
        return Err(Error::Missing);
    }
    if ![from, to].iter().all(|language| master.languages().is_offered(language)) {
        return Err(Error::Language);
    }
    if text.chars().count() > LONGEST {
        return Err(Error::TooLong);
    }
    in_letters(text, from, to).ok_or(Error::Language)
}

/// Returns `text` in the letters of `to`; nothing if there is no way there.
fn in_letters(text: &str, from: &str, to: &str) -> Option<String> {
    // ICU's transliterators stay on their thread, and a node's workers are few: each has its own.
    thread_local! {
        static MADE: RefCell<BTreeMap<(&'static str, &'static str), Option<Transliterator>>> =
            const { RefCell::new(BTreeMap::new()) };
    }
    let (from, to) = (script(from)?, script(to)?);
    if from == to {
        return None;
    }
    MADE.with_borrow_mut(|made| {
        let transliterator = made.entry((from, to)).or_insert_with(|| {
            let name: Locale = format!("und-{to}-t-und-{from}").parse().ok()?;
            Transliterator::try_new(&name).ok()
        });
        Some(transliterator.as_ref()?.transliterate(text.to_owned()))
    })
}

fn script(language: &str) -> Option<&'static str> {
    let (script, _) = SCRIPTS.iter().find(|(_, languages)| languages.contains(&language))?;
    Some(script)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_users_own_example_comes_out_as_given() {
        assert_eq!(in_letters("Kishan", "eng", "ara").as_deref(), Some("كِسهَن"));
    }

    #[test]
    fn there_is_no_way_between_languages_of_one_script_or_without_rules() {
        assert_eq!(in_letters("Kishan", "eng", "fra"), None);
        assert_eq!(in_letters("Kishan", "fra", "eng"), None);
        assert_eq!(in_letters("Kishan", "eng", "zho"), None);
        assert_eq!(in_letters("Kishan", "eng", "amh"), None);
    }

    #[test]
    fn there_is_a_way_between_latin_letters_and_each_script_of_a_country_on_record() {
        for to in ["ara", "hin", "kan", "tam", "ben", "rus", "ell", "heb", "kat", "hye", "tel"] {
            let there = in_letters("Kamala Devi", "eng", to).unwrap();
            assert!(!there.is_ascii(), "{to}: {there}");
            let back = in_letters(&there, to, "fra").unwrap();
            assert!(back.chars().any(|c| c.is_ascii_alphabetic()), "{to}: {back}");
        }
        assert_eq!(in_letters("कमला", "hin", "tam").as_deref(), Some("கமலா"));
    }
}
