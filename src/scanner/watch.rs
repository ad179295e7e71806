//! Which cameras are watched and how each of them is. Decides only: it is told what is seen, and says
//! which watching processes to start and to end.
//!
//! Each camera has a process of its own, for a device that fails may hang whoever has it open. One that
//! ends is started again after a wait that doubles, and the next is not started before the last is gone,
//! so a device that holds on to its process costs one and not many.

use std::time::Duration;

use jiff::Timestamp;

use crate::domain::scan::{Camera, CameraState};
use crate::scanner::devices::Device;
use crate::scanner::socket::MAX_SOURCES;

/// How long a camera may send nothing before its process is ended.
pub const STALLED: Duration = Duration::from_secs(5);
/// How long it may take to open and to send its first frame.
pub const FIRST_FRAME: Duration = Duration::from_secs(10);
/// The first wait before a process is started again.
const WAIT: Duration = Duration::from_secs(1);
/// The longest wait.
const LONGEST_WAIT: Duration = Duration::from_secs(30);
/// The longest wait for what mends itself from one moment to the next: another program lets go of the
/// camera, its driver comes back.
const SOON: Duration = Duration::from_secs(2);
/// A camera that has sent frames for so long has not failed at the start.
const STEADY: Duration = Duration::from_secs(10);
/// Devices that are kept in mind, pulled ones among them.
const MOST: usize = 2 * MAX_SOURCES;

/// Now, by the clock that cannot be put and by the one on the wall.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
    /// Since any fixed instant. Decides.
    pub passed: Duration,
    /// The time of day. Shown.
    pub now: Timestamp,
}

/// What to do with processes. Each start has a number of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Do {
    /// Start a process that watches the camera at this path.
    Start(u64, String),
    /// End that process; tell when it is gone.
    End(u64),
}

/// How a watching process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The device is none that will ever be a camera.
    NoCamera,
    /// The device is no camera while nothing feeds it.
    NotNow,
    /// In any other way.
    Other,
}

/// Which cameras are wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// None: nobody listens.
    None,
    /// Every camera there is.
    All,
    /// Those of one of these names or paths.
    Named(Vec<String>),
}

/// The cameras.
#[derive(Debug)]
pub struct Watch {
    wanted: Wanted,
    kept: Vec<Kept>,
    started: u64,
}

/// A device that is or was there.
#[derive(Debug)]
struct Kept {
    device: Device,
    present: bool,
    /// How it is and since when; `None` until it has shown itself to be a camera.
    state: Option<(CameraState, Timestamp)>,
    process: Process,
    /// Starts that failed one after the other.
    failures: u32,
}

#[derive(Clone, Copy, Debug)]
enum Process {
    /// None, and none is to be.
    None,
    /// None until then.
    Waits(Duration),
    Runs {
        number: u64,
        sign: Duration,
        live_since: Option<Duration>,
    },
    /// Told to end.
    Ends(u64),
}

impl Watch {
    /// Returns a watch over no camera.
    #[must_use]
    pub fn new() -> Self {
        Self { wanted: Wanted::None, kept: Vec::new(), started: 0 }
    }

    /// Takes in which cameras are wanted from now on.
    pub fn want(&mut self, wanted: Wanted, moment: Moment) -> Vec<Do> {
        self.wanted = wanted;
        for kept in &mut self.kept {
            kept.failures = 0;
            if let Process::Waits(_) = kept.process {
                kept.process = Process::Waits(moment.passed);
            }
        }
        self.settle(moment)
    }

