//! What was done here, with its outcome; and who this node is.

use jiff::{SignedDuration, Timestamp};
use rusqlite::{OptionalExtension as _, Row, params};
use uuid::Uuid;

use crate::domain::ids::Digest;
use crate::domain::operation::{Change, Operation, Origin, Outcome};
use crate::domain::prid::Prid;
use crate::store::{Error, Tx, View, attempt, blob, columns};

const COLUMNS: &str = "op_id, epoch, node_seq, prid, change, base, actor, made_at, outcome,
    covered, (SELECT node_id FROM node)";

/// Names this node, at `init` and never again.
///
/// # Errors
/// The store's own; a node that has a name already is one of them.
pub fn name_node(tx: &Tx<'_>, node: Uuid, epoch: Uuid) -> Result<(), Error> {
    tx.prepare("INSERT INTO node (only, node_id, epoch, last_seq) VALUES (1, ?1, ?2, 0)")?
        .execute(params![node.as_bytes(), epoch.as_bytes()])?;
    Ok(())
}

/// Draws the origin of the next operation.
///
/// # Errors
/// The store's own.
pub fn next_origin(tx: &Tx<'_>) -> Result<Origin, Error> {
    let mut update =
        tx.prepare("UPDATE node SET last_seq = last_seq + 1 RETURNING node_id, epoch, last_seq")?;
    let (node, epoch, seq) = update.query_row([], |row| {
        Ok((row.get::<_, Vec<u8>>(0)?, row.get::<_, Vec<u8>>(1)?, row.get(2)?))
    })?;
    Ok(Origin { node: uuid(&node)?, epoch: uuid(&epoch)?, seq })
}

/// Records an operation and holds the content it brings.
///
/// # Errors
/// The store's own.
pub fn insert(tx: &Tx<'_>, operation: &Operation) -> Result<(), Error> {
    tx.prepare(
        "INSERT INTO operation
             (op_id, epoch, node_seq, prid, change, base, actor, made_at, outcome, settled_at,
              covered)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
    )?
    .execute(params![
        operation.id.as_bytes(),
        operation.origin.epoch.as_bytes(),
        operation.origin.seq,
        operation.prid.as_str(),
        columns::json(&operation.change),
        operation.base,
        operation.actor,
        columns::ms(operation.made_at),
        operation.outcome.as_ref().map(columns::json),
        operation.outcome.as_ref().map(|_| columns::ms(operation.made_at)),
        operation.covered,
    ])?;
    let brought: Vec<Digest> = match &operation.change {
        Change::Attach { document } if !operation.covered => document.digest.into_iter().collect(),
        _ => Vec::new(),
    };
    blob::hold(tx, &holder(operation.id), &brought)
}

/// Returns the operations of `prid` that upstream's word does not have in it yet, oldest first.
///
/// # Errors
/// The store's own.
pub fn uncovered(view: &View<'_>, prid: &Prid) -> Result<Vec<Operation>, Error> {
    let mut query = view.prepare(&format!(
        "SELECT {COLUMNS} FROM operation WHERE prid = ?1 AND covered = 0
         ORDER BY position"
    ))?;
    let rows = query.query_map([prid.as_str()], Fields::read)?;
    rows.map(|row| row?.into_operation()).collect()
}

/// A pending operation that may be sent now.
#[derive(Clone, Debug, PartialEq)]
pub struct Due {
    /// The operation.
    pub operation: Operation,
    /// When it was sent without an answer that counts: look at the other end before sending again.
    pub sent_at: Option<Timestamp>,
    /// How often it was tried.
    pub attempts: u32,
}

/// What an operation carries: text goes before documents, which have a lane of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Payload {
    /// All but the contents of documents.
    Text,
    /// Documents that are put in.
    Documents,
}

/// Returns the operations with such a `payload` that are the oldest pending one of their application and whose
/// next try is due at `now`, up to `most`: order holds within an application and nowhere else. One
/// that was sent less than `unsure` ago, without an answer that counts, is not due yet.
///
/// # Errors
/// The store's own.
pub fn due(
    view: &View<'_>,
    payload: Payload,
    now: Timestamp,
    unsure: SignedDuration,
    most: u32,
) -> Result<Vec<Due>, Error> {
    let mut query = view.prepare(&format!(
        "SELECT {COLUMNS}, sent_at, coalesce(attempt.attempts, 0)
         FROM operation LEFT JOIN attempt ON attempt.subject = 'operation:' || lower(hex(op_id))
         WHERE outcome IS NULL AND (change ->> 'kind' = 'attach') = ?1 AND coalesce(attempt.try_at, 0) <= ?2
           AND (sent_at IS NULL OR sent_at > ?2 OR sent_at <= ?4)
           AND NOT EXISTS (
               SELECT 1 FROM operation AS older
               WHERE older.prid = operation.prid AND older.outcome IS NULL
                 AND older.position < operation.position)
         ORDER BY position LIMIT ?3"
    ))?;
    let mut rows = query.query(params![
        payload == Payload::Documents,
        columns::ms(now),
        most,
        columns::ms(now.saturating_sub(unsure).unwrap_or(Timestamp::MIN)),
    ])?;
    let mut due = Vec::new();
    while let Some(row) = rows.next()? {
        due.push(Due {
            operation: Fields::read(row)?.into_operation()?,
            sent_at: row.get::<_, Option<i64>>(11)?.map(columns::instant).transpose()?,
            attempts: row.get(12)?,
        });
    }
    Ok(due)
}

