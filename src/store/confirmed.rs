//! What upstream last said of each application.

use jiff::Timestamp;
use rusqlite::{OptionalExtension as _, params};

use crate::domain::application::Application;
use crate::domain::ids::Digest;
use crate::domain::prid::Prid;
use crate::store::{Error, Tx, View, blob, columns};

/// What upstream last said of an application.
#[derive(Clone, Debug, PartialEq)]
pub struct Confirmed {
    /// Raised by one whenever the content differs.
    pub rev: i64,
    /// The application, under its PRID at this node.
    pub application: Application,
    /// When it was last seen like this.
    pub seen_at: Timestamp,
    /// Since when upstream does not have it any more.
    pub gone_at: Option<Timestamp>,
}

/// Returns what upstream last said of the application `prid` of this node.
///
/// # Errors
/// The store's own.
pub fn find(view: &View<'_>, prid: &Prid) -> Result<Option<Confirmed>, Error> {
    let mut query =
        view.prepare("SELECT rev, content, seen_at, gone_at FROM confirmed WHERE prid = ?1")?;
    let found = query
        .query_row([prid.as_str()], |row| {
            Ok((
                row.get::<_, i64>(0)?,
                row.get::<_, String>(1)?,
                row.get::<_, i64>(2)?,
                row.get::<_, Option<i64>>(3)?,
            ))
        })
        .optional()?;
    let Some((rev, content, seen_at, gone_at)) = found else { return Ok(None) };
    Ok(Some(Confirmed {
        rev,
        application: columns::parse_json(&content)?,
        seen_at: columns::instant(seen_at)?,
        gone_at: gone_at.map(columns::instant).transpose()?,
    }))
}

/// When upstream last spoke of an application.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spoken {
    /// When it was last seen as it is.
    pub seen_at: Timestamp,
    /// Since when upstream does not have it any more.
    pub gone_at: Option<Timestamp>,
}

/// Returns when upstream last spoke of the application `prid` of this node, without its content.
///
/// # Errors
/// The store's own.
pub fn spoken(view: &View<'_>, prid: &Prid) -> Result<Option<Spoken>, Error> {
    let mut query = view.prepare("SELECT seen_at, gone_at FROM confirmed WHERE prid = ?1")?;
    let found = query
        .query_row([prid.as_str()], |row| {
            Ok((row.get::<_, i64>(0)?, row.get::<_, Option<i64>>(1)?))
        })
        .optional()?;
    let Some((seen_at, gone_at)) = found else { return Ok(None) };
    Ok(Some(Spoken {
        seen_at: columns::instant(seen_at)?,
        gone_at: gone_at.map(columns::instant).transpose()?,
    }))
}

/// Returns `rev` of what upstream last said of `prid`, 0 where it said nothing.
///
/// # Errors
/// The store's own.
pub fn rev(view: &View<'_>, prid: &Prid) -> Result<i64, Error> {
    let mut query = view.prepare("SELECT rev FROM confirmed WHERE prid = ?1")?;
    Ok(query.query_row([prid.as_str()], |row| row.get(0)).optional()?.unwrap_or(0))
}

/// Writes that upstream does not have the application any more: it was consumed or deleted there.
/// What is here stays (I4), but nobody is sent for it.
///
/// # Errors
/// The store's own.
pub fn gone(tx: &Tx<'_>, prid: &Prid, now: Timestamp) -> Result<(), Error> {
    tx.prepare("UPDATE confirmed SET gone_at = ?2 WHERE prid = ?1 AND gone_at IS NULL")?
        .execute(params![prid.as_str(), columns::ms(now)])?;
    Ok(())
}

/// Raises `rev`: what upstream said means something else though it reads the same.
///
/// # Errors
/// The store's own.
pub fn raise(tx: &Tx<'_>, prid: &Prid) -> Result<(), Error> {
    tx.prepare("UPDATE confirmed SET rev = rev + 1 WHERE prid = ?1")?.execute([prid.as_str()])?;
    Ok(())
}

/// Writes that contents of `application` came in: what upstream said of it is as it was, so `rev`
/// stays.
///
/// # Errors
/// The store's own.
pub fn fill(tx: &Tx<'_>, application: &Application) -> Result<(), Error> {
    let content = columns::json(application);
    let digest = Digest::of(content.as_bytes());
    tx.prepare("UPDATE confirmed SET content = ?2, digest = ?3 WHERE prid = ?1")?
        .execute(params![application.prid.as_str(), content, digest.as_bytes()])?;
    hold(tx, application)
}

/// Writes what upstream said at `seen_at`; returns whether that is news.
///
/// # Errors
/// The store's own.
pub fn put(tx: &Tx<'_>, application: &Application, seen_at: Timestamp) -> Result<bool, Error> {
    let content = columns::json(application);
    let digest = Digest::of(content.as_bytes());
    let prid = application.prid.as_str();
    let same = tx
        .prepare(
            "UPDATE confirmed SET seen_at = ?3, gone_at = NULL WHERE prid = ?1 AND digest = ?2",
        )?
        .execute(params![prid, digest.as_bytes(), columns::ms(seen_at)])?;
    if same == 1 {
        return Ok(false);
    }
    tx.prepare(
        "INSERT INTO confirmed (prid, rev, content, digest, seen_at) VALUES (?1, 1, ?2, ?3, ?4)
         ON CONFLICT (prid) DO UPDATE SET
             rev = rev + 1, content = excluded.content, digest = excluded.digest,
             seen_at = excluded.seen_at, gone_at = NULL",
    )?
    .execute(params![prid, content, digest.as_bytes(), columns::ms(seen_at)])?;
    hold(tx, application)?;
    Ok(true)
}

fn hold(tx: &Tx<'_>, application: &Application) -> Result<(), Error> {
    let held: Vec<Digest> =
        application.documents.iter().filter_map(|document| document.digest).collect();
    blob::hold(tx, &format!("confirmed:{}", application.prid), &held)
}
