//! A central in memory, with the faults that a test gives it.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard};

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use prereg_node::carrier::{Carrier, Failure, Listed};
use prereg_node::clock::Clock;
use prereg_node::domain::application::{Application, Kind};
use prereg_node::domain::document::Document;
use prereg_node::domain::identity::Identity;
use prereg_node::domain::ids::{CenterId, DocumentId};
use prereg_node::domain::prid::Prid;
use prereg_node::domain::slot::{Appointment, Slot};
use prereg_node::domain::status::Status;
use prereg_node::entropy::Seeded;

/// The account that makes what the center sends.
pub(crate) const WRITER: &str = "writer";
/// The code with which an identity is refused.
pub(crate) const REFUSAL: &str = "KER-IOV-004";

/// What goes wrong with one call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// It does not arrive, and that is certain.
    NotSent,
    /// It gets lost on the way there.
    LostBefore,
    /// Its answer gets lost, or is garbage.
    LostAfter,
    /// Central breaks down over it, before or after its effect.
    BreaksDown(bool),
    /// Central asks to wait so many seconds.
    Busy(u32),
    /// It takes so many seconds, before or after its effect.
    Stalls(i64, bool),
}

pub(crate) struct Held {
    pub(crate) application: Application,
    pub(crate) contents: BTreeMap<DocumentId, Vec<u8>>,
    listed: u64,
    updated: u64,
}

#[derive(Default)]
pub(crate) struct State {
    pub(crate) held: BTreeMap<Prid, Held>,
    pub(crate) faults: VecDeque<Fault>,
    pub(crate) is_down: bool,
    /// Full names that it refuses.
    pub(crate) refuses: BTreeSet<String>,
    /// Whether it lets the writing account do anything.
    pub(crate) refuses_writer: bool,
    /// PRIDs whose record comes as garbage.
    pub(crate) garbles: BTreeSet<Prid>,
    /// What the registration processor has taken over, as the center told.
    pub(crate) consumed: BTreeSet<Prid>,
    pub(crate) calls: BTreeMap<&'static str, u32>,
    drawn: u64,
}

/// Clones are the same central.
#[derive(Clone)]
pub(crate) struct Central {
    state: Arc<Mutex<State>>,
    clock: Clock,
}

impl Central {
    pub(crate) fn new(clock: Clock) -> Self {
        Self { state: Arc::default(), clock }
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    pub(crate) fn calls(&self) -> u32 {
        self.state().calls.values().sum()
    }

    pub(crate) fn forget_calls(&self) {
        self.state().calls.clear();
    }

    async fn call<T>(
        &self,
        name: &'static str,
        work: impl FnOnce(&mut State) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let fault = {
            let mut state = self.state();
            *state.calls.entry(name).or_default() += 1;
            if state.is_down { Some(Fault::NotSent) } else { state.faults.pop_front() }
        };
        // Others have their turn while it travels.
        tokio::task::yield_now().await;
        let lost = || Err(Failure::Unanswered("no answer".into()));
        let broken = || {
            Err(Failure::Refused { code: "PRG_CORE_REQ_016".into(), sentence: "exception".into() })
        };
        match fault {
            None => work(&mut self.state()),
            Some(Fault::NotSent) => Err(Failure::NotSent("no line".into())),
            Some(Fault::LostBefore) => lost(),
            Some(Fault::LostAfter) => work(&mut self.state()).and_then(|_| lost()),
            Some(Fault::BreaksDown(false)) => broken(),
            Some(Fault::BreaksDown(true)) => work(&mut self.state()).and_then(|_| broken()),
            Some(Fault::Busy(seconds)) => Err(Failure::Busy(seconds)),
            Some(Fault::Stalls(seconds, after)) => {
                let over = self.clock.now() + SignedDuration::from_secs(seconds);
                if after {
                    let answer = work(&mut self.state());
                    self.clock.sleep_until(over).await;
                    answer
                } else {
                    self.clock.sleep_until(over).await;
                    work(&mut self.state())
                }
            }
        }
    }
}

impl State {
    pub(crate) fn make(&mut self, by: &str, identity: &Identity, now: Timestamp) -> Prid {
        self.drawn += 1;
        let prid = Prid::draw(&Seeded::new(1_000_000 + self.drawn));
        let application = Application {
            prid: prid.clone(),
            kind: Kind::New,
            language: "eng".into(),
            identity: identity.clone(),
            status: Status::PendingAppointment,
            created_by: by.into(),
            created_at: now,
            updated_by: by.into(),
            updated_at: now,
            documents: Vec::new(),
            appointment: None,
            booking_rev: 0,
            extra: serde_json::Map::new(),
        };
        let contents = BTreeMap::new();
        self.held.insert(prid.clone(), Held { application, contents, listed: 1, updated: 1 });
        prid
    }

