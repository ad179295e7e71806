//! Slots and appointments: working days to slots (`contract/rules.md` §8.2).

use jiff::ToSpan as _;
use jiff::civil::{Date, DateTime, Time};
use serde::{Deserialize, Serialize};

use crate::domain::ids::CenterId;
use crate::domain::status::Lifecycle;

/// A stretch of a day at a center, for which seats are sold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Slot {
    /// The center.
    pub center: CenterId,
    /// The day, by the country's calendar.
    pub day: Date,
    /// When it starts, by the country's clock.
    pub starts: Time,
    /// When it ends.
    pub ends: Time,
}

/// A slot that an application holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Appointment {
    /// The slot.
    pub slot: Slot,
    /// Counts the bookings, cancellations and expiries of the application, so that an operation
    /// that names an older one is known to be stale.
    pub booking_rev: u32,
}

impl Appointment {
    /// Returns the start of the slot by the country's clock.
    #[must_use]
    pub fn start(&self) -> DateTime {
        self.slot.day.to_datetime(self.slot.starts)
    }

    /// Tells whether at `local`, by the country's clock, so many whole hours are left until the start.
    /// They are cut toward zero, so with 0 hours one that began up to 59 minutes ago still passes; in
    /// 1.2 nothing is asked for 0 (`contract/rules.md` §8.6).
    #[must_use]
    pub fn is_hours_ahead(&self, hours: i64, lifecycle: Lifecycle, local: DateTime) -> bool {
        let unasked = lifecycle == Lifecycle::V1_2 && hours <= 0;
        unasked || self.start().duration_since(local).as_hours() >= hours
    }
}

/// A slot, and how many may have it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offered {
    /// The slot.
    pub slot: Slot,
    /// Seats in it. A closed day is one slot from midnight to midnight without seats, and in 1.2 so
    /// is the lunch break (`contract/rules.md` §8.1).
    pub seats: u32,
}

/// A slot on sale, and how it sells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OnSale {
    /// The slot.
    pub slot: Slot,
    /// Seats in it, kept apart from those that are left.
    pub capacity: u32,
    /// Seats that master data gives it; fewer than the capacity where more are sold.
    pub wanted: u32,
    /// Seats that are sold.
    pub sold: u32,
}

/// Returns what is offered on a day on which `center` is closed.
#[must_use]
pub fn closed_day(center: &CenterId, day: Date) -> Vec<Offered> {
    let midnight = Time::midnight();
    let slot = Slot { center: center.clone(), day, starts: midnight, ends: midnight };
    vec![Offered { slot, seats: 0 }]
}

/// The working time of a center on a day it works.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hours {
    /// When the first slot starts.
    pub opens: Time,
    /// When the last slot ends.
    pub closes: Time,
    /// From when to when nobody is served; equal times mean no break.
    pub lunch: (Time, Time),
    /// Minutes that one person takes at one kiosk; at least 1.
    pub step: i64,
}

impl Hours {
    /// Returns what `kiosks` kiosks offer on a day, in order.
    ///
    /// In 1.1 the minutes that are left over at the end of each half make its last slot longer; in
    /// 1.2 they are lost, the lunch break is a slot without seats, and a center that opens or closes
    /// at midnight has no slot at all.
    #[must_use]
    pub fn day(
        &self,
        lifecycle: Lifecycle,
        center: &CenterId,
        day: Date,
        kiosks: u32,
    ) -> Vec<Offered> {
        let newer = lifecycle == Lifecycle::V1_2;
        if newer && (self.opens == Time::midnight() || self.closes == Time::midnight()) {
            return Vec::new();
        }
        let (from, to) = self.lunch;
        let has_lunch = from < to && self.opens <= from && to <= self.closes;
        let halves = if has_lunch {
            vec![(self.opens, from), (to, self.closes)]
        } else {
            vec![(self.opens, self.closes)]
        };
        let slot = |starts, ends| Slot { center: center.clone(), day, starts, ends };
        let mut offered = Vec::new();
        for (opens, closes) in halves {
            let step = self.step.max(1);
            let whole = minutes(opens, closes) / step;
            for n in 0..whole {
                let at = |n: i64| opens.wrapping_add((n * step).minutes());
                let takes_the_rest = !newer && n + 1 == whole;
                let ends = if takes_the_rest { closes } else { at(n + 1) };
                offered.push(Offered { slot: slot(at(n), ends), seats: kiosks });
            }
            if newer && has_lunch && closes == from {
                offered.push(Offered { slot: slot(from, to), seats: 0 });
            }
        }
        offered
    }
}

