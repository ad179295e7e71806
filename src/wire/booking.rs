//! Bodies of the booking service (`contract/payloads.md` §7).

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The `id` of B2 and its answer.
pub const BOOK: &str = "mosip.pre-registration.booking.book";
/// The `id` of B4's answer, and of the other ways to cancel.
pub const CANCEL: &str = "mosip.pre-registration.appointment.cancel";
/// The `id` of B7's and B8's answer.
pub const IDS: &str = "mosip.pre-registration.appointment.ids";
/// The `id` of B9's answer.
pub const DELETE: &str = "mosip.preregistration.booking.delete";
/// The `id` of B5's answer.
pub const FETCH: &str = "mosip.pre-registration.appointment.fetch";
/// The `id` of B6's answer.
pub const AVAILABILITY: &str = "mosip.pre-registration.appointment.availability";

/// The request of B2.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Book {
    /// The center.
    pub registration_center_id: Option<String>,
    /// As [`date`](super::date::date) spells it.
    pub appointment_date: Option<String>,
    /// With seconds or without.
    pub time_slot_from: Option<String>,
    /// With seconds or without.
    pub time_slot_to: Option<String>,
}

/// The request of B3.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct BookMany {
    /// What is to be booked, in order.
    pub booking_request: Option<Vec<BookOne>>,
}

/// A booking of B3.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct BookOne {
    /// The application.
    #[serde(rename = "preRegistrationId", alias = "preRegistrationid")]
    pub pre_registration_id: Option<String>,
    /// The slot.
    #[serde(flatten)]
    pub slot: Book,
}

/// The answer of B3, an entry for each booking.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BookManyDone {
    /// In the order of the request.
    pub booking_status_response: Vec<BookDone>,
}

/// The answer of B4, and of the other ways to cancel.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Cancelled {
    /// A UUID.
    pub transaction_id: String,
    /// `Appointment for the selected application has been successfully cancelled`.
    pub message: String,
}

/// The answer of B9.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Deleted {
    /// The application.
    pub pre_registration_id: String,
    /// Who had booked.
    pub deleted_by: String,
    /// As [`instant_with_offset`](super::date::instant_with_offset) spells it.
    pub deleted_date_time: String,
}

/// The answer of B7.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BookedIds {
    /// The center.
    pub registration_center_id: String,
    /// Who has an appointment there, by day and start.
    pub pre_registration_ids: Vec<String>,
}

/// The answer of B8.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BookedTimes {
    /// The center.
    pub registration_center_id: String,
    /// PRID, then the date as [`date`](super::date::date) spells it, to the slot.
    pub ids_with_appointment_date: BTreeMap<String, BTreeMap<String, Times>>,
}

/// From when to when, in B8.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Times {
    /// As [`seconds`](super::date::seconds) spells it.
    pub from_time: String,
    /// As [`seconds`](super::date::seconds) spells it.
    pub to_time: String,
}

/// The answer of B2.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BookDone {
    /// `Appointment booked successfully`.
    pub booking_message: String,
}

/// The answer of B5, and the `bookingMetadata` of D5.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Appointment {
    /// The center.
    pub registration_center_id: String,
    /// As [`date`](super::date::date) spells it.
    pub appointment_date: String,
    /// As [`minutes`](super::date::minutes) spells it.
    pub time_slot_from: String,
    /// As [`minutes`](super::date::minutes) spells it.
    pub time_slot_to: String,
}

/// The answer of B6: days with at least one free slot.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Availability {
    /// The center.
    pub reg_center_id: String,
    /// Its days, in order.
    pub center_details: Vec<Day>,
}

/// A day of B6.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Day {
    /// As [`date`](super::date::date) spells it.
    pub date: String,
    /// The slots that have a free seat, in order.
    pub time_slots: Vec<TimeSlot>,
    /// Whether the center is closed.
    pub holiday: bool,
}

/// A slot of B6.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TimeSlot {
    /// As [`seconds`](super::date::seconds) spells it.
    pub from_time: String,
    /// As [`seconds`](super::date::seconds) spells it.
    pub to_time: String,
    /// Free seats.
    pub availability: u32,
}
