//! What is read besides cameras: hand scanners that type, and folders. One thread for all of the first
//! and one for all of the others, which are told what is wanted and tell each text.
//!
//! How they are goes to standard error, which is the log; nothing of what is in a file or its name does
//! (I8).

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::thread;
use std::time::Duration;

use notify::event::{AccessKind, AccessMode, EventKind, ModifyKind, RenameMode};
use notify::{RecursiveMode, Watcher};

use crate::clock::{Clock, Stopwatch};
use crate::domain::scan::{CameraState, Read, Scanned, Source};
use crate::scanner::decode::Code;
use crate::scanner::devices::Inputs;
use crate::scanner::folder::{PAUSE, State, Step, Watched};
use crate::scanner::keys::{Here, Keys};
use crate::scanner::socket::{Folder, MAX_SOURCES};
use crate::scanner::source::Unreadable;
use crate::scanner::watch::Moment;
use crate::scanner::worker::Worker;

/// Files that were closed since it was looked last; more are found by listing.
const MAX_CLOSED: usize = 256;
/// How long nobody listens for folders without looking whether any are wanted.
const IDLE: Duration = Duration::from_secs(5);
/// After so long without a file, the decoding process ends and gives back its memory.
const REST: Duration = Duration::from_secs(60);

/// Takes a text that was read; returns whether anybody is there to take it.
pub(super) type Tell = Arc<dyn Fn(Read) -> bool + Send + Sync>;

/// What a source tells.
pub(super) enum Told {
    /// A text was read.
    Read(Read),
    /// A source is so from now on.
    State(Source, CameraState),
}

/// The hand scanners and folders that are watched.
pub(super) struct Sources {
    program: PathBuf,
    tell: Tell,
    keys: Option<(Wanted<Vec<String>>, UnixStream)>,
    folders: Option<(Wanted<Vec<Folder>>, SyncSender<Signal>)>,
}

/// What is wanted from now on, until the thread that is told has taken it. That thread ends when this
/// does.
type Wanted<T> = Arc<Mutex<Option<T>>>;

/// Why the thread with the folders wakes.
enum Signal {
    /// Others are wanted.
    Wanted,
    /// The file at this path was closed by its writer, or was given its name.
    Closed(PathBuf),
}

impl Sources {
    /// Returns none; `program` decodes what turns up in folders.
    pub(super) fn new(program: PathBuf, tell: Tell) -> Self {
        Self { program, tell, keys: None, folders: None }
    }

    /// Watches these from now on, and no others. Waits for nothing.
    pub(super) fn want(&mut self, keys: Vec<String>, folders: Vec<Folder>) {
        if keys.is_empty() {
            self.keys = None;
        } else {
            if self.keys.is_none() {
                self.keys = start_keys(&self.tell);
            }
            if let Some((wanted, wake)) = &mut self.keys {
                put(wanted, keys);
                // It is awake if it cannot take another byte.
                let _ = std::io::Write::write(wake, &[0]);
            }
        }
        if self.folders.is_none() && !folders.is_empty() {
            self.folders = start_folders(&self.program, &self.tell);
        }
        if let Some((wanted, signals)) = &self.folders {
            put(wanted, folders);
            let _ = signals.try_send(Signal::Wanted);
        }
    }
}

fn put<T>(wanted: &Wanted<T>, value: T) {
    *wanted.lock().unwrap_or_else(PoisonError::into_inner) = Some(value);
}

fn start_keys(tell: &Tell) -> Option<(Wanted<Vec<String>>, UnixStream)> {
    let (wake, woken) = UnixStream::pair().ok()?;
    wake.set_nonblocking(true).ok()?;
    woken.set_nonblocking(true).ok()?;
    let wanted = Wanted::default();
    let (theirs, tell) = (Arc::downgrade(&wanted), Arc::clone(tell));
    thread::Builder::new().spawn(move || watch_keys(&theirs, woken, &tell)).ok()?;
    Some((wanted, wake))
}

