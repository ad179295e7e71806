//! The envelope around every MOSIP body: what a request must say (`contract/rules.md` §1) and how
//! an answer is wrapped (`contract/payloads.md` §1 and §2).

use std::borrow::Cow;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::date;

/// The one version there is, of requests and answers.
pub const VERSION: &str = "1.0";

/// A request as it came, before it is checked. Members it does not know are left out.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Request {
    /// Names the operation; `None` if missing or `null`.
    #[serde(deserialize_with = "text")]
    pub id: Option<String>,
    /// As it came.
    #[serde(deserialize_with = "text")]
    pub version: Option<String>,
    /// As it came.
    #[serde(deserialize_with = "text")]
    pub requesttime: Option<String>,
    /// The body proper; `Value::Null` if missing.
    pub request: Value,
}

impl Request {
    /// Reads an envelope.
    ///
    /// # Errors
    /// [`Malformed`] if `bytes` is not a JSON object of the right types, or nests too deep.
    pub fn parse(bytes: &[u8]) -> Result<Self, Malformed> {
        // A struct may also be read from an array; the wire knows the object alone.
        if bytes.trim_ascii_start().first() != Some(&b'{') {
            return Err(Malformed);
        }
        serde_json::from_slice(bytes).map_err(|_| Malformed)
    }

    /// Returns all that is wrong with the envelope of the operation `id`, in the order of the
    /// contract. Endpoints that end at the first finding take the first.
    #[must_use]
    pub fn findings(&self, id: &str, window: Window, now: Timestamp) -> Vec<Fault> {
        let time = match self.requesttime.as_deref().and_then(date::parse_instant) {
            None => Some(Fault::new("PRG_PAM_CORE_003", "Invalid request time")),
            Some(at) if !window.admits(at, now) => {
                Some(Fault::new("PRG_CORE_REQ_013", "Request date should be current date"))
            }
            Some(_) => None,
        };
        let version = self.version.as_deref().is_none_or(|v| !v.eq_ignore_ascii_case(VERSION));
        let version = version.then(|| Fault::new("PRG_PAM_CORE_002", "Request version is invalid"));
        let body = self
            .request
            .is_null()
            .then(|| Fault::new("PRG_PAM_CORE_004", "Request body is invalid"));
        let id = (self.id.as_deref() != Some(id))
            .then(|| Fault::new("PRG_PAM_CORE_001", "Request id is invalid"));
        [time, version, body, id].into_iter().flatten().collect()
    }

    /// Reads the body proper as `T`.
    ///
    /// # Errors
    /// [`Malformed`] if it has other types than `T`.
    pub fn body<T: DeserializeOwned>(&self) -> Result<T, Malformed> {
        T::deserialize(&self.request).map_err(|_| Malformed)
    }
}

/// The bytes are not the JSON that was expected: `PRG_CORE_REQ_015`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("JSON parse error")]
pub struct Malformed;

/// How far the day of `requesttime` may be from today, in UTC calendar days either way. The
/// default, none, is the contract's; a center whose clients' clocks drift widens it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Window {
    /// Days before and after today.
    pub days: u16,
}

impl Window {
    fn admits(self, at: Timestamp, now: Timestamp) -> bool {
        let day = |instant: Timestamp| instant.to_zoned(TimeZone::UTC).date();
        day(at).duration_since(day(now)).as_hours().unsigned_abs() <= 24 * u64::from(self.days)
    }
}

/// One error of an answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    /// Such as `PRG_PAM_CORE_001`.
    #[serde(rename = "errorCode")]
    pub code: Cow<'static, str>,
    /// The text that the contract gives for the code.
    pub message: Cow<'static, str>,
}

impl Fault {
    /// Returns an error of that code and text.
    pub fn new(code: impl Into<Cow<'static, str>>, message: impl Into<Cow<'static, str>>) -> Self {
        Self { code: code.into(), message: message.into() }
    }
}

/// An answer. The usual ones come from [`ok`], [`refused`] and [`rejected`]; whoever answers
/// otherwise fills the members.
#[derive(Debug, Serialize)]
pub struct Answer<'a, T> {
    /// The operation, or an echo of the request's id.
    pub id: Option<&'a str>,
    /// [`VERSION`], or `None` where the request could not be read.
    pub version: Option<&'a str>,
    /// In the form of [`date::instant`], with few exceptions.
    pub responsetime: String,
    /// Stands only in the answers of [`rejected`], and is `null` there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metadata: Option<()>,
    /// What was asked for; `null` beside errors.
    pub response: Option<T>,
    /// `null`, never empty, if all went well.
    pub errors: Option<&'a [Fault]>,
}

