//! Cameras as `serve` is told of them, with a stand-in for the process that has the device open: these
//! machines have none. `scripts/vm-test` shows real ones.

#![expect(clippy::unwrap_used, reason = "a test whose process cannot be reached has failed")]

use std::fs;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::thread::JoinHandle;

use prereg_node::domain::scan::{Camera, CameraState, Read};
use prereg_node::scanner::daemon::{self, Incoming};
use prereg_node::scanner::devices::Folders;
use prereg_node::scanner::socket::{Look, Order, Preview, Report, Settings, receive, send};
use prereg_node::scanner::supervise::Places;
use tempfile::TempDir;

use crate::daemon::{PATIENCE, connected, is_ended, until};

/// A machine with cameras, and the scan process on it.
struct Desk {
    root: TempDir,
    stream: Option<UnixStream>,
    scan: Option<JoinHandle<std::io::Result<()>>>,
}

impl Desk {
    /// A machine with these cameras: file, label, and what they do.
    fn with(cameras: &[(&str, &str, &str)]) -> Self {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir(root.path().join("dev")).unwrap();
        for (file, label, does) in cameras {
            plug(root.path(), file, label, does);
        }
        Self { root, stream: None, scan: None }
    }

    fn places(&self) -> Places {
        Places {
            program: Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scan/camera.sh"),
            folders: Folders { dev: self.dev(), class: self.root.path().join("class") },
        }
    }

    fn dev(&self) -> PathBuf {
        self.root.path().join("dev")
    }

    /// Starts the scan process and has it watch every camera.
    fn watched(mut self) -> Self {
        let (ours, theirs) = UnixStream::pair().unwrap();
        let places = self.places();
        self.scan = Some(std::thread::spawn(move || daemon::run(&places, Incoming::One(theirs))));
        ours.set_read_timeout(Some(PATIENCE)).unwrap();
        let mut ours = crate::daemon::greeted(ours);
        send(&mut ours, &Order::Settings(Settings::default())).unwrap();
        self.stream = Some(ours);
        self
    }

    fn next(&mut self) -> Report {
        receive(self.stream.as_mut().unwrap()).unwrap().expect("it goes on")
    }

    fn send(&mut self, order: &Order) {
        send(self.stream.as_mut().unwrap(), order).unwrap();
    }

    /// Waits until the cameras are as told.
    fn until_cameras(&mut self, expected: &[(&str, CameraState)]) -> Vec<Camera> {
        loop {
            if let Report::Cameras(cameras) = self.next() {
                let told: Vec<_> = cameras.iter().map(|c| (c.name.as_str(), c.state)).collect();
                if told == expected {
                    return cameras;
                }
            }
        }
    }

    fn until_read(&mut self) -> Read {
        loop {
            if let Report::Read(read) = self.next() {
                return read;
            }
        }
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        drop(self.stream.take());
        if let Some(scan) = self.scan.take() {
            let ended = scan.join();
            if !std::thread::panicking() {
                ended.unwrap().unwrap();
            }
        }
    }
}

fn plug(root: &Path, file: &str, label: &str, does: &str) {
    let class = root.join("class").join(file);
    fs::create_dir_all(&class).unwrap();
    fs::write(class.join("name"), label).unwrap();
    // As a device comes: whole or not at all.
    let hidden = root.join(file);
    fs::write(&hidden, format!("{does}\n")).unwrap();
    fs::rename(hidden, root.join("dev").join(file)).unwrap();
}

use CameraState::{Busy, Denied, Live, Lost, Stalled, Unusable};

#[test]
fn what_two_cameras_read_is_told_with_their_names() {
    let mut desk = Desk::with(&[
        ("video0", "Counter one\n", "shows 97465075291709"),
        ("video1", "Counter one\n", "none"),
        ("video2", "Counter two\n", "shows 46537143845798"),
    ])
    .watched();
    let mut read: Vec<_> = (0..2).map(|_| desk.until_read()).collect();
    read.sort_by(|a, b| a.text.cmp(&b.text));
    let told: Vec<_> = read.iter().map(|r| (r.source.name(), r.text.as_str())).collect();
    assert_eq!(told, [("Counter two", "46537143845798"), ("Counter one", "97465075291709")]);
}

#[test]
fn a_camera_that_falls_silent_is_stalled_and_live_again_by_itself() {
    let mut desk = Desk::with(&[("video0", "C920", "mute-once")]).watched();
    for state in [Live, Stalled, Live] {
        desk.until_cameras(&[("C920", state)]);
    }
}

