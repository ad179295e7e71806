//! Slots and appointments: working days to slots (`contract/rules.md` §8.2, lifecycle 1.1).

use jiff::civil::{Date, DateTime, Time};
use jiff::{Span, ToSpan as _};
use serde::{Deserialize, Serialize};

use crate::domain::ids::CenterId;

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
    /// Returns the slots of a day, in order. The minutes that are left over at the end of each half
    /// make its last slot longer.
    #[must_use]
    pub fn slots(&self, center: &CenterId, day: Date) -> Vec<Slot> {
        let (from, to) = self.lunch;
        let halves = if from < to && self.opens <= from && to <= self.closes {
            vec![(self.opens, from), (to, self.closes)]
        } else {
            vec![(self.opens, self.closes)]
        };
        let slot = |starts, ends| Slot { center: center.clone(), day, starts, ends };
        let mut slots = Vec::new();
        for (opens, closes) in halves {
            let whole = minutes(opens, closes) / self.step.max(1);
            for n in 0..whole {
                let starts = opens.wrapping_add((n * self.step).minutes());
                let last = n + 1 == whole;
                let ends =
                    if last { closes } else { starts.wrapping_add(Span::new().minutes(self.step)) };
                slots.push(slot(starts, ends));
            }
        }
        slots
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

    fn slots(hours: &Hours) -> Vec<(String, String)> {
        hours
            .slots(&CenterId::new("10001"), date(2026, 11, 23))
            .iter()
            .map(|slot| {
                (slot.starts.strftime("%H:%M").to_string(), slot.ends.strftime("%H:%M").to_string())
            })
            .collect()
    }

    #[test]
    fn the_worked_examples_of_the_contract_come_out() {
        let quarter = slots(&hours(15, time(17, 0, 0, 0)));
        assert_eq!(quarter.len(), 28);
        assert_eq!(quarter[16], ("14:00".into(), "14:15".into()));

        let long = slots(&hours(25, time(17, 10, 0, 0)));
        assert_eq!(long.len(), 16);
        assert_eq!(long[8], ("12:20".into(), "13:00".into()));
        assert_eq!(long[15], ("16:30".into(), "17:10".into()));
    }

    #[test]
    fn a_center_without_lunch_or_with_closed_doors_is_no_special_case() {
        let midnight = time(0, 0, 0, 0);
        let through = Hours { lunch: (midnight, midnight), ..hours(60, time(12, 0, 0, 0)) };
        assert_eq!(slots(&through).len(), 3);
        let closed = Hours { closes: time(9, 0, 0, 0), ..through };
        assert_eq!(slots(&closed), []);
    }
}