fn watch_keys(wanted: &Weak<Mutex<Option<Vec<String>>>>, wake: UnixStream, tell: &Tell) {
    let (clock, since) = (Clock::system(), Stopwatch::start());
    let moment = || Moment { passed: since.elapsed(), now: clock.now() };
    let mut keys = Keys::new(Here { inputs: Inputs::default(), wake });
    let mut told = |told| match told {
        Told::Read(read) => tell(read),
        Told::State(source, state) => {
            log("hand scanner", source.name(), &format!("is {}", state.word()));
            true
        }
    };
    while let Some(wanted) = wanted.upgrade() {
        let now = wanted.lock().unwrap_or_else(PoisonError::into_inner).take();
        // Else this thread would keep alive what it looks at to know whether it is to live.
        drop(wanted);
        if let Some(now) = now {
            keys.want(now);
        }
        keys.look(moment(), &mut told);
        let came = keys.wait();
        keys.heard(came, moment(), &mut told);
    }
}

fn start_folders(program: &Path, tell: &Tell) -> Option<(Wanted<Vec<Folder>>, SyncSender<Signal>)> {
    let (signals, waiting) = sync_channel(MAX_CLOSED);
    let wanted = Wanted::default();
    let reader = Reader {
        wanted: Arc::downgrade(&wanted),
        tell: Arc::clone(tell),
        watcher: watcher(signals.clone()),
        worker: Worker::new(program),
        folders: Vec::new(),
        since: Stopwatch::start(),
        used: Stopwatch::start(),
    };
    thread::Builder::new().spawn(move || reader.run(&waiting)).ok()?;
    Some((wanted, signals))
}

/// Returns who tells of files at once; without it they are found by listing, a little later.
fn watcher(signals: SyncSender<Signal>) -> Option<notify::RecommendedWatcher> {
    let heard = move |event: notify::Result<notify::Event>| {
        let Ok(event) = event else { return };
        if matches!(
            event.kind,
            EventKind::Access(AccessKind::Close(AccessMode::Write))
                | EventKind::Modify(ModifyKind::Name(RenameMode::To))
        ) {
            for path in event.paths {
                let _ = signals.try_send(Signal::Closed(path));
            }
        }
    };
    notify::recommended_watcher(heard).ok()
}

/// The thread that reads folders, a file of each in turn.
struct Reader {
    wanted: Weak<Mutex<Option<Vec<Folder>>>>,
    tell: Tell,
    watcher: Option<notify::RecommendedWatcher>,
    worker: Worker,
    folders: Vec<Named>,
    since: Stopwatch,
    used: Stopwatch,
}

/// A folder, and what the log knows of it.
struct Named {
    name: String,
    watched: Watched,
    logged: Option<State>,
    /// Which folder the watcher looks at; another may have taken its place.
    heard: Option<(u64, u64)>,
}

impl Reader {
    fn run(mut self, signals: &Receiver<Signal>) {
        loop {
            let Some(wanted) = self.wanted.upgrade() else { return };
            let now = wanted.lock().unwrap_or_else(PoisonError::into_inner).take();
            drop(wanted);
            if let Some(now) = now {
                self.want(now);
            }
            let mut patience = IDLE;
            for place in 0..self.folders.len() {
                patience = patience.min(self.step(place));
            }
            if self.used.elapsed() >= REST {
                self.worker.rest();
            }
            let mut signal = signals.recv_timeout(patience).ok();
            while let Some(now) = signal {
                if let Signal::Closed(path) = now {
                    self.closed(&path);
                }
                signal = signals.try_recv().ok();
            }
        }
    }

    fn want(&mut self, mut wanted: Vec<Folder>) {
        wanted.truncate(MAX_SOURCES);
        let mut before = std::mem::take(&mut self.folders);
        for Folder { name, path } in wanted {
            let path = PathBuf::from(path);
            let known =
                before.iter().position(|known| known.name == name && known.watched.path() == path);
            self.folders.push(match known {
                Some(known) => before.swap_remove(known),
                None => Named { name, watched: Watched::new(path), logged: None, heard: None },
            });
        }
        for gone in before {
            self.unhear(gone.watched.path());
        }
    }

