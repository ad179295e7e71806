//! The value last given to clients for each PRID in `POST /sync`.

use rusqlite::{OptionalExtension as _, params};

use crate::domain::prid::Prid;
use crate::store::{Error, Tx, View};

/// What a PRID was listed as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Ms since 1970 of the wall clock that was written out.
    pub value: i64,
    /// The version of the view it stood for.
    pub version: i64,
}

/// Returns what `prid` was listed as last.
///
/// # Errors
/// The store's own.
pub fn find(view: &View<'_>, prid: &Prid) -> Result<Option<Listed>, Error> {
    let mut query = view.prepare("SELECT value, version FROM listed WHERE prid = ?1")?;
    Ok(query
        .query_row([prid.as_str()], |row| Ok(Listed { value: row.get(0)?, version: row.get(1)? }))
        .optional()?)
}

/// Writes what `prid` is listed as now.
///
/// # Errors
/// The store's own.
pub fn put(tx: &Tx<'_>, prid: &Prid, listed: Listed) -> Result<(), Error> {
    tx.prepare("INSERT OR REPLACE INTO listed (prid, value, version) VALUES (?1, ?2, ?3)")?
        .execute(params![prid.as_str(), listed.value, listed.version])?;
    Ok(())
}
