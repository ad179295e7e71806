//! The view of applications, and the PRIDs they go by.

use jiff::Timestamp;
use jiff::civil::Date;
use rusqlite::{OptionalExtension as _, Row, params};
use serde_json::Map;

use crate::domain::application::{Application, Kind};
use crate::domain::identity::Identity;
use crate::domain::ids::CenterId;
use crate::domain::prid::Prid;
use crate::domain::slot::{Appointment, Slot};
use crate::domain::status::Status;
use crate::store::{Error, Tx, View, blob, columns, document, operation};

const COLUMNS: &str = "prid, kind, language, identity, status, created_by, created_at, updated_by,
    updated_at, center_id, day, starts, ends, booking_rev, extra";

/// Returns the application that goes by `prid`, be it this node's PRID or central's.
///
/// # Errors
/// The store's own.
pub fn find(view: &View<'_>, prid: &Prid) -> Result<Option<Application>, Error> {
    let mut query = view.prepare(&format!(
        "SELECT {COLUMNS} FROM application
         WHERE prid = coalesce((SELECT prid FROM alias WHERE upstream_prid = ?1), ?1)"
    ))?;
    let Some(fields) = query.query_row([prid.as_str()], Fields::read).optional()? else {
        return Ok(None);
    };
    let mut application = fields.into_application()?;
    application.documents = document::all(view, &application.prid)?;
    Ok(Some(application))
}

/// Returns the applications with data that `maker` made and that are not consumed, newest first:
/// at most `most`, after the first `skipped`.
///
/// # Errors
/// The store's own.
pub fn made_by(
    view: &View<'_>,
    maker: &str,
    skipped: usize,
    most: usize,
) -> Result<Vec<Application>, Error> {
    let mut query = view.prepare(&format!(
        "SELECT {COLUMNS} FROM application
         WHERE created_by = ?1 AND kind = 'new' AND status <> 'Consumed'
         ORDER BY created_at DESC, prid LIMIT ?2 OFFSET ?3"
    ))?;
    let bound = |count| i64::try_from(count).unwrap_or(i64::MAX);
    let rows = query.query_map(params![maker, bound(most), bound(skipped)], Fields::read)?;
    let mut applications = Vec::new();
    for row in rows {
        let mut application = row?.into_application()?;
        application.documents = document::all(view, &application.prid)?;
        applications.push(application);
    }
    Ok(applications)
}

/// Counts what [`made_by`] can return.
///
/// # Errors
/// The store's own.
pub fn count_made_by(view: &View<'_>, maker: &str) -> Result<usize, Error> {
    let mut query = view.prepare(
        "SELECT count(*) FROM application
         WHERE created_by = ?1 AND kind = 'new' AND status <> 'Consumed'",
    )?;
    Ok(query.query_row([maker], |row| row.get(0))?)
}

/// Returns when the data or the status of the application that goes by `prid` changed last; nothing
/// for one without data, for its answers tell no such time.
///
/// # Errors
/// The store's own.
pub fn updated_at(view: &View<'_>, prid: &Prid) -> Result<Option<Timestamp>, Error> {
    let mut query = view.prepare(
        "SELECT updated_at FROM application
         WHERE prid = coalesce((SELECT prid FROM alias WHERE upstream_prid = ?1), ?1)
           AND kind = 'new'",
    )?;
    let ms = query.query_row([prid.as_str()], |row| row.get(0)).optional()?;
    ms.map(columns::instant).transpose()
}

/// An appointment in a list: whose, when, and which version of the application it was read from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Booked {
    /// The PRID at this node.
    pub prid: Prid,
    /// The PRID to list it under: central's, once known.
    pub listed_as: Prid,
    /// The appointment.
    pub appointment: Appointment,
    /// The version of the view.
    pub version: i64,
    /// What the application is for.
    pub kind: Kind,
}

