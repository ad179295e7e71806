//! admin.sock: what a command asks of a running serve. One line of JSON each way; only the user that
//! serve runs as, and root, may ask.

use std::io;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{mpsc, oneshot, watch};

use crate::clock::Clock;
use crate::domain::counter::Scanner;
use crate::domain::line::Line;
use crate::domain::operation::Outcome;
use crate::services;
use crate::store::attempt::Waiting;
use crate::store::operation::Counts;
use crate::store::{self, Store};

/// The socket's name in the node's folder.
pub const SOCKET: &str = "admin.sock";
/// Bytes of a question at most.
const LONGEST: u64 = 4096;
/// How long a question may take to come.
const PATIENCE: Duration = Duration::from_secs(5);

/// What is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Question {
    /// How the node stands.
    Status,
    /// To synchronise now, and how the node stands after that.
    Sync,
    /// Whether the audit trail is whole.
    Audit,
}

/// How a node stands.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Status {
    line: Line,
    scanner: Scanner,
    applications: u64,
    documents_coming: u64,
    operations: Counts,
    refused: Vec<Refused>,
    waiting: Vec<Waiting>,
    messages: store::message::Counts,
}

/// A refusal, with what an officer can do about it.
#[derive(Debug, Serialize)]
struct Refused {
    prid: String,
    operation: &'static str,
    code: String,
    sentence: String,
}

/// Why a command got no answer.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No serve is running there.
    #[error("no prereg-node serves this folder now; start it with `prereg-node serve`")]
    NotRunning,
    /// It is another user's.
    #[error("the running prereg-node belongs to another user")]
    Denied,
    /// The talk broke off.
    #[error("the running prereg-node did not answer: {0}")]
    Io(#[from] io::Error),
}

/// Answers commands until `stop` says so. `seen` is what the node sees of its line and its cameras; `nudge` wakes the synchronisation; an authority has none.
///
/// # Errors
/// Why the socket cannot be made.
pub async fn serve(
    folder: PathBuf,
    store: Store,
    seen: (watch::Receiver<Line>, watch::Receiver<Scanner>),
    nudge: Option<mpsc::Sender<oneshot::Sender<Line>>>,
    clock: Clock,
    mut stop: watch::Receiver<bool>,
) -> io::Result<()> {
    let path = folder.join(SOCKET);
    // One that is left over belongs to nobody: the replica's lock is ours.
    match std::fs::remove_file(&path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let listener = UnixListener::bind(&path)?;
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600))?;
    let owner = std::fs::metadata(&path)?.uid();
    loop {
        let stream = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = stop.wait_for(|stopped| *stopped) => break,
        };
        let Ok((stream, _)) = stream else {
            // Mostly the limit of open files: asking again at once would only spin.
            let _ = tokio::time::timeout(PATIENCE, stop.wait_for(|stopped| *stopped)).await;
            continue;
        };
        let allowed = |peer: u32| peer == owner || peer == 0;
        if !stream.peer_cred().is_ok_and(|peer| allowed(peer.uid())) {
            continue;
        }
        // One at a time: commands are rare, and two rounds at once are one too many.
        if let Err(error) = answer(stream, &store, &seen, nudge.as_ref(), &clock).await {
            tracing::debug!(%error, "a command went away");
        }
    }
    std::fs::remove_file(&path)
}

async fn answer(
    stream: UnixStream,
    store: &Store,
    (line, scanner): &(watch::Receiver<Line>, watch::Receiver<Scanner>),
    nudge: Option<&mpsc::Sender<oneshot::Sender<Line>>>,
    clock: &Clock,
) -> io::Result<()> {
    let (from, mut to) = stream.into_split();
    let mut question = String::new();
    let mut from = BufReader::new(from.take(LONGEST));
    // One that connects and is silent keeps nobody else out.
    tokio::time::timeout(PATIENCE, from.read_line(&mut question)).await??;
    let Ok(question) = serde_json::from_str::<Question>(&question) else {
        return to.write_all(b"{\"error\":\"unknown question\"}\n").await;
    };
    if let (Question::Sync, Some(nudge)) = (question, nudge) {
        let (done, wait) = oneshot::channel();
        if nudge.send(done).await.is_ok() {
            // Dropped only when the node stops.
            let _ = wait.await;
        }
    }
    let line = line.borrow().clone();
    if question == Question::Audit {
        let mut answer = match services::audit::verify(store).await {
            Ok(verdict) => serde_json::to_vec(&verdict)?,
            Err(error) => serde_json::to_vec(&serde_json::json!({"error": error.to_string()}))?,
        };
        answer.push(b'\n');
        return to.write_all(&answer).await;
    }
    let (scanner, now) = (scanner.borrow().clone(), clock.now());
    let mut answer = match store.read(move |view| status(view, line, scanner, now)).await {
        Ok(status) => serde_json::to_vec(&status)?,
        Err(error) => serde_json::to_vec(&serde_json::json!({"error": error.to_string()}))?,
    };
    answer.push(b'\n');
    to.write_all(&answer).await
}

fn status(
    view: &store::View<'_>,
    line: Line,
    scanner: Scanner,
    now: Timestamp,
) -> Result<Status, store::Error> {
    let refused = store::operation::refused(view, 20)?;
    Ok(Status {
        line,
        scanner,
        applications: store::application::count(view)?,
        documents_coming: store::document::count_coming(view)?,
        operations: store::operation::counts(view)?,
        messages: store::message::counts(view, now)?,
        waiting: store::attempt::waiting(view, 20)?,
        refused: refused
            .into_iter()
            .filter_map(|operation| match operation.outcome {
                Some(Outcome::Refused { code, sentence }) => Some(Refused {
                    prid: operation.prid.to_string(),
                    operation: operation.change.name(),
                    code,
                    sentence,
                }),
                _ => None,
            })
            .collect(),
    })
}

/// Asks the serve that runs in `folder`; returns its answer as JSON.
///
/// # Errors
/// [`Error::NotRunning`], [`Error::Denied`], or a talk that broke off.
pub fn ask(folder: &Path, question: Question) -> Result<serde_json::Value, Error> {
    use std::io::{BufRead as _, Write as _};
    use std::os::unix::net::UnixStream;

    let mut stream =
        UnixStream::connect(folder.join(SOCKET)).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused => Error::NotRunning,
            io::ErrorKind::PermissionDenied => Error::Denied,
            _ => Error::Io(error),
        })?;
    let mut text = serde_json::to_string(&question).map_err(io::Error::other)?;
    text.push('\n');
    stream.write_all(text.as_bytes())?;
    let mut answer = String::new();
    std::io::BufReader::new(stream).read_line(&mut answer)?;
    serde_json::from_str(&answer).map_err(|error| Error::Io(io::Error::other(error)))
}
