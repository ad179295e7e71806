//! A folder in which slips turn up as files, from a flat-bed scanner or a program. Each file is read and
//! then removed, whether it had a code or not: it shows a person's papers, and nobody else would clean up
//! (I8).
//!
//! What is kept of a folder is bounded, however many files are in it: the first hundreds of names, and of
//! each what the file looked like last. A file is read once its writer has closed it or it has stopped
//! growing; one without a code may still be coming, and is removed when it has stayed as it is a while.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fs::{self, File, Metadata};
use std::io::{self, ErrorKind, Read as _};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::fs::OFlags;
use rustix::io::Errno;

use crate::scanner::source::{MAX_BYTES, Unreadable};

/// Files that are kept in mind.
const MOST: usize = 500;
/// How often a folder is listed while there are files in it, and while there are none.
const OFTEN: Duration = Duration::from_secs(1);
const SELDOM: Duration = Duration::from_secs(5);
/// How long a file stays as it is before it is read, if nobody said that it was closed.
const QUIET: Duration = Duration::from_secs(1);
/// How long it does before what cannot be read of it will never be.
const SETTLED: Duration = Duration::from_secs(10);
/// The wait before a file is tried again that could not be looked at.
const AGAIN: Duration = Duration::from_secs(5);
/// The pause after a code, so that a counter can take all of them.
pub(super) const PAUSE: Duration = Duration::from_millis(200);

/// How a folder is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// Its files are read.
    Watched,
    /// There is none.
    Missing,
    /// This user may not list it.
    Denied,
    /// This user may not read a file in it.
    Unreadable,
    /// A file was read and cannot be removed: no other is read before it is gone.
    Full,
    /// The system fails over it.
    Failed,
}

impl State {
    /// Returns the state as a sentence after the folder's name.
    #[must_use]
    pub(super) fn sentence(self) -> &'static str {
        match self {
            Self::Watched => "is watched",
            Self::Missing => "does not exist; it is looked for",
            Self::Denied => "may not be listed by this user",
            Self::Unreadable => "has a file that this user may not read",
            Self::Full => {
                "has a file that was read and cannot be removed by this user; no other is read before it is gone"
            }
            Self::Failed => "cannot be listed",
        }
    }
}

/// What came of a step.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// A file was read.
    Read,
    /// A file was removed without having been read, because of this.
    Removed(Unreadable),
    /// Nothing was to be done.
    Idle,
}

/// A watched folder.
#[derive(Debug)]
pub(super) struct Watched {
    path: PathBuf,
    state: State,
    listed: Option<Duration>,
    files: BTreeMap<OsString, Seen>,
    /// The file that was read and could not be removed.
    stuck: Option<(OsString, Stamp)>,
    /// No file is read before then.
    resumes: Duration,
    removing: fn(&Path) -> io::Result<()>,
}

/// A file, as it was seen last.
#[derive(Debug)]
struct Seen {
    stamp: Stamp,
    /// Since when it is so.
    since: Duration,
    closed: bool,
    /// Not to be tried before then.
    after: Duration,
    /// Why it gave nothing as it is.
    failed: Option<Unreadable>,
    attempts: u8,
}

/// What changes when a file does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stamp {
    file: (u64, u64),
    size: u64,
    changed: (i64, i64),
}

impl Stamp {
    fn of(metadata: &Metadata) -> Self {
        Self {
            file: (metadata.dev(), metadata.ino()),
            size: metadata.len(),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
        }
    }

    /// Returns that of the file at `path`; `None` if there is none, or something else.
    fn at(path: &Path) -> Option<Self> {
        let metadata = fs::symlink_metadata(path).ok()?;
        metadata.is_file().then(|| Self::of(&metadata))
    }
}

impl Watched {
    /// Returns the folder at `path`, not listed yet.
    #[must_use]
    pub(super) fn new(path: PathBuf) -> Self {
        Self {
            path,
            state: State::Watched,
            listed: None,
            files: BTreeMap::new(),
            stuck: None,
            resumes: Duration::ZERO,
            removing: |path| fs::remove_file(path),
        }
    }

    /// Returns where it is.
    #[must_use]
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Returns how it is.
    #[must_use]
    pub(super) fn state(&self) -> State {
        self.state
    }

