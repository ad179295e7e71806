//! Wires the counters to the process that has the cameras.

use std::sync::Arc;

use tokio::sync::{Notify, mpsc, watch};
use tokio::task::JoinSet;

use crate::domain::counter::{Counters, Scanner};
use crate::domain::scan::Read;
use crate::entropy::Entropy;
use crate::http;
use crate::scanner::link::{self, Channels, Way};
use crate::scanner::socket::{Folder, Settings};

/// Codes that may wait to be looked up.
const WAITING: usize = 64;

/// Who reads codes, and for whom.
#[derive(Clone, Debug)]
pub struct Scanning {
    /// How the process is reached that reads them.
    pub way: Way,
    /// Which cameras it opens, by names or paths; all without.
    pub cameras: Option<Vec<String>>,
    /// The counters.
    pub counters: Counters,
}

impl Scanning {
    /// Returns what is read by a child of this program, for the one counter that takes everything.
    #[must_use]
    pub fn by_child(program: impl Into<std::path::PathBuf>) -> Self {
        Self { way: Way::Child(program.into()), cameras: None, counters: Counters::default() }
    }

    /// Returns what is told to the process that reads codes.
    #[must_use]
    pub fn settings(&self) -> Settings {
        let all = self.counters.all();
        let folders = all.iter().filter_map(|counter| {
            let path = counter.folder.as_ref()?.to_string_lossy().into_owned();
            Some(Folder { name: counter.id.as_str().to_owned(), path })
        });
        Settings {
            cameras: self.cameras.clone(),
            keys: all.iter().flat_map(|counter| counter.keys.clone()).collect(),
            folders: folders.collect(),
        }
    }
}

/// The ends of the channels that the rest of the node holds.
pub(super) struct Wired {
    pub(super) counters: http::counters::Counters,
    pub(super) pictures: mpsc::Sender<http::AskPicture>,
    pub(super) looks: mpsc::Sender<http::AskLook>,
    pub(super) scanner: watch::Receiver<Scanner>,
    pub(super) reads: mpsc::Receiver<Read>,
}

/// Starts the lanes to the process that reads codes.
pub(super) fn wire(
    scanning: Scanning,
    lanes: &mut JoinSet<()>,
    stop: watch::Receiver<bool>,
    entropy: &dyn Entropy,
) -> Wired {
    let (told, reads) = mpsc::channel(WAITING);
    let (pictures, questions) = mpsc::channel(WAITING);
    let (looks, looked) = mpsc::channel(WAITING);
    let (seen, scanner) = watch::channel(Scanner::default());
    let wanted = Arc::new(Notify::new());
    let channels =
        Channels { reads: told, scanner: seen, looks: looked, wanted: Arc::clone(&wanted) };
    let settings = scanning.settings();
    let eager = !scanning.counters.takes_everything();
    lanes.spawn(link::watch(scanning.way.clone(), settings, eager, channels, stop));
    lanes.spawn(link::answer(scanning.way, questions));
    let run = u32::from_le_bytes(entropy.bytes());
    let counters = http::counters::Counters::new(scanning.counters, scanner.clone(), wanted, run);
    Wired { counters, pictures, looks, scanner, reads }
}
