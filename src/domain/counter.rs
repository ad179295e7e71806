//! Counters: what is read for whom, and what stands on the screen of each. Nothing of it is kept on
//! disk.

use std::path::PathBuf;
use std::time::Duration;

use jiff::Timestamp;
use serde::Serialize;

use crate::domain::ids::{CounterId, Digest};
use crate::domain::scan::{Camera, Source};

/// A code that is shown again within this time was never out of view.
const IN_VIEW: Duration = Duration::from_secs(2);
/// Scans that may come at once, beyond the pace.
const BURST: u32 = 30;
/// How often a counter may send one on the long run.
const PACE: Duration = Duration::from_millis(100);

/// A counter, and what reads codes for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counter {
    /// Its id: the user of its tokens.
    pub id: CounterId,
    /// What it is called.
    pub name: Option<String>,
    /// Its cameras, each by its name or path.
    pub cameras: Vec<String>,
    /// Its hand scanners, each by its name or path.
    pub keys: Vec<String>,
    /// The folder whose new files are read for it.
    pub folder: Option<PathBuf>,
}

/// The counters of a center.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counters {
    all: Vec<Counter>,
    takes_everything: bool,
}

impl Default for Counters {
    /// Returns one counter, "1", that takes every source.
    fn default() -> Self {
        let only = Counter {
            id: CounterId::new("1"),
            name: None,
            cameras: Vec::new(),
            keys: Vec::new(),
            folder: None,
        };
        Self { all: vec![only], takes_everything: true }
    }
}

/// Why counters cannot be as they are configured. Each text is a sentence for the operator.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Misplaced {
    /// An id is empty, too long, or has a sign that a path cannot have.
    #[error("counter {0:?}: an id is 1 to 64 letters, digits, dots, hyphens and underscores")]
    Id(String),
    /// Two counters have one id.
    #[error("counter {0}: there are two of this id")]
    Twice(CounterId),
    /// A camera, hand scanner or folder belongs to two counters.
    #[error("counter {0}: {1} belongs to another counter already")]
    Shared(CounterId, String),
}

impl Counters {
    /// Returns these counters; without any, the one that takes every source.
    ///
    /// # Errors
    /// [`Misplaced`].
    pub fn new(all: Vec<Counter>) -> Result<Self, Misplaced> {
        if all.is_empty() {
            return Ok(Self::default());
        }
        let mut taken: Vec<Source> = Vec::new();
        for (place, counter) in all.iter().enumerate() {
            let id = counter.id.as_str();
            let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "-_.".contains(letter);
            if id.is_empty() || id.len() > 64 || !id.chars().all(is_plain) || id.starts_with('.') {
                return Err(Misplaced::Id(id.to_owned()));
            }
            if all[..place].iter().any(|other| other.id == counter.id) {
                return Err(Misplaced::Twice(counter.id.clone()));
            }
            let folder = counter.folder.iter().map(|folder| folder.to_string_lossy().into_owned());
            let cameras = counter.cameras.iter().cloned().map(Source::Camera);
            let keys = counter.keys.iter().cloned().map(Source::Keys);
            for source in cameras.chain(keys).chain(folder.map(Source::Folder)) {
                if taken.contains(&source) {
                    let name = source.name().to_owned();
                    return Err(Misplaced::Shared(counter.id.clone(), name));
                }
                taken.push(source);
            }
        }
        Ok(Self { all, takes_everything: false })
    }

    /// Returns each of them.
    #[must_use]
    pub fn all(&self) -> &[Counter] {
        &self.all
    }

    /// Tells whether there is but the one counter that takes every source, because none is
    /// configured.
    #[must_use]
    pub fn takes_everything(&self) -> bool {
        self.takes_everything
    }

