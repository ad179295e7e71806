//! Document content by its SHA-256, in chunks, kept as long as somebody holds it.

use rusqlite::{OptionalExtension as _, params};

use crate::domain::ids::Digest;
use crate::store::{Error, Tx, View, columns};

/// Bytes of a chunk: a document that is read by ranges is not read whole.
const CHUNK: usize = 256 * 1024;

/// Stores `content`, once however often it comes, and returns its digest. Somebody has to hold it
/// in the same transaction.
///
/// # Errors
/// The store's own.
pub fn put(tx: &Tx<'_>, content: &[u8]) -> Result<Digest, Error> {
    let digest = Digest::of(content);
    let mut insert =
        tx.prepare("INSERT INTO blob (digest, size) VALUES (?1, ?2) ON CONFLICT DO NOTHING")?;
    if insert.execute(params![digest.as_bytes(), content.len()])? == 1 {
        let mut insert =
            tx.prepare("INSERT INTO blob_chunk (digest, position, bytes) VALUES (?1, ?2, ?3)")?;
        for (position, bytes) in content.chunks(CHUNK).enumerate() {
            insert.execute(params![digest.as_bytes(), position, bytes])?;
        }
    }
    Ok(digest)
}

/// Returns the content of `digest`; none where it is not here.
///
/// # Errors
/// The store's own.
pub fn content(view: &View<'_>, digest: &Digest) -> Result<Option<Vec<u8>>, Error> {
    let mut query = view.prepare("SELECT size FROM blob WHERE digest = ?1")?;
    let Some(size) =
        query.query_row([digest.as_bytes()], |row| row.get::<_, usize>(0)).optional()?
    else {
        return Ok(None);
    };
    let mut content = Vec::with_capacity(size);
    let mut query =
        view.prepare("SELECT bytes FROM blob_chunk WHERE digest = ?1 ORDER BY position")?;
    let mut rows = query.query([digest.as_bytes()])?;
    while let Some(row) = rows.next()? {
        content.extend_from_slice(row.get_ref(0)?.as_blob().map_err(|_| Error::Row("a chunk"))?);
    }
    Ok(Some(content))
}

/// Makes `held` all that `holder` holds, and erases what nobody holds any more.
///
/// # Errors
/// The store's own; a digest that is not here is one of them.
pub fn hold(tx: &Tx<'_>, holder: &str, held: &[Digest]) -> Result<(), Error> {
    let mut before = Vec::new();
    {
        let mut query = tx.prepare("SELECT digest FROM blob_holder WHERE holder = ?1")?;
        let mut rows = query.query([holder])?;
        while let Some(row) = rows.next()? {
            before.push(columns::digest(&row.get::<_, Vec<u8>>(0)?)?);
        }
    }
    let mut insert = tx.prepare(
        "INSERT INTO blob_holder (holder, digest) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
    )?;
    for digest in held.iter().filter(|digest| !before.contains(digest)) {
        insert.execute(params![holder, digest.as_bytes()])?;
    }
    for digest in before.iter().filter(|digest| !held.contains(digest)) {
        tx.prepare("DELETE FROM blob_holder WHERE holder = ?1 AND digest = ?2")?
            .execute(params![holder, digest.as_bytes()])?;
        tx.prepare(
            "DELETE FROM blob
             WHERE digest = ?1 AND NOT EXISTS (SELECT 1 FROM blob_holder WHERE digest = ?1)",
        )?
        .execute([digest.as_bytes()])?;
    }
    Ok(())
}
