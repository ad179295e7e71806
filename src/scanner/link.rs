//! The end of `serve`: it keeps a connection to the `scan` process, hands on what that reads, and asks
//! it about pictures. Where `scan` is not there, slow, dead or talks nonsense, the connection ends and
//! is made again; nothing else of the node waits for it.

use std::collections::HashMap;
use std::io;
use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream::{self, StreamExt as _};
use tokio::net::UnixStream;
use tokio::net::unix::OwnedWriteHalf;
use tokio::process::{Child, Command};
use tokio::sync::{Notify, mpsc, oneshot, watch};
use tokio::time::timeout;

use crate::clock::{Seldom, Stopwatch};
use crate::domain::counter::{Reach, Scanner};
use crate::domain::picture::{Found, NotFound, Wanted};
use crate::domain::scan::{Camera, Read};
use crate::scanner::socket::{
    Answer, Ask, Hello, Look, Order, Report, Settings, receive_from, send_to,
};
use crate::scanner::source::Unreadable;
use crate::scanner::worker::{SMALL_MEMORY, Worker};

/// The first and the longest wait before a connection is made again.
const FIRST_WAIT: Duration = Duration::from_millis(200);
const LONGEST_WAIT: Duration = Duration::from_secs(5);
/// How long `scan` may be silent: it says that it is alive every five seconds.
const SILENCE: Duration = Duration::from_secs(15);
/// How long an order, a greeting or a connection may take.
const PATIENCE: Duration = Duration::from_secs(3);
/// How long a PDF may take to open, most take milliseconds; and everything else.
const OPENING: Duration = Duration::from_secs(2);
const DECODING: Duration = Duration::from_secs(10);
/// Questions about pictures at a time; of a child one, whose memory is that of this service.
const AT_ONCE: usize = 2;
/// How often it is looked whether anybody still sees a preview.
const GLANCE: Duration = Duration::from_secs(1);
/// Messages of `scan` that may wait; it waits itself then.
const WAITING: usize = 16;

/// How `scan` is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Way {
    /// It listens on this socket, or systemd does for it.
    Socket(PathBuf),
    /// This program is started with `scan`, once somebody wants it.
    Child(PathBuf),
}

/// The channels between `serve` and its end of the connection.
pub struct Channels {
    /// Where texts go that were read.
    pub reads: mpsc::Sender<Read>,
    /// How `scan` stands.
    pub scanner: watch::Sender<Scanner>,
    /// Who wants to see what a camera sees, by its name.
    pub looks: mpsc::Receiver<(String, oneshot::Sender<watch::Receiver<Bytes>>)>,
    /// Rings when somebody wants the cameras for the first time.
    pub wanted: Arc<Notify>,
}

/// Keeps the connection until `stop` says so. A child is started at once only where `settings` ask
/// for anything in particular, and else when it is wanted.
pub async fn watch(
    way: Way,
    settings: Settings,
    eager: bool,
    mut channels: Channels,
    mut stop: watch::Receiver<bool>,
) {
    let kept = async {
        if matches!(way, Way::Child(_)) && !eager {
            channels.wanted.notified().await;
        }
        let mut previews = HashMap::new();
        let (mut wait, mut last) = (FIRST_WAIT, String::new());
        let mut dropped = Seldom::start();
        loop {
            let since = Stopwatch::start();
            let Err(why) = talk(&way, &settings, &mut channels, &mut previews, &mut dropped).await;
            channels.scanner.send_replace(Scanner { state: Reach::Absent, cameras: Vec::new() });
            if since.elapsed() > SILENCE {
                (wait, last) = (FIRST_WAIT, String::new());
            }
            let why = why.to_string();
            if why != last {
                tracing::warn!(
                    why,
                    "the scan process does not answer; forms go on without cameras"
                );
                last = why;
            }
            // Who wants to look meanwhile is told that nobody shows.
            let _ = timeout(wait, async {
                while channels.looks.recv().await.is_some() {}
                std::future::pending::<()>().await;
            })
            .await;
            wait = (wait * 2).min(LONGEST_WAIT);
        }
    };
    tokio::select! {
        () = kept => {}
        _ = stop.wait_for(|stopped| *stopped) => {}
    }
}

/// What somebody looks at, by camera.
type Previews = HashMap<String, watch::Sender<Bytes>>;

enum Never {}

