use std::sync::{Mutex, Weak};

use http_body_util::{BodyExt as _, Empty};
use hyper::{Method, StatusCode};
use rustls::pki_types::ServerName;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::sync::{Notify, oneshot};
use tokio::task::JoinHandle;
use tokio_rustls::TlsConnector;

use super::*;
use crate::clock::{Clock, Stopwatch};
use crate::entropy::System;
use crate::http::body;
use crate::http::room::Room;
use crate::http::stream::{Content, Share, Streams};
use crate::secrets::tls;

const SHORT: Duration = Duration::from_millis(120);
const LONG: Duration = Duration::from_secs(10);

/// A server on a port of its own, with a handler that does what the path says.
struct Server {
    addr: SocketAddr,
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
    world: Arc<World>,
}

struct World {
    /// Lets `/wait` go on.
    go_on: Notify,
    /// Tells that `/wait` has begun.
    begun: Notify,
    /// The body of `/large` while it lives.
    large: Mutex<Weak<()>>,
    /// Places for `/stream`.
    streams: Streams,
}

impl Server {
    async fn start(limits: Limits) -> Self {
        Self::start_with(limits, None).await
    }

    async fn start_with(limits: Limits, tls: Option<Arc<ServerConfig>>) -> Self {
        let listener = Listener::bind(([127, 0, 0, 1], 0).into(), tls).await.unwrap();
        let addr = listener.addr().unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        let (ending, ended) = watch::channel(false);
        let world = Arc::new(World {
            go_on: Notify::new(),
            begun: Notify::new(),
            large: Mutex::default(),
            streams: Streams::new(ended),
        });
        let handler = {
            let world = Arc::clone(&world);
            move |request, peer| handle(Arc::clone(&world), request, peer)
        };
        let stopped = async move {
            let _ = stopped.await;
            ending.send_replace(true);
        };
        let task = tokio::spawn(serve(vec![listener], handler, limits, stopped));
        Self { addr, stop, task, world }
    }

    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.addr).await.unwrap()
    }

    /// Sends one request on a connection of its own and returns all that comes back.
    async fn ask(&self, request: &str) -> String {
        let mut stream = self.connect().await;
        stream.write_all(request.as_bytes()).await.unwrap();
        rest(&mut stream).await
    }

    async fn is_well(&self) -> bool {
        self.ask(&get("/")).await.ends_with("hello")
    }
}

async fn handle(world: Arc<World>, request: Request<Incoming>, peer: Peer) -> Response<Content> {
    let answer = |text: &str| Response::new(Bytes::from(text.to_owned()).into());
    match request.uri().path() {
        "/peer" => answer(if peer.tls { "encrypted" } else { "plain" }),
        "/version" => answer(&format!("{:?}", request.version())),
        "/panic" => panic!("8907654778"),
        "/hang" => std::future::pending().await,
        "/wait" => {
            world.begun.notify_one();
            world.go_on.notified().await;
            answer("waited")
        }
        "/read" => {
            let limits = body::Limits { bytes: 100_000, total: LONG, stall: SHORT };
            match body::read(request.into_body(), &limits, &mut Room::default().share()).await {
                Ok(body) => answer(&body.len().to_string()),
                Err(error) => answer(&error.to_string()),
            }
        }
        "/large" => {
            let alive = Arc::new(());
            *world.large.lock().unwrap() = Arc::downgrade(&alive);
            let large = Large { zeros: vec![0; 64 << 20], _alive: alive };
            Response::new(Bytes::from_owner(large).into())
        }
        "/stream" => {
            let (mut pen, body) = world.streams.open(&Share::default()).unwrap();
            tokio::spawn(async move {
                // Until it is let go on it says something all the time, and then nothing.
                while let Some(None) = pen.wait(SHORT / 4, world.go_on.notified()).await {
                    pen.write("alive\n").await;
                }
                pen.wait(LONG, std::future::pending::<()>()).await;
            });
            Response::new(body)
        }
        _ => answer("hello"),
    }
}

struct Large {
    zeros: Vec<u8>,
    _alive: Arc<()>,
}

impl AsRef<[u8]> for Large {
    fn as_ref(&self) -> &[u8] {
        &self.zeros
    }
}

fn get(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
}

fn get_more(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n")
}

