//! What stands on the screens of the counters: the last code that was seen for each, and the form
//! that it led to. It is in memory and nowhere else. Whoever listens is told of the state and its
//! changes, so that one who comes late, or slowly, sees what is and not what was.

use std::sync::{Arc, Mutex, MutexGuard};

use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};
use tokio::sync::{Notify, mpsc, watch};
use tokio::task::AbortHandle;

use crate::clock::{Seldom, Stopwatch};
use crate::domain::audit::{Event, Happening, Subject};
use crate::domain::counter::{self, Counter, Gate, Outcome, Scanner, Seen};
use crate::domain::prid::Prid;
use crate::domain::scan::{Camera, Read, Scanned, Source};
use crate::http::audit::DEMOGRAPHIC;
use crate::http::stream::Share;
use crate::http::{Context, Parts, forms};
use crate::services::Coded as _;
use crate::services::prefill;

/// How often at most a form that is looked at is made anew because something was committed.
const AFRESH: std::time::Duration = std::time::Duration::from_secs(1);

/// How long a form stands on a screen at most: nobody works at it any more.
const STANDS: SignedDuration = SignedDuration::from_hours(1);
/// How often it is looked whether one has stood for so long.
const GLANCE: SignedDuration = SignedDuration::from_mins(1);

/// The counters of a node.
pub struct Counters {
    counters: counter::Counters,
    desks: Vec<Desk>,
    scanner: watch::Receiver<Scanner>,
    wanted: Arc<Notify>,
    /// Tells the events of this run of the node from those of another.
    pub(super) run: u32,
    began: Stopwatch,
}

/// One counter.
#[derive(Default)]
struct Desk {
    screen: watch::Sender<Screen>,
    work: Mutex<Work>,
    streams: Share,
}

#[derive(Default)]
struct Work {
    gate: Gate,
    /// The lookup that runs.
    lookup: Option<AbortHandle>,
}

/// What stands on a counter's screen. Prints nothing, for it is about a person (I8).
#[derive(Clone, Default)]
pub struct Screen {
    /// Grows with every change.
    pub seq: u64,
    /// The last code that was seen, under the number of its scan.
    pub seen: Option<(u64, Seen)>,
    /// The form, and at which `seq` it became what it is.
    pub form: Option<(u64, Form)>,
    /// Since when the form stands there.
    since: Timestamp,
    /// The number of the scan whose lookup may still put its form here.
    awaits: Option<u64>,
}

/// A form on a screen.
#[derive(Clone)]
pub struct Form {
    /// The PRID that was scanned.
    pub prid: Prid,
    /// The form, as JSON.
    pub json: Bytes,
}

impl Screen {
    fn change(&mut self) -> u64 {
        self.seq += 1;
        self.seq
    }
}

impl Counters {
    /// Makes empty screens. `scanner` says which cameras there are, and `wanted` is rung when
    /// somebody opens a counter. `run` is drawn anew at each start.
    #[must_use]
    pub fn new(
        counters: counter::Counters,
        scanner: watch::Receiver<Scanner>,
        wanted: Arc<Notify>,
        run: u32,
    ) -> Self {
        let desks = counters.all().iter().map(|_| Desk::default()).collect();
        Self { counters, desks, scanner, wanted, run, began: Stopwatch::start() }
    }

    /// Returns the place of the counter of this id.
    pub(super) fn place(&self, id: &str) -> Option<usize> {
        self.counters.all().iter().position(|counter| counter.id.as_str() == id)
    }

    pub(super) fn counter(&self, place: usize) -> &Counter {
        &self.counters.all()[place]
    }

    /// Tells whether a program at a counter may ask for the counter at `place`: it is its own, or
    /// the only one because none is configured.
    pub(super) fn is_of(&self, place: usize, user: &str) -> bool {
        self.counters.takes_everything() || self.counter(place).id.as_str() == user
    }

    /// Returns what stands on the screen of the counter at `place`, and tells of changes. The
    /// cameras are wanted from now on.
    pub(super) fn screen(&self, place: usize) -> watch::Receiver<Screen> {
        self.wanted.notify_one();
        self.desks[place].screen.subscribe()
    }

    /// Returns what stands on the screen of the counter at `place` now.
    pub(super) fn glance(&self, place: usize) -> Screen {
        self.wanted.notify_one();
        self.desks[place].screen.borrow().clone()
    }

    /// Returns the places for streams that the counter at `place` may have.
    pub(super) fn streams(&self, place: usize) -> &Share {
        &self.desks[place].streams
    }

