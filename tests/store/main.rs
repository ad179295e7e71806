//! The replica as its callers see it: what is answered is on disk, what fails takes back itself
//! alone, nobody reads half a change, and a file that is not right is left as it is.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod audit;
mod messages;
mod opening;
mod reading;
mod writing;

use std::path::PathBuf;

use jiff::Timestamp;
use prereg_node::domain::application::Kind;
use prereg_node::domain::caller::{Caller, Roles};
use prereg_node::domain::identity::Identity;
use prereg_node::domain::operation::Change;
use prereg_node::domain::prid::Prid;
use prereg_node::domain::status::{Lifecycle, Status};
use prereg_node::entropy::Seeded;
use prereg_node::services::Rules;
use prereg_node::services::perform::perform;
use prereg_node::store::{self, Error, Key, Store, Tx};
use tempfile::TempDir;
use zeroize::Zeroizing;

fn key(byte: u8) -> Key {
    Key::new(Zeroizing::new([byte; 32]))
}

/// A folder with a new replica in it.
fn new() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("replica.db");
    Store::create(&path, &key(7)).unwrap();
    let store = Store::inline(&path, &key(7)).unwrap();
    let id = uuid::Uuid::from_u128(1);
    let named = store.write::<_, Error, _>(move |tx| store::operation::name_node(tx, id, id));
    futures_util::FutureExt::now_or_never(named).unwrap().unwrap();
    (folder, path)
}

fn opened() -> (TempDir, Store) {
    let (folder, path) = new();
    let store = Store::open(&path, &key(7)).unwrap();
    (folder, store)
}

fn prid(n: u64) -> Prid {
    Prid::draw(&Seeded::new(n))
}

/// Makes the `n`-th application.
fn make(tx: &Tx<'_>, n: u64, name: &str) -> Result<(), Error> {
    let members = serde_json::json!({ "fullName": name });
    let change = Change::Create {
        purpose: Kind::New,
        language: "eng".into(),
        identity: Identity::new(members.as_object().unwrap().clone()),
        status: Status::PendingAppointment,
    };
    let rules = Rules {
        authority: false,
        center: None,
        local_kiosks: 0,
        zone: jiff::tz::TimeZone::UTC,
        lifecycle: Lifecycle::default(),
    };
    let caller = Caller { user: "officer".into(), roles: Roles::NONE };
    let now = Timestamp::from_second(1_800_000_000).unwrap();
    perform(tx, &prid(n), change, &caller, &rules, &Seeded::new(n), now).map(drop)
}

async fn count(store: &Store) -> u64 {
    store.read::<_, Error, _>(store::application::count).await.unwrap()
}
