//! Notices to residents: what waits to leave, and for some days what became of it.

use jiff::{SignedDuration, Timestamp};
use rusqlite::params;
use serde::Serialize;
use zeroize::Zeroizing;

use crate::domain::message::{Channel, Message};
use crate::domain::prid::Prid;
use crate::store::{Error, Tx, View, columns};

/// Longer than anything waits for its next try: what is to wait longer was written by a wrong clock
/// (I7) and is due.
const LONGEST_WAIT: SignedDuration = SignedDuration::from_hours(1);
/// How long what is past its use is kept, for the clock may have been wrong (I7).
const PATIENCE: SignedDuration = SignedDuration::from_hours(24);
/// How long it is told what became of a message.
const KEPT: SignedDuration = SignedDuration::from_hours(7 * 24);

/// A message that waits.
#[derive(Clone)]
pub struct Waiting {
    /// Names it among those that wait.
    pub id: i64,
    /// The message.
    pub message: Message,
    /// When it was queued.
    pub made_at: Timestamp,
    /// How often it was tried in vain.
    pub attempts: u32,
}

/// How many messages wait, and what became of those of the last days.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// They wait for a way out.
    pub waiting: u64,
    /// They have left.
    pub sent: u64,
    /// The appointment was past before they could leave.
    pub dropped: u64,
    /// Mail server or gateway would not have them.
    pub refused: u64,
}

/// Queues a message about the application `prid`.
///
/// # Errors
/// The store's own.
pub fn put(
    tx: &Tx<'_>,
    prid: &Prid,
    message: &Message,
    drop_after: Timestamp,
    now: Timestamp,
) -> Result<(), Error> {
    tx.prepare(
        "INSERT INTO message
             (prid, channel, recipient, subject, text, made_at, attempts, try_at, drop_after)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, 0, ?6, ?7)",
    )?
    .execute(params![
        prid.as_str(),
        message.channel.name(),
        message.to,
        message.subject,
        *message.text,
        columns::ms(now),
        columns::ms(drop_after),
    ])?;
    Ok(())
}

/// Tells whether the same message about the same application waits already.
///
/// # Errors
/// The store's own.
pub fn waits(view: &View<'_>, prid: &Prid, message: &Message) -> Result<bool, Error> {
    let mut query = view.prepare(
        "SELECT EXISTS (SELECT 1 FROM message
                        WHERE prid = ?1 AND outcome IS NULL AND channel = ?2 AND recipient = ?3
                          AND subject = ?4 AND text = ?5)",
    )?;
    let name = message.channel.name();
    let same = params![prid.as_str(), name, message.to, message.subject, *message.text];
    Ok(query.query_row(same, |row| row.get(0))?)
}

/// Counts the messages about `prid` that were queued since `since`.
///
/// # Errors
/// The store's own.
pub fn made_since(view: &View<'_>, prid: &Prid, since: Timestamp) -> Result<u64, Error> {
    let mut query =
        view.prepare("SELECT count(*) FROM message WHERE prid = ?1 AND made_at >= ?2")?;
    Ok(query.query_row(params![prid.as_str(), columns::ms(since)], |row| row.get(0))?)
}

/// Counts all that waits.
///
/// # Errors
/// The store's own.
pub fn count_waiting(view: &View<'_>) -> Result<u64, Error> {
    let mut query = view.prepare("SELECT count(*) FROM message WHERE outcome IS NULL")?;
    Ok(query.query_row([], |row| row.get(0))?)
}

/// Returns what is to be sent by `channel` at `now`, what waits longest first, up to `most`. What is
/// past its use stays where it is.
///
/// # Errors
/// The store's own.
pub fn due(
    view: &View<'_>,
    channel: Channel,
    now: Timestamp,
    most: u32,
) -> Result<Vec<Waiting>, Error> {
    let mut query = view.prepare(
        "SELECT id, recipient, subject, text, made_at, attempts FROM message
         WHERE outcome IS NULL AND channel = ?1 AND drop_after > ?2
           AND (try_at <= ?2 OR try_at > ?3)
         ORDER BY try_at, id LIMIT ?4",
    )?;
    let far = columns::ms(now).saturating_add(ms(LONGEST_WAIT));
    let mut rows = query.query(params![channel.name(), columns::ms(now), far, most])?;
    let mut due = Vec::new();
    while let Some(row) = rows.next()? {
        due.push(Waiting {
            id: row.get(0)?,
            message: Message {
                to: row.get(1)?,
                channel,
                subject: row.get::<_, Option<String>>(2)?.unwrap_or_default(),
                text: Zeroizing::new(row.get(3)?),
            },
            made_at: columns::instant(row.get(4)?)?,
            attempts: row.get(5)?,
        });
    }
    Ok(due)
}

