//! A central that says what it is told to, byte by byte.

use std::future::Future;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

/// What is done with a request.
#[derive(Clone)]
pub(super) enum Say {
    /// Send these bytes and close.
    Bytes(Vec<u8>),
    /// Send these bytes and wait for another request on the connection.
    Keep(Vec<u8>),
    /// Send these bytes and then nothing, for ever.
    Hold(Vec<u8>),
    /// Send these bytes and then one every ten milliseconds.
    Drip(Vec<u8>),
}

/// A request as it came.
#[derive(Clone)]
pub(super) struct Seen {
    /// Method, path and query.
    pub(super) line: String,
    pub(super) head: String,
    pub(super) body: Vec<u8>,
    /// Which connection it came on, counted from 0.
    pub(super) connection: usize,
}

impl Seen {
    pub(super) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

pub(super) struct Central {
    pub(super) url: String,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl Central {
    /// Starts to listen; `script` is asked for each request, and how many came before that one of
    /// the same line.
    pub(super) async fn start(
        script: impl Fn(&Seen, usize) -> Say + Clone + Send + Sync + 'static,
    ) -> Self {
        Self::listen("http", script, |stream| async { Some(stream) }).await
    }

    /// Starts to listen with a certificate of its own; returns also what trusts it.
    pub(super) async fn start_with_tls(
        script: impl Fn(&Seen, usize) -> Say + Clone + Send + Sync + 'static,
    ) -> (Self, Arc<ClientConfig>) {
        let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let key = PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()).into();
        let server = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![made.cert.der().clone()], key)
            .unwrap();
        let mut roots = RootCertStore::empty();
        roots.add(made.cert.der().clone()).unwrap();
        let client = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let acceptor = TlsAcceptor::from(Arc::new(server));
        let open = move |stream| {
            let acceptor = acceptor.clone();
            async move { acceptor.accept(stream).await.ok() }
        };
        (Self::listen("https", script, open).await, Arc::new(client))
    }

    async fn listen<S, O>(
        scheme: &str,
        script: impl Fn(&Seen, usize) -> Say + Clone + Send + Sync + 'static,
        open: impl Fn(TcpStream) -> O + Send + 'static,
    ) -> Self
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
        O: Future<Output = Option<S>> + Send + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("{scheme}://{}", listener.local_addr().unwrap());
        let seen = Arc::new(Mutex::new(Vec::new()));
        let all = Arc::clone(&seen);
        tokio::spawn(async move {
            for connection in 0.. {
                let (stream, _) = listener.accept().await.unwrap();
                let (opening, script, all) = (open(stream), script.clone(), Arc::clone(&all));
                tokio::spawn(async move {
                    if let Some(stream) = opening.await {
                        serve(stream, connection, script, all).await;
                    }
                });
            }
        });
        Self { url, seen }
    }

    /// Returns the requests whose line begins so.
    pub(super) fn seen(&self, line: &str) -> Vec<Seen> {
        let seen = self.seen.lock().unwrap();
        seen.iter().filter(|seen| seen.line.starts_with(line)).cloned().collect()
    }
}

async fn serve(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    connection: usize,
    script: impl Fn(&Seen, usize) -> Say,
    all: Arc<Mutex<Vec<Seen>>>,
) {
    while let Some(seen) = request(&mut stream, connection).await {
        let before = {
            let mut all = all.lock().unwrap();
            let before = all.iter().filter(|other| other.line == seen.line).count();
            all.push(seen.clone());
            before
        };
        // The other end may be gone: that is its answer.
        match script(&seen, before) {
            Say::Bytes(bytes) => {
                let _ = stream.write_all(&bytes).await;
                let _ = stream.shutdown().await;
                return;
            }
            Say::Keep(bytes) => {
                let _ = stream.write_all(&bytes).await;
            }
            Say::Hold(bytes) => {
                let _ = stream.write_all(&bytes).await;
                std::future::pending::<()>().await;
            }
            Say::Drip(bytes) => {
                let _ = stream.write_all(&bytes).await;
                let mut beat = tokio::time::interval(Duration::from_millis(10));
                while stream.write_all(b" ").await.is_ok() {
                    beat.tick().await;
                }
                return;
            }
        }
    }
}

/// Reads a request with the body that its head announces.
async fn request(stream: &mut (impl AsyncRead + Unpin), connection: usize) -> Option<Seen> {
    let mut bytes = Vec::new();
    let end = loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break end;
        }
        if stream.read_buf(&mut bytes).await.unwrap_or(0) == 0 {
            return None;
        }
    };
    let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
    let length = head
        .lines()
        .find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok())
        .unwrap_or(0);
    let mut body = bytes.split_off(end + 4);
    while body.len() < length {
        if stream.read_buf(&mut body).await.unwrap_or(0) == 0 {
            return None;
        }
    }
    let line = head.lines().next().unwrap().trim_end_matches(" HTTP/1.1").to_owned();
    Some(Seen { line, head, body, connection })
}

/// Spells an answer with its length.
pub(super) fn http(status: &str, headers: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!("HTTP/1.1 {status}\r\n{headers}Content-Length: {length}\r\n\r\n{body}").into_bytes()
}

pub(super) const JSON: &str = "Content-Type: application/json;charset=UTF-8\r\n";

/// Spells an answer that went well.
pub(super) fn good(response: &serde_json::Value) -> Vec<u8> {
    let body =
        serde_json::json!({"id": "x", "version": "1.0", "response": response, "errors": null});
    http("200 OK", JSON, &body.to_string())
}

/// Spells a refusal.
pub(super) fn refusal(code: &str, message: &str) -> Vec<u8> {
    let body = serde_json::json!({"id": "x", "version": "1.0", "response": null,
                                  "errors": [{"errorCode": code, "message": message}]});
    http("200 OK", JSON, &body.to_string())
}

/// Spells the answer to a log-in.
pub(super) fn token(token: &str) -> Vec<u8> {
    let headers = format!("{JSON}Set-Cookie: Authorization={token}; Path=/; Secure; HttpOnly\r\n");
    http("200 OK", &headers, r#"{"response":{"status":"success","message":"ok"},"errors":null}"#)
}
