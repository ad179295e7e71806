//! `prereg-node serve`: it serves, or it says why not and leaves everything as it was.

use std::fs::{self, Permissions};
use std::io::{BufRead as _, BufReader, ErrorKind};
use std::net::TcpListener;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Stdio};

use crate::folder::{Folder, country, ended, is_one_sentence, succeeded};

/// A user with no rights; every Debian has it.
const NOBODY: u32 = 65534;

/// Starts a node; returns it once it serves, with its address for plain HTTP.
pub(crate) fn serving(folder: &Folder) -> (Child, String) {
    let mut command = folder.command("serve", &["--stop-with-input"]);
    let mut node = command.stdin(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(node.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
    let address = line.trim().strip_prefix("http ").unwrap_or_else(|| panic!("it said {line}"));
    let address = address.to_owned();
    (node, address)
}

pub(crate) fn stop(mut node: Child) {
    drop(node.stdin.take());
    let output = ended(node);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn a_node_serves_until_it_is_stopped_and_again() {
    let folder = Folder::with_node();
    for _ in 0..2 {
        let (node, address) = serving(&folder);
        std::net::TcpStream::connect(address).unwrap();
        stop(node);
    }
}

#[test]
fn a_replica_has_one_node_at_a_time() {
    let folder = Folder::with_node();
    let (node, _) = serving(&folder);
    let taken = "another prereg-node has this replica open";
    is_one_sentence(&folder.run("serve", &[]), taken);
    is_one_sentence(&folder.run("import", &[country().to_str().unwrap()]), taken);
    is_one_sentence(&folder.run("init", &[]), "there is a replica here already");
    succeeded(&folder.run("status", &[]));
    stop(node);
}

#[test]
fn a_port_in_use_is_named() {
    let folder = Folder::with_node();
    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = other.local_addr().unwrap();
    for listen in ["http", "https"] {
        let config = fs::read_to_string(folder.path("node.toml")).unwrap();
        let line = format!("{listen} = \"127.0.0.1:0\"");
        assert!(config.contains(&line));
        let taken = config.replace(&line, &format!("{listen} = \"{address}\""));
        fs::write(folder.path("node.toml"), taken).unwrap();
        let words = format!("cannot listen on {address}: another program uses that port");
        folder.refuses("serve", &[], &words);
        fs::write(folder.path("node.toml"), config).unwrap();
    }
}

#[test]
fn a_missing_key_is_named() {
    for (part, words) in [
        ("replica.key.age", "is missing; without it the replica cannot be opened"),
        ("node.identity", "is missing"),
        ("replica.db", "there is no replica here"),
        ("tls.key", "tls.key"),
        ("tls.crt", "tls.crt"),
    ] {
        let folder = Folder::with_node();
        fs::remove_file(folder.path("data").join(part)).unwrap();
        folder.refuses("serve", &[], words);
    }
}

/// I12
#[test]
fn what_belongs_to_another_node_opens_nothing() {
    let (folder, other) = (Folder::with_node(), Folder::with_node());
    for (part, words) in [
        ("node.identity", "was not encrypted to this node's identity"),
        ("replica.key.age", "was not encrypted to this node's identity"),
        ("replica.db", "it belongs to another key or is damaged"),
    ] {
        let own = folder.path("data").join(part);
        let before = fs::read(&own).unwrap();
        fs::write(&own, fs::read(other.path("data").join(part)).unwrap()).unwrap();
        folder.refuses("serve", &[], words);
        fs::write(&own, before).unwrap();
    }
    let identity = folder.path("data").join("node.identity");
    fs::set_permissions(identity, Permissions::from_mode(0o644)).unwrap();
    folder.refuses("serve", &[], "may be read by others");
}

/// I1
#[test]
fn a_replica_that_is_cut_off_or_overwritten_is_damaged_and_stays_as_it_is() {
    let folder = Folder::with_node();
    let path = folder.path("data/replica.db");
    let whole = fs::read(&path).unwrap();
    for cut in [0, 1, 16, 4095, 4096, whole.len() / 2, whole.len() - 4096, whole.len() - 1] {
        fs::write(&path, &whole[..cut]).unwrap();
        folder.refuses("serve", &[], "damaged");
    }
    let mut overwritten = whole.clone();
    overwritten[..4096].fill(b'x');
    fs::write(&path, &overwritten).unwrap();
    folder.refuses("serve", &[], "damaged");
    fs::write(&path, &whole).unwrap();
    let (node, _) = serving(&folder);
    stop(node);
}

#[test]
fn a_node_without_master_data_says_what_to_do() {
    let folder = Folder::new();
    succeeded(&folder.run("init", &[]));
    folder.refuses("serve", &[], "load some with `prereg-node import`");
}

#[test]
fn a_folder_that_cannot_be_written_is_one_sentence() {
    let folder = Folder::with_node();
    let data = folder.path("data");
    let mut command = folder.command("serve", &[]);
    if fs::metadata(&data).unwrap().uid() == 0 {
        // Nothing is forbidden to root: somebody else is to start it.
        for path in folder.everything().into_keys() {
            chown(path, Some(NOBODY), Some(NOBODY)).unwrap();
        }
        chown(folder.path(""), Some(NOBODY), Some(NOBODY)).unwrap();
        command.uid(NOBODY).gid(NOBODY);
    }
    fs::set_permissions(&data, Permissions::from_mode(0o500)).unwrap();
    let before = folder.everything();

    match command.spawn() {
        Ok(child) => is_one_sentence(&ended(child), "the replica's folder cannot be used: "),
        Err(error) if error.kind() == ErrorKind::PermissionDenied => {
            eprintln!("SKIPPED: the program lies where another user cannot start it");
        }
        Err(error) => panic!("it does not start: {error}"),
    }

    assert!(folder.everything() == before);
    fs::set_permissions(&data, Permissions::from_mode(0o700)).unwrap();
}

#[test]
fn a_configuration_with_a_mistake_in_it_names_the_line() {
    let folder = Folder::with_node();
    folder.configure("files = 3\nfile = 3\n");
    folder.refuses("serve", &[], "node.toml, line 10: unknown field `file`");
    assert_eq!(folder.run("serve", &[]).status.code(), Some(78));
    for (mistake, words) in [
        ("[", "node.toml, line 9: "),
        ("[demo]\nspool = 3\n", "node.toml, line 10: "),
        ("[center]\nid = \"1\"\nkiosks = 3\n", "unknown field `kiosks`"),
        ("[key]\nrecovery = [\"x\"]\n", "a recovery recipient is a public age key"),
        (
            "[mail]\nhost = \"h\"\nfrom = \"a@b.example\"\nuser = \"u\"\n",
            "give user and password_file",
        ),
        ("[mail]\nhost = \"h\"\nfrom = \"nobody\"\nsecurity = \"none\"\n", "mail.from: \"nobody\""),
        (
            "[sms]\nurl = \"https://s.example\"\nparameters = { n = \"{to}\" }\n",
            "{text} stands in none",
        ),
        (
            "[sms]\nurl = \"https://s.example\"\nparameters = { n = \"{to} {secret}\" }\n",
            "secret_file is needed",
        ),
        ("[[client]]\nid = \"a\"\nsecret_sha256 = \"x\"\nroles = []\n", "64 hexadecimal letters"),
        ("[scan]\nsockets = \"x\"\n", "unknown field `sockets`"),
        ("[[counter]]\nid = \"1\"\ncamera = \"C\"\n", "unknown field `camera`"),
        ("[[counter]]\nid = \"a b\"\n", "an id is 1 to 64 letters"),
        (
            "[[counter]]\nid = \"1\"\nkeys = [\"K\"]\n[[counter]]\nid = \"2\"\nkeys = [\"K\"]\n",
            "counter 2: K belongs to another counter already",
        ),
    ] {
        folder.configure(mistake);
        folder.refuses("serve", &[], words);
    }
    fs::write(folder.path("node.toml"), "folder = \"data\"\n[country]\nzone = \"Mars/One\"\n")
        .unwrap();
    folder.refuses("serve", &[], "there is no time zone");
    fs::write(folder.path("node.toml"), b"\xff\xfe").unwrap();
    folder.refuses("serve", &[], "cannot read ");
    fs::remove_file(folder.path("node.toml")).unwrap();
    folder.refuses("serve", &[], "cannot read ");
}

#[test]
fn the_mail_server_s_password_may_be_read_by_owner_and_group_and_by_nobody_else() {
    let folder = Folder::with_node();
    let mail =
        "[mail]\nhost = \"h\"\nfrom = \"nobody\"\nuser = \"u\"\npassword_file = \"mail.secret\"\n";
    folder.configure(mail);
    let secret = folder.path("mail.secret");
    for (content, mode, words) in [
        ("hush\n", 0o644, "may be read by anybody on this machine"),
        (" \n", 0o600, "holds no secret"),
        // What comes after the secret is looked at next.
        ("hush\n", 0o640, "mail.from: \"nobody\""),
    ] {
        fs::write(&secret, content).unwrap();
        fs::set_permissions(&secret, Permissions::from_mode(mode)).unwrap();
        folder.refuses("serve", &[], words);
    }
}

#[test]
fn commands_for_a_running_node_say_when_none_is() {
    let folder = Folder::with_node();
    for command in ["status", "sync"] {
        folder.refuses(command, &[], "start it with `prereg-node serve`");
    }
}