/// Reads until the other end closes; a reset is an end, too.
async fn rest(stream: &mut (impl AsyncRead + Unpin)) -> String {
    let mut bytes = Vec::new();
    let read = timeout(LONG, stream.read_to_end(&mut bytes)).await;
    let _ = read.expect("the server left a connection open");
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Reads until `end` has come.
async fn until(stream: &mut (impl AsyncRead + Unpin), end: &str) {
    let mut seen = Vec::new();
    while !seen.ends_with(end.as_bytes()) {
        let byte = timeout(LONG, stream.read_u8()).await.expect("no answer").unwrap();
        seen.push(byte);
    }
}

async fn pause(time: Duration) {
    let _ = timeout(time, std::future::pending::<()>()).await;
}

/// Certificate files and both ends' configurations, the client's with `protocol`.
fn certified(protocol: &[u8]) -> (TempDir, Arc<ServerConfig>, TlsConnector) {
    let folder = tempfile::tempdir().unwrap();
    let (certificate, key) = (folder.path().join("tls.crt"), folder.path().join("tls.key"));
    let names = ["localhost".to_owned()];
    tls::create(&certificate, &key, &names, &System, Clock::system().now()).unwrap();
    let server = tls::server_config(&certificate, &key).unwrap();
    let mut client = tls::client_config(Some(&certificate)).unwrap();
    client.alpn_protocols = vec![protocol.to_vec()];
    (folder, server, TlsConnector::from(Arc::new(client)))
}

fn localhost() -> ServerName<'static> {
    ServerName::try_from("localhost").unwrap()
}

#[tokio::test]
async fn requests_on_one_connection_are_answered_in_turn() {
    let server = Server::start(Limits::default()).await;
    let mut stream = server.connect().await;
    for _ in 0..3 {
        stream.write_all(get_more("/").as_bytes()).await.unwrap();
        until(&mut stream, "hello").await;
    }
    stream.write_all(get("/peer").as_bytes()).await.unwrap();
    assert!(rest(&mut stream).await.ends_with("plain"));
}

#[tokio::test]
async fn http_2_is_spoken_over_tls_with_who_asks_for_it() {
    let (_folder, config, client) = certified(b"h2");
    let server = Server::start_with(Limits::default(), Some(config)).await;
    let stream = client.connect(localhost(), server.connect().await).await.unwrap();
    let (mut send, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream))
            .await
            .unwrap();
    tokio::spawn(connection);
    for (path, expected) in [("/peer", "encrypted"), ("/version", "HTTP/2.0")] {
        let request = Request::builder()
            .method(Method::GET)
            .uri(format!("https://localhost{path}"))
            .body(Empty::<Bytes>::new())
            .unwrap();
        let answer = send.send_request(request).await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK);
        assert_eq!(answer.into_body().collect().await.unwrap().to_bytes(), expected);
    }
}

#[tokio::test]
async fn http_1_is_spoken_over_tls_with_who_asks_for_it() {
    let (_folder, config, client) = certified(b"http/1.1");
    let server = Server::start_with(Limits::default(), Some(config)).await;
    let mut stream = client.connect(localhost(), server.connect().await).await.unwrap();
    stream.write_all(get("/version").as_bytes()).await.unwrap();
    assert!(rest(&mut stream).await.ends_with("HTTP/1.1"));
}

#[tokio::test]
async fn a_port_in_use_is_one_sentence() {
    let server = Server::start(Limits::default()).await;
    let error = Listener::bind(server.addr, None).await.unwrap_err();
    let sentence = format!("cannot listen on {}: another program uses that port", server.addr);
    assert_eq!(error.to_string(), sentence);
}

/// I11
#[tokio::test]
async fn a_client_that_says_nothing_is_let_go() {
    let limits = Limits { first_head: SHORT, ..Limits::default() };
    let server = Server::start(limits).await;
    let started = Stopwatch::start();
    assert_eq!(rest(&mut server.connect().await).await, "");
    assert!(started.elapsed() >= SHORT);

    let mut hesitating = server.connect().await;
    hesitating.write_all(b"PRI * HTT").await.unwrap();
    assert_eq!(rest(&mut hesitating).await, "");
}

