//! Which applicant type a person is of, by a table that each country fills in (`contract/masterdata.md`
//! §5). The type says which document categories the person has to bring.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::Deserialize;

/// The table, as `applicant_type_table.json` holds it. Members it lacks match everything.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct ApplicantTypes {
    #[serde(default)]
    inputs: Inputs,
    #[serde(default)]
    table: Vec<Line>,
    #[serde(default = "anybody")]
    no_match: String,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Inputs {
    /// Name of the group to its ages, such as `0-5`.
    #[serde(default)]
    age_group: BTreeMap<String, String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Line {
    residence_status: Option<String>,
    gender: Option<String>,
    age_group: Option<String>,
    bio_exception: Option<bool>,
    code: String,
}

fn anybody() -> String {
    "000".to_owned()
}

impl Default for ApplicantTypes {
    fn default() -> Self {
        Self { inputs: Inputs::default(), table: Vec::new(), no_match: anybody() }
    }
}

impl ApplicantTypes {
    /// Tells whether the country has no table.
    pub(super) fn is_empty(&self) -> bool {
        self.table.is_empty()
    }

    /// Returns the type of whom no line fits.
    pub(super) fn otherwise(&self) -> &str {
        &self.no_match
    }

    /// Returns the type of a person; `exception` says that biometrics cannot be taken of them. `None`
    /// when there is no table, or no age group for the age.
    pub(super) fn find(
        &self,
        residence: &str,
        gender: &str,
        age: i16,
        exception: bool,
    ) -> Option<&str> {
        if self.table.is_empty() {
            return None;
        }
        let group = self.inputs.age_group.iter().find_map(|(name, ages)| {
            let (from, to) = ages.split_once('-')?;
            let ages = from.trim().parse::<i16>().ok()?..=to.trim().parse().ok()?;
            ages.contains(&age).then_some(name)
        })?;
        let fits = |wanted: &Option<String>, given: &str| {
            wanted.as_deref().is_none_or(|wanted| wanted == given)
        };
        let line = self.table.iter().find(|line| {
            fits(&line.residence_status, residence)
                && fits(&line.gender, gender)
                && fits(&line.age_group, group)
                && line.bio_exception.is_none_or(|wanted| wanted == exception)
        });
        Some(line.map_or(self.no_match.as_str(), |line| line.code.as_str()))
    }
}

/// Returns the whole years between `born` and `today`; negative for who is not born yet.
pub(super) fn age(born: Date, today: Date) -> i16 {
    let had_birthday = (today.month(), today.day()) >= (born.month(), born.day());
    today.year() - born.year() - i16::from(!had_birthday)
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use serde_json::json;

    use super::*;

    #[test]
    fn the_first_line_that_fits_gives_the_type() {
        let types: ApplicantTypes = serde_json::from_value(json!({
            "inputs": {"residenceStatus": ["A"], "ageGroup": {"CHILD": "0-5", "GROWN": "6-200"}},
            "no_match": "000",
            "table": [
                {"residenceStatus": "A", "gender": "F", "ageGroup": "GROWN", "bioException": true, "code": "9"},
                {"residenceStatus": "A", "gender": "F", "ageGroup": "GROWN", "bioException": false, "code": "1"},
                {"residenceStatus": "A", "ageGroup": "CHILD", "code": "2"}
            ]
        }))
        .unwrap();
        assert_eq!(types.find("A", "F", 6, false), Some("1"));
        assert_eq!(types.find("A", "F", 6, true), Some("9"));
        assert_eq!(types.find("A", "M", 5, false), Some("2"));
        assert_eq!(types.find("B", "M", 5, false), Some("000"));
        assert_eq!(types.find("A", "F", -1, false), None);
        assert_eq!(ApplicantTypes::default().find("A", "F", 6, false), None);
    }

    #[test]
    fn a_year_of_age_is_whole_on_the_birthday() {
        assert_eq!(age(date(2000, 11, 22), date(2026, 11, 21)), 25);
        assert_eq!(age(date(2000, 11, 22), date(2026, 11, 22)), 26);
    }
}
