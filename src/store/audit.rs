//! The audit trail's records and its last link.

use rusqlite::{OptionalExtension as _, params};

use crate::domain::audit::{Checkpoint, Link, Record};
use crate::domain::ids::Digest;
use crate::store::{Error, Tx, View, columns};

/// Returns the last link of the chain; its start before the first record.
///
/// # Errors
/// The store's own.
pub fn head(view: &View<'_>) -> Result<Link, Error> {
    let mut query = view.prepare("SELECT seq, hash FROM audit_head")?;
    let found = query.query_row([], |row| Ok((row.get(0)?, row.get::<_, Vec<u8>>(1)?)));
    match found.optional()? {
        Some((seq, hash)) => Ok(Link { seq, hash: columns::digest(&hash)? }),
        None => Ok(Link::start()),
    }
}

/// Adds `record` under `link`, its own.
///
/// # Errors
/// The store's own.
pub fn add(tx: &Tx<'_>, record: &Record, link: &Link) -> Result<(), Error> {
    tx.prepare(
        "INSERT INTO audit (seq, at, event, module, actor, subject, detail, hash)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    )?
    .execute(params![
        record.seq,
        columns::ms(record.at),
        record.event,
        record.module,
        record.actor,
        record.subject,
        record.detail,
        link.hash.as_bytes(),
    ])?;
    tx.prepare("INSERT OR REPLACE INTO audit_head (only, seq, hash) VALUES (1, ?1, ?2)")?
        .execute(params![link.seq, link.hash.as_bytes()])?;
    Ok(())
}

/// Returns at most `limit` records after the one at `seq`, each with the hash it was kept under.
///
/// # Errors
/// The store's own.
pub fn after(view: &View<'_>, seq: i64, limit: u32) -> Result<Vec<(Record, Digest)>, Error> {
    let mut query = view.prepare(
        "SELECT seq, at, event, module, actor, subject, detail, hash FROM audit
         WHERE seq > ?1 ORDER BY seq LIMIT ?2",
    )?;
    let mut rows = query.query(params![seq, limit])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let record = Record {
            seq: row.get(0)?,
            at: columns::instant(row.get(1)?)?,
            event: row.get(2)?,
            module: row.get(3)?,
            actor: row.get(4)?,
            subject: row.get(5)?,
            detail: row.get(6)?,
        };
        found.push((record, columns::digest(&row.get::<_, Vec<u8>>(7)?)?));
    }
    Ok(found)
}

/// Returns where the trail begins, if records were ever taken off its start.
///
/// # Errors
/// The store's own.
pub fn checkpoint(view: &View<'_>) -> Result<Option<Checkpoint>, Error> {
    let mut query = view.prepare("SELECT seq, hash, at, signature FROM audit_checkpoint")?;
    let mut rows = query.query([])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    Ok(Some(Checkpoint {
        link: Link { seq: row.get(0)?, hash: columns::digest(&row.get::<_, Vec<u8>>(1)?)? },
        at: columns::instant(row.get(2)?)?,
        signature: row.get(3)?,
    }))
}

/// Returns the link of the record at `seq`, if it is there.
///
/// # Errors
/// The store's own.
pub fn link(view: &View<'_>, seq: i64) -> Result<Option<Link>, Error> {
    let mut query = view.prepare("SELECT hash FROM audit WHERE seq = ?1")?;
    let hash = query.query_row([seq], |row| row.get::<_, Vec<u8>>(0)).optional()?;
    hash.map(|hash| Ok(Link { seq, hash: columns::digest(&hash)? })).transpose()
}

/// Takes the records up to `checkpoint` away and lets the trail begin there.
///
/// # Errors
/// The store's own.
pub fn begin_at(tx: &Tx<'_>, checkpoint: &Checkpoint) -> Result<(), Error> {
    tx.prepare(
        "INSERT OR REPLACE INTO audit_checkpoint (only, seq, hash, at, signature)
         VALUES (1, ?1, ?2, ?3, ?4)",
    )?
    .execute(params![
        checkpoint.link.seq,
        checkpoint.link.hash.as_bytes(),
        columns::ms(checkpoint.at),
        checkpoint.signature,
    ])?;
    tx.prepare("DELETE FROM audit WHERE seq <= ?1")?.execute([checkpoint.link.seq])?;
    Ok(())
}
