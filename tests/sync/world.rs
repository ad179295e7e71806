//! A center, its central, and the time between them.

use std::sync::Arc;
use std::time::Duration;

use jiff::civil::{date, time};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan as _};
use prereg_node::clock::Clock;
use prereg_node::domain::application::{Application, Kind};
use prereg_node::domain::caller::{Caller, Role, Roles};
use prereg_node::domain::document::Document;
use prereg_node::domain::identity::Identity;
use prereg_node::domain::ids::{CenterId, DocumentId};
use prereg_node::domain::line::Line;
use prereg_node::domain::operation::{Change, Operation};
use prereg_node::domain::prid::Prid;
use prereg_node::domain::slot::Slot;
use prereg_node::domain::status::{Lifecycle, Status};
use prereg_node::entropy::{Entropy, Seeded};
use prereg_node::services::Rules;
use prereg_node::services::batch::consumed;
use prereg_node::services::perform::{delete, perform};
use prereg_node::store::{self, Error, Key, Store, View};
use prereg_node::sync::{self, Ask, Nudge, Pace, Parts};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use zeroize::Zeroizing;

use crate::central::{Central, name_of};

pub(crate) struct World {
    folder: tempfile::TempDir,
    pub(crate) clock: Clock,
    entropy: Arc<dyn Entropy>,
    rules: Arc<Rules>,
    pub(crate) central: Central,
    running: Option<Running>,
}

struct Running {
    store: Store,
    line: watch::Receiver<Line>,
    asks: mpsc::Sender<Ask>,
    nudges: mpsc::Sender<Nudge>,
    _stop: watch::Sender<bool>,
    lanes: JoinHandle<()>,
}

fn key() -> Key {
    Key::new(Zeroizing::new([7; 32]))
}

pub(crate) fn center() -> CenterId {
    CenterId::new("10001")
}

pub(crate) fn identity(name: &str) -> Identity {
    let value = serde_json::json!({"fullName": name, "IDSchemaVersion": 1.0});
    Identity::new(value.as_object().unwrap().clone())
}

/// A document of `category`, as a form describes it.
pub(crate) fn paper(category: &str) -> Document {
    Document {
        id: DocumentId::new("x"),
        category: category.into(),
        kind: "passport".into(),
        name: format!("{category}.pdf"),
        language: "eng".into(),
        ref_number: None,
        extra: serde_json::Map::new(),
        digest: None,
        size: None,
    }
}

/// A slot `days` after the first day.
pub(crate) fn slot(days: i64) -> Slot {
    Slot {
        center: center(),
        day: date(2026, 11, 23).saturating_add(days.days()),
        starts: time(9, 0, 0, 0),
        ends: time(9, 15, 0, 0),
    }
}

