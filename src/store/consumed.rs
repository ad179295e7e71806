//! Applications that registration has taken over: first told of, then moved out of the view.

use jiff::Timestamp;
use jiff::civil::{Date, Time};
use rusqlite::{OptionalExtension as _, params};

use crate::domain::application::Application;
use crate::domain::ids::{CenterId, Digest};
use crate::domain::prid::Prid;
use crate::store::attempt::Subject;
use crate::store::{Error, Tx, View, attempt, blob, columns};

/// Notes that the registration processor has taken `prid` over; a second time changes nothing.
///
/// # Errors
/// The store's own.
pub fn told(tx: &Tx<'_>, prid: &Prid, now: Timestamp) -> Result<(), Error> {
    tx.prepare("INSERT INTO processed (prid, told_at) VALUES (?1, ?2) ON CONFLICT DO NOTHING")?
        .execute(params![prid.as_str(), columns::ms(now)])?;
    Ok(())
}

/// Notes that central is to be told as well that `prid` is taken over; a second time changes nothing.
///
/// # Errors
/// The store's own.
pub fn relay(tx: &Tx<'_>, prid: &Prid, now: Timestamp) -> Result<(), Error> {
    let upstream = super::application::upstream_prid(tx, prid)?;
    tx.prepare("INSERT INTO relay (prid, told_at) VALUES (?1, ?2) ON CONFLICT DO NOTHING")?
        .execute(params![upstream.as_ref().unwrap_or(prid).as_str(), columns::ms(now)])?;
    Ok(())
}

/// Returns up to `most` that central is to be told of, by central's PRIDs, the first told first; none
/// while telling it waits for another try. What is still to be made at central waits for that.
///
/// # Errors
/// The store's own.
pub fn to_relay(view: &View<'_>, now: Timestamp, most: u32) -> Result<Vec<Prid>, Error> {
    let mut query = view.prepare(
        "SELECT prid FROM relay
         WHERE NOT EXISTS (SELECT 1 FROM attempt WHERE subject = ?1 AND try_at > ?2)
           AND NOT EXISTS (SELECT 1 FROM operation
                           WHERE operation.prid = relay.prid AND outcome IS NULL)
         ORDER BY told_at, prid LIMIT ?3",
    )?;
    let subject = Subject::consumed();
    let rows = query.query_map(params![subject.as_str(), columns::ms(now), most], |row| {
        row.get::<_, String>(0)
    })?;
    rows.map(|text| super::application::prid(&text?)).collect()
}

/// Forgets that central is to be told of `prids`: it was.
///
/// # Errors
/// The store's own.
pub fn relayed(tx: &Tx<'_>, prids: &[Prid]) -> Result<(), Error> {
    for prid in prids {
        tx.prepare("DELETE FROM relay WHERE prid = ?1")?.execute([prid.as_str()])?;
    }
    attempt::succeeded(tx, &Subject::consumed())
}

/// Returns up to `most` applications that were told of and not moved yet, the first told first.
///
/// # Errors
/// The store's own.
pub fn waiting(view: &View<'_>, most: u32) -> Result<Vec<Prid>, Error> {
    let mut query = view.prepare("SELECT prid FROM processed ORDER BY told_at, prid LIMIT ?1")?;
    let rows = query.query_map([most], |row| row.get::<_, String>(0))?;
    rows.map(|text| super::application::prid(&text?)).collect()
}

/// Forgets that `prid` was told of: it is moved, or was never here.
///
/// # Errors
/// The store's own.
pub fn settled(tx: &Tx<'_>, prid: &Prid) -> Result<(), Error> {
    tx.prepare("DELETE FROM processed WHERE prid = ?1")?.execute([prid.as_str()])?;
    Ok(())
}

/// Keeps an application that leaves the view, and the contents of its documents. Only
/// `services::perform` calls this.
///
/// # Errors
/// The store's own.
pub fn put(tx: &Tx<'_>, application: &Application, now: Timestamp) -> Result<(), Error> {
    let slot = application.appointment.as_ref().map(|appointment| &appointment.slot);
    tx.prepare(
        "INSERT OR REPLACE INTO consumed (prid, content, center_id, day, starts, consumed_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?
    .execute(params![
        application.prid.as_str(),
        columns::json(application),
        slot.map(|slot| slot.center.as_str()),
        slot.map(|slot| columns::day(slot.day)),
        slot.map(|slot| columns::time(slot.starts)),
        columns::ms(now),
    ])?;
    let held: Vec<Digest> =
        application.documents.iter().filter_map(|document| document.digest).collect();
    blob::hold(tx, &format!("consumed:{}", application.prid), &held)
}

/// Returns the application that was consumed as `prid`.
///
/// # Errors
/// The store's own.
pub fn find(view: &View<'_>, prid: &Prid) -> Result<Option<Application>, Error> {
    let mut query = view.prepare("SELECT content FROM consumed WHERE prid = ?1")?;
    let content = query.query_row([prid.as_str()], |row| row.get::<_, String>(0)).optional()?;
    content.as_deref().map(columns::parse_json).transpose()
}

/// Returns the seats at `center` that consumed applications hold: a seat is not sold again because
/// its resident came early.
///
/// # Errors
/// The store's own.
pub fn seats(view: &View<'_>, center: &CenterId) -> Result<Vec<(Date, Time)>, Error> {
    let mut query =
        view.prepare("SELECT day, starts FROM consumed WHERE center_id = ?1 ORDER BY day, starts")?;
    let mut rows = query.query([center.as_str()])?;
    let mut seats = Vec::new();
    while let Some(row) = rows.next()? {
        let day = columns::parse_day(&row.get::<_, String>(0)?)?;
        seats.push((day, columns::parse_time(&row.get::<_, String>(1)?)?));
    }
    Ok(seats)
}
