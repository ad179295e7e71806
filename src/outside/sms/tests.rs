use std::sync::Arc;
use std::time::Duration;

use rustls::{ClientConfig, RootCertStore};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use super::*;
use crate::domain::message::Channel;

/// A gateway of a test's own that answers one call.
struct Server {
    url: String,
    heard: JoinHandle<String>,
}

impl Server {
    async fn start(status: &'static str, body: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/send", listener.local_addr().unwrap());
        let heard = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut heard = String::new();
            while !heard.contains("\r\n\r\n") || !is_whole(&heard) {
                let mut chunk = [0; 4096];
                let read = stream.read(&mut chunk).await.unwrap();
                heard.push_str(std::str::from_utf8(&chunk[..read]).unwrap());
            }
            let length = body.len();
            let answer = format!("HTTP/1.1 {status}\r\ncontent-length: {length}\r\n\r\n{body}");
            stream.write_all(answer.as_bytes()).await.unwrap();
            heard
        });
        Self { url, heard }
    }
}

fn is_whole(heard: &str) -> bool {
    let (head, body) = heard.split_once("\r\n\r\n").unwrap();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    body.len() >= length.map_or(0, |length| length.parse().unwrap())
}

fn web() -> Web {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let tls = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(RootCertStore::empty())
        .with_no_client_auth();
    let limits = web::Limits { patience: Duration::from_secs(5), ..web::Limits::default() };
    Web::new(&Arc::new(tls), limits)
}

fn settings(url: &str, form: Form) -> Settings {
    let pairs = |pairs: &[(&str, &str)]| {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    };
    Settings {
        url: url.to_owned(),
        form,
        parameters: pairs(&[("mobile", "+91{to}"), ("message", "{text}"), ("key", "{secret}")]),
        headers: pairs(&[("authorization", "Bearer {secret}"), ("x-id", "{id}")]),
        secret: Zeroizing::new("s3cret".into()),
        success: String::new(),
    }
}

fn message() -> Message {
    Message {
        to: "6000000001".into(),
        channel: Channel::Sms,
        subject: String::new(),
        text: Zeroizing::new("Code {secret} & 123 تم".into()),
    }
}

fn now() -> Timestamp {
    "2026-11-23T08:00:00Z".parse().unwrap()
}

async fn sent(settings: Settings) -> Result<(), Failure> {
    Gateway::new(settings, web()).unwrap().send(&message(), now()).await
}

#[tokio::test]
async fn a_gateway_is_called_as_the_operator_wrote_it() {
    let server = Server::start("200 OK", "").await;
    sent(settings(&server.url, Form::Form)).await.unwrap();
    let heard = server.heard.await.unwrap();
    assert!(heard.starts_with("POST /send "), "{heard}");
    assert!(heard.contains("authorization: Bearer s3cret\r\n"), "{heard}");
    assert!(heard.contains(&format!("x-id: {}\r\n", message().name(now()))), "{heard}");
    let body = "mobile=%2B916000000001&message=Code%20%7Bsecret%7D%20%26%20123%20%D8%AA%D9%85\
                &key=s3cret";
    assert!(heard.ends_with(body), "{heard}");

    let server = Server::start("202 Accepted", "").await;
    sent(settings(&server.url, Form::Json)).await.unwrap();
    let heard = server.heard.await.unwrap();
    let (_, body) = heard.split_once("\r\n\r\n").unwrap();
    let body: Value = serde_json::from_str(body).unwrap();
    let text = "Code {secret} & 123 تم";
    assert_eq!(body, json!({"mobile": "+916000000001", "message": text, "key": "s3cret"}));

    let server = Server::start("200 OK", "").await;
    sent(settings(&format!("{}?v=2", server.url), Form::Query)).await.unwrap();
    let heard = server.heard.await.unwrap();
    assert!(heard.starts_with("GET /send?v=2&mobile=%2B916000000001&message=Code%20"), "{heard}");
}

#[tokio::test]
async fn a_gateway_that_answers_200_to_everything_is_read_more_closely() {
    for (body, took) in [("{\"type\":\"success\"}", true), ("{\"type\":\"error\"}", false)] {
        let server = Server::start("200 OK", body).await;
        let mut settings = settings(&server.url, Form::Form);
        settings.success = "\"success\"".into();
        assert_eq!(sent(settings).await.is_ok(), took, "{body}");
    }
}

/// I8
#[tokio::test]
async fn a_refused_message_is_told_from_a_gateway_out_of_order_and_nobody_is_named() {
    for (status, is_refused) in [
        ("400 Bad Request", true),
        ("422 Unprocessable", true),
        ("401 Unauthorized", false),
        ("429 Too Many Requests", false),
        ("503 Busy", false),
        ("302 Found", false),
    ] {
        let server = Server::start(status, "6000000001 is no number").await;
        let failure = sent(settings(&server.url, Form::Form)).await.unwrap_err();
        assert_eq!(matches!(failure, Failure::Refused(_)), is_refused, "{status}: {failure}");
        assert!(!failure.to_string().contains("6000000001"), "{failure}");
    }
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/send", listener.local_addr().unwrap());
    drop(listener);
    let failure = sent(settings(&url, Form::Query)).await.unwrap_err();
    assert!(matches!(&failure, Failure::Failed(_)), "{failure}");
    assert!(!failure.to_string().contains("6000000001"), "{failure}");
}

#[test]
fn settings_that_cannot_work_are_told_at_the_start() {
    let refused = |settings| Gateway::new(settings, web()).err();
    let good = settings("https://sms.example/send", Form::Form);
    assert_eq!(refused(good.clone()), None);
    assert_eq!(
        refused(Settings { url: "sms.example".into(), ..good.clone() }),
        Some(BadSettings::Url(web::BadAddress))
    );
    let mut without_text = good;
    without_text.parameters.retain(|(name, _)| name != "message");
    assert_eq!(refused(without_text), Some(BadSettings::Lacks("{text}")));
}
