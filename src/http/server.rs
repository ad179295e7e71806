//! The HTTP server's core: it listens, speaks TLS, holds its limits and drains at the end.
//!
//! It knows nothing of routes: a handler turns a request into an answer. Time here is that of real
//! sockets, measured by tokio, not by [`crate::clock::Clock`].

use std::convert::Infallible;
use std::error::Error as StdError;
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::FutureExt as _;
use futures_util::future::join_all;
use hyper::body::{Body, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use rustls::ServerConfig;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;

use super::idle::{Watch, Watched};

/// What one client may take. Every limit ends one request or one connection, never the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Connections of one listener at a time. Further ones wait in the system's queue, and those of
    /// another listener are not affected: a flood on the LAN leaves the loopback open.
    pub connections: usize,
    /// From the end of the TCP handshake to that of TLS.
    pub tls_handshake: Duration,
    /// From there to the end of the first request's head.
    pub first_head: Duration,
    /// Between requests, the next one's head included; likewise how long an answer may be stuck
    /// because the client does not read, and how long a stream of events may be silent.
    pub idle: Duration,
    /// Bytes of a request's head, all headers together.
    pub head_bytes: usize,
    /// Requests of one HTTP/2 connection at a time.
    pub streams: u32,
    /// From the end of a request's head until its handler has answered, the reading of the body
    /// included. A handler that takes longer is dropped, and the connection closed.
    pub request: Duration,
    /// How long running requests may go on after the shutdown began.
    pub drain: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 512,
            tls_handshake: Duration::from_secs(10),
            first_head: Duration::from_secs(10),
            idle: Duration::from_secs(30),
            head_bytes: 16 * 1024,
            streams: 16,
            request: Duration::from_secs(30),
            drain: Duration::from_secs(10),
        }
    }
}

/// The other end of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peer {
    /// Its address and port.
    pub addr: SocketAddr,
    /// Whether the connection is encrypted.
    pub tls: bool,
}

/// A bound socket that accepts nothing yet.
#[derive(Debug)]
pub struct Listener {
    socket: TcpListener,
    tls: Option<Arc<ServerConfig>>,
}

impl Listener {
    /// Binds to `addr`; port 0 lets the system choose. With `tls` it speaks HTTPS only.
    ///
    /// # Errors
    /// [`BindError`], a sentence for the operator.
    pub async fn bind(addr: SocketAddr, tls: Option<Arc<ServerConfig>>) -> Result<Self, BindError> {
        let socket = TcpListener::bind(addr).await.map_err(|error| BindError::of(addr, error))?;
        Ok(Self { socket, tls })
    }

    /// Returns the address, with the port the system chose.
    ///
    /// # Errors
    /// What the system says, which it does not for a bound socket.
    pub fn addr(&self) -> io::Result<SocketAddr> {
        self.socket.local_addr()
    }

    /// Tells whether it speaks HTTPS.
    #[must_use]
    pub fn is_tls(&self) -> bool {
        self.tls.is_some()
    }
}

/// Why an address cannot be listened on.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    /// Somebody else has the port.
    #[error("cannot listen on {0}: another program uses that port")]
    InUse(SocketAddr),
    /// The port is below 1024 and the node is not root.
    #[error("cannot listen on {0}: not allowed for this user")]
    Denied(SocketAddr),
    /// The address belongs to no interface.
    #[error("cannot listen on {0}: this machine has no such address")]
    NotHere(SocketAddr),
    /// The system refused otherwise.
    #[error("cannot listen on {0}: {1}")]
    Io(SocketAddr, #[source] io::Error),
}

impl BindError {
    fn of(addr: SocketAddr, error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::AddrInUse => Self::InUse(addr),
            io::ErrorKind::PermissionDenied => Self::Denied(addr),
            io::ErrorKind::AddrNotAvailable => Self::NotHere(addr),
            _ => Self::Io(addr, error),
        }
    }
}

/// Serves `listeners` with `handler` until `shutdown` completes and what runs then has ended.
///
/// A handler that panics or takes too long loses its connection; the log says so without saying
/// what was asked.
pub async fn serve<H, F, B>(
    listeners: Vec<Listener>,
    handler: H,
    limits: Limits,
    shutdown: impl Future<Output = ()>,
) where
    H: Fn(Request<Incoming>, Peer) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = Response<B>> + Send + 'static,
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<Box<dyn StdError + Send + Sync>>,
{
    let limits = Arc::new(limits);
    let stop = watch::Sender::new(false);
    let accepting = listeners.into_iter().map(|listener| {
        let stopped = Stopped(stop.subscribe());
        accept(listener, handler.clone(), Arc::clone(&limits), stopped)
    });
    let stopping = async {
        shutdown.await;
        stop.send_replace(true);
    };
    tokio::join!(join_all(accepting), stopping);
}

