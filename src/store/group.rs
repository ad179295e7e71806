//! Grouped commits: all writes that wait are put into one transaction and share its fsync.
//!
//! Each has its own savepoint, so one that fails takes only itself back. Answers go out after
//! COMMIT. A full disk or an I/O error inside a savepoint ends the whole transaction, released
//! savepoints included; later statements would then commit by themselves. So autocommit is looked
//! at after each, and a lost group is run again one by one: each gets the answer it would have had
//! alone (I1).

use std::panic::{AssertUnwindSafe, catch_unwind};

use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot, watch};

use crate::store::{Error, Tx, View};

/// How many writes share one commit at most: it bounds how long the first of them waits.
const LARGEST: usize = 256;

/// A write that waits.
pub(super) type Job = Box<dyn Write>;

/// The work of a write, and where its answer goes.
pub(super) trait Write: Send {
    /// Runs the work and keeps its answer; tells whether it is to be committed.
    fn run(&mut self, tx: &Tx<'_>) -> bool;
    /// Sends the kept answer.
    fn answer(self: Box<Self>);
    /// Forgets the kept answer: the transaction it was given in is gone.
    fn forget(&mut self);
    /// Sends `error`, or the error that it ended with itself.
    fn fail(self: Box<Self>, error: Error);
}

pub(super) struct Task<F, T, E> {
    work: F,
    kept: Option<Result<T, E>>,
    to: oneshot::Sender<Result<T, E>>,
}

impl<F, T, E> Task<F, T, E> {
    pub(super) fn new(work: F, to: oneshot::Sender<Result<T, E>>) -> Self {
        Self { work, kept: None, to }
    }
}

impl<F, T, E> Write for Task<F, T, E>
where
    F: FnMut(&Tx<'_>) -> Result<T, E> + Send,
    T: Send,
    E: From<Error> + Send,
{
    fn run(&mut self, tx: &Tx<'_>) -> bool {
        let answer = catch_unwind(AssertUnwindSafe(|| (self.work)(tx)))
            .unwrap_or_else(|_| Err(Error::Panicked.into()));
        self.kept.insert(answer).is_ok()
    }

    fn answer(self: Box<Self>) {
        if let Some(answer) = self.kept {
            // Who asked may have gone; the work stands all the same.
            let _ = self.to.send(answer);
        }
    }

    fn forget(&mut self) {
        self.kept = None;
    }

    fn fail(self: Box<Self>, error: Error) {
        // What ended the transaction is its own error, where it had one.
        let _ = self.to.send(match self.kept {
            Some(Err(own)) => Err(own),
            Some(Ok(_)) | None => Err(error.into()),
        });
    }
}

/// Commits what arrives until nobody can send any more.
pub(super) fn run(
    connection: &mut Connection,
    waiting: &mut mpsc::Receiver<Job>,
    commits: &watch::Sender<u64>,
) {
    let mut jobs = Vec::new();
    while waiting.blocking_recv_many(&mut jobs, LARGEST) > 0 {
        commit(connection, std::mem::take(&mut jobs), commits);
    }
}

/// Commits `jobs` together and answers each; alone those whose group was lost.
pub(super) fn commit(connection: &mut Connection, jobs: Vec<Job>, commits: &watch::Sender<u64>) {
    let alone = jobs.len() == 1;
    match attempt(connection, jobs, commits) {
        Ok(()) => {}
        Err((lost, error)) if alone => lost.into_iter().for_each(|job| job.fail(same(&error))),
        Err((lost, _)) => {
            for mut job in lost {
                job.forget();
                if let Err((lost, error)) = attempt(connection, vec![job], commits) {
                    lost.into_iter().for_each(|job| job.fail(same(&error)));
                }
            }
        }
    }
}

type Lost = (Vec<Job>, Error);

fn attempt(
    connection: &mut Connection,
    mut jobs: Vec<Job>,
    commits: &watch::Sender<u64>,
) -> Result<(), Lost> {
    match in_transaction(connection, &mut jobs) {
        Ok(()) => {
            commits.send_modify(|count| *count += 1);
            jobs.into_iter().for_each(Write::answer);
            Ok(())
        }
        Err(error) => {
            if !connection.is_autocommit() {
                // If even this fails the transaction is gone already.
                let _ = connection.execute_batch("ROLLBACK");
            }
            Err((jobs, error))
        }
    }
}

fn in_transaction(connection: &Connection, jobs: &mut [Job]) -> Result<(), Error> {
    connection.execute_batch("BEGIN IMMEDIATE")?;
    for job in jobs {
        connection.execute_batch("SAVEPOINT job")?;
        let good = job.run(&Tx(View(connection)));
        if connection.is_autocommit() {
            return Err(Error::Lost);
        }
        let end = if good { "RELEASE job" } else { "ROLLBACK TO job; RELEASE job" };
        connection.execute_batch(end)?;
    }
    Ok(connection.execute_batch("COMMIT")?)
}

/// Returns the error again, for each write of a lost group hears it.
fn same(error: &Error) -> Error {
    match error {
        Error::Sqlite(rusqlite::Error::SqliteFailure(code, _)) => {
            Error::Sqlite(rusqlite::Error::SqliteFailure(*code, None))
        }
        Error::Sqlite(_) => Error::Closed,
        Error::Damaged => Error::Damaged,
        Error::Full => Error::Full,
        _ => Error::Lost,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Answer = oneshot::Receiver<Result<(), Error>>;

    fn insert(bytes: usize) -> (Job, Answer) {
        let (to, answer) = oneshot::channel();
        let work = move |tx: &Tx<'_>| {
            tx.prepare("INSERT INTO pile (bytes) VALUES (zeroblob(?1))")?.execute([bytes])?;
            Ok(())
        };
        (Box::new(Task::new(work, to)), answer)
    }

    fn small_disk() -> Connection {
        let connection = Connection::open_in_memory().unwrap();
        connection
            .execute_batch("CREATE TABLE pile (bytes BLOB); PRAGMA max_page_count = 40")
            .unwrap();
        connection
    }

    /// I1
    #[test]
    fn a_full_disk_fails_the_write_that_does_not_fit_and_no_other_of_its_group() {
        let mut connection = small_disk();
        let commits = watch::Sender::new(0);
        let (jobs, answers): (Vec<Job>, Vec<Answer>) =
            [100, 200, 1_000_000, 300].map(insert).into_iter().unzip();

        commit(&mut connection, jobs, &commits);

        let answers: Vec<_> = answers.into_iter().map(|mut a| a.try_recv().unwrap()).collect();
        assert!(matches!(answers[..], [Ok(()), Ok(()), Err(Error::Full), Ok(())]), "{answers:?}");
        let kept: Vec<i64> = connection
            .prepare("SELECT length(bytes) FROM pile")
            .unwrap()
            .query_map([], |row| row.get(0))
            .unwrap()
            .map(Result::unwrap)
            .collect();
        assert_eq!(kept, [100, 200, 300]);
        assert!(connection.is_autocommit());
    }

    /// I1
    #[test]
    fn a_transaction_that_ended_under_a_group_is_run_again_one_by_one() {
        let mut connection = small_disk();
        let commits = watch::Sender::new(0);
        let (to, mut ended) = oneshot::channel();
        // What SQLite does by itself when the disk is full or fails.
        let work = |tx: &Tx<'_>| {
            tx.0.0.execute_batch("ROLLBACK")?;
            Ok::<(), Error>(())
        };
        let (first, mut first_answer) = insert(100);
        let (last, mut last_answer) = insert(200);

        commit(&mut connection, vec![first, Box::new(Task::new(work, to)), last], &commits);

        assert!(first_answer.try_recv().unwrap().is_ok());
        assert!(matches!(ended.try_recv().unwrap(), Err(Error::Lost)));
        assert!(last_answer.try_recv().unwrap().is_ok());
        let count: i64 =
            connection.query_row("SELECT count(*) FROM pile", [], |row| row.get(0)).unwrap();
        assert_eq!(count, 2);
        assert_eq!(*commits.borrow(), 2);
    }
}
