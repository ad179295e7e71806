//! The database key and what opens it.
//!
//! The key that encrypts the replica is 32 random bytes. On disk it exists only inside an age file,
//! encrypted to the node's own identity and to the recovery recipients of the authority, so a copy
//! of the disk without the identity is worth nothing (I12).

use std::fmt;
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::str::FromStr;

use age::secrecy::ExposeSecret as _;
use age::x25519;
use zeroize::Zeroizing;

use super::file::{self, Unreadable};
use crate::entropy::Entropy;

/// What the age file holds.
const KEY_BYTES: usize = 32;

/// Permissions of group and others.
const OTHERS: u32 = 0o077;

/// The raw key of the replica; wiped from memory when dropped.
pub struct DatabaseKey(Zeroizing<[u8; KEY_BYTES]>);

impl DatabaseKey {
    /// Returns the 32 bytes, for whoever opens the database.
    #[must_use]
    pub fn expose(&self) -> &[u8; KEY_BYTES] {
        &self.0
    }
}

impl fmt::Debug for DatabaseKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DatabaseKey(..)")
    }
}

/// Where the node's identity comes from at start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unlock {
    /// An age identity in a file that only its owner may read.
    File(PathBuf),
    /// A systemd credential of this name, such as `LoadCredentialEncrypted=` hands over.
    Credential(String),
}

/// The node's own age identity, which opens its key file.
pub struct Identity(x25519::Identity);

impl Identity {
    /// Draws an identity and writes it to a new file with mode 0600.
    ///
    /// # Errors
    /// [`Error::Exists`] if there is such a file already; [`Error::Io`] if it cannot be written.
    pub fn create(path: &Path, entropy: &dyn Entropy) -> Result<Self, Error> {
        let identity = x25519::Identity::generate();
        let secret = identity.to_string();
        let secret = secret.expose_secret();
        let mut text = Zeroizing::new(String::with_capacity(secret.len() + 1));
        text.push_str(secret);
        text.push('\n');
        write_new(path, text.as_bytes(), entropy)?;
        Ok(Self(identity))
    }

    /// Reads the identity.
    ///
    /// # Errors
    /// [`Error::NoIdentity`] or [`Error::NoCredential`] if there is none, [`Error::Permissions`] if
    /// others may read it, [`Error::NotAnIdentity`] if it is something else.
    pub fn load(unlock: &Unlock) -> Result<Self, Error> {
        let credentials = std::env::var_os("CREDENTIALS_DIRECTORY").map(PathBuf::from);
        Self::load_from(unlock, credentials.as_deref())
    }

    fn load_from(unlock: &Unlock, credentials: Option<&Path>) -> Result<Self, Error> {
        let (path, text) = match unlock {
            Unlock::File(path) => (
                path.clone(),
                file::read(path, OTHERS)
                    .map_err(|error| Error::reading(path, error, Error::NoIdentity))?,
            ),
            Unlock::Credential(name) => {
                let none = || Error::NoCredential(name.clone());
                let path = credentials.filter(|_| is_plain(name)).ok_or_else(none)?.join(name);
                // systemd itself sees to who may read it.
                let text = file::read(&path, 0)
                    .map_err(|error| Error::reading(&path, error, |_| none()))?;
                (path, text)
            }
        };
        let identity = std::str::from_utf8(&text).ok().and_then(only_identity);
        identity.map(Self).ok_or(Error::NotAnIdentity(path))
    }

    /// Returns the public half, to which others may encrypt.
    #[must_use]
    pub fn recipient(&self) -> Recipient {
        Recipient(self.0.to_public())
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Identity({})", self.recipient())
    }
}

/// A public age key: the authority's, for recovery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recipient(x25519::Recipient);

impl FromStr for Recipient {
    type Err = NotARecipient;

    fn from_str(text: &str) -> Result<Self, NotARecipient> {
        text.trim().parse().map(Self).map_err(|_| NotARecipient)
    }
}

impl fmt::Display for Recipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The text is not a public age key.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("a recovery recipient is a public age key that begins with age1")]
pub struct NotARecipient;

