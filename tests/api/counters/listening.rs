//! A client that reads an answer which goes on.

use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Empty};
use hyper::Request;
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::support::{Session, TestNode};

/// Longer than anything that comes at all.
const PATIENCE: Duration = Duration::from_secs(30);

/// An answer that goes on.
pub(crate) struct Listening {
    pub(crate) status: u16,
    pub(crate) media_type: String,
    body: Incoming,
    read: Vec<u8>,
    /// The PRID of the last form.
    shown: Value,
    connection: tokio::task::JoinHandle<()>,
}

impl Drop for Listening {
    fn drop(&mut self) {
        self.connection.abort();
    }
}

/// An event of a counter.
#[derive(Debug)]
pub(crate) struct Event {
    pub(crate) name: String,
    pub(crate) id: String,
    pub(crate) data: Value,
}

impl Listening {
    pub(crate) async fn open(node: &TestNode, who: &Session, path: &str) -> Self {
        Self::after(node, who, path, "").await
    }

    /// The same by one who has seen the event of that id.
    pub(crate) async fn after(node: &TestNode, who: &Session, path: &str, last: &str) -> Self {
        let stream = TcpStream::connect(node.at).await.unwrap();
        let (mut sender, connection) =
            hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.unwrap();
        let connection = tokio::spawn(async {
            let _ = connection.await;
        });
        let mut request = Request::get(path)
            .header("host", node.at.to_string())
            .header("authorization", format!("Bearer {}", who.token));
        if !last.is_empty() {
            request = request.header("last-event-id", last);
        }
        let request = request.body(Empty::<Bytes>::new()).unwrap();
        let answer = timeout(PATIENCE, sender.send_request(request)).await.unwrap().unwrap();
        let media_type = answer.headers()["content-type"].to_str().unwrap().to_owned();
        let (status, body) = (answer.status().as_u16(), answer.into_body());
        Self { status, media_type, body, read: Vec::new(), shown: Value::Null, connection }
    }

    /// Returns what comes up to `end`, that included; `None` when the answer ends before.
    pub(crate) async fn until(&mut self, end: &[u8]) -> Option<Vec<u8>> {
        loop {
            let found = self.read.windows(end.len()).position(|window| window == end);
            if let Some(found) = found {
                return Some(self.read.drain(..found + end.len()).collect());
            }
            let frame = timeout(PATIENCE, self.body.frame()).await.expect("something comes");
            self.read.extend(frame?.ok()?.into_data().ok()?);
        }
    }

    /// Returns the next event.
    pub(crate) async fn next(&mut self) -> Event {
        loop {
            let text = self.until(b"\n\n").await.expect("the stream goes on");
            let text = String::from_utf8(text).unwrap();
            let line = |name: &str| {
                let line = text.lines().find_map(|line| line.strip_prefix(name));
                line.map(str::to_owned)
            };
            let Some(name) = line("event: ") else { continue };
            let data = serde_json::from_str(&line("data: ").unwrap()).unwrap();
            return Event { name, id: line("id: ").unwrap(), data };
        }
    }

    /// Returns the next event, which must be of that name; events of cameras are left out, and those
    /// that tell anew the form that is shown.
    #[track_caller]
    pub(crate) fn expect(&mut self, name: &'static str) -> impl Future<Output = Event> + use<'_> {
        let place = std::panic::Location::caller();
        async move {
            loop {
                let event = self.next().await;
                let same = event.name == "form" && self.shown == event.data["prid"];
                if event.name == "form" {
                    self.shown = event.data["prid"].clone();
                }
                if event.name == name || !(same || event.name == "cameras") {
                    assert_eq!(event.name, name, "{place}: {:?}", event.data);
                    return event;
                }
            }
        }
    }
}
