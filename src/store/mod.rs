//! The replica: one SQLCipher database. All SQL of the program is here and in `schema/`.
//!
//! One thread owns the writing connection and commits in groups (`group.rs`); readers come from a
//! small pool. `write` hands out a [`Tx`], `read` a [`View`]; nobody else commits. The same store
//! runs without threads ([`Store::inline`]) where a simulation wants one order of events.

pub mod application;
pub mod attempt;
pub mod audit;
pub mod blob;
pub mod check;
mod columns;
pub mod confirmed;
pub mod consumed;
pub mod document;
mod group;
pub mod job;
pub mod line;
pub mod listed;
pub mod listing;
pub mod login;
pub mod master;
pub mod message;
mod open;
pub mod operation;
pub mod otp;
pub mod overview;
mod readers;
pub mod signing;
pub mod slot;

use std::ops::Deref;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use rusqlite::{Connection, ErrorCode};
use tokio::sync::{mpsc, oneshot, watch};

use crate::store::group::{Job, Task};
use crate::store::readers::Readers;

pub use open::Key;

/// Reading connections; each holds up to 8 MB of cached pages.
const READERS: usize = 4;
/// Writes that may wait; who comes then waits for a place.
const QUEUE: usize = 1024;

/// Why the replica failed. Texts name no value of any row.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// SQLite said no.
    #[error("the replica failed")]
    Sqlite(#[source] rusqlite::Error),
    /// The disk is full: nothing was changed.
    #[error("the disk is full, so nothing was changed")]
    Full,
    /// The transaction was lost to an error of the disk.
    #[error("the disk failed, so nothing was changed")]
    Lost,
    /// The file is no database, or not one of this key.
    #[error("the replica does not open with this key: it belongs to another key or is damaged")]
    WrongKey,
    /// The file is there and broken.
    #[error("the replica is damaged; restore it from a backup")]
    Damaged,
    /// There is no replica.
    #[error("there is no replica here; make one with `prereg-node init`")]
    Missing,
    /// There is one already.
    #[error("there is a replica here already")]
    Exists,
    /// Another process has it.
    #[error("another prereg-node has this replica open")]
    InUse,
    /// The file or its folder cannot be used.
    #[error("the replica's folder cannot be used: {0}")]
    Io(#[from] std::io::Error),
    /// A migration failed.
    #[error("the replica's schema could not be brought up to date")]
    Migration(#[source] Box<refinery::Error>),
    /// A row does not spell what its column should.
    #[error("a row of the replica is not understood: {0}")]
    Row(&'static str),
    /// The work on the transaction panicked; it was rolled back.
    #[error("an internal fault; the change was undone")]
    Panicked,
    /// A read took longer than it may.
    #[error("the read took too long")]
    TooSlow,
    /// The store is being closed.
    #[error("the node is stopping")]
    Closed,
}

/// Says by its name what an officer can do something about.
impl From<rusqlite::Error> for Error {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => Self::Full,
            // The key fitted when it was opened, so a page that does not is damaged.
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Self::Damaged,
            _ => Self::Sqlite(error),
        }
    }
}

impl Error {
    /// Tells whether it is about what was to be written or read, and not about the replica as a
    /// whole: something else may go well.
    #[must_use]
    pub fn is_about_content(&self) -> bool {
        match self {
            Self::Row(_) | Self::Panicked => true,
            Self::Sqlite(error) => matches!(
                error.sqlite_error_code(),
                Some(ErrorCode::ConstraintViolation | ErrorCode::TooBig | ErrorCode::TypeMismatch)
            ),
            _ => false,
        }
    }
}

/// A connection to read from: one consistent state of the replica.
pub struct View<'c>(&'c Connection);

impl View<'_> {
    fn prepare(&self, sql: &str) -> Result<rusqlite::CachedStatement<'_>, Error> {
        Ok(self.0.prepare_cached(sql)?)
    }
}

/// A transaction to write in; it reads too. It commits when the work on it answers `Ok`.
pub struct Tx<'c>(View<'c>);

impl<'c> Deref for Tx<'c> {
    type Target = View<'c>;

    fn deref(&self) -> &View<'c> {
        &self.0
    }
}

/// The replica, open. Clones share it.
#[derive(Clone)]
pub struct Store(Arc<Shell>);

struct Shell {
    way: Way,
    commits: watch::Sender<u64>,
    // Held while the store is open: commands open the replica only when no serve does.
    _lock: Option<std::fs::File>,
}

enum Way {
    Threads {
        /// The way to the writer and its thread; there until the store is dropped.
        writer: Option<(mpsc::Sender<Job>, JoinHandle<()>)>,
        readers: Readers,
    },
    Inline(Mutex<Connection>),
}

