//! Opens the database: key, pragmas, migrations.

use std::fs::File;
use std::io::ErrorKind;
use std::path::Path;
use std::sync::Once;
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OpenFlags};
use zeroize::Zeroizing;

use crate::store::Error;

mod embedded {
    refinery::embed_migrations!("schema");
}

/// Bytes of a page of the database, the least that one has.
const PAGE: u64 = 4096;

/// Whether SQLCipher is set up in this process.
static FIRST: Once = Once::new();

/// The database key: 32 random bytes, used as they are. Erased from memory when dropped.
pub struct Key(Zeroizing<[u8; 32]>);

impl Key {
    /// Takes the bytes over.
    #[must_use]
    pub fn new(bytes: Zeroizing<[u8; 32]>) -> Self {
        Self(bytes)
    }

    /// Returns the bytes, from which other keys of the node are derived.
    #[must_use]
    pub fn bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

/// Takes the lock of the replica at `path`; it is held as long as the file that comes back.
pub(super) fn lock(path: &Path) -> Result<File, Error> {
    if !path.exists() {
        return Err(Error::Missing);
    }
    use std::os::unix::fs::OpenOptionsExt as _;
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .mode(0o600)
        .open(path.with_extension("lock"))?;
    // A child that is just being started has every file of its parent until it is a program of its
    // own: a lock that was given back may be held for that moment still.
    for _ in 0..LOCK_TRIES {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(std::fs::TryLockError::WouldBlock) => std::thread::sleep(LOCK_WAIT),
            Err(std::fs::TryLockError::Error(error)) => return Err(Error::Io(error)),
        }
    }
    Err(Error::InUse)
}

/// How often a replica that is in use is tried again, and the wait between.
const LOCK_TRIES: u32 = 25;
const LOCK_WAIT: Duration = Duration::from_millis(10);

/// Makes the empty file of a new replica, for its owner alone; its WAL will be like it.
pub(super) fn new_file(path: &Path) -> Result<(), Error> {
    use std::os::unix::fs::OpenOptionsExt as _;
    let file = File::options().write(true).create_new(true).mode(0o600).open(path);
    match file {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Err(Error::Exists),
        Err(error) => Err(Error::Io(error)),
    }
}

/// Opens the writing connection and brings its schema up to date; `new` makes the file.
pub(super) fn migrated(path: &Path, key: &Key, new: bool) -> Result<Connection, Error> {
    let mut flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    if new {
        flags |= OpenFlags::SQLITE_OPEN_CREATE;
    }
    let mut connection = keyed(path, key, flags)?;
    connection
        .execute_batch(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;
             PRAGMA secure_delete = ON; PRAGMA cell_size_check = ON;",
        )
        .map_err(told)?;
    embedded::migrations::runner()
        .run(&mut connection)
        .map_err(|error| Error::Migration(Box::new(error)))?;
    Ok(connection)
}

/// Opens a connection that cannot write.
pub(super) fn reader(path: &Path, key: &Key) -> Result<Connection, Error> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = keyed(path, key, flags)?;
    connection.execute_batch("PRAGMA query_only = ON").map_err(told)?;
    Ok(connection)
}

fn keyed(path: &Path, key: &Key, flags: OpenFlags) -> Result<Connection, Error> {
    if !flags.contains(OpenFlags::SQLITE_OPEN_CREATE) {
        // SQLite would take what is shorter than a page for a new database, and overwrite it.
        match std::fs::metadata(path) {
            Ok(file) if file.len() < PAGE => return Err(Error::Damaged),
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::NotFound => return Err(Error::Missing),
            Err(error) => return Err(Error::Io(error)),
        }
    }
    // SQLite calls itself ready before SQLCipher has set itself up, and refuses the key of whoever
    // opens in between: the first who opens does so alone. That one failing shows in the next line.
    FIRST.call_once(|| drop(Connection::open_in_memory()));
    let connection = Connection::open_with_flags(path, flags).map_err(told)?;
    let mut hex = Zeroizing::new(String::with_capacity(64));
    for byte in key.0.iter() {
        for nibble in [byte >> 4, byte & 15] {
            hex.push(char::from(b"0123456789abcdef"[usize::from(nibble)]));
        }
    }
    let pragma = Zeroizing::new(format!("PRAGMA key = \"x'{}'\"", hex.as_str()));
    connection.execute_batch(&pragma).map_err(told)?;
    // Temporary tables and sorts would lie in clear in a file otherwise (I8).
    connection
        .execute_batch(
            "PRAGMA cipher_log_level = NONE; PRAGMA temp_store = MEMORY;
             PRAGMA busy_timeout = 5000; PRAGMA cache_size = -8000;",
        )
        .map_err(told)?;
    connection.set_prepared_statement_cache_capacity(128);
    connection
        .query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get::<_, i64>(0))
        .map_err(told)?;
    if !flags.contains(OpenFlags::SQLITE_OPEN_CREATE) {
        // Less than a page counts as none, and would be set up under this key as well. A file that is
        // cut off later SQLite finds out by itself.
        let pages: u64 =
            connection.query_row("PRAGMA page_count", [], |row| row.get(0)).map_err(told)?;
        if pages == 0 {
            return Err(Error::Damaged);
        }
    }
    Ok(connection)
}

fn told(error: rusqlite::Error) -> Error {
    match error.sqlite_error_code() {
        Some(ErrorCode::NotADatabase) => Error::WrongKey,
        // That the replica itself is there was seen before.
        Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied | ErrorCode::CannotOpen) => {
            Error::Io(ErrorKind::PermissionDenied.into())
        }
        _ => error.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reader_cannot_write() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("replica.db");
        let key = Key::new(Zeroizing::new([7; 32]));
        let _writer = migrated(&path, &key, true).unwrap();
        let reader = reader(&path, &key).unwrap();
        for sql in ["DELETE FROM line", "DROP TABLE line", "CREATE TABLE t (a INTEGER)"] {
            assert!(reader.execute_batch(sql).is_err(), "{sql}");
        }
    }
}