    /// Takes in which devices there are now.
    pub fn found(&mut self, devices: &[Device], moment: Moment) -> Vec<Do> {
        for kept in &mut self.kept {
            let still = devices.iter().find(|device| {
                device.path == kept.device.path && device.label == kept.device.label
            });
            match still {
                Some(device) => {
                    // While it sends, a new owner or right of the file is nothing to stop for.
                    if !kept.present || (kept.device.file != device.file && !kept.sends()) {
                        kept.plugged(moment);
                    }
                    kept.device = device.clone();
                }
                None => kept.pulled(moment),
            }
        }
        for device in devices {
            if self.kept.iter().any(|kept| kept.present && kept.device.path == device.path) {
                continue;
            }
            // One that was pulled and put back elsewhere is the same camera: best the one of this
            // place, else any of its kind.
            let known = |same_place: bool| {
                self.kept.iter().position(|kept| {
                    !kept.present
                        && kept.device.label == device.label
                        && (!same_place || kept.device.place == device.place)
                })
            };
            let known = known(true).or_else(|| known(false));
            if let Some(kept) = known.map(|at| &mut self.kept[at]) {
                kept.device = device.clone();
                kept.plugged(moment);
            } else {
                self.kept.push(Kept::new(device.clone(), moment));
            }
        }
        let listed = |kept: &Kept| kept.present || kept.state.is_some();
        self.kept.retain(|kept| listed(kept) || kept.process.number().is_some());
        while self.kept.len() > MOST {
            let gone = self.kept.iter().position(|k| !k.present && k.process.number().is_none());
            match gone {
                Some(at) => drop(self.kept.remove(at)),
                None => break,
            }
        }
        self.settle(moment)
    }

    /// Takes in that process `number` said its camera is in this state.
    pub fn said(&mut self, number: u64, state: CameraState, moment: Moment) {
        if let Some(kept) = self.of(number) {
            // One that stalled is not well again because it could be opened.
            let reopened = state == CameraState::Opening && kept.state.is_some();
            if !reopened {
                kept.turn(state, moment);
            }
        }
    }

    /// Takes in that process `number` has seen a frame.
    pub fn alive(&mut self, number: u64, moment: Moment) {
        let Some(kept) = self.of(number) else { return };
        if let Process::Runs { sign, live_since, .. } = &mut kept.process {
            *sign = moment.passed;
            let since = *live_since.get_or_insert(moment.passed);
            if moment.passed.saturating_sub(since) >= STEADY {
                kept.failures = 0;
            }
            kept.turn(CameraState::Live, moment);
        }
    }

    /// Takes in that process `number` is gone.
    pub fn ended(&mut self, number: u64, how: End, moment: Moment) -> Vec<Do> {
        let Some(kept) = self.kept.iter_mut().find(|kept| kept.process.number() == Some(number))
        else {
            return Vec::new();
        };
        let told_to = matches!(kept.process, Process::Ends(_));
        let was_live = kept.state.is_some_and(|(state, _)| state == CameraState::Live);
        kept.process = Process::None;
        if !kept.present {
            return self.settle(moment);
        }
        match how {
            End::NoCamera => {
                kept.state = None;
                return self.settle(moment);
            }
            // It was a camera before: its feed has stopped.
            End::NotNow if was_live => kept.turn(CameraState::Stalled, moment),
            End::Other if !told_to && was_live => kept.turn(CameraState::Unusable, moment),
            End::Other if kept.state.is_none() => kept.turn(CameraState::Unusable, moment),
            End::NotNow | End::Other => {}
        }
        let doubled = WAIT * 2_u32.saturating_pow(kept.failures.min(10));
        let longest = match (how, kept.state.map(|(state, _)| state)) {
            (End::NotNow, _) | (_, Some(CameraState::Lost | CameraState::Busy)) => SOON,
            _ => LONGEST_WAIT,
        };
        kept.failures = kept.failures.saturating_add(1);
        kept.process = Process::Waits(moment.passed + doubled.min(longest));
        self.settle(moment)
    }

    /// Looks at the time: ends what is silent, starts what is due. To be called about once a second.
    pub fn tick(&mut self, moment: Moment) -> Vec<Do> {
        self.settle(moment)
    }

    /// Returns the cameras that are wanted and were ever there, in the order in which they came; of
    /// more than twice [`MAX_SOURCES`] so many, those that are there before those that were pulled.
    #[must_use]
    pub fn cameras(&self) -> Vec<Camera> {
        let is_shown = |kept: &&Kept| self.wants(kept) && kept.state.is_some();
        let mut shown: Vec<&Kept> = self.kept.iter().filter(is_shown).collect();
        if shown.len() > MOST {
            shown.sort_by_key(|kept| !kept.present);
            shown.truncate(MOST);
        }
        let camera = |kept: &Kept| {
            let (state, since) = kept.state?;
            let path = kept.device.path.clone();
            Some(Camera { name: self.name(kept), path, state, since })
        };
        shown.into_iter().filter_map(camera).collect()
    }

