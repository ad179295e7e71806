//! Body of `POST /logAudit` (`contract/payloads.md`, A1).

use serde::Deserialize;

/// The answer.
pub const DONE: &str = "Audit Logged Successfully";

/// The request.
#[derive(Clone, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct LogAudit {
    /// Such as `CONSENT`.
    pub event_name: Option<String>,
    /// JSON in a text: `description`, `url`, and `template`, the text that was agreed to.
    pub description: Option<String>,
    /// When, by the client's clock, without a zone.
    pub action_time_stamp: Option<String>,
    /// Who.
    pub action_user_id: Option<String>,
    /// Where in the portal.
    pub module_name: Option<String>,
    /// Where in the portal, in short.
    pub module_id: Option<String>,
}