/// Returns the appointments at `center` from `first` to `last`, both included, of applications that
/// are booked or expired and that upstream still has, by day and start; with a `maker` those that
/// they made.
///
/// # Errors
/// The store's own.
pub fn appointments(
    view: &View<'_>,
    center: &CenterId,
    first: Date,
    last: Date,
    maker: Option<&str>,
) -> Result<Vec<Booked>, Error> {
    let mut query = view.prepare(
        "SELECT application.prid, coalesce(alias.upstream_prid, application.prid),
                center_id, day, starts, ends, booking_rev, version, kind
         FROM application LEFT JOIN alias ON alias.prid = application.prid
         WHERE center_id = ?1 AND day BETWEEN ?2 AND ?3 AND status IN ('Booked', 'Expired')
           AND created_by = coalesce(?4, created_by)
           AND NOT EXISTS (
               SELECT 1 FROM confirmed
               WHERE confirmed.prid = application.prid AND gone_at IS NOT NULL)
         ORDER BY day, starts, application.prid",
    )?;
    let mut rows =
        query.query(params![center.as_str(), columns::day(first), columns::day(last), maker])?;
    let mut booked = Vec::new();
    while let Some(row) = rows.next()? {
        let fields = AppointmentFields::read(row, 2)?;
        booked.push(Booked {
            prid: prid(&row.get::<_, String>(0)?)?,
            listed_as: prid(&row.get::<_, String>(1)?)?,
            appointment: fields.into_appointment()?.ok_or(Error::Row("an appointment"))?,
            version: row.get(7)?,
            kind: columns::parse_kind(&row.get::<_, String>(8)?)?,
        });
    }
    Ok(booked)
}

/// An appointment that holds a seat, whatever its application's status.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holding {
    /// The PRID at this node.
    pub prid: Prid,
    /// The application's status.
    pub status: Status,
    /// The appointment.
    pub appointment: Appointment,
}

/// Returns every appointment at `center` from `first` to `last`, both included, by day and start.
///
/// # Errors
/// The store's own.
pub fn holding(
    view: &View<'_>,
    center: &CenterId,
    first: Date,
    last: Date,
) -> Result<Vec<Holding>, Error> {
    let mut query = view.prepare(
        "SELECT prid, status, center_id, day, starts, ends, booking_rev FROM application
         WHERE center_id = ?1 AND day BETWEEN ?2 AND ?3 ORDER BY day, starts, prid",
    )?;
    let mut rows =
        query.query(params![center.as_str(), columns::day(first), columns::day(last)])?;
    let mut holding = Vec::new();
    while let Some(row) = rows.next()? {
        let fields = AppointmentFields::read(row, 2)?;
        holding.push(Holding {
            prid: prid(&row.get::<_, String>(0)?)?,
            status: columns::status(&row.get::<_, String>(1)?)?,
            appointment: fields.into_appointment()?.ok_or(Error::Row("an appointment"))?,
        });
    }
    Ok(holding)
}

/// Returns up to `most` applications that are booked for a day before `today`.
///
/// # Errors
/// The store's own.
pub fn overdue(view: &View<'_>, today: Date, most: u32) -> Result<Vec<Prid>, Error> {
    let mut query = view.prepare(
        "SELECT prid FROM application WHERE status = 'Booked' AND day < ?1 ORDER BY day LIMIT ?2",
    )?;
    let rows =
        query.query_map(params![columns::day(today), most], |row| row.get::<_, String>(0))?;
    rows.map(|text| prid(&text?)).collect()
}

/// Writes the view of one application, documents included. Only `services::perform` calls this.
///
/// # Errors
/// The store's own.
pub fn put(tx: &Tx<'_>, application: &Application) -> Result<(), Error> {
    let slot = application.appointment.as_ref().map(|appointment| &appointment.slot);
    let extra = (!application.extra.is_empty()).then(|| columns::json(&application.extra));
    let mut upsert = tx.prepare(
        "INSERT INTO application
             (prid, kind, language, identity, status, created_by, created_at, updated_by,
              updated_at, center_id, day, starts, ends, booking_rev, extra, version)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, 1)
         ON CONFLICT (prid) DO UPDATE SET
             kind = excluded.kind, language = excluded.language, identity = excluded.identity,
             status = excluded.status, created_by = excluded.created_by,
             created_at = excluded.created_at, updated_by = excluded.updated_by,
             updated_at = excluded.updated_at, center_id = excluded.center_id,
             day = excluded.day, starts = excluded.starts, ends = excluded.ends,
             booking_rev = excluded.booking_rev, extra = excluded.extra, version = version + 1",
    )?;
    upsert.execute(params![
        application.prid.as_str(),
        columns::kind(application.kind),
        application.language,
        columns::json(&application.identity),
        application.status.as_str(),
        application.created_by,
        columns::ms(application.created_at),
        application.updated_by,
        columns::ms(application.updated_at),
        slot.map(|slot| slot.center.as_str()),
        slot.map(|slot| columns::day(slot.day)),
        slot.map(|slot| columns::time(slot.starts)),
        slot.map(|slot| columns::time(slot.ends)),
        application.booking_rev,
        extra,
    ])?;
    document::put_all(tx, &application.prid, &application.documents)
}

