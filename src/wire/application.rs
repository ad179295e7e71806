//! Bodies of the application service of today's release (`contract/payloads.md` §11).

use serde::{Deserialize, Serialize};

use super::demographic::AllBasic;
use crate::domain::application::Kind;

/// The `id` of the answers of A2 and A4.
pub const DETAIL: &str = "mosip.preregistration.applications.detail.info";
/// The `id` of A5's answer.
pub const ALL: &str = "mosip.preregistration.applications.all.get";
/// The `id` of A6 and its answer.
pub const CREATE_LOST_UIN: &str = "mosip.pre-registration.lostuin.create";
/// The `id` of A7's answer.
pub const DELETE_LOST_UIN: &str = "mosip.pre-registration.lostuin.delete";
/// The `id` of A8 and its answer.
pub const CREATE_UPDATE: &str = "mosip.pre-registration.updateregistration.create";
/// The `id` of A9's answer.
pub const DELETE_UPDATE: &str = "mosip.pre-registration.updateregistration.delete";

/// Returns the wire's word for what an application is for.
#[must_use]
pub fn booking_type(kind: Kind) -> &'static str {
    match kind {
        Kind::New => "NEW_PREREGISTRATION",
        Kind::LostUin => "LOST_FORGOTTEN_UIN",
        Kind::Update => "UPDATE_REGISTRATION",
    }
}

/// Returns what the wire's word says that an application is for.
#[must_use]
pub fn parse_booking_type(word: &str) -> Option<Kind> {
    [Kind::New, Kind::LostUin, Kind::Update].into_iter().find(|kind| booking_type(*kind) == word)
}

/// The request of A6 and A8.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CreateOther {
    /// The language of its resident.
    pub lang_code: Option<String>,
}

/// The answer of A6 and A8.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CreatedOther {
    /// The PRID that was drawn.
    pub application_id: String,
    /// The user id of its maker.
    pub created_by: String,
    /// As [`instant`](super::date::instant) spells it.
    pub created_date_time: String,
    /// The user id of who changed it last.
    pub updated_by: String,
    /// As [`instant`](super::date::instant) spells it.
    pub updated_date_time: String,
    /// `DRAFT` or `SUBMITTED`.
    pub application_status_code: String,
    /// The status as other calls have it.
    pub booking_status_code: String,
    /// The language of its resident.
    pub lang_code: String,
    /// As [`booking_type`] spells it.
    pub booking_type: String,
}

/// The answer of A7 and A9.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DeletedOther {
    /// The application.
    pub application_id: String,
    /// The user id of who deleted it.
    pub deleted_by: String,
    /// As [`instant_with_offset`](super::date::instant_with_offset) spells it.
    pub deleted_date_time: String,
}

/// The answer of A2, and an application of A5. Members of the appointment are nothing without one.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Entity {
    /// The application.
    pub application_id: String,
    /// As [`booking_type`] spells it.
    pub booking_type: String,
    /// The status as other calls have it.
    pub booking_status_code: String,
    /// `DRAFT` or `SUBMITTED`.
    pub application_status_code: String,
    /// As [`date`](super::date::date) spells it.
    pub appointment_date: Option<String>,
    /// The day on which it was booked, as [`date`](super::date::date) spells it.
    pub booking_date: Option<String>,
    /// The center.
    pub registration_center_id: Option<String>,
    /// As [`seconds`](super::date::seconds) spells it.
    pub slot_from_time: Option<String>,
    /// As [`seconds`](super::date::seconds) spells it.
    pub slot_to_time: Option<String>,
    /// Where its maker is reached.
    pub contact_info: String,
    /// The user id of its maker.
    pub cr_by: String,
    /// As [`instant_without_zone`](super::date::instant_without_zone) spells it.
    pub cr_dtime: String,
    /// The user id of who changed it last.
    pub upd_by: String,
    /// As [`instant_without_zone`](super::date::instant_without_zone) spells it.
    pub upd_dtime: String,
}

/// The answer of A5.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AllApplications {
    /// The caller's, newest first.
    pub all_applications: Vec<Entity>,
}

/// The answer to who asks for a list without saying whose shape: both have it
/// (`contract/endpoints.md` §10).
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct BothLists {
    /// As D5 answers.
    #[serde(flatten)]
    pub basic: AllBasic,
    /// As A5 answers.
    #[serde(flatten)]
    pub all: AllApplications,
}

/// An appointment of A4. Everything is a text.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Booked {
    /// The application.
    pub application_id: String,
    /// `DRAFT` or `SUBMITTED`.
    pub application_status_code: String,
    /// The status as other calls have it.
    pub booking_status_code: String,
    /// As [`date`](super::date::date) spells it.
    pub appointment_date: Option<String>,
    /// As [`minutes`](super::date::minutes) spells it.
    pub slot_from_time: Option<String>,
    /// As [`minutes`](super::date::minutes) spells it.
    pub slot_to_time: Option<String>,
    /// The user id of its maker.
    pub cr_by: String,
    /// As [`instant_without_zone`](super::date::instant_without_zone) spells it.
    pub cr_dtime: String,
    /// The center.
    pub registration_center_id: Option<String>,
    /// As [`booking_type`] spells it.
    pub booking_type: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_is_read_by_the_word_it_is_written_with_and_no_other_word_is_one() {
        for kind in [Kind::New, Kind::LostUin, Kind::Update] {
            assert_eq!(parse_booking_type(booking_type(kind)), Some(kind));
        }
        for word in ["", "new_preregistration", "MISCELLANEOUS_PURPOSE"] {
            assert_eq!(parse_booking_type(word), None, "{word}");
        }
    }
}