/// Returns the earliest instant after `at` at which a message is to go by `channel`.
///
/// # Errors
/// The store's own.
pub fn next_after(
    view: &View<'_>,
    channel: Channel,
    at: Timestamp,
) -> Result<Option<Timestamp>, Error> {
    let mut query = view.prepare(
        "SELECT min(try_at) FROM message
         WHERE outcome IS NULL AND channel = ?1 AND try_at > ?2 AND drop_after > ?2",
    )?;
    let ms: Option<i64> =
        query.query_row(params![channel.name(), columns::ms(at)], |row| row.get(0))?;
    ms.map(columns::instant).transpose()
}

/// Notes that a message has left. Its content goes.
///
/// # Errors
/// The store's own.
pub fn sent(tx: &Tx<'_>, id: i64, now: Timestamp) -> Result<(), Error> {
    settle(tx, id, "sent", now)
}

/// Notes that a message is refused for good. Its content goes.
///
/// # Errors
/// The store's own.
pub fn refused(tx: &Tx<'_>, id: i64, now: Timestamp) -> Result<(), Error> {
    settle(tx, id, "refused", now)
}

fn settle(tx: &Tx<'_>, id: i64, outcome: &str, now: Timestamp) -> Result<(), Error> {
    tx.prepare(
        "UPDATE message
         SET outcome = ?2, settled_at = ?3, recipient = NULL, subject = NULL, text = NULL
         WHERE id = ?1 AND outcome IS NULL",
    )?
    .execute(params![id, outcome, columns::ms(now)])?;
    Ok(())
}

/// Notes that a message was tried in vain, and when it is tried again.
///
/// # Errors
/// The store's own.
pub fn failed(tx: &Tx<'_>, id: i64, try_at: Timestamp) -> Result<(), Error> {
    tx.prepare("UPDATE message SET attempts = attempts + 1, try_at = ?2 WHERE id = ?1")?
        .execute(params![id, columns::ms(try_at)])?;
    Ok(())
}

/// Takes the content of what has long been past its use, and the rows of what was settled long ago.
///
/// # Errors
/// The store's own.
pub fn prune(tx: &Tx<'_>, now: Timestamp) -> Result<(), Error> {
    tx.prepare(
        "UPDATE message
         SET outcome = 'dropped', settled_at = ?1, recipient = NULL, subject = NULL, text = NULL
         WHERE outcome IS NULL AND drop_after <= ?2",
    )?
    .execute(params![columns::ms(now), columns::ms(now).saturating_sub(ms(PATIENCE))])?;
    tx.prepare("DELETE FROM message WHERE outcome IS NOT NULL AND settled_at <= ?1")?
        .execute([columns::ms(now).saturating_sub(ms(KEPT))])?;
    Ok(())
}

/// Counts what waits at `now` and what became of the messages of the last days.
///
/// # Errors
/// The store's own.
pub fn counts(view: &View<'_>, now: Timestamp) -> Result<Counts, Error> {
    let mut query = view.prepare(
        "SELECT count(*) FILTER (WHERE outcome IS NULL AND drop_after > ?1),
                count(*) FILTER (WHERE outcome = 'sent'),
                count(*) FILTER (WHERE outcome = 'dropped'
                                    OR (outcome IS NULL AND drop_after <= ?1)),
                count(*) FILTER (WHERE outcome = 'refused')
         FROM message",
    )?;
    Ok(query.query_row([columns::ms(now)], |row| {
        Ok(Counts {
            waiting: row.get(0)?,
            sent: row.get(1)?,
            dropped: row.get(2)?,
            refused: row.get(3)?,
        })
    })?)
}

fn ms(duration: SignedDuration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}
