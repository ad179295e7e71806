//! `scan` as `serve` uses it: cameras and decoders behind one socket.
//!
//! Each connection has a thread that reads and one that writes; one thread between them holds the
//! cameras. Whoever gave settings last is told what these see. Cameras are open only while somebody
//! is. A reader that is slow gets fewer previews, and one that does not read is let go: nobody waits
//! for it.

use std::collections::HashMap;
use std::io;
use std::net::Shutdown;
use std::os::fd::AsFd;
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use crate::clock::Stopwatch;
use crate::domain::scan::Read;
use crate::scanner::devices::Folders;
use crate::scanner::socket::{
    ALIVE_SECONDS, Answer, Ask, Hello, MAX_SOURCES, MAX_TEXT, Order, Report, receive, send,
};
use crate::scanner::source::Unreadable;
use crate::scanner::sources::Sources;
use crate::scanner::supervise::{Event, Next, Places, Supervisor};
use crate::scanner::watch::Wanted;
use crate::scanner::worker::{THIS_PROGRAM, Worker};

/// Connections at once; the next wait until one ends.
const MAX_PEERS: usize = 8;
/// Messages that wait for one reader.
const MAX_WAITING: usize = 64;
/// Previews among them.
const MAX_PREVIEWS: usize = 4;
/// How long either end may take to greet, and to take in a message.
const GREETING: Duration = Duration::from_secs(5);
const WRITING: Duration = Duration::from_secs(10);
/// Decoding processes at once.
const DECODERS: usize = 2;
/// How long a question waits for one of them.
const QUEUEING: Duration = Duration::from_secs(10);
/// How long a process that systemd started waits for somebody to come (back).
const IDLE: Duration = Duration::from_secs(60);

impl Default for Places {
    fn default() -> Self {
        Self { program: THIS_PROGRAM.into(), folders: Folders::default() }
    }
}

/// Where connections come from.
#[derive(Debug)]
pub enum Incoming {
    /// A socket that is this process's own: it waits for the next connection for ever.
    Own(UnixListener),
    /// A socket that systemd holds: without a connection for a minute, the process ends.
    Lent(UnixListener),
    /// This connection only: the process ends with it.
    One(UnixStream),
}