    /// Returns how the process with the cameras stands, and tells of changes.
    pub(super) fn scanner(&self) -> watch::Receiver<Scanner> {
        self.scanner.clone()
    }

    /// Returns the cameras of the counter at `place`.
    pub(super) fn cameras(&self, place: usize) -> Vec<Camera> {
        self.counters.cameras(place, &self.scanner.borrow().cameras)
    }

    /// Clears the screen of the counter at `place` for the next person.
    pub(super) fn clear(&self, place: usize) {
        if let Some(lookup) = self.work(place).lookup.take() {
            lookup.abort();
        }
        self.clear_where(place, |_| true);
    }

    /// Clears the screen of the counter at `place` if the form is still that of `seq`, whose
    /// application is gone.
    pub(super) fn withdraw(&self, place: usize, seq: u64) {
        self.clear_where(place, |screen| screen.form.as_ref().is_some_and(|(now, _)| *now == seq));
    }

    /// Clears the screens whose form has stood there for an hour by `now`, or by a clock that was put
    /// back since.
    fn clear_old(&self, now: Timestamp) {
        for place in 0..self.desks.len() {
            self.clear_where(place, |screen| {
                let stood = now.duration_since(screen.since);
                screen.form.is_some() && (stood >= STANDS || stood.is_negative())
            });
        }
    }

    fn clear_where(&self, place: usize, is_it: impl FnOnce(&Screen) -> bool) {
        self.desks[place].screen.send_if_modified(|screen| {
            if !is_it(screen) {
                return false;
            }
            let was = screen.seen.take().is_some() | screen.form.take().is_some();
            screen.awaits = None;
            if was {
                screen.change();
            }
            was
        });
    }

    /// Tells whether the counter at `place` may send a scan now, and counts it.
    pub(super) fn admits(&self, place: usize) -> bool {
        let now = self.began.elapsed();
        self.work(place).gate.admits(now)
    }

    fn work(&self, place: usize) -> MutexGuard<'_, Work> {
        self.desks[place].work.lock().expect("nothing panics while it holds this lock")
    }
}

/// Takes what was read for the counter at `place`, by `source` or a program of `actor`. What is not
/// an acknowledgement is told and leaves the form as it is; a PRID takes the screen, and its lookup
/// that of the one before.
pub(super) fn take(
    cx: &Context,
    place: usize,
    text: &str,
    source: Option<Source>,
    at: Timestamp,
    actor: &str,
) -> Option<Seen> {
    let counters = &cx.counters;
    let desk = &counters.desks[place];
    let mut work = counters.work(place);
    let scanned = Scanned::of(text);
    if !work.gate.is_new(text, counters.began.elapsed()) {
        return desk.screen.borrow().seen.as_ref().map(|(_, seen)| seen.clone());
    }
    let prid = scanned.prid().cloned();
    let outcome = if prid.is_some() { Outcome::Looking } else { missed(&prefill::Error::Foreign) };
    let seen = Seen { at, source, outcome };
    let mut number = 0;
    desk.screen.send_modify(|screen| {
        number = screen.change();
        screen.seen = Some((number, seen.clone()));
        let is_other =
            |prid: &Prid| screen.form.as_ref().is_some_and(|(_, form)| form.prid != *prid);
        if prid.as_ref().is_some_and(is_other) {
            screen.form = None;
        }
        if prid.is_some() {
            screen.awaits = Some(number);
        }
    });
    if let Some(prid) = prid {
        let lookup = look_up(cx.clone(), place, number, prid, actor.to_owned());
        let lookup = tokio::spawn(lookup).abort_handle();
        if let Some(before) = work.lookup.replace(lookup) {
            before.abort();
        }
    }
    Some(seen)
}

/// Looks up what was scanned under `number`, and shows what came of it.
async fn look_up(cx: Context, place: usize, number: u64, prid: Prid, actor: String) {
    let screen = &cx.counters.desks[place].screen;
    let tell = |outcome: Outcome, form: Option<Form>| {
        screen.send_if_modified(|screen| {
            // The screen may have been cleared, or be another one's, since.
            if screen.awaits != Some(number) {
                return false;
            }
            let seq = screen.change();
            // A code that is no acknowledgement may have been seen since.
            if let Some((_, seen)) = screen.seen.as_mut().filter(|(seen, _)| *seen == number) {
                seen.outcome = outcome;
            }
            if let Some(form) = form {
                screen.form = Some((seq, form));
                screen.since = cx.clock.now();
            }
            true
        });
    };
    let found = forms::find(&cx, &prid, || tell(Outcome::Fetching, None)).await;
    let refused = found.as_ref().err().map(|error| error.code().to_owned());
    match found {
        Ok(json) => tell(Outcome::Form, Some(Form { prid: prid.clone(), json: json.into() })),
        Err(error) => {
            if let prefill::Error::Store(error) = &error {
                tracing::error!(%error, "what a counter scanned could not be looked up");
            }
            tell(missed(&error), None);
        }
    }
    record(&cx, &prid, actor, refused);
}