/// I11
#[tokio::test]
async fn a_head_that_comes_byte_by_byte_ends_with_its_time_first_and_later() {
    let limits = Limits { first_head: SHORT, idle: SHORT, ..Limits::default() };
    let server = Server::start(limits).await;
    for before in [0, 1] {
        let mut stream = server.connect().await;
        for _ in 0..before {
            stream.write_all(get_more("/").as_bytes()).await.unwrap();
            until(&mut stream, "hello").await;
        }
        let started = Stopwatch::start();
        let mut sent = 0;
        for byte in get_more("/slow").repeat(100).bytes() {
            let gone = stream.write_all(&[byte]).await.is_err();
            if gone {
                break;
            }
            sent += 1;
            pause(Duration::from_millis(10)).await;
        }
        assert!(sent < 60, "{before}: {sent} bytes were taken in {:?}", started.elapsed());
    }
    assert!(server.is_well().await);
}

/// I11
#[tokio::test]
async fn a_tls_handshake_that_does_not_come_ends_with_its_time() {
    let (_folder, config, client) = certified(b"http/1.1");
    let limits = Limits { tls_handshake: SHORT * 3, ..Limits::default() };
    let server = Server::start_with(limits, Some(config)).await;
    assert_eq!(rest(&mut server.connect().await).await, "");
    let plain = server.ask(&get("/")).await;
    assert!(!plain.contains("hello"), "{plain}");

    let mut stream = client.connect(localhost(), server.connect().await).await.unwrap();
    stream.write_all(get("/").as_bytes()).await.unwrap();
    assert!(rest(&mut stream).await.ends_with("hello"));
}

/// I11
#[tokio::test]
async fn a_head_that_is_too_large_is_refused() {
    let limits = Limits { head_bytes: 8 * 1024, ..Limits::default() };
    let server = Server::start(limits).await;
    let request = |filler: usize| {
        get("/").replace("Connection", &format!("X-Filler: {}\r\nConnection", "x".repeat(filler)))
    };
    assert!(server.ask(&request(6_000)).await.ends_with("hello"));
    let answer = server.ask(&request(20_000)).await;
    assert!(answer.starts_with("HTTP/1.1 431"), "{answer}");
}

#[tokio::test]
async fn a_handler_that_panics_costs_its_own_connection_only() {
    let server = Server::start(Limits::default()).await;
    let mut other = server.connect().await;
    other.write_all(get_more("/").as_bytes()).await.unwrap();
    until(&mut other, "hello").await;

    assert_eq!(server.ask(&get("/panic")).await, "");

    other.write_all(get_more("/").as_bytes()).await.unwrap();
    until(&mut other, "hello").await;
    assert!(server.is_well().await);
}

/// I8
#[tokio::test]
async fn what_is_told_of_a_cut_request_holds_nothing_of_it() {
    for cut in [Cut::Panicked, Cut::TooLong] {
        assert!(!cut.to_string().contains(|c: char| c.is_ascii_digit() || c == '/'), "{cut}");
    }
}

/// I11
#[tokio::test]
async fn a_handler_that_takes_too_long_is_cut() {
    let server = Server::start(Limits { request: SHORT, ..Limits::default() }).await;
    assert_eq!(server.ask(&get("/hang")).await, "");
    assert!(server.is_well().await);
}

/// I11
#[tokio::test]
async fn a_body_that_comes_byte_by_byte_is_refused_while_it_still_comes() {
    let server = Server::start(Limits::default()).await;
    let mut stream = server.connect().await;
    let head = "POST /read HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n";
    stream.write_all(head.as_bytes()).await.unwrap();
    let (mut reading, mut writing) = stream.into_split();
    let drip = tokio::spawn(async move {
        while writing.write_all(b"x").await.is_ok() {
            pause(Duration::from_millis(10)).await;
        }
    });
    until(&mut reading, "the request came too slowly").await;
    drop(reading);
    drip.abort();
}

#[tokio::test]
async fn a_client_that_sends_too_much_gets_to_read_why() {
    let server = Server::start(Limits::default()).await;
    for announced in ["Content-Length: 2000000", "Transfer-Encoding: chunked"] {
        let mut stream = server.connect().await;
        let head = format!("POST /read HTTP/1.1\r\nHost: localhost\r\n{announced}\r\n\r\n");
        stream.write_all(head.as_bytes()).await.unwrap();
        for _ in 0..2_000 {
            if announced.starts_with('T') {
                stream.write_all(b"3e8\r\n").await.unwrap();
            }
            stream.write_all(&[b'x'; 1_000]).await.unwrap();
            if announced.starts_with('T') {
                stream.write_all(b"\r\n").await.unwrap();
            }
        }
        if announced.starts_with('T') {
            stream.write_all(b"0\r\n\r\n").await.unwrap();
        }
        until(&mut stream, "the request is too large").await;
    }
}