#[test]
fn a_watching_process_that_dies_or_raves_is_replaced() {
    for does in ["die-once", "rave-once"] {
        let mut desk = Desk::with(&[("video0", "C920", does)]).watched();
        for state in [Live, Unusable, Live] {
            desk.until_cameras(&[("C920", state)]);
        }
    }
}

#[test]
fn a_camera_that_is_pulled_and_put_back_keeps_its_name() {
    let mut desk = Desk::with(&[("video0", "C920", "live")]).watched();
    desk.until_cameras(&[("C920", Live)]);
    fs::remove_file(desk.dev().join("video0")).unwrap();
    desk.until_cameras(&[("C920", Lost)]);
    plug(desk.root.path(), "video3", "C920", "live");
    let cameras = desk.until_cameras(&[("C920", Live)]);
    assert!(cameras[0].path.ends_with("/video3"));
}

#[test]
fn busy_denied_and_unusable_cameras_are_told_beside_the_good_one() {
    let mut desk = Desk::with(&[
        ("video0", "A", "is busy"),
        ("video1", "B", "is denied"),
        ("video2", "C", "is unusable"),
        ("video3", "D", "live"),
    ])
    .watched();
    desk.until_cameras(&[("A", Busy), ("B", Denied), ("C", Unusable), ("D", Live)]);
    fs::write(desk.dev().join("video0"), "live\n").unwrap();
    desk.until_cameras(&[("A", Live), ("B", Denied), ("C", Unusable), ("D", Live)]);
}

#[test]
fn previews_come_only_while_somebody_looks() {
    let mut desk = Desk::with(&[("video0", "C920", "seen")]).watched();
    desk.until_cameras(&[("C920", Live)]);
    desk.send(&Order::Look(Look { camera: "C920".into(), on: true }));
    let preview = loop {
        match desk.next() {
            Report::Preview(preview) => break preview,
            Report::Alive => {}
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(preview, Preview { camera: "C920".into(), jpeg: b"\xff\xd8JPG".to_vec() });
    desk.send(&Order::Look(Look { camera: "C920".into(), on: false }));
    // The order to look no longer makes the stand-in send once more: it is not passed on.
    let mut alive = 0;
    while alive < 2 {
        match desk.next() {
            Report::Alive => alive += 1,
            Report::Preview(_) => assert_eq!(alive, 0, "a preview nobody looks at"),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn cameras_are_closed_when_nobody_listens() {
    let desk = Desk::with(&[("video0", "C920", "live")]);
    let socket = desk.root.path().join("scan.sock");
    let (places, listener) = (desk.places(), UnixListener::bind(&socket).unwrap());
    std::thread::spawn(move || daemon::run(&places, Incoming::Own(listener)));
    let device = desk.dev().join("video0");
    let watched = || {
        fs::read_dir("/proc").unwrap().flatten().any(|process| {
            let told = fs::read(process.path().join("cmdline")).unwrap_or_default();
            let device = device.as_os_str().as_encoded_bytes();
            told.windows(device.len()).any(|part| part == device)
        })
    };
    for _ in 0..2 {
        let mut stream = connected(&socket);
        send(&mut stream, &Order::Settings(Settings::default())).unwrap();
        until("the camera to be opened", || watched().then_some(()));
        drop(stream);
        until("the camera to be closed", || (!watched()).then_some(()));
    }
}

/// I11
#[test]
fn who_does_not_read_what_it_is_told_is_let_go_and_the_next_is_served() {
    let desk = Desk::with(&[("video0", "C920", "floods")]);
    let socket = desk.root.path().join("scan.sock");
    let (places, listener) = (desk.places(), UnixListener::bind(&socket).unwrap());
    std::thread::spawn(move || daemon::run(&places, Incoming::Own(listener)));
    let mut deaf = connected(&socket);
    send(&mut deaf, &Order::Settings(Settings::default())).unwrap();
    let look = Order::Look(Look { camera: String::new(), on: true });
    until("the deaf one to be let go", || send(&mut deaf, &look).err());
    assert!(is_ended(&mut deaf));

    fs::write(desk.dev().join("video0"), "live\n").unwrap();
    let mut next = connected(&socket);
    send(&mut next, &Order::Settings(Settings::default())).unwrap();
    let report = receive(&mut next).unwrap();
    assert!(matches!(report, Some(Report::Cameras(_))), "{report:?}");
}
