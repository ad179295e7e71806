//! The audit trail: writes what happened, under pseudonyms, and checks the chain.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use zeroize::Zeroizing;

use crate::domain::audit::{
    Checkpoint, Event, GAP, Happening, Link, NOBODY, NOTHING, Record, SEVERAL, Subject, Told,
};
use crate::domain::ids::Digest;
use crate::secrets::hash;
use crate::secrets::signature::{Made, Signer};
use crate::store::{self, Store, Tx, View};

/// Records that one read of a check goes through: well within what a read may take.
const STRETCH: u32 = 20_000;

/// The key of the pseudonyms: without it nobody can tell whose they are.
pub struct Key(Zeroizing<[u8; 32]>);

impl Key {
    /// Takes a key over.
    #[must_use]
    pub fn new(bytes: Zeroizing<[u8; 32]>) -> Self {
        Self(bytes)
    }

    fn pseudonym(&self, of: &[u8], name: &str) -> String {
        let hash = hash::keyed(&self.0, &[of, name.as_bytes()]);
        hash[..16].iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// Returns what stands for a user in the trail.
    #[must_use]
    pub fn actor(&self, user: &str) -> String {
        self.pseudonym(b"actor", user)
    }

    /// Returns what stands for an application in the trail.
    #[must_use]
    pub fn application(&self, prid: &str) -> String {
        self.pseudonym(b"application", prid)
    }
}

/// Writes records of what happened, and before them one of how many were `lost`.
///
/// # Errors
/// The replica's failure; nothing was written then.
pub fn append(
    tx: &Tx<'_>,
    key: &Key,
    happenings: &[Happening],
    lost: u64,
    now: Timestamp,
) -> Result<(), store::Error> {
    let mut link = store::audit::head(tx)?;
    let gap = (lost > 0).then(|| Record {
        seq: 0,
        at: now,
        event: GAP.to_owned(),
        module: String::new(),
        actor: NOBODY.to_owned(),
        subject: NOTHING.to_owned(),
        detail: json!({ "lost": lost }).to_string(),
    });
    for mut record in gap.into_iter().chain(happenings.iter().map(|one| record(key, one))) {
        record.seq = link.seq + 1;
        link = link.then(&record);
        store::audit::add(tx, &record, &link)?;
    }
    Ok(())
}

fn record(key: &Key, happening: &Happening) -> Record {
    let mut detail = Map::new();
    let mut event = happening.event;
    if let Some(code) = &happening.refused {
        detail.insert("refused".to_owned(), json!(code));
        detail.insert("of".to_owned(), json!(event.id()));
        event = Event::Exception;
    }
    if let Some(told) = &happening.told {
        detail.extend(words(key, told));
    }
    Record {
        seq: 0,
        at: happening.at,
        event: event.id().to_owned(),
        module: happening.module.0.to_owned(),
        actor: happening.actor.as_ref().map_or(NOBODY.to_owned(), |user| key.actor(user)),
        subject: match &happening.subject {
            Subject::Nothing => NOTHING.to_owned(),
            Subject::Several => SEVERAL.to_owned(),
            Subject::Application(prid) => key.application(prid),
            Subject::Center(id) => id.clone(),
        },
        detail: Value::Object(detail).to_string(),
    }
}

fn words(key: &Key, told: &Told) -> Map<String, Value> {
    let template = told.template.map(|digest| digest.to_string());
    let user = (!told.user.is_empty()).then(|| key.actor(&told.user));
    let words = json!({
        "eventName": told.event,
        "moduleName": told.module.0,
        "moduleId": told.module.1,
        "description": told.description,
        "url": told.url,
        "template": template,
        "actionTimeStamp": told.at,
        "actionUser": user,
    });
    match words {
        Value::Object(words) => words,
        _ => Map::new(),
    }
}

/// Takes up to `most` records off the start of a trail that has more than `keep`, and signs where it
/// begins then; returns how many that were. It goes by the number of records and not by their age, so
/// that no clock can erase the trail (I7).
///
/// # Errors
/// The replica's failure.
pub fn prune(
    tx: &Tx<'_>,
    keep: u64,
    most: u32,
    signer: &Signer,
    now: Timestamp,
) -> Result<u64, store::Error> {
    let start = store::audit::checkpoint(tx)?.map_or(0, |checkpoint| checkpoint.link.seq);
    let records = u64::try_from(store::audit::head(tx)?.seq - start).unwrap_or(0);
    let surplus = records.saturating_sub(keep).min(u64::from(most));
    let last = start.saturating_add_unsigned(surplus);
    // A trail whose record there is missing is broken, and stays as it is for whoever looks into it.
    let Some(link) = (if surplus > 0 { store::audit::link(tx, last)? } else { None }) else {
        return Ok(0);
    };
    let signature = signer.sign(Checkpoint::statement(&link, now).as_bytes());
    store::audit::begin_at(tx, &Checkpoint { link, at: now, signature })?;
    Ok(surplus)
}

/// What a check of the trail found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Verdict {
    /// Every record is what it was, and none is missing.
    Whole {
        /// How many there are.
        records: u64,
        /// How many of them stand for records that were lost.
        gaps: u64,
        /// How many there were before them, taken away under the node's signature.
        before: u64,
    },
    /// The trail was changed.
    Broken {
        /// The first record that does not fit.
        seq: i64,
        /// What does not fit, as a sentence.
        fault: String,
    },
}