impl Drop for Shell {
    /// Waits for the writer to close, so that no file of it outlives the node and its lock.
    fn drop(&mut self) {
        let Way::Threads { writer, readers } = &mut self.way else { return };
        readers.close();
        let Some((writer, thread)) = writer.take() else { return };
        drop(writer);
        // A write that held the last of the store drops it on the writer's own thread.
        if thread.thread().id() != std::thread::current().id() {
            let _ = thread.join();
        }
    }
}

impl Store {
    /// Makes a new replica at `path`.
    ///
    /// # Errors
    /// [`Error::Exists`] if there is a file already; it is left as it is.
    pub fn create(path: &Path, key: &Key) -> Result<(), Error> {
        open::new_file(path)?;
        open::migrated(path, key, true).map(drop)
    }

    /// Opens the replica at `path` with its writer thread and readers.
    ///
    /// # Errors
    /// [`Error::Missing`], [`Error::WrongKey`], [`Error::Damaged`] or [`Error::InUse`]; nothing is
    /// changed then.
    pub fn open(path: &Path, key: &Key) -> Result<Self, Error> {
        let lock = open::lock(path)?;
        let mut connection = open::migrated(path, key, false)?;
        let readers =
            (0..READERS).map(|_| open::reader(path, key)).collect::<Result<Vec<_>, _>>()?;
        let commits = watch::Sender::new(0);
        let (writer, mut waiting) = mpsc::channel::<Job>(QUEUE);
        let counter = commits.clone();
        let thread = std::thread::Builder::new().name("writer".into()).spawn(move || {
            group::run(&mut connection, &mut waiting, &counter);
        })?;
        let way = Way::Threads { writer: Some((writer, thread)), readers: Readers::new(readers) };
        Ok(Self(Arc::new(Shell { way, commits, _lock: Some(lock) })))
    }

    /// Opens the same store without threads: each write is done when its future is first polled.
    ///
    /// # Errors
    /// As [`Store::open`].
    pub fn inline(path: &Path, key: &Key) -> Result<Self, Error> {
        let lock = open::lock(path)?;
        let connection = open::migrated(path, key, false)?;
        let way = Way::Inline(Mutex::new(connection));
        Ok(Self(Arc::new(Shell { way, commits: watch::Sender::new(0), _lock: Some(lock) })))
    }

    /// Runs `work` in a transaction and answers after its commit is on disk (I1). On `Err`, or a
    /// panic, all that it did is undone.
    ///
    /// `work` runs again, from the start, if the group it was in is lost.
    ///
    /// # Errors
    /// What `work` answers, or the store's own failure.
    pub async fn write<T, E, F>(&self, work: F) -> Result<T, E>
    where
        F: FnMut(&Tx<'_>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        let (answer, answered) = oneshot::channel();
        let job: Job = Box::new(Task::new(work, answer));
        match &self.0.way {
            Way::Threads { writer, .. } => {
                let (writer, _) = writer.as_ref().ok_or(Error::Closed)?;
                writer.send(job).await.map_err(|_| Error::Closed)?;
            }
            Way::Inline(connection) => {
                let mut connection =
                    connection.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
                group::commit(&mut connection, vec![job], &self.0.commits);
            }
        }
        answered.await.unwrap_or_else(|_| Err(Error::Closed.into()))
    }

    /// Runs `work` on one consistent state of the replica, for at most five seconds.
    ///
    /// # Errors
    /// What `work` answers, or the store's own failure.
    pub async fn read<T, E, F>(&self, work: F) -> Result<T, E>
    where
        F: FnOnce(&View<'_>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        match &self.0.way {
            Way::Threads { readers, .. } => {
                readers.run(move |connection| consistent(connection, work)).await
            }
            Way::Inline(_) => self.read_now(work),
        }
    }

    fn read_now<T, E: From<Error>>(
        &self,
        work: impl FnOnce(&View<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let Way::Inline(connection) = &self.0.way else { return Err(Error::Closed.into()) };
        let connection = connection.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        consistent(&connection, work)
    }

    /// Returns a counter that grows with every commit: who watches it sees that something changed.
    #[must_use]
    pub fn commits(&self) -> watch::Receiver<u64> {
        self.0.commits.subscribe()
    }
}

/// Runs `work` inside a read transaction, so that all its statements see the same state.
fn consistent<T, E: From<Error>>(
    connection: &Connection,
    work: impl FnOnce(&View<'_>) -> Result<T, E>,
) -> Result<T, E> {
    if !connection.is_autocommit() {
        // An interrupt hit the end of the last read.
        connection.execute_batch("ROLLBACK").map_err(Error::from)?;
    }
    connection.execute_batch("BEGIN").map_err(Error::from)?;
    let answer = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| work(&View(connection))));
    // Nothing was written, so rolling back only lets go of the state that was read.
    // Where that is interrupted, the next read does it.
    let _ = connection.execute_batch("ROLLBACK");
    answer.unwrap_or_else(|_| Err(Error::Panicked.into()))
}
