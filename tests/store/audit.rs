//! The audit trail as a chain: whatever is done to its rows shows.

use futures_util::FutureExt as _;
use jiff::Timestamp;
use prereg_node::domain::audit::{Event, Happening, Module, Subject};
use prereg_node::secrets::signature::{self, Signer};
use prereg_node::services::audit::{self, Key as Pseudonyms, Verdict};
use prereg_node::store::{Error, Store};
use rusqlite::Connection;
use zeroize::Zeroizing;

use crate::{key, new};

fn happening(n: u8) -> Happening {
    Happening {
        at: "2026-11-23T08:00:11.204Z".parse().unwrap(),
        event: Event::Retrieve,
        module: Module("DEM"),
        actor: Some(format!("resident {n}")),
        subject: Subject::Application("97465075291709".into()),
        refused: (n == 3).then(|| "PRG_PAM_APP_005".into()),
        told: None,
    }
}

fn append(store: &Store, count: u8, lost: u64) {
    let happenings: Vec<_> = (1..=count).map(happening).collect();
    let written = store.write::<_, Error, _>(move |tx| {
        let pseudonyms = Pseudonyms::new(Zeroizing::new([9; 32]));
        audit::append(tx, &pseudonyms, &happenings, lost, happenings[0].at)
    });
    written.now_or_never().unwrap().unwrap();
}

fn verdict(store: &Store) -> Verdict {
    audit::verify(store).now_or_never().unwrap().unwrap()
}

/// Returns what a check says after `sql` was done to a trail of five records.
fn after(sql: &str) -> Verdict {
    let (_folder, path) = new();
    append(&Store::inline(&path, &key(7)).unwrap(), 3, 0);
    append(&Store::inline(&path, &key(7)).unwrap(), 2, 0);
    let raw = Connection::open(&path).unwrap();
    raw.execute_batch(&format!("PRAGMA key = \"x'{}'\"; {sql}", "07".repeat(32))).unwrap();
    drop(raw);
    verdict(&Store::inline(&path, &key(7)).unwrap())
}

#[test]
fn a_trail_that_nobody_touched_is_whole() {
    assert_eq!(after("SELECT 1"), Verdict::Whole { records: 5, gaps: 0, before: 0 });
    let (_folder, path) = new();
    let empty = Store::inline(&path, &key(7)).unwrap();
    assert_eq!(verdict(&empty), Verdict::Whole { records: 0, gaps: 0, before: 0 });
}

#[test]
fn the_first_record_that_was_changed_is_named_whatever_was_changed() {
    for change in [
        "at = at + 1",
        "event = 'PRE_402'",
        "module = 'DOC'",
        "actor = replace(actor, substr(actor, 9, 1), 'x')",
        "subject = 'NO_ID'",
        "detail = detail || ' '",
        "hash = zeroblob(32)",
        "hash = x'00'",
    ] {
        for seq in [1, 3, 5] {
            let verdict = after(&format!("UPDATE audit SET {change} WHERE seq = {seq}"));
            let Verdict::Broken { seq: named, .. } = verdict else {
                panic!("{change} at {seq} was not seen");
            };
            // A row that cannot be read is only known to be among those after the last one read.
            assert_eq!(named, if change == "hash = x'00'" { 1 } else { seq }, "{change}");
        }
    }
}

#[test]
fn records_that_are_taken_out_put_in_or_moved_are_named() {
    for (sql, named) in [
        ("DELETE FROM audit WHERE seq = 1", 1),
        ("DELETE FROM audit WHERE seq = 3", 3),
        ("DELETE FROM audit WHERE seq > 3", 4),
        ("DELETE FROM audit", 1),
        ("DELETE FROM audit_head", 5),
        (
            "UPDATE audit SET seq = 7 WHERE seq = 2; UPDATE audit SET seq = 2 WHERE seq = 3;
          UPDATE audit SET seq = 3 WHERE seq = 7",
            2,
        ),
        (
            "INSERT INTO audit SELECT 6, at, event, module, actor, subject, detail, hash
          FROM audit WHERE seq = 5",
            6,
        ),
    ] {
        let verdict = after(sql);
        let Verdict::Broken { seq, .. } = verdict else { panic!("{sql} was not seen") };
        assert_eq!(seq, named, "{sql}");
    }
}