/// Connects, and talks for as long as both ends do.
async fn talk(
    way: &Way,
    settings: &Settings,
    channels: &mut Channels,
    previews: &mut Previews,
    dropped: &mut Seldom,
) -> Result<Never, io::Error> {
    let (stream, _child) = connect(way).await?;
    let (mut from, mut to) = stream.into_split();
    order(&mut to, Order::Hello(Hello::ours())).await?;
    let theirs = timeout(PATIENCE, receive_from::<Report>(&mut from)).await??;
    greeted(theirs)?;
    order(&mut to, Order::Settings(settings.clone())).await?;
    previews.retain(|_, frames| frames.receiver_count() > 0);
    for camera in previews.keys() {
        order(&mut to, Order::Look(Look { camera: camera.clone(), on: true })).await?;
    }
    channels.scanner.send_replace(Scanner { state: Reach::Up, cameras: Vec::new() });
    tracing::info!("the scan process answers");

    // A message is read whole or not at all, so who reads does nothing besides.
    let (told, mut reports) = mpsc::channel(WAITING);
    let _reading = Reading(tokio::spawn(async move {
        loop {
            let report = receive_from::<Report>(&mut from).await;
            let ended = !matches!(report, Ok(Some(_)));
            if told.send(report).await.is_err() || ended {
                return;
            }
        }
    }));
    let mut heard = Stopwatch::start();
    loop {
        tokio::select! {
            report = reports.recv() => {
                let report = report.unwrap_or(Ok(None))?.ok_or_else(ended)?;
                heard = Stopwatch::start();
                take(report, channels, previews, dropped)?;
            }
            Some((camera, to_show)) = channels.looks.recv() => {
                if let Some(frames) = previews.get(&camera) {
                    let _ = to_show.send(frames.subscribe());
                } else {
                    let (frames, seen) = watch::channel(Bytes::new());
                    previews.insert(camera.clone(), frames);
                    let _ = to_show.send(seen);
                    order(&mut to, Order::Look(Look { camera, on: true })).await?;
                }
            }
            _ = timeout(GLANCE, std::future::pending::<()>()) => {}
        }
        if heard.elapsed() > SILENCE {
            return Err(io::Error::new(io::ErrorKind::TimedOut, "it was silent for too long"));
        }
        let unseen = previews.iter().find(|(_, frames)| frames.receiver_count() == 0);
        if let Some(camera) = unseen.map(|(camera, _)| camera.clone()) {
            previews.remove(&camera);
            order(&mut to, Order::Look(Look { camera, on: false })).await?;
        }
    }
}

/// Hands on what `scan` tells.
fn take(
    report: Report,
    channels: &Channels,
    previews: &Previews,
    dropped: &mut Seldom,
) -> io::Result<()> {
    match report {
        Report::Alive => {}
        Report::Cameras(cameras) => {
            note_changes(&channels.scanner.borrow().cameras, &cameras);
            channels.scanner.send_replace(Scanner { state: Reach::Up, cameras });
        }
        Report::Read(read) => {
            if channels.reads.try_send(read).is_err()
                && let Some(times) = dropped.happened()
            {
                tracing::warn!(
                    times,
                    "codes come faster than they are looked up; some were dropped"
                );
            }
        }
        Report::Preview(preview) => {
            if let Some(frames) = previews.get(&preview.camera) {
                frames.send_replace(preview.jpeg.into());
            }
        }
        Report::Hello(_) | Report::Answer(_) => {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "it said what nobody asked"));
        }
    }
    Ok(())
}

fn note_changes(before: &[Camera], now: &[Camera]) {
    for camera in now {
        let was = before.iter().find(|known| known.name == camera.name);
        if was.is_none_or(|was| was.state != camera.state) {
            let state = camera.state.word();
            tracing::info!(camera = camera.name, path = camera.path, state, "a camera changed");
        }
    }
}

/// A task that ends with this value.
struct Reading(tokio::task::JoinHandle<()>);

impl Drop for Reading {
    fn drop(&mut self) {
        self.0.abort();
    }
}

fn ended() -> io::Error {
    io::Error::new(io::ErrorKind::UnexpectedEof, "it ended the connection")
}

fn greeted(theirs: Option<Report>) -> io::Result<()> {
    match theirs.ok_or_else(ended)? {
        Report::Hello(theirs) => theirs.check(),
        _ => Err(io::Error::new(io::ErrorKind::InvalidData, "it did not greet")),
    }
}

