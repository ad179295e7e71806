//! Bodies of the demographic service (`contract/payloads.md` §5).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{booking, document};
use crate::domain::identity::Identity;

/// The `id` of D1 and its answer.
pub const CREATE: &str = "mosip.pre-registration.demographic.create";
/// The `id` of D2 and its answer.
pub const UPDATE: &str = "mosip.pre-registration.demographic.update";
/// The `id` of D6's answer.
pub const DELETE: &str = "mosip.pre-registration.demographic.delete";
/// The `id` of D7's answer.
pub const UPDATE_STATUS: &str = "mosip.pre-registration.demographic.status.update";
/// The answer of D7, misspelled on the wire.
pub const STATUS_UPDATED: &str = "STATUS_UPDATED_SUCESSFULLY";
/// What D7 answers beside the error that a document is missing.
pub const STATUS_NOT_UPDATED: &str = "STATUS_NOT_UPDATED_SUCESSFULLY";
/// The `id` of D3's answer.
pub const RETRIEVE: &str = "mosip.pre-registration.demographic.retrieve.details";
/// The `id` of D4's answer.
pub const RETRIEVE_STATUS: &str = "mosip.pre-registration.demographic.retrieve.status";
/// The `id` of D5's answer.
pub const RETRIEVE_BASIC: &str = "mosip.pre-registration.demographic.retrieve.basic";
/// The `id` of D8 and its answer.
pub const RETRIEVE_DATE: &str = "mosip.pre-registration.demographic.retrieve.date";

/// What holds the identity, wherever one stands.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct Details {
    /// The identity.
    pub identity: Identity,
}

/// What holds the identity in a request.
#[derive(Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Sent {
    /// The identity: an object, but the service says so in its own words.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, Value>")]
    pub identity: Value,
}

/// The request of D1 and D2.
#[derive(Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Create {
    /// The language it was typed in first.
    pub lang_code: Option<String>,
    /// The identity.
    pub demographic_details: Option<Sent>,
    /// The fields that this applicant must fill; clients of the older releases do not send it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub required_fields: Option<Vec<String>>,
}

/// The answer of D1.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Created {
    /// The PRID that was drawn.
    pub pre_registration_id: String,
    /// As [`instant`](super::date::instant) spells it.
    pub created_date_time: String,
    /// The first status.
    pub status_code: String,
    /// The language it was typed in first.
    pub lang_code: String,
    /// As it was sent.
    pub demographic_details: Details,
}

/// The answer of D2: with the name of the time in the user's contract, and with upstream's.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Updated {
    /// The application.
    pub pre_registration_id: String,
    /// As [`instant`](super::date::instant) spells it.
    pub created_date_time: String,
    /// As [`instant`](super::date::instant) spells it.
    pub updated_date_time: String,
    /// Its status.
    pub status_code: String,
    /// The language it was typed in this time.
    pub lang_code: String,
    /// The identity as it is now.
    pub demographic_details: Details,
}

/// The answer of D6.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Deleted {
    /// The application.
    pub pre_registration_id: String,
    /// The user id of who deleted it.
    pub deleted_by: String,
    /// As [`instant_with_offset`](super::date::instant_with_offset) spells it.
    pub deleted_date_time: String,
}

/// The answer of D9.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Config {
    /// The schema of identities.
    pub id_schema: Value,
}

/// The answer of D10.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Info {
    /// As D3 answers.
    pub demographic_response: Record,
    /// As F3 answers; nothing where there is no document.
    pub documents_meta_data: Option<document::AllMetadata>,
}

/// The answer of D3.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Record {
    /// The application.
    pub pre_registration_id: String,
    /// The user id of its maker.
    pub created_by: String,
    /// As [`instant`](super::date::instant) spells it.
    pub created_date_time: String,
    /// The user id of who changed it last.
    pub updated_by: Option<String>,
    /// As [`instant`](super::date::instant) spells it.
    pub updated_date_time: Option<String>,
    /// Its status.
    pub status_code: String,
    /// The language it was typed in first.
    pub lang_code: String,
    /// The identity.
    pub demographic_details: Details,
    /// Members that are not known here.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// The answer of D4.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StatusAnswer {
    /// The application; the name is misspelled on the wire.
    #[serde(rename = "preRegistartionId")]
    pub pre_registration_id: String,
    /// Its status.
    pub status_code: String,
}

