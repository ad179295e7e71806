//! Bodies of the booking service (`contract/payloads.md` §7).

use serde::{Deserialize, Serialize};

/// The `id` of B2 and its answer.
pub const BOOK: &str = "mosip.pre-registration.booking.book";
/// The `id` of B5's answer.
pub const FETCH: &str = "mosip.pre-registration.appointment.fetch";
/// The `id` of B6's answer.
pub const AVAILABILITY: &str = "mosip.pre-registration.appointment.availability";

/// The request of B2.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
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
