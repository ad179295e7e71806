//! Envelopes to central and from it, and central's words made fit for a log.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use serde_json::error::Category;
use serde_json::{Map, Value};

use crate::carrier::Failure;
use crate::wire::date;
use crate::wire::envelope::VERSION;

/// The longest sentence of central's that is passed on, in letters.
const LONGEST: usize = 200;

#[derive(Serialize)]
struct Question<'a, T> {
    id: &'a str,
    version: &'a str,
    requesttime: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<Map<String, Value>>,
    request: &'a T,
}

/// Returns the envelope of the operation `id` around `request`.
pub(super) fn question<T: Serialize>(id: &str, request: &T, now: Timestamp) -> Vec<u8> {
    written(id, None, request, now)
}

/// Returns the envelope that the services of the kernel take, which has a member more.
pub(super) fn kernel_question<T: Serialize>(id: &str, request: &T, now: Timestamp) -> Vec<u8> {
    written(id, Some(Map::new()), request, now)
}

fn written<T: Serialize>(
    id: &str,
    metadata: Option<Map<String, Value>>,
    request: &T,
    now: Timestamp,
) -> Vec<u8> {
    let requesttime = date::instant(now);
    let question = Question { id, version: VERSION, requesttime, metadata, request };
    // Room enough for a log-in, so that growing leaves no copy of a secret behind.
    let mut bytes = Vec::with_capacity(2048);
    serde_json::to_writer(&mut bytes, &question).expect("bodies of requests have text for keys");
    bytes
}

/// An error as it comes; the wire says that both members are there.
#[derive(Deserialize)]
struct Fault {
    #[serde(rename = "errorCode", default)]
    code: Option<String>,
    #[serde(default)]
    message: Option<String>,
}

#[derive(Deserialize)]
struct Errors {
    #[serde(default)]
    errors: Option<Vec<Fault>>,
}

#[derive(Deserialize)]
struct Good<T> {
    response: T,
}

/// Returns the `response` of the answer `bytes` to the call `name`.
///
/// # Errors
/// [`Failure::Refused`] if central names errors, [`Failure::Unanswered`] if the bytes are not what
/// was agreed. Nothing of the answer but central's own sentence gets into them.
pub(super) fn answer<'a, T: Deserialize<'a>>(name: &str, bytes: &'a [u8]) -> Result<T, Failure> {
    let faults = errors(name, bytes)?;
    if !faults.is_empty() {
        return Err(refused(name, &faults));
    }
    let good: Good<T> = read(name, bytes)?;
    Ok(good.response)
}

/// What an answer looks like at a glance.
pub(super) enum Look {
    /// It names errors, first of all one with this code and this message.
    Refused(String, String),
    /// Its `response` has these members.
    Has(BTreeMap<String, IgnoredAny>),
    /// It is none, or something else.
    Other,
}

/// Looks at an answer without reading what its members hold.
pub(super) fn look(bytes: &[u8]) -> Look {
    match errors("", bytes) {
        Err(_) => Look::Other,
        Ok(faults) => match faults.into_iter().next() {
            Some(fault) => {
                Look::Refused(fault.code.unwrap_or_default(), fault.message.unwrap_or_default())
            }
            None => read("", bytes).map_or(Look::Other, |good: Good<_>| Look::Has(good.response)),
        },
    }
}

/// An error as the framework of central's services words it by itself.
#[derive(Deserialize)]
struct Unmapped {
    #[serde(rename = "timestamp")]
    _timestamp: IgnoredAny,
    #[serde(rename = "status")]
    _status: u16,
    #[serde(rename = "error")]
    _error: String,
    path: String,
}

/// Tells whether an error is told by a service of central's, asked at `path`, and not by something
/// on the way there.
pub(super) fn is_of_a_service(bytes: &[u8], path: &str) -> bool {
    let named = errors("", bytes).is_ok_and(|faults| faults.iter().any(|f| f.code.is_some()));
    named || serde_json::from_slice(bytes).is_ok_and(|own: Unmapped| own.path.ends_with(path))
}

fn errors(name: &str, bytes: &[u8]) -> Result<Vec<Fault>, Failure> {
    let errors: Errors = read(name, bytes)?;
    Ok(errors.errors.unwrap_or_default())
}

fn read<'a, T: Deserialize<'a>>(name: &str, bytes: &'a [u8]) -> Result<T, Failure> {
    let unanswered = |what: &str| Failure::Unanswered(format!("{name}: central's answer {what}"));
    // A struct may also be read from an array; the wire knows the object alone.
    if bytes.trim_ascii_start().first() != Some(&b'{') {
        return Err(unanswered("is no JSON object"));
    }
    // serde's own sentence quotes what it found there, so it stays here.
    serde_json::from_slice(bytes).map_err(|error| match error.classify() {
        Category::Eof => unanswered("breaks off in the middle"),
        Category::Syntax | Category::Io => unanswered("is no JSON"),
        Category::Data => unanswered("has not the form that was agreed"),
    })
}