    /// Does the next thing for the folder at `place`; returns how long there is nothing more.
    fn step(&mut self, place: usize) -> Duration {
        self.hear(place);
        let passed = self.since.elapsed();
        let folder = &mut self.folders[place];
        let (worker, used, tell, wanted) =
            (&mut self.worker, &mut self.used, &self.tell, &self.wanted);
        let source = Source::Folder(folder.name.clone());
        let step = folder.watched.step(passed, &mut |content| {
            let reading = worker.read(content)?;
            *used = Stopwatch::start();
            if reading.codes.is_empty() {
                return Err(Unreadable::NoCode);
            }
            // Whom it would be for may have left meanwhile: then the file stays for who comes next.
            if !is_settled(wanted) {
                return Err(Unreadable::Busy);
            }
            for (number, text) in slips(reading.codes).into_iter().enumerate() {
                if number > 0 {
                    thread::sleep(PAUSE);
                }
                let read = Read { source: source.clone(), text, at: Clock::system().now() };
                if !tell(read) {
                    return Err(Unreadable::Busy);
                }
            }
            Ok(())
        });
        let state = folder.watched.state();
        if folder.logged != Some(state) {
            folder.logged = Some(state);
            log("folder", &folder.name, state.sentence());
        }
        match step {
            Step::Removed(why) => {
                let what = format!("had a file without a code, which was removed: {}", why.kind());
                log("folder", &folder.name, &what);
                Duration::ZERO
            }
            Step::Read => Duration::ZERO,
            Step::Idle => folder.watched.patience(),
        }
    }

    fn closed(&mut self, path: &Path) {
        let passed = self.since.elapsed();
        let (Some(parent), Some(name)) = (path.parent(), path.file_name()) else { return };
        for folder in self.folders.iter_mut().filter(|folder| folder.watched.path() == parent) {
            folder.watched.closed(name, passed);
        }
    }

    /// Has the watcher look at the folder that is at its place now.
    fn hear(&mut self, place: usize) {
        let folder = &mut self.folders[place];
        let metadata = fs::metadata(folder.watched.path()).ok();
        let now = metadata.map(|metadata| (metadata.dev(), metadata.ino()));
        if now == folder.heard {
            return;
        }
        folder.heard = now;
        let path = folder.watched.path().to_owned();
        self.unhear(&path);
        if let (Some(watcher), Some(_)) = (&mut self.watcher, now) {
            let _ = watcher.watch(&path, RecursiveMode::NonRecursive);
        }
    }

    fn unhear(&mut self, path: &Path) {
        if let Some(watcher) = &mut self.watcher {
            let _ = watcher.unwatch(path);
        }
    }
}

/// Returns what is told of a file: each acknowledgement once; other codes only if it has none.
fn slips(codes: Vec<Code>) -> Vec<String> {
    let mut texts: Vec<String> = codes.into_iter().map(|code| code.text).collect();
    if texts.iter().any(|text| Scanned::of(text).prid().is_some()) {
        let mut told = BTreeSet::new();
        texts.retain(|text| match Scanned::of(text) {
            Scanned::Application(prid) | Scanned::Mistyped(prid) => told.insert(prid),
            Scanned::Foreign => false,
        });
    }
    texts
}

/// Tells whether what is wanted is still what was wanted last.
fn is_settled(wanted: &Weak<Mutex<Option<Vec<Folder>>>>) -> bool {
    wanted
        .upgrade()
        .is_some_and(|wanted| wanted.lock().unwrap_or_else(PoisonError::into_inner).is_none())
}

/// Writes how a source is. Names are the operator's; they may still hold anything.
fn log(kind: &str, name: &str, what: &str) {
    let name = name.replace(char::is_control, "\u{fffd}");
    eprintln!("prereg-node: {kind} {name} {what}");
}