/// Checks the chain from where it begins to its last link, in several reads: records may be added, and
/// taken off its start, meanwhile. A row that cannot be read at all is broken too.
///
/// # Errors
/// The replica's failure.
pub async fn verify(store: &Store) -> Result<Verdict, store::Error> {
    let (mut link, mut records, mut gaps, mut before) = (Link::start(), 0, 0, 0);
    loop {
        let from = link.seq;
        let seen = store.read::<_, store::Error, _>(move |view| stretch(view, from)).await;
        let Stretch { checkpoint, records: found, head } = match seen {
            Err(store::Error::Row(_)) => {
                return Ok(broken(from + 1, "it, or one soon after it, cannot be read"));
            }
            seen => seen?,
        };
        if let Some((begins, is_signed)) = checkpoint
            && begins.seq > link.seq
        {
            if !is_signed {
                return Ok(broken(begins.seq, "it begins here, and this node did not sign that"));
            }
            (link, records, gaps) = (begins, 0, 0);
            before = u64::try_from(begins.seq).unwrap_or(0);
            continue;
        }
        for (record, hash) in &found {
            let seq = link.seq + 1;
            if record.seq != seq {
                return Ok(broken(seq, "it is missing"));
            }
            link = link.then(record);
            if link.hash != *hash {
                return Ok(broken(seq, "its hash does not fit what it says"));
            }
            records += 1;
            gaps += u64::from(record.event == GAP);
        }
        if found.len() < STRETCH as usize {
            return Ok(match () {
                () if link == head => Verdict::Whole { records, gaps, before },
                () if link.seq < head.seq => broken(link.seq + 1, "from it on the end is missing"),
                () => broken(link.seq, "it is not the end that was noted"),
            });
        }
    }
}

/// What one read of a check sees.
struct Stretch {
    /// Where the trail begins, and whether this node signed that.
    checkpoint: Option<(Link, bool)>,
    records: Vec<(Record, Digest)>,
    head: Link,
}

fn stretch(view: &View<'_>, from: i64) -> Result<Stretch, store::Error> {
    let checkpoint = match store::audit::checkpoint(view)? {
        Some(checkpoint) => {
            let kept = store::signing::find(view)?;
            let made = kept.map(|kept| Made { key: kept.key, certificate: kept.certificate });
            let signer = made.and_then(|made| Signer::new(&made).ok());
            let said = Checkpoint::statement(&checkpoint.link, checkpoint.at);
            // Signatures of this kind are the same each time, so that signing again is checking.
            let is_signed =
                signer.is_some_and(|signer| signer.sign(said.as_bytes()) == checkpoint.signature);
            Some((checkpoint.link, is_signed))
        }
        None => None,
    };
    let records = store::audit::after(view, from, STRETCH)?;
    Ok(Stretch { checkpoint, records, head: store::audit::head(view)? })
}

fn broken(seq: i64, fault: &str) -> Verdict {
    Verdict::Broken { seq, fault: fault.to_owned() }
}
