//! What the lists of applications of every kind tell of one, without its data and documents.

use jiff::Timestamp;
use jiff::civil::Date;
use rusqlite::{Params, Row, params};

use crate::domain::application::Kind;
use crate::domain::ids::CenterId;
use crate::domain::prid::Prid;
use crate::domain::slot::Appointment;
use crate::domain::status::Status;
use crate::store::application::{AppointmentFields, prid};
use crate::store::{Error, View, columns};

/// What a list tells of an application.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Overview {
    /// The PRID to show: central's, once known.
    pub shown_as: Prid,
    /// What it is for.
    pub kind: Kind,
    /// Where it stands.
    pub status: Status,
    /// Who made it.
    pub created_by: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// Who changed it last.
    pub updated_by: String,
    /// When its data or status changed last.
    pub updated_at: Timestamp,
    /// Its appointment.
    pub appointment: Option<Appointment>,
    /// When the appointment was made, if it was here.
    pub booked_at: Option<Timestamp>,
}

const SELECT: &str = "SELECT coalesce(alias.upstream_prid, application.prid), kind, status,
        created_by, created_at, updated_by, updated_at,
        (SELECT max(made_at) FROM operation
         WHERE operation.prid = application.prid AND change ->> 'kind' = 'book'),
        center_id, day, starts, ends, booking_rev
    FROM application LEFT JOIN alias ON alias.prid = application.prid";

/// Returns what is told of the application `here`, by its PRID at this node.
///
/// # Errors
/// The store's own.
pub fn find(view: &View<'_>, here: &Prid) -> Result<Option<Overview>, Error> {
    let found = all(view, "WHERE application.prid = ?1", params![here.as_str()])?;
    Ok(found.into_iter().next())
}

/// Returns the applications that `maker` made and that are not consumed, newest first, at most
/// `most`; with a `kind` those of that kind.
///
/// # Errors
/// The store's own.
pub fn made_by(
    view: &View<'_>,
    maker: &str,
    kind: Option<Kind>,
    most: u32,
) -> Result<Vec<Overview>, Error> {
    all(
        view,
        "WHERE created_by = ?1 AND status <> 'Consumed' AND kind = coalesce(?2, kind)
         ORDER BY created_at DESC, application.prid LIMIT ?3",
        params![maker, kind.map(columns::kind), most],
    )
}

/// Returns the applications with an appointment at `center` from `first` to `last`, both included,
/// by day and start, at most `most`; with a `maker` those that they made.
///
/// # Errors
/// The store's own.
pub fn at_center(
    view: &View<'_>,
    center: &CenterId,
    (first, last): (Date, Date),
    maker: Option<&str>,
    most: u32,
) -> Result<Vec<Overview>, Error> {
    all(
        view,
        "WHERE center_id = ?1 AND day BETWEEN ?2 AND ?3 AND created_by = coalesce(?4, created_by)
         ORDER BY day, starts, application.prid LIMIT ?5",
        params![center.as_str(), columns::day(first), columns::day(last), maker, most],
    )
}

fn all(view: &View<'_>, which: &str, given: impl Params) -> Result<Vec<Overview>, Error> {
    let mut query = view.prepare(&format!("{SELECT} {which}"))?;
    let mut rows = query.query(given)?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(read(row)?);
    }
    Ok(found)
}

fn read(row: &Row<'_>) -> Result<Overview, Error> {
    let appointment = AppointmentFields::read(row, 8)?.into_appointment()?;
    let booked_at = row.get::<_, Option<i64>>(7)?.map(columns::instant).transpose()?;
    Ok(Overview {
        shown_as: prid(&row.get::<_, String>(0)?)?,
        kind: columns::parse_kind(&row.get::<_, String>(1)?)?,
        status: columns::status(&row.get::<_, String>(2)?)?,
        created_by: row.get(3)?,
        created_at: columns::instant(row.get(4)?)?,
        updated_by: row.get(5)?,
        updated_at: columns::instant(row.get(6)?)?,
        booked_at: booked_at.filter(|_| appointment.is_some()),
        appointment,
    })
}
