//! Bodies of the batch service (`contract/payloads.md` §8 and §9).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The `id` of B1's answer.
pub const AVAILABILITY_SYNC: &str = "mosip.pre-registration.appointment.availability.sync";
/// The `id` of J1's answer.
pub const EXPIRED: &str = "mosip.pre-registration.batchjob.service.expired";
/// The `id` of J2's answer.
pub const CONSUMED: &str = "mosip.pre-registration.batchjob.service.consumed";
/// The `id` of S5 and its answer.
pub const STORE: &str = "mosip.pre-registration.datasync.store";

/// The request of S5.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ConsumedIds {
    /// The applications that registration has taken over.
    pub pre_registration_ids: Option<Vec<String>>,
}

/// The answer of S5.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Stored {
    /// A UUID.
    pub transaction_id: String,
    /// How many were noted, in digits.
    pub count_of_stored_pre_reg_ids: String,
    /// The same, by the name that the documents have for it.
    pub count_of_pre_reg_ids: String,
    /// Those that were noted.
    pub pre_registration_ids: Vec<String>,
}
