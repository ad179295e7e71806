//! What tokens are checked against: logins that were ended, and the keys of who else issues tokens.

use jiff::Timestamp;
use rusqlite::{OptionalExtension as _, params};

use crate::domain::ids::Digest;
use crate::store::{Error, Tx, View, columns};

/// Ends the login of `token`, a digest of what it signs, which would have lasted until `expires`.
///
/// # Errors
/// The store's own.
pub fn revoke(tx: &Tx<'_>, token: &Digest, expires: Timestamp) -> Result<(), Error> {
    tx.prepare("INSERT OR IGNORE INTO revoked (token, expires_at) VALUES (?1, ?2)")?
        .execute(params![token.as_bytes(), columns::ms(expires)])?;
    Ok(())
}

/// Forgets logins that would have ended by themselves before `before`.
///
/// # Errors
/// The store's own.
pub fn prune(tx: &Tx<'_>, before: Timestamp) -> Result<(), Error> {
    tx.prepare("DELETE FROM revoked WHERE expires_at < ?1")?.execute([columns::ms(before)])?;
    Ok(())
}

/// Returns the logins that were ended, and when they would have ended by themselves.
///
/// # Errors
/// The store's own.
pub fn revoked(view: &View<'_>) -> Result<Vec<(Digest, Timestamp)>, Error> {
    let mut query = view.prepare("SELECT token, expires_at FROM revoked")?;
    let mut rows = query.query([])?;
    let mut all = Vec::new();
    while let Some(row) = rows.next()? {
        let token: Vec<u8> = row.get(0)?;
        let token = token.as_slice().try_into().map_err(|_| Error::Row("an ended login"))?;
        all.push((Digest::from_bytes(token), columns::instant(row.get(1)?)?));
    }
    Ok(all)
}

/// Keeps the key set of `issuer`, as it came, in the place of any other.
///
/// # Errors
/// The store's own.
pub fn put_keys(tx: &Tx<'_>, issuer: &str, keys: &str, now: Timestamp) -> Result<(), Error> {
    tx.prepare(
        "INSERT OR REPLACE INTO issuer_keys (only, issuer, keys, fetched_at)
         VALUES (1, ?1, ?2, ?3)",
    )?
    .execute(params![issuer, keys, columns::ms(now)])?;
    Ok(())
}

/// Returns the key set of `issuer`, as it came.
///
/// # Errors
/// The store's own.
pub fn keys(view: &View<'_>, issuer: &str) -> Result<Option<String>, Error> {
    let mut query = view.prepare("SELECT keys FROM issuer_keys WHERE issuer = ?1")?;
    Ok(query.query_row([issuer], |row| row.get(0)).optional()?)
}
