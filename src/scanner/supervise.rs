//! The processes that watch cameras: starts, hears and ends them, as [`super::watch`] decides.

use std::collections::{HashMap, HashSet};
use std::io::{self, BufReader};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread;
use std::time::Duration;

use crate::clock::{Clock, Stopwatch};
use crate::domain::scan::{Camera, Read, Source};
use crate::scanner::camera;
use crate::scanner::devices::Folders;
use crate::scanner::socket::{Look, MAX_SOURCES, Order, Preview, Report, receive, send};
use crate::scanner::watch::{Do, End, Moment, Wanted, Watch};

/// How often devices are listed and silence is noticed.
const TICK: Duration = Duration::from_secs(1);
/// The same while a process is on its way out.
const REAP: Duration = Duration::from_millis(50);
/// Cameras that are looked at, at once.
const MAX_LOOKS: usize = 4 * MAX_SOURCES;

/// What happens in the process, besides time passing. `T` is what happens outside of this module.
pub(super) enum Event<T> {
    /// A watching process sent this.
    Camera(u64, Report),
    /// A watching process will send no more.
    Closed(u64),
    /// Something else.
    Other(T),
}

/// What comes of waiting for the next event.
pub(super) enum Next<T> {
    /// This is to be told.
    Report(Report),
    /// Something else happened.
    Other(T),
    /// Nothing that is to be told.
    Quiet,
}

/// Where programs and devices are.
#[derive(Clone, Debug)]
pub struct Places {
    /// This program, wherever it is installed.
    pub program: PathBuf,
    /// The devices.
    pub folders: Folders,
}

/// The watching processes.
pub(super) struct Supervisor<T> {
    places: Places,
    events: SyncSender<Event<T>>,
    clock: Clock,
    since: Stopwatch,
    ticked: Option<Duration>,
    watch: Watch,
    running: HashMap<u64, Running>,
    looked_at: HashSet<String>,
    told: Vec<Camera>,
}

/// A watching process. With its control it ends.
struct Running {
    child: Child,
    control: UnixStream,
    looks: bool,
    leaving: bool,
}

