//! Bodies of the transliteration service (`contract/payloads.md` §10).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The `id` of T1 and its answer.
pub const TRANSLITERATE: &str = "mosip.pre-registration.transliteration.transliterate";

/// The request of T1.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Wanted {
    /// The language of the text.
    pub from_field_lang: Option<String>,
    /// The text.
    pub from_field_value: Option<String>,
    /// The language whose letters are wanted.
    pub to_field_lang: Option<String>,
}

/// The answer: the request and the text in other letters.
#[derive(Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Done {
    /// The request.
    #[serde(flatten)]
    pub wanted: Wanted,
    /// The text in the letters of the other language.
    pub to_field_value: String,
}
