//! How each job went so far.

use rusqlite::{OptionalExtension as _, params};

use crate::domain::job::{Job, Past};
use crate::store::{Error, Tx, View, columns};

/// Returns how `job` went so far; nothing, if it was never tried.
///
/// # Errors
/// The store's own.
pub fn find(view: &View<'_>, job: Job) -> Result<Option<Past>, Error> {
    let mut query = view.prepare("SELECT tried_at, ran_at, failures FROM job WHERE name = ?1")?;
    let found = query
        .query_row([job.name()], |row| {
            Ok((row.get::<_, i64>(0)?, row.get::<_, Option<i64>>(1)?, row.get(2)?))
        })
        .optional()?;
    let Some((tried_at, ran_at, failures)) = found else { return Ok(None) };
    Ok(Some(Past {
        tried_at: columns::instant(tried_at)?,
        ran_at: ran_at.map(columns::instant).transpose()?,
        failures,
    }))
}

/// Writes how `job` went.
///
/// # Errors
/// The store's own.
pub fn put(tx: &Tx<'_>, job: Job, past: &Past) -> Result<(), Error> {
    tx.prepare(
        "INSERT OR REPLACE INTO job (name, tried_at, ran_at, failures) VALUES (?1, ?2, ?3, ?4)",
    )?
    .execute(params![
        job.name(),
        columns::ms(past.tried_at),
        past.ran_at.map(columns::ms),
        past.failures,
    ])?;
    Ok(())
}