impl<T: Serialize> Answer<'_, T> {
    /// Returns the answer as JSON.
    ///
    /// # Panics
    /// If `T` cannot be JSON: a map whose keys are not text.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("bodies of answers have text for keys")
    }
}

/// Returns the answer of an operation that went well. An empty `id` is that of the few operations
/// that have none, and `null` in the answer.
pub fn ok<T>(id: &str, response: T, now: Timestamp) -> Answer<'_, T> {
    Answer {
        id: named(id),
        version: Some(VERSION),
        responsetime: date::instant(now),
        metadata: None,
        response: Some(response),
        errors: None,
    }
}

/// Returns the answer of an operation that was refused for `errors`, at least one; `id` is as in
/// [`ok`].
#[must_use]
pub fn refused<'a>(id: &'a str, errors: &'a [Fault], now: Timestamp) -> Answer<'a, ()> {
    Answer {
        id: named(id),
        version: Some(VERSION),
        responsetime: date::instant(now),
        metadata: None,
        response: None,
        errors: Some(errors),
    }
}

fn named(id: &str) -> Option<&str> {
    Some(id).filter(|id| !id.is_empty())
}

/// Returns the answer of a request that reached no operation: malformed, failed, without a valid
/// token. It has one member more; `request` is what could be read of it.
#[must_use]
pub fn rejected<'a>(
    request: Option<&'a Request>,
    errors: &'a [Fault],
    now: Timestamp,
) -> Answer<'a, ()> {
    Answer {
        id: request.and_then(|request| request.id.as_deref()),
        version: request.and_then(|request| request.version.as_deref()),
        responsetime: date::instant(now),
        metadata: Some(()),
        response: None,
        errors: Some(errors),
    }
}

impl From<Malformed> for Fault {
    fn from(malformed: Malformed) -> Self {
        Self::new("PRG_CORE_REQ_015", malformed.to_string())
    }
}

