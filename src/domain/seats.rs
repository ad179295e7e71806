//! How the seats of a day follow master data (`contract/rules.md` §8.3).

use crate::domain::slot::{Offered, OnSale, Slot};
use crate::domain::status::Lifecycle;

/// What is to be done to a day so that it is as master data has it; nothing, if it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Following {
    /// Slots whose bookings are cancelled, first of all.
    pub cancel: Vec<Slot>,
    /// Slots that are taken off sale.
    pub close: Vec<Slot>,
    /// Slots that have another number of seats; where more are sold, as soon as those come back.
    pub resize: Vec<(Slot, u32)>,
    /// Slots that are put on sale, last of all.
    pub open: Vec<Offered>,
}

/// Decides how a day that has the slots `there` comes to have those `wanted`. Capacity and what is
/// sold of it are apart, so a slot that sells well is never taken for one that has lost kiosks.
///
/// A day that nobody has booked is simply made anew. On one that somebody has:
///
/// - where the center is closed now, or gone, every booking of the day is cancelled;
/// - another time for each person cancels them all in 1.2; in 1.1 the day stays as it is, and days
///   that are not on sale yet get the new time;
/// - fewer kiosks cancel them all in 1.2; in 1.1 no seat more is sold than there are kiosks;
/// - where it opens or closes at another time, the bookings of what falls away are cancelled.
///
/// Where nobody `may_cancel`, as on a center node, a slot that somebody has booked stays.
#[must_use]
pub fn follow(
    there: &[OnSale],
    wanted: &[Offered],
    lifecycle: Lifecycle,
    may_cancel: bool,
) -> Following {
    let mut following = Following::default();
    if there.iter().all(|one| one.sold == 0) {
        if !is_same(there, wanted) {
            following.close = there.iter().map(|one| one.slot.clone()).collect();
            following.open = wanted.to_vec();
        }
        return following;
    }
    let booked = || there.iter().filter(|one| one.sold > 0).map(|one| one.slot.clone());
    let is_closed = wanted.iter().all(|offered| offered.seats == 0);
    let has_new_step = !is_closed
        && step(wanted.iter().map(|offered| (&offered.slot, offered.seats)))
            != step(there.iter().map(|one| (&one.slot, one.capacity)));
    let newer = lifecycle == Lifecycle::V1_2;
    if has_new_step && !(newer && may_cancel) {
        return following;
    }
    if may_cancel && (is_closed || has_new_step) {
        following.cancel = booked().collect();
        following.close = there.iter().map(|one| one.slot.clone()).collect();
        following.open = wanted.to_vec();
        return following;
    }
    let kiosks = wanted.iter().map(|offered| offered.seats).max().unwrap_or(0);
    let had = there.iter().map(|one| one.capacity).max().unwrap_or(0);
    let cancels_all = newer && may_cancel && kiosks < had;
    if cancels_all {
        following.cancel = booked().collect();
    }
    let mut kept = Vec::new();
    for one in there {
        let sold = if cancels_all { 0 } else { one.sold };
        if wanted.iter().any(|offered| offered.slot == one.slot) {
            let is_right = one.capacity == kiosks.max(sold) && one.wanted == kiosks;
            if one.capacity != 0 && !is_right {
                following.resize.push((one.slot.clone(), kiosks));
            }
        } else if may_cancel || sold == 0 {
            if sold > 0 {
                following.cancel.push(one.slot.clone());
            }
            following.close.push(one.slot.clone());
        } else {
            kept.push(&one.slot);
        }
    }
    following.open = wanted
        .iter()
        .filter(|offered| !there.iter().any(|one| one.slot == offered.slot))
        .filter(|offered| !kept.iter().any(|slot| overlap(slot, &offered.slot)))
        .cloned()
        .collect();
    // A closed day's own row beside bookings that stay would say that nobody comes.
    if is_closed {
        following.open.clear();
    }
    following
}

fn is_same(there: &[OnSale], wanted: &[Offered]) -> bool {
    let pairs = || there.iter().zip(wanted);
    there.len() == wanted.len()
        && pairs().all(|(one, offered)| one.slot == offered.slot && one.capacity == offered.seats)
}

