//! How the line to upstream stands, kept over restarts: the age of the data is always known (I10).

use jiff::Timestamp;
use rusqlite::{OptionalExtension as _, params};

use crate::store::{Error, Tx, View, columns};

/// The rounds of synchronisation so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rounds {
    /// The number of the last list that came in whole; 0 before the first.
    pub round: i64,
    /// When a round last began.
    pub tried_at: Option<Timestamp>,
    /// When a round last ended with its list and all its records in.
    pub complete_at: Option<Timestamp>,
    /// Why the last round failed, as a sentence.
    pub failure: Option<String>,
}

/// Returns the rounds so far.
///
/// # Errors
/// The store's own.
pub fn find(view: &View<'_>) -> Result<Rounds, Error> {
    let mut query = view.prepare("SELECT round, tried_at, complete_at, failure FROM line")?;
    let found = query
        .query_row([], |row| {
            Ok((
                row.get::<_, i64>(0)?,
                row.get::<_, Option<i64>>(1)?,
                row.get::<_, Option<i64>>(2)?,
                row.get::<_, Option<String>>(3)?,
            ))
        })
        .optional()?;
    let Some((round, tried_at, complete_at, failure)) = found else {
        return Ok(Rounds::default());
    };
    Ok(Rounds {
        round,
        tried_at: tried_at.map(columns::instant).transpose()?,
        complete_at: complete_at.map(columns::instant).transpose()?,
        failure,
    })
}

/// Writes the rounds so far.
///
/// # Errors
/// The store's own.
pub fn put(tx: &Tx<'_>, rounds: &Rounds) -> Result<(), Error> {
    tx.prepare(
        "INSERT OR REPLACE INTO line (only, round, tried_at, complete_at, failure)
         VALUES (1, ?1, ?2, ?3, ?4)",
    )?
    .execute(params![
        rounds.round,
        rounds.tried_at.map(columns::ms),
        rounds.complete_at.map(columns::ms),
        rounds.failure,
    ])?;
    Ok(())
}
