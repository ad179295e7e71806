//! The numbers that a country sets for booking; where it sets none, those of the release whose
//! lifecycle the node has (`contract/rules.md` §8.2, §8.4, §8.6).

use crate::domain::master::Master;
use crate::domain::status::Lifecycle;

/// Days at most, whatever a country says: ten years of slots are more than anybody books.
const MOST_DAYS: i64 = 3650;

/// The country's numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Numbers {
    /// Days for which slots are made, today included.
    pub(super) on_sale: i64,
    /// Days between today and the first that is listed.
    pub(super) offset: i64,
    /// Days that are listed.
    pub(super) listed: i64,
    /// Whole hours before an appointment up to which it may be moved.
    pub(super) rebook: i64,
    /// Whole hours before an appointment up to which it may be cancelled.
    pub(super) cancel: i64,
}

impl Numbers {
    /// Returns the numbers of `master`.
    pub(super) fn of(master: &Master, lifecycle: Lifecycle) -> Self {
        let usual = match lifecycle {
            Lifecycle::V1_1 => Self { on_sale: 180, offset: 1, listed: 179, rebook: 1, cancel: 1 },
            Lifecycle::V1_2 => Self { on_sale: 30, offset: 2, listed: 140, rebook: 0, cancel: 0 },
        };
        let days = |key, usual| master.number(key).unwrap_or(usual).clamp(0, MOST_DAYS);
        Self {
            on_sale: days("preregistration.availability.sync", usual.on_sale),
            offset: days("preregistration.booking.offset", usual.offset),
            listed: days("preregistration.availability.noOfDays", usual.listed),
            rebook: master.number("preregistration.timespan.rebook").unwrap_or(usual.rebook),
            cancel: master.number("preregistration.timespan.cancel").unwrap_or(usual.cancel),
        }
    }
}