/// Returns a trail of nine records that was pruned to the last four, in writes of two at most.
fn pruned() -> (tempfile::TempDir, std::path::PathBuf) {
    let (folder, path) = new();
    let store = Store::inline(&path, &key(7)).unwrap();
    append(&store, 9, 0);
    let now: Timestamp = "2026-12-01T00:00:00Z".parse().unwrap();
    let made = signature::make(now).unwrap();
    let signer = Signer::new(&made).unwrap();
    let pruned = store.write::<_, Error, _>(move |tx| {
        prereg_node::store::signing::put(tx, &made.key, &made.certificate)?;
        let prune = || audit::prune(tx, 4, 2, &signer, now);
        Ok([prune()?, prune()?, prune()?, prune()?])
    });
    assert_eq!(pruned.now_or_never().unwrap().unwrap(), [2, 2, 1, 0]);
    (folder, path)
}

/// I11, I7: the trail is kept to a length, by no clock.
#[test]
fn a_trail_keeps_its_last_records_and_is_whole_from_where_the_node_signed() {
    let (_folder, path) = pruned();
    let store = Store::inline(&path, &key(7)).unwrap();
    assert_eq!(verdict(&store), Verdict::Whole { records: 4, gaps: 0, before: 5 });
    append(&store, 2, 0);
    assert_eq!(verdict(&store), Verdict::Whole { records: 6, gaps: 0, before: 5 });
}

#[test]
fn a_beginning_that_the_node_did_not_sign_is_named() {
    for (sql, named) in [
        ("DELETE FROM audit WHERE seq = 6", 6),
        ("DELETE FROM audit_checkpoint", 1),
        ("UPDATE audit_checkpoint SET at = at + 1", 5),
        ("UPDATE audit_checkpoint SET signature = 'x'", 5),
        (
            "DELETE FROM audit WHERE seq = 6; UPDATE audit_checkpoint SET seq = 6, hash =
          (SELECT hash FROM audit WHERE seq = 7)",
            6,
        ),
        ("DELETE FROM signing", 5),
    ] {
        let (_folder, path) = pruned();
        let raw = Connection::open(&path).unwrap();
        raw.execute_batch(&format!("PRAGMA key = \"x'{}'\"; {sql}", "07".repeat(32))).unwrap();
        drop(raw);
        let verdict = verdict(&Store::inline(&path, &key(7)).unwrap());
        let Verdict::Broken { seq, .. } = verdict else { panic!("{sql} was not seen") };
        assert_eq!(seq, named, "{sql}");
    }
}

#[test]
fn lost_records_are_a_record_of_their_own() {
    let (_folder, path) = new();
    let store = Store::inline(&path, &key(7)).unwrap();
    append(&store, 2, 0);
    append(&store, 1, 17);
    assert_eq!(verdict(&store), Verdict::Whole { records: 4, gaps: 1, before: 0 });
    let records = store.read::<_, Error, _>(|view| prereg_node::store::audit::after(view, 2, 9));
    let records = records.now_or_never().unwrap().unwrap();
    assert_eq!(
        (records[0].0.event.as_str(), records[0].0.detail.as_str()),
        ("GAP", "{\"lost\":17}")
    );
}

/// I8
#[test]
fn a_record_names_neither_who_nor_whom() {
    let (_folder, path) = new();
    let store = Store::inline(&path, &key(7)).unwrap();
    append(&store, 3, 0);
    let records = store.read::<_, Error, _>(|view| prereg_node::store::audit::after(view, 0, 9));
    let records = records.now_or_never().unwrap().unwrap();
    let actors: std::collections::BTreeSet<_> =
        records.iter().map(|(record, _)| record.actor.clone()).collect();
    assert_eq!(actors.len(), 3);
    assert!(records.windows(2).all(|two| two[0].0.subject == two[1].0.subject));
    let text = format!("{records:?}");
    assert!(!text.contains("resident") && !text.contains("97465075291709"), "{text}");
    let refused = &records[2].0;
    assert_eq!(refused.event, "PRE_405");
    assert_eq!(refused.detail, r#"{"refused":"PRG_PAM_APP_005","of":"PRE_401"}"#);
}