    /// Returns the name of the camera that process `number` watches.
    #[must_use]
    pub fn name_of(&self, number: u64) -> Option<String> {
        let kept = self.kept.iter().find(|kept| kept.process.runs() == Some(number))?;
        Some(self.name(kept))
    }

    /// Returns the process that watches the camera of this name.
    #[must_use]
    pub fn process_of(&self, name: &str) -> Option<u64> {
        self.kept.iter().find_map(|kept| {
            kept.process.runs().filter(|_| kept.state.is_some() && self.name(kept) == name)
        })
    }

    fn name(&self, kept: &Kept) -> String {
        let Device { label, place, .. } = &kept.device;
        let alike = |other: &&Kept| other.state.is_some() && other.device.label == *label;
        if self.kept.iter().filter(alike).count() > 1 {
            format!("{label} ({place})")
        } else {
            label.clone()
        }
    }

    fn of(&mut self, number: u64) -> Option<&mut Kept> {
        self.kept.iter_mut().find(|kept| kept.process.runs() == Some(number))
    }

    fn wants(&self, kept: &Kept) -> bool {
        let Device { label, place, path, links, .. } = &kept.device;
        match &self.wanted {
            Wanted::None => false,
            Wanted::All => true,
            Wanted::Named(names) => names.iter().any(|name| {
                [label, place, path].contains(&name)
                    || links.contains(name)
                    || name.strip_prefix(label.as_str()).is_some_and(|rest| {
                        rest.strip_prefix(" (").and_then(|rest| rest.strip_suffix(')'))
                            == Some(place)
                    })
            }),
        }
    }

    /// Ends what is not wanted, gone or silent, and starts what is due.
    fn settle(&mut self, moment: Moment) -> Vec<Do> {
        let mut todo = Vec::new();
        let wanted: Vec<bool> = self.kept.iter().map(|kept| self.wants(kept)).collect();
        for (kept, wanted) in self.kept.iter_mut().zip(&wanted) {
            let Process::Runs { number, sign, live_since } = kept.process else { continue };
            let patience = if live_since.is_some() { STALLED } else { FIRST_FRAME };
            let silent = moment.passed.saturating_sub(sign) >= patience;
            if silent && *wanted && kept.present {
                kept.turn(CameraState::Stalled, moment);
            }
            if silent || !*wanted || !kept.present {
                kept.process = Process::Ends(number);
                todo.push(Do::End(number));
            }
        }
        let mut running = self.kept.iter().filter(|kept| kept.process.number().is_some()).count();
        for (kept, wanted) in self.kept.iter_mut().zip(&wanted) {
            let due = matches!(kept.process, Process::Waits(until) if until <= moment.passed);
            if due && *wanted && kept.present && running < MAX_SOURCES {
                running += 1;
                self.started += 1;
                let number = self.started;
                kept.process = Process::Runs { number, sign: moment.passed, live_since: None };
                todo.push(Do::Start(number, kept.device.path.clone()));
            }
        }
        todo
    }
}

impl Default for Watch {
    fn default() -> Self {
        Self::new()
    }
}

impl Kept {
    fn new(device: Device, moment: Moment) -> Self {
        let process = Process::Waits(moment.passed);
        Self { device, present: true, state: None, process, failures: 0 }
    }

    fn sends(&self) -> bool {
        matches!(self.process, Process::Runs { live_since: Some(_), .. })
    }

    fn turn(&mut self, state: CameraState, moment: Moment) {
        if self.state.is_none_or(|(before, _)| before != state) {
            self.state = Some((state, moment.now));
        }
    }

    fn plugged(&mut self, moment: Moment) {
        self.present = true;
        self.failures = 0;
        if self.process.number().is_none() {
            self.process = Process::Waits(moment.passed);
        }
    }

    fn pulled(&mut self, moment: Moment) {
        self.present = false;
        if self.state.is_some() {
            self.turn(CameraState::Lost, moment);
        }
        if self.process.number().is_none() {
            self.process = Process::None;
        }
    }
}

impl Process {
    fn number(self) -> Option<u64> {
        match self {
            Self::Runs { number, .. } | Self::Ends(number) => Some(number),
            Self::None | Self::Waits(_) => None,
        }
    }

    fn runs(self) -> Option<u64> {
        if let Self::Runs { number, .. } = self { Some(number) } else { None }
    }
}

#[cfg(test)]
mod tests;
