//! `prereg-node audit verify`: whether the audit trail is what it was.

use std::process::{Command, Stdio};

use crate::folder::{Folder, ended, succeeded};
use crate::serve::{serving, stop};

fn verify(folder: &Folder) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_prereg-node"));
    command.args(["audit", "verify", "--config"]).arg(folder.path("node.toml"));
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    succeeded(&ended(command.spawn().unwrap()))
}

#[test]
fn the_trail_of_a_node_is_checked_whether_it_serves_or_not() {
    let folder = Folder::with_node();
    assert_eq!(verify(&folder), "the audit trail is whole: 0 records\n");
    let (node, _) = serving(&folder);
    assert_eq!(verify(&folder), "the audit trail is whole: 0 records\n");
    stop(node);
}
