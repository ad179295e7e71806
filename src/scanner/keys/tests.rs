//! Hand scanners as a made-up machine has them.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use super::*;

const PRID: &str = "97465075291709";

/// What is plugged in, who else has it, and what it types next.
#[derive(Default)]
struct Plugs {
    devices: Vec<Device>,
    refused: HashMap<String, ErrorKind>,
    opened: Vec<String>,
    typing: HashMap<String, Vec<io::Result<Vec<Key>>>>,
}

struct Double {
    plugs: Rc<RefCell<Plugs>>,
    folder: tempfile::TempDir,
}

impl Machine for Double {
    type Keyboard = String;

    fn devices(&mut self) -> Vec<Device> {
        self.plugs.borrow().devices.clone()
    }

    fn open(&mut self, path: &str) -> io::Result<String> {
        let mut plugs = self.plugs.borrow_mut();
        if let Some(kind) = plugs.refused.get(path) {
            return Err((*kind).into());
        }
        plugs.opened.push(path.to_owned());
        Ok(path.to_owned())
    }

    fn keys(&mut self, keyboards: &mut [&mut String], _: Duration) -> Vec<io::Result<Vec<Key>>> {
        let mut plugs = self.plugs.borrow_mut();
        let mut next = |path: &str| match plugs.typing.get_mut(path) {
            Some(typing) if !typing.is_empty() => typing.remove(0),
            _ => Ok(Vec::new()),
        };
        keyboards.iter().map(|path| next(path)).collect()
    }
}

/// A counter with hand scanners.
struct Desk {
    keys: Keys<Double>,
    plugs: Rc<RefCell<Plugs>>,
    passed: Duration,
    read: Vec<(String, String)>,
    states: Vec<(String, CameraState)>,
}

impl Desk {
    fn wanting(wanted: &[&str]) -> Self {
        let plugs = Rc::<RefCell<Plugs>>::default();
        let folder = tempfile::tempdir().unwrap();
        let mut keys = Keys::new(Double { plugs: Rc::clone(&plugs), folder });
        keys.want(wanted.iter().map(|&name| name.to_owned()).collect());
        let (passed, read, states) = (Duration::ZERO, Vec::new(), Vec::new());
        Self { keys, plugs, passed, read, states }
    }

    /// Plugs in a device, and returns its path.
    fn plug(&mut self, event: &str, label: &str) -> String {
        let file = self.keys.machine.folder.path().join(event);
        std::fs::write(&file, "").unwrap();
        let path = format!("/dev/input/{event}");
        self.plugs.borrow_mut().devices.push(Device {
            path: path.clone(),
            label: label.to_owned(),
            place: event.to_owned(),
            links: vec![format!("/dev/input/by-id/usb-{event}-kbd")],
            file: FileId::of(&file).unwrap(),
        });
        path
    }

    fn types(&mut self, path: &str, text: &str, end: bool) {
        let digit = |c: char| match c.to_digit(10).unwrap() {
            0 => KeyCode::KEY_0,
            digit => KeyCode(KeyCode::KEY_1.0 - 1 + u16::try_from(digit).unwrap()),
        };
        let keys = text.chars().map(digit).chain(end.then_some(KeyCode::KEY_ENTER));
        let keys = keys.flat_map(|key| [Key::Down(key), Key::Up(key)]).collect();
        self.plugs.borrow_mut().typing.entry(path.to_owned()).or_default().push(Ok(keys));
    }

    fn pass(&mut self, millis: u64) {
        self.passed += Duration::from_millis(millis);
        let millis = i64::try_from(self.passed.as_millis()).unwrap();
        let now = Timestamp::from_millisecond(millis).unwrap();
        let moment = Moment { passed: self.passed, now };
        let (read, states) = (&mut self.read, &mut self.states);
        let mut tell = |told| {
            match told {
                Told::Read(told) => read.push((told.source.name().to_owned(), told.text)),
                Told::State(source, state) => states.push((source.name().to_owned(), state)),
            }
            true
        };
        self.keys.look(moment, &mut tell);
        let came = self.keys.wait();
        self.keys.heard(came, moment, &mut tell);
    }

