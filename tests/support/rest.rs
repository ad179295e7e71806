//! What holds of every node at rest, whatever a test did to it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use jiff::civil::date;
use prereg_node::domain::audit::Record;
use prereg_node::node::{self, Settings};
use prereg_node::services::audit::{self, Verdict};
use prereg_node::services::master;
use prereg_node::store;

use super::log::logged;

/// I8: neither a log nor a file of the node shows any of `secrets`.
pub(super) fn nothing_is_in_clear(folder: &Path, secrets: &[String]) {
    let shows = |what: &str, text: &str| {
        for secret in secrets {
            assert!(!text.contains(secret), "{what} shows {secret}");
        }
    };
    shows("the log", &logged());
    for path in files(folder) {
        // The last connection of a node takes its WAL away as it closes.
        let Ok(content) = fs::read(&path) else { continue };
        shows(&path.display().to_string(), &String::from_utf8_lossy(&content));
    }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let entry = entry.unwrap();
            if entry.file_type().unwrap().is_dir() {
                folders.push(entry.path());
            } else if entry.file_type().unwrap().is_file() {
                found.push(entry.path());
            }
        }
    }
    found
}

/// Nobody changed what was recorded of calls, and no record was lost.
pub(super) fn the_audit_trail_is_whole(settings: &Settings) {
    let records = audit_trail(settings).len();
    let store = node::open_inline(settings).expect("the replica opens again");
    let verdict = node::now_or_never(audit::verify(&store)).expect("the trail can be read");
    assert_eq!(verdict, Verdict::Whole { records: records as u64, gaps: 0, before: 0 });
}

/// Returns the audit trail of a node that does not run.
pub(super) fn audit_trail(settings: &Settings) -> Vec<Record> {
    let store = node::open_inline(settings).expect("the replica opens again");
    let read = store.read::<_, store::Error, _>(|view| store::audit::after(view, 0, u32::MAX));
    let records = node::now_or_never(read).expect("the trail can be read");
    records.into_iter().map(|(record, _)| record).collect()
}

/// I6: of every slot as many seats are sold as applications hold, and no more than there are. The
/// schema refuses to sell more; this finds a seat that was sold and lost, or held and not sold.
pub(super) fn every_sold_seat_is_held_by_an_application(settings: &Settings) {
    let (first, last) = (date(2026, 1, 1), date(2028, 1, 1));
    let rules = settings.rules.clone();
    let store = node::open_inline(settings).expect("the replica opens again");
    let read = store.read::<_, store::Error, _>(move |view| {
        let master = master::load(view).expect("master data stayed whole");
        for center in master.centers() {
            let mut held = BTreeMap::new();
            for one in store::application::holding(view, &center.id, first, last)? {
                // On a center node central's bookings take no seat of its own.
                let operations = store::operation::uncovered(view, &one.prid)?;
                if rules.authority || operations.iter().any(|one| one.change.name() == "book") {
                    let slot = one.appointment.slot;
                    *held.entry((slot.day, slot.starts)).or_insert(0_u32) += 1;
                }
            }
            for seat in store::consumed::seats(view, &center.id)? {
                *held.entry(seat).or_insert(0) += 1;
            }
            for on_sale in store::slot::on_sale(view, &center.id, first, last)? {
                let slot = &on_sale.slot;
                let held = held.remove(&(slot.day, slot.starts)).unwrap_or(0);
                assert!(on_sale.sold <= on_sale.capacity, "oversold: {on_sale:?}");
                assert_eq!(on_sale.sold, held, "seats sold and held: {slot:?}");
            }
            assert!(held.is_empty(), "held without being on sale: {held:?}");
        }
        Ok(())
    });
    node::now_or_never(read).expect("the replica can be read");
}

#[test]
#[should_panic(expected = "shows Ada Example")]
fn a_name_in_a_file_would_be_found() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("below")).unwrap();
    fs::write(folder.path().join("below/file"), b"\xff\x00Ada Example\x00").unwrap();
    nothing_is_in_clear(folder.path(), &["Somebody Else".into(), "Ada Example".into()]);
}
