//! What the answers to registration clients are signed with.

use rusqlite::{OptionalExtension as _, params};
use zeroize::Zeroizing;

use crate::store::{Error, Tx, View};

/// A key with its certificate.
pub struct Kept {
    /// In PKCS #8.
    pub key: Zeroizing<Vec<u8>>,
    /// In DER.
    pub certificate: Vec<u8>,
}

/// Returns the key.
///
/// # Errors
/// The store's own.
pub fn find(view: &View<'_>) -> Result<Option<Kept>, Error> {
    let mut query = view.prepare("SELECT key, certificate FROM signing")?;
    Ok(query
        .query_row([], |row| {
            Ok(Kept { key: Zeroizing::new(row.get(0)?), certificate: row.get(1)? })
        })
        .optional()?)
}

/// Keeps a key and its certificate, unless there is one already.
///
/// # Errors
/// The store's own.
pub fn put(tx: &Tx<'_>, key: &[u8], certificate: &[u8]) -> Result<(), Error> {
    tx.prepare(
        "INSERT INTO signing (only, key, certificate) VALUES (1, ?1, ?2) ON CONFLICT DO NOTHING",
    )?
    .execute(params![key, certificate])?;
    Ok(())
}
