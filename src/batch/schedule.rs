//! Pure: when a job is due.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan as _};

/// Returns the first instant of the country's next day. Where the clocks leave midnight out, that is
/// the first instant they do show.
pub(super) fn next_midnight(now: Timestamp, zone: &TimeZone) -> Timestamp {
    let tomorrow = now.to_zoned(zone.clone()).date().saturating_add(1.day());
    tomorrow
        .to_zoned(zone.clone())
        .map_or_else(|_| now + SignedDuration::from_hours(24), |midnight| midnight.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn midnight_is_the_countrys_and_not_utcs() {
        let zone = TimeZone::get("Asia/Kolkata").unwrap();
        let now: Timestamp = "2026-11-22T18:00:00Z".parse().unwrap();
        assert_eq!(next_midnight(now, &zone), "2026-11-22T18:30:00Z".parse().unwrap());
        let after: Timestamp = "2026-11-22T18:30:00Z".parse().unwrap();
        assert_eq!(next_midnight(after, &zone), "2026-11-23T18:30:00Z".parse().unwrap());
    }
}
