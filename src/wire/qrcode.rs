//! Bodies of the QR code service (`contract/payloads.md` §10).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The `id` of Q1 and its answer.
pub const GENERATE: &str = "mosip.pre-registration.qrcode.generate";

/// What is drawn: a bare text, or an object with it.
#[derive(Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Drawn {
    /// As the portal sends it.
    Text(String),
    /// A number that stands for its digits.
    Number(u64),
    /// As the user's table has it.
    Object {
        /// The text.
        value: String,
    },
}

impl Drawn {
    /// Returns the text.
    #[must_use]
    pub fn text(self) -> String {
        match self {
            Self::Text(text) | Self::Object { value: text } => text,
            Self::Number(number) => number.to_string(),
        }
    }
}

/// The answer of Q1.
#[derive(Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Code {
    /// A PNG in base64.
    pub qrcode: String,
}
