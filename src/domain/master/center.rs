//! Registration centers and the days on which they are open.

use std::collections::{BTreeMap, BTreeSet};

use jiff::SignedDuration;
use jiff::civil::{Date, Time};

use super::content::{
    CenterContent, ExceptionalContent, HolidayContent, WeekDayContent, WorkingDayContent,
};
use super::rows::Rows;
use super::{Inconsistent, Kind, Languages, Names, Place, Row};
use crate::domain::ids::CenterId;

/// A registration center. What differs between its rows of several languages is held by language;
/// of the rest, the first language's row counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Center {
    /// Its id.
    pub id: CenterId,
    /// Its name.
    pub names: Names,
    /// Its three address lines joined by blanks.
    pub address: Names,
    /// The same with a line break between them.
    pub address_lines: Names,
    /// The place it stands in.
    pub location: String,
    /// The place whose holidays it keeps.
    pub holiday_location: String,
    /// How many people it serves at a time; a virtual center has none.
    pub kiosks: u16,
    /// How long one person takes.
    pub step: SignedDuration,
    /// When it opens.
    pub start: Time,
    /// When it closes.
    pub end: Time,
    /// When lunch begins; equal to `lunch_end` where there is none.
    pub lunch_start: Time,
    /// When lunch ends.
    pub lunch_end: Time,
    /// Who is to be asked there.
    pub contact_person: String,
    /// The number to call.
    pub contact_phone: String,
    /// Whether people may be sent there.
    pub active: bool,
}

/// Working days and holidays of all centers.
#[derive(Clone, Debug, Default)]
pub(super) struct Calendar {
    /// The days of the week on which a center without rows of its own works, Sunday first.
    pub(super) usual: [bool; 7],
    pub(super) working: BTreeMap<CenterId, [bool; 7]>,
    pub(super) holidays: BTreeMap<String, BTreeMap<Date, Names>>,
    pub(super) exceptional: BTreeMap<CenterId, BTreeSet<Date>>,
}

impl Calendar {
    /// Tells whether `center` works on that day of the week. A center that has no rows of its own
    /// keeps the working days of the country, as the master data service answers it.
    pub(super) fn is_working_day(&self, center: &CenterId, day: Date) -> bool {
        self.week(center)[usize::from(day.weekday().to_sunday_zero_offset().unsigned_abs())]
    }

    /// Returns on which days of the week `center` works, Sunday first.
    pub(super) fn week(&self, center: &CenterId) -> [bool; 7] {
        *self.working.get(center).unwrap_or(&self.usual)
    }

    pub(super) fn is_holiday(&self, center: &Center, day: Date) -> bool {
        self.holidays.get(&center.holiday_location).is_some_and(|days| days.contains_key(&day))
            || self.exceptional.get(&center.id).is_some_and(|days| days.contains(&day))
    }
}

/// Joins the rows of each center.
pub(super) fn centers(
    rows: &Rows,
    languages: &Languages,
    places: &BTreeMap<String, Place>,
) -> Result<BTreeMap<CenterId, Center>, Inconsistent> {
    let mut by_id = BTreeMap::<CenterId, Vec<(&Row, CenterContent)>>::new();
    for (row, content) in rows.read::<CenterContent>(Kind::Center)? {
        for (what, code) in [
            ("location", &content.location_code),
            ("holiday location", &content.holiday_location_code),
        ] {
            if !places.contains_key(code) {
                return Err(row.fault(format!("its {what} {code} is unknown")));
            }
        }
        if content.per_kiosk_process_time <= SignedDuration::ZERO {
            return Err(row.fault("its time for each person is nothing"));
        }
        if content.lunch_end_time < content.lunch_start_time {
            return Err(row.fault("its lunch ends before it begins"));
        }
        by_id.entry(CenterId::new(row.code.clone())).or_default().push((row, content));
    }
    let mut centers = BTreeMap::new();
    for (id, rows) in by_id {
        let texts = |text: &dyn Fn(&CenterContent) -> String| {
            let texts = rows.iter().map(|(row, content)| (row.language.clone(), text(content)));
            Names::ordered(texts.collect(), languages)
        };
        let names = texts(&|content| content.name.clone());
        let address = texts(&|content| content.address(" "));
        let address_lines = texts(&|content| content.address("\n"));
        let first = names.iter().next().map_or("", |(language, _)| language);
        let Some((_, first)) = rows.iter().find(|(row, _)| row.language == first) else {
            continue;
        };
        let center = Center {
            id: id.clone(),
            location: first.location_code.clone(),
            holiday_location: first.holiday_location_code.clone(),
            kiosks: first.number_of_kiosks,
            step: first.per_kiosk_process_time,
            start: first.center_start_time,
            end: first.center_end_time,
            lunch_start: first.lunch_start_time,
            lunch_end: first.lunch_end_time,
            contact_person: first.contact_person.clone().unwrap_or_default(),
            contact_phone: first.contact_phone.clone().unwrap_or_default(),
            active: rows.iter().any(|(_, content)| content.is_active),
            names,
            address,
            address_lines,
        };
        centers.insert(id, center);
    }
    Ok(centers)
}

/// Joins days by center. Rows of centers that are not there stay: real data has some.
pub(super) fn calendar(rows: &Rows, languages: &Languages) -> Result<Calendar, Inconsistent> {
    let mut calendar = Calendar::default();
    let day_of = |row: &Row, code: &str| {
        weekday(code).ok_or_else(|| row.fault(format!("{code} is no day of the week")))
    };
    for (row, content) in rows.read::<WeekDayContent>(Kind::WeekDay)? {
        calendar.usual[day_of(row, &content.code)?] |= content.is_global_working;
    }
    for (row, content) in rows.read::<WorkingDayContent>(Kind::WorkingDay)? {
        let days = calendar.working.entry(content.registration_center_id).or_default();
        days[day_of(row, &content.day_code)?] |= content.is_working && content.is_active;
    }
    let mut holidays = BTreeMap::<_, Vec<_>>::new();
    for (row, content) in rows.read::<HolidayContent>(Kind::Holiday)? {
        if content.is_active {
            let name = (row.language.clone(), content.holiday_name.unwrap_or_default());
            holidays.entry((content.location_code, content.holiday_date)).or_default().push(name);
        }
    }
    for ((location, day), names) in holidays {
        let names = Names::ordered(names, languages);
        calendar.holidays.entry(location).or_default().insert(day, names);
    }
    for (_, content) in rows.read::<ExceptionalContent>(Kind::ExceptionalHoliday)? {
        if content.is_active {
            let days = calendar.exceptional.entry(content.registration_center_id).or_default();
            days.insert(content.holiday_date);
        }
    }
    Ok(calendar)
}

/// Returns where the day of the week `code` stands, Sunday first; `None` unless it is 101 to 107.
fn weekday(code: &str) -> Option<usize> {
    let code: usize = code.parse().ok()?;
    (101..=107).contains(&code).then(|| code - 101)
}
