//! Logs: to standard error, where the journal or a person reads, and to daily JSON files.
//!
//! Only this crate may log below a warning: what HTTP and TLS crates tell while debugging holds
//! headers and paths, and so tokens and PRIDs (I8).

use std::fmt;
use std::io::{self, IsTerminal as _};
use std::path::PathBuf;

use serde::Deserialize;
use tracing::{Event, Level, Metadata, Subscriber};
use tracing_appender::non_blocking::WorkerGuard;
use tracing_appender::rolling::{RollingFileAppender, Rotation};
use tracing_subscriber::filter::{EnvFilter, filter_fn};
use tracing_subscriber::fmt::format::{FormatEvent, FormatFields, Writer};
use tracing_subscriber::fmt::{self as log, FmtContext, MakeWriter};
use tracing_subscriber::layer::{Layer, SubscriberExt as _};
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::{SubscriberInitExt as _, TryInitError};

/// The section `[log]` of the configuration.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// What is logged, such as `info` or `info,prereg_node::sync=debug`.
    pub filter: String,
    /// Where the daily files go; without it there are none.
    pub folder: Option<PathBuf>,
    /// How many daily files are kept, at least one.
    pub files: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self { filter: "info".to_owned(), folder: None, files: 14 }
    }
}

/// Writes what is still waiting when it is dropped; to be kept until the end of the program.
#[derive(Debug)]
#[must_use]
pub struct Guard {
    _files: Option<WorkerGuard>,
}

/// Why there is no log. Each text is a sentence for the operator.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The filter cannot be read.
    #[error("log.filter: {0}")]
    Filter(#[from] tracing_subscriber::filter::ParseError),
    /// The folder cannot be used.
    #[error("cannot write logs to {folder}: {1}", folder = .0.display())]
    Folder(PathBuf, #[source] tracing_appender::rolling::InitError),
    /// Logging was started before.
    #[error("logging runs already")]
    Twice(#[from] TryInitError),
}

/// Starts logging for the whole program, and has panics logged by their place alone.
///
/// # Errors
/// A filter that cannot be read, a folder that cannot be written, a second start.
pub fn start(settings: &Settings) -> Result<Guard, Error> {
    let (files, guard) = match files(settings)? {
        Some(appender) => {
            let (files, guard) = tracing_appender::non_blocking(appender);
            (Some(files), Some(guard))
        }
        None => (None, None),
    };
    let output = Output::of_this_process();
    subscriber(settings, output, io::stderr, files)?.try_init()?;
    std::panic::set_hook(Box::new(|panic| {
        // A panic's message may quote what it stumbled over; its place may not.
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(place, "a task panicked");
    }));
    Ok(Guard { _files: guard })
}

/// Who reads standard error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Output {
    /// A person at a terminal: colours and times.
    Person,
    /// The journal, which knows the time and takes the level from a number before the line.
    Journal,
    /// A file or another program.
    Plain,
}

impl Output {
    fn of_this_process() -> Self {
        if io::stderr().is_terminal() {
            Self::Person
        } else if std::env::var_os("JOURNAL_STREAM").is_some() {
            Self::Journal
        } else {
            Self::Plain
        }
    }
}

fn files(settings: &Settings) -> Result<Option<RollingFileAppender>, Error> {
    let Some(folder) = &settings.folder else { return Ok(None) };
    RollingFileAppender::builder()
        .rotation(Rotation::DAILY)
        .filename_prefix("prereg-node")
        .filename_suffix("json")
        .max_log_files(settings.files.max(1))
        .build(folder)
        .map(Some)
        .map_err(|error| Error::Folder(folder.clone(), error))
}

fn subscriber<E, F>(
    settings: &Settings,
    output: Output,
    stderr: E,
    files: Option<F>,
) -> Result<impl Subscriber + Send + Sync + 'static, Error>
where
    E: for<'w> MakeWriter<'w> + Send + Sync + 'static,
    F: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let filter = EnvFilter::builder().parse(&settings.filter)?;
    let stderr = match output {
        Output::Person => log::layer().with_writer(stderr).boxed(),
        Output::Plain => log::layer().with_ansi(false).with_writer(stderr).boxed(),
        Output::Journal => {
            log::layer().with_ansi(false).event_format(ForJournal).with_writer(stderr).boxed()
        }
    };
    let files = files.map(|files| log::layer().json().flatten_event(true).with_writer(files));
    Ok(tracing_subscriber::registry()
        .with(filter)
        .with(filter_fn(is_ours))
        .with(stderr)
        .with(files))
}

