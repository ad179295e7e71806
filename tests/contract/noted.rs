//! What the tests noted: a line for each answer that they asserted something of.

use std::io;
use std::path::Path;

use crate::lists::Contract;

/// A line, as the contract sees it.
pub(crate) struct Noted {
    /// The endpoint's id.
    pub(crate) endpoint: &'static str,
    /// Whether it was called by the path of today's portal.
    pub(crate) is_portal_s: bool,
    pub(crate) lifecycle: String,
    /// Empty if it went well.
    pub(crate) code: String,
    pub(crate) text: String,
}

/// Reads all notes in `folder`; those of other paths than the contract's are left out.
pub(crate) fn read(folder: &Path, contract: &Contract) -> io::Result<Vec<Noted>> {
    let mut noted = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        for line in std::fs::read_to_string(entry?.path())?.lines() {
            let wrong = || io::Error::other(format!("what is {line}?"));
            let line: Vec<&str> = line.splitn(7, '\t').collect();
            let [method, path, names, member, lifecycle, code, text] = line[..] else {
                return Err(wrong());
            };
            let Some(path) = path.strip_prefix("/preregistration/v1") else { continue };
            let segments: Vec<&str> = path.split('/').collect();
            let names: Vec<&str> = names.split(',').collect();
            let Some((endpoint, number)) = contract.find(method, &segments, &names, member) else {
                continue;
            };
            noted.push(Noted {
                endpoint: endpoint.id,
                is_portal_s: number > 0 || path.starts_with("/internal/"),
                lifecycle: lifecycle.to_owned(),
                code: code.to_owned(),
                text: text.to_owned(),
            });
        }
    }
    Ok(noted)
}