/// I11
#[tokio::test]
async fn a_client_that_does_not_read_its_answer_is_let_go() {
    let limits = Limits { idle: SHORT, ..Limits::default() };
    let server = Server::start(limits).await;
    let mut stream = server.connect().await;
    stream.write_all(get("/large").as_bytes()).await.unwrap();
    until(&mut stream, "\r\n\r\n").await;
    assert!(server.world.large.lock().unwrap().upgrade().is_some());

    let started = Stopwatch::start();
    while server.world.large.lock().unwrap().upgrade().is_some() {
        assert!(started.elapsed() < LONG, "the answer is still held");
        pause(Duration::from_millis(10)).await;
    }
}

#[tokio::test]
async fn an_idle_connection_is_closed_and_a_busy_one_is_not() {
    let server = Server::start(Limits { idle: SHORT, ..Limits::default() }).await;
    let mut stream = server.connect().await;
    stream.write_all(get_more("/wait").as_bytes()).await.unwrap();
    pause(SHORT * 3).await;
    server.world.go_on.notify_one();
    until(&mut stream, "waited").await;
    assert_eq!(rest(&mut stream).await, "");
}

/// I11
/// I11
#[tokio::test]
async fn a_stream_that_speaks_outlives_the_idle_time_and_a_silent_one_does_not() {
    let server = Server::start(Limits { idle: SHORT, ..Limits::default() }).await;
    let mut stream = server.connect().await;
    stream.write_all(get("/stream").as_bytes()).await.unwrap();
    let started = Stopwatch::start();
    while started.elapsed() < 5 * SHORT {
        until(&mut stream, "alive\n").await;
    }
    server.world.go_on.notify_one();
    rest(&mut stream).await;
    assert!(started.elapsed() < LONG, "the silent one was let go");
}

#[tokio::test]
async fn a_stream_ends_when_the_server_stops() {
    let server = Server::start(Limits::default()).await;
    let mut stream = server.connect().await;
    stream.write_all(get("/stream").as_bytes()).await.unwrap();
    until(&mut stream, "alive\n").await;
    server.stop.send(()).unwrap();
    // Whole, and not cut: its last piece is there.
    assert!(rest(&mut stream).await.ends_with("0\r\n\r\n"));
    server.task.await.unwrap();
}

#[tokio::test]
async fn a_connection_too_many_waits_until_another_ends() {
    let server = Server::start(Limits { connections: 2, ..Limits::default() }).await;
    let mut held = [server.connect().await, server.connect().await];
    for stream in &mut held {
        stream.write_all(get_more("/").as_bytes()).await.unwrap();
        until(stream, "hello").await;
    }
    let mut third = server.connect().await;
    third.write_all(get("/").as_bytes()).await.unwrap();
    assert!(timeout(SHORT, third.read_u8()).await.is_err(), "a third was served");

    drop(held);

    assert!(rest(&mut third).await.ends_with("hello"));
}

#[tokio::test]
async fn what_runs_at_the_end_is_finished_and_nothing_new_begun() {
    let server = Server::start(Limits::default()).await;
    let mut running = server.connect().await;
    running.write_all(get_more("/wait").as_bytes()).await.unwrap();
    server.world.begun.notified().await;
    let mut idle = server.connect().await;
    idle.write_all(get_more("/").as_bytes()).await.unwrap();
    until(&mut idle, "hello").await;

    server.stop.send(()).unwrap();

    assert_eq!(rest(&mut idle).await, "");
    while TcpStream::connect(server.addr).await.is_ok() {
        pause(Duration::from_millis(1)).await;
    }
    assert!(!server.task.is_finished());
    server.world.go_on.notify_one();
    assert!(rest(&mut running).await.ends_with("waited"));
    timeout(LONG, server.task).await.unwrap().unwrap();
}

/// I11
#[tokio::test]
async fn what_does_not_end_is_cut_when_the_drain_is_over() {
    let server = Server::start(Limits { drain: SHORT, ..Limits::default() }).await;
    let mut hanging = server.connect().await;
    hanging.write_all(get("/wait").as_bytes()).await.unwrap();
    server.world.begun.notified().await;

    server.stop.send(()).unwrap();

    timeout(LONG, server.task).await.unwrap().unwrap();
    assert_eq!(rest(&mut hanging).await, "");
}