    /// Returns how long nothing is to be done at most.
    #[must_use]
    pub(super) fn patience(&self) -> Duration {
        if self.files.is_empty() { SELDOM } else { PAUSE }
    }

    /// Takes in that the writer of the file `name` has closed it, or has given it that name.
    pub(super) fn closed(&mut self, name: &OsStr, passed: Duration) {
        if is_unfinished(name) || (self.files.len() >= MOST && !self.files.contains_key(name)) {
            return;
        }
        let Some(stamp) = Stamp::at(&self.path.join(name)) else { return };
        self.files.insert(name.to_owned(), Seen::new(stamp, passed, true));
    }

    /// Does the next thing that is to be done: reads one file by `read`, which returns whether it gave a
    /// code, or removes one. `passed` is the time since any fixed instant.
    pub(super) fn step(
        &mut self,
        passed: Duration,
        read: &mut dyn FnMut(Vec<u8>) -> Result<(), Unreadable>,
    ) -> Step {
        let often = if self.files.is_empty() { SELDOM } else { OFTEN };
        if self.listed.is_none_or(|listed| passed.saturating_sub(listed) >= often) {
            self.listed = Some(passed);
            self.state = match self.list(passed) {
                Ok(()) => State::Watched,
                Err(why) => {
                    self.files.clear();
                    match why.kind() {
                        ErrorKind::NotFound | ErrorKind::NotADirectory => State::Missing,
                        ErrorKind::PermissionDenied => State::Denied,
                        _ => State::Failed,
                    }
                }
            };
        }
        if let Some((name, stamp)) = &self.stuck {
            if Stamp::at(&self.path.join(name)) == Some(*stamp)
                && (self.removing)(&self.path.join(name)).is_err()
            {
                self.state = State::Full;
                self.files.clear();
                return Step::Idle;
            }
            self.stuck = None;
        }
        if self.files.values().any(|seen| seen.failed == Some(Unreadable::Denied)) {
            self.state = State::Unreadable;
        }
        if passed < self.resumes {
            return Step::Idle;
        }
        match self.files.iter().find(|(_, seen)| seen.is_due(passed)).map(|(name, _)| name.clone())
        {
            Some(name) => self.take(&name, passed, read),
            None => Step::Idle,
        }
    }

    /// Takes in which files there are. Links, folders, pipes and devices are left alone.
    fn list(&mut self, passed: Duration) -> io::Result<()> {
        for entry in fs::read_dir(&self.path)? {
            let entry = entry?;
            let name = entry.file_name();
            let last = self.files.last_key_value().map(|(last, _)| last);
            let is_later = self.files.len() >= MOST && last.is_some_and(|last| *last < name);
            if is_later || is_unfinished(&name) || self.files.contains_key(&name) {
                continue;
            }
            if !entry.file_type().is_ok_and(|kind| kind.is_file()) {
                continue;
            }
            let Some(stamp) = Stamp::at(&entry.path()) else { continue };
            self.files.insert(name, Seen::new(stamp, passed, false));
            if self.files.len() > MOST {
                self.files.pop_last();
            }
        }
        let path = &self.path;
        self.files.retain(|name, seen| match Stamp::at(&path.join(name)) {
            Some(stamp) => {
                if stamp != seen.stamp {
                    *seen = Seen::new(stamp, passed, false);
                }
                true
            }
            None => false,
        });
        Ok(())
    }

