//! What upstream lists for this center, and for which of its values the record was fetched.

use jiff::Timestamp;
use rusqlite::{OptionalExtension as _, params};

use crate::domain::prid::Prid;
use crate::store::{Error, Tx, View, columns};

/// What upstream lists for one PRID; the PRID is upstream's.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listing {
    /// The value of its list, as a text.
    pub listed: Option<String>,
    /// The time it gives for the last update, as a text.
    pub updated: Option<String>,
    /// The list value that belongs to what was fetched.
    pub fetched_listed: Option<String>,
    /// The update time that belongs to what was fetched.
    pub fetched_updated: Option<String>,
}

/// Writes that upstream's list of `round` gives `prid` the value `listed`.
///
/// # Errors
/// The store's own.
pub fn put_listed(tx: &Tx<'_>, prid: &Prid, listed: &str, round: i64) -> Result<(), Error> {
    tx.prepare(
        "INSERT INTO listing (prid, listed, round) VALUES (?1, ?2, ?3)
         ON CONFLICT (prid) DO UPDATE SET listed = excluded.listed, round = excluded.round",
    )?
    .execute(params![prid.as_str(), listed, round])?;
    Ok(())
}

/// Writes when upstream says that `prid` was updated last.
///
/// # Errors
/// The store's own.
pub fn put_updated(tx: &Tx<'_>, prid: &Prid, updated: &str) -> Result<(), Error> {
    tx.prepare("UPDATE listing SET updated = ?2 WHERE prid = ?1")?
        .execute([prid.as_str(), updated])?;
    Ok(())
}

/// Writes that the record fetched for `prid` is the one of these values. One that the last list did
/// not name is not [`vanished`] any more.
///
/// # Errors
/// The store's own.
pub fn put_fetched(tx: &Tx<'_>, prid: &Prid, of: &Listing) -> Result<(), Error> {
    tx.prepare(
        "INSERT INTO listing (prid, fetched_listed, fetched_updated, round) VALUES (?1, ?2, ?3, 0)
         ON CONFLICT (prid) DO UPDATE SET
             fetched_listed = excluded.fetched_listed, fetched_updated = excluded.fetched_updated",
    )?
    .execute(params![prid.as_str(), of.listed, of.updated])?;
    // One that the last list did not name has been looked after; a list that names it says so.
    tx.prepare(
        "UPDATE listing SET round = 0 WHERE prid = ?1 AND round < (SELECT round FROM line)",
    )?
    .execute([prid.as_str()])?;
    Ok(())
}

/// Returns what upstream lists for `prid`.
///
/// # Errors
/// The store's own.
pub fn find(view: &View<'_>, prid: &Prid) -> Result<Option<Listing>, Error> {
    let mut query = view.prepare(
        "SELECT listed, updated, fetched_listed, fetched_updated FROM listing WHERE prid = ?1",
    )?;
    Ok(query
        .query_row([prid.as_str()], |row| {
            Ok(Listing {
                listed: row.get(0)?,
                updated: row.get(1)?,
                fetched_listed: row.get(2)?,
                fetched_updated: row.get(3)?,
            })
        })
        .optional()?)
}

/// Returns up to `most` PRIDs whose record is not the one listed in `round` and whose next try is
/// due at `now`; those whose list value comes first, so that who comes first is fetched first.
///
/// # Errors
/// The store's own.
pub fn due(view: &View<'_>, round: i64, now: Timestamp, most: u32) -> Result<Vec<Prid>, Error> {
    prids(
        view,
        "SELECT prid FROM listing
         LEFT JOIN attempt ON attempt.subject = 'record:' || listing.prid
         WHERE round = ?1 AND coalesce(attempt.try_at, 0) <= ?2
           AND (listed IS NOT fetched_listed OR updated IS NOT fetched_updated)
         ORDER BY listed, prid LIMIT ?3",
        params![round, columns::ms(now), most],
    )
}

/// Returns up to `most` PRIDs that an earlier list named, that `round` does not name, and whose
/// record still says that it has an appointment from `first` on: upstream moved, cancelled or
/// consumed them, and its status tells which.
///
/// # Errors
/// The store's own.
pub fn vanished(
    view: &View<'_>,
    round: i64,
    first: jiff::civil::Date,
    now: Timestamp,
    most: u32,
) -> Result<Vec<Prid>, Error> {
    prids(
        view,
        "SELECT listing.prid FROM listing
         LEFT JOIN alias ON alias.upstream_prid = listing.prid
         JOIN application ON application.prid = coalesce(alias.prid, listing.prid)
         LEFT JOIN attempt ON attempt.subject = 'record:' || listing.prid
         WHERE listing.round < ?1 AND listing.round > 0 AND application.day >= ?2
           AND application.status = 'Booked' AND coalesce(attempt.try_at, 0) <= ?3
         ORDER BY listing.prid LIMIT ?4",
        params![round, columns::day(first), columns::ms(now), most],
    )
}

/// Forgets the listing of `prid`: upstream does not have it any more.
///
/// # Errors
/// The store's own.
pub fn forget(tx: &Tx<'_>, prid: &Prid) -> Result<(), Error> {
    tx.prepare("DELETE FROM listing WHERE prid = ?1")?.execute([prid.as_str()])?;
    Ok(())
}

/// Counts the PRIDs of `round` whose record is not in yet.
///
/// # Errors
/// The store's own.
pub fn count_missing(view: &View<'_>, round: i64) -> Result<u64, Error> {
    let mut query = view.prepare(
        "SELECT count(*) FROM listing
         WHERE round = ?1 AND (listed IS NOT fetched_listed OR updated IS NOT fetched_updated)",
    )?;
    Ok(query.query_row([round], |row| row.get(0))?)
}

fn prids(view: &View<'_>, sql: &str, params: impl rusqlite::Params) -> Result<Vec<Prid>, Error> {
    let mut query = view.prepare(sql)?;
    let rows = query.query_map(params, |row| row.get::<_, String>(0))?;
    rows.map(|text| super::application::prid(&text?)).collect()
}