fn minutes(from: Time, to: Time) -> i64 {
    let minute = |time: Time| i64::from(time.hour()) * 60 + i64::from(time.minute());
    minute(to) - minute(from)
}

#[cfg(test)]
mod tests {
    use jiff::civil::{date, time};

    use super::*;

    fn hours(step: i64, closes: Time) -> Hours {
        let hour = |h| time(h, 0, 0, 0);
        Hours { opens: hour(9), closes, lunch: (hour(13), hour(14)), step }
    }

    fn day(hours: &Hours, lifecycle: Lifecycle) -> Vec<(String, String, u32)> {
        let text = |time: Time| time.strftime("%H:%M").to_string();
        hours
            .day(lifecycle, &CenterId::new("10001"), date(2026, 11, 23), 4)
            .iter()
            .map(|offered| (text(offered.slot.starts), text(offered.slot.ends), offered.seats))
            .collect()
    }

    fn row(starts: &str, ends: &str, seats: u32) -> (String, String, u32) {
        (starts.into(), ends.into(), seats)
    }

    #[test]
    fn in_1_1_the_last_slot_of_a_half_takes_what_is_left() {
        let quarter = day(&hours(15, time(17, 0, 0, 0)), Lifecycle::V1_1);
        assert_eq!(quarter.len(), 28);
        assert_eq!(quarter[16], row("14:00", "14:15", 4));

        let long = day(&hours(25, time(17, 10, 0, 0)), Lifecycle::V1_1);
        assert_eq!(long.len(), 16);
        assert_eq!(long[8], row("12:20", "13:00", 4));
        assert_eq!(long[15], row("16:30", "17:10", 4));
    }

    #[test]
    fn in_1_2_what_is_left_is_lost_and_lunch_is_a_slot_without_seats() {
        let quarter = day(&hours(15, time(17, 0, 0, 0)), Lifecycle::V1_2);
        assert_eq!(quarter.len(), 29);
        assert_eq!(quarter[16], row("13:00", "14:00", 0));

        let long = day(&hours(25, time(17, 10, 0, 0)), Lifecycle::V1_2);
        assert_eq!(long.len(), 17);
        assert_eq!(long[8], row("12:20", "12:45", 4));
        assert_eq!(long[9], row("13:00", "14:00", 0));
        assert_eq!(long[16], row("16:30", "16:55", 4));
    }

    #[test]
    fn a_center_without_lunch_or_with_closed_doors_is_no_special_case() {
        let midnight = time(0, 0, 0, 0);
        let through = Hours { lunch: (midnight, midnight), ..hours(60, time(12, 0, 0, 0)) };
        let closed = Hours { closes: time(9, 0, 0, 0), ..through };
        for lifecycle in [Lifecycle::V1_1, Lifecycle::V1_2] {
            assert_eq!(day(&through, lifecycle).len(), 3);
            assert_eq!(day(&closed, lifecycle), []);
        }
        let no_hours = Hours { opens: midnight, ..through };
        assert_eq!(day(&no_hours, Lifecycle::V1_2), []);
        assert_eq!(day(&no_hours, Lifecycle::V1_1).len(), 12);
    }

    #[test]
    fn hours_before_an_appointment_are_whole_ones() {
        let slot = Slot {
            center: CenterId::new("10001"),
            day: date(2026, 11, 30),
            starts: time(9, 0, 0, 0),
            ends: time(9, 15, 0, 0),
        };
        let appointment = Appointment { slot, booking_rev: 1 };
        let at = |hour, minute| date(2026, 11, 30).at(hour, minute, 0, 0);
        let ahead = |hours, lifecycle, local| appointment.is_hours_ahead(hours, lifecycle, local);
        assert!(ahead(1, Lifecycle::V1_1, at(8, 0)));
        assert!(!ahead(1, Lifecycle::V1_1, at(8, 1)));
        assert!(ahead(0, Lifecycle::V1_1, at(9, 59)));
        assert!(!ahead(0, Lifecycle::V1_1, at(10, 0)));
        assert!(ahead(0, Lifecycle::V1_2, at(10, 0)), "not asked");
        assert!(!ahead(24, Lifecycle::V1_2, at(8, 0)));
    }
}