    fn read(&mut self) -> Vec<(String, String)> {
        std::mem::take(&mut self.read)
    }

    fn states(&mut self) -> Vec<(String, CameraState)> {
        std::mem::take(&mut self.states)
    }
}

fn pair<T>(name: &str, other: T) -> (String, T) {
    (name.to_owned(), other)
}

#[test]
fn only_what_is_named_is_opened_and_each_text_is_one_scan() {
    let mut desk = Desk::wanting(&["Honeywell"]);
    desk.plug("event0", "AT keyboard of the console");
    let path = desk.plug("event5", "Honeywell");
    desk.types(&path, PRID, true);
    desk.pass(1000);
    desk.pass(1000);
    assert_eq!(desk.plugs.borrow().opened, [path]);
    assert_eq!(desk.read(), [pair("Honeywell", PRID.to_owned())]);
    assert_eq!(desk.states(), [pair("Honeywell", CameraState::Live)]);
}

#[test]
fn a_scanner_that_presses_no_enter_is_told_when_it_falls_silent() {
    let mut desk = Desk::wanting(&["Honeywell"]);
    let path = desk.plug("event5", "Honeywell");
    desk.types(&path, PRID, false);
    desk.pass(1000);
    assert_eq!(desk.read(), []);
    desk.pass(250);
    assert_eq!(desk.read(), [pair("Honeywell", PRID.to_owned())]);
}

#[test]
fn two_of_one_kind_are_told_apart_by_path_or_link() {
    let mut desk = Desk::wanting(&["Honeywell", "/dev/input/by-id/usb-event6-kbd", "event7"]);
    for event in ["event5", "event6", "event7"] {
        let path = desk.plug(event, "Honeywell");
        desk.types(&path, PRID, true);
    }
    desk.pass(1000);
    let names: Vec<String> = desk.read().into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["Honeywell", "/dev/input/by-id/usb-event6-kbd", "event7"]);
}

#[test]
fn one_that_is_pulled_busy_or_denied_is_told_as_such_and_works_once_it_is_well() {
    let mut desk = Desk::wanting(&["Honeywell"]);
    desk.pass(1000);
    let path = desk.plug("event5", "Honeywell");
    for kind in [ErrorKind::ResourceBusy, ErrorKind::PermissionDenied, ErrorKind::InvalidInput] {
        desk.plugs.borrow_mut().refused.insert(path.clone(), kind);
        desk.pass(1000);
        desk.pass(1000);
    }
    desk.plugs.borrow_mut().refused.clear();
    desk.pass(1000);
    // Reading fails before the file is gone.
    let gone = Err(io::Error::from_raw_os_error(rustix::io::Errno::NODEV.raw_os_error()));
    desk.plugs.borrow_mut().typing.entry(path.clone()).or_default().push(gone);
    desk.plugs.borrow_mut().devices.clear();
    desk.pass(500);
    desk.pass(500);
    assert_eq!(
        desk.states(),
        [
            CameraState::Lost,
            CameraState::Busy,
            CameraState::Denied,
            CameraState::Unusable,
            CameraState::Live,
            CameraState::Lost,
        ]
        .map(|state| pair("Honeywell", state))
    );
    let path = desk.plug("event9", "Honeywell");
    desk.types(&path, PRID, true);
    desk.pass(1000);
    assert_eq!(desk.read().len(), 1);
}

#[test]
fn one_that_is_no_longer_wanted_is_let_go() {
    let mut desk = Desk::wanting(&["Honeywell"]);
    let path = desk.plug("event5", "Honeywell");
    desk.pass(1000);
    desk.keys.want(Vec::new());
    desk.types(&path, PRID, true);
    desk.pass(1000);
    assert_eq!((desk.read(), desk.keys.open.len()), (Vec::new(), 0));
}