    /// Returns the place of the counter for which `source` reads; none if it is of no counter, or of
    /// nobody who was told of or configured. `cameras` says which camera of that name is at which path
    /// now. A folder's name is the id of its counter.
    #[must_use]
    pub fn of(&self, source: &Source, cameras: &[Camera]) -> Option<usize> {
        let place = |is_own: &dyn Fn(&Counter) -> bool| self.all.iter().position(is_own);
        match source {
            Source::Camera(name) => {
                let Camera { path, .. } = cameras.iter().find(|camera| camera.name == *name)?;
                place(&|counter| {
                    let mut own = counter.cameras.iter();
                    self.takes_everything || own.any(|own| own == name || own == path)
                })
            }
            Source::Keys(name) => place(&|counter| counter.keys.contains(name)),
            Source::Folder(name) => {
                place(&|counter| counter.folder.is_some() && counter.id.as_str() == name)
            }
        }
    }

    /// Returns the cameras among `cameras` that look for the counter at `place`.
    #[must_use]
    pub fn cameras(&self, place: usize, cameras: &[Camera]) -> Vec<Camera> {
        let own = |camera: &&Camera| {
            let names = &self.all[place].cameras;
            self.takes_everything || names.contains(&camera.name) || names.contains(&camera.path)
        };
        cameras.iter().filter(own).cloned().collect()
    }
}

/// How the process with the cameras stands.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Scanner {
    /// Whether it answers.
    pub state: Reach,
    /// Every camera it knows of; none while it does not answer.
    pub cameras: Vec<Camera>,
}

/// Whether the process with the cameras answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Reach {
    /// Nobody wanted it yet.
    #[default]
    Unused,
    /// It answers.
    Up,
    /// It does not; forms go on.
    Absent,
}

/// What became of a code that was seen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "result", rename_all = "lowercase")]
pub enum Outcome {
    /// It is looked up in the replica.
    Looking,
    /// It is not here; central is asked.
    Fetching,
    /// Its form is the counter's current one.
    Form,
    /// There is no form.
    Miss {
        /// The code of the refusal.
        code: &'static str,
        /// The sentence for the officer.
        message: String,
    },
}

/// A code that was seen. Its text is not in it: what is not a PRID is nobody's business (I8).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Seen {
    /// When.
    pub at: Timestamp,
    /// By what; none where a program at the counter sent it.
    pub source: Option<Source>,
    /// What became of it.
    #[serde(flatten)]
    pub outcome: Outcome,
}

/// Tells a code that stays in view from one that is shown again, and bounds the scans of a counter.
/// Times are those since any fixed instant, monotonic.
#[derive(Debug)]
pub struct Gate {
    last: Option<(Digest, Duration)>,
    left: u32,
    filled: Duration,
}

impl Default for Gate {
    fn default() -> Self {
        Self { last: None, left: BURST, filled: Duration::ZERO }
    }
}

impl Gate {
    /// Tells whether a scan may come at `now`, and counts it.
    pub fn admits(&mut self, now: Duration) -> bool {
        let passed = now.saturating_sub(self.filled);
        let more = u32::try_from(passed.as_millis() / PACE.as_millis()).unwrap_or(BURST);
        if more > 0 {
            self.left = self.left.saturating_add(more).min(BURST);
            self.filled = now;
        }
        if self.left == 0 {
            return false;
        }
        self.left -= 1;
        true
    }

