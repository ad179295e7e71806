//! Notes what the tests assert of the answers, for the table of `tests/contract`: which endpoint was
//! called well, and which refusals were expected of it.
//!
//! Nothing is noted unless `PREREG_ASSERTED` names a folder; `scripts/test` does.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::Write as _;
use std::path::PathBuf;
use std::sync::{LazyLock, Mutex};

use hyper::Method;
use prereg_node::domain::status::Lifecycle;
use serde_json::Value;

/// The folder, if there is one.
static FOLDER: LazyLock<Option<PathBuf>> =
    LazyLock::new(|| std::env::var_os("PREREG_ASSERTED").map(PathBuf::from));

/// What was noted already.
static NOTED: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

/// What an answer answers.
#[derive(Clone)]
pub(crate) struct Asked {
    pub(super) method: Method,
    /// With its query.
    pub(super) path: String,
    pub(super) lifecycle: Lifecycle,
}

impl Asked {
    /// Notes that it went well.
    pub(super) fn went_well(&self, response: &Value) {
        // What tells an application that is not new from the demographic record at the same path.
        let member = if response.get("bookingType").is_some() { "bookingType" } else { "" };
        self.note("", "", member);
    }

    /// Notes that it was refused with this code and text.
    pub(super) fn was_refused(&self, code: &str, text: &str) {
        self.note(code, text, "");
    }

    fn note(&self, code: &str, text: &str, member: &str) {
        let Some(folder) = &*FOLDER else { return };
        let (path, query) = self.path.split_once('?').unwrap_or((&self.path, ""));
        let names: Vec<&str> = query.split('&').filter_map(|pair| pair.split('=').next()).collect();
        let lifecycle = match self.lifecycle {
            Lifecycle::V1_1 => "1.1",
            Lifecycle::V1_2 => "1.2",
        };
        let path: Vec<String> = path.split('/').map(without_digits).collect();
        let (method, path, names) = (&self.method, path.join("/"), names.join(","));
        let line = format!("{method}\t{path}\t{names}\t{member}\t{lifecycle}\t{code}\t{text}\n");
        let mut noted = NOTED.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if noted.insert(line.clone()) {
            let name = folder.join(format!("{}.tsv", std::process::id()));
            let mut file = File::options().create(true).append(true).open(name).unwrap();
            file.write_all(line.as_bytes()).unwrap();
        }
    }
}

/// Returns a segment of a path, or a sign if it has a digit: then it is an id, of which there are many.
fn without_digits(segment: &str) -> String {
    let is_id = !["v1", "syncV2"].contains(&segment)
        && segment.len() > 1
        && segment.contains(|c: char| c.is_ascii_digit());
    if is_id { "0".to_owned() } else { segment.to_owned() }
}