/// Takes the view of `prid` away: it is deleted here. What upstream said of it, and the operations,
/// stay. Only `services::perform` calls this.
///
/// # Errors
/// The store's own.
pub fn hide(tx: &Tx<'_>, prid: &Prid) -> Result<(), Error> {
    tx.prepare("DELETE FROM application WHERE prid = ?1")?.execute([prid.as_str()])?;
    blob::hold(tx, &format!("view:{prid}"), &[])
}

/// Erases all there is of `prid`: view, *confirmed*, operations and their contents. Only
/// `services::perform` calls this.
///
/// # Errors
/// The store's own.
pub fn erase(tx: &Tx<'_>, prid: &Prid) -> Result<(), Error> {
    hide(tx, prid)?;
    operation::erase(tx, prid)?;
    blob::hold(tx, &format!("confirmed:{prid}"), &[])?;
    for statement in [
        "DELETE FROM attempt
         WHERE subject = 'record:' || coalesce(
                   (SELECT upstream_prid FROM alias WHERE prid = ?1), ?1)
            OR subject GLOB 'document:' || ?1 || '/*'",
        "DELETE FROM confirmed WHERE prid = ?1",
        "DELETE FROM listed WHERE prid = ?1",
        "DELETE FROM alias WHERE prid = ?1",
        // What waits is still to be told: that the appointment is cancelled.
        "DELETE FROM message WHERE prid = ?1 AND outcome IS NOT NULL",
    ] {
        tx.prepare(statement)?.execute([prid.as_str()])?;
    }
    Ok(())
}

/// Counts the applications of the view.
///
/// # Errors
/// The store's own.
pub fn count(view: &View<'_>) -> Result<u64, Error> {
    Ok(view.prepare("SELECT count(*) FROM application")?.query_row([], |row| row.get(0))?)
}

/// Tells whether an application is in a status that only lifecycle 1.2 has.
///
/// # Errors
/// The store's own.
pub fn any_of_1_2(view: &View<'_>) -> Result<bool, Error> {
    let mut query = view.prepare(
        "SELECT EXISTS (
             SELECT 1 FROM application
             WHERE status IN ('Application_Incomplete', 'Cancelled', 'Prefetched'))",
    )?;
    Ok(query.query_row([], |row| row.get(0))?)
}

/// Returns the PRID that central drew for the application made here as `prid`, once it is known.
///
/// # Errors
/// The store's own.
pub fn upstream_prid(view: &View<'_>, here: &Prid) -> Result<Option<Prid>, Error> {
    let mut query = view.prepare("SELECT upstream_prid FROM alias WHERE prid = ?1")?;
    let text = query.query_row([here.as_str()], |row| row.get::<_, String>(0)).optional()?;
    text.map(|text| prid(&text)).transpose()
}

/// Returns the PRID at this node of the application that central calls `upstream`.
///
/// # Errors
/// The store's own.
pub fn local_prid(view: &View<'_>, upstream: &Prid) -> Result<Prid, Error> {
    let mut query = view.prepare("SELECT prid FROM alias WHERE upstream_prid = ?1")?;
    let text = query.query_row([upstream.as_str()], |row| row.get::<_, String>(0)).optional()?;
    text.map_or_else(|| Ok(upstream.clone()), |text| prid(&text))
}

