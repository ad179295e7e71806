//! What things are called in each language, and which languages there are.

use std::collections::BTreeSet;

use serde::Serialize;
use serde::ser::SerializeMap as _;

/// The same name in several languages, the country's first language first. Serialises as a map from
/// language to text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Names(Vec<(String, String)>);

impl Names {
    /// Returns the name in exactly `language`.
    #[must_use]
    pub fn exact(&self, language: &str) -> Option<&str> {
        self.0.iter().find(|(code, _)| code == language).map(|(_, text)| text.as_str())
    }

    /// Returns the name in `language`, else in a mandatory language, else in any; empty only if there
    /// is no name at all.
    #[must_use]
    pub fn pick(&self, language: &str) -> &str {
        self.exact(language).or_else(|| self.0.first().map(|(_, text)| text.as_str())).unwrap_or("")
    }

    /// Tells whether there is no name in any language.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Goes through language and name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(code, text)| (code.as_str(), text.as_str()))
    }

    /// Takes names as they came and puts them into the order of `languages`.
    pub(super) fn ordered(mut names: Vec<(String, String)>, languages: &Languages) -> Self {
        names.sort_by_key(|(code, _)| languages.rank(code));
        Self(names)
    }
}

impl FromIterator<(String, String)> for Names {
    fn from_iter<I: IntoIterator<Item = (String, String)>>(names: I) -> Self {
        Self(names.into_iter().collect())
    }
}

impl Serialize for Names {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (language, text) in &self.0 {
            map.serialize_entry(language, text)?;
        }
        map.end()
    }
}

/// Something of master data that has a name; `active` rows only count where a value is checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// Its name, in the languages in which it is active; in all if it is active in none.
    pub names: Names,
    /// Whether it is active in any language.
    pub active: bool,
}

/// A language of master data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Language {
    /// ISO 639-2, such as `ara`.
    pub code: String,
    /// Its name in English.
    pub name: String,
    /// Its name in itself.
    pub native_name: String,
}

/// The languages of the country.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Languages {
    pub(super) active: Vec<Language>,
    pub(super) mandatory: Vec<String>,
    pub(super) optional: Vec<String>,
    pub(super) right_to_left: BTreeSet<String>,
}

impl Languages {
    /// Returns the languages whose rows are active.
    #[must_use]
    pub fn active(&self) -> &[Language] {
        &self.active
    }

    /// Returns the codes an application must be given in; may be empty.
    #[must_use]
    pub fn mandatory(&self) -> &[String] {
        &self.mandatory
    }

    /// Returns the codes an application may be given in besides the mandatory ones.
    #[must_use]
    pub fn optional(&self) -> &[String] {
        &self.optional
    }

    /// Goes through the codes that forms are shown in: mandatory ones, then optional ones.
    pub fn offered(&self) -> impl Iterator<Item = &str> {
        self.mandatory.iter().chain(&self.optional).map(String::as_str)
    }

    /// Returns the code that stands in where nobody asked for another.
    #[must_use]
    pub fn first(&self) -> &str {
        self.offered()
            .next()
            .unwrap_or_else(|| self.active.first().map_or("", |language| language.code.as_str()))
    }

    /// Tells whether `code` is an active language of master data.
    #[must_use]
    pub fn is_active(&self, code: &str) -> bool {
        self.active.iter().any(|language| language.code == code)
    }

    /// Tells whether an application may be in `code` (`contract/rules.md` §2).
    #[must_use]
    pub fn is_offered(&self, code: &str) -> bool {
        self.offered().any(|offered| offered == code)
    }

    /// Tells whether `code` is written from right to left.
    #[must_use]
    pub fn is_right_to_left(&self, code: &str) -> bool {
        self.right_to_left.contains(code)
    }

    fn rank(&self, code: &str) -> usize {
        self.offered().position(|offered| offered == code).unwrap_or(usize::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_falls_back_to_a_mandatory_language_and_then_to_any() {
        let languages = Languages {
            mandatory: vec!["eng".to_owned()],
            optional: vec!["ara".to_owned()],
            ..Languages::default()
        };
        let pair = |code: &str, text: &str| (code.to_owned(), text.to_owned());

        let names = Names::ordered(vec![pair("ara", "مدينة"), pair("eng", "City")], &languages);
        assert_eq!(names.pick("ara"), "مدينة");
        assert_eq!(names.pick("fra"), "City");
        assert_eq!(names.exact("fra"), None);

        let names = Names::ordered(vec![pair("hin", "शहर")], &languages);
        assert_eq!(names.pick("fra"), "शहर");
        assert_eq!(serde_json::to_string(&names).unwrap(), r#"{"hin":"शहर"}"#);
    }
}
