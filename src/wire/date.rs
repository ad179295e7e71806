//! Dates and times as they stand on the wire, one function for each form of
//! `contract/payloads.md` §1. An instant is spelled in UTC.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;

/// Spells `2026-11-22T07:24:48.102Z`, the form of `requesttime` and `responsetime`.
#[must_use]
pub fn instant(at: Timestamp) -> String {
    format!("{}Z", local_millis(utc(at)))
}

/// Reads the form of [`instant`], exactly: three fraction digits and a `Z`.
#[must_use]
pub fn parse_instant(text: &str) -> Option<Timestamp> {
    let local = text.strip_suffix('Z')?;
    let at = parse_local(local).filter(|_| local.len() == "2026-11-22T07:24:48.102".len())?;
    at.to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp())
}

/// Spells `2026-11-22T07:24:48.102+00:00`, the form of `deletedDateTime`.
#[must_use]
pub fn instant_with_offset(at: Timestamp) -> String {
    format!("{}+00:00", local_millis(utc(at)))
}

/// Spells an instant as [`local`] does.
#[must_use]
pub fn instant_without_zone(at: Timestamp) -> String {
    local(utc(at))
}

/// Reads an instant in the form of [`local`], taken for UTC.
#[must_use]
pub fn parse_instant_without_zone(text: &str) -> Option<Timestamp> {
    parse_local(text)?.to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp())
}

/// Spells a wall clock as Java's `LocalDateTime.toString()` does: the seconds are left out when all
/// of them is zero, the fraction has none, three, six or nine digits.
#[must_use]
pub fn local(at: DateTime) -> String {
    let nanos = at.subsec_nanosecond();
    let minutes = format!("{}T{}", date(at.date()), minutes(at.time()));
    match (at.second(), nanos) {
        (0, 0) => minutes,
        (second, 0) => format!("{minutes}:{second:02}"),
        (second, n) if n % 1_000_000 == 0 => format!("{minutes}:{second:02}.{:03}", n / 1_000_000),
        (second, n) if n % 1_000 == 0 => format!("{minutes}:{second:02}.{:06}", n / 1_000),
        (second, n) => format!("{minutes}:{second:02}.{n:09}"),
    }
}

/// Spells `2026-11-30T09:00:00.000`: a wall clock, always three fraction digits.
#[must_use]
pub fn local_millis(at: DateTime) -> String {
    let time = at.time();
    format!("{}T{}.{:03}", date(at.date()), seconds(time), time.millisecond())
}

/// Reads the forms of [`local`] and [`local_millis`]: no zone, the seconds and up to nine fraction
/// digits optional.
#[must_use]
pub fn parse_local(text: &str) -> Option<DateTime> {
    let (day, time) = text.split_once('T')?;
    let (whole, nanos) = match time.split_once('.') {
        Some((whole, fraction)) if whole.len() == "07:24:48".len() => {
            let digits = digits(fraction).filter(|_| fraction.len() <= 9)?;
            let scale = 10_i32.pow(9 - u32::try_from(fraction.len()).ok()?);
            (whole, digits * scale)
        }
        Some(_) => return None,
        None => (time, 0),
    };
    let time = parse_time(whole)?;
    let time = Time::new(time.hour(), time.minute(), time.second(), nanos).ok()?;
    Some(parse_date(day)?.to_datetime(time))
}

/// Spells `2026-11-30`.
#[must_use]
pub fn date(day: Date) -> String {
    format!("{:04}-{:02}-{:02}", day.year(), day.month(), day.day())
}

/// Reads the form of [`date`], exactly.
#[must_use]
pub fn parse_date(text: &str) -> Option<Date> {
    parse_ymd(text, '-')
}

/// Spells `1996/01/01`, the form of a date of birth in an identity.
#[must_use]
pub fn birth_date(day: Date) -> String {
    format!("{:04}/{:02}/{:02}", day.year(), day.month(), day.day())
}

/// Reads the form of [`birth_date`], exactly.
#[must_use]
pub fn parse_birth_date(text: &str) -> Option<Date> {
    parse_ymd(text, '/')
}

/// Spells `09:30`.
#[must_use]
pub fn minutes(time: Time) -> String {
    format!("{:02}:{:02}", time.hour(), time.minute())
}

/// Spells `09:30:00`.
#[must_use]
pub fn seconds(time: Time) -> String {
    format!("{}:{:02}", minutes(time), time.second())
}

/// Spells `09:15 AM`, the form of the appointment's time in a notification.
#[must_use]
pub fn half_day(time: Time) -> String {
    let half = if time.hour() < 12 { "AM" } else { "PM" };
    let hour = match time.hour() % 12 {
        0 => 12,
        hour => hour,
    };
    format!("{hour:02}:{:02} {half}", time.minute())
}

/// Reads the forms of [`minutes`] and [`seconds`].
#[must_use]
pub fn parse_time(text: &str) -> Option<Time> {
    let mut parts = text.split(':').map(two_digits);
    let (hour, minute) = (parts.next()??, parts.next()??);
    let second = match parts.next() {
        Some(second) => second?,
        None => 0,
    };
    if parts.next().is_some() {
        return None;
    }
    // Sixty is no second here: a clock that is read back must read the same.
    Time::new(hour, minute, second, 0).ok()
}