    fn take(
        &mut self,
        name: &OsStr,
        passed: Duration,
        read: &mut dyn FnMut(Vec<u8>) -> Result<(), Unreadable>,
    ) -> Step {
        let path = self.path.join(name);
        let Some(seen) = self.files.get_mut(name) else { return Step::Idle };
        // It stayed as it was since it gave nothing, unless it changes this very moment.
        if let Some(why) = seen.failed.clone().filter(is_final) {
            let is_same = Stamp::at(&path) == Some(seen.stamp);
            let stamp = seen.stamp;
            self.files.remove(name);
            if !is_same {
                return Step::Idle;
            }
            self.remove(name, stamp);
            return Step::Removed(why);
        }
        let (stamp, content) = match open(&path) {
            Ok(opened) => opened,
            Err(Unreadable::Missing) => {
                self.files.remove(name);
                return Step::Idle;
            }
            Err(why) => {
                seen.failed = Some(why);
                seen.after = passed + AGAIN;
                return Step::Idle;
            }
        };
        if stamp != seen.stamp {
            *seen = Seen::new(stamp, passed, false);
            return Step::Idle;
        }
        match content.and_then(read) {
            Ok(()) => {
                self.resumes = passed + PAUSE;
                match Stamp::at(&path) {
                    Some(now) if now == stamp => {
                        self.files.remove(name);
                        self.remove(name, stamp);
                    }
                    // Another was written over it or took its name meanwhile, and was not read yet.
                    Some(now) => *seen = Seen::new(now, passed, false),
                    None => drop(self.files.remove(name)),
                }
                Step::Read
            }
            Err(why) => {
                seen.attempts = seen.attempts.saturating_add(1);
                let was_it = !matches!(why, Unreadable::Crashed | Unreadable::TooSlow(_));
                if is_final(&why) && (was_it || seen.attempts > 1) {
                    seen.failed = Some(why);
                } else {
                    seen.failed = None;
                    seen.after = passed + AGAIN;
                }
                Step::Idle
            }
        }
    }

    fn remove(&mut self, name: &OsStr, stamp: Stamp) {
        match (self.removing)(&self.path.join(name)) {
            Err(why) if why.kind() != ErrorKind::NotFound => {
                self.stuck = Some((name.to_owned(), stamp));
            }
            _ => {}
        }
    }
}

impl Seen {
    fn new(stamp: Stamp, passed: Duration, closed: bool) -> Self {
        Self { stamp, since: passed, closed, after: passed, failed: None, attempts: 0 }
    }

    /// Tells whether there is something to do about it.
    fn is_due(&self, passed: Duration) -> bool {
        let same = passed.saturating_sub(self.since);
        match &self.failed {
            Some(why) if is_final(why) => same >= SETTLED,
            _ => passed >= self.after && (self.closed || same >= QUIET),
        }
    }
}

/// Tells whether a file that failed like this fails so again, as long as it stays as it is.
fn is_final(why: &Unreadable) -> bool {
    !matches!(
        why,
        Unreadable::Busy | Unreadable::NoWorker(_) | Unreadable::Denied | Unreadable::Failed(_)
    )
}

/// Tells whether its name says that the file is still being written.
fn is_unfinished(name: &OsStr) -> bool {
    let name = name.as_bytes().to_ascii_lowercase();
    name.starts_with(b".") || name.ends_with(b".part") || name.ends_with(b".tmp")
}

/// Returns the file at `path` as it is, and its content or why that is none to decode. Follows no link
/// and waits for nothing. Missing is also what is no file.
fn open(path: &Path) -> Result<(Stamp, Result<Vec<u8>, Unreadable>), Unreadable> {
    let failed = |why: io::Error| match why.kind() {
        ErrorKind::NotFound => Unreadable::Missing,
        _ if why.raw_os_error() == Some(Errno::LOOP.raw_os_error()) => Unreadable::Missing,
        ErrorKind::PermissionDenied => Unreadable::Denied,
        kind => Unreadable::Failed(kind.to_string()),
    };
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY;
    let flags = flags.bits().cast_signed();
    let mut file = File::options().read(true).custom_flags(flags).open(path).map_err(failed)?;
    let metadata = file.metadata().map_err(failed)?;
    if !metadata.is_file() {
        return Err(Unreadable::Missing);
    }
    let mut content = Vec::new();
    if metadata.len() <= MAX_BYTES {
        file.by_ref().take(MAX_BYTES + 1).read_to_end(&mut content).map_err(failed)?;
    }
    // As it was when it had been read: what was added meanwhile shows as a change.
    let stamp = Stamp::of(&file.metadata().map_err(failed)?);
    let content = match content.len() as u64 {
        _ if metadata.len() > MAX_BYTES => Err(Unreadable::TooLarge),
        0 => Err(Unreadable::Empty),
        length if length > MAX_BYTES => Err(Unreadable::TooLarge),
        _ => Ok(content),
    };
    Ok((stamp, content))
}

#[cfg(test)]
mod tests;
