//! The audit trail: what is recorded of a call, and how records are chained.
//!
//! Events and modules are those that `contract/rules.md` §14 gives for central's audit manager, by
//! their ids, so that the records could go there. The chain is SHA-256 over each record and the hash
//! before it: whoever has one hash of the chain from elsewhere can tell whether anything up to it was
//! changed.

use jiff::Timestamp;
use sha2::{Digest as _, Sha256};

use crate::domain::ids::Digest;

/// What was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is named as the contract names it")]
pub enum Event {
    Retrieve,
    Update,
    Delete,
    Upload,
    Exception,
    Sync,
    Persist,
    ReverseSync,
    Copy,
    Authentication,
    Notification,
    Consumed,
    Expired,
    /// What a client asked to have recorded.
    Told,
}

impl Event {
    /// Returns its id.
    #[must_use]
    pub fn id(self) -> &'static str {
        match self {
            Self::Retrieve => "PRE_401",
            Self::Update => "PRE_402",
            Self::Delete => "PRE_403",
            Self::Upload => "PRE_404",
            Self::Exception => "PRE_405",
            Self::Sync => "PRE_406",
            Self::Persist => "PRE_407",
            Self::ReverseSync => "PRE_408",
            Self::Copy => "PRE_409",
            Self::Authentication => "PRE_410",
            Self::Notification => "PRE_411",
            Self::Consumed => "PRE_412",
            Self::Expired => "PRE_413",
            Self::Told => "PRE_414",
        }
    }
}

/// Whose work it was; the text is the module's id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Module(pub &'static str);

/// What it was done to. Prints as nothing that names anybody (I8).
#[derive(Clone, PartialEq, Eq)]
pub enum Subject {
    /// Nothing in particular.
    Nothing,
    /// Several applications.
    Several,
    /// An application, by its PRID.
    Application(String),
    /// A center, by its id.
    Center(String),
}

/// What a client asked to have recorded, such as a resident's consent.
#[derive(Clone, PartialEq, Eq)]
pub struct Told {
    /// What it calls the event.
    pub event: String,
    /// Its module, by name and id.
    pub module: (String, String),
    /// What it says about it.
    pub description: String,
    /// The page it happened on.
    pub url: String,
    /// The SHA-256 of the text that was agreed to.
    pub template: Option<Digest>,
    /// When it happened, by the client's clock and in its words.
    pub at: String,
    /// Who did it, by the client's word.
    pub user: String,
}

/// Something that happened, before it is a record.
#[derive(Clone, PartialEq, Eq)]
pub struct Happening {
    /// When.
    pub at: Timestamp,
    /// What.
    pub event: Event,
    /// Whose work it was.
    pub module: Module,
    /// Who did it, by user id; `None` for who had not logged in.
    pub actor: Option<String>,
    /// To what.
    pub subject: Subject,
    /// The code with which it was refused.
    pub refused: Option<String>,
    /// What the client had to say.
    pub told: Option<Told>,
}

/// A record of the trail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Its place; the first is 1.
    pub seq: i64,
    /// When it happened.
    pub at: Timestamp,
    /// The event's id.
    pub event: String,
    /// The module's id.
    pub module: String,
    /// A pseudonym, or [`NOBODY`].
    pub actor: String,
    /// A pseudonym, a center's id, [`NOTHING`] or [`SEVERAL`].
    pub subject: String,
    /// More, as JSON.
    pub detail: String,
}

/// The actor where nobody had logged in.
pub const NOBODY: &str = "SYSTEM";
/// The subject of what is about nothing in particular.
pub const NOTHING: &str = "NO_ID";
/// The subject of what is about several applications.
pub const SEVERAL: &str = "MULTIPLE_ID";
/// The event of a record that stands for lost ones.
pub const GAP: &str = "GAP";

/// A link of the chain: the place of a record and its hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Link {
    /// The record's place; 0 before the first.
    pub seq: i64,
    /// Its hash.
    pub hash: Digest,
}

impl Link {
    /// Returns what the first record follows.
    #[must_use]
    pub fn start() -> Self {
        Self { seq: 0, hash: Digest::from_bytes([0; 32]) }
    }

    /// Returns the link that `record` makes after this one.
    #[must_use]
    pub fn then(&self, record: &Record) -> Self {
        let mut hash = Sha256::new();
        hash.update(self.hash.as_bytes());
        hash.update(record.seq.to_be_bytes());
        hash.update(record.at.as_millisecond().to_be_bytes());
        // Each text after its length, so that no two records are the same bytes.
        for text in [&record.event, &record.module, &record.actor, &record.subject, &record.detail]
        {
            hash.update((text.len() as u64).to_be_bytes());
            hash.update(text.as_bytes());
        }
        Self { seq: record.seq, hash: Digest::from_bytes(hash.finalize().into()) }
    }
}

/// Where the trail begins, once records were taken off its start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// The last record that was taken away; the first that is left follows it.
    pub link: Link,
    /// When.
    pub at: Timestamp,
    /// The node's signature over [`Checkpoint::statement`].
    pub signature: String,
}

impl Checkpoint {
    /// Returns what is signed when the records up to `link` are taken away.
    #[must_use]
    pub fn statement(link: &Link, at: Timestamp) -> String {
        format!(
            "audit records 1 to {}, the last with hash {}, were taken away at {at}",
            link.seq, link.hash
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(seq: i64) -> Record {
        Record {
            seq,
            at: "2026-11-22T07:24:48.102Z".parse().unwrap(),
            event: "PRE_401".into(),
            module: "DEM".into(),
            actor: "ab".into(),
            subject: "cd".into(),
            detail: "{}".into(),
        }
    }

    #[test]
    fn whatever_differs_in_a_record_differs_in_its_hash() {
        let start = Link::start();
        let changes: [fn(&mut Record); 8] = [
            |_| (),
            |one| one.seq = 2,
            |one| one.at = "2026-11-22T07:24:48.103Z".parse().unwrap(),
            |one| one.event = "PRE_402".into(),
            |one| (one.module, one.actor) = ("DEMa".into(), "b".into()),
            |one| one.actor = "abc".into(),
            |one| (one.subject, one.detail) = ("cd{".into(), "}".into()),
            |one| one.detail = "{ }".into(),
        ];
        let mut hashes = std::collections::BTreeSet::new();
        for change in changes {
            let mut changed = record(1);
            change(&mut changed);
            hashes.insert(start.then(&changed).hash);
        }
        hashes.insert(Link { seq: 0, hash: Digest::of(b"another past") }.then(&record(1)).hash);
        assert_eq!(hashes.len(), 9);
    }

    #[test]
    fn a_link_follows_from_all_before_it() {
        let chain =
            |times: i64| (1..=times).fold(Link::start(), |link, seq| link.then(&record(seq)));
        assert_eq!(chain(3), chain(3));
        assert_eq!(chain(3).seq, 3);
        assert_ne!(chain(3).hash, chain(2).then(&record(4)).hash);
    }
}
