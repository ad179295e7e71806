//! The seats this node sells.

use jiff::civil::Date;
use rusqlite::params;

use crate::domain::ids::CenterId;
use crate::domain::slot::{Offered, OnSale, Slot};
use crate::store::{Error, Tx, View, columns};

/// A slot with the seats that are left in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Free {
    /// The slot.
    pub slot: Slot,
    /// Seats left; may be 0.
    pub seats: u32,
}

/// Puts slots on sale that are not.
///
/// # Errors
/// The store's own.
pub fn open(tx: &Tx<'_>, offered: &[Offered]) -> Result<(), Error> {
    let mut insert = tx.prepare(
        "INSERT INTO slot (center_id, day, starts, ends, capacity) VALUES (?1, ?2, ?3, ?4, ?5)",
    )?;
    for Offered { slot, seats } in offered {
        insert.execute(params![
            slot.center.as_str(),
            columns::day(slot.day),
            columns::time(slot.starts),
            columns::time(slot.ends),
            seats,
        ])?;
    }
    Ok(())
}

/// Takes `slot` off sale.
///
/// # Errors
/// The store's own.
pub fn close(tx: &Tx<'_>, slot: &Slot) -> Result<(), Error> {
    tx.prepare("DELETE FROM slot WHERE center_id = ?1 AND day = ?2 AND starts = ?3")?.execute(
        params![slot.center.as_str(), columns::day(slot.day), columns::time(slot.starts)],
    )?;
    Ok(())
}

/// Gives `slot` so many seats; if more are sold, as many as those until they are given back.
///
/// # Errors
/// The store's own.
pub fn resize(tx: &Tx<'_>, slot: &Slot, seats: u32) -> Result<(), Error> {
    tx.prepare(
        "UPDATE slot SET capacity = max(?4, sold), wanted = ?4
         WHERE center_id = ?1 AND day = ?2 AND starts = ?3",
    )?
    .execute(params![
        slot.center.as_str(),
        columns::day(slot.day),
        columns::time(slot.starts),
        seats,
    ])?;
    Ok(())
}

/// Returns the centers that have slots from the day `first` on.
///
/// # Errors
/// The store's own.
pub fn centers(view: &View<'_>, first: Date) -> Result<Vec<CenterId>, Error> {
    let mut query =
        view.prepare("SELECT DISTINCT center_id FROM slot WHERE day >= ?1 ORDER BY center_id")?;
    let rows = query.query_map([columns::day(first)], |row| row.get::<_, String>(0))?;
    rows.map(|id| Ok(CenterId::new(id?))).collect()
}

/// Returns the slots of `center` from `first` to `last`, both included, in order, the full ones
/// among them.
///
/// # Errors
/// The store's own.
pub fn free(
    view: &View<'_>,
    center: &CenterId,
    first: Date,
    last: Date,
) -> Result<Vec<Free>, Error> {
    let mut query = view.prepare(
        "SELECT day, starts, ends, capacity - sold FROM slot
         WHERE center_id = ?1 AND day BETWEEN ?2 AND ?3 ORDER BY day, starts",
    )?;
    let mut rows =
        query.query(params![center.as_str(), columns::day(first), columns::day(last)])?;
    let mut free = Vec::new();
    while let Some(row) = rows.next()? {
        free.push(Free {
            slot: Slot {
                center: center.clone(),
                day: columns::parse_day(&row.get::<_, String>(0)?)?,
                starts: columns::parse_time(&row.get::<_, String>(1)?)?,
                ends: columns::parse_time(&row.get::<_, String>(2)?)?,
            },
            seats: row.get(3)?,
        });
    }
    Ok(free)
}

/// Returns the slots of `center` from `first` to `last`, both included, in order, and how they sell.
///
/// # Errors
/// The store's own.
pub fn on_sale(
    view: &View<'_>,
    center: &CenterId,
    first: Date,
    last: Date,
) -> Result<Vec<OnSale>, Error> {
    let mut query = view.prepare(
        "SELECT day, starts, ends, capacity, sold, coalesce(wanted, capacity) FROM slot
         WHERE center_id = ?1 AND day BETWEEN ?2 AND ?3 ORDER BY day, starts",
    )?;
    let mut rows =
        query.query(params![center.as_str(), columns::day(first), columns::day(last)])?;
    let mut on_sale = Vec::new();
    while let Some(row) = rows.next()? {
        on_sale.push(OnSale {
            slot: Slot {
                center: center.clone(),
                day: columns::parse_day(&row.get::<_, String>(0)?)?,
                starts: columns::parse_time(&row.get::<_, String>(1)?)?,
                ends: columns::parse_time(&row.get::<_, String>(2)?)?,
            },
            capacity: row.get(3)?,
            sold: row.get(4)?,
            wanted: row.get(5)?,
        });
    }
    Ok(on_sale)
}

/// Tells whether `center` has any slot on sale.
///
/// # Errors
/// The store's own.
pub fn any(view: &View<'_>, center: &CenterId) -> Result<bool, Error> {
    let mut query = view.prepare("SELECT EXISTS (SELECT 1 FROM slot WHERE center_id = ?1)")?;
    Ok(query.query_row([center.as_str()], |row| row.get(0))?)
}

/// Takes one seat of `slot`; returns whether there was one to take.
///
/// # Errors
/// The store's own.
pub fn take(tx: &Tx<'_>, slot: &Slot) -> Result<bool, Error> {
    let mut update = tx.prepare(
        "UPDATE slot SET sold = sold + 1
         WHERE center_id = ?1 AND day = ?2 AND starts = ?3 AND ends = ?4 AND sold < capacity",
    )?;
    Ok(update.execute(params![
        slot.center.as_str(),
        columns::day(slot.day),
        columns::time(slot.starts),
        columns::time(slot.ends),
    ])? == 1)
}

/// Gives one seat of `slot` back, to be sold again unless it was one more than wanted; returns
/// whether there was one to give back.
///
/// # Errors
/// The store's own.
pub fn give_back(tx: &Tx<'_>, slot: &Slot) -> Result<bool, Error> {
    let mut update = tx.prepare(
        "UPDATE slot SET sold = sold - 1, capacity = max(coalesce(wanted, capacity), sold - 1)
         WHERE center_id = ?1 AND day = ?2 AND starts = ?3 AND sold > 0",
    )?;
    Ok(update.execute(params![
        slot.center.as_str(),
        columns::day(slot.day),
        columns::time(slot.starts),
    ])? == 1)
}