async fn order(to: &mut OwnedWriteHalf, order: Order) -> io::Result<()> {
    timeout(PATIENCE, send_to(to, &order)).await?
}

/// Reaches `scan`; a child of ours ends with what is returned.
async fn connect(way: &Way) -> io::Result<(UnixStream, Option<Child>)> {
    match way {
        Way::Socket(path) => Ok((timeout(PATIENCE, UnixStream::connect(path)).await??, None)),
        Way::Child(program) => {
            let (ours, theirs) = std::os::unix::net::UnixStream::pair()?;
            ours.set_nonblocking(true)?;
            let child = Command::new(program)
                .args(["scan", "--child"])
                .env_clear()
                .stdin(Stdio::from(OwnedFd::from(theirs)))
                .stdout(Stdio::null())
                .kill_on_drop(true)
                .spawn()?;
            Ok((UnixStream::from_std(ours)?, Some(child)))
        }
    }
}

/// A question about a picture or PDF; the answer comes back on the channel.
pub type Question = (Wanted, Bytes, oneshot::Sender<Result<Found, NotFound>>);

/// Answers questions about pictures until nobody can ask any more.
pub async fn answer(way: Way, mut questions: mpsc::Receiver<Question>) {
    let at_once = if matches!(way, Way::Child(_)) { 1 } else { AT_ONCE };
    stream::poll_fn(|cx| questions.poll_recv(cx))
        .for_each_concurrent(at_once, |(wanted, content, to)| {
            let way = &way;
            async move {
                // Who asked may have gone meanwhile.
                if !to.is_closed() {
                    let _ = to.send(asked(way, wanted, content).await);
                }
            }
        })
        .await;
}

async fn asked(way: &Way, wanted: Wanted, content: Bytes) -> Result<Found, NotFound> {
    let patience = if wanted == Wanted::Opens { OPENING } else { DECODING };
    let content = Vec::from(content);
    let ask = match wanted {
        Wanted::Codes => Ask::Codes(content),
        Wanted::Opens => Ask::Opens(content),
        Wanted::Thumbnail(side) => Ask::Thumbnail { side, content },
    };
    let answer = match way {
        Way::Socket(_) => {
            let talk = timeout(patience + PATIENCE, question(way, ask)).await;
            talk.map_err(io::Error::from).flatten()
        }
        // A child has the one connection for what the cameras see, so a worker of ours is asked.
        Way::Child(program) => {
            let mut worker = Worker::new(program).with_patience(patience).with_memory(SMALL_MEMORY);
            let working = tokio::task::spawn_blocking(move || worker.ask(ask)).await;
            working.map_err(io::Error::from)
        }
    };
    match answer {
        Ok(Answer::Codes(reading)) => {
            Ok(Found::Codes(reading.codes.into_iter().map(|code| code.text).collect()))
        }
        Ok(Answer::Opens) => Ok(Found::Opens),
        Ok(Answer::Thumbnail(jpeg)) => Ok(Found::Thumbnail(jpeg.into())),
        Ok(Answer::Unreadable(Unreadable::NoCode)) => Ok(Found::Codes(Vec::new())),
        Ok(Answer::Unreadable(Unreadable::Locked)) => Err(NotFound::Locked),
        Ok(Answer::Unreadable(Unreadable::NoWorker(_) | Unreadable::Busy)) => {
            Err(NotFound::NoProcess)
        }
        Ok(Answer::Unreadable(why)) => Err(NotFound::Unreadable(why.kind())),
        Err(why) => {
            tracing::debug!(%why, "a picture could not be asked about");
            Err(NotFound::NoProcess)
        }
    }
}

/// Asks on a connection of its own.
async fn question(way: &Way, ask: Ask) -> io::Result<Answer> {
    let (mut stream, _child) = connect(way).await?;
    send_to(&mut stream, &Order::Hello(Hello::ours())).await?;
    greeted(receive_from(&mut stream).await?)?;
    send_to(&mut stream, &Order::Ask(ask)).await?;
    loop {
        match receive_from(&mut stream).await?.ok_or_else(ended)? {
            Report::Answer(answer) => return Ok(answer),
            Report::Alive => {}
            _ => {
                let why = "it said what nobody asked";
                return Err(io::Error::new(io::ErrorKind::InvalidData, why));
            }
        }
    }
}
