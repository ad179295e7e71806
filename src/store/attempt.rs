//! What went wrong last with something that is tried again, and when that is.

use jiff::Timestamp;
use rusqlite::{OptionalExtension as _, params};
use uuid::Uuid;

use crate::domain::ids::DocumentId;
use crate::domain::prid::Prid;
use crate::store::{Error, Tx, View, columns};

/// Longer than anything waits: upstream may ask for a day.
const LONGEST_WAIT_MS: i64 = 2 * 24 * 60 * 60 * 1000;

/// What is tried again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject(String);

impl Subject {
    /// Fetching the record that upstream calls `prid`.
    #[must_use]
    pub fn record(prid: &Prid) -> Self {
        Self(format!("record:{prid}"))
    }

    /// Fetching the content of a document of the application `prid` of this node.
    #[must_use]
    pub fn document(prid: &Prid, id: &DocumentId) -> Self {
        Self(format!("document:{prid}/{id}"))
    }

    /// Sending an operation.
    #[must_use]
    pub fn operation(id: Uuid) -> Self {
        Self(format!("operation:{}", id.simple()))
    }

    /// Telling upstream what the registration processor has taken over.
    #[must_use]
    pub fn consumed() -> Self {
        Self("consumed".to_owned())
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

/// Something that is tried again, and why it has to be.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Waiting {
    /// What it is: `record:`, `document:` or `operation:` and its id, or `consumed`.
    pub subject: String,
    /// How often it has failed.
    pub attempts: u32,
    /// When it is tried again.
    pub try_at: Timestamp,
    /// Why it failed last.
    pub sentence: Option<String>,
}

/// Returns what has failed most often, up to `most`.
///
/// # Errors
/// The store's own.
pub fn waiting(view: &View<'_>, most: u32) -> Result<Vec<Waiting>, Error> {
    let mut query = view.prepare(
        "SELECT subject, attempts, try_at, sentence FROM attempt
         ORDER BY attempts DESC, subject LIMIT ?1",
    )?;
    let mut rows = query.query([most])?;
    let mut waiting = Vec::new();
    while let Some(row) = rows.next()? {
        waiting.push(Waiting {
            subject: row.get(0)?,
            attempts: row.get(1)?,
            try_at: columns::instant(row.get(2)?)?,
            sentence: row.get(3)?,
        });
    }
    Ok(waiting)
}

/// Returns how often `subject` has failed since it last succeeded.
///
/// # Errors
/// The store's own.
pub fn count(view: &View<'_>, subject: &Subject) -> Result<u32, Error> {
    let mut query = view.prepare("SELECT attempts FROM attempt WHERE subject = ?1")?;
    Ok(query.query_row([&subject.0], |row| row.get(0)).optional()?.unwrap_or(0))
}

/// Writes that `subject` failed once more, why, and when it is tried again.
///
/// # Errors
/// The store's own.
pub fn failed(
    tx: &Tx<'_>,
    subject: &Subject,
    try_at: Timestamp,
    why: Option<(&str, &str)>,
) -> Result<(), Error> {
    tx.prepare(
        "INSERT INTO attempt (subject, attempts, try_at, code, sentence)
         VALUES (?1, 1, ?2, ?3, ?4)
         ON CONFLICT (subject) DO UPDATE SET
             attempts = attempts + 1, try_at = excluded.try_at, code = excluded.code,
             sentence = excluded.sentence",
    )?
    .execute(params![
        subject.0,
        columns::ms(try_at),
        why.map(|(code, _)| code),
        why.map(|(_, sentence)| sentence)
    ])?;
    Ok(())
}

/// Forgets the failures of `subject`: it succeeded.
///
/// # Errors
/// The store's own.
pub fn succeeded(tx: &Tx<'_>, subject: &Subject) -> Result<(), Error> {
    tx.prepare("DELETE FROM attempt WHERE subject = ?1")?.execute([&subject.0])?;
    Ok(())
}

/// Makes everything due at once: the network is back, or somebody asked.
///
/// # Errors
/// The store's own.
pub fn hurry(tx: &Tx<'_>) -> Result<(), Error> {
    tx.prepare("UPDATE attempt SET try_at = 0")?.execute([])?;
    Ok(())
}

/// Makes due what is to wait longer than anything may: the clock was wrong when it was written (I7).
///
/// # Errors
/// The store's own.
pub fn mend(tx: &Tx<'_>, now: Timestamp) -> Result<(), Error> {
    tx.prepare("UPDATE attempt SET try_at = 0 WHERE try_at > ?1")?
        .execute([columns::ms(now).saturating_add(LONGEST_WAIT_MS)])?;
    Ok(())
}

/// Returns the earliest instant after `at` at which something is tried again.
///
/// # Errors
/// The store's own.
pub fn next_after(view: &View<'_>, at: Timestamp) -> Result<Option<Timestamp>, Error> {
    let mut query = view.prepare("SELECT min(try_at) FROM attempt WHERE try_at > ?1")?;
    let ms: Option<i64> = query.query_row([columns::ms(at)], |row| row.get(0))?;
    ms.map(columns::instant).transpose()
}