fn utc(at: Timestamp) -> DateTime {
    at.to_zoned(TimeZone::UTC).datetime()
}

fn parse_ymd(text: &str, between: char) -> Option<Date> {
    let mut parts = text.split(between);
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    if year.len() != 4 || parts.next().is_some() {
        return None;
    }
    let year = i16::try_from(digits(year)?).ok()?;
    Date::new(year, two_digits(month)?, two_digits(day)?).ok()
}

fn two_digits(text: &str) -> Option<i8> {
    digits(text).filter(|_| text.len() == 2).and_then(|number| i8::try_from(number).ok())
}

/// Reads ASCII digits and nothing else; the standard parser lets a sign pass.
fn digits(text: &str) -> Option<i32> {
    text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse().ok())?
}

#[cfg(test)]
mod tests {
    use jiff::civil;

    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn an_instant_has_three_fraction_digits_cut_not_rounded() {
        assert_eq!(instant(at("2026-11-22T07:24:48.102Z")), "2026-11-22T07:24:48.102Z");
        assert_eq!(instant(at("2026-11-22T07:24:48.9999Z")), "2026-11-22T07:24:48.999Z");
        assert_eq!(instant(at("2026-11-22T07:24:48Z")), "2026-11-22T07:24:48.000Z");
        assert_eq!(
            instant_with_offset(at("2026-11-22T07:24:48.102Z")),
            "2026-11-22T07:24:48.102+00:00"
        );
    }

    #[test]
    fn an_instant_is_read_in_its_exact_form_only() {
        assert_eq!(parse_instant("2026-11-22T07:24:47.605Z"), Some(at("2026-11-22T07:24:47.605Z")));
        for text in [
            "",
            "2026-11-22",
            "2026-11-22T07:24:47Z",
            "2026-11-22T07:24:47.60Z",
            "2026-11-22T07:24:47.6051Z",
            "2026-11-22T07:24:47.605",
            "2026-11-22T07:24:47.605+00:00",
            "2026-11-22 07:24:47.605Z",
            "2026-11-31T07:24:47.605Z",
            "2026-11-22T24:24:47.605Z",
            "2026-11-22T07:24:60.605Z",
            "2026-11-22T07:24:47.+05Z",
            "2026-11-22T07:24.47:605Z",
        ] {
            assert_eq!(parse_instant(text), None, "{text}");
        }
    }

    #[test]
    fn a_wall_clock_is_spelled_as_java_does() {
        for (text, spelled) in [
            ("2019-05-15T11:44:28.966", "2019-05-15T11:44:28.966"),
            ("2026-11-22T07:24:48.102345", "2026-11-22T07:24:48.102345"),
            ("2026-11-22T07:24:48.000000001", "2026-11-22T07:24:48.000000001"),
            ("2026-11-22T07:24:48", "2026-11-22T07:24:48"),
            ("2026-11-22T07:24:00.5", "2026-11-22T07:24:00.500"),
            ("2026-11-22T07:24", "2026-11-22T07:24"),
        ] {
            assert_eq!(local(parse_local(text).unwrap()), spelled);
        }
        let nine = civil::date(2026, 11, 30).at(9, 0, 0, 0);
        assert_eq!(local_millis(nine), "2026-11-30T09:00:00.000");
        assert_eq!(local(nine), "2026-11-30T09:00");
    }

    #[test]
    fn an_instant_without_zone_reads_back_as_the_same_instant() {
        let then = at("2026-11-22T07:20:11.204Z");
        assert_eq!(instant_without_zone(then), "2026-11-22T07:20:11.204");
        assert_eq!(parse_instant_without_zone("2026-11-22T07:20:11.204"), Some(then));
        assert_eq!(parse_instant_without_zone("2026-11-22T07:20:11.204Z"), None);
    }

    #[test]
    fn dates_are_read_in_their_exact_form_only() {
        let day = civil::date(1996, 1, 1);
        assert_eq!((date(day), birth_date(day)), ("1996-01-01".into(), "1996/01/01".into()));
        assert_eq!(parse_date("1996-01-01"), Some(day));
        assert_eq!(parse_birth_date("1996/01/01"), Some(day));
        for text in
            ["1996-1-1", "96-01-01", "1996-02-30", "1996/01/01", "1996-01-01 ", "+996-01-01"]
        {
            assert_eq!(parse_date(text), None, "{text}");
        }
    }

    #[test]
    fn a_time_is_read_with_seconds_and_without() {
        let time = civil::time(9, 30, 0, 0);
        assert_eq!((minutes(time), seconds(time)), ("09:30".into(), "09:30:00".into()));
        assert_eq!(parse_time("09:30"), Some(time));
        assert_eq!(parse_time("09:30:00"), Some(time));
        for text in ["9:30", "09", "09:30:00.0", "24:00", "09:60", "09:30:", "09:30:00:00", "-9:30"]
        {
            assert_eq!(parse_time(text), None, "{text}");
        }
    }

    #[test]
    fn noon_and_midnight_are_twelve_on_a_half_day_clock() {
        for (hour, spelled) in
            [(0, "12:15 AM"), (9, "09:15 AM"), (12, "12:15 PM"), (23, "11:15 PM")]
        {
            assert_eq!(half_day(civil::time(hour, 15, 0, 0)), spelled);
        }
    }
}
