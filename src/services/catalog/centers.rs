//! Registration centers: by id, by the place they stand in, by how far they are; and their days.

use std::collections::BTreeSet;

use jiff::civil::Date;
use serde_json::{Value, json};

use super::{Error, in_language, is_active, pick, up};
use crate::domain::ids::CenterId;
use crate::domain::master::{Center, Kind as Of, Master, Row};
use crate::store::{self, View};

/// The word that stands for every language in the path of a center.
const EVERY: &str = "all";
/// The radius of the earth in metres.
const EARTH: f64 = 6_371_008.8;

/// Returns the rows of the center `id`: one, or those of every language.
///
/// # Errors
/// [`Error::NoCenter`] or the replica's failure.
pub fn center(
    view: &View<'_>,
    master: &Master,
    id: &str,
    language: &str,
) -> Result<Vec<Row>, Error> {
    let mut rows = store::master::find(view, Of::Center, id)?;
    if language == EVERY {
        rows.retain(is_active);
    } else {
        rows = pick(rows, language, master).into_iter().collect();
    }
    if rows.is_empty() { Err(Error::NoCenter) } else { Ok(rows) }
}

/// Returns the centers at, or anywhere below, the places of `level` that one of `names` names in any
/// language; upper and lower case are the same.
///
/// # Errors
/// [`Error::NoCenter`] if there is none, or the replica's failure.
pub fn centers_in(
    view: &View<'_>,
    master: &Master,
    level: u8,
    names: &[String],
    language: &str,
) -> Result<Vec<Row>, Error> {
    let wanted: BTreeSet<String> = names.iter().map(|name| name.trim().to_lowercase()).collect();
    let stands_there = |center: &Center| {
        up(master, &center.location).any(|place| {
            let mut names = place.named.names.iter();
            place.level == level && names.any(|(_, name)| wanted.contains(&name.to_lowercase()))
        })
    };
    let mut rows = Vec::new();
    for center in master.centers().filter(|center| center.active && stands_there(center)) {
        let all = store::master::find(view, Of::Center, center.id.as_str())?;
        rows.extend(pick(all, language, master));
    }
    if rows.is_empty() { Err(Error::NoCenter) } else { Ok(rows) }
}

/// Returns the centers not farther than `metres` from a point, the nearest first.
///
/// # Errors
/// [`Error::NoCenter`] if there is none, or the replica's failure.
pub fn centers_near(
    view: &View<'_>,
    master: &Master,
    (longitude, latitude): (f64, f64),
    metres: f64,
    language: &str,
) -> Result<Vec<Row>, Error> {
    let degrees = |row: &Row, member: &str| match row.content.get(member) {
        Some(Value::String(text)) => text.trim().parse().ok(),
        Some(number) => number.as_f64(),
        None => None,
    };
    let rows = in_language(store::master::of(view, Of::Center)?, language, master);
    let mut near: Vec<(f64, Row)> = rows
        .into_iter()
        .filter_map(|row| {
            let there = (degrees(&row, "longitude")?, degrees(&row, "latitude")?);
            Some((distance((longitude, latitude), there), row))
        })
        .filter(|(far, _)| *far <= metres)
        .collect();
    near.sort_by(|(one, _), (other, _)| one.total_cmp(other));
    if near.is_empty() {
        return Err(Error::NoCenter);
    }
    Ok(near.into_iter().map(|(_, row)| row).collect())
}

/// Returns the days of the week on which the center `id` works, as the service shows them.
///
/// # Errors
/// [`Error::NoCenter`] or the replica's failure.
pub fn working_days(
    view: &View<'_>,
    master: &Master,
    id: &str,
    language: &str,
) -> Result<Vec<Value>, Error> {
    let center = master.center(&CenterId::new(id)).ok_or(Error::NoCenter)?;
    let week = master.working_week(center);
    let days = in_language(store::master::of(view, Of::WeekDay)?, language, master);
    let order = |day: &Row| day.code.parse::<usize>().ok()?.checked_sub(101);
    let worked = days.iter().filter(|day| {
        order(day).and_then(|order| week.get(order)).is_some_and(|is_worked| *is_worked)
    });
    let shown = worked.map(|day| {
        json!({"code": day.code, "name": day.content.get("name"), "order": order(day).map(|at| at + 1),
            "languageCode": language})
    });
    Ok(shown.collect())
}

/// Returns every day of the week, and whether the center `id` works on it, as the service shows them.
///
/// # Errors
/// [`Error::NoCenter`] or the replica's failure.
pub fn week_days(
    view: &View<'_>,
    master: &Master,
    id: &str,
    language: &str,
) -> Result<Vec<Value>, Error> {
    let center = master.center(&CenterId::new(id)).ok_or(Error::NoCenter)?;
    let week = master.working_week(center);
    let days = in_language(store::master::of(view, Of::WeekDay)?, language, master);
    let shown = days.iter().map(|day| {
        let order = day.code.parse::<usize>().ok().and_then(|code| code.checked_sub(101));
        let is_worked = order.and_then(|order| week.get(order)).is_some_and(|is_worked| *is_worked);
        let is_usual = day.content.get("isGlobalWorking").and_then(Value::as_bool).unwrap_or(false);
        // Releases differ in how they spell both.
        json!({"name": day.content.get("name"), "dayCode": day.code, "languagecode": language,
            "isWorking": is_worked, "working": is_worked,
            "isGlobalWorking": is_usual, "globalWorking": is_usual})
    });
    Ok(shown.collect())
}

/// Returns the holidays of `year` that the center `id` keeps.
///
/// # Errors
/// [`Error::NoCenter`] or the replica's failure.
pub fn holidays(
    view: &View<'_>,
    master: &Master,
    id: &str,
    year: &str,
    language: &str,
) -> Result<Vec<Row>, Error> {
    let center = master.center(&CenterId::new(id)).ok_or(Error::NoCenter)?;
    let is_kept = |row: &Row| {
        let member = |name: &str| row.content.get(name).and_then(Value::as_str).unwrap_or_default();
        let day: Option<Date> = member("holidayDate").parse().ok();
        member("locationCode") == center.holiday_location
            && day.is_some_and(|day| day.year().to_string() == year)
    };
    let mut rows = in_language(store::master::of(view, Of::Holiday)?, language, master);
    rows.retain(is_kept);
    Ok(rows)
}

/// Returns how many metres are between two points, each longitude and latitude in degrees, along the
/// surface of a ball: off by less than half a hundredth.
fn distance((x1, y1): (f64, f64), (x2, y2): (f64, f64)) -> f64 {
    let (y1, y2) = (y1.to_radians(), y2.to_radians());
    let (dx, dy) = ((x2 - x1).to_radians(), y2 - y1);
    let half = (dy / 2.0).sin().powi(2) + y1.cos() * y2.cos() * (dx / 2.0).sin().powi(2);
    2.0 * EARTH * half.sqrt().min(1.0).asin()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_degree_along_a_meridian_is_111_kilometres() {
        let degree = distance((4.0, 36.0), (4.0, 37.0));
        assert!((111_100.0..111_300.0).contains(&degree), "{degree}");
        let across = distance((179.9, 0.0), (-179.9, 0.0));
        assert!((22_200.0..22_260.0).contains(&across), "{across}");
        assert!(distance((4.0, 36.0), (4.0, 36.0)).abs() < 0.001);
    }
}
