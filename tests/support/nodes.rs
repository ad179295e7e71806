//! The demo's two nodes as processes of their own, prepared by the demo, and a client that talks to
//! them as any other does.

use std::error::Error;
use std::fs::File;
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1::{self, SendRequest};
use hyper::header::{CONTENT_TYPE, COOKIE, HOST};
use hyper::{Method, Request, StatusCode};
use hyper_util::rt::TokioIo;
use prereg_node::clock::{Clock, Stopwatch};
use prereg_node::domain::caller::{Role, Roles};
use prereg_node::node::{self, Settings};
use prereg_node::secrets::token::TokenKey;
use prereg_node::{config, demo, entropy};
use tokio::net::TcpStream;

use crate::ports;

/// Whatever went wrong, in a sentence.
pub(crate) type Fault = Box<dyn Error + Send + Sync>;

/// How long a token lasts: longer than any run.
const LIFETIME: Duration = Duration::from_secs(24 * 3600);

/// Prepares the demo in `dir` with ports that are free now.
pub(crate) async fn prepare(dir: &Path) -> Result<(), Fault> {
    let [center_port, central_port] = ports::for_two_nodes()?;
    let args = demo::Args {
        dir: dir.into(),
        center_port,
        central_port,
        once: false,
        lifecycle: "1.1".into(),
        data: None,
    };
    demo::prepare(&args, |file| Ok(config::read(file)?))
        .await
        .map_err(|error| error.to_string())?;
    Ok(())
}

/// Issues tokens of a node.
pub(crate) struct Tokens(TokenKey);

impl Tokens {
    /// Opens the key of the node with these settings, once: that takes a while.
    pub(crate) fn of(settings: &Settings) -> Result<Self, Fault> {
        Ok(Self(node::token_key(settings)?))
    }

    /// Issues a token for `user`.
    pub(crate) fn issue(&self, user: &str, role: Role) -> String {
        self.0.issue(user, Roles::of(&[role]), Clock::system().now(), LIFETIME, &entropy::System)
    }
}

/// A node that serves. It ends with this value, and with this process however it ends: its standard
/// input is a pipe from it.
pub(crate) struct Node {
    /// The process; `prefill` asks the kernel about it.
    pub(crate) child: Child,
    at: SocketAddr,
}

impl Node {
    /// Starts the node with the configuration `config`; what it logs is added to `log`.
    pub(crate) fn start(config: &Path, log: &Path) -> Result<Self, Fault> {
        let settings = config::read(config)?;
        let program = std::env::var_os("PREREG_NODE")
            .unwrap_or_else(|| env!("CARGO_BIN_EXE_prereg-node").into());
        let log = File::options().create(true).append(true).open(log)?;
        let child = Command::new(program)
            .args(["serve", "--stop-with-input", "--config"])
            .arg(config)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()?;
        Ok(Self { child, at: settings.http })
    }

    /// Waits until `path` of its health answers 200.
    pub(crate) async fn healthy(&mut self, path: &str, patience: Duration) -> Result<(), Fault> {
        let (clock, waited) = (Clock::system(), Stopwatch::start());
        while waited.elapsed() < patience {
            if let Some(status) = self.child.try_wait()? {
                return Err(format!("a node ended by itself: {status}").into());
            }
            if let Ok(mut client) = Client::connect(self.at, "").await
                && client.send(Method::GET, path, None).await.is_ok_and(|(status, _)| status == 200)
            {
                return Ok(());
            }
            clock.sleep_until(clock.now() + jiff::SignedDuration::from_millis(2)).await;
        }
        Err(format!("{path} did not answer 200 within {patience:?}").into())
    }

    /// Ends it in good order.
    pub(crate) fn stop(mut self) -> Result<(), Fault> {
        drop(self.child.stdin.take());
        let status = self.child.wait()?;
        if status.success() { Ok(()) } else { Err(format!("a node ended with {status}").into()) }
    }
}

impl Drop for Node {
    /// Ends it with SIGKILL, in whatever it is doing.
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// One connection to a node, kept open from request to request.
pub(crate) struct Client {
    sender: SendRequest<Full<Bytes>>,
    host: String,
    /// Who it is: `Authorization=` and a token.
    pub(crate) cookie: String,
}

impl Client {
    /// Connects; every request bears `token`.
    pub(crate) async fn connect(at: SocketAddr, token: &str) -> Result<Self, Fault> {
        let stream = TcpStream::connect(at).await?;
        stream.set_nodelay(true)?;
        let (sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        tokio::spawn(connection);
        Ok(Self { sender, host: at.to_string(), cookie: format!("Authorization={token}") })
    }

    /// Sends a request, with a body of some content type if there is one; returns the whole answer.
    pub(crate) async fn send(
        &mut self,
        method: Method,
        path: &str,
        body: Option<(&str, Vec<u8>)>,
    ) -> Result<(StatusCode, Bytes), Fault> {
        self.sender.ready().await?;
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header(HOST, &self.host)
            .header(COOKIE, &self.cookie);
        let body = match body {
            Some((content_type, body)) => {
                request = request.header(CONTENT_TYPE, content_type);
                body
            }
            None => Vec::new(),
        };
        let answer = self.sender.send_request(request.body(Full::new(body.into()))?).await?;
        let status = answer.status();
        Ok((status, answer.into_body().collect().await?.to_bytes()))
    }
}