/// Records that the form of `prid` was asked for, or told, at a counter.
pub(super) fn record(cx: &Context, prid: &Prid, actor: String, refused: Option<String>) {
    cx.trail.record(Happening {
        at: cx.clock.now(),
        event: Event::Retrieve,
        module: DEMOGRAPHIC,
        actor: Some(actor),
        subject: Subject::Application(prid.as_str().to_owned()),
        refused,
        told: None,
    });
}

fn missed(error: &prefill::Error) -> Outcome {
    Outcome::Miss { code: error.code(), message: error.to_string() }
}

/// Takes what the sources read, and keeps the forms that somebody looks at fresh, until the node
/// stops.
pub async fn run(
    parts: Arc<Parts>,
    mut reads: mpsc::Receiver<Read>,
    mut stop: watch::Receiver<bool>,
) {
    let fresh = keep_fresh(&parts);
    let short = keep_short(&parts);
    let taking = async {
        let (mut strange, mut fast) = (Seldom::start(), Seldom::start());
        while let Some(read) = reads.recv().await {
            let cameras = parts.counters.scanner.borrow().cameras.clone();
            let Some(place) = parts.counters.counters.of(&read.source, &cameras) else {
                if let Some(times) = strange.happened() {
                    // What nobody told of calls itself whatever it likes.
                    let is_it =
                        |camera: &&Camera| Source::Camera(camera.name.clone()) == read.source;
                    let camera = cameras.iter().find(is_it).map(|camera| camera.name.as_str());
                    tracing::info!(camera, times, "codes were seen by what belongs to no counter");
                }
                continue;
            };
            if !parts.counters.admits(place) {
                if let Some(times) = fast.happened() {
                    let source = read.source.name();
                    tracing::warn!(source, times, "scans come too fast; some were dropped");
                }
                continue;
            }
            let actor = parts.counters.counter(place).id.as_str();
            let cx = Context::new(Arc::clone(&parts));
            take(&cx, place, &read.text, Some(read.source), read.at, actor);
        }
        std::future::pending::<()>().await;
    };
    tokio::select! {
        () = taking => {}
        () = fresh => {}
        () = short => {}
        _ = stop.wait_for(|stopped| *stopped) => {}
    }
    for place in 0..parts.counters.desks.len() {
        parts.counters.clear(place);
    }
}

/// Clears what was left on a screen.
async fn keep_short(parts: &Arc<Parts>) {
    loop {
        let now = parts.clock.now();
        parts.counters.clear_old(now);
        parts.clock.sleep_until(now + GLANCE).await;
    }
}

/// Makes forms that somebody looks at anew when the replica or the line has changed: documents that
/// were coming are there then.
async fn keep_fresh(parts: &Arc<Parts>) {
    let mut commits = parts.store.commits();
    let mut line = parts.line.clone();
    loop {
        let changed = tokio::select! {
            changed = commits.changed() => changed.is_ok(),
            // On an authority nobody tells of the line.
            Ok(()) = line.changed() => true,
        };
        if !changed {
            return std::future::pending().await;
        }
        let _ = tokio::time::timeout(AFRESH, std::future::pending::<()>()).await;
        commits.mark_unchanged();
        for (place, desk) in parts.counters.desks.iter().enumerate() {
            let shown = desk.screen.borrow().form.clone();
            let Some((seq, form)) = shown.filter(|_| desk.screen.receiver_count() > 0) else {
                continue;
            };
            let cx = Context::new(Arc::clone(parts));
            let json = match forms::here(&cx, form.prid.clone()).await {
                Ok(Some(json)) => json,
                Ok(None) => {
                    parts.counters.withdraw(place, seq);
                    continue;
                }
                Err(_) => continue,
            };
            desk.screen.send_if_modified(|screen| {
                let is_same = screen.form.as_ref().is_some_and(|(now, _)| *now == seq);
                if !is_same || json == form.json {
                    return false;
                }
                let seq = screen.change();
                screen.form = Some((seq, Form { prid: form.prid, json: json.into() }));
                true
            });
        }
    }
}