impl<T: Send + 'static> Supervisor<T> {
    /// Returns a supervisor of no process; what these send goes to `events`.
    pub(super) fn new(places: Places, events: SyncSender<Event<T>>) -> Self {
        Self {
            places,
            events,
            clock: Clock::system(),
            since: Stopwatch::start(),
            ticked: None,
            watch: Watch::new(),
            running: HashMap::new(),
            looked_at: HashSet::new(),
            told: Vec::new(),
        }
    }

    /// Watches these cameras from now on.
    pub(super) fn want(&mut self, wanted: Wanted) {
        if wanted == Wanted::None {
            self.looked_at.clear();
        }
        let todo = self.watch.want(wanted, self.moment());
        self.done(todo);
        self.ticked = None;
    }

    /// Has previews made of a camera, or no longer.
    pub(super) fn look(&mut self, look: &Look) {
        if !look.on {
            self.looked_at.remove(&look.camera);
        } else if self.looked_at.len() < MAX_LOOKS {
            self.looked_at.insert(look.camera.clone());
        }
        if let Some(number) = self.watch.process_of(&look.camera) {
            self.steer(number);
        }
    }

    /// Returns the cameras if they are other than when this was asked last.
    pub(super) fn changed(&mut self) -> Option<Vec<Camera>> {
        let cameras = self.watch.cameras();
        (cameras != self.told).then(|| {
            self.told.clone_from(&cameras);
            cameras
        })
    }

    /// Returns the cameras.
    pub(super) fn cameras(&mut self) -> Vec<Camera> {
        self.told = self.watch.cameras();
        self.told.clone()
    }

    /// Waits for the next event, at most about a second, and does what comes of it here.
    pub(super) fn next(&mut self, queue: &Receiver<Event<T>>) -> Next<T> {
        let leaving = self.running.values().any(|running| running.leaving);
        let next = match queue.recv_timeout(if leaving { REAP } else { TICK }) {
            Ok(Event::Camera(number, report)) => {
                self.heard(number, report).map_or(Next::Quiet, Next::Report)
            }
            Ok(Event::Closed(number)) => {
                self.end(number);
                Next::Quiet
            }
            Ok(Event::Other(other)) => Next::Other(other),
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => Next::Quiet,
        };
        self.reap();
        self.tick();
        next
    }

    fn tick(&mut self) {
        let moment = self.moment();
        if self.ticked.is_some_and(|last| moment.passed.saturating_sub(last) < TICK) {
            return;
        }
        self.ticked = Some(moment.passed);
        let devices = self.places.folders.devices();
        let mut todo = self.watch.found(&devices, moment);
        todo.extend(self.watch.tick(moment));
        self.done(todo);
    }

    fn heard(&mut self, number: u64, report: Report) -> Option<Report> {
        let moment = self.moment();
        match report {
            Report::Alive => {
                self.watch.alive(number, moment);
                self.steer(number);
                None
            }
            Report::Cameras(cameras) => {
                let state = cameras.first()?.state;
                self.watch.said(number, state, moment);
                None
            }
            // It knows the path of its camera, and its name is known here.
            Report::Read(Read { text, at, .. }) => {
                let name = self.watch.name_of(number)?;
                Some(Report::Read(Read { source: Source::Camera(name), text, at }))
            }
            Report::Preview(Preview { jpeg, .. }) => {
                let camera = self.watch.name_of(number)?;
                let wanted = self.looked_at.contains(&camera);
                wanted.then_some(Report::Preview(Preview { camera, jpeg }))
            }
            Report::Hello(_) | Report::Answer(_) => None,
        }
    }

    /// Tells a process whether its camera is looked at, if it does not know.
    fn steer(&mut self, number: u64) {
        let Some(name) = self.watch.name_of(number) else { return };
        let Some(running) = self.running.get_mut(&number) else { return };
        let on = self.looked_at.contains(&name);
        if running.looks != on {
            running.looks = on;
            // The control does not block: a process that heeds nothing is ended.
            let look = Order::Look(Look { camera: String::new(), on });
            if send(&mut running.control, &look).is_err() {
                self.end(number);
            }
        }
    }

    fn done(&mut self, mut todo: Vec<Do>) {
        while let Some(next) = todo.pop() {
            match next {
                Do::Start(number, path) => match self.start(number, &path) {
                    Ok(running) => drop(self.running.insert(number, running)),
                    Err(_) => todo.extend(self.watch.ended(number, End::Other, self.moment())),
                },
                Do::End(number) => self.end(number),
            }
        }
    }

    fn start(&self, number: u64, path: &str) -> io::Result<Running> {
        let (control, theirs) = UnixStream::pair()?;
        // Where no thread can be made, no process is either.
        let (hand_over, handed) = sync_channel::<ChildStdout>(1);
        let events = self.events.clone();
        thread::Builder::new().spawn(move || {
            if let Ok(stdout) = handed.recv() {
                hear(number, stdout, &events);
            }
        })?;
        control.set_nonblocking(true)?;
        let mut child = Command::new(&self.places.program)
            .args(["scan", "--camera", path])
            .env_clear()
            .stdin(Stdio::from(OwnedFd::from(theirs)))
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let stdout = child.stdout.take().expect("it is piped");
        let _ = hand_over.send(stdout);
        Ok(Running { child, control, looks: false, leaving: false })
    }

    fn end(&mut self, number: u64) {
        if let Some(running) = self.running.get_mut(&number) {
            running.leaving = true;
        }
    }

    /// Ends processes that are to go and takes leave of those that are gone.
    fn reap(&mut self) {
        let mut gone = Vec::new();
        for (number, running) in self.running.iter_mut().filter(|(_, r)| r.leaving) {
            // What ended by itself keeps the code it ended with.
            let _ = running.child.kill();
            match running.child.try_wait() {
                Ok(Some(status)) => gone.push((*number, camera::end_of(status.code()))),
                Ok(None) => {}
                Err(_) => gone.push((*number, End::Other)),
            }
        }
        for (number, how) in gone {
            self.running.remove(&number);
            let todo = self.watch.ended(number, how, self.moment());
            self.done(todo);
        }
    }

    fn moment(&self) -> Moment {
        Moment { passed: self.since.elapsed(), now: self.clock.now() }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // One whose device hangs it is gone when the device lets go; nobody waits for that.
        let _ = self.child.kill();
        let _ = self.child.try_wait();
    }
}

/// Hands on what a process sends, until it ends or sends what is no message.
fn hear<T>(number: u64, stdout: ChildStdout, events: &SyncSender<Event<T>>) {
    let mut stdout = BufReader::new(stdout);
    while let Ok(Some(report)) = receive::<Report>(&mut stdout) {
        if events.send(Event::Camera(number, report)).is_err() {
            return;
        }
    }
    let _ = events.send(Event::Closed(number));
}
