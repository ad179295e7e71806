use std::sync::Arc;

use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use serde_json::json;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

use super::*;

const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nfine";

/// A server that answers its first request with `answer`, and then either closes or goes silent.
struct Server {
    url: String,
    request: JoinHandle<String>,
}

impl Server {
    async fn start(answer: impl Into<Vec<u8>>, closes: bool) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let answer = answer.into();
        let request = tokio::spawn(async move {
            let (stream, _) = listener.accept().await.unwrap();
            talk(stream, &answer, closes).await
        });
        Self { url, request }
    }

    async fn start_with_tls() -> (Self, Arc<ClientConfig>) {
        let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
        let key = PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()).into();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let server = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![made.cert.der().clone()], key)
            .unwrap();
        let mut roots = RootCertStore::empty();
        roots.add(made.cert.der().clone()).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("https://{}", listener.local_addr().unwrap());
        let acceptor = TlsAcceptor::from(Arc::new(server));
        let request = tokio::spawn(async move {
            let (stream, _) = listener.accept().await.unwrap();
            match acceptor.accept(stream).await {
                Ok(stream) => talk(stream, OK.as_bytes(), true).await,
                Err(_) => String::new(),
            }
        });
        (Self { url, request }, trusting(roots))
    }
}

/// Reads one request, answers, and returns what it read.
async fn talk(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    answer: &[u8],
    closes: bool,
) -> String {
    let mut seen = Vec::new();
    while !is_whole(&seen) {
        let mut chunk = [0; 4096];
        match stream.read(&mut chunk).await {
            Ok(0) | Err(_) => break,
            Ok(read) => seen.extend_from_slice(&chunk[..read]),
        }
    }
    let _ = stream.write_all(answer).await;
    let _ = stream.flush().await;
    if closes {
        let _ = stream.shutdown().await;
    } else {
        // Until the caller has had enough.
        let _ = stream.read(&mut [0; 1]).await;
    }
    String::from_utf8(seen).unwrap()
}

fn is_whole(seen: &[u8]) -> bool {
    let text = String::from_utf8_lossy(seen);
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse().unwrap())
    });
    body.len() >= length.unwrap_or(0)
}

fn trusting(roots: RootCertStore) -> Arc<ClientConfig> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    Arc::new(config)
}

fn web() -> Web {
    Web::new(&trusting(RootCertStore::empty()), Limits::default())
}

fn hasty() -> Web {
    let limits = Limits { patience: Duration::from_millis(200), ..Limits::default() };
    Web::new(&trusting(RootCertStore::empty()), limits)
}

#[tokio::test]
async fn a_form_goes_out_encoded_with_its_headers_and_the_answer_comes_back() {
    let server = Server::start(OK, true).await;
    let body = Body::form(&[("to", "+91 890"), ("text", "a&b=ü")]);
    let headers = [("authorization", "Bearer s")];

    let answer = web().post(&format!("{}/send?x=1", server.url), &headers, body).await.unwrap();

    assert_eq!((answer.status, answer.body), (StatusCode::OK, Bytes::from("fine")));
    let request = server.request.await.unwrap();
    assert!(request.starts_with("POST /send?x=1 HTTP/1.1\r\n"), "{request}");
    assert!(request.contains("content-type: application/x-www-form-urlencoded\r\n"), "{request}");
    assert!(request.contains("authorization: Bearer s\r\n"), "{request}");
    assert!(request.ends_with("\r\n\r\nto=%2B91%20890&text=a%26b%3D%C3%BC"), "{request}");
}

#[tokio::test]
async fn json_and_any_other_body_go_out_as_they_are() {
    let server = Server::start(OK, true).await;
    web().post(&server.url, &[], Body::json(&json!({"a": 1}))).await.unwrap();
    let request = server.request.await.unwrap();
    assert!(request.contains("content-type: application/json\r\n"), "{request}");
    assert!(request.ends_with("\r\n\r\n{\"a\":1}"), "{request}");

    let server = Server::start(OK, true).await;
    let body = Body::of("text/xml", "<sms/>").unwrap();
    web().post(&server.url, &[], body).await.unwrap();
    let request = server.request.await.unwrap();
    assert!(request.contains("content-type: text/xml\r\n"), "{request}");
    assert!(request.ends_with("\r\n\r\n<sms/>"), "{request}");
    assert!(Body::of("text/xml\r\nx: y", "").is_none());
}