/// Returns the minutes that one person takes: those of the shortest slot, for only the last of a
/// half may be longer.
fn step<'s>(slots: impl Iterator<Item = (&'s Slot, u32)>) -> Option<i64> {
    slots
        .filter(|(_, seats)| *seats > 0)
        .map(|(slot, _)| slot.ends.duration_since(slot.starts).as_mins())
        .min()
}

fn overlap(one: &Slot, other: &Slot) -> bool {
    one.starts < other.ends && other.starts < one.ends
}

#[cfg(test)]
mod tests {
    use jiff::civil::{Date, Time, date, time};

    use super::*;
    use crate::domain::ids::CenterId;
    use crate::domain::slot::{Hours, closed_day};

    const DAY: Date = date(2026, 11, 30);

    fn center() -> CenterId {
        CenterId::new("10001")
    }

    fn hours() -> Hours {
        let hour = |hour| time(hour, 0, 0, 0);
        Hours { opens: hour(9), closes: hour(12), lunch: (hour(10), hour(11)), step: 30 }
    }

    fn offered(hours: &Hours, lifecycle: Lifecycle, kiosks: u32) -> Vec<Offered> {
        hours.day(lifecycle, &center(), DAY, kiosks)
    }

    /// Puts `offered` on sale; of the slot that starts at nine so many seats are sold.
    fn on_sale(offered: &[Offered], sold: u32) -> Vec<OnSale> {
        let nine = time(9, 0, 0, 0);
        offered
            .iter()
            .map(|one| OnSale {
                slot: one.slot.clone(),
                capacity: one.seats,
                wanted: one.seats,
                sold: if one.slot.starts == nine { sold } else { 0 },
            })
            .collect()
    }

    fn starts(slots: &[Slot]) -> Vec<Time> {
        slots.iter().map(|slot| slot.starts).collect()
    }

    const BOTH: [Lifecycle; 2] = [Lifecycle::V1_1, Lifecycle::V1_2];

    #[test]
    fn a_day_without_rows_is_put_on_sale_and_one_that_is_right_is_left_alone() {
        for lifecycle in BOTH {
            let wanted = offered(&hours(), lifecycle, 4);
            let opened = follow(&[], &wanted, lifecycle, true);
            assert_eq!(opened, Following { open: wanted.clone(), ..Following::default() });
            for sold in [0, 1, 4] {
                let same = follow(&on_sale(&wanted, sold), &wanted, lifecycle, true);
                assert_eq!(same, Following::default(), "{sold} sold");
            }
        }
    }

    #[test]
    fn a_holiday_that_becomes_a_working_day_is_made_anew() {
        let wanted = offered(&hours(), Lifecycle::V1_1, 4);
        let holiday = on_sale(&closed_day(&center(), DAY), 0);
        let following = follow(&holiday, &wanted, Lifecycle::V1_1, false);
        assert_eq!(starts(&following.close), [Time::midnight()]);
        assert_eq!(following.open, wanted);
    }

    #[test]
    fn a_working_day_that_becomes_a_holiday_loses_its_bookings() {
        for lifecycle in BOTH {
            let there = on_sale(&offered(&hours(), lifecycle, 4), 2);
            let following = follow(&there, &closed_day(&center(), DAY), lifecycle, true);
            assert_eq!(starts(&following.cancel), [time(9, 0, 0, 0)]);
            assert_eq!(following.close.len(), there.len());
            assert_eq!(following.open, closed_day(&center(), DAY));
            // So does one of a center that is no more, which has no row at all then.
            let gone = follow(&there, &[], lifecycle, true);
            assert_eq!((gone.cancel.len(), gone.close.len()), (1, there.len()));
            assert_eq!(gone.open, []);
        }
    }

