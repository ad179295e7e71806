//! Which slots are on sale, and which of them are listed.

use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::{Timestamp, ToSpan as _};

use crate::domain::caller::Caller;
use crate::domain::ids::CenterId;
use crate::domain::master::{Center, Master};
use crate::domain::seats::{self, Following};
use crate::domain::slot::{Hours, Offered, OnSale, closed_day};
use crate::domain::status::Status;
use crate::entropy::Entropy;
use crate::services::Rules;
use crate::services::booking::numbers::Numbers;
use crate::services::booking::{Error, give_up};
use crate::services::notification::cancelled;
use crate::store::slot::Free;
use crate::store::{self, Tx, View};

/// Returns the slots of `center` that are listed today, in order, the full ones among them
/// (`contract/rules.md` §8.4).
///
/// # Errors
/// [`Error::UnknownCenter`], [`Error::NoSlots`] if none is there, or the replica's failure.
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
    if free.is_empty() { Err(Error::NoSlots) } else { Ok(free) }
}

fn same_day(one: &Free, next: &Free) -> bool {
    one.slot.day == next.slot.day
}

/// Returns the centers whose seats this node looks after: an authority all of them, a center node its
/// own, and either those that still have seats on sale though master data has lost them.
///
/// # Errors
/// The replica's failure.
pub fn centers(
    view: &View<'_>,
    master: &Master,
    rules: &Rules,
    now: Timestamp,
) -> Result<Vec<CenterId>, store::Error> {
    let mut ids = store::slot::centers(view, rules.today(now))?;
    ids.extend(master.centers().map(|center| center.id.clone()).filter(|id| is_ours(id, rules)));
    ids.sort();
    ids.dedup();
    Ok(ids)
}

fn is_ours(center: &CenterId, rules: &Rules) -> bool {
    rules.authority || rules.center.as_ref() == Some(center)
}

/// Returns the days, from today on, on which the seats of `center` are not as master data has them.
///
/// # Errors
/// The replica's failure.
pub fn days_behind(
    view: &View<'_>,
    center: &CenterId,
    master: &Master,
    rules: &Rules,
    now: Timestamp,
) -> Result<Vec<Date>, store::Error> {
    let today = rules.today(now);
    let mut days = BTreeMap::<Date, Vec<OnSale>>::new();
    for ahead in 0..Numbers::of(master, rules.lifecycle).on_sale {
        days.insert(today.saturating_add(ahead.days()), Vec::new());
    }
    for one in store::slot::on_sale(view, center, today, Date::MAX)? {
        days.entry(one.slot.day).or_default().push(one);
    }
    days.retain(|day, there| following(there, center, *day, master, rules) != Following::default());
    Ok(days.into_keys().collect())
}

/// Makes the seats of `center` on `days` as master data has them. Whose booking is cancelled by that
/// is told, unless it had expired; a center node cancels nobody's (`contract/rules.md` §8.3).
///
/// # Errors
/// The replica's failure.
#[expect(clippy::too_many_arguments, reason = "a cancelling hangs on all of them")]
pub fn follow_master(
    tx: &Tx<'_>,
    center: &CenterId,
    days: &[Date],
    caller: &Caller,
    master: &Master,
    rules: &Rules,
    entropy: &dyn Entropy,
    now: Timestamp,
) -> Result<(), store::Error> {
    for day in days {
        let there = store::slot::on_sale(tx, center, *day, *day)?;
        let following = following(&there, center, *day, master, rules);
        if !following.cancel.is_empty() {
            for one in store::application::holding(tx, center, *day, *day)? {
                // Also who has expired: a seat that is no more would be given back some day.
                let is_given_up = one.status != Status::Consumed
                    && following.cancel.contains(&one.appointment.slot);
                if is_given_up && let Some(application) = store::application::find(tx, &one.prid)? {
                    store::slot::give_back(tx, &one.appointment.slot)?;
                    give_up(tx, &application, caller, rules, entropy, now)?;
                    if one.status == Status::Booked {
                        cancelled(tx, &application, &one.appointment, master, rules, now)?;
                    }
                }
            }
        }
        for slot in &following.close {
            store::slot::close(tx, slot)?;
        }
        for (slot, seats) in &following.resize {
            store::slot::resize(tx, slot, *seats)?;
        }
        store::slot::open(tx, &following.open)?;
    }
    Ok(())
}

/// Makes the seats of every center as master data has them, for who prepares a replica.
///
/// # Errors
/// The replica's failure.
pub fn open_days(
    tx: &Tx<'_>,
    caller: &Caller,
    master: &Master,
    rules: &Rules,
    entropy: &dyn Entropy,
    now: Timestamp,
) -> Result<(), store::Error> {
    for center in centers(tx, master, rules, now)? {
        let days = days_behind(tx, &center, master, rules, now)?;
        follow_master(tx, &center, &days, caller, master, rules, entropy, now)?;
    }
    Ok(())
}

fn following(
    there: &[OnSale],
    center: &CenterId,
    day: Date,
    master: &Master,
    rules: &Rules,
) -> Following {
    let center = master.center(center).filter(|center| center.active && is_ours(&center.id, rules));
    let wanted = center.map(|center| offered(center, day, master, rules)).unwrap_or_default();
    seats::follow(there, &wanted, rules.lifecycle, rules.authority)
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