/// Lets pass what this crate says, and warnings of the others.
fn is_ours(metadata: &Metadata<'_>) -> bool {
    let target = metadata.target();
    let ours = target.split("::").next() == Some(env!("CARGO_CRATE_NAME"));
    ours || *metadata.level() <= Level::WARN
}

/// One line for each event, its syslog level before it, no time.
struct ForJournal;

impl<S, N> FormatEvent<S, N> for ForJournal
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let level = match *event.metadata().level() {
            Level::ERROR => 3,
            Level::WARN => 4,
            Level::INFO => 6,
            _ => 7,
        };
        write!(writer, "<{level}>")?;
        log::format().without_time().with_level(false).format_event(context, writer, event)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl Lines {
        fn text(&self) -> String {
            String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
        }
    }

    impl io::Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// Returns what goes to standard error and to the files while `act` runs.
    fn logged(filter: &str, output: Output, act: impl FnOnce()) -> (String, String) {
        let (stderr, files) = (Lines::default(), Lines::default());
        let writer = |lines: &Lines| {
            let lines = lines.clone();
            move || lines.clone()
        };
        let settings = Settings { filter: filter.to_owned(), ..Settings::default() };
        let subscriber =
            subscriber(&settings, output, writer(&stderr), Some(writer(&files))).unwrap();
        tracing::subscriber::with_default(subscriber, act);
        (stderr.text(), files.text())
    }

    #[test]
    fn an_event_goes_to_standard_error_and_as_json_to_the_files() {
        let (stderr, files) =
            logged("info", Output::Plain, || tracing::info!(count = 3, "records came"));
        assert!(stderr.contains("INFO") && stderr.contains("records came count=3"), "{stderr}");
        let line: serde_json::Value = serde_json::from_str(&files).unwrap();
        assert_eq!((&line["level"], &line["count"]), (&"INFO".into(), &3.into()));
        assert_eq!(line["message"], "records came");
        assert!(line["timestamp"].is_string());
    }

    #[test]
    fn a_line_for_the_journal_begins_with_its_level_and_has_no_time() {
        let (stderr, _) = logged("info", Output::Journal, || tracing::warn!("line is down"));
        assert_eq!(stderr, "<4>prereg_node::logging::tests: line is down\n");
    }

    /// I8
    #[test]
    fn no_filter_lets_other_crates_debug_for_they_print_headers() {
        let (stderr, files) = logged("trace", Output::Plain, || {
            tracing::debug!(target: "h2::codec", "authorization: secret");
            tracing::info!(target: "prereg_node_not", "secret");
            tracing::warn!(target: "hyper", "told");
            tracing::trace!("ours");
        });
        assert!(!stderr.contains("secret") && !files.contains("secret"), "{stderr}");
        assert!(stderr.contains("told") && stderr.contains("ours"), "{stderr}");
    }

    #[test]
    fn the_filter_is_obeyed_and_a_bad_one_refused() {
        let (stderr, _) = logged("warn", Output::Plain, || tracing::info!("quiet"));
        assert_eq!(stderr, "");
        let settings = Settings { filter: "info,=x=".to_owned(), ..Settings::default() };
        assert!(subscriber(&settings, Output::Plain, io::sink, Some(io::sink)).is_err());
    }

    #[test]
    fn a_folder_that_cannot_be_written_is_one_sentence() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let folder = Some(file.path().join("below"));
        let error = files(&Settings { folder, ..Settings::default() }).unwrap_err();
        assert!(error.to_string().starts_with("cannot write logs to "), "{error}");
    }

    #[test]
    fn only_so_many_daily_files_are_kept() {
        let folder = tempfile::tempdir().unwrap();
        for day in 1..=5 {
            fs::write(folder.path().join(format!("prereg-node.2020-01-0{day}.json")), "{}")
                .unwrap();
        }
        let settings =
            Settings { folder: Some(folder.path().to_owned()), files: 3, ..Settings::default() };
        let _appender = files(&settings).unwrap();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 3);
    }
}
