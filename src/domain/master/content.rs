//! What this program reads in the content of rows, by the shapes of `contract/masterdata.md` §3.

use jiff::SignedDuration;
use jiff::civil::{Date, Time};
use serde::{Deserialize, Deserializer};

use crate::domain::ids::CenterId;

fn yes() -> bool {
    true
}

/// Reads a flag that the service may send as null, which it means as "not switched off".
fn flag<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or(true))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct LanguageContent {
    pub(super) name: String,
    pub(super) native_name: Option<String>,
    #[serde(default = "yes", deserialize_with = "flag")]
    pub(super) is_active: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct NamedContent {
    pub(super) name: String,
    #[serde(default = "yes", deserialize_with = "flag")]
    pub(super) is_active: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct LevelContent {
    pub(super) hierarchy_level: u8,
    pub(super) hierarchy_level_name: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct LocationContent {
    pub(super) hierarchy_level: u8,
    pub(super) parent_loc_code: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct FieldContent {
    pub(super) field_val: Vec<ChoiceContent>,
    #[serde(default = "yes", deserialize_with = "flag")]
    pub(super) is_active: bool,
}

#[derive(Deserialize)]
pub(super) struct ChoiceContent {
    pub(super) code: String,
    pub(super) value: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct CenterContent {
    pub(super) name: String,
    pub(super) address_line1: Option<String>,
    pub(super) address_line2: Option<String>,
    pub(super) address_line3: Option<String>,
    pub(super) location_code: String,
    pub(super) holiday_location_code: String,
    pub(super) contact_person: Option<String>,
    pub(super) contact_phone: Option<String>,
    pub(super) number_of_kiosks: u16,
    #[serde(deserialize_with = "duration")]
    pub(super) per_kiosk_process_time: SignedDuration,
    #[serde(deserialize_with = "time")]
    pub(super) center_start_time: Time,
    #[serde(deserialize_with = "time")]
    pub(super) center_end_time: Time,
    #[serde(default, deserialize_with = "time")]
    pub(super) lunch_start_time: Time,
    #[serde(default, deserialize_with = "time")]
    pub(super) lunch_end_time: Time,
    #[serde(default = "yes", deserialize_with = "flag")]
    pub(super) is_active: bool,
}

impl CenterContent {
    /// Returns the lines of the address that have anything in them, with `between` between them.
    pub(super) fn address(&self, between: &str) -> String {
        let lines = [&self.address_line1, &self.address_line2, &self.address_line3];
        let lines: Vec<_> = lines
            .into_iter()
            .filter_map(Option::as_deref)
            .map(str::trim)
            .filter(|line| !line.is_empty())
            .collect();
        lines.join(between)
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct WeekDayContent {
    pub(super) code: String,
    #[serde(default)]
    pub(super) is_global_working: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct WorkingDayContent {
    pub(super) registration_center_id: CenterId,
    pub(super) day_code: String,
    pub(super) is_working: bool,
    #[serde(default = "yes", deserialize_with = "flag")]
    pub(super) is_active: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct HolidayContent {
    pub(super) location_code: String,
    #[serde(deserialize_with = "date")]
    pub(super) holiday_date: Date,
    pub(super) holiday_name: Option<String>,
    #[serde(default = "yes", deserialize_with = "flag")]
    pub(super) is_active: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ExceptionalContent {
    #[serde(rename = "registrationCenterID")]
    pub(super) registration_center_id: CenterId,
    #[serde(deserialize_with = "date")]
    pub(super) holiday_date: Date,
    #[serde(default = "yes", deserialize_with = "flag")]
    pub(super) is_active: bool,
}

/// A row of valid documents, or one of applicant types, which also has the type's code.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct DocumentContent {
    #[serde(default)]
    pub(super) app_type_code: String,
    pub(super) doc_category_code: String,
    pub(super) doc_type_code: String,
    #[serde(default = "yes", deserialize_with = "flag")]
    pub(super) is_active: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct TemplateContent {
    pub(super) file_text: String,
    #[serde(default = "yes", deserialize_with = "flag")]
    pub(super) is_active: bool,
}

#[derive(Deserialize)]
pub(super) struct PropertyContent {
    pub(super) key: String,
    pub(super) value: String,
}

fn date<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Date, D::Error> {
    let text = String::deserialize(deserializer)?;
    text.parse().map_err(|_| serde::de::Error::custom(format!("{text} is not a date")))
}

/// Reads a time of day; absent and blank are midnight, as where a center has no lunch.
fn time<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Time, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?.unwrap_or_default();
    if text.is_empty() {
        return Ok(Time::midnight());
    }
    text.parse().map_err(|_| serde::de::Error::custom(format!("{text} is not a time of day")))
}

fn duration<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SignedDuration, D::Error> {
    time(deserializer).map(|time| time.duration_since(Time::midnight()))
}
