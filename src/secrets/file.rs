//! How a secret reaches the disk: whole or not at all, and never over an older one.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use crate::entropy::Entropy;

/// Far above any key, certificate chain or identity; what is larger is something else.
const LARGEST: u64 = 1 << 20;

/// Writes `content` to a new file with `mode`. After an error the folder holds what it held before.
///
/// A hard link takes the final name because, unlike a rename, it refuses a name that is taken.
pub(super) fn write_new(
    path: &Path,
    content: &[u8],
    mode: u32,
    entropy: &dyn Entropy,
) -> io::Result<()> {
    let folder = folder_of(path);
    let draft = folder.join(format!(".{:016x}.new", u64::from_le_bytes(entropy.bytes())));
    let mut file = OpenOptions::new().write(true).create_new(true).mode(mode).open(&draft)?;
    let linked = file
        .write_all(content)
        .and_then(|()| file.sync_all())
        .and_then(|()| fs::hard_link(&draft, path));
    let removed = fs::remove_file(&draft);
    linked?;
    removed?;
    File::open(folder)?.sync_all()
}

/// Reads a file of at most a mebibyte that grants none of the permissions in `forbidden`.
///
/// The permissions are those of the opened file, so nobody can swap it in between.
pub(super) fn read(path: &Path, forbidden: u32) -> Result<Zeroizing<Vec<u8>>, Unreadable> {
    let file = File::open(path)?;
    let about = file.metadata()?;
    if about.permissions().mode() & forbidden != 0 {
        return Err(Unreadable::TooOpen);
    }
    if !about.is_file() || about.len() > LARGEST {
        return Err(Unreadable::NotASecret);
    }
    // Room for all of it at once: a vector that grows leaves copies behind.
    let room = usize::try_from(LARGEST).unwrap_or(usize::MAX);
    let mut content = Zeroizing::new(Vec::with_capacity(room));
    file.take(LARGEST).read_to_end(&mut content)?;
    Ok(content)
}

/// Reads a secret from a file with it alone in it, blanks and line ends around it left out. A group
/// may read it, for a service seldom owns its configuration; anybody else may not.
///
/// # Errors
/// [`NoSecret`], a sentence for the operator.
pub fn secret(path: &Path) -> Result<Zeroizing<String>, NoSecret> {
    let content = read(path, 0o007).map_err(|error| match error {
        Unreadable::TooOpen => NoSecret::TooOpen(path.into()),
        Unreadable::NotASecret => NoSecret::Nothing(path.into()),
        Unreadable::Io(error) => NoSecret::Io(path.into(), error),
    })?;
    let text = std::str::from_utf8(&content).unwrap_or_default().trim();
    if text.is_empty() {
        return Err(NoSecret::Nothing(path.into()));
    }
    Ok(Zeroizing::new(text.to_owned()))
}

/// Why there is no secret. Each text is a sentence for the operator.
#[derive(Debug, thiserror::Error)]
pub enum NoSecret {
    /// Anybody may read it.
    #[error("{} may be read by anybody on this machine; allow only its owner and group (chmod 640)", .0.display())]
    TooOpen(PathBuf),
    /// There is none in the file.
    #[error("{} holds no secret", .0.display())]
    Nothing(PathBuf),
    /// The system refused.
    #[error("cannot read {path}: {1}", path = .0.display())]
    Io(PathBuf, #[source] io::Error),
}

/// Why a file was not read.
#[derive(Debug)]
pub(super) enum Unreadable {
    /// Its permissions let others in.
    TooOpen,
    /// It is a folder, a device or far too large.
    NotASecret,
    /// The system refused.
    Io(io::Error),
}

impl From<io::Error> for Unreadable {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

fn folder_of(path: &Path) -> PathBuf {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
        _ => PathBuf::from("."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entropy::Seeded;

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<_> = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn a_secret_is_written_whole_and_for_its_owner_only() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");

        write_new(&path, b"secret", 0o600, &Seeded::new(1)).unwrap();

        assert_eq!(fs::read(&path).unwrap(), b"secret");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(names(folder.path()), ["key"]);
    }

    #[test]
    fn a_secret_that_anybody_may_read_is_refused_with_a_sentence() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("reader.secret");
        fs::write(&path, " hush\n").unwrap();
        let with = |mode| {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            secret(&path).map(|text| text.to_string()).map_err(|error| error.to_string())
        };
        assert_eq!(with(0o600).as_deref(), Ok("hush"));
        assert_eq!(with(0o640).as_deref(), Ok("hush"));
        for mode in [0o644, 0o604, 0o602] {
            assert!(with(mode).unwrap_err().contains("may be read by anybody"), "{mode:o}");
        }
        fs::write(&path, "\n").unwrap();
        assert!(with(0o600).unwrap_err().ends_with("holds no secret"));
    }

    #[test]
    fn an_existing_secret_is_never_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        fs::write(&path, b"older").unwrap();

        let error = write_new(&path, b"newer", 0o600, &Seeded::new(1)).unwrap_err();

        assert_eq!(error.kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(fs::read(&path).unwrap(), b"older");
        assert_eq!(names(folder.path()), ["key"]);
    }
}
