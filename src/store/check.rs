//! Whether the replica is whole: its pages, its structure, its references and its contents.

use crate::domain::ids::Digest;
use crate::store::{Error, View, blob, columns};

/// Returns what is wrong with the replica, in sentences that name no value of any row; nothing, if
/// it is whole.
///
/// It reads everything. A large replica takes longer than a read of a running store may, so a
/// command runs it on a store opened inline.
///
/// # Errors
/// The store's own.
pub fn faults(view: &View<'_>) -> Result<Vec<String>, Error> {
    let mut faults = Vec::new();
    // The first finds pages that were changed outside SQLite, the second what SQLite mixed up.
    for pragma in ["PRAGMA cipher_integrity_check", "PRAGMA integrity_check"] {
        let mut query = view.prepare(pragma)?;
        let mut rows = query.query([])?;
        while let Some(row) = rows.next()? {
            let found: String = row.get(0)?;
            if found != "ok" {
                faults.push(found);
            }
        }
    }
    let mut query = view.prepare("PRAGMA foreign_key_check")?;
    let mut rows = query.query([])?;
    while let Some(row) = rows.next()? {
        let (table, parent): (String, String) = (row.get(0)?, row.get(2)?);
        faults.push(format!("a row of {table} names a row of {parent} that is not there"));
    }
    contents(view, &mut faults)?;
    Ok(faults)
}

/// Finds contents that are not what their digest says, or that nobody holds.
fn contents(view: &View<'_>, faults: &mut Vec<String>) -> Result<(), Error> {
    let mut query = view.prepare(
        "SELECT digest, EXISTS (SELECT 1 FROM blob_holder WHERE blob_holder.digest = blob.digest)
         FROM blob",
    )?;
    let mut rows = query.query([])?;
    while let Some(row) = rows.next()? {
        let digest = columns::digest(&row.get::<_, Vec<u8>>(0)?)?;
        if !row.get::<_, bool>(1)? {
            faults.push("the content of a document is kept that nobody holds".to_owned());
        }
        if blob::content(view, &digest)?.is_none_or(|content| Digest::of(&content) != digest) {
            faults.push("the content of a document is not what was stored".to_owned());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use zeroize::Zeroizing;

    use super::*;
    use crate::store::{Key, Store, Tx};

    fn key() -> Key {
        Key::new(Zeroizing::new([7; 32]))
    }

    async fn with_contents(path: &Path) -> Store {
        Store::create(path, &key()).unwrap();
        let store = Store::inline(path, &key()).unwrap();
        let put = |tx: &Tx<'_>| {
            for holder in 0..40_u8 {
                let digest = blob::put(tx, &[holder; 9_000])?;
                blob::hold(tx, &format!("view:{holder}"), &[digest])?;
            }
            Ok::<_, Error>(())
        };
        store.write(put).await.unwrap();
        assert_eq!(store.read(faults).await.unwrap(), [""; 0]);
        store
    }

    /// I1
    #[tokio::test]
    async fn a_content_that_is_not_what_was_stored_is_found() {
        let folder = tempfile::tempdir().unwrap();
        let store = with_contents(&folder.path().join("replica.db")).await;
        let change = |tx: &Tx<'_>| {
            tx.prepare("UPDATE blob_chunk SET bytes = x'00' WHERE rowid = 3")?.execute([])?;
            tx.prepare("DELETE FROM blob_holder WHERE holder = 'view:9'")?.execute([])?;
            Ok::<_, Error>(())
        };
        store.write(change).await.unwrap();
        assert_eq!(store.read(faults).await.unwrap().len(), 2);
    }

    /// I1
    #[tokio::test]
    async fn a_changed_byte_of_the_file_is_found() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("replica.db");
        drop(with_contents(&path).await);
        let mut bytes = std::fs::read(&path).unwrap();
        let at = bytes.len() - 5_000;
        bytes[at] ^= 1;
        std::fs::write(&path, bytes).unwrap();

        let store = Store::inline(&path, &key()).unwrap();

        // SQLite gives up at the page; SQLCipher names it.
        let found = store.read(faults).await;
        assert!(found.is_err() || found.is_ok_and(|faults| !faults.is_empty()));
    }
}