#[tokio::test]
async fn a_status_that_is_no_success_is_an_answer_and_a_redirect_is_not_followed() {
    let elsewhere = Server::start(OK, true).await;
    let redirect =
        format!("HTTP/1.1 302 Found\r\nlocation: {}\r\ncontent-length: 0\r\n\r\n", elsewhere.url);
    let server = Server::start(redirect, true).await;
    let answer = web().get(&server.url, &[]).await.unwrap();
    assert_eq!(answer.status, StatusCode::FOUND);
    assert!(!elsewhere.request.is_finished());

    let busy = "HTTP/1.1 503 Service Unavailable\r\nretry-after: 7\r\ncontent-length: 0\r\n\r\n";
    let server = Server::start(busy, true).await;
    let answer = web().get(&server.url, &[]).await.unwrap();
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(answer.headers["retry-after"], "7");
}

/// I11
#[tokio::test]
async fn an_answer_larger_than_allowed_is_not_read() {
    let announced = "HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n";
    let server = Server::start(announced, false).await;
    assert_eq!(web().get(&server.url, &[]).await.err(), Some(Failure::TooLarge));

    let mut unannounced = b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n".to_vec();
    unannounced.resize(unannounced.len() + (256 << 10) + 1, b'x');
    let server = Server::start(unannounced, true).await;
    assert_eq!(web().get(&server.url, &[]).await.err(), Some(Failure::TooLarge));

    let mut most = b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n".to_vec();
    most.resize(most.len() + (256 << 10), b'x');
    let server = Server::start(most, true).await;
    assert_eq!(web().get(&server.url, &[]).await.unwrap().body.len(), 256 << 10);
}

/// I11
#[tokio::test]
async fn one_that_takes_too_long_is_given_up() {
    let silent = Server::start("", false).await;
    assert_eq!(hasty().get(&silent.url, &[]).await.err(), Some(Failure::TooSlow));

    let stalled = Server::start("HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nfi", false).await;
    assert_eq!(hasty().get(&stalled.url, &[]).await.err(), Some(Failure::TooSlow));
}

#[tokio::test]
async fn what_cannot_be_reached_was_not_sent_and_what_breaks_off_may_have_been() {
    let port = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let failure = web().get(&format!("http://{port}/"), &[]).await.err();
    assert!(matches!(failure, Some(Failure::NotSent(_))), "{failure:?}");

    let server = Server::start("", true).await;
    let failure = web().get(&server.url, &[]).await.err();
    assert!(matches!(failure, Some(Failure::Unanswered(_))), "{failure:?}");

    let server = Server::start("HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nfi", true).await;
    let failure = web().get(&server.url, &[]).await.err();
    assert!(matches!(failure, Some(Failure::Unanswered(_))), "{failure:?}");
}

#[tokio::test]
async fn a_certificate_nobody_vouched_for_is_refused_before_anything_is_sent() {
    let (server, trusting_it) = Server::start_with_tls().await;
    let answer = Web::new(&trusting_it, Limits::default()).get(&server.url, &[]).await.unwrap();
    assert_eq!(answer.status, StatusCode::OK);

    let (server, _) = Server::start_with_tls().await;
    let failure = web().get(&server.url, &[]).await.err();
    assert!(matches!(failure, Some(Failure::NotSent(_))), "{failure:?}");
    assert_eq!(server.request.await.unwrap(), "");
}

/// I8
#[tokio::test]
async fn a_failure_names_neither_address_nor_content() {
    let port = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let url = format!("http://{port}/send?to=8907654778");
    let failure = web().post(&url, &[("x", "8907654778")], Body::form(&[])).await.err().unwrap();
    assert!(!format!("{failure} {failure:?}").contains("8907654778"));
}

#[tokio::test]
async fn an_address_or_header_that_is_none_is_told_before_anything_is_sent() {
    for url in ["", "/path", "ftp://host/", "host:80", "http://me@host/", "http://ho st/"] {
        assert_eq!(check(url), Err(BadAddress), "{url}");
        assert_eq!(web().get(url, &[]).await.err(), Some(Failure::Unfit), "{url}");
    }
    assert_eq!(check("https://sms.example:8443/send?key=x"), Ok(()));
    let headers = [("x", "a\r\nb: c")];
    assert_eq!(web().get("http://127.0.0.1:9/", &headers).await.err(), Some(Failure::Unfit));
}
