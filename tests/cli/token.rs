//! `prereg-node token`: a login token, for trials alone.

use crate::folder::{Folder, succeeded};

/// I9
#[test]
fn a_node_that_is_no_trial_prints_no_token() {
    let folder = Folder::with_node();
    folder.refuses(
        "token",
        &["--user", "x", "--role", "COUNTER"],
        "tokens are printed only for a node with [demo] in its configuration",
    );
}

#[test]
fn a_trial_prints_a_token_of_a_role_there_is() {
    let folder = Folder::with_node();
    folder.configure("[demo]\nspool = \"spool\"\n");
    let token = succeeded(&folder.run("token", &["--user", "x", "--role", "COUNTER"]));
    assert_eq!(token.trim().split('.').count(), 3, "{token}");
    folder.refuses("token", &["--user", "x", "--role", "KING"], "there is no role KING");
}
