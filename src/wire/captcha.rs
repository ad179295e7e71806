//! Bodies of the captcha service (`contract/payloads.md` §10), and of the verifier behind it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The `id` of C1 and its answer.
pub const VALIDATE: &str = "mosip.pre-registration.captcha.id.validate";
/// What it says of a captcha that was solved. The blank is the contract's.
pub const SOLVED: &str = " Captcha successfully verified";

/// The request of C1.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Validate {
    /// What the captcha gave the browser.
    #[serde(alias = "captcha_token")]
    pub captcha_token: Option<String>,
}

/// The answer of C1.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Validated {
    /// Always true: the other case is an error.
    pub success: bool,
    /// [`SOLVED`].
    pub message: String,
}
