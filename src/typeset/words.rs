//! The words of a slip by language: a table that a country may add to.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::civil::Date;
use serde::Deserialize;

/// The language that stands in for one without words.
const USUAL: &str = "eng";
/// Bytes of a text in the table.
const LONGEST: usize = 200;

/// The words of one language.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "each stands on the slip as its name says")]
pub struct Words {
    pub title: String,
    pub number: String,
    pub name: String,
    pub appointment: String,
    pub no_appointment: String,
    pub center: String,
    pub phone: String,
    pub bring: String,
    pub only_here: String,
    pub show: String,
    pub made: String,
    /// How a day is written: `{weekday}`, `{day}`, `{month}` and `{year}` are put in.
    pub day: String,
    /// How the first of a month is written.
    pub first: String,
    /// Monday first.
    pub weekdays: [String; 7],
    pub months: [String; 12],
}

impl Words {
    /// Writes a day in words.
    #[must_use]
    pub fn day(&self, date: Date) -> String {
        let place = |number: i8| usize::from(number.unsigned_abs());
        let day = match date.day() {
            1 => self.first.clone(),
            day => day.to_string(),
        };
        self.day
            .replace("{weekday}", &self.weekdays[place(date.weekday().to_monday_zero_offset())])
            .replace("{day}", &day)
            .replace("{month}", &self.months[place(date.month() - 1)])
            .replace("{year}", &date.year().to_string())
    }

    fn texts(&self) -> impl Iterator<Item = &String> {
        [
            &self.title,
            &self.number,
            &self.name,
            &self.appointment,
            &self.no_appointment,
            &self.center,
            &self.phone,
            &self.bring,
            &self.only_here,
            &self.show,
            &self.made,
            &self.day,
            &self.first,
        ]
        .into_iter()
        .chain(&self.weekdays)
        .chain(&self.months)
    }
}

/// A table of words cannot be used. Its text says where.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Malformed(String);

/// Words by language, ISO 639-2.
#[derive(Clone, Debug)]
pub struct WordBook(BTreeMap<String, Arc<Words>>);

impl Default for WordBook {
    fn default() -> Self {
        Self::with("").expect("the program's own words are whole")
    }
}

impl WordBook {
    /// Reads a country's own table, which comes before the program's.
    ///
    /// # Errors
    /// [`Malformed`] for a word that does not exist, is of another form or too long.
    pub fn with(own: &str) -> Result<Self, Malformed> {
        let parse = |text: &str| {
            text.parse::<toml::Table>()
                .map_err(|error| Malformed(error.message().replace('\n', ", ")))
        };
        let mut tables = parse(include_str!("words.toml"))?;
        let usual = tables[USUAL].as_table().expect("it is a table").clone();
        for (language, given) in parse(own)? {
            let toml::Value::Table(given) = given else {
                return Err(Malformed(format!("{language} is no table: write [{language}]")));
            };
            let known = tables.entry(&language).or_insert_with(|| usual.clone().into());
            known.as_table_mut().expect("each is a table").extend(given);
        }
        let mut words = BTreeMap::new();
        for (language, table) in tables {
            let table: Words = table
                .try_into()
                .map_err(|error: toml::de::Error| wrong(&language, error.message()))?;
            if table.texts().any(|text| text.len() > LONGEST) {
                return Err(wrong(&language, &format!("a text has more than {LONGEST} bytes")));
            }
            words.insert(language, Arc::new(table));
        }
        Ok(Self(words))
    }

    /// Tells whether there are words of `language`.
    #[must_use]
    pub fn has(&self, language: &str) -> bool {
        self.0.contains_key(language)
    }

    /// Returns the words of `language`, else the English ones.
    #[must_use]
    pub fn of(&self, language: &str) -> &Arc<Words> {
        self.0.get(language).unwrap_or_else(|| &self.0[USUAL])
    }
}

fn wrong(language: &str, what: &str) -> Malformed {
    Malformed(format!("{language}: {}", what.replace('\n', ", ")))
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn a_day_is_written_in_the_words_of_each_language() {
        let book = WordBook::default();
        let day = date(2026, 11, 30);
        assert_eq!(book.of("eng").day(day), "Monday, 30 November 2026");
        assert_eq!(book.of("fra").day(day), "lundi 30 novembre 2026");
        assert_eq!(book.of("fra").day(date(2026, 12, 1)), "mardi 1er décembre 2026");
        assert_eq!(book.of("ara").day(day), "الاثنين 30 نوفمبر 2026");
        assert_eq!(book.of("tam").day(day), "Monday, 30 November 2026");
        assert_eq!(book.of("eng").day(date(2027, 1, 3)), "Sunday, 3 January 2027");
    }

    #[test]
    fn a_countrys_words_come_before_the_programs() {
        let book = WordBook::with("[fra]\ntitle = 'Récépissé'\n[tam]\nname = 'பெயர்'\n").unwrap();
        assert_eq!(book.of("fra").title, "Récépissé");
        assert_eq!(book.of("fra").name, "Nom");
        assert_eq!(book.of("tam").name, "பெயர்");
        assert_eq!(book.of("tam").title, book.of("eng").title);
        assert!(book.has("tam") && !WordBook::default().has("tam"));
    }

    #[test]
    fn a_table_with_a_mistake_says_where() {
        for (own, says) in [
            ("[fra]\ntitel = 'x'\n", "fra: unknown field `titel`"),
            ("[fra]\nmonths = ['x']\n", "fra: "),
            ("fra = 'x'\n", "fra is no table: write [fra]"),
            ("[fra", ""),
        ] {
            let error = WordBook::with(own).unwrap_err().to_string();
            assert!(error.starts_with(says) && !error.contains('\n'), "{error}");
        }
        let long = format!("[fra]\ntitle = '{}'", "x".repeat(LONGEST + 1));
        assert!(WordBook::with(&long).is_err());
    }
}