/// Returns up to `most` applications all of whose operations are settled, some accepted by upstream
/// but not yet seen in what it says, and whose next look is due at `now`.
///
/// # Errors
/// The store's own.
pub fn to_confirm(view: &View<'_>, now: Timestamp, most: u32) -> Result<Vec<Prid>, Error> {
    let mut query = view.prepare(
        "SELECT DISTINCT operation.prid
         FROM operation LEFT JOIN alias ON alias.prid = operation.prid
         LEFT JOIN attempt
             ON attempt.subject = 'record:' || coalesce(alias.upstream_prid, operation.prid)
         WHERE covered = 0 AND outcome ->> 'outcome' = 'accepted'
           AND coalesce(attempt.try_at, 0) <= ?1
           AND NOT EXISTS (
               SELECT 1 FROM operation AS pending
               WHERE pending.prid = operation.prid AND pending.outcome IS NULL)
         ORDER BY operation.prid LIMIT ?2",
    )?;
    let rows = query.query_map(params![columns::ms(now), most], |row| row.get::<_, String>(0))?;
    rows.map(|text| super::application::prid(&text?)).collect()
}

/// Marks that an operation is about to be sent. Until [`not_sent`] or [`settle`], whoever finds it
/// pending has to look at the other end before sending it again (I2). Returns whether it is still
/// there to be sent: its application may have been deleted meanwhile.
///
/// # Errors
/// The store's own.
pub fn sending(tx: &Tx<'_>, id: Uuid, now: Timestamp) -> Result<bool, Error> {
    let mut update =
        tx.prepare("UPDATE operation SET sent_at = ?2 WHERE op_id = ?1 AND outcome IS NULL")?;
    Ok(update.execute(params![id.as_bytes(), columns::ms(now)])? == 1)
}

/// Takes the mark of [`sending`] back: it is certain that the other end did not get it.
///
/// # Errors
/// The store's own.
pub fn not_sent(tx: &Tx<'_>, id: Uuid) -> Result<(), Error> {
    tx.prepare("UPDATE operation SET sent_at = NULL WHERE op_id = ?1 AND outcome IS NULL")?
        .execute([id.as_bytes()])?;
    Ok(())
}

/// Gives a pending operation its outcome.
///
/// # Errors
/// The store's own.
pub fn settle(tx: &Tx<'_>, id: Uuid, outcome: &Outcome, now: Timestamp) -> Result<(), Error> {
    tx.prepare(
        "UPDATE operation SET outcome = ?2, settled_at = ?3 WHERE op_id = ?1 AND outcome IS NULL",
    )?
    .execute(params![id.as_bytes(), columns::json(outcome), columns::ms(now)])?;
    Ok(())
}

/// Marks operations as contained in what upstream confirmed, and lets go of what they brought.
///
/// # Errors
/// The store's own.
pub fn cover(tx: &Tx<'_>, ids: &[Uuid]) -> Result<(), Error> {
    for id in ids {
        tx.prepare("UPDATE operation SET covered = 1 WHERE op_id = ?1")?
            .execute([id.as_bytes()])?;
        blob::hold(tx, &holder(*id), &[])?;
    }
    Ok(())
}

/// Erases the operations of `prid`, and lets go of what they brought.
///
/// # Errors
/// The store's own.
pub(super) fn erase(tx: &Tx<'_>, prid: &Prid) -> Result<(), Error> {
    let ids: Vec<Vec<u8>> = tx
        .prepare("DELETE FROM operation WHERE prid = ?1 RETURNING op_id")?
        .query_map([prid.as_str()], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    for id in ids {
        let id = uuid(&id)?;
        blob::hold(tx, &holder(id), &[])?;
        attempt::succeeded(tx, &attempt::Subject::operation(id))?;
    }
    Ok(())
}

/// Tells whether an operation of `prid` may be on its way: marked as sent, and not settled.
///
/// # Errors
/// The store's own.
pub fn any_on_its_way(view: &View<'_>, prid: &Prid) -> Result<bool, Error> {
    let mut query = view.prepare(
        "SELECT EXISTS (SELECT 1 FROM operation
                        WHERE prid = ?1 AND sent_at IS NOT NULL AND outcome IS NULL)",
    )?;
    Ok(query.query_row([prid.as_str()], |row| row.get(0))?)
}