/// Returns the socket at `path`, open to this user only. One that nobody listens at any more is
/// replaced.
///
/// # Errors
/// Says why there can be none: somebody listens there, or it is no socket.
pub fn listen(path: &Path) -> io::Result<UnixListener> {
    match std::fs::symlink_metadata(path) {
        // Somebody's file is not ours to replace.
        Ok(there) if !there.file_type().is_socket() => {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        Ok(_) if UnixStream::connect(path).is_ok() => return Err(io::ErrorKind::AddrInUse.into()),
        _ => {}
    }
    // Nobody connects before it is closed to others: until then it has another name.
    let name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?.to_string_lossy();
    let hidden = path.with_file_name(format!(".{name}.{}", std::process::id()));
    let listener = UnixListener::bind(&hidden)?;
    let named = std::fs::set_permissions(&hidden, std::fs::Permissions::from_mode(0o600))
        .and_then(|()| std::fs::rename(&hidden, path));
    if named.is_err() {
        let _ = std::fs::remove_file(&hidden);
    }
    named.map(|()| listener)
}

/// Returns the connection that is this process's standard input.
///
/// # Errors
/// Fails if it is no socket.
pub fn standard_input() -> io::Result<UnixStream> {
    let stream = UnixStream::from(io::stdin().as_fd().try_clone_to_owned()?);
    // Standard input may be anything; only a socket has another end with an address.
    stream.peer_addr().map(|_| stream)
}

/// What happens at the connections.
enum Happened {
    Connected(UnixStream),
    Settled(u64, Order),
    Gone(u64),
    /// A hand scanner typed it, or it was in a file.
    Read(Read),
}

/// A connection. Dropping it ends it.
struct Peer {
    stream: UnixStream,
    out: SyncSender<Report>,
    previews: Arc<AtomicUsize>,
}

/// Serves `incoming` until there is nobody to serve any more.
///
/// # Errors
/// Fails if connections cannot be taken.
pub fn run(places: &Places, incoming: Incoming) -> io::Result<()> {
    let (events, queue) = sync_channel(MAX_WAITING);
    let room = Arc::new(Room::new(MAX_PEERS));
    let (may_end, only_one) = match &incoming {
        Incoming::Own(_) => (None, false),
        Incoming::Lent(_) => (Some(IDLE), false),
        Incoming::One(_) => (Some(Duration::ZERO), true),
    };
    let reads = events.clone();
    let tell = move |read| reads.send(Event::Other(Happened::Read(read))).is_ok();
    let mut daemon = Daemon {
        supervisor: Supervisor::new(places.clone(), events.clone()),
        sources: Sources::new(places.program.clone(), Arc::new(tell)),
        events: events.clone(),
        decoders: Arc::new(Decoders::new(places)),
        peers: HashMap::new(),
        told: None,
        counted: 0,
        room: Arc::clone(&room),
    };
    match incoming {
        Incoming::One(stream) => {
            room.enter();
            daemon.connected(stream)?;
        }
        Incoming::Own(listener) | Incoming::Lent(listener) => {
            // What systemd lends may have been made for another kind of server.
            listener.set_nonblocking(false)?;
            thread::Builder::new().spawn(move || accept(&listener, &room, &events))?;
        }
    }
    let (mut signed, mut alone) = (Stopwatch::start(), Stopwatch::start());
    loop {
        match daemon.supervisor.next(&queue) {
            Next::Report(report) => daemon.tell(report),
            Next::Other(Happened::Connected(stream)) => {
                // One that is gone already is no failure of ours.
                let _ = daemon.connected(stream);
            }
            Next::Other(Happened::Settled(number, order)) => daemon.heed(number, order),
            Next::Other(Happened::Gone(number)) => daemon.gone(number),
            Next::Other(Happened::Read(read)) => daemon.tell(Report::Read(read)),
            Next::Quiet => {}
        }
        if let Some(cameras) = daemon.supervisor.changed() {
            daemon.tell(Report::Cameras(cameras));
        }
        if signed.elapsed() >= Duration::from_secs(ALIVE_SECONDS) {
            signed = Stopwatch::start();
            daemon.tell(Report::Alive);
            daemon.decoders.rest();
        }
        if !daemon.peers.is_empty() {
            alone = Stopwatch::start();
        } else if only_one || may_end.is_some_and(|most| alone.elapsed() >= most) {
            return Ok(());
        }
    }
}

struct Daemon {
    supervisor: Supervisor<Happened>,
    sources: Sources,
    events: SyncSender<Event<Happened>>,
    decoders: Arc<Decoders>,
    peers: HashMap<u64, Peer>,
    /// Who gave the settings.
    told: Option<u64>,
    counted: u64,
    room: Arc<Room>,
}

impl Daemon {
    fn connected(&mut self, stream: UnixStream) -> io::Result<()> {
        self.counted += 1;
        let number = self.counted;
        let (out, waiting) = sync_channel(MAX_WAITING);
        let previews = Arc::new(AtomicUsize::new(0));
        let place = Place(Arc::clone(&self.room));
        stream.set_nonblocking(false)?;
        let (reading, writing) = (stream.try_clone()?, stream.try_clone()?);
        writing.set_write_timeout(Some(WRITING))?;
        let (events, decoders, answers) =
            (self.events.clone(), Arc::clone(&self.decoders), out.clone());
        let waited = Arc::clone(&previews);
        thread::Builder::new().spawn(move || write(writing, &waiting, &waited))?;
        thread::Builder::new().spawn(move || {
            let _ = converse(number, &reading, &answers, &events, &decoders);
            let _ = reading.shutdown(Shutdown::Both);
            drop(place);
            let _ = events.send(Event::Other(Happened::Gone(number)));
        })?;
        self.peers.insert(number, Peer { stream, out, previews });
        Ok(())
    }

    fn heed(&mut self, number: u64, order: Order) {
        if !self.peers.contains_key(&number) {
            return;
        }
        match order {
            Order::Settings(settings) => {
                if let Some(before) = self.told.filter(|before| *before != number) {
                    self.gone(before);
                }
                self.told = Some(number);
                self.sources.want(settings.keys, settings.folders);
                self.supervisor.want(settings.cameras.map_or(Wanted::All, Wanted::Named));
                let cameras = self.supervisor.cameras();
                self.tell(Report::Cameras(cameras));
            }
            Order::Look(look) if self.told == Some(number) => self.supervisor.look(&look),
            Order::Look(_) | Order::Hello(_) | Order::Ask(_) => {}
        }
    }

    fn gone(&mut self, number: u64) {
        self.peers.remove(&number);
        if self.told == Some(number) {
            self.told = None;
            self.supervisor.want(Wanted::None);
            self.sources.want(Vec::new(), Vec::new());
        }
    }

    /// Tells who gave the settings; lets go of who does not listen.
    fn tell(&mut self, report: Report) {
        let Some((number, peer)) = self.told.and_then(|n| Some((n, self.peers.get(&n)?))) else {
            return;
        };
        // The other end would refuse it, and all that comes after.
        if matches!(&report, Report::Read(read) if read.text.len() > MAX_TEXT) {
            return;
        }
        let preview = matches!(report, Report::Preview(_));
        if preview && peer.previews.load(Ordering::Relaxed) >= MAX_PREVIEWS {
            return;
        }
        if preview {
            peer.previews.fetch_add(1, Ordering::Relaxed);
        }
        match peer.out.try_send(report) {
            Ok(()) => {}
            Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => self.gone(number),
        }
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = self.stream.shutdown(Shutdown::Both);
    }
}

/// Takes connections as long as there is room for them.
fn accept(listener: &UnixListener, room: &Room, events: &SyncSender<Event<Happened>>) {
    loop {
        room.enter();
        let connected = match listener.accept() {
            Ok((stream, _)) => Happened::Connected(stream),
            Err(_) => {
                // Too many files are open, say. Taking the next at once would not mend that.
                room.leave();
                thread::sleep(Duration::from_millis(100));
                continue;
            }
        };
        if events.send(Event::Other(connected)).is_err() {
            return;
        }
    }
}

/// Greets, then hands on orders and answers questions, until either end has enough.
fn converse(
    number: u64,
    stream: &UnixStream,
    answers: &SyncSender<Report>,
    events: &SyncSender<Event<Happened>>,
    decoders: &Decoders,
) -> io::Result<()> {
    let mut from = stream;
    let enough = |_| io::Error::from(io::ErrorKind::BrokenPipe);
    answers.send(Report::Hello(Hello::ours())).map_err(enough)?;
    stream.set_read_timeout(Some(GREETING))?;
    match receive(&mut from)? {
        Some(Order::Hello(theirs)) => theirs.check()?,
        _ => return Ok(()),
    }
    stream.set_read_timeout(None)?;
    while let Some(order) = receive(&mut from)? {
        match order {
            Order::Ask(ask) => {
                let answer = decoders.ask(ask);
                answers.send(Report::Answer(answer)).map_err(enough)?;
            }
            other => {
                events
                    .send(Event::Other(Happened::Settled(number, other)))
                    .map_err(|_| io::Error::from(io::ErrorKind::BrokenPipe))?;
            }
        }
    }
    Ok(())
}

/// Writes what waits, until there is no more to come or nobody takes it in.
fn write(mut stream: UnixStream, waiting: &Receiver<Report>, previews: &AtomicUsize) {
    for report in waiting {
        if matches!(report, Report::Preview(_)) {
            previews.fetch_sub(1, Ordering::Relaxed);
        }
        if send(&mut stream, &report).is_err() {
            let _ = stream.shutdown(Shutdown::Both);
            return;
        }
    }
}

/// Room for a number of things at once.
#[derive(Debug)]
struct Room {
    free: Mutex<usize>,
    changed: Condvar,
}

/// A place in a room, which it gives back.
struct Place(Arc<Room>);

impl Drop for Place {
    fn drop(&mut self) {
        self.0.leave();
    }
}

impl Room {
    fn new(free: usize) -> Self {
        Self { free: Mutex::new(free), changed: Condvar::new() }
    }

    fn enter(&self) {
        let free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        let mut free = self
            .changed
            .wait_while(free, |free| *free == 0)
            .unwrap_or_else(PoisonError::into_inner);
        *free -= 1;
    }

    fn leave(&self) {
        *self.free.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        self.changed.notify_one();
    }
}

/// The decoding processes.
struct Decoders {
    program: PathBuf,
    idle: Mutex<Vec<(Worker, Stopwatch)>>,
    changed: Condvar,
}

impl Decoders {
    fn new(places: &Places) -> Self {
        let worker = |_| (Worker::new(&places.program), Stopwatch::start());
        let idle = Mutex::new((0..DECODERS).map(worker).collect());
        Self { program: places.program.clone(), idle, changed: Condvar::new() }
    }

    fn ask(&self, ask: Ask) -> Answer {
        match self.lend() {
            Some(mut lent) => lent.worker.ask(ask),
            None => Answer::Unreadable(Unreadable::Busy),
        }
    }

    /// Returns a process that nobody else asks, once there is one.
    fn lend(&self) -> Option<Lent<'_>> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let (mut idle, _) = self
            .changed
            .wait_timeout_while(idle, QUEUEING, |idle| idle.is_empty())
            .unwrap_or_else(PoisonError::into_inner);
        let (worker, _) = idle.pop()?;
        Some(Lent { worker, decoders: self })
    }

    /// Ends the processes that nobody has asked for a minute, and so gives back their memory.
    fn rest(&self) {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        for (worker, since) in &mut *idle {
            if since.elapsed() >= IDLE {
                worker.rest();
            }
        }
    }
}