/// Tells when the server stops; clones tell the same.
#[derive(Clone)]
struct Stopped(watch::Receiver<bool>);

impl Stopped {
    /// Waits for the end. The sender outlives every waiter; if it ever did not, that is the end too.
    async fn wait(&mut self) {
        let _ = self.0.wait_for(|stopped| *stopped).await;
    }
}

/// Accepts connections until the server stops, then waits for those that are open.
async fn accept<H, F, B>(listener: Listener, handler: H, limits: Arc<Limits>, mut stopped: Stopped)
where
    H: Fn(Request<Incoming>, Peer) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = Response<B>> + Send + 'static,
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<Box<dyn StdError + Send + Sync>>,
{
    const FIRST_PAUSE: Duration = Duration::from_millis(10);
    const LONGEST_PAUSE: Duration = Duration::from_secs(1);

    let slots = Arc::new(Semaphore::new(limits.connections));
    let mut connections = JoinSet::new();
    let mut pause = FIRST_PAUSE;
    loop {
        let slot = tokio::select! {
            slot = Arc::clone(&slots).acquire_owned() => slot.expect("nobody closes it"),
            () = stopped.wait() => break,
        };
        let accepted = tokio::select! {
            accepted = listener.socket.accept() => accepted,
            () = stopped.wait() => break,
        };
        while connections.try_join_next().is_some() {}
        match accepted {
            Ok((stream, addr)) => {
                pause = FIRST_PAUSE;
                let peer = Peer { addr, tls: listener.is_tls() };
                connections.spawn(connection(
                    stream,
                    Open { peer, slot: Arc::new(slot), tasks: tasks(&limits) },
                    listener.tls.clone(),
                    handler.clone(),
                    Arc::clone(&limits),
                    stopped.clone(),
                ));
            }
            // Mostly the limit of open files: asking again at once would only spin.
            Err(error) => {
                if pause == FIRST_PAUSE {
                    tracing::warn!(%error, "cannot accept connections");
                }
                if timeout(pause, stopped.wait()).await.is_ok() {
                    break;
                }
                pause = (pause * 2).min(LONGEST_PAUSE);
            }
        }
    }
    drop(listener);
    let drained = timeout(limits.drain, async {
        while connections.join_next().await.is_some() {}
        // Requests whose connection is gone still have its slot.
        let all = u32::try_from(limits.connections).unwrap_or(u32::MAX);
        let _ = slots.acquire_many(all).await;
    });
    if drained.await.is_err() {
        tracing::warn!(open = connections.len(), "cut what was still running at the end");
        connections.shutdown().await;
    }
}

/// What every request of a connection needs of it.
struct Open {
    peer: Peer,
    /// Its place among the connections; free when its last request has ended.
    slot: Arc<OwnedSemaphorePermit>,
    /// Places for its requests.
    tasks: Arc<Semaphore>,
}

fn tasks(limits: &Limits) -> Arc<Semaphore> {
    Arc::new(Semaphore::new(limits.streams.try_into().unwrap_or(Semaphore::MAX_PERMITS)))
}

/// Serves one connection from its TLS handshake to its end.
async fn connection<H, F, B>(
    stream: TcpStream,
    open: Open,
    tls: Option<Arc<ServerConfig>>,
    handler: H,
    limits: Arc<Limits>,
    mut stopped: Stopped,
) where
    H: Fn(Request<Incoming>, Peer) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = Response<B>> + Send + 'static,
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<Box<dyn StdError + Send + Sync>>,
{
    // Answers are written whole; waiting for more to send would only delay them.
    let _ = stream.set_nodelay(true);
    let watch = Watch::start();
    let stream = Watched::new(stream, watch.clone());
    let Some(tls) = tls else {
        return converse(stream, open, watch, handler, &limits, stopped).await;
    };
    let handshake = timeout(limits.tls_handshake, TlsAcceptor::from(tls).accept(stream));
    let accepted = tokio::select! {
        accepted = handshake => accepted,
        () = stopped.wait() => return,
    };
    match accepted {
        Ok(Ok(stream)) => converse(stream, open, watch, handler, &limits, stopped).await,
        Ok(Err(error)) => tracing::debug!(%error, "TLS handshake failed"),
        Err(_) => tracing::debug!("TLS handshake took too long"),
    }
}