/// Returns who made the last booking of `prid` that was made here.
///
/// # Errors
/// The store's own.
pub fn booker(view: &View<'_>, prid: &Prid) -> Result<Option<String>, Error> {
    let mut query = view.prepare(
        "SELECT actor FROM operation WHERE prid = ?1 AND change ->> 'kind' = 'book'
         ORDER BY position DESC LIMIT 1",
    )?;
    Ok(query.query_row([prid.as_str()], |row| row.get(0)).optional()?)
}

/// Returns the code with which upstream refused to make the application `prid`, if it did.
///
/// # Errors
/// The store's own.
pub fn refusal_of_create(view: &View<'_>, prid: &Prid) -> Result<Option<String>, Error> {
    let mut query = view.prepare(
        "SELECT outcome ->> 'code' FROM operation
         WHERE prid = ?1 AND change ->> 'kind' = 'create' AND outcome ->> 'outcome' = 'refused'",
    )?;
    Ok(query.query_row([prid.as_str()], |row| row.get(0)).optional()?)
}

/// Returns the operations of `prid` that are still pending, oldest first.
///
/// # Errors
/// The store's own.
pub fn pending(view: &View<'_>, prid: &Prid) -> Result<Vec<Operation>, Error> {
    let mut all = uncovered(view, prid)?;
    all.retain(|operation| operation.outcome.is_none());
    Ok(all)
}

/// How many operations stand where.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Counts {
    /// Not settled yet.
    pub pending: u64,
    /// True at this center only.
    pub kept_here: u64,
    /// Upstream said no.
    pub refused: u64,
}

/// Counts the operations by where they stand.
///
/// # Errors
/// The store's own.
pub fn counts(view: &View<'_>) -> Result<Counts, Error> {
    let mut query = view.prepare(
        "SELECT count(*) FILTER (WHERE outcome IS NULL),
                count(*) FILTER (WHERE outcome ->> 'outcome' = 'kept_here'),
                count(*) FILTER (WHERE outcome ->> 'outcome' = 'refused')
         FROM operation WHERE covered = 0",
    )?;
    Ok(query.query_row([], |row| {
        Ok(Counts { pending: row.get(0)?, kept_here: row.get(1)?, refused: row.get(2)? })
    })?)
}

/// Returns the outcomes that a person has to know of, newest first, at most `most`.
///
/// # Errors
/// The store's own.
pub fn refused(view: &View<'_>, most: u32) -> Result<Vec<Operation>, Error> {
    let mut query = view.prepare(&format!(
        "SELECT {COLUMNS} FROM operation WHERE outcome ->> 'outcome' = 'refused'
         ORDER BY settled_at DESC LIMIT ?1"
    ))?;
    let rows = query.query_map([most], Fields::read)?;
    rows.map(|row| row?.into_operation()).collect()
}

fn holder(id: Uuid) -> String {
    format!("operation:{}", id.simple())
}

fn uuid(bytes: &[u8]) -> Result<Uuid, Error> {
    Uuid::from_slice(bytes).map_err(|_| Error::Row("a UUID"))
}

struct Fields {
    id: Vec<u8>,
    epoch: Vec<u8>,
    seq: i64,
    prid: String,
    change: String,
    base: i64,
    actor: String,
    made_at: i64,
    outcome: Option<String>,
    covered: bool,
    node: Vec<u8>,
}

impl Fields {
    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            id: row.get(0)?,
            epoch: row.get(1)?,
            seq: row.get(2)?,
            prid: row.get(3)?,
            change: row.get(4)?,
            base: row.get(5)?,
            actor: row.get(6)?,
            made_at: row.get(7)?,
            outcome: row.get(8)?,
            covered: row.get(9)?,
            node: row.get(10)?,
        })
    }

    fn into_operation(self) -> Result<Operation, Error> {
        Ok(Operation {
            id: uuid(&self.id)?,
            origin: Origin { node: uuid(&self.node)?, epoch: uuid(&self.epoch)?, seq: self.seq },
            prid: super::application::prid(&self.prid)?,
            change: columns::parse_json(&self.change)?,
            base: self.base,
            actor: self.actor,
            made_at: columns::instant(self.made_at)?,
            outcome: self.outcome.as_deref().map(columns::parse_json).transpose()?,
            covered: self.covered,
        })
    }
}
