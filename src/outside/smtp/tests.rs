use std::sync::Arc;

use rustls::ServerConfig;
use rustls::pki_types::PrivatePkcs8KeyDer;
use tokio::io::{AsyncBufReadExt as _, AsyncRead, AsyncWrite, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

use super::*;
use crate::domain::message::Channel;

/// What a mail server of a test's own was told, and how it behaves.
#[derive(Clone, Copy, Default)]
struct Manner {
    starttls: bool,
    asks_for_password: bool,
    /// What it answers to `RCPT TO`.
    recipient: Option<&'static str>,
    silent: bool,
}

struct Server {
    port: u16,
    heard: JoinHandle<String>,
    certificate: tempfile::NamedTempFile,
}

impl Server {
    /// Starts a server that talks with one client.
    async fn start(manner: Manner) -> Self {
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let certificate = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(certificate.path(), made.cert.pem()).unwrap();
        let key = PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()).into();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let tls = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![made.cert.der().clone()], key)
            .unwrap();
        let tls = TlsAcceptor::from(Arc::new(tls));
        let listener = TcpListener::bind("localhost:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let heard = tokio::spawn(async move {
            let (stream, _) = listener.accept().await.unwrap();
            serve(stream, manner, tls).await
        });
        Self { port, heard, certificate }
    }

    fn settings(&self, security: Security) -> Settings {
        Settings {
            host: "localhost".into(),
            port: self.port,
            security,
            from: "Pre-registration <prereg@node.example>".into(),
            login: None,
            ca: (security != Security::None).then(|| self.certificate.path().to_owned()),
            patience: Duration::from_secs(10),
        }
    }
}

async fn serve(mut stream: TcpStream, manner: Manner, tls: TlsAcceptor) -> String {
    if manner.silent {
        let mut nothing = String::new();
        let _ = BufReader::new(stream).read_line(&mut nothing).await;
        return nothing;
    }
    stream.write_all(b"220 localhost\r\n").await.unwrap();
    let mut heard = String::new();
    if manner.starttls {
        talk(&mut stream, manner, true, &mut heard).await;
        heard.push_str("(TLS)\n");
        let Ok(mut stream) = tls.accept(stream).await else { return heard };
        talk(&mut stream, Manner { starttls: false, ..manner }, false, &mut heard).await;
    } else {
        talk(&mut stream, manner, false, &mut heard).await;
    }
    heard
}

/// Talks until the client has gone, or wants TLS.
async fn talk<S: AsyncRead + AsyncWrite + Unpin>(
    stream: &mut S,
    manner: Manner,
    until_tls: bool,
    heard: &mut String,
) {
    let mut stream = BufReader::new(stream);
    let mut in_message = false;
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await.unwrap_or(0) == 0 {
            return;
        }
        heard.push_str(&line);
        let word = line.split([' ', '\r']).next().unwrap_or("").to_ascii_uppercase();
        let answer = match word.as_str() {
            "." if in_message => {
                in_message = false;
                "250 taken"
            }
            _ if in_message => continue,
            "EHLO" if manner.starttls => "250-localhost\r\n250 STARTTLS",
            "EHLO" if manner.asks_for_password => "250-localhost\r\n250 AUTH PLAIN",
            "STARTTLS" => "220 go on",
            "AUTH" => "235 welcome",
            "RCPT" => manner.recipient.unwrap_or("250 ok"),
            "DATA" => {
                in_message = true;
                "354 go on"
            }
            "QUIT" => "221 bye",
            _ => "250 ok",
        };
        if stream.write_all(format!("{answer}\r\n").as_bytes()).await.is_err() {
            return;
        }
        if until_tls && word == "STARTTLS" {
            return;
        }
    }
}

fn message() -> Message {
    Message {
        to: "resident@velmara.example".into(),
        channel: Channel::Email,
        subject: "Réservé".into(),
        text: Zeroizing::new("Booked: تم الحجز\n".into()),
    }
}

fn now() -> Timestamp {
    "2026-11-23T08:00:00Z".parse().unwrap()
}

async fn sent(settings: &Settings) -> Result<(), Failure> {
    MailServer::new(settings).unwrap().send(&message(), now()).await
}

#[tokio::test]
async fn a_message_reaches_a_relay_on_this_machine_in_clear() {
    let server = Server::start(Manner::default()).await;

    sent(&server.settings(Security::None)).await.unwrap();

    let heard = server.heard.await.unwrap();
    assert!(heard.contains("MAIL FROM:<prereg@node.example>"), "{heard}");
    assert!(heard.contains("RCPT TO:<resident@velmara.example>"), "{heard}");
    assert!(heard.contains("Subject: =?utf-8?b?"), "{heard}");
    let name = message().name(now());
    assert!(heard.contains(&format!("Message-ID: <{name}@node.example>")), "{heard}");
}