/// The answer of D5. The counters are texts.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AllBasic {
    /// One for each application of the caller, or of the page that was asked for.
    pub basic_details: Vec<Basic>,
    /// How many there are on all pages.
    pub total_records: String,
    /// How many there are on this page; `0` if no page was asked for.
    pub no_of_records: String,
    /// The page, from `0`; `0` if none was asked for.
    pub page_index: String,
}

/// An application of D5.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Basic {
    /// The application.
    pub pre_registration_id: String,
    /// Its status.
    pub status_code: String,
    /// Its appointment.
    pub booking_metadata: Option<booking::Appointment>,
    /// What tells it from the caller's others.
    pub demographic_metadata: BasicMetadata,
    /// The languages of its identity; today's portal reads it.
    #[serde(default)]
    pub data_capture_language: Vec<String>,
}

/// What D5 says of an identity.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BasicMetadata {
    /// The document of that category.
    pub proof_of_address: Option<document::Metadata>,
    /// Empty if there is none. It is what the older releases tell.
    #[serde(default)]
    pub postal_code: String,
    /// Empty if there is none. It is what today's release tells.
    #[serde(default)]
    pub date_of_birth: String,
    /// The fields that are names, under the country's own names of them.
    #[serde(flatten)]
    pub names: Map<String, Value>,
}

/// The request of D8.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct RetrieveDate {
    /// Not used; the name is misspelled on the wire.
    #[serde(rename = "registartion_center_id")]
    pub registration_center_id: Option<String>,
    /// The applications.
    pub pre_registration_ids: Option<Vec<String>>,
}

/// The answer of D8: PRID to when its data or status changed last, as
/// [`instant_without_zone`](super::date::instant_without_zone) spells it.
pub type Dates = BTreeMap<String, String>;

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_record_keeps_what_is_not_known_here_and_writes_null_for_what_is_not_there() {
        let said = json!({
            "preRegistrationId": "46537143845798", "createdBy": "8754462073",
            "createdDateTime": "2026-11-20T06:25:00.262Z", "updatedBy": null,
            "updatedDateTime": null, "statusCode": "Booked", "langCode": "eng",
            "demographicDetails": {"identity": {"phone": "9886442073", "unknown": [1]}},
            "isUpdated": {"a": 1},
        });
        let record: Record = serde_json::from_value(said.clone()).unwrap();
        assert_eq!(record.extra.len(), 1);
        assert_eq!(serde_json::to_value(&record).unwrap(), said);
    }

    #[test]
    fn an_entry_of_the_list_has_the_names_under_the_country_s_keys() {
        let said = json!({
            "basicDetails": [{
                "preRegistrationId": "31601973604129", "statusCode": "Booked",
                "bookingMetadata": {
                    "registration_center_id": "10003", "appointment_date": "2026-12-01",
                    "time_slot_from": "14:15", "time_slot_to": "14:30",
                },
                "demographicMetadata": {
                    "proofOfAddress": null, "postalCode": "14023", "dateOfBirth": "1996/01/01",
                    "fullName": [{"language": "eng", "value": "Rajath"}],
                },
                "dataCaptureLanguage": ["eng"],
            }],
            "totalRecords": "1", "noOfRecords": "0", "pageIndex": "0",
        });
        let all: AllBasic = serde_json::from_value(said.clone()).unwrap();
        assert!(all.basic_details[0].demographic_metadata.names.contains_key("fullName"));
        assert_eq!(serde_json::to_value(&all).unwrap(), said);
    }

    #[test]
    fn the_misspelled_names_are_the_wire_s() {
        let dates = RetrieveDate { registration_center_id: None, pre_registration_ids: None };
        assert_eq!(
            serde_json::to_value(dates).unwrap(),
            json!({"registartion_center_id": null, "pre_registration_ids": null})
        );
        let status: StatusAnswer =
            serde_json::from_value(json!({"preRegistartionId": "1", "statusCode": "Booked"}))
                .unwrap();
        assert_eq!(status.pre_registration_id, "1");
    }

    #[test]
    fn a_request_may_lack_everything_and_an_older_client_sends_no_required_fields() {
        let create: Create = serde_json::from_value(json!({})).unwrap();
        assert_eq!(
            serde_json::to_value(create).unwrap(),
            json!({"langCode": null, "demographicDetails": null})
        );
    }
}