    pub(crate) fn book(&mut self, prid: &Prid, slot: Slot) {
        let held = self.held.get_mut(prid).unwrap();
        held.application.appointment = Some(Appointment { slot, booking_rev: 0 });
        held.application.status = Status::Booked;
        (held.listed, held.updated) = (held.listed + 1, held.updated + 1);
    }

    pub(crate) fn cancel(&mut self, prid: &Prid) {
        let held = self.held.get_mut(prid).unwrap();
        held.application.appointment = None;
        held.application.status = Status::PendingAppointment;
        (held.listed, held.updated) = (held.listed + 1, held.updated + 1);
    }

    pub(crate) fn edit(&mut self, prid: &Prid, identity: Identity) {
        let held = self.held.get_mut(prid).unwrap();
        held.application.identity = identity;
        (held.listed, held.updated) = (held.listed + 1, held.updated + 1);
    }

    /// Puts a document in; one of its category hands its id on. Only the list tells of it.
    pub(crate) fn attach(
        &mut self,
        prid: &Prid,
        document: &Document,
        content: Vec<u8>,
    ) -> DocumentId {
        self.drawn += 1;
        let drawn = DocumentId::new(format!("d{}", self.drawn));
        let held = self.held.get_mut(prid).unwrap();
        let documents = &mut held.application.documents;
        let place = documents.iter().position(|held| held.category == document.category);
        let id = place.map_or(drawn, |place| documents[place].id.clone());
        let document = Document { id: id.clone(), digest: None, size: None, ..document.clone() };
        match place {
            Some(place) => documents[place] = document,
            None => documents.push(document),
        }
        held.contents.insert(id.clone(), content);
        held.listed += 1;
        id
    }

    fn own(&self, prid: &Prid) -> Result<&Held, Failure> {
        self.held.get(prid).filter(|held| held.application.created_by == WRITER).ok_or_else(|| {
            Failure::Refused { code: "PRG_PAM_APP_017".into(), sentence: "not yours".into() }
        })
    }

    fn writer(&self) -> Result<(), Failure> {
        if self.refuses_writer {
            return Err(Failure::Credential("the writer is refused".into()));
        }
        Ok(())
    }
}

pub(crate) fn name_of(identity: &Identity) -> String {
    identity.text("fullName").unwrap().to_owned()
}

impl Carrier for Central {
    async fn list(
        &self,
        center: &CenterId,
        first: Date,
        last: Date,
    ) -> Result<Vec<Listed>, Failure> {
        self.call("list", |state| {
            let is_listed = |held: &&Held| {
                held.application.status == Status::Booked
                    && held.application.appointment.as_ref().is_some_and(|booked| {
                        booked.slot.center == *center && (first..=last).contains(&booked.slot.day)
                    })
            };
            Ok(state
                .held
                .values()
                .filter(is_listed)
                .map(|held| Listed {
                    prid: held.application.prid.clone(),
                    value: held.listed.to_string(),
                })
                .collect())
        })
        .await
    }

    async fn updated(&self, prids: &[Prid]) -> Result<Vec<(Prid, String)>, Failure> {
        let mut updated = Vec::new();
        for prids in prids.chunks(100) {
            let some = self.call("updated", |state| {
                let known = prids.iter().filter_map(|prid| state.held.get(prid));
                let times = known.map(|h| (h.application.prid.clone(), h.updated.to_string()));
                Ok(times.collect::<Vec<_>>())
            });
            updated.extend(some.await?);
        }
        Ok(updated)
    }

    async fn record(&self, prid: &Prid) -> Result<Option<Application>, Failure> {
        self.call("record", |state| {
            if state.garbles.contains(prid) {
                return Err(Failure::Unanswered("garbage".into()));
            }
            Ok(state.held.get(prid).map(|held| held.application.clone()))
        })
        .await
    }

    async fn content(&self, prid: &Prid, document: &DocumentId) -> Result<Vec<u8>, Failure> {
        self.call("content", |state| {
            let content = state.held.get(prid).and_then(|held| held.contents.get(document));
            content.cloned().ok_or_else(|| Failure::Refused {
                code: "PRG_PAM_DOC_005".into(),
                sentence: "none".into(),
            })
        })
        .await
    }

