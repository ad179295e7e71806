//! Answers that go on: what a body is made of, and how many of them may go on at once (I11). A stream
//! is written by a task of its own through a narrow channel. It ends when its reader goes, when its
//! reader is stuck, when the node stops, and after ten minutes whatever happens: a client comes again
//! with its token, which is looked at anew.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::{Body, Frame, SizeHint};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, watch};
use tokio::time::timeout;

use crate::clock::Stopwatch;

/// Streams at once.
const AT_ONCE: usize = 64;
/// Streams of one counter at once, so that none takes the places of all.
const OF_ONE: usize = 8;
/// Pieces that may wait for a reader.
const WAITING: usize = 4;
/// How long a reader may take for a piece before it counts as gone.
const STUCK: Duration = Duration::from_secs(20);
/// How long a stream goes on.
const LONGEST: Duration = Duration::from_secs(600);

/// The body of an answer.
#[derive(Debug)]
pub enum Content {
    /// It is there as a whole.
    Whole(Full<Bytes>),
    /// It goes on.
    Stream(Stream),
}

impl From<Full<Bytes>> for Content {
    fn from(body: Full<Bytes>) -> Self {
        Self::Whole(body)
    }
}

impl From<Bytes> for Content {
    fn from(body: Bytes) -> Self {
        Self::Whole(Full::new(body))
    }
}

impl Body for Content {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        match self.get_mut() {
            Self::Whole(whole) => Pin::new(whole).poll_frame(cx),
            Self::Stream(stream) => {
                stream.from.poll_recv(cx).map(|piece| piece.map(|piece| Ok(Frame::data(piece))))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Whole(whole) => whole.is_end_stream(),
            Self::Stream(_) => false,
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Whole(whole) => whole.size_hint(),
            Self::Stream(_) => SizeHint::default(),
        }
    }
}

/// A body that goes on. It keeps its place among the streams until its connection lets it go.
#[derive(Debug)]
pub struct Stream {
    from: mpsc::Receiver<Bytes>,
    _places: [OwnedSemaphorePermit; 2],
}

/// The writer's end of a stream.
#[derive(Debug)]
pub struct Pen {
    to: mpsc::Sender<Bytes>,
    stop: watch::Receiver<bool>,
    began: Stopwatch,
}

/// The places that one counter may have; clones are the same.
#[derive(Clone, Debug)]
pub struct Share(Arc<Semaphore>);

impl Default for Share {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(OF_ONE)))
    }
}

/// There is no place for a further stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("too many streams are open")]
pub struct NoPlace;

/// The streams of a node; clones are the same.
#[derive(Clone, Debug)]
pub struct Streams {
    places: Arc<Semaphore>,
    stop: watch::Receiver<bool>,
}

impl Streams {
    /// Returns places for streams that end once `stop` says so.
    #[must_use]
    pub fn new(stop: watch::Receiver<bool>) -> Self {
        Self { places: Arc::new(Semaphore::new(AT_ONCE)), stop }
    }

    /// Opens a stream of the counter that has this share.
    ///
    /// # Errors
    /// [`NoPlace`].
    pub fn open(&self, share: &Share) -> Result<(Pen, Content), NoPlace> {
        let place = |of: &Arc<Semaphore>| Arc::clone(of).try_acquire_owned();
        let (Ok(own), Ok(place)) = (place(&share.0), place(&self.places)) else {
            return Err(NoPlace);
        };
        let (to, from) = mpsc::channel(WAITING);
        let pen = Pen { to, stop: self.stop.clone(), began: Stopwatch::start() };
        Ok((pen, Content::Stream(Stream { from, _places: [own, place] })))
    }
}

impl Pen {
    /// Writes a piece; tells whether somebody still reads.
    pub async fn write(&self, piece: impl Into<Bytes>) -> bool {
        matches!(timeout(STUCK, self.to.send(piece.into())).await, Ok(Ok(())))
    }

    /// Waits until `next` comes, for so long at most. Returns `None` once the stream is to end, and
    /// `Some(None)` where only the time is over.
    pub async fn wait<T>(
        &mut self,
        longest: Duration,
        next: impl Future<Output = T>,
    ) -> Option<Option<T>> {
        let left = LONGEST.checked_sub(self.began.elapsed())?;
        tokio::select! {
            _ = self.stop.wait_for(|stopped| *stopped) => None,
            () = self.to.closed() => None,
            next = timeout(longest.min(left), next) => Some(next.ok()),
        }
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt as _;

    use super::*;

    /// I11
    #[tokio::test]
    async fn a_stream_takes_a_place_until_its_body_is_dropped() {
        let (_stop, stopped) = watch::channel(false);
        let streams = Streams::new(stopped);
        let shares: Vec<_> = (0..=AT_ONCE / OF_ONE).map(|_| Share::default()).collect();
        let mut open: Vec<_> = Vec::new();
        for share in &shares[1..] {
            assert!(streams.open(&shares[0]).is_ok(), "nobody takes the places of all");
            open.extend((0..OF_ONE).map(|_| streams.open(share).unwrap()));
            assert_eq!(streams.open(share).map(drop), Err(NoPlace));
        }
        assert_eq!(streams.open(&shares[0]).map(drop), Err(NoPlace));
        open.pop();
        assert!(streams.open(&shares[0]).is_ok());
    }

    #[tokio::test]
    async fn what_is_written_is_read_until_the_pen_is_dropped() {
        let (_stop, stopped) = watch::channel(false);
        let (pen, body) = Streams::new(stopped).open(&Share::default()).unwrap();
        let writing = tokio::spawn(async move {
            for piece in ["one ", "two"] {
                assert!(pen.write(piece).await);
            }
        });
        assert_eq!(body.collect().await.unwrap().to_bytes(), "one two");
        writing.await.unwrap();
    }

    #[tokio::test]
    async fn a_pen_hears_that_the_node_stops_or_the_reader_is_gone() {
        let (stop, stopped) = watch::channel(false);
        let streams = Streams::new(stopped);
        let forever = std::future::pending::<()>;
        let (mut pen, body) = streams.open(&Share::default()).unwrap();
        assert_eq!(pen.wait(Duration::ZERO, forever()).await, Some(None));
        drop(body);
        assert_eq!(pen.wait(LONGEST, forever()).await, None);
        assert!(!pen.write("x").await);

        let (mut pen, _body) = streams.open(&Share::default()).unwrap();
        stop.send_replace(true);
        assert_eq!(pen.wait(LONGEST, forever()).await, None);
    }
}