/// Remembers that central calls the application `here` by the PRID `upstream`.
///
/// Where it came in under that PRID before anybody knew that it is the same, what was done to that
/// one here is done to this one, and its record is to be fetched again.
///
/// # Errors
/// The store's own; a PRID that is somebody else's alias is one of them.
pub fn put_alias(tx: &Tx<'_>, here: &Prid, upstream: &Prid) -> Result<(), Error> {
    let both = [here.as_str(), upstream.as_str()];
    tx.prepare("INSERT INTO alias (prid, upstream_prid) VALUES (?1, ?2)")?.execute(both)?;
    if here == upstream {
        return Ok(());
    }
    tx.prepare("UPDATE operation SET prid = ?1 WHERE prid = ?2")?.execute(both)?;
    tx.prepare("UPDATE OR REPLACE relay SET prid = ?2 WHERE prid = ?1")?.execute(both)?;
    let upstream = upstream.as_str();
    tx.prepare("DELETE FROM application WHERE prid = ?1")?.execute([upstream])?;
    tx.prepare("DELETE FROM confirmed WHERE prid = ?1")?.execute([upstream])?;
    for holder in ["view", "confirmed"] {
        blob::hold(tx, &format!("{holder}:{upstream}"), &[])?;
    }
    tx.prepare("UPDATE listing SET fetched_listed = NULL, fetched_updated = NULL WHERE prid = ?1")?
        .execute([upstream])?;
    Ok(())
}

pub(super) fn prid(text: &str) -> Result<Prid, Error> {
    Prid::parse(text).map_err(|_| Error::Row("a PRID"))
}

struct Fields {
    prid: String,
    kind: String,
    language: String,
    identity: String,
    status: String,
    created_by: String,
    created_at: i64,
    updated_by: String,
    updated_at: i64,
    appointment: AppointmentFields,
    extra: Option<String>,
}

impl Fields {
    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            prid: row.get(0)?,
            kind: row.get(1)?,
            language: row.get(2)?,
            identity: row.get(3)?,
            status: row.get(4)?,
            created_by: row.get(5)?,
            created_at: row.get(6)?,
            updated_by: row.get(7)?,
            updated_at: row.get(8)?,
            appointment: AppointmentFields::read(row, 9)?,
            extra: row.get(14)?,
        })
    }

    fn into_application(self) -> Result<Application, Error> {
        let extra = self.extra.as_deref().map_or_else(|| Ok(Map::new()), columns::parse_json)?;
        let identity: Identity = columns::parse_json(&self.identity)?;
        let booking_rev = self.appointment.booking_rev;
        Ok(Application {
            prid: prid(&self.prid)?,
            kind: columns::parse_kind(&self.kind)?,
            language: self.language,
            identity,
            status: columns::status(&self.status)?,
            created_by: self.created_by,
            created_at: columns::instant(self.created_at)?,
            updated_by: self.updated_by,
            updated_at: columns::instant(self.updated_at)?,
            documents: Vec::new(),
            appointment: self.appointment.into_appointment()?,
            booking_rev,
            extra,
        })
    }
}

pub(super) struct AppointmentFields {
    center: Option<String>,
    day: Option<String>,
    starts: Option<String>,
    ends: Option<String>,
    booking_rev: u32,
}

impl AppointmentFields {
    pub(super) fn read(row: &Row<'_>, first: usize) -> rusqlite::Result<Self> {
        Ok(Self {
            center: row.get(first)?,
            day: row.get(first + 1)?,
            starts: row.get(first + 2)?,
            ends: row.get(first + 3)?,
            booking_rev: row.get(first + 4)?,
        })
    }

    pub(super) fn into_appointment(self) -> Result<Option<Appointment>, Error> {
        let (Some(center), Some(day), Some(starts), Some(ends)) =
            (self.center, self.day, self.starts, self.ends)
        else {
            return Ok(None);
        };
        let slot = Slot {
            center: CenterId::new(center),
            day: columns::parse_day(&day)?,
            starts: columns::parse_time(&starts)?,
            ends: columns::parse_time(&ends)?,
        };
        Ok(Some(Appointment { slot, booking_rev: self.booking_rev }))
    }
}
