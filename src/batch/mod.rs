//! The jobs of a node: each midnight of the country, or when an administrator says so, seats follow
//! master data, appointments expire, and what registration took over is moved away.
//!
//! A job may run twice and does nothing the second time. One lane runs them, so no two get into each
//! other's way.

pub mod audit;
pub mod messages;
mod schedule;

use std::collections::HashMap;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use tokio::sync::{mpsc, watch};

use crate::clock::{Clock, Pace};
use crate::domain::ids::CenterId;
use crate::domain::job::{Job, Past};
use crate::domain::master::Master;
use crate::entropy::Entropy;
use crate::secrets::signature::Signer;
use crate::services::batch::{self, Error, Order};
use crate::services::master::Loaded;
use crate::services::{self, Rules, booking};
use crate::store::{self, Store};

/// Applications that one write expires or moves: other writes wait for it.
const AT_ONCE: u32 = 100;
/// Records of the audit trail that one write takes away.
const RECORDS_AT_ONCE: u32 = 2000;
/// The wait before it is read again how the jobs went.
const AGAIN: SignedDuration = SignedDuration::from_mins(1);
/// Days of a center that one write looks after, with all their bookings at worst.
const DAYS_AT_ONCE: usize = 10;

/// What the jobs work with.
pub struct Parts {
    /// The replica.
    pub store: Store,
    /// The country's master data; when it is replaced, seats follow at once.
    pub loaded: watch::Receiver<Loaded>,
    /// What this node may decide.
    pub rules: Arc<Rules>,
    /// The time.
    pub clock: Clock,
    /// Randomness.
    pub entropy: Arc<dyn Entropy>,
    /// Signs where the audit trail begins.
    pub signer: Arc<Signer>,
    /// Records of the audit trail that are kept.
    pub trail: u64,
}

/// Runs the jobs when they are due or ordered, until `stop` says so. Seats follow master data at the
/// start too, for the configuration may have changed.
pub async fn run(
    mut parts: Parts,
    mut orders: mpsc::Receiver<Order>,
    mut stop: watch::Receiver<bool>,
) {
    let jobs: &[Job] =
        if parts.rules.authority { &Job::OF_AN_AUTHORITY } else { &Job::OF_A_CENTER };
    let mut pace = parts.clock.pace();
    let mut pasts = loop {
        match parts.pasts(jobs).await {
            Ok(pasts) => break pasts,
            // As if they had never run, they would trust any clock.
            Err(error) => tracing::error!(%error, "how the jobs went is not known; none is run"),
        }
        let now = parts.clock.now();
        tokio::select! {
            () = parts.clock.sleep_until(now.saturating_add(AGAIN).unwrap_or(now)) => {}
            _ = stop.wait_for(|stopped| *stopped) => return,
        }
    };
    let mut seats_are_old = true;
    loop {
        let now = parts.clock.now();
        for job in jobs.iter().copied() {
            let past = pasts.get(&job);
            let is_due = schedule::due(past, now, &parts.rules.zone) <= now;
            if is_due || (seats_are_old && job == Job::Availability) {
                let next = parts.scheduled(job, past, &pace).await;
                parts.note(&mut pasts, job, next).await;
            }
        }
        seats_are_old = false;
        let wake = jobs
            .iter()
            .map(|job| schedule::due(pasts.get(job), now, &parts.rules.zone))
            .min()
            .unwrap_or(Timestamp::MAX);
        let woken = tokio::select! {
            () = parts.clock.sleep_until(wake) => Woken::ByTime,
            Some(order) = orders.recv() => Woken::ByOrder(order),
            Ok(()) = parts.loaded.changed() => Woken::ByMasterData,
            _ = stop.wait_for(|stopped| *stopped) => Woken::ToStop,
        };
        match woken {
            Woken::ByTime => {}
            Woken::ByOrder((job, answer)) => {
                // Who orders it has looked at the clock.
                let began = parts.clock.now();
                if job == Job::Expired {
                    pace = parts.clock.pace();
                }
                let done = parts.job(job, began).await;
                let next = past_of(&done, pasts.get(&job), began);
                let _ = answer.send(done);
                parts.note(&mut pasts, job, next).await;
            }
            Woken::ByMasterData => seats_are_old = true,
            Woken::ToStop => return,
        }
    }
}

enum Woken {
    ByTime,
    ByOrder(Order),
    ByMasterData,
    ToStop,
}

impl Parts {
    async fn pasts(&self, jobs: &[Job]) -> Result<HashMap<Job, Past>, store::Error> {
        let mut pasts = HashMap::new();
        for job in jobs.iter().copied() {
            let past = self.store.read(move |view| store::job::find(view, job)).await?;
            pasts.extend(past.map(|past| (job, past)));
        }
        Ok(pasts)
    }

