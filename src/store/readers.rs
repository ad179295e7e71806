//! The reading connections: a small pool, each lent to one read at a time and never lost, however the
//! read ends.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rusqlite::{Connection, InterruptHandle};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::store::Error;

/// How long one read may last before it is interrupted.
const LIMIT: Duration = Duration::from_secs(5);

/// The pool.
pub(super) struct Readers {
    idle: Arc<Mutex<Vec<Connection>>>,
    free: Arc<Semaphore>,
    limit: Duration,
}

impl Readers {
    pub(super) fn new(connections: Vec<Connection>) -> Self {
        let free = Arc::new(Semaphore::new(connections.len()));
        Self { idle: Arc::new(Mutex::new(connections)), free, limit: LIMIT }
    }

    /// Closes the connections that are not lent; those that are go when they come back.
    pub(super) fn close(&self) {
        self.free.close();
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// Runs `work` on a connection. It is interrupted when it lasts too long, and when nobody waits
    /// for it any more.
    pub(super) async fn run<T, E, F>(&self, work: F) -> Result<T, E>
    where
        F: FnOnce(&Connection) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        let place = Arc::clone(&self.free).acquire_owned().await.map_err(|_| Error::Closed)?;
        let connection = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let connection = connection.ok_or(Error::Closed)?;
        let handle = Arc::new(Mutex::new(Some(connection.get_interrupt_handle())));
        let stop = Stop(Arc::clone(&handle));
        let lent =
            Lent { connection: Some(connection), idle: Arc::clone(&self.idle), handle, place };
        let mut reading = tokio::task::spawn_blocking(move || lent.run(work));
        let (done, is_slow) = match tokio::time::timeout(self.limit, &mut reading).await {
            Ok(done) => (done, false),
            Err(_) => {
                stop.interrupt();
                (reading.await, true)
            }
        };
        match done {
            Ok(Err(_)) if is_slow => Err(Error::TooSlow.into()),
            Ok(answer) => answer,
            Err(_) => Err(Error::Panicked.into()),
        }
    }
}

/// A connection on loan. It goes back when this is dropped, a panic included; the place after it.
struct Lent {
    connection: Option<Connection>,
    idle: Arc<Mutex<Vec<Connection>>>,
    handle: Arc<Mutex<Option<InterruptHandle>>>,
    #[expect(dead_code, reason = "held for as long as the connection is lent")]
    place: OwnedSemaphorePermit,
}

impl Lent {
    fn run<T, E: From<Error>>(
        self,
        work: impl FnOnce(&Connection) -> Result<T, E>,
    ) -> Result<T, E> {
        self.connection.as_ref().map_or_else(|| Err(Error::Closed.into()), work)
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        // From here on an interrupt would hit somebody else's read.
        self.handle.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(connection) = self.connection.take() {
            self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
        }
    }
}

/// Interrupts the read when nobody waits for it any more.
struct Stop(Arc<Mutex<Option<InterruptHandle>>>);

impl Stop {
    fn interrupt(&self) {
        if let Some(handle) = &*self.0.lock().unwrap_or_else(PoisonError::into_inner) {
            handle.interrupt();
        }
    }
}

impl Drop for Stop {
    fn drop(&mut self) {
        self.interrupt();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FOR_EVER: &str = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)
                            SELECT count(*) FROM n";

    fn count(connection: &Connection, sql: &str) -> Result<i64, Error> {
        Ok(connection.query_row(sql, [], |row| row.get(0))?)
    }

    fn one(limit: Duration) -> Readers {
        let connections = vec![Connection::open_in_memory().unwrap()];
        Readers { limit, ..Readers::new(connections) }
    }

    /// I11
    #[tokio::test]
    async fn a_read_that_lasts_too_long_is_interrupted_and_the_next_is_not() {
        let readers = one(Duration::from_millis(50));
        let slow = readers.run(|connection| count(connection, FOR_EVER)).await;
        assert!(matches!(slow, Err(Error::TooSlow)), "{slow:?}");
        let next = readers.run(|connection| count(connection, "SELECT 7")).await;
        assert_eq!(next.unwrap(), 7);
    }

    /// I11
    #[tokio::test]
    async fn a_read_that_nobody_waits_for_any_more_is_interrupted() {
        let readers = one(Duration::from_secs(3_600));
        let abandoned =
            tokio::time::timeout(Duration::from_millis(50), readers.run(|c| count(c, FOR_EVER)));
        assert!(abandoned.await.is_err());
        let next = readers.run(|connection| count(connection, "SELECT 7")).await;
        assert_eq!(next.unwrap(), 7);
    }
}
