//! The last OTP sent to each user id, under a keyed hash of it.

use jiff::Timestamp;
use rusqlite::{OptionalExtension as _, params};

use crate::domain::otp::Otp;
use crate::store::{Error, Tx, View, columns};

/// Returns what is known of `user`, a keyed hash of the user id.
///
/// # Errors
/// The store's own.
pub fn find(view: &View<'_>, user: &[u8; 32]) -> Result<Option<Otp>, Error> {
    let mut query = view.prepare(
        "SELECT hash, sent_at, tries, used, window_start, window_count, frozen_until
         FROM otp WHERE user = ?1",
    )?;
    let found = query
        .query_row([user], |row| {
            Ok((
                row.get::<_, Vec<u8>>(0)?,
                row.get::<_, i64>(1)?,
                row.get::<_, u32>(2)?,
                row.get::<_, bool>(3)?,
                row.get::<_, i64>(4)?,
                row.get::<_, u32>(5)?,
                row.get::<_, Option<i64>>(6)?,
            ))
        })
        .optional()?;
    let Some((hash, sent_at, tries, used, window_start, window_count, frozen)) = found else {
        return Ok(None);
    };
    Ok(Some(Otp {
        hash: hash.as_slice().try_into().map_err(|_| Error::Row("an OTP"))?,
        sent_at: columns::instant(sent_at)?,
        tries,
        used,
        window_start: columns::instant(window_start)?,
        window_count,
        frozen_until: frozen.map(columns::instant).transpose()?,
    }))
}

/// Writes what is known of `user`.
///
/// # Errors
/// The store's own.
pub fn put(tx: &Tx<'_>, user: &[u8; 32], otp: &Otp) -> Result<(), Error> {
    tx.prepare(
        "INSERT OR REPLACE INTO otp
             (user, hash, sent_at, tries, used, window_start, window_count, frozen_until)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    )?
    .execute(params![
        user,
        otp.hash,
        columns::ms(otp.sent_at),
        otp.tries,
        otp.used,
        columns::ms(otp.window_start),
        otp.window_count,
        otp.frozen_until.map(columns::ms),
    ])?;
    Ok(())
}

/// Forgets the OTPs sent before `before` whose users are not frozen at `now`.
///
/// # Errors
/// The store's own.
pub fn prune(tx: &Tx<'_>, before: Timestamp, now: Timestamp) -> Result<(), Error> {
    tx.prepare(
        "DELETE FROM otp
         WHERE sent_at < ?1 AND (frozen_until IS NULL OR frozen_until <= ?2)",
    )?
    .execute([columns::ms(before), columns::ms(now)])?;
    Ok(())
}