/// Draws a database key and writes it to the new file `path`, encrypted to `identity` and `recovery`.
///
/// # Errors
/// [`Error::Exists`] if there is such a file already; [`Error::Io`] if it cannot be written.
pub fn create_key(
    path: &Path,
    identity: &Identity,
    recovery: &[Recipient],
    entropy: &dyn Entropy,
) -> Result<DatabaseKey, Error> {
    let mut key = DatabaseKey(Zeroizing::new([0; KEY_BYTES]));
    entropy.fill(&mut *key.0);
    let sealed = seal(&key, identity, recovery).map_err(|error| Error::Io(path.into(), error))?;
    write_new(path, &sealed, entropy)?;
    Ok(key)
}

/// Opens the key file `path` with `identity`, the node's own or one for recovery.
///
/// # Errors
/// [`Error::NoKey`], [`Error::NotAge`], [`Error::WrongIdentity`], [`Error::Damaged`] and
/// [`Error::WrongLength`] say what is the matter; nothing is changed.
pub fn open_key(path: &Path, identity: &Identity) -> Result<DatabaseKey, Error> {
    let sealed = file::read(path, 0).map_err(|error| Error::reading(path, error, Error::NoKey))?;
    let decryptor =
        age::Decryptor::new_buffered(&sealed[..]).map_err(|_| Error::NotAge(path.into()))?;
    let mut content = decryptor
        .decrypt(std::iter::once(&identity.0 as &dyn age::Identity))
        .map_err(|error| match error {
            age::DecryptError::NoMatchingKeys => Error::WrongIdentity(path.into()),
            _ => Error::Damaged(path.into()),
        })?;
    let mut key = DatabaseKey(Zeroizing::new([0; KEY_BYTES]));
    let mut more = [0];
    content.read_exact(&mut *key.0).map_err(|error| match error.kind() {
        io::ErrorKind::UnexpectedEof => Error::WrongLength(path.into()),
        _ => Error::Damaged(path.into()),
    })?;
    match content.read(&mut more) {
        Ok(0) => Ok(key),
        Ok(_) => Err(Error::WrongLength(path.into())),
        Err(_) => Err(Error::Damaged(path.into())),
    }
}

/// Why there is no key. Each text is a sentence for the operator.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The key file is missing.
    #[error("the key file {} is missing; without it the replica cannot be opened", .0.display())]
    NoKey(PathBuf),
    /// The identity file is missing.
    #[error("the identity file {} is missing", .0.display())]
    NoIdentity(PathBuf),
    /// systemd handed over no such credential.
    #[error("systemd handed over no credential named {0}")]
    NoCredential(String),
    /// The key file is not an age file.
    #[error("{} is not an age file", .0.display())]
    NotAge(PathBuf),
    /// The identity is not an age identity.
    #[error("{} does not hold exactly one age identity", .0.display())]
    NotAnIdentity(PathBuf),
    /// The key file was made for someone else.
    #[error("{} was not encrypted to this node's identity", .0.display())]
    WrongIdentity(PathBuf),
    /// The key file was changed after it was written.
    #[error("{} is damaged", .0.display())]
    Damaged(PathBuf),
    /// The age file holds something else.
    #[error("{} does not hold a key of 32 bytes", .0.display())]
    WrongLength(PathBuf),
    /// Others may read the identity.
    #[error("{} may be read by others; allow only its owner (chmod 600)", .0.display())]
    Permissions(PathBuf),
    /// There is one already, and it is never overwritten.
    #[error("{} exists already and is left as it is", .0.display())]
    Exists(PathBuf),
    /// The system refused.
    #[error("{path}: {1}", path = .0.display())]
    Io(PathBuf, #[source] io::Error),
}

impl Error {
    fn reading(path: &Path, error: Unreadable, missing: impl FnOnce(PathBuf) -> Self) -> Self {
        match error {
            Unreadable::TooOpen => Self::Permissions(path.into()),
            Unreadable::NotASecret => Self::NotAge(path.into()),
            Unreadable::Io(error) if error.kind() == io::ErrorKind::NotFound => {
                missing(path.into())
            }
            Unreadable::Io(error) => Self::Io(path.into(), error),
        }
    }
}