/// Returns central's refusal: the first code, and the sentences of all.
fn refused(name: &str, faults: &[Fault]) -> Failure {
    let code = faults[0].code.as_deref().unwrap_or_default();
    let code: String =
        code.chars().filter(|c| c.is_ascii_alphanumeric() || "-_.".contains(*c)).take(40).collect();
    if code.is_empty() {
        return Failure::Unanswered(format!("{name}: central names an error without a code"));
    }
    let sentences: Vec<&str> = faults.iter().filter_map(|fault| fault.message.as_deref()).collect();
    Failure::Refused { code, sentence: plain(&sentences.join("; "), LONGEST) }
}

/// Returns `text` fit for a log or a page: at most `longest` letters, none that steers a terminal
/// or turns the direction of writing, no e-mail address, and where so many digits stand that they
/// may be a phone number, a date of birth or a PRID, none of the digits.
pub(super) fn plain(text: &str, longest: usize) -> String {
    let steers = |c: char| {
        c.is_control()
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
    };
    let telling = text.chars().filter(|c| c.is_numeric()).count() >= 7;
    let mut plain = String::new();
    for word in text.split(|c: char| c.is_whitespace() || steers(c)).filter(|word| !word.is_empty())
    {
        if !plain.is_empty() {
            plain.push(' ');
        }
        if word.contains('@') {
            plain.push('…');
        } else {
            plain.extend(word.chars().map(|c| if telling && c.is_numeric() { '#' } else { c }));
        }
    }
    match plain.char_indices().nth(longest) {
        Some((end, _)) => format!("{}…", &plain[..end]),
        None => plain,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn of(answer: &Value) -> Result<Value, Failure> {
        super::answer("a call", answer.to_string().as_bytes())
    }

    #[test]
    fn a_question_is_an_envelope_of_this_instant() {
        let now = "2026-11-22T07:24:47.605Z".parse().unwrap();
        assert_eq!(
            String::from_utf8(question("an.id", &json!({"n": 1}), now)).unwrap(),
            r#"{"id":"an.id","version":"1.0","requesttime":"2026-11-22T07:24:47.605Z","request":{"n":1}}"#
        );
        assert_eq!(
            String::from_utf8(kernel_question("an.id", &json!({}), now)).unwrap(),
            r#"{"id":"an.id","version":"1.0","requesttime":"2026-11-22T07:24:47.605Z","metadata":{},"request":{}}"#
        );
    }

    #[test]
    fn errors_that_are_missing_null_or_empty_are_none() {
        for good in [
            json!({"response": {"n": 1}, "errors": null}),
            json!({"response": {"n": 1}, "errors": []}),
            json!({"response": {"n": 1}, "metadata": null}),
        ] {
            assert_eq!(of(&good), Ok(json!({"n": 1})));
        }
    }

    #[test]
    fn a_refusal_has_the_first_code_and_all_sentences() {
        let refused = of(&json!({"response": null, "errors": [
            {"errorCode": "KER-IOV-005", "message": "Missing input parameter - identity/fullName"},
            {"errorCode": "KER-IOV-004", "message": "Invalid input parameter - identity/gender/0"},
        ]}));
        assert_eq!(
            refused,
            Err(Failure::Refused {
                code: "KER-IOV-005".into(),
                sentence: "Missing input parameter - identity/fullName; \
                           Invalid input parameter - identity/gender/0"
                    .into(),
            })
        );
        let nameless = of(&json!({"errors": [{"message": "no"}]}));
        assert!(matches!(nameless, Err(Failure::Unanswered(_))), "{nameless:?}");
    }

    #[test]
    fn no_sentence_of_central_carries_a_person_or_a_control_letter() {
        let cases = [
            (
                "Invalid Booking Date Time found for preregistration id - 46537143845798",
                "Invalid Booking Date Time found for preregistration id - ##############",
            ),
            ("call 98 86 44 20 73", "call ## ## ## ## ##"),
            ("call ٩٨٨٦٤٤٢٠٧٣", "call ##########"),
            ("user puja@example.org is\r\nblocked\u{1b}[2J", "user … is blocked [2J"),
            ("a\u{202e}b", "a b"),
            ("within 24 hours", "within 24 hours"),
        ];
        for (said, kept) in cases {
            assert_eq!(plain(said, LONGEST), kept);
        }
        assert_eq!(plain(&"é".repeat(500), LONGEST).chars().count(), LONGEST + 1);
    }

    #[test]
    fn what_is_not_the_agreed_json_is_one_sentence_that_quotes_nothing() {
        let cases: [(&[u8], &str); 9] = [
            (b"", "is no JSON object"),
            (b"<html>Puja</html>", "is no JSON object"),
            (b"[[], {\"n\": 1}]", "is no JSON object"),
            (b"{\"response\":{\"n\":\"Pu", "breaks off in the middle"),
            (b"{\"response\": Puja}", "is no JSON"),
            (b"{\"response\": {}} Puja", "is no JSON"),
            (b"{\"response\": \"Puja\"}", "has not the form that was agreed"),
            (b"{\"errors\": \"Puja\"}", "has not the form that was agreed"),
            (b"{}", "has not the form that was agreed"),
        ];
        for (bytes, what) in cases {
            let got: Result<Map<String, Value>, _> = answer("a call", bytes);
            assert_eq!(got, Err(Failure::Unanswered(format!("a call: central's answer {what}"))));
        }
    }
}
