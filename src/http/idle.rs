//! Whether a connection still earns its place: who runs on it, and when bytes last left on it.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::clock::Stopwatch;

/// What is known of one connection; clones share it.
#[derive(Clone, Debug)]
pub(super) struct Watch(Arc<Mutex<Seen>>);

#[derive(Debug)]
struct Seen {
    requests: u64,
    running: u32,
    last: Stopwatch,
}

impl Watch {
    pub(super) fn start() -> Self {
        Self(Arc::new(Mutex::new(Seen { requests: 0, running: 0, last: Stopwatch::start() })))
    }

    /// Starts counting anew, once the connection can carry a request.
    pub(super) fn restart(&self) {
        self.seen().last = Stopwatch::start();
    }

    /// Notes that a handler runs, until the returned guard is dropped.
    pub(super) fn running(&self) -> Running {
        let mut seen = self.seen();
        seen.requests += 1;
        seen.running += 1;
        Running(self.clone())
    }

    /// Tells whether the connection was idle for too long: `first` until its first request, then
    /// `idle` with no handler running and nothing written.
    ///
    /// What is read does not count, or a client could hold a connection with a byte now and then.
    pub(super) fn is_idle(&self, first: Duration, idle: Duration) -> bool {
        let seen = self.seen();
        let limit = if seen.requests == 0 { first } else { idle };
        seen.running == 0 && seen.last.elapsed() >= limit
    }

    fn wrote(&self) {
        let mut seen = self.seen();
        // What goes out before the first request is the server's own greeting.
        if seen.requests > 0 {
            seen.last = Stopwatch::start();
        }
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.0.lock().expect("nothing panics while it holds this lock")
    }
}

/// A handler that runs.
#[derive(Debug)]
pub(super) struct Running(Watch);

impl Drop for Running {
    fn drop(&mut self) {
        let mut seen = self.0.seen();
        seen.running -= 1;
        seen.last = Stopwatch::start();
    }
}

/// A stream that reports what is written to it.
#[derive(Debug)]
pub(super) struct Watched<S> {
    stream: S,
    watch: Watch,
}

impl<S> Watched<S> {
    pub(super) fn new(stream: S, watch: Watch) -> Self {
        Self { stream, watch }
    }

    fn note(&self, written: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        if matches!(written, Poll::Ready(Ok(1..))) {
            self.watch.wrote();
        }
        written
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Watched<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Watched<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, buf);
        self.note(written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, bufs);
        self.note(written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: Duration = Duration::from_secs(600);

    #[test]
    fn a_connection_with_a_running_handler_is_not_idle() {
        let watch = Watch::start();
        assert!(watch.is_idle(Duration::ZERO, LONG));

        let running = watch.running();
        assert!(!watch.is_idle(Duration::ZERO, Duration::ZERO));

        drop(running);
        assert!(watch.is_idle(LONG, Duration::ZERO));
        assert!(!watch.is_idle(Duration::ZERO, LONG));
    }
}
