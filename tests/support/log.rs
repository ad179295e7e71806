//! What the nodes of this test program logged, all of them together: the level is the lowest, so that
//! what an operator could ever switch on is looked through as well (I8).

use std::io;
use std::sync::{Mutex, Once, PoisonError};

use tracing::{Level, Metadata};
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::fmt;
use tracing_subscriber::layer::SubscriberExt as _;

static LINES: Mutex<Vec<u8>> = Mutex::new(Vec::new());
static STARTED: Once = Once::new();

/// Begins to keep what is logged.
pub(super) fn start() {
    STARTED.call_once(|| {
        let lines = fmt::layer().with_ansi(false).with_writer(|| Lines);
        let subscriber = tracing_subscriber::registry().with(filter_fn(is_kept)).with(lines);
        tracing::subscriber::set_global_default(subscriber).unwrap();
    });
}

/// Returns what was logged so far.
pub(crate) fn logged() -> String {
    let lines = LINES.lock().unwrap_or_else(PoisonError::into_inner);
    String::from_utf8_lossy(&lines).into_owned()
}

/// Keeps what the program itself lets pass at its most talkative.
fn is_kept(metadata: &Metadata<'_>) -> bool {
    metadata.target().starts_with("prereg_node") || *metadata.level() <= Level::WARN
}

struct Lines;

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        LINES.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