/// A decoding process that is asked. It is given back whatever happens.
struct Lent<'a> {
    worker: Worker,
    decoders: &'a Decoders,
}

impl Drop for Lent<'_> {
    fn drop(&mut self) {
        let program = self.decoders.program.clone();
        let worker = std::mem::replace(&mut self.worker, Worker::new(program));
        let mut idle = self.decoders.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.push((worker, Stopwatch::start()));
        drop(idle);
        self.decoders.changed.notify_one();
    }
}

/// Watches every camera there is: each text they read is a line of `out`, the camera's name and the
/// text parted by a tab, and each change of a camera's state one of `err`. Ends when `out` does.
///
/// # Errors
/// Fails only if `out` does.
pub fn watch(places: &Places, out: &mut dyn io::Write, err: &mut dyn io::Write) -> io::Result<()> {
    let (events, queue) = sync_channel::<Event<()>>(MAX_SOURCES);
    let mut supervisor = Supervisor::new(places.clone(), events);
    supervisor.want(Wanted::All);
    let mut known = Vec::new();
    loop {
        if let Next::Report(Report::Read(read)) = supervisor.next(&queue) {
            let text = read.text.replace(char::is_control, " ");
            writeln!(out, "{}\t{text}", read.source.name())?;
            out.flush()?;
        }
        if let Some(cameras) = supervisor.changed() {
            for camera in cameras.iter().filter(|camera| !known.contains(*camera)) {
                let _ = writeln!(err, "{}: {} ({})", camera.name, camera.state.word(), camera.path);
            }
            known = cameras;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// I11
    #[test]
    fn a_decoder_is_given_back_by_who_fails_while_it_has_it() {
        let decoders = Decoders::new(&Places::default());
        for _ in 0..2 * DECODERS {
            let failed = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
                let _lent = decoders.lend().unwrap();
                panic!("for a test");
            }));
            assert!(failed.is_err());
        }
        let all: Vec<_> = (0..DECODERS).map(|_| decoders.lend().unwrap()).collect();
        assert!(decoders.idle.lock().unwrap().is_empty());
        drop(all);
        assert_eq!(decoders.idle.lock().unwrap().len(), DECODERS);
    }
}
