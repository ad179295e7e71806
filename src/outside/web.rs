//! Calls over HTTP to what is neither central nor resident: gateways for SMS, verifiers of captchas,
//! the keys of an identity provider.
//!
//! Each call has a connection of its own, used for nothing before: on one that the other end has
//! closed meanwhile nobody could tell whether an SMS was taken. Redirects are answers and never
//! followed, for what is sent is meant for the host that was configured. Failures name neither
//! address nor content: both may hold a phone number (I8).

use std::error::Error as _;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use hyper::body::Body as _;
use hyper::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use hyper::{Method, Request, StatusCode, Uri};
use hyper_rustls::HttpsConnector;
use hyper_util::client::legacy;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::Value;
use tokio::time::timeout;

/// How long a call may take and how much of an answer is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// From the name's look-up to the last byte.
    pub patience: Duration,
    /// The largest body of an answer in bytes.
    pub answer: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { patience: Duration::from_secs(10), answer: 256 << 10 }
    }
}

/// Calls whom it is told to. Clones share nothing but their settings.
#[derive(Clone)]
pub struct Web {
    http: legacy::Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
    limits: Limits,
}

/// What is sent, and as what.
#[derive(Clone)]
pub struct Body {
    content_type: HeaderValue,
    content: Bytes,
}

/// What came back, whatever its status.
pub struct Answer {
    /// The status; a redirect is one as any other.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body, whole.
    pub body: Bytes,
}

/// Why there is no answer. The texts hold no personal data.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// Address or headers cannot be put into a request.
    #[error("the call cannot be put into a request")]
    Unfit,
    /// Nothing left the node: to try again is safe.
    #[error("it cannot be reached ({0})")]
    NotSent(String),
    /// It may have taken the call.
    #[error("it did not answer ({0})")]
    Unanswered(String),
    /// It took too long, and may have taken the call.
    #[error("it did not answer in time")]
    TooSlow,
    /// Its answer is larger than allowed.
    #[error("its answer is larger than allowed")]
    TooLarge,
}

/// An address is not of the form `http[s]://host[:port][/path][?query]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the address is not of the form https://host[:port][/path]")]
pub struct BadAddress;

impl Web {
    /// Calls with what `tls` trusts.
    #[must_use]
    pub fn new(tls: &Arc<rustls::ClientConfig>, limits: Limits) -> Self {
        let mut tls = rustls::ClientConfig::clone(tls);
        tls.alpn_protocols = vec![b"http/1.1".to_vec()];
        let mut tcp = HttpConnector::new();
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        let http = legacy::Client::builder(TokioExecutor::new())
            .pool_max_idle_per_host(0)
            .retry_canceled_requests(false)
            .build(HttpsConnector::from((tcp, tls)));
        Self { http, limits }
    }

    /// Gets `url`, with these headers.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn get(&self, url: &str, headers: &[(&str, &str)]) -> Result<Answer, Failure> {
        self.send(Method::GET, url, headers, None).await
    }

    /// Posts `body` to `url`, with these headers besides its own.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn post(
        &self,
        url: &str,
        headers: &[(&str, &str)],
        body: Body,
    ) -> Result<Answer, Failure> {
        self.send(Method::POST, url, headers, Some(body)).await
    }

    async fn send(
        &self,
        method: Method,
        url: &str,
        headers: &[(&str, &str)],
        body: Option<Body>,
    ) -> Result<Answer, Failure> {
        let mut request = Request::builder().method(method).uri(address(url)?);
        if let Some(body) = &body {
            request = request.header(CONTENT_TYPE, body.content_type.clone());
        }
        for (name, value) in headers {
            let name = HeaderName::try_from(*name).map_err(|_| Failure::Unfit)?;
            let mut value = HeaderValue::from_str(value).map_err(|_| Failure::Unfit)?;
            value.set_sensitive(true);
            request = request.header(name, value);
        }
        let content = body.map_or_else(Bytes::new, |body| body.content);
        let request = request.body(Full::new(content)).map_err(|_| Failure::Unfit)?;
        timeout(self.limits.patience, self.answer(request)).await.unwrap_or(Err(Failure::TooSlow))
    }

    async fn answer(&self, request: Request<Full<Bytes>>) -> Result<Answer, Failure> {
        let response = self.http.request(request).await.map_err(|error| {
            let cause = cause(&error);
            if error.is_connect() { Failure::NotSent(cause) } else { Failure::Unanswered(cause) }
        })?;
        let (head, body) = response.into_parts();
        if body.size_hint().lower() > self.limits.answer as u64 {
            return Err(Failure::TooLarge);
        }
        let body = Limited::new(body, self.limits.answer).collect().await.map_err(|error| {
            if error.is::<LengthLimitError>() {
                Failure::TooLarge
            } else {
                Failure::Unanswered("its answer broke off".to_owned())
            }
        })?;
        Ok(Answer { status: head.status, headers: head.headers, body: body.to_bytes() })
    }
}

impl Body {
    /// Returns what a form with these fields sends.
    #[must_use]
    pub fn form(fields: &[(&str, &str)]) -> Self {
        let pairs: Vec<String> = fields
            .iter()
            .map(|(name, value)| format!("{}={}", encoded(name), encoded(value)))
            .collect();
        Self {
            content_type: HeaderValue::from_static("application/x-www-form-urlencoded"),
            content: pairs.join("&").into(),
        }
    }

    /// Returns `value` as JSON.
    #[must_use]
    pub fn json(value: &Value) -> Self {
        Self {
            content_type: HeaderValue::from_static("application/json"),
            content: value.to_string().into(),
        }
    }

    /// Returns `content` as what `content_type` says; nothing if that is no header's value.
    #[must_use]
    pub fn of(content_type: &str, content: impl Into<Bytes>) -> Option<Self> {
        let content_type = HeaderValue::from_str(content_type).ok()?;
        Some(Self { content_type, content: content.into() })
    }
}

/// Checks an address when it is configured, so that no call finds out.
///
/// # Errors
/// [`BadAddress`].
pub fn check(url: &str) -> Result<(), BadAddress> {
    address(url).map(drop).map_err(|_| BadAddress)
}

/// Tells whether an address is on the loopback.
#[must_use]
pub fn is_this_machine(url: &str) -> bool {
    let host = address(url).ok().and_then(|uri| uri.host().map(str::to_owned));
    host.is_some_and(|host| ["127.0.0.1", "localhost", "[::1]"].contains(&host.as_str()))
}

/// Returns `text` as a part of a query or a form: all but letters, digits and `-._~` in per cent.
#[must_use]
pub fn encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

fn address(url: &str) -> Result<Uri, Failure> {
    let uri: Uri = url.parse().map_err(|_| Failure::Unfit)?;
    let is_web = matches!(uri.scheme_str(), Some("http" | "https"));
    let names_a_host = uri.authority().is_some_and(|host| !host.as_str().contains('@'));
    if is_web && names_a_host { Ok(uri) } else { Err(Failure::Unfit) }
}

/// Returns what lies at the bottom of a failure, in a few letters: the layers above it say only that
/// there was one.
fn cause(error: &legacy::Error) -> String {
    let mut cause = error.source();
    while let Some(deeper) = cause.and_then(std::error::Error::source) {
        cause = Some(deeper);
    }
    let cause = cause.map_or_else(|| error.to_string(), ToString::to_string);
    cause.chars().filter(|c| !c.is_control()).take(120).collect()
}

#[cfg(test)]
mod tests;
