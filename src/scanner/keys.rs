//! Hand scanners that type: keyboards to the system, and each text they type is a scan.
//!
//! Only those that are named are opened, and each is taken for this process alone, so that what it types
//! reaches no console and no field that happens to have the cursor. One that is not there, that another
//! program has taken, or that may not be opened is tried again each second.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, ErrorKind};
use std::os::fd::AsFd;
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::net::UnixStream;
use std::time::Duration;

use evdev::raw_stream::RawDevice;
use evdev::{EventSummary, KeyCode, SynchronizationCode};
use jiff::Timestamp;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::OFlags;

use crate::domain::scan::{CameraState, Read, Source};
use crate::scanner::devices::{Device, FileId, Inputs};
use crate::scanner::socket::MAX_SOURCES;
use crate::scanner::sources::Told;
use crate::scanner::typed::{Key, Typed};
use crate::scanner::watch::Moment;

/// How often devices are listed.
const TICK: Duration = Duration::from_secs(1);
/// Devices that are open at once: a scanner may be two keyboards to the system.
const MOST: usize = 2 * MAX_SOURCES;

/// What a machine has and does.
pub(super) trait Machine {
    /// A keyboard that is open.
    type Keyboard;

    /// Returns the devices there are now.
    fn devices(&mut self) -> Vec<Device>;

    /// Opens the keyboard at `path` for this process alone.
    fn open(&mut self, path: &str) -> io::Result<Self::Keyboard>;

    /// Waits for keys, at most so long or until it is interrupted; returns those of each keyboard.
    fn keys(
        &mut self,
        keyboards: &mut [&mut Self::Keyboard],
        most: Duration,
    ) -> Vec<io::Result<Vec<Key>>>;
}

/// The hand scanners.
pub(super) struct Keys<M: Machine> {
    machine: M,
    wanted: Vec<String>,
    open: Vec<Open<M::Keyboard>>,
    listed: Option<Duration>,
    states: BTreeMap<String, CameraState>,
}

struct Open<K> {
    /// By which name it is wanted.
    name: String,
    path: String,
    file: FileId,
    keyboard: K,
    typed: Typed,
    last: Timestamp,
}

impl<M: Machine> Keys<M> {
    /// Returns the hand scanners of `machine`, none of them open.
    pub(super) fn new(machine: M) -> Self {
        Self {
            machine,
            wanted: Vec::new(),
            open: Vec::new(),
            listed: None,
            states: BTreeMap::new(),
        }
    }

    /// Opens those of these names, paths or links from now on, and no others.
    pub(super) fn want(&mut self, mut wanted: Vec<String>) {
        wanted.truncate(MAX_SOURCES);
        self.open.retain(|open| wanted.contains(&open.name));
        self.states.retain(|name, _| wanted.contains(name));
        self.wanted = wanted;
        self.listed = None;
    }

    /// Looks which are there, if it is time to; tells how they are where that changed.
    pub(super) fn look(&mut self, moment: Moment, tell: &mut dyn FnMut(Told) -> bool) {
        if self.listed.is_some_and(|listed| moment.passed.saturating_sub(listed) < TICK) {
            return;
        }
        self.listed = Some(moment.passed);
        if self.wanted.is_empty() {
            return;
        }
        let devices = self.machine.devices();
        self.open.retain(|open| {
            devices.iter().any(|device| device.path == open.path && device.file == open.file)
        });
        // A name without a device is that of one that is not plugged in.
        let mut states: BTreeMap<String, CameraState> =
            self.wanted.iter().map(|name| (name.clone(), CameraState::Lost)).collect();
        for device in &devices {
            let Some(name) = wanted_as(device, &self.wanted) else { continue };
            let is_open = self.open.iter().any(|open| open.path == device.path);
            let state = if is_open {
                CameraState::Live
            } else if self.open.len() >= MOST {
                CameraState::Unusable
            } else {
                match self.machine.open(&device.path) {
                    Ok(keyboard) => {
                        self.open.push(Open {
                            name: name.clone(),
                            path: device.path.clone(),
                            file: device.file,
                            keyboard,
                            typed: Typed::default(),
                            last: moment.now,
                        });
                        CameraState::Live
                    }
                    Err(why) => state_of(&why),
                }
            };
            // Of two parts of one scanner, the one that is well counts.
            let known = states.entry(name.clone()).or_insert(state);
            if *known != CameraState::Live {
                *known = state;
            }
        }
        for (name, state) in &states {
            if self.states.get(name) != Some(state) {
                tell(Told::State(Source::Keys(name.clone()), *state));
            }
        }
        self.states = states;
    }

    /// Waits for keys, at most until the next look is due.
    pub(super) fn wait(&mut self) -> Vec<io::Result<Vec<Key>>> {
        let most = self.open.iter().filter_map(|open| open.typed.patience()).min();
        let mut keyboards: Vec<_> = self.open.iter_mut().map(|open| &mut open.keyboard).collect();
        self.machine.keys(&mut keyboards, most.unwrap_or(TICK))
    }

