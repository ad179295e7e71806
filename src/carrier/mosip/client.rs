//! One call to central over HTTP: what of an answer is taken, how long it may take, and what is
//! known of a call that failed.
//!
//! A call that changes something at central gets a connection of its own, used for nothing before:
//! on one that central has closed meanwhile nobody could tell whether the call had arrived. Calls
//! that only read share a few.

use std::error::Error as _;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Body as _, Incoming};
use hyper::header::{ACCEPT, CONTENT_TYPE, COOKIE, HeaderMap, HeaderValue, RETRY_AFTER};
use hyper::{Method, Request, StatusCode, Uri};
use hyper_rustls::{HttpsConnector, MaybeHttpsStream};
use hyper_util::client::legacy;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use jiff::Timestamp;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tower::BoxError;
use tower::timeout::Timeout;
use tower::util::BoxCloneSyncService;

use super::body::plain;
use crate::carrier::Failure;

/// How long central may take and how much it may send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// For name, connection and TLS together.
    pub connect: Duration,
    /// For the first byte of an answer, and between two of them.
    pub stall: Duration,
    /// Bytes a second that a line brings at least, in either direction, averaged over `stall`. So the
    /// time that a call may take grows with what it carries.
    pub slowest: u32,
    /// The largest answer in bytes.
    pub answer: usize,
    /// The largest answer in bytes that has a document in it, in base64.
    pub document: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(15),
            stall: Duration::from_secs(30),
            slowest: 1_000,
            answer: 8 << 20,
            document: 64 << 20,
        }
    }
}

impl Limits {
    fn time_for(&self, bytes: usize) -> Duration {
        let bytes = u32::try_from(bytes).unwrap_or(u32::MAX);
        Duration::from_secs(u64::from(bytes / self.slowest.max(1)))
    }

    /// Returns how many bytes must come within `stall`.
    fn pace(&self) -> usize {
        let pace = u128::from(self.slowest) * self.stall.as_millis() / 1000;
        usize::try_from(pace).unwrap_or(usize::MAX).max(1)
    }
}

/// Whether a call may have changed something at central.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Effect {
    /// It looks only.
    Reads,
    /// It changes something.
    Writes,
}

/// A call, ready to be sent once or twice.
#[derive(Clone)]
pub(super) struct Call {
    /// What it is called in sentences.
    pub(super) name: &'static str,
    pub(super) method: Method,
    /// Path and query, as they stand in the request.
    pub(super) path: String,
    pub(super) effect: Effect,
    pub(super) content_type: Option<HeaderValue>,
    pub(super) body: Bytes,
    /// The largest answer in bytes.
    pub(super) largest: usize,
}

/// An answer that can be looked into: of status 200 with JSON in it, or one of the status by which
/// central refuses a call before looking at it: 401 and 403 without a body, 404 and 405 with what
/// JSON there is.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

type Connector = BoxCloneSyncService<Uri, MaybeHttpsStream<TokioIo<TcpStream>>, BoxError>;
type Http = legacy::Client<Connector, Full<Bytes>>;

/// Connections to one central.
pub(super) struct Client {
    base: String,
    reads: Http,
    writes: Http,
    pub(super) limits: Limits,
}

/// The address of central cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the address of central is not of the form https://host[:port][/path]")]
pub struct BadAddress;

impl Client {
    /// Takes the address of central; nothing is connected yet.
    pub(super) fn new(
        url: &str,
        tls: &rustls::ClientConfig,
        limits: Limits,
    ) -> Result<Self, BadAddress> {
        let uri: Uri = url.parse().map_err(|_| BadAddress)?;
        let scheme = uri.scheme_str().filter(|scheme| matches!(*scheme, "http" | "https"));
        let authority = uri.authority().filter(|authority| !authority.as_str().contains('@'));
        let (Some(scheme), Some(authority), None) = (scheme, authority, uri.query()) else {
            return Err(BadAddress);
        };
        let path = uri.path().trim_end_matches('/');
        let mut tls = tls.clone();
        tls.alpn_protocols = vec![b"http/1.1".to_vec()];
        let mut tcp = HttpConnector::new();
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        tcp.set_keepalive(Some(limits.stall));
        // While a request is on its way up, this is the timer on bytes: what the kernel took from us
        // must be acknowledged by the other end.
        tcp.set_tcp_user_timeout(Some(limits.stall));
        let connector = Timeout::new(HttpsConnector::from((tcp, tls)), limits.connect);
        let connector = Connector::new(connector);
        let reads = legacy::Client::builder(TokioExecutor::new())
            .pool_max_idle_per_host(4)
            .pool_idle_timeout(Duration::from_secs(15))
            .pool_timer(TokioTimer::new())
            .build(connector.clone());
        let writes = legacy::Client::builder(TokioExecutor::new())
            .pool_max_idle_per_host(0)
            .retry_canceled_requests(false)
            .build(connector);
        Ok(Self { base: format!("{scheme}://{authority}{path}"), reads, writes, limits })
    }

