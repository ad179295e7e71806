//! The documents of the view, without their content.

use rusqlite::{OptionalExtension as _, Row, params};
use serde_json::Map;

use crate::domain::document::Document;
use crate::domain::ids::{Digest, DocumentId};
use crate::domain::prid::Prid;
use crate::store::{Error, Tx, View, blob, columns};

/// Returns the documents of `prid`, in the order they are listed.
///
/// # Errors
/// The store's own.
pub fn all(view: &View<'_>, prid: &Prid) -> Result<Vec<Document>, Error> {
    let mut query = view.prepare(
        "SELECT document_id, category, kind, name, language, ref_number, extra, digest, size
         FROM document WHERE prid = ?1 ORDER BY position",
    )?;
    let rows = query.query_map([prid.as_str()], Fields::read)?;
    rows.map(|row| row?.into_document()).collect()
}

/// A document whose content has still to come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Coming {
    /// Its application, by its PRID at this node.
    pub prid: Prid,
    /// The document, by central's id.
    pub id: DocumentId,
    /// The `rev` of the confirmed state that names it: a later one may mean another content.
    pub rev: i64,
}

/// Returns up to `most` documents whose content is still to come and whose next try is due at
/// `now`, by appointment: who comes first is fetched first.
///
/// # Errors
/// The store's own.
pub fn coming(view: &View<'_>, now: jiff::Timestamp, most: u32) -> Result<Vec<Coming>, Error> {
    let mut query = view.prepare(
        "SELECT document.prid, document.document_id, confirmed.rev
         FROM document JOIN application ON application.prid = document.prid
         JOIN confirmed ON confirmed.prid = document.prid
         LEFT JOIN attempt
             ON attempt.subject = 'document:' || document.prid || '/' || document.document_id
         WHERE document.digest IS NULL AND gone_at IS NULL
           AND coalesce(attempt.try_at, 0) <= ?1
         ORDER BY coalesce(application.day, '9999'), application.starts, document.prid,
             document.position
         LIMIT ?2",
    )?;
    let mut rows = query.query(params![columns::ms(now), most])?;
    let mut coming = Vec::new();
    while let Some(row) = rows.next()? {
        coming.push(Coming {
            prid: super::application::prid(&row.get::<_, String>(0)?)?,
            id: DocumentId::new(row.get::<_, String>(1)?),
            rev: row.get(2)?,
        });
    }
    Ok(coming)
}

/// Counts the documents whose content is still to come.
///
/// # Errors
/// The store's own.
pub fn count_coming(view: &View<'_>) -> Result<u64, Error> {
    let mut query = view.prepare(
        "SELECT count(*) FROM document JOIN confirmed ON confirmed.prid = document.prid
         WHERE document.digest IS NULL AND gone_at IS NULL",
    )?;
    Ok(query.query_row([], |row| row.get(0))?)
}

/// Makes `documents` the documents of `prid`, and holds their content for the view.
pub(super) fn put_all(tx: &Tx<'_>, prid: &Prid, documents: &[Document]) -> Result<(), Error> {
    // Category and id are both unique: clear the way before a document takes another's place.
    tx.prepare("DELETE FROM document WHERE prid = ?1")?.execute([prid.as_str()])?;
    let mut insert = tx.prepare(
        "INSERT INTO document
             (prid, document_id, category, kind, name, language, ref_number, extra, digest, size,
              position)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
    )?;
    for (position, document) in documents.iter().enumerate() {
        let extra = (!document.extra.is_empty()).then(|| columns::json(&document.extra));
        insert.execute(params![
            prid.as_str(),
            document.id.as_str(),
            document.category,
            document.kind,
            document.name,
            document.language,
            document.ref_number,
            extra,
            document.digest.map(|digest| *digest.as_bytes()),
            document.size,
            position,
        ])?;
    }
    let held: Vec<Digest> = documents.iter().filter_map(|document| document.digest).collect();
    blob::hold(tx, &format!("view:{prid}"), &held)
}

/// Returns the document `id` of the application `prid` of this node.
///
/// # Errors
/// The store's own.
pub fn find(view: &View<'_>, prid: &Prid, id: &DocumentId) -> Result<Option<Document>, Error> {
    let mut query = view.prepare(
        "SELECT document_id, category, kind, name, language, ref_number, extra, digest, size
         FROM document WHERE prid = ?1 AND document_id = ?2",
    )?;
    let fields = query.query_row(params![prid.as_str(), id.as_str()], Fields::read).optional()?;
    fields.map(Fields::into_document).transpose()
}

/// Tells whether any application has a document `id`.
///
/// # Errors
/// The store's own.
pub fn exists(view: &View<'_>, id: &DocumentId) -> Result<bool, Error> {
    let mut query = view.prepare("SELECT 1 FROM document WHERE document_id = ?1")?;
    Ok(query.exists([id.as_str()])?)
}

struct Fields {
    id: String,
    category: String,
    kind: String,
    name: String,
    language: String,
    ref_number: Option<String>,
    extra: Option<String>,
    digest: Option<Vec<u8>>,
    size: Option<u64>,
}

impl Fields {
    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            id: row.get(0)?,
            category: row.get(1)?,
            kind: row.get(2)?,
            name: row.get(3)?,
            language: row.get(4)?,
            ref_number: row.get(5)?,
            extra: row.get(6)?,
            digest: row.get(7)?,
            size: row.get(8)?,
        })
    }

    fn into_document(self) -> Result<Document, Error> {
        Ok(Document {
            id: DocumentId::new(self.id),
            category: self.category,
            kind: self.kind,
            name: self.name,
            language: self.language,
            ref_number: self.ref_number,
            extra: self.extra.as_deref().map_or_else(|| Ok(Map::new()), columns::parse_json)?,
            digest: self.digest.as_deref().map(columns::digest).transpose()?,
            size: self.size,
        })
    }
}
