//! Master data, by kind, code and language.

use jiff::Timestamp;
use rusqlite::{OptionalExtension as _, params};

use crate::domain::master::{Kind, Row};
use crate::store::{Error, Tx, View, columns};

/// Returns all rows of master data.
///
/// # Errors
/// The store's own.
pub fn all(view: &View<'_>) -> Result<Vec<Row>, Error> {
    let mut query = view.prepare(
        "SELECT kind, code, language, content FROM master ORDER BY kind, code, language",
    )?;
    collected(query.query([])?)
}

/// Returns the rows of `kind`, by code and language.
///
/// # Errors
/// The store's own.
pub fn of(view: &View<'_>, kind: Kind) -> Result<Vec<Row>, Error> {
    let mut query = view.prepare(
        "SELECT kind, code, language, content FROM master WHERE kind = ?1
         ORDER BY code, language",
    )?;
    collected(query.query([kind.as_str()])?)
}

/// Returns the rows of `kind` under `code`, one for each language.
///
/// # Errors
/// The store's own.
pub fn find(view: &View<'_>, kind: Kind, code: &str) -> Result<Vec<Row>, Error> {
    let mut query = view.prepare(
        "SELECT kind, code, language, content FROM master WHERE kind = ?1 AND code = ?2
         ORDER BY language",
    )?;
    collected(query.query([kind.as_str(), code])?)
}

fn collected(mut rows: rusqlite::Rows<'_>) -> Result<Vec<Row>, Error> {
    let mut all = Vec::new();
    while let Some(row) = rows.next()? {
        all.push(Row {
            kind: Kind::parse(&row.get::<_, String>(0)?)
                .ok_or(Error::Row("a kind of master data"))?,
            code: row.get(1)?,
            language: row.get(2)?,
            content: columns::parse_json(&row.get::<_, String>(3)?)?,
        });
    }
    Ok(all)
}

/// Returns how often the master data was replaced.
///
/// # Errors
/// The store's own.
pub fn version(view: &View<'_>) -> Result<i64, Error> {
    let mut query = view.prepare("SELECT version FROM master_version")?;
    Ok(query.query_row([], |row| row.get(0)).optional()?.unwrap_or(0))
}

/// Puts `rows` in the place of all there are.
///
/// # Errors
/// The store's own; two rows of one kind, code and language are one of them.
pub fn replace(tx: &Tx<'_>, rows: &[Row], now: Timestamp) -> Result<(), Error> {
    tx.prepare("DELETE FROM master")?.execute([])?;
    let mut insert =
        tx.prepare("INSERT INTO master (kind, code, language, content) VALUES (?1, ?2, ?3, ?4)")?;
    for row in rows {
        insert.execute(params![
            row.kind.as_str(),
            row.code,
            row.language,
            columns::json(&row.content)
        ])?;
    }
    tx.prepare(
        "INSERT INTO master_version (only, version, replaced_at) VALUES (1, 1, ?1)
         ON CONFLICT (only) DO UPDATE SET
             version = version + 1, replaced_at = excluded.replaced_at",
    )?
    .execute([columns::ms(now)])?;
    Ok(())
}
