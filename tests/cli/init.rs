//! `prereg-node init`.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use crate::folder::{Folder, is_one_sentence, succeeded};

#[test]
fn a_node_is_made_with_identity_key_certificate_and_replica() {
    let folder = Folder::new();

    let said = succeeded(&folder.run("init", &[]));

    assert!(said.contains("next: prereg-node import"), "{said}");
    for part in ["node.identity", "replica.key.age", "replica.db", "tls.crt", "tls.key"] {
        assert!(folder.path("data").join(part).exists(), "{part}");
    }
    for secret in ["node.identity", "replica.key.age", "tls.key"] {
        let about = fs::metadata(folder.path("data").join(secret)).unwrap();
        assert_eq!(about.permissions().mode() & 0o777, 0o600, "{secret}");
    }
    let about = fs::metadata(folder.path("data")).unwrap();
    assert_eq!(about.permissions().mode() & 0o777, 0o700);
}

#[test]
fn without_a_configuration_one_is_written_first() {
    let folder = Folder::new();
    fs::remove_file(folder.path("node.toml")).unwrap();
    let said = succeeded(&folder.run("init", &[]));
    assert!(said.contains("wrote "), "{said}");
    assert!(fs::read_to_string(folder.path("node.toml")).unwrap().contains("folder = "));
}

#[test]
fn a_node_is_not_made_twice() {
    let folder = Folder::with_node();
    folder.refuses("init", &[], "there is a replica here already");
}

/// I4
#[test]
fn a_folder_with_any_part_of_a_node_is_left_as_it_is() {
    for part in ["replica.key.age", "tls.crt", "tls.key"] {
        let folder = Folder::new();
        fs::create_dir(folder.path("data")).unwrap();
        fs::write(folder.path("data").join(part), "of an earlier node").unwrap();
        folder.refuses("init", &[], "exists already and is left as it is");
    }
}

#[test]
fn a_folder_that_cannot_be_is_one_sentence() {
    let folder = Folder::new();
    fs::write(folder.path("data"), "a file").unwrap();
    folder.refuses("init", &[], "cannot use ");
    let nowhere = folder.command("init", &[]).arg("--no-such-option").output().unwrap();
    assert!(!nowhere.status.success());
    fs::remove_file(folder.path("node.toml")).unwrap();
    fs::create_dir(folder.path("node.toml")).unwrap();
    is_one_sentence(&folder.run("init", &[]), "cannot read ");
}
