//! Pure: when a job is due, and whether the clock may be trusted with it.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan as _};

use crate::domain::job::Past;

/// How far the clock may stand from where it stood when a job last went well, before a job that
/// destroys is left to a person. A clock that has lost its battery is years off; a server is rarely
/// off for a month.
const JUMP: SignedDuration = SignedDuration::from_hours(31 * 24);
/// How far the clock may stand from what has passed since the start. A machine that slept for a night
/// is within it.
const DRIFT: SignedDuration = SignedDuration::from_hours(24);
/// The wait after a first failure; it doubles with each further one.
const FIRST_WAIT: SignedDuration = SignedDuration::from_mins(1);
/// Doublings at most: the wait stays below an hour.
const DOUBLINGS: u32 = 5;

/// Returns when a job is due that went like `past`: at the country's midnight after it was last
/// tried, sooner after a failure, and at once if it never ran or its midnight passed while the node
/// was off.
pub(super) fn due(past: Option<&Past>, now: Timestamp, zone: &TimeZone) -> Timestamp {
    let Some(past) = past else { return now };
    if past.failures > 0 {
        let wait = FIRST_WAIT * 2_i32.pow((past.failures - 1).min(DOUBLINGS));
        // A clock that was put back is not waited for.
        return past.tried_at.min(now) + wait;
    }
    next_midnight(past.tried_at.min(now), zone)
}

/// Tells whether the clock was put while the node ran, by so much that what it says may be wrong (I7).
pub(super) fn was_put(drift: SignedDuration) -> bool {
    drift > DRIFT
}

/// Tells whether the clock stands so far from where it stood that what it says may be wrong (I7).
pub(super) fn is_jump(past: Option<&Past>, now: Timestamp) -> bool {
    past.and_then(|past| past.ran_at).is_some_and(|ran| now.duration_since(ran).abs() > JUMP)
}

/// Returns the first instant of the country's next day. Where the clocks leave midnight out, that is
/// the first instant they do show.
fn next_midnight(now: Timestamp, zone: &TimeZone) -> Timestamp {
    let tomorrow = now.to_zoned(zone.clone()).date().saturating_add(1.day());
    tomorrow
        .to_zoned(zone.clone())
        .map_or_else(|_| now + SignedDuration::from_hours(24), |midnight| midnight.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn past(tried_at: &str, failures: u32) -> Past {
        Past { tried_at: at(tried_at), ran_at: Some(at(tried_at)), failures }
    }

    #[test]
    fn midnight_is_the_countrys_and_not_utcs() {
        let zone = TimeZone::get("Asia/Kolkata").unwrap();
        let midnight = at("2026-11-22T18:30:00Z");
        assert_eq!(next_midnight(at("2026-11-22T18:00:00Z"), &zone), midnight);
        assert_eq!(next_midnight(midnight, &zone), at("2026-11-23T18:30:00Z"));
    }

    #[test]
    fn a_job_is_due_at_midnight_or_at_once_if_that_was_missed() {
        let now = at("2026-11-23T08:00:00Z");
        let due = |past: Option<Past>| due(past.as_ref(), now, &TimeZone::UTC);
        assert_eq!(due(None), now);
        assert_eq!(due(Some(past("2026-11-23T00:00:01Z", 0))), at("2026-11-24T00:00:00Z"));
        assert!(due(Some(past("2026-11-20T00:00:01Z", 0))) <= now);
    }

    #[test]
    fn a_job_that_failed_is_due_in_minutes_and_at_most_half_an_hour() {
        let now = at("2026-11-23T08:00:00Z");
        for (failures, minutes) in [(1, 1), (2, 2), (3, 4), (6, 32), (60, 32)] {
            let due = due(Some(&past("2026-11-23T08:00:00Z", failures)), now, &TimeZone::UTC);
            assert_eq!(due, now + SignedDuration::from_mins(minutes));
        }
    }

    /// I7
    #[test]
    fn a_clock_that_is_put_back_by_a_year_costs_a_day_and_no_year() {
        let now = at("2026-11-23T08:00:00Z");
        for failures in [0, 1] {
            let due = due(Some(&past("2027-11-23T08:00:00Z", failures)), now, &TimeZone::UTC);
            assert!(due <= at("2026-11-24T00:00:00Z"));
            assert!(due > now);
        }
    }

    /// I7
    #[test]
    fn a_month_is_a_jump_and_a_long_holiday_is_none() {
        let now = at("2026-11-23T08:00:00Z");
        assert!(!is_jump(None, now));
        assert!(!was_put(SignedDuration::from_hours(12)));
        assert!(was_put(SignedDuration::from_hours(25)));
        assert!(!is_jump(Some(&past("2026-10-24T00:00:00Z", 0)), now));
        assert!(is_jump(Some(&past("2026-10-23T00:00:00Z", 0)), now));
        assert!(is_jump(Some(&past("2027-01-01T00:00:00Z", 0)), now));
    }
}