    /// Sends `call` once, with `cookie` where there is one.
    ///
    /// # Errors
    /// [`Failure::NotSent`] only if no byte of the call can have left; [`Failure::Busy`]; else
    /// [`Failure::Unanswered`].
    pub(super) async fn send(
        &self,
        call: &Call,
        cookie: Option<&HeaderValue>,
        now: Timestamp,
    ) -> Result<Answer, Failure> {
        let unanswered = |what: String| Failure::Unanswered(format!("{}: {what}", call.name));
        let not_sent = |what: String| Failure::NotSent(format!("{}: {what}", call.name));

        let mut request = Request::builder()
            .method(call.method.clone())
            .uri(format!("{}{}", self.base, call.path))
            .header(ACCEPT, "application/json");
        for (name, value) in [(CONTENT_TYPE, call.content_type.as_ref()), (COOKIE, cookie)] {
            if let Some(value) = value {
                request = request.header(name, value);
            }
        }
        let request = request
            .body(Full::new(call.body.clone()))
            .map_err(|_| not_sent("the call cannot be put into a request".to_owned()))?;
        let http = match call.effect {
            Effect::Reads => &self.reads,
            Effect::Writes => &self.writes,
        };
        // Longer than connecting may take: if this runs out, the call has left.
        let patience =
            self.limits.connect + self.limits.stall + self.limits.time_for(call.body.len());
        let response = match timeout(patience, http.request(request)).await {
            Ok(Ok(response)) => response,
            Ok(Err(error)) if error.is_connect() => {
                return Err(not_sent(format!("central cannot be reached ({})", cause(&error))));
            }
            Ok(Err(error)) => {
                return Err(unanswered(format!("central did not answer ({})", cause(&error))));
            }
            Err(_) => return Err(unanswered("central did not answer in time".to_owned())),
        };

        let (head, body) = response.into_parts();
        let body = match head.status {
            StatusCode::OK if is_json(&head.headers) => read(body, call.largest, &self.limits)
                .await
                .map_err(|what| unanswered(what.to_owned()))?,
            StatusCode::OK => {
                return Err(unanswered("central's answer says that it is no JSON".to_owned()));
            }
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Bytes::new(),
            // The words tell who says so: central, or something on the way to it.
            StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED if is_json(&head.headers) => {
                read(body, call.largest, &self.limits).await.unwrap_or_default()
            }
            StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED => Bytes::new(),
            StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => {
                return Err(match retry_after(&head.headers, now) {
                    Some(seconds) => Failure::Busy(seconds),
                    None => unanswered(status_sentence(head.status)),
                });
            }
            status if status.is_redirection() => {
                return Err(unanswered(format!(
                    "central answered with a redirect ({}), which is never followed",
                    status.as_u16()
                )));
            }
            status => return Err(unanswered(status_sentence(status))),
        };
        Ok(Answer { status: head.status, headers: head.headers, body })
    }
}

/// Says that a status is none that can be used.
pub(super) fn status_sentence(status: StatusCode) -> String {
    format!("central answered with status {}", status.as_u16())
}

/// Returns what lies at the bottom of a failure: the layers above it say only that there was one.
fn cause(error: &legacy::Error) -> String {
    let mut cause = error.source();
    while let Some(deeper) = cause.and_then(std::error::Error::source) {
        cause = Some(deeper);
    }
    let cause = cause.map_or_else(|| error.to_string(), ToString::to_string);
    plain(&cause, 120)
}

fn is_json(headers: &HeaderMap) -> bool {
    let media_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let essence = media_type.unwrap_or_default().split(';').next().unwrap_or_default();
    let essence = essence.trim().to_ascii_lowercase();
    essence == "application/json"
        || (essence.starts_with("application/") && essence.ends_with("+json"))
}

/// Returns the seconds that central asks to wait, from one to a day.
fn retry_after(headers: &HeaderMap, now: Timestamp) -> Option<u32> {
    const DAY: i64 = 24 * 60 * 60;
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    let seconds = if !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) {
        text.parse().unwrap_or(DAY)
    } else {
        let then = jiff::fmt::rfc2822::parse(text).ok()?.timestamp();
        then.duration_since(now).as_secs()
    };
    u32::try_from(seconds.clamp(1, DAY)).ok()
}

/// Reads a body of at most `largest` bytes that keeps the pace.
async fn read(mut body: Incoming, largest: usize, limits: &Limits) -> Result<Bytes, &'static str> {
    let announced = usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX);
    if announced > largest {
        return Err("central's answer is larger than allowed");
    }
    // What is announced is not yet there: room for more is made as it comes.
    let mut whole = Vec::with_capacity(announced.min(1 << 20));
    loop {
        let more = timeout(limits.stall, gulp(&mut body, &mut whole, largest, limits.pace()));
        let ended = more.await.unwrap_or(Err("central's answer stalled"))?;
        if ended {
            return Ok(whole.into());
        }
    }
}

/// Reads at least `pace` bytes more; returns whether the body is at its end.
async fn gulp(
    body: &mut Incoming,
    whole: &mut Vec<u8>,
    largest: usize,
    pace: usize,
) -> Result<bool, &'static str> {
    let enough = whole.len().saturating_add(pace);
    while whole.len() < enough {
        let Some(frame) = body.frame().await else {
            return Ok(true);
        };
        let frame = frame.map_err(|_| "central's answer broke off")?;
        if let Ok(bytes) = frame.into_data() {
            if whole.len() + bytes.len() > largest {
                return Err("central's answer is larger than allowed");
            }
            whole.extend_from_slice(&bytes);
        }
    }
    Ok(false)
}
