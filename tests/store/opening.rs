//! Opening: what is not right is said and left as it is.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::Barrier;
use std::thread;

use prereg_node::store::{Error, Store};

use crate::{key, make, new};

/// Opens what is at `path` both ways and returns why neither works; the bytes must stay.
fn refused(path: &Path, byte: u8) -> Error {
    let before = fs::read(path).ok();
    let inline = Store::inline(path, &key(byte)).err().expect("it does not open");
    let threads = Store::open(path, &key(byte)).err().expect("it does not open");
    assert_eq!(inline.to_string(), threads.to_string());
    assert_eq!(fs::read(path).ok(), before, "it is left as it was");
    inline
}

#[tokio::test]
async fn a_wrong_key_or_a_wrong_file_is_one_sentence_and_changes_nothing() {
    let (folder, path) = new();
    let absent = folder.path().join("absent.db");
    assert!(matches!(refused(&absent, 7), Error::Missing));
    assert!(!absent.exists());
    assert!(matches!(refused(&path, 8), Error::WrongKey));

    let bad = folder.path().join("bad.db");
    fs::write(&bad, b"").unwrap();
    assert!(matches!(refused(&bad, 7), Error::Damaged));
    fs::write(&bad, vec![0x5a; 20_000]).unwrap();
    assert!(matches!(refused(&bad, 7), Error::WrongKey));

    let whole = fs::read(&path).unwrap();
    for part in [1, 100, 4_096, whole.len() / 2, whole.len() - 4_096] {
        fs::write(&bad, &whole[..part]).unwrap();
        let error = refused(&bad, 7);
        assert!(matches!(error, Error::Damaged | Error::WrongKey), "{part}: {error:?}");
    }
    assert!(matches!(Store::create(&path, &key(7)), Err(Error::Exists)));
}

/// SQLite says that it is ready before SQLCipher is; whoever opens in between must wait. Only the
/// first in a process can meet that, so each try is a process of its own.
#[test]
fn the_first_replicas_of_a_process_may_be_opened_at_once() {
    for _ in 0..20 {
        let tried = Command::new(std::env::current_exe().unwrap())
            .args(["--ignored", "--exact", "opening::eight_replicas_open_at_once"])
            .output()
            .unwrap();
        assert!(tried.status.success(), "{}", String::from_utf8_lossy(&tried.stdout));
    }
}

#[test]
#[ignore = "the test above runs it in processes of its own"]
fn eight_replicas_open_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let start = Barrier::new(8);
    thread::scope(|threads| {
        for n in 0..8 {
            let (path, start) = (folder.path().join(format!("{n}.db")), &start);
            threads.spawn(move || {
                start.wait();
                Store::create(&path, &key(7)).unwrap();
            });
        }
    });
}

#[tokio::test]
async fn a_replica_is_open_once() {
    let (_folder, path) = new();
    let store = Store::open(&path, &key(7)).unwrap();
    assert!(matches!(Store::open(&path, &key(7)), Err(Error::InUse)));
    assert!(matches!(Store::inline(&path, &key(7)), Err(Error::InUse)));
    drop(store);
    Store::inline(&path, &key(7)).unwrap();
}

/// I8
#[tokio::test]
async fn nothing_of_a_resident_is_readable_in_any_file() {
    let (folder, path) = new();
    let store = Store::open(&path, &key(7)).unwrap();
    for n in 0..40 {
        store.write::<_, Error, _>(move |tx| make(tx, n, "Zainab Readable")).await.unwrap();
    }
    let names = ["replica.db", "replica.db-wal", "replica.db-shm"];
    for name in names {
        let bytes = fs::read(folder.path().join(name)).unwrap();
        for secret in [b"Zainab".as_slice(), b"fullName", b"officer", b"SQLite format"] {
            let found = bytes.windows(secret.len()).any(|window| window == secret);
            assert!(!found, "{name} holds {}", String::from_utf8_lossy(secret));
        }
    }
    drop(store);
}
