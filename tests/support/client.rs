//! A client: one request on a connection of its own, and the answer as a test reads it.

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::Request;
use hyper::header::{CONTENT_TYPE, HOST, HeaderMap};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::asserted::Asked;

/// Longer than any answer of a node that works.
const PATIENCE: Duration = Duration::from_secs(30);

/// An answer.
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    asked: Asked,
}

/// Sends a request. A header `host` replaces the usual one; an empty one sends none.
pub(super) async fn send(
    at: SocketAddr,
    asked: Asked,
    headers: &[(&str, &str)],
    body: Vec<u8>,
) -> Reply {
    let talk = async {
        let stream = TcpStream::connect(at).await.unwrap();
        let (mut sender, connection) =
            hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.unwrap();
        let connection = tokio::spawn(connection);
        let mut request = Request::builder().method(asked.method.clone()).uri(&asked.path);
        if !headers.iter().any(|(name, _)| *name == "host") {
            request = request.header(HOST, at.to_string());
        }
        for (name, value) in headers.iter().filter(|(_, value)| !value.is_empty()) {
            request = request.header(*name, *value);
        }
        let request = request.body(Full::new(Bytes::from(body))).unwrap();
        let answer = sender.send_request(request).await.unwrap();
        let (head, body) = answer.into_parts();
        // A stream has no end that could be waited for.
        let media_type = head.headers.get(CONTENT_TYPE).map_or(&[][..], |kind| kind.as_bytes());
        let goes_on = media_type.starts_with(b"text/event-stream")
            || media_type.starts_with(b"multipart/x-mixed-replace");
        let body = match goes_on {
            true => Bytes::new(),
            false => body.collect().await.unwrap().to_bytes(),
        };
        drop(sender);
        connection.abort();
        Reply { status: head.status.as_u16(), headers: head.headers, body, asked }
    };
    timeout(PATIENCE, talk).await.expect("a node answers in time")
}

impl Reply {
    /// Returns the body as JSON.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("no JSON: {self:?}"))
    }

    /// Returns `response` of an answer that went well.
    #[track_caller]
    pub(crate) fn response(&self) -> Value {
        let body = self.json();
        assert_eq!(self.status, 200, "{self:?}");
        assert_eq!(body.get("errors"), Some(&Value::Null), "{self:?}");
        self.asked.went_well(&body["response"]);
        body["response"].clone()
    }

    /// Returns code and text of every error.
    #[track_caller]
    pub(crate) fn errors(&self) -> Vec<(String, String)> {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let body = self.json();
        assert_eq!(body.get("response"), Some(&Value::Null), "{self:?}");
        let errors = body["errors"].as_array().unwrap_or_else(|| panic!("no error: {self:?}"));
        errors.iter().map(|e| (text(&e["errorCode"]), text(&e["message"]))).collect()
    }

    /// Returns the codes of all errors.
    #[track_caller]
    pub(crate) fn codes(&self) -> Vec<String> {
        self.errors().into_iter().map(|(code, _)| code).collect()
    }

    /// Returns the code of the one error, if there is one.
    pub(crate) fn error_code(&self) -> Option<String> {
        let body: Value = serde_json::from_slice(&self.body).ok()?;
        body["errors"][0]["errorCode"].as_str().map(str::to_owned)
    }

    /// Expects the service to have refused for one reason, in an envelope of HTTP 200.
    #[track_caller]
    pub(crate) fn is_refused(&self, code: &str, text: &str) {
        self.is_refused_for(&[(code, text)]);
    }

    /// Expects the service to have refused for these reasons, in their order.
    #[track_caller]
    pub(crate) fn is_refused_for(&self, reasons: &[(&str, &str)]) {
        assert_eq!(self.status, 200, "{self:?}");
        let told = self.errors();
        let told: Vec<_> = told.iter().map(|(c, t)| (c.as_str(), t.as_str())).collect();
        assert_eq!(told, reasons);
        for (code, text) in reasons {
            self.asked.was_refused(code, text);
        }
    }

    /// Expects the service to have refused for one reason, and said `response` all the same.
    #[track_caller]
    pub(crate) fn is_refused_with(&self, response: &str, code: &str, text: &str) {
        let body = self.json();
        assert_eq!(self.status, 200, "{self:?}");
        assert_eq!(body["response"], response, "{self:?}");
        let expected = serde_json::json!([{"errorCode": code, "message": text}]);
        assert_eq!(body["errors"], expected, "{self:?}");
        self.asked.was_refused(code, text);
    }

    /// Expects the request to have reached no service: another status, and the member more.
    #[track_caller]
    pub(crate) fn is_rejected(&self, status: u16, code: &str, text: &str) {
        assert_eq!(self.status, status, "{self:?}");
        assert_eq!(self.errors(), [(code.to_owned(), text.to_owned())]);
        assert_eq!(self.json().get("metadata"), Some(&Value::Null), "{self:?}");
        self.asked.was_refused(code, text);
    }

    /// Returns a header's text.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

impl std::fmt::Debug for Reply {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.status, String::from_utf8_lossy(&self.body))
    }
}
