//! A server that is neither a node nor central: what a verifier of captchas or an identity provider
//! is to a node.

use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// A server on the loopback that answers every request with status and text as it is told to. When
/// dropped it is gone.
pub(crate) struct Elsewhere {
    pub(crate) url: String,
    answer: Arc<Mutex<(u16, String)>>,
    seen: Arc<Mutex<Vec<String>>>,
    listening: JoinHandle<()>,
}

impl Elsewhere {
    /// Starts one that says `text`.
    pub(crate) async fn saying(text: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/here", listener.local_addr().unwrap());
        let answer = Arc::new(Mutex::new((200, text.to_owned())));
        let seen = Arc::new(Mutex::new(Vec::new()));
        let (says, sees) = (Arc::clone(&answer), Arc::clone(&seen));
        let listening = tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let (says, sees) = (Arc::clone(&says), Arc::clone(&sees));
                let service = service_fn(move |request: Request<Incoming>| {
                    let (says, sees) = (Arc::clone(&says), Arc::clone(&sees));
                    async move {
                        let body = request.into_body().collect().await?.to_bytes();
                        sees.lock().unwrap().push(String::from_utf8(body.to_vec()).unwrap());
                        let (status, text) = says.lock().unwrap().clone();
                        let mut answer = Response::new(Full::new(Bytes::from(text)));
                        *answer.status_mut() = status.try_into().unwrap();
                        Ok::<_, hyper::Error>(answer)
                    }
                });
                let connection = hyper::server::conn::http1::Builder::new();
                tokio::spawn(connection.serve_connection(TokioIo::new(stream), service));
            }
        });
        Self { url, answer, seen, listening }
    }

    /// Says something else from now on.
    pub(crate) fn say(&self, status: u16, text: &str) {
        *self.answer.lock().unwrap() = (status, text.to_owned());
    }

    /// Returns the bodies of all requests so far.
    pub(crate) fn seen(&self) -> Vec<String> {
        self.seen.lock().unwrap().clone()
    }
}

impl Drop for Elsewhere {
    fn drop(&mut self) {
        self.listening.abort();
    }
}
