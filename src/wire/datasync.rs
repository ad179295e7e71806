//! Bodies of the data-sync service (`contract/payloads.md` §8).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// The `id` of S1 and its answer.
pub const FETCH_IDS: &str = "mosip.pre-registration.datasync.fetch.ids";

/// The request of S1.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
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
