//! Bodies of the notification service (`contract/payloads.md` §10). Its requests are parts of forms.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

/// The `id` of N1 to N3 and their answers.
pub const NOTIFY: &str = "mosip.pre-registration.notification.notify";
/// The part with the request.
pub const REQUEST: &str = "NotificationRequestDTO";
/// The part with the language, or with several between commas.
pub const LANGUAGE: &str = "langCode";
/// The part with the acknowledgement as a PDF. It is read and left out, as today's central does.
pub const ATTACHMENT: &str = "attachment";
/// What is answered when all went well.
pub const DONE: &str = "Email and sms request successfully submitted";

/// The request of N1 and N3, and what N2 has for each language.
#[derive(Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct Notice {
    /// How the resident is called.
    #[serde(deserialize_with = "text")]
    pub name: Option<String>,
    /// About which application.
    #[serde(deserialize_with = "text")]
    pub pre_registration_id: Option<String>,
    /// Such as `2026-11-30`.
    #[serde(deserialize_with = "text")]
    pub appointment_date: Option<String>,
    /// Such as `09:15 AM`.
    #[serde(deserialize_with = "text")]
    pub appointment_time: Option<String>,
    /// A phone number to tell besides.
    #[serde(deserialize_with = "text")]
    pub mob_num: Option<String>,
    /// An e-mail address to tell besides.
    #[serde(rename = "emailID", deserialize_with = "text")]
    pub email_id: Option<String>,
    /// Whether those two are told, and not who is named in the application.
    #[serde(deserialize_with = "flag")]
    pub additional_recipient: Option<bool>,
    /// Whether it tells of a cancellation.
    #[serde(deserialize_with = "flag")]
    pub is_batch: Option<bool>,
}

/// The request of N2: a notice for each language.
pub type Notices = BTreeMap<String, Notice>;

/// The answer.
#[derive(Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Done {
    /// [`DONE`].
    pub message: &'static str,
}

/// Reads text, and numbers as their text, as Jackson does.
fn text<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    match Value::deserialize(from)? {
        Value::Null => Ok(None),
        Value::String(text) => Ok(Some(text)),
        other @ (Value::Number(_) | Value::Bool(_)) => Ok(Some(other.to_string())),
        Value::Array(_) | Value::Object(_) => Err(serde::de::Error::custom("text expected")),
    }
}

/// Reads a truth value, also as the text that the documented sample has.
fn flag<'de, D: Deserializer<'de>>(from: D) -> Result<Option<bool>, D::Error> {
    match Value::deserialize(from)? {
        Value::Null => Ok(None),
        Value::Bool(flag) => Ok(Some(flag)),
        Value::String(text) if text.trim().is_empty() => Ok(None),
        Value::String(text) if text.trim().eq_ignore_ascii_case("true") => Ok(Some(true)),
        Value::String(text) if text.trim().eq_ignore_ascii_case("false") => Ok(Some(false)),
        _ => Err(serde::de::Error::custom("true or false expected")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_flag_may_be_a_text_and_a_number_may_stand_for_one() {
        let notice: Notice = serde_json::from_value(json!({
            "mobNum": 9_748_107_386_u64, "emailID": "a@b.example",
            "additionalRecipient": "true", "isBatch": "False", "unknown": [],
        }))
        .unwrap();
        assert_eq!(notice.mob_num.as_deref(), Some("9748107386"));
        assert_eq!((notice.additional_recipient, notice.is_batch), (Some(true), Some(false)));
        assert!(serde_json::from_value::<Notice>(json!({"isBatch": "perhaps"})).is_err());
        assert!(serde_json::from_value::<Notice>(json!({"name": []})).is_err());
    }
}
