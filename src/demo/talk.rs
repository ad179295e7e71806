//! Talks to the demo's nodes as their clients do.

use std::error::Error;
use std::net::SocketAddr;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::header::{CONTENT_TYPE, COOKIE, HOST};
use hyper::{Method, Request};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpStream;

/// An answer.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) body: Bytes,
}

impl Answer {
    /// Returns `response` of an answer in the MOSIP envelope.
    pub(super) fn response(&self) -> Result<Value, Box<dyn Error>> {
        let mut body: Value = serde_json::from_slice(&self.body)?;
        match &body["errors"] {
            Value::Null => Ok(body["response"].take()),
            errors => Err(format!("the node answered {errors}").into()),
        }
    }
}

/// Gets `path`, with a token if there is one.
pub(super) async fn get(
    at: SocketAddr,
    path: &str,
    token: Option<&str>,
) -> Result<Answer, Box<dyn Error>> {
    send(at, Method::GET, path, token, None).await
}

/// Posts a body of some content type to `path`.
pub(super) async fn post(
    at: SocketAddr,
    path: &str,
    token: Option<&str>,
    content_type: &str,
    body: Vec<u8>,
) -> Result<Answer, Box<dyn Error>> {
    send(at, Method::POST, path, token, Some((content_type, body))).await
}

async fn send(
    at: SocketAddr,
    method: Method,
    path: &str,
    token: Option<&str>,
    body: Option<(&str, Vec<u8>)>,
) -> Result<Answer, Box<dyn Error>> {
    let stream = TcpStream::connect(at).await?;
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    let connection = tokio::spawn(connection);
    let mut request = Request::builder().method(method).uri(path).header(HOST, at.to_string());
    if let Some(token) = token {
        request = request.header(COOKIE, format!("Authorization={token}"));
    }
    let body = match body {
        Some((content_type, body)) => {
            request = request.header(CONTENT_TYPE, content_type);
            body
        }
        None => Vec::new(),
    };
    let answer = sender.send_request(request.body(Full::new(Bytes::from(body)))?).await?;
    let status = answer.status().as_u16();
    let body = answer.into_body().collect().await?.to_bytes();
    drop(sender);
    connection.abort();
    Ok(Answer { status, body })
}
