//! Which slots are on sale, and which of them are listed.

use jiff::civil::Date;
use jiff::{Timestamp, ToSpan as _};

use crate::domain::ids::CenterId;
use crate::domain::master::{Center, Master};
use crate::domain::slot::{Hours, Offered, closed_day};
use crate::services::Rules;
use crate::services::booking::Error;
use crate::services::booking::numbers::Numbers;
use crate::store::slot::Free;
use crate::store::{self, Tx, View};

/// Returns the slots of `center` that are listed today, in order, the full ones among them
/// (`contract/rules.md` §8.4).
///
/// # Errors
/// [`Error::UnknownCenter`], [`Error::NoSlots`] if no seat is free, or the replica's failure.
pub fn availability(
    view: &View<'_>,
    center: &CenterId,
    master: &Master,
    rules: &Rules,
    now: Timestamp,
) -> Result<Vec<Free>, Error> {
    if master.center(center).is_none() {
        return Err(Error::UnknownCenter);
    }
    let numbers = Numbers::of(master, rules.lifecycle);
    // A center node sells its own seats to who stands at the door, so today's are listed.
    let offset = if rules.authority { numbers.offset } else { 0 };
    let local = rules.local(now);
    let mut first = local.date().saturating_add(offset.days());
    let mut days = numbers.listed;
    let mut free = Vec::new();
    // For each closed day another one is listed at the end.
    while days > 0 {
        let last = first.saturating_add((days - 1).days());
        let more = store::slot::free(view, center, first, last)?;
        days = more.chunk_by(same_day).filter(|day| day.len() == 1).count().try_into().unwrap_or(0);
        free.extend(more);
        first = last.saturating_add(1.day());
    }
    for free in &mut free {
        if free.slot.day.to_datetime(free.slot.starts) < local {
            free.seats = 0; // What has begun cannot be booked.
        }
    }
    if free.iter().any(|slot| slot.seats > 0) { Ok(free) } else { Err(Error::NoSlots) }
}

fn same_day(one: &Free, next: &Free) -> bool {
    one.slot.day == next.slot.day
}

/// Puts the days on sale that are not yet: of an authority every center's, of a center node its own
/// seats. Days that have rows already stay as they are, however master data has changed.
///
/// # Errors
/// The replica's failure.
pub fn open_days(
    tx: &Tx<'_>,
    master: &Master,
    rules: &Rules,
    now: Timestamp,
) -> Result<(), store::Error> {
    let days = Numbers::of(master, rules.lifecycle).on_sale;
    let today = rules.today(now);
    let concerned = |id: &CenterId| rules.authority || rules.center.as_ref() == Some(id);
    for center in master.centers().filter(|center| center.active && concerned(&center.id)) {
        for ahead in 0..days {
            let day = today.saturating_add(ahead.days());
            let offered = offered(center, day, master, rules);
            store::slot::open_day(tx, &center.id, day, &offered)?;
        }
    }
    Ok(())
}

/// Returns what is on sale at `center` on `day`, as master data and this node's configuration have
/// it; nothing where there is no kiosk.
fn offered(center: &Center, day: Date, master: &Master, rules: &Rules) -> Vec<Offered> {
    let kiosks = if rules.authority { u32::from(center.kiosks) } else { rules.local_kiosks };
    if kiosks == 0 {
        return Vec::new();
    }
    if !master.is_working_day(center, day) || master.is_holiday(center, day) {
        return closed_day(&center.id, day);
    }
    let hours = Hours {
        opens: center.start,
        closes: center.end,
        lunch: (center.lunch_start, center.lunch_end),
        step: center.step.as_mins(),
    };
    hours.day(rules.lifecycle, &center.id, day, kiosks)
}
