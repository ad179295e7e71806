//! Bodies of the data-sync service (`contract/payloads.md` §8).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// The `id` of S1 and S2 and of their answers.
pub const FETCH_IDS: &str = "mosip.pre-registration.datasync.fetch.ids";
/// What some clients send in its place.
pub const FETCH_IDS_TOO: &str = "mosip.pre-registration.datasync";
/// The `id` of S3's answer.
pub const FETCH: &str = "mosip.pre-registration.datasync.fetch";

/// The request of S1 and S2.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FetchIds {
    /// The center.
    pub registration_center_id: Option<String>,
    /// As [`date`](super::date::date) spells it.
    pub from_date: Option<String>,
    /// Missing or empty: the same as `from_date`.
    pub to_date: Option<String>,
}

/// The answer of S1.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Ids {
    /// A UUID; today's central writes `null`.
    pub transaction_id: Option<String>,
    /// How many there are, in digits.
    pub count_of_pre_reg_ids: String,
    /// PRID to a time, which means what the release of the server makes it mean.
    pub pre_registration_ids: BTreeMap<String, String>,
}

/// The answer of S2.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct Applications {
    /// One for each appointment, by time; may be empty.
    pub applications: Vec<Appointed>,
}

/// An application of S2.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Appointed {
    /// The PRID.
    pub application_id: String,
    /// The start of the slot, as [`date::local_millis`](super::date::local_millis) spells it.
    pub appointment_dt_time: String,
    /// What the application is for.
    pub booking_type: &'static str,
}

/// The answer of S3.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Archive {
    /// The PRID.
    pub pre_registration_id: String,
    /// The center, whatever the name says; none without an appointment, as the next three.
    pub registration_client_id: Option<String>,
    /// As [`date::date`](super::date::date) spells it.
    pub appointment_date: Option<String>,
    /// As [`date::minutes`](super::date::minutes) spells it.
    pub from_time_slot: Option<String>,
    /// The same.
    pub to_time_slot: Option<String>,
    /// The PRID again.
    pub zip_filename: String,
    /// The ZIP in standard base64 with padding.
    pub zip_bytes: String,
}