    #[test]
    fn another_time_for_each_person_cancels_the_day_in_1_2_alone() {
        let longer = Hours { step: 60, ..hours() };
        for lifecycle in BOTH {
            let there = on_sale(&offered(&hours(), lifecycle, 4), 1);
            let wanted = offered(&longer, lifecycle, 4);
            let following = follow(&there, &wanted, lifecycle, true);
            if lifecycle == Lifecycle::V1_2 {
                assert_eq!(starts(&following.cancel), [time(9, 0, 0, 0)]);
                assert_eq!(following.close.len(), there.len());
                assert_eq!(following.open, wanted);
            } else {
                assert_eq!(following, Following::default());
            }
            // Where nobody has booked, it costs nobody anything.
            let unsold = on_sale(&offered(&hours(), lifecycle, 4), 0);
            assert_eq!(follow(&unsold, &wanted, lifecycle, true).open, wanted);
        }
    }

    #[test]
    fn more_kiosks_cancel_nothing_and_fewer_cancel_the_day_in_1_2_alone() {
        for lifecycle in BOTH {
            let there = on_sale(&offered(&hours(), lifecycle, 4), 3);
            let more = follow(&there, &offered(&hours(), lifecycle, 6), lifecycle, true);
            assert_eq!((more.cancel.len(), more.close.len(), more.open.len()), (0, 0, 0));
            assert!(more.resize.iter().all(|(_, seats)| *seats == 6));
            assert_eq!(more.resize.len(), 4, "lunch has none");

            let fewer = follow(&there, &offered(&hours(), lifecycle, 2), lifecycle, true);
            let seats: Vec<u32> = fewer.resize.iter().map(|(_, seats)| *seats).collect();
            if lifecycle == Lifecycle::V1_2 {
                assert_eq!(starts(&fewer.cancel), [time(9, 0, 0, 0)]);
                assert_eq!(seats, [2, 2, 2, 2]);
            } else {
                assert_eq!(fewer.cancel, []);
                assert_eq!(seats, [2, 2, 2, 2], "what is sold comes off as it is given back");
                let mut held = there.clone();
                for one in &mut held {
                    (one.capacity, one.wanted) = (one.capacity.min(2).max(one.sold), 2);
                }
                let lunch = held.iter_mut().filter(|one| one.slot.starts == time(10, 0, 0, 0));
                lunch.for_each(|one| (one.capacity, one.wanted) = (0, 0));
                let wanted = offered(&hours(), lifecycle, 2);
                assert_eq!(follow(&held, &wanted, lifecycle, true), Following::default());
            }
        }
    }

    #[test]
    fn a_full_slot_is_no_sign_of_fewer_kiosks() {
        let wanted = offered(&hours(), Lifecycle::V1_2, 4);
        let there = on_sale(&wanted, 4);
        assert_eq!(follow(&there, &wanted, Lifecycle::V1_2, true), Following::default());
    }

    #[test]
    fn moved_doors_add_what_they_add_and_cancel_what_falls_away() {
        for lifecycle in BOTH {
            let there = on_sale(&offered(&hours(), lifecycle, 4), 1);
            let later = Hours { opens: time(9, 30, 0, 0), closes: time(12, 30, 0, 0), ..hours() };
            let following = follow(&there, &offered(&later, lifecycle, 4), lifecycle, true);
            assert_eq!(starts(&following.cancel), [time(9, 0, 0, 0)]);
            assert_eq!(starts(&following.close), [time(9, 0, 0, 0)]);
            assert_eq!(following.resize, []);
            let opened: Vec<Time> = following.open.iter().map(|one| one.slot.starts).collect();
            assert_eq!(opened, [time(12, 0, 0, 0)]);
        }
    }

    /// I6
    #[test]
    fn where_nobody_may_cancel_what_is_booked_stays() {
        for lifecycle in BOTH {
            let there = on_sale(&offered(&hours(), lifecycle, 4), 2);
            let later = Hours { opens: time(9, 15, 0, 0), ..hours() };
            for wanted in [
                closed_day(&center(), DAY),
                Vec::new(),
                offered(&hours(), lifecycle, 1),
                offered(&Hours { step: 60, ..hours() }, lifecycle, 4),
                offered(&later, lifecycle, 4),
            ] {
                let following = follow(&there, &wanted, lifecycle, false);
                assert_eq!(following.cancel, []);
                assert!(!starts(&following.close).contains(&time(9, 0, 0, 0)));
                let nine = &there[0].slot;
                assert!(following.open.iter().all(|one| !overlap(nine, &one.slot)));
            }
        }
    }
}