    /// Runs a job because it is due, unless the clock cannot be trusted with it.
    async fn scheduled(&self, job: Job, past: Option<&Past>, pace: &Pace) -> Past {
        let now = self.clock.now();
        if job == Job::Expired && past.is_none() {
            // Nothing says yet whether the clock is right, and what is overdue can wait for a night.
            return Past { tried_at: now, ran_at: Some(now), failures: 0 };
        }
        let was_put = schedule::was_put(self.clock.drift(pace));
        if job == Job::Expired && (was_put || schedule::is_jump(past, now)) {
            tracing::warn!(
                "the clock stands more than a day from where it should since the start, or more \
                 than a month from where it stood when appointments last expired, so none expires \
                 now; if the clock is right, PUT /batch/expiredStatus"
            );
            let before = past.and_then(|past| past.ran_at);
            return Past { tried_at: now, ran_at: before, failures: 0 };
        }
        let done = self.job(job, now).await;
        if let Err(error) = &done
            && !matches!(error, Error::NothingToDo | Error::NoSlots | Error::NoMaster)
        {
            let source = std::error::Error::source(error).map(ToString::to_string);
            tracing::error!(%error, source, job = job.name(), "a job failed; it is tried again");
        }
        past_of(&done, past, now)
    }

    /// Notes how a job went. Where that cannot be written it holds until the next start.
    async fn note(&self, pasts: &mut HashMap<Job, Past>, job: Job, past: Past) {
        pasts.insert(job, past);
        if let Err(error) = self.store.write(move |tx| store::job::put(tx, job, &past)).await {
            tracing::error!(%error, job = job.name(), "how a job went could not be written");
        }
    }

    async fn job(&self, job: Job, now: Timestamp) -> Result<(), Error> {
        match job {
            Job::Availability => self.availability(now).await,
            Job::Expired => self.expired(now).await,
            Job::Consumed => self.consumed(now).await,
            Job::Trail => self.trail(now).await,
        }
    }

    /// Makes seats follow master data, center by center: the failure of one stops no other.
    async fn availability(&self, now: Timestamp) -> Result<(), Error> {
        let master = Arc::clone(&self.loaded.borrow().master);
        if master.centers().next().is_none() {
            return Err(Error::NoMaster);
        }
        let (of, rules) = (Arc::clone(&master), Arc::clone(&self.rules));
        let centers = self
            .store
            .read(move |view| booking::centers(view, &of, &rules, now))
            .await
            .map_err(Error::Slots)?;
        let mut failure = None;
        for center in centers {
            if let Err(error) = self.center(&center, &master, now).await {
                tracing::error!(%error, %center, "the seats of a center do not follow master data");
                failure = Some(error);
            }
        }
        if let Some(error) = failure {
            return Err(Error::Slots(error));
        }
        let today = self.rules.today(now);
        let on_sale = self
            .store
            .read(move |view| store::slot::centers(view, today))
            .await
            .map_err(Error::Slots)?;
        if on_sale.is_empty() { Err(Error::NoSlots) } else { Ok(()) }
    }

    async fn center(
        &self,
        center: &CenterId,
        master: &Arc<Master>,
        now: Timestamp,
    ) -> Result<(), store::Error> {
        let (id, of, rules) = (center.clone(), Arc::clone(master), Arc::clone(&self.rules));
        let behind =
            self.store.read(move |view| booking::days_behind(view, &id, &of, &rules, now)).await?;
        for days in behind.chunks(DAYS_AT_ONCE) {
            let (id, of, rules) = (center.clone(), Arc::clone(master), Arc::clone(&self.rules));
            let (days, entropy) = (days.to_vec(), Arc::clone(&self.entropy));
            self.store
                .write(move |tx| {
                    let caller = batch::system();
                    booking::follow_master(tx, &id, &days, &caller, &of, &rules, &*entropy, now)
                })
                .await?;
        }
        Ok(())
    }

    async fn expired(&self, now: Timestamp) -> Result<(), Error> {
        let mut expired = 0;
        loop {
            let (rules, entropy) = (Arc::clone(&self.rules), Arc::clone(&self.entropy));
            let some = self
                .store
                .write(move |tx| batch::expire(tx, AT_ONCE, &rules, &*entropy, now))
                .await?;
            if some == 0 {
                break;
            }
            expired += some;
        }
        if expired == 0 { Err(Error::NothingToDo) } else { Ok(()) }
    }

    async fn consumed(&self, now: Timestamp) -> Result<(), Error> {
        let mut moved = 0;
        loop {
            let rules = Arc::clone(&self.rules);
            let some =
                self.store.write(move |tx| batch::move_consumed(tx, AT_ONCE, &rules, now)).await?;
            if some.seen == 0 {
                break;
            }
            moved += some.moved;
        }
        if moved == 0 { Err(Error::NothingToDo) } else { Ok(()) }
    }

    /// Keeps the audit trail to its length.
    async fn trail(&self, now: Timestamp) -> Result<(), Error> {
        loop {
            let (signer, keep) = (Arc::clone(&self.signer), self.trail);
            let taken = self
                .store
                .write(move |tx| services::audit::prune(tx, keep, RECORDS_AT_ONCE, &signer, now))
                .await?;
            if taken < u64::from(RECORDS_AT_ONCE) {
                return Ok(());
            }
        }
    }
}

/// Returns how a job went that began at `began`: one that ran over midnight is due again.
fn past_of(done: &Result<(), Error>, past: Option<&Past>, began: Timestamp) -> Past {
    match done {
        Err(Error::Slots(_) | Error::NotNoted(_) | Error::Store(_)) => Past {
            tried_at: began,
            ran_at: past.and_then(|past| past.ran_at),
            failures: past.map_or(0, |past| past.failures).saturating_add(1),
        },
        _ => Past { tried_at: began, ran_at: Some(began), failures: 0 },
    }
}
