//! The transliteration service: T1.

use crate::http::Context;
use crate::http::dispatch::Call;
use crate::http::handlers::{Faults, answered, opened};
use crate::http::reply::Reply;
use crate::services::transliteration;
use crate::wire::transliteration::{Done, Wanted};

/// `POST /transliteration/transliterate`: writes a text in the letters of another language.
pub(in crate::http) async fn transliterate(cx: &Context, mut call: Call) -> Reply {
    let wanted: Wanted = match opened(cx, &mut call, Faults::All).await {
        Ok(wanted) => wanted,
        Err(reply) => return *reply,
    };
    let done = transliteration::transliterate(
        text(&wanted.from_field_value),
        text(&wanted.from_field_lang),
        text(&wanted.to_field_lang),
        &cx.master,
    );
    answered(cx, call.id, done.map(|text| Done { wanted, to_field_value: text }))
}

fn text(field: &Option<String>) -> &str {
    field.as_deref().unwrap_or("")
}