/// Speaks HTTP/1.1 or HTTP/2, whichever the client began with. A request runs on a task of its own:
/// a client that closes after sending changes nothing of what becomes of it, its record included.
/// Until its end it takes its place on the connection and keeps the connection's slot.
async fn converse<S, H, F, B>(
    stream: S,
    open: Open,
    watch: Watch,
    handler: H,
    limits: &Limits,
    mut stopped: Stopped,
) where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    H: Fn(Request<Incoming>, Peer) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = Response<B>> + Send + 'static,
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<Box<dyn StdError + Send + Sync>>,
{
    watch.restart();
    let service = service_fn({
        let (watch, longest) = (watch.clone(), limits.request);
        move |request| {
            let running = watch.running();
            let (slot, tasks) = (Arc::clone(&open.slot), Arc::clone(&open.tasks));
            let answer = answer(handler.clone(), request, open.peer);
            let begin = move |place| tokio::spawn(run(answer, longest, (place, slot)));
            // Now, and not when this is first waited for: who has hung up already ends that before.
            let begun = match Arc::clone(&tasks).try_acquire_owned() {
                Ok(place) => Ok(begin(place)),
                Err(_) => Err(begin),
            };
            async move {
                let begun = match begun {
                    Ok(begun) => begun,
                    // Requests of this connection that were given up still run.
                    Err(begin) => begin(tasks.acquire_owned().await.expect("nobody closes it")),
                };
                let answer = begun.await.unwrap_or(Err(Cut::Panicked));
                drop(running);
                answer
            }
        }
    });
    let builder = builder(limits);
    let mut connection = pin!(builder.serve_connection(TokioIo::new(stream), service));

    let tick = (limits.first_head.min(limits.idle) / 4)
        .clamp(Duration::from_millis(5), Duration::from_secs(1));
    let (mut ending, mut idle) = (false, false);
    loop {
        let ended = tokio::select! {
            ended = timeout(tick, connection.as_mut()) => ended,
            () = stopped.wait(), if !ending => {
                ending = true;
                connection.as_mut().graceful_shutdown();
                continue;
            }
        };
        match ended {
            Ok(Ok(())) => return,
            Ok(Err(error)) => return tracing::debug!(%error, "connection broke"),
            Err(_) if !watch.is_idle(limits.first_head, limits.idle) => idle = false,
            // One tick to say goodbye; a client that does not listen cannot prolong it.
            Err(_) if idle => return tracing::debug!("idle connection closed"),
            Err(_) => {
                idle = true;
                connection.as_mut().graceful_shutdown();
            }
        }
    }
}

/// Calls the handler inside a future, so that a panic before its first wait is caught as well.
async fn answer<H, F, B>(
    handler: H,
    request: Request<Incoming>,
    peer: Peer,
) -> Result<Response<B>, Infallible>
where
    H: Fn(Request<Incoming>, Peer) -> F,
    F: Future<Output = Response<B>>,
{
    Ok(handler(request, peer).await)
}

/// Runs a handler to its end, but no longer than `longest`, and then gives back what it `held`.
async fn run<T>(
    answer: impl Future<Output = Result<T, Infallible>>,
    longest: Duration,
    held: (OwnedSemaphorePermit, Arc<OwnedSemaphorePermit>),
) -> Result<T, Cut> {
    let answer = timeout(longest, AssertUnwindSafe(answer).catch_unwind()).await;
    drop(held);
    match answer {
        Ok(Ok(Ok(response))) => Ok(response),
        Ok(Err(_panic)) => Err(Cut::Panicked),
        Err(_) => Err(Cut::TooLong),
    }
    .inspect_err(|cut| tracing::error!("{cut}"))
}

fn builder(limits: &Limits) -> auto::Builder<TokioExecutor> {
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        // hyper counts the silence before a head as part of it; the first head has its own limit.
        .header_read_timeout(limits.idle)
        // The least that hyper takes.
        .max_buf_size(limits.head_bytes.max(8 * 1024));
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(limits.streams)
        // What hyper takes in before anybody reads it, of each stream and of all of a connection.
        .initial_stream_window_size(64 * 1024)
        .initial_connection_window_size(128 * 1024)
        .max_header_list_size(u32::try_from(limits.head_bytes).unwrap_or(u32::MAX))
        .keep_alive_interval(limits.idle)
        .keep_alive_timeout(limits.idle);
    builder
}

/// Why a handler gave no answer. What was asked stays unsaid: a path may name a resident (I8).
#[derive(Debug)]
enum Cut {
    Panicked,
    TooLong,
}

impl fmt::Display for Cut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Panicked => "a handler panicked; its connection was closed",
            Self::TooLong => "a handler took too long; its connection was closed",
        })
    }
}

impl StdError for Cut {}

#[cfg(test)]
mod tests;