    /// Tells whether `text`, seen at `now`, is a scan, and not the code that is in view anyway.
    pub fn is_new(&mut self, text: &str, now: Duration) -> bool {
        let text = Digest::of(text.trim().as_bytes());
        let held =
            self.last.is_some_and(|(last, at)| last == text && now.saturating_sub(at) < IN_VIEW);
        self.last = Some((text, now));
        !held
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::scan::CameraState;

    fn counter(id: &str, cameras: &[&str]) -> Counter {
        let cameras = cameras.iter().map(|name| (*name).to_owned()).collect();
        let id = CounterId::new(id);
        Counter { id, name: None, cameras, keys: vec!["Scanner A".into()], folder: None }
    }

    fn camera(name: &str, path: &str) -> Camera {
        let since = Timestamp::UNIX_EPOCH;
        Camera { name: name.into(), path: path.into(), state: CameraState::Live, since }
    }

    fn by_camera(name: &str) -> Source {
        Source::Camera(name.into())
    }

    #[test]
    fn a_camera_reads_for_the_counter_that_names_it_or_its_path_and_else_for_none() {
        let mut second = counter("2", &["/dev/video4"]);
        second.keys.clear();
        let counters = Counters::new(vec![counter("1", &["Front"]), second]).unwrap();
        let cameras = [camera("Front", "/dev/video0"), camera("Back", "/dev/video4")];
        assert_eq!(counters.of(&by_camera("Front"), &cameras), Some(0));
        assert_eq!(counters.of(&by_camera("Back"), &cameras), Some(1));
        assert_eq!(counters.of(&by_camera("Back"), &[]), None);
        assert_eq!(counters.of(&by_camera("Front"), &[]), None, "nobody told of it");
        assert_eq!(counters.of(&by_camera("Other"), &cameras), None);
        assert_eq!(counters.cameras(1, &cameras), [cameras[1].clone()]);
        let keys = Source::Keys("Scanner A".into());
        assert_eq!(counters.of(&keys, &cameras), Some(0));
    }

    #[test]
    fn without_counters_there_is_one_that_takes_every_camera_that_was_told_of() {
        let counters = Counters::new(Vec::new()).unwrap();
        assert_eq!(counters.all()[0].id.as_str(), "1");
        let cameras = [camera("Whatever", "/dev/video0")];
        assert_eq!(counters.of(&by_camera("Whatever"), &cameras), Some(0));
        let strange = [by_camera("Other"), Source::Keys("x".into()), Source::Folder("1".into())];
        for source in strange {
            assert_eq!(counters.of(&source, &cameras), None, "{source:?}");
        }
        assert_eq!(counters.cameras(0, &[camera("x", "/dev/video0")]).len(), 1);
    }

    #[test]
    fn what_belongs_to_one_counter_cannot_belong_to_another() {
        let both = vec![counter("1", &["Front"]), counter("2", &["Back"])];
        let shared = Misplaced::Shared(CounterId::new("2"), "Scanner A".into());
        assert_eq!(Counters::new(both), Err(shared));
        let mut twice = vec![counter("1", &[]), counter("1", &[])];
        twice[1].keys.clear();
        assert_eq!(Counters::new(twice), Err(Misplaced::Twice(CounterId::new("1"))));
        for id in ["", "a/b", "..", "a b", "é"] {
            let wrong = Counters::new(vec![counter(id, &[])]);
            assert_eq!(wrong, Err(Misplaced::Id(id.into())), "{id}");
        }
    }

    #[test]
    fn a_code_held_in_view_is_one_scan_and_shown_again_another() {
        let at = Duration::from_millis;
        let mut gate = Gate::default();
        assert!(gate.is_new("97465075291709", at(0)));
        for frame in 1..100 {
            assert!(!gate.is_new(" 97465075291709\n", at(frame * 100)));
        }
        assert!(gate.is_new("another", at(9_950)));
        assert!(gate.is_new("97465075291709", at(9_960)));
        assert!(gate.is_new("97465075291709", at(11_960)));
    }

    /// I11
    #[test]
    fn a_counter_s_scans_are_bounded_by_burst_and_pace() {
        let mut gate = Gate::default();
        let at_once = (0..1000).filter(|_| gate.admits(Duration::from_secs(100))).count();
        assert_eq!(at_once, BURST as usize);
        let mut admitted = 0;
        for tick in 0..1000 {
            admitted += u32::from(gate.admits(Duration::from_millis(100_000 + tick * 10)));
        }
        assert!((95..=101).contains(&admitted), "{admitted} in ten seconds");
    }
}