/// Reads text, and numbers and truth values as their text, as Jackson does.
fn text<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    match Value::deserialize(from)? {
        Value::Null => Ok(None),
        Value::String(text) => Ok(Some(text)),
        other @ (Value::Number(_) | Value::Bool(_)) => Ok(Some(other.to_string())),
        Value::Array(_) | Value::Object(_) => Err(serde::de::Error::custom("text expected")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const ID: &str = "mosip.pre-registration.demographic.create";

    fn now() -> Timestamp {
        "2026-11-22T07:24:48.102Z".parse().unwrap()
    }

    fn request(change: impl FnOnce(&mut Value)) -> Request {
        let mut value = json!({
            "id": ID,
            "version": "1.0",
            "requesttime": "2026-11-22T07:24:47.605Z",
            "request": {"langCode": "eng"},
            "unknown": [1, 2],
        });
        change(&mut value);
        Request::parse(value.to_string().as_bytes()).unwrap()
    }

    fn codes(request: &Request) -> Vec<String> {
        let findings = request.findings(ID, Window::default(), now());
        findings.into_iter().map(|fault| fault.code.into_owned()).collect()
    }

    #[test]
    fn a_sound_envelope_has_no_findings() {
        assert_eq!(codes(&request(|_| ())), [""; 0]);
    }

    #[test]
    fn every_finding_is_told_in_the_order_time_version_body_id() {
        let empty = Request::parse(b"{}").unwrap();
        assert_eq!(
            codes(&empty),
            ["PRG_PAM_CORE_003", "PRG_PAM_CORE_002", "PRG_PAM_CORE_004", "PRG_PAM_CORE_001"]
        );
        let stale = request(|r| {
            r["requesttime"] = json!("2026-11-21T23:59:59.999Z");
            r["id"] = json!(ID.to_uppercase());
        });
        assert_eq!(codes(&stale), ["PRG_CORE_REQ_013", "PRG_PAM_CORE_001"]);
    }

    #[test]
    fn only_today_in_utc_passes_unless_the_window_is_widened() {
        let admits = |text: &str, days| {
            let request = request(|r| r["requesttime"] = json!(text));
            request.findings(ID, Window { days }, now()).is_empty()
        };
        assert!(admits("2026-11-22T00:00:00.000Z", 0));
        assert!(admits("2026-11-22T23:59:59.999Z", 0));
        assert!(!admits("2026-11-21T23:59:59.999Z", 0));
        assert!(!admits("2026-11-23T00:00:00.000Z", 0));
        assert!(admits("2026-11-21T00:00:00.000Z", 1));
        assert!(admits("2026-11-23T23:59:59.999Z", 1));
        assert!(!admits("2026-11-24T00:00:00.000Z", 1));
        assert!(!admits("9999-11-24T00:00:00.000Z", u16::MAX));
    }

    #[test]
    fn the_version_is_compared_without_case_and_the_time_by_its_exact_form() {
        assert_eq!(codes(&request(|r| r["version"] = json!(1.0))), [""; 0]);
        assert_eq!(codes(&request(|r| r["version"] = json!("v1.0"))), ["PRG_PAM_CORE_002"]);
        for time in [json!(null), json!(1_795_000_000), json!("2026-11-22T07:24:47Z")] {
            assert_eq!(codes(&request(|r| r["requesttime"] = time)), ["PRG_PAM_CORE_003"]);
        }
    }

    #[test]
    fn what_is_not_an_envelope_is_malformed() {
        let deep = format!("{{\"request\":{}1{}}}", "[".repeat(200), "]".repeat(200));
        for text in [
            "",
            "null",
            "[]",
            "[null,null,null,null]",
            "{",
            "{}{}",
            "{\"id\":{}}",
            "{\"id\":\"\u{0}\"}",
            &deep,
        ] {
            assert_eq!(Request::parse(text.as_bytes()), Err(Malformed), "{text}");
        }
        assert_eq!(Request::parse(b"{\"id\":\"\xff\"}"), Err(Malformed));
        let bodies = request(|_| ()).body::<Vec<String>>();
        assert_eq!(bodies, Err(Malformed));
    }

    #[test]
    fn an_answer_has_every_member_and_no_empty_errors() {
        let good = ok(ID, json!({"n": null}), now()).to_bytes();
        assert_eq!(
            String::from_utf8(good).unwrap(),
            format!(
                "{{\"id\":\"{ID}\",\"version\":\"1.0\",\"responsetime\":\"2026-11-22T07:24:48.102Z\",\
                 \"response\":{{\"n\":null}},\"errors\":null}}"
            )
        );
        let faults = [Fault::new("PRG_PAM_DOC_004", "Invalid document format supported")];
        let bad: Value = serde_json::from_slice(&refused(ID, &faults, now()).to_bytes()).unwrap();
        assert_eq!(bad["response"], Value::Null);
        assert_eq!(
            bad["errors"],
            json!([{"errorCode": "PRG_PAM_DOC_004",
                    "message": "Invalid document format supported"}])
        );
        assert_eq!(bad.get("metadata"), None);
    }

    #[test]
    fn an_operation_without_an_id_is_answered_without_one() {
        let answer: Value = serde_json::from_slice(&ok("", 1, now()).to_bytes()).unwrap();
        assert_eq!((&answer["id"], &answer["response"]), (&Value::Null, &json!(1)));
    }

    #[test]
    fn a_rejected_request_is_answered_with_what_could_be_read_of_it() {
        let token = [Fault::new("KER-ATH-401", "Invalid Token")];
        let answer: Value =
            serde_json::from_slice(&rejected(None, &token, now()).to_bytes()).unwrap();
        assert_eq!(
            answer,
            json!({"id": null, "version": null, "responsetime": "2026-11-22T07:24:48.102Z",
                   "metadata": null, "response": null,
                   "errors": [{"errorCode": "KER-ATH-401", "message": "Invalid Token"}]})
        );
        let (read, malformed) = (request(|_| ()), [Fault::from(Malformed)]);
        let answer: Value =
            serde_json::from_slice(&rejected(Some(&read), &malformed, now()).to_bytes()).unwrap();
        assert_eq!((&answer["id"], &answer["version"]), (&json!(ID), &json!("1.0")));
        assert_eq!(answer["errors"][0]["errorCode"], "PRG_CORE_REQ_015");
        assert_eq!(answer["errors"][0]["message"], "JSON parse error");
    }
}