#[tokio::test]
async fn nothing_but_the_wish_for_tls_goes_in_clear_where_starttls_is_set() {
    let server =
        Server::start(Manner { starttls: true, asks_for_password: true, ..Manner::default() })
            .await;
    let login = Some(("node".to_owned(), Zeroizing::new("a password".to_owned())));
    let settings = Settings { login, ..server.settings(Security::StartTls) };

    sent(&settings).await.unwrap();

    let heard = server.heard.await.unwrap();
    let (clear, secret) = heard.split_once("(TLS)").unwrap();
    assert!(!clear.contains("MAIL") && !clear.contains("AUTH"), "{clear}");
    assert!(secret.contains("AUTH PLAIN") && secret.contains("RCPT TO:<resident@"), "{secret}");
}

#[tokio::test]
async fn a_server_without_starttls_gets_nothing_where_it_is_set() {
    let server = Server::start(Manner::default()).await;

    let failed = sent(&server.settings(Security::StartTls)).await.unwrap_err();

    assert!(matches!(failed, Failure::Failed(_)), "{failed}");
    assert!(!server.heard.await.unwrap().contains("MAIL"));
}

#[tokio::test]
async fn a_server_under_a_certificate_nobody_vouches_for_gets_nothing() {
    let server = Server::start(Manner { starttls: true, ..Manner::default() }).await;
    let settings = Settings { ca: None, ..server.settings(Security::StartTls) };

    let failed = sent(&settings).await.unwrap_err();

    assert!(matches!(failed, Failure::Failed(_)), "{failed}");
    assert!(!server.heard.await.unwrap().contains("MAIL"));
}

/// I8
#[tokio::test]
async fn a_refused_recipient_is_told_from_a_server_out_of_order_and_never_named() {
    for (answer, is_refused) in [
        ("550 5.1.1 <resident@velmara.example>: who?", true),
        ("553 no such mailbox", true),
        ("450 try later", false),
        ("421 closing", false),
        ("530 5.7.0 log in first, resident@velmara.example", false),
    ] {
        let manner = Manner { recipient: Some(answer), ..Manner::default() };
        let server = Server::start(manner).await;
        let failure = sent(&server.settings(Security::None)).await.unwrap_err();
        assert_eq!(matches!(failure, Failure::Refused(_)), is_refused, "{answer}: {failure}");
        assert!(!failure.to_string().contains("resident"), "{failure}");
    }
    let server = Server::start(Manner::default()).await;
    let mail = MailServer::new(&server.settings(Security::None)).unwrap();
    let nobody = Message { to: "resident at velmara".into(), ..message() };
    let failure = mail.send(&nobody, now()).await.unwrap_err();
    assert_eq!(failure, Failure::Refused("no address".into()));
}

#[tokio::test]
async fn a_server_that_is_silent_or_away_costs_the_patience_and_no_more() {
    let server = Server::start(Manner { silent: true, ..Manner::default() }).await;
    let mut settings = server.settings(Security::None);
    settings.patience = Duration::from_millis(100);
    let failure = sent(&settings).await.unwrap_err();
    assert_eq!(failure, Failure::Failed("the mail server did not answer in time".into()));

    let listener = TcpListener::bind("localhost:0").await.unwrap();
    settings.port = listener.local_addr().unwrap().port();
    drop(listener);
    assert!(matches!(sent(&settings).await, Err(Failure::Failed(_))));
}

#[test]
fn settings_that_cannot_work_are_told_at_the_start() {
    let settings = |change: fn(&mut Settings)| {
        let mut settings = Settings {
            host: "mail.example".into(),
            port: 25,
            security: Security::None,
            from: "prereg@node.example".into(),
            login: None,
            ca: None,
            patience: Duration::from_secs(1),
        };
        change(&mut settings);
        MailServer::new(&settings).err().map(|error| error.to_string())
    };
    assert_eq!(settings(|_| ()), None);
    assert!(settings(|s| s.from = "nobody".into()).unwrap().starts_with("mail.from: \"nobody\""));
    let password = settings(|s| s.login = Some(("u".into(), Zeroizing::new("p".into()))));
    assert!(password.unwrap().contains("a password needs security"));
    let ca = settings(|s| {
        s.security = Security::Tls;
        s.ca = Some("/nowhere/ca.pem".into());
    });
    assert!(ca.unwrap().starts_with("mail.ca: /nowhere/ca.pem: "));
}
