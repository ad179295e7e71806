//! The batch service: what is done each night, or when an administrator says so, and what the
//! registration processor tells.

use std::collections::BTreeSet;

use jiff::Timestamp;
use tokio::sync::oneshot;

use crate::domain::caller::{Caller, Roles};
use crate::domain::job::Job;
use crate::domain::operation::Change;
use crate::domain::prid::Prid;
use crate::domain::status::{Lifecycle, Status};
use crate::entropy::Entropy;
use crate::services::perform::{consume, perform};
use crate::services::{Coded, Kind, Rules};
use crate::store::{self, Tx};

/// Applications that the processor may tell of at once.
const MOST_TOLD: usize = 1000;

/// An administrator's word that a job is to be run now, and where to say how it went.
pub type Order = (Job, oneshot::Sender<Result<(), Error>>);

/// Why a job did nothing. Texts and codes: `contract/errors.md` §7, §8 and §9.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No application is to expire, or to be moved.
    #[error("No pre-registration id found to update status")]
    NothingToDo,
    /// There are no slots, though master data was followed.
    #[error("No available slots found for specified registration center")]
    NoSlots,
    /// Master data names no center.
    #[error("Master data not found")]
    NoMaster,
    /// The replica failed with the slots of every center.
    #[error("Availablity table not accessible")]
    Slots(#[source] store::Error),
    /// The list is empty or too long, or none of its applications is here.
    #[error("requested preregistration ids are not valid")]
    NoneKnown,
    /// The replica failed to note who was consumed.
    #[error("Failed to store prereg id")]
    NotNoted(#[source] store::Error),
    /// The replica failed.
    #[error("Demographic table not accessible")]
    Store(#[from] store::Error),
}

impl Coded for Error {
    fn code(&self) -> &'static str {
        match self {
            Self::NothingToDo => "PRG_PAM_BAT_001",
            Self::NoSlots => "PRG_BOOK_RCI_015",
            Self::NoMaster => "PRG_BOOK_RCI_020",
            Self::Slots(_) => "PRG_BOOK_RCI_016",
            Self::NoneKnown => "PRG_DATA_SYNC_011",
            Self::NotNoted(_) => "PRG_DATA_SYNC_012",
            Self::Store(_) => "PRG_PAM_BAT_004",
        }
    }

    fn kind(&self) -> Kind {
        match self {
            Self::Slots(_) | Self::NotNoted(_) | Self::Store(_) => Kind::Internal,
            _ => Kind::Refused,
        }
    }
}

/// Returns in whose name a job works.
#[must_use]
pub fn system() -> Caller {
    Caller { user: "SYSTEM".to_owned(), roles: Roles::NONE }
}

/// Lets up to `most` appointments expire whose day has passed; returns how many that were. A center
/// node leaves them to central.
///
/// # Errors
/// The replica's failure.
pub fn expire(
    tx: &Tx<'_>,
    most: u32,
    rules: &Rules,
    entropy: &dyn Entropy,
    now: Timestamp,
) -> Result<usize, Error> {
    if !rules.authority {
        return Ok(0);
    }
    let overdue = store::application::overdue(tx, rules.today(now), most)?;
    let mut expired = 0;
    for prid in &overdue {
        let change = Change::SetStatus { from: Status::Booked, to: Status::Expired };
        let application = perform(tx, prid, change, &system(), rules, entropy, now)?;
        // One that did not would come again with every write.
        expired += usize::from(application.status == Status::Expired);
    }
    Ok(expired)
}

/// What became of applications that the processor had told of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moved {
    /// How many were looked at.
    pub seen: usize,
    /// How many were moved away; the others are not here.
    pub moved: usize,
}

/// Moves up to `most` applications away that registration has taken over. A center node leaves them
/// where they are: its view is central's.
///
/// # Errors
/// The replica's failure.
pub fn move_consumed(
    tx: &Tx<'_>,
    most: u32,
    rules: &Rules,
    now: Timestamp,
) -> Result<Moved, Error> {
    if !rules.authority {
        return Ok(Moved { seen: 0, moved: 0 });
    }
    let waiting = store::consumed::waiting(tx, most)?;
    let mut moved = 0;
    for prid in &waiting {
        if let Some(application) = store::application::find(tx, prid)? {
            consume(tx, application, now)?;
            moved += 1;
        }
        store::consumed::settled(tx, prid)?;
    }
    Ok(Moved { seen: waiting.len(), moved })
}

/// Notes which applications the registration processor has taken over, and returns them: those of
/// `prids` that are here, and in 1.1 were booked (`contract/rules.md` §9.5). They stay as they are
/// until [`move_consumed`]; a center node tells central in its turn.
///
/// # Errors
/// [`Error::NoneKnown`], or the replica's failure.
pub fn consumed(
    tx: &Tx<'_>,
    prids: &[String],
    rules: &Rules,
    now: Timestamp,
) -> Result<Vec<Prid>, Error> {
    if prids.len() > MOST_TOLD {
        return Err(Error::NoneKnown);
    }
    let (mut noted, mut seen) = (Vec::new(), BTreeSet::new());
    for prid in prids.iter().filter_map(|text| Prid::parse(text).ok()) {
        if !seen.insert(prid.clone()) {
            continue;
        }
        let Some(application) = store::application::find(tx, &prid)? else { continue };
        let counts = rules.lifecycle == Lifecycle::V1_2
            || matches!(application.status, Status::Booked | Status::Expired);
        if counts {
            store::consumed::told(tx, &application.prid, now).map_err(Error::NotNoted)?;
            if !rules.authority {
                store::consumed::relay(tx, &application.prid, now).map_err(Error::NotNoted)?;
            }
            noted.push(prid);
        }
    }
    if noted.is_empty() { Err(Error::NoneKnown) } else { Ok(noted) }
}
