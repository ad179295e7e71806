//! The sections on who reads codes and for whom: `[scan]` and `[[counter]]`.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::Error;
use crate::domain::counter::{Counter, Counters};
use crate::domain::ids::CounterId;
use crate::node::Scanning;
use crate::scanner::link::Way;
use crate::scanner::socket::MAX_SOURCES;
use crate::scanner::worker::THIS_PROGRAM;

/// The process that reads codes.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Scan {
    socket: Option<PathBuf>,
    cameras: Option<Vec<String>>,
}

/// A counter.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CounterFile {
    id: String,
    name: Option<String>,
    #[serde(default)]
    cameras: Vec<String>,
    #[serde(default)]
    keys: Vec<String>,
    folder: Option<PathBuf>,
}

/// Returns who reads codes and for whom.
pub(super) fn scanning(
    path: &Path,
    base: &Path,
    scan: Option<Scan>,
    counters: Vec<CounterFile>,
) -> Result<Scanning, Error> {
    let wrong = |text: String| Error::Value(path.into(), text);
    let scan = scan.unwrap_or_default();
    let counters = counters.into_iter().map(|counter| Counter {
        id: CounterId::new(counter.id),
        name: counter.name,
        cameras: counter.cameras,
        keys: counter.keys,
        folder: counter.folder.map(|folder| base.join(folder)),
    });
    let counters = Counters::new(counters.collect()).map_err(|error| wrong(error.to_string()))?;
    let way = match scan.socket {
        Some(socket) => Way::Socket(base.join(socket)),
        None => Way::Child(THIS_PROGRAM.into()),
    };
    let scanning = Scanning { way, cameras: scan.cameras, counters };
    let settings = scanning.settings();
    let cameras = settings.cameras.map_or(0, |cameras| cameras.len());
    for (count, what) in
        [(cameras, "cameras"), (settings.keys.len(), "keys"), (settings.folders.len(), "folders")]
    {
        if count > MAX_SOURCES {
            return Err(wrong(format!("more than {MAX_SOURCES} {what} are not read")));
        }
    }
    Ok(scanning)
}