impl World {
    /// Runs `test` in a new world.
    pub(crate) fn run<T>(test: impl AsyncFnOnce(&mut Self) -> T) -> T {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let mut world = Self::new().await;
            let answer = test(&mut world).await;
            world.stop().await;
            answer
        })
    }

    async fn new() -> Self {
        // In memory where there is such a place: a cut of the power is not what is simulated here.
        let folder = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap();
        Store::create(&folder.path().join("replica.db"), &key()).unwrap();
        let clock = Clock::simulated("2026-11-23T06:00:00Z".parse().unwrap());
        let rules = Rules {
            authority: false,
            center: Some(center()),
            local_kiosks: 1,
            zone: TimeZone::UTC,
            lifecycle: Lifecycle::default(),
        };
        let mut world = Self {
            folder,
            central: Central::new(clock.clone()),
            clock,
            entropy: Arc::new(Seeded::new(5)),
            rules: Arc::new(rules),
            running: None,
        };
        world.start();
        let id = uuid::Uuid::from_u128(1);
        world.write(move |tx| store::operation::name_node(tx, id, id)).await;
        world
    }

    fn start(&mut self) {
        let store = Store::inline(&self.folder.path().join("replica.db"), &key()).unwrap();
        let (asks, asked) = mpsc::channel(8);
        let (nudges, nudged) = mpsc::channel(1);
        let (line, line_seen) = watch::channel(Line::default());
        let (stop, stopped) = watch::channel(false);
        let parts = Parts {
            carrier: Arc::new(self.central.clone()),
            store: store.clone(),
            clock: self.clock.clone(),
            entropy: Arc::clone(&self.entropy),
            rules: Arc::clone(&self.rules),
            center: center(),
            pace: Pace { unsure: Duration::from_secs(60), ..Pace::default() },
            line,
        };
        let lanes = tokio::spawn(sync::run(parts, asked, nudged, stopped));
        self.running = Some(Running { store, line: line_seen, asks, nudges, _stop: stop, lanes });
    }

    async fn stop(&mut self) {
        let Some(running) = self.running.take() else { return };
        running.lanes.abort();
        let _ = running.lanes.await;
        drop(running.store);
        for _ in 0..20 {
            tokio::task::yield_now().await;
        }
    }

    /// Cuts the center off in the middle of whatever it does, and starts it on what is on its disk.
    pub(crate) async fn restart(&mut self) {
        self.stop().await;
        self.start();
    }

    fn running(&self) -> &Running {
        self.running.as_ref().unwrap()
    }

    pub(crate) fn line(&self) -> Line {
        self.running().line.borrow().clone()
    }

    pub(crate) fn asks(&self) -> mpsc::Sender<Ask> {
        self.running().asks.clone()
    }

    pub(crate) fn nudges(&self) -> mpsc::Sender<Nudge> {
        self.running().nudges.clone()
    }

    pub(crate) async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&View<'_>) -> Result<T, Error> + Send + 'static,
    ) -> T {
        self.running().store.read(work).await.unwrap()
    }

    pub(crate) async fn write<T: Send + 'static>(
        &self,
        work: impl FnMut(&store::Tx<'_>) -> Result<T, Error> + Send + 'static,
    ) -> T {
        self.running().store.write(work).await.unwrap()
    }

    pub(crate) fn commits(&self) -> u64 {
        *self.running().store.commits().borrow()
    }

    /// Lets everybody go on until all wait for the time. Fails if they never do.
    pub(crate) async fn settle(&self) {
        for _ in 0..2_000 {
            let before = (self.central.calls(), self.commits());
            for _ in 0..24 {
                tokio::task::yield_now().await;
            }
            if before == (self.central.calls(), self.commits()) {
                return;
            }
        }
        panic!("the engine never rests: {:?}", self.central.state().calls);
    }

    /// Turns the clock on by `span`, in steps.
    pub(crate) async fn pass(&self, span: SignedDuration, step: SignedDuration) {
        let end = self.clock.now() + span;
        self.settle().await;
        while self.clock.now() < end {
            self.clock.set((self.clock.now() + step).min(end));
            self.settle().await;
        }
    }

    pub(crate) async fn pass_secs(&self, seconds: i64) {
        let step = SignedDuration::from_millis(500);
        self.pass(SignedDuration::from_secs(seconds), step).await;
    }

    /// Turns the clock on until nothing is under way and a whole round has passed since; fails if
    /// that takes longer than six hours.
    pub(crate) async fn until_quiet(&self) {
        let began = self.clock.now();
        loop {
            self.pass(SignedDuration::from_mins(6), SignedDuration::from_secs(4)).await;
            let (operations, coming) = self
                .read(|view| {
                    let mut operations = Vec::new();
                    for prid in prids(view)? {
                        operations.extend(store::operation::uncovered(view, &prid)?);
                    }
                    let relay = store::consumed::to_relay(view, Timestamp::MAX, 1)?;
                    Ok((operations, store::document::count_coming(view)? + relay.len() as u64))
                })
                .await;
            let is_open = |operation: &Operation| {
                use prereg_node::domain::operation::Outcome;
                matches!(operation.outcome, None | Some(Outcome::Accepted))
            };
            let open = operations.iter().filter(|operation| is_open(operation)).count();
            let complete = self.line().complete_at.is_some_and(|at| at > began);
            if open == 0 && coming == 0 && complete && self.central.state().faults.is_empty() {
                return;
            }
            assert!(
                self.clock.now() < began + SignedDuration::from_hours(6),
                "{open} operations and {coming} documents are stuck; {:?}",
                self.line()
            );
        }
    }

    /// Changes an application at the center, as a service would.
    pub(crate) async fn perform(&self, prid: Prid, change: Change) -> Application {
        let (rules, entropy, now) =
            (Arc::clone(&self.rules), Arc::clone(&self.entropy), self.clock.now());
        let caller =
            Caller { user: "officer".into(), roles: Roles::of(&[Role::RegistrationOfficer]) };
        self.write(move |tx| perform(tx, &prid, change.clone(), &caller, &rules, &*entropy, now))
            .await
    }

    /// Deletes an application at the center, as a service would.
    pub(crate) async fn delete(&self, prid: &Prid) {
        let (rules, entropy, now) =
            (Arc::clone(&self.rules), Arc::clone(&self.entropy), self.clock.now());
        let (prid, caller) = (prid.clone(), Caller { user: "officer".into(), roles: Roles::NONE });
        self.write(move |tx| delete(tx, &prid, &caller, &rules, &*entropy, now)).await;
    }

    /// Has the registration processor say that it has taken `prid` over; returns whether that counts.
    pub(crate) async fn take_over(&self, prid: &Prid) -> bool {
        let (rules, now, prids) = (Arc::clone(&self.rules), self.clock.now(), [prid.to_string()]);
        self.write(move |tx| match consumed(tx, &prids, &rules, now) {
            Ok(noted) => Ok(!noted.is_empty()),
            Err(_) => Ok(false),
        })
        .await
    }

    /// Makes a walk-in called `name`; returns its PRID at the center.
    pub(crate) async fn walk_in(&self, name: &str) -> Prid {
        let change = Change::Create {
            purpose: Kind::New,
            language: "eng".into(),
            identity: identity(name),
            status: Status::PendingAppointment,
        };
        self.perform(Prid::draw(&*self.entropy), change).await.prid
    }

    /// Puts a document into an application at the center.
    pub(crate) async fn attach(&self, prid: &Prid, category: &str, content: &[u8]) {
        let owned = content.to_vec();
        let (rules, entropy, now) =
            (Arc::clone(&self.rules), Arc::clone(&self.entropy), self.clock.now());
        let (prid, category) = (prid.clone(), category.to_owned());
        self.write(move |tx| {
            let digest = store::blob::put(tx, &owned)?;
            let application = store::application::find(tx, &prid)?.unwrap();
            let held = application.documents.iter().find(|held| held.category == category);
            let drawn = u128::from_le_bytes(entropy.bytes());
            let document = Document {
                id: held
                    .map_or_else(|| DocumentId::new(format!("h{drawn}")), |held| held.id.clone()),
                digest: Some(digest),
                size: Some(owned.len() as u64),
                ..paper(&category)
            };
            let caller = Caller { user: "officer".into(), roles: Roles::NONE };
            perform(tx, &prid, Change::Attach { document }, &caller, &rules, &*entropy, now)
        })
        .await;
    }

    /// Makes an application at central, booked `days` after the first day.
    pub(crate) fn at_central(&self, name: &str, days: i64) -> Prid {
        let mut state = self.central.state();
        let prid = state.make("resident", &identity(name), self.clock.now());
        state.book(&prid, slot(days));
        prid
    }

    /// Returns what the center shows for `prid`, its contents by category.
    pub(crate) async fn shown(
        &self,
        prid: &Prid,
    ) -> Option<(Application, Vec<(String, Option<Vec<u8>>)>)> {
        let prid = prid.clone();
        self.read(move |view| {
            let Some(application) = store::application::find(view, &prid)? else { return Ok(None) };
            let mut contents = Vec::new();
            for document in &application.documents {
                let content = match &document.digest {
                    Some(digest) => store::blob::content(view, digest)?,
                    None => None,
                };
                contents.push((document.category.clone(), content));
            }
            contents.sort();
            Ok(Some((application, contents)))
        })
        .await
    }

    /// Returns the applications of that name at central.
    pub(crate) fn named_at_central(&self, name: &str) -> Vec<Prid> {
        let state = self.central.state();
        let named = |prid: &&Prid| name_of(&state.held[*prid].application.identity) == name;
        state.held.keys().filter(named).cloned().collect()
    }

    /// Fails unless the center shows what central has under `prid`, byte for byte.
    pub(crate) async fn assert_equal(&self, prid: &Prid) {
        let (shown, contents) = self.shown(prid).await.expect("central's application is here");
        let state = self.central.state();
        let held = &state.held[prid];
        assert_eq!(shown.identity, held.application.identity);
        assert_eq!(shown.status, held.application.status);
        let slot = |application: &Application| {
            application.appointment.as_ref().map(|booked| booked.slot.clone())
        };
        assert_eq!(slot(&shown), slot(&held.application));
        let mut expected: Vec<_> = held
            .application
            .documents
            .iter()
            .map(|document| (document.category.clone(), Some(held.contents[&document.id].clone())))
            .collect();
        expected.sort();
        assert_eq!(contents, expected, "the documents are central's");
    }
}

/// Returns the PRIDs that have operations here.
fn prids(view: &View<'_>) -> Result<Vec<Prid>, Error> {
    let mut prids: Vec<Prid> = store::application::made_by(view, "officer", 0, usize::MAX)?
        .into_iter()
        .map(|a| a.prid)
        .collect();
    prids.extend(
        store::application::made_by(view, "resident", 0, usize::MAX)?.into_iter().map(|a| a.prid),
    );
    Ok(prids)
}

pub(crate) fn ago(now: Timestamp, at: Timestamp) -> SignedDuration {
    now.duration_since(at)
}