fn seal(key: &DatabaseKey, own: &Identity, recovery: &[Recipient]) -> io::Result<Vec<u8>> {
    let own = own.recipient();
    let recipients = std::iter::once(&own).chain(recovery);
    let encryptor =
        age::Encryptor::with_recipients(recipients.map(|r| &r.0 as &dyn age::Recipient))
            .map_err(io::Error::other)?;
    let mut writer = encryptor.wrap_output(Vec::new())?;
    writer.write_all(key.expose())?;
    writer.finish()
}

/// Returns the identity if `text` holds exactly one, blank lines and comments left out.
fn only_identity(text: &str) -> Option<x25519::Identity> {
    let mut lines =
        text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    let identity = lines.next()?.parse().ok()?;
    lines.next().is_none().then_some(identity)
}

/// Tells whether `name` names a file in a folder and not one elsewhere.
fn is_plain(name: &str) -> bool {
    !name.is_empty() && !name.contains('/') && !name.starts_with('.')
}

fn write_new(path: &Path, content: &[u8], entropy: &dyn Entropy) -> Result<(), Error> {
    file::write_new(path, content, 0o600, entropy).map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => Error::Exists(path.into()),
        _ => Error::Io(path.into(), error),
    })
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt as _;

    use tempfile::TempDir;

    use super::*;
    use crate::entropy::{Seeded, System};

    struct Box {
        folder: TempDir,
        identity: Identity,
    }

    impl Box {
        fn new() -> Self {
            let folder = tempfile::tempdir().unwrap();
            let identity = Identity::create(&folder.path().join("identity"), &System).unwrap();
            Self { folder, identity }
        }

        fn path(&self, name: &str) -> PathBuf {
            self.folder.path().join(name)
        }

        fn given_age_file(&self, content: &[u8]) -> PathBuf {
            let path = self.path("made.age");
            fs::write(&path, age::encrypt(&self.identity.recipient().0, content).unwrap()).unwrap();
            path
        }
    }

    #[test]
    fn a_key_opens_with_the_identity_it_was_made_for() {
        let node = Box::new();
        let path = node.path("replica.key.age");
        let made = create_key(&path, &node.identity, &[], &System).unwrap();
        let identity = Identity::load(&Unlock::File(node.path("identity"))).unwrap();

        let opened = open_key(&path, &identity).unwrap();

        assert_eq!(made.expose(), opened.expose());
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(
            fs::metadata(node.path("identity")).unwrap().permissions().mode() & 0o777,
            0o600
        );
    }

    #[test]
    fn a_key_opens_with_a_recovery_identity_too() {
        let (node, authority) = (Box::new(), Box::new());
        let recovery = authority.identity.recipient().to_string().parse().unwrap();
        let path = node.path("replica.key.age");
        let made = create_key(&path, &node.identity, &[recovery], &System).unwrap();

        assert_eq!(open_key(&path, &authority.identity).unwrap().expose(), made.expose());
    }

    /// I12
    #[test]
    fn neither_the_key_file_nor_a_debug_print_shows_the_key() {
        let node = Box::new();
        let path = node.path("replica.key.age");
        let key = create_key(&path, &node.identity, &[], &Seeded::new(5)).unwrap();

        let on_disk = fs::read(&path).unwrap();

        assert!(!on_disk.windows(8).any(|part| part == &key.expose()[..8]));
        assert_eq!(format!("{key:?}"), "DatabaseKey(..)");
        assert!(!format!("{:?}", node.identity).contains("SECRET"));
    }

    #[test]
    fn a_missing_key_file_is_one_sentence_and_creates_nothing() {
        let node = Box::new();
        let path = node.path("replica.key.age");

        let error = open_key(&path, &node.identity).unwrap_err();

        assert!(error.to_string().contains("is missing"), "{error}");
        assert!(!path.exists());
    }

    #[test]
    fn a_strangers_identity_does_not_open_the_key() {
        let (node, stranger) = (Box::new(), Box::new());
        let path = node.path("replica.key.age");
        create_key(&path, &node.identity, &[], &System).unwrap();

        let error = open_key(&path, &stranger.identity).unwrap_err();

        assert!(matches!(error, Error::WrongIdentity(_)), "{error}");
    }

    #[test]
    fn a_file_that_is_not_age_is_called_that() {
        let node = Box::new();
        for content in [&b""[..], b"not age at all", &[0; 300]] {
            fs::write(node.path("key"), content).unwrap();
            let error = open_key(&node.path("key"), &node.identity).unwrap_err();
            assert!(matches!(error, Error::NotAge(_)), "{error}");
        }
    }

    #[test]
    fn a_key_of_another_length_is_refused() {
        let node = Box::new();
        for length in [0, 16, 31, 33, 64, 70_000] {
            let path = node.given_age_file(&vec![7; length]);
            let error = open_key(&path, &node.identity).unwrap_err();
            assert!(matches!(error, Error::WrongLength(_)), "{length}: {error}");
        }
    }

    #[test]
    fn a_changed_or_shortened_key_file_does_not_pass() {
        let node = Box::new();
        let path = node.path("replica.key.age");
        create_key(&path, &node.identity, &[], &System).unwrap();
        let good = fs::read(&path).unwrap();
        for at in (0..good.len()).step_by(9) {
            let mut bad = good.clone();
            bad[at] ^= 1;
            fs::write(&path, bad).unwrap();
            assert!(open_key(&path, &node.identity).is_err(), "byte {at}");
        }
        fs::write(&path, &good[..good.len() - 1]).unwrap();
        assert!(matches!(open_key(&path, &node.identity).unwrap_err(), Error::Damaged(_)));
    }

    #[test]
    fn neither_key_nor_identity_is_ever_overwritten() {
        let node = Box::new();
        let path = node.path("replica.key.age");
        let first = create_key(&path, &node.identity, &[], &System).unwrap();

        let again = create_key(&path, &node.identity, &[], &System).unwrap_err();
        let identity = Identity::create(&node.path("identity"), &System).unwrap_err();

        assert!(matches!(again, Error::Exists(_)), "{again}");
        assert!(matches!(identity, Error::Exists(_)), "{identity}");
        assert_eq!(open_key(&path, &node.identity).unwrap().expose(), first.expose());
    }

    #[test]
    fn an_identity_that_others_may_read_is_refused() {
        let node = Box::new();
        let path = node.path("identity");
        for mode in [0o640, 0o604, 0o660] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            let error = Identity::load(&Unlock::File(path.clone())).unwrap_err();
            assert!(matches!(error, Error::Permissions(_)), "{mode:o}: {error}");
        }
    }

    #[test]
    fn an_identity_comes_from_a_systemd_credential_of_its_name_only() {
        let node = Box::new();
        let load =
            |name: &str, folder| Identity::load_from(&Unlock::Credential(name.to_owned()), folder);
        let folder = Some(node.folder.path());

        let loaded = load("identity", folder).unwrap();

        assert_eq!(loaded.recipient(), node.identity.recipient());
        for (name, folder) in
            [("other", folder), ("identity", None), ("../identity", folder), ("", folder)]
        {
            let error = load(name, folder).unwrap_err();
            assert!(matches!(error, Error::NoCredential(_)), "{name}: {error}");
        }
    }

    #[test]
    fn an_identity_file_with_anything_else_in_it_is_refused() {
        let node = Box::new();
        let good = fs::read_to_string(node.path("identity")).unwrap();
        for text in
            ["".to_owned(), "# nothing".to_owned(), good.repeat(2), "AGE-SECRET-KEY-1".into()]
        {
            fs::write(node.path("identity"), text).unwrap();
            let error = Identity::load(&Unlock::File(node.path("identity"))).unwrap_err();
            assert!(matches!(error, Error::NotAnIdentity(_)), "{error}");
        }
    }
}
