//! Nothing of a person is readable at rest, while the nodes run and after.

#[path = "support/leak.rs"]
mod leak;
#[path = "support/ports.rs"]
mod ports;

use std::fs::File;
use std::process::{Command, Stdio};
use std::time::Duration;

use prereg_node::demo::residents;

use crate::leak::Words;

fn words() -> Words {
    // Those of the portal, and everybody who could be the walk-in.
    Words::of((0..residents::DISTINCT).map(residents::resident))
}

/// I8
#[test]
fn a_name_is_found_however_it_is_spelled() {
    let words = Words::of([residents::resident(3)]);
    let resident = residents::resident(3);
    let (_, arabic) = resident.identity.values("fullName").next().unwrap();
    let family = resident.name.split_whitespace().nth(1).unwrap();
    for leaked in [arabic, family, &family.to_uppercase(), &resident.phone, &resident.email] {
        let mut file = vec![0xa5; 100];
        file.extend(leaked.as_bytes());
        assert!(words.found_in(&file).is_some(), "{leaked}");
        for encoded in [u16::to_le_bytes, u16::to_be_bytes] {
            let mut file = vec![0xa5; 101];
            file.extend(leaked.encode_utf16().flat_map(encoded));
            assert!(words.found_in(&file).is_some(), "{leaked}");
        }
    }
    assert_eq!(words.found_in("nothing of anybody, 12345".as_bytes()), None);
}

/// I8
#[test]
fn no_file_of_either_node_names_a_resident_while_the_demo_runs_and_after() {
    let dir = tempfile::tempdir().unwrap();
    let words = words();
    let [center_port, central_port] = ports::for_two_nodes().unwrap();
    let log = dir.path().join("log");
    let mut demo = Command::new(env!("CARGO_BIN_EXE_prereg-node"))
        .args(["demo", "--once", "--dir"])
        .arg(dir.path().join("demo"))
        .args(["--center-port", &center_port.to_string()])
        .args(["--central-port", &central_port.to_string()])
        .stdin(Stdio::null())
        .stdout(File::create(dir.path().join("printed")).unwrap())
        .stderr(File::create(&log).unwrap())
        .spawn()
        .unwrap();
    let folders = ["center", "central"].map(|name| dir.path().join("demo").join(name));
    let found = || {
        let there = folders.iter().filter(|folder| folder.is_dir());
        there.flat_map(|folder| words.found_below(folder).unwrap()).collect::<Vec<_>>()
    };
    let mut looks = 0;
    let ended = loop {
        if folders.iter().all(|folder| folder.join("replica.db-wal").exists()) {
            looks += 1;
        }
        assert_eq!(found(), [""; 0]);
        match demo.try_wait().unwrap() {
            Some(ended) => break ended,
            None => std::thread::sleep(Duration::from_millis(100)),
        }
    };
    let printed = std::fs::read_to_string(dir.path().join("printed")).unwrap();
    let log = std::fs::read_to_string(log).unwrap();
    assert!(ended.success(), "{printed}\n{log}");
    assert!(looks > 0, "nobody looked while both nodes ran");
    assert_eq!(found(), [""; 0]);
    assert_eq!(words.found_in(log.as_bytes()), None);
    // The same look does find them where they are meant to be.
    assert!(words.found_in(printed.as_bytes()).is_some());
}
