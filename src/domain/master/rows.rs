//! Rows by kind, code and language, and how the languages of one thing are joined.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::content::NamedContent;
use super::{Inconsistent, Kind, Languages, Named, Names, Row};

/// All rows, by kind, code and language.
pub(super) struct Rows(BTreeMap<Kind, BTreeMap<(String, String), Row>>);

impl Rows {
    /// Takes rows, no two of one kind, code and language.
    pub(super) fn collect(rows: impl IntoIterator<Item = Row>) -> Result<Self, Inconsistent> {
        let mut kinds = BTreeMap::<Kind, BTreeMap<_, Row>>::new();
        for row in rows {
            let key = (row.code.clone(), row.language.clone());
            if let Some(earlier) = kinds.entry(row.kind).or_default().insert(key, row) {
                return Err(earlier.fault("is there twice"));
            }
        }
        Ok(Self(kinds))
    }

    pub(super) fn of(&self, kind: Kind) -> impl Iterator<Item = &Row> {
        self.0.get(&kind).into_iter().flat_map(BTreeMap::values)
    }

    pub(super) fn only(&self, kind: Kind) -> Option<&Row> {
        self.of(kind).next()
    }

    /// Reads the content of all rows of `kind`.
    pub(super) fn read<T: for<'a> Deserialize<'a>>(
        &self,
        kind: Kind,
    ) -> Result<Vec<(&Row, T)>, Inconsistent> {
        self.of(kind).map(|row| Ok((row, row.read()?))).collect()
    }

    /// Joins the rows of a kind that has `name` and `isActive`, by code.
    pub(super) fn named(
        &self,
        kind: Kind,
        languages: &Languages,
    ) -> Result<BTreeMap<String, Named>, Inconsistent> {
        let mut by_code = BTreeMap::<String, Vec<_>>::new();
        for (row, content) in self.read::<NamedContent>(kind)? {
            by_code.entry(row.code.clone()).or_default().push((
                row.language.clone(),
                content.name,
                content.is_active,
            ));
        }
        Ok(by_code.into_iter().map(|(code, names)| (code, named(names, languages))).collect())
    }
}

/// Joins the rows of one thing: its active names, or all of them if none is active.
pub(super) fn named(names: Vec<(String, String, bool)>, languages: &Languages) -> Named {
    let active = names.iter().any(|(.., active)| *active);
    let names = names.into_iter().filter(|(.., is)| *is || !active);
    let names = names.map(|(language, name, _)| (language, name)).collect();
    Named { names: Names::ordered(names, languages), active }
}