    /// Takes in what [`Self::wait`] returned; tells the texts that it ends.
    pub(super) fn heard(
        &mut self,
        came: Vec<io::Result<Vec<Key>>>,
        moment: Moment,
        tell: &mut dyn FnMut(Told) -> bool,
    ) {
        let mut gone = Vec::new();
        for (open, came) in self.open.iter_mut().zip(came) {
            let mut texts = Vec::new();
            match came {
                Ok(keys) if keys.is_empty() => {
                    texts.extend(open.typed.silent(moment.passed).map(|text| (text, open.last)));
                }
                Ok(keys) => {
                    for key in keys {
                        let text = open.typed.key(key, moment.passed);
                        texts.extend(text.map(|text| (text, moment.now)));
                    }
                    open.last = moment.now;
                }
                Err(_) => gone.push(open.path.clone()),
            }
            for (text, at) in texts {
                let source = Source::Keys(open.name.clone());
                tell(Told::Read(Read { source, text, at }));
            }
        }
        if !gone.is_empty() {
            self.open.retain(|open| !gone.contains(&open.path));
        }
    }
}

/// Returns the name among `wanted` by which `device` is meant: its own path or a link to it before
/// what it calls itself, which others of its kind do, too.
fn wanted_as<'a>(device: &Device, wanted: &'a [String]) -> Option<&'a String> {
    let is_link = |name: &str| {
        device
            .links
            .iter()
            .any(|link| link == name || link.rsplit('/').next().is_some_and(|file| file == name))
    };
    let itself = |name: &&String| **name == device.path || **name == device.place || is_link(name);
    wanted.iter().find(itself).or_else(|| wanted.iter().find(|name| **name == device.label))
}

fn state_of(why: &io::Error) -> CameraState {
    match why.kind() {
        ErrorKind::ResourceBusy => CameraState::Busy,
        ErrorKind::PermissionDenied => CameraState::Denied,
        ErrorKind::NotFound => CameraState::Lost,
        _ if why.raw_os_error() == Some(rustix::io::Errno::NODEV.raw_os_error()) => {
            CameraState::Lost
        }
        _ => CameraState::Unusable,
    }
}

/// This machine. Waiting is interrupted by what comes in at `wake`.
pub(super) struct Here {
    pub(super) inputs: Inputs,
    pub(super) wake: UnixStream,
}

impl Machine for Here {
    type Keyboard = RawDevice;

    fn devices(&mut self) -> Vec<Device> {
        self.inputs.devices()
    }

    fn open(&mut self, path: &str) -> io::Result<RawDevice> {
        let flags = OFlags::NONBLOCK | OFlags::CLOEXEC;
        // Never for writing: nobody here sets its lights.
        let file =
            File::options().read(true).custom_flags(flags.bits().cast_signed()).open(path)?;
        let mut device = RawDevice::from_fd(file.into())?;
        if !device.supported_keys().is_some_and(|keys| keys.contains(KeyCode::KEY_1)) {
            return Err(ErrorKind::Unsupported.into());
        }
        device.grab()?;
        Ok(device)
    }

    fn keys(
        &mut self,
        keyboards: &mut [&mut RawDevice],
        most: Duration,
    ) -> Vec<io::Result<Vec<Key>>> {
        let most = Timespec::try_from(most).ok();
        let mut waits: Vec<PollFd<'_>> = keyboards
            .iter()
            .map(|one| PollFd::from_borrowed_fd(one.as_fd(), PollFlags::IN))
            .collect();
        waits.push(PollFd::new(&self.wake, PollFlags::IN));
        // An interrupted wait is one that was short.
        let _ = poll(&mut waits, most.as_ref());
        let mut ready: Vec<bool> = waits.iter().map(|wait| !wait.revents().is_empty()).collect();
        drop(waits);
        if ready.pop() == Some(true) {
            let _ = io::Read::read(&mut self.wake, &mut [0; 64]);
        }
        let came = keyboards.iter_mut().zip(ready);
        came.map(|(keyboard, ready)| if ready { pressed(keyboard) } else { Ok(Vec::new()) })
            .collect()
    }
}

fn pressed(keyboard: &mut RawDevice) -> io::Result<Vec<Key>> {
    let events = match keyboard.fetch_events() {
        Ok(events) => events,
        Err(why) if why.kind() == ErrorKind::WouldBlock => return Ok(Vec::new()),
        Err(why) => return Err(why),
    };
    let key = |event: evdev::InputEvent| match event.destructure() {
        EventSummary::Key(_, code, 0) => Some(Key::Up(code)),
        // Not 2, which a key sends that is held: no scanner means to say it twice.
        EventSummary::Key(_, code, 1) => Some(Key::Down(code)),
        EventSummary::Synchronization(_, SynchronizationCode::SYN_DROPPED, _) => Some(Key::Lost),
        _ => None,
    };
    Ok(events.filter_map(key).collect())
}

#[cfg(test)]
mod tests;