    async fn create(&self, _language: &str, identity: &Identity) -> Result<Prid, Failure> {
        let now = self.clock.now();
        self.call("create", |state| {
            state.writer()?;
            if state.refuses.contains(&name_of(identity)) {
                return Err(Failure::Refused { code: REFUSAL.into(), sentence: "No".into() });
            }
            Ok(state.make(WRITER, identity, now))
        })
        .await
    }

    async fn made(&self) -> Result<Vec<Prid>, Failure> {
        self.call("made", |state| {
            state.writer()?;
            let own = state.held.values().filter(|held| held.application.created_by == WRITER);
            Ok(own.map(|held| held.application.prid.clone()).collect())
        })
        .await
    }

    async fn made_identity(&self, prid: &Prid) -> Result<Option<Identity>, Failure> {
        self.call("made_identity", |state| {
            state.own(prid).map(|held| Some(held.application.identity.clone()))
        })
        .await
    }

    async fn attach(
        &self,
        prid: &Prid,
        document: &Document,
        content: Vec<u8>,
    ) -> Result<DocumentId, Failure> {
        self.call("attach", |state| {
            state.writer()?;
            state.own(prid)?;
            Ok(state.attach(prid, document, content))
        })
        .await
    }

    async fn attached(&self, prid: &Prid) -> Result<Vec<Document>, Failure> {
        self.call("attached", |state| {
            state.own(prid).map(|held| held.application.documents.clone())
        })
        .await
    }

    async fn update(&self, prid: &Prid, _: &str, identity: &Identity) -> Result<(), Failure> {
        self.call("update", |state| {
            state.writer()?;
            state.own(prid)?;
            if state.refuses.contains(&name_of(identity)) {
                return Err(Failure::Refused { code: REFUSAL.into(), sentence: "No".into() });
            }
            state.edit(prid, identity.clone());
            Ok(())
        })
        .await
    }

    async fn remove(&self, prid: &Prid, document: &DocumentId) -> Result<(), Failure> {
        self.call("remove", |state| {
            state.writer()?;
            state.own(prid)?;
            let held = state.held.get_mut(prid).unwrap();
            held.application.documents.retain(|held| held.id != *document);
            held.contents.remove(document).map(drop).ok_or_else(|| Failure::Refused {
                code: "PRG_PAM_DOC_022".into(),
                sentence: "not of this application".into(),
            })?;
            held.listed += 1;
            Ok(())
        })
        .await
    }

    async fn refer(&self, prid: &Prid, category: &str, number: &str) -> Result<(), Failure> {
        self.call("refer", |state| {
            let documents = state.held.get_mut(prid).map(|held| &mut held.application.documents);
            let held = documents.and_then(|all| all.iter_mut().find(|d| d.category == category));
            let document = held.ok_or_else(|| Failure::Refused {
                code: "PRG_PAM_DOC_005".into(),
                sentence: "none".into(),
            })?;
            document.ref_number = Some(number.into());
            Ok(())
        })
        .await
    }

    async fn set_status(&self, prid: &Prid, status: Status) -> Result<(), Failure> {
        self.call("set_status", |state| {
            state.writer()?;
            state.own(prid)?;
            let held = state.held.get_mut(prid).unwrap();
            held.application.status = status;
            held.updated += 1;
            Ok(())
        })
        .await
    }

    async fn delete(&self, prid: &Prid) -> Result<(), Failure> {
        self.call("delete", |state| {
            state.writer()?;
            if !state.held.contains_key(prid) {
                return Err(Failure::Refused {
                    code: "PRG_PAM_APP_005".into(),
                    sentence: "none".into(),
                });
            }
            state.own(prid)?;
            state.held.remove(prid);
            Ok(())
        })
        .await
    }

    async fn consumed(&self, prids: &[Prid]) -> Result<(), Failure> {
        self.call("consumed", |state| {
            let known: Vec<Prid> =
                prids.iter().filter(|prid| state.held.contains_key(prid)).cloned().collect();
            if known.is_empty() {
                return Err(Failure::Refused {
                    code: "PRG_DATA_SYNC_011".into(),
                    sentence: "none".into(),
                });
            }
            state.consumed.extend(known);
            Ok(())
        })
        .await
    }
}
