//! Watched folders, by the whole process and its socket.

#![expect(clippy::unwrap_used, reason = "a test whose process cannot be reached has failed")]

use std::fs::{self, File};
use std::io::Write;
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use prereg_node::domain::scan::{Read, Source};
use prereg_node::scanner::socket::{Folder, Order, Report, Settings, receive, send};
use tempfile::TempDir;

use crate::daemon::{connected, until};
use crate::files::good_files;
use crate::pdf;
use crate::photo::PRID;

/// The process with a folder that it may be told to watch. It logs to a file.
struct Scan {
    child: Child,
    root: TempDir,
}

impl Scan {
    fn start() -> Self {
        let root = tempfile::tempdir().unwrap();
        let log = File::create(root.path().join("log")).unwrap();
        let child = Command::new(env!("CARGO_BIN_EXE_prereg-node"))
            .args(["scan", "--stop-with-input", "--socket"])
            .arg(root.path().join("scan.sock"))
            .stdin(Stdio::piped())
            .stderr(log)
            .spawn()
            .unwrap();
        fs::create_dir(root.path().join("in")).unwrap();
        Self { child, root }
    }

    fn folder(&self) -> PathBuf {
        self.root.path().join("in")
    }

    fn log(&self) -> String {
        fs::read_to_string(self.root.path().join("log")).unwrap()
    }

    /// Connects and has `folders` watched; no camera or hand scanner of this machine is touched.
    fn watching(&self, folders: &[(&str, &Path)]) -> UnixStream {
        let mut stream = connected(&self.root.path().join("scan.sock"));
        let folders = folders.iter().map(|(name, path)| Folder {
            name: (*name).to_owned(),
            path: path.to_str().unwrap().to_owned(),
        });
        let settings = Settings {
            cameras: Some(Vec::new()),
            keys: vec!["no such hand scanner".to_owned()],
            folders: folders.collect(),
        };
        send(&mut stream, &Order::Settings(settings)).unwrap();
        stream
    }
}

impl Drop for Scan {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Returns the next text that was read.
fn next(stream: &mut UnixStream) -> Read {
    loop {
        if let Report::Read(read) = receive(stream).unwrap().expect("it goes on") {
            return read;
        }
    }
}

fn is_empty(folder: &Path) -> bool {
    fs::read_dir(folder).unwrap().count() == 0
}

fn becomes_empty(folder: &Path) {
    until("an empty folder", || is_empty(folder).then_some(()));
}

/// I8
#[test]
fn a_slip_that_turns_up_in_a_folder_is_one_scan_and_its_file_is_gone() {
    let scan = Scan::start();
    let [(_, there), .., (_, later)] = good_files();
    fs::write(scan.folder().join("there before.png"), there).unwrap();
    let mut stream = scan.watching(&[("counter-1", &scan.folder())]);
    let read = next(&mut stream);
    assert_eq!((read.source, read.text.as_str()), (Source::Folder("counter-1".into()), PRID));
    becomes_empty(&scan.folder());

    fs::write(scan.folder().join("97465075291709 Name.jpg"), later).unwrap();
    assert_eq!(next(&mut stream).text, PRID);
    becomes_empty(&scan.folder());
    // Nothing more comes of either.
    stream.set_read_timeout(Some(Duration::from_secs(2))).unwrap();
    while let Ok(Some(report)) = receive::<Report>(&mut stream) {
        assert!(!matches!(report, Report::Read(_)));
    }
    let log = scan.log();
    assert!(log.contains("folder counter-1 is watched"), "{log}");
    assert!(log.contains("hand scanner no such hand scanner is lost"), "{log}");
    assert!(!log.contains(PRID), "{log}");
}

#[test]
fn a_file_that_is_still_written_is_waited_for() {
    let scan = Scan::start();
    let mut stream = scan.watching(&[("1", &scan.folder())]);
    let [(_, png), ..] = good_files();
    let mut file = File::create(scan.folder().join("slow.png")).unwrap();
    for part in png.chunks(png.len() / 3 + 1) {
        file.write_all(part).unwrap();
        file.flush().unwrap();
        std::thread::sleep(Duration::from_millis(1500));
    }
    drop(file);
    assert_eq!(next(&mut stream).text, PRID);
    becomes_empty(&scan.folder());
}

/// I8, I11
#[test]
fn garbage_is_removed_links_are_left_and_slips_are_read_beside_them() {
    let scan = Scan::start();
    let [(_, png), ..] = good_files();
    let outside = scan.root.path().join("outside.png");
    fs::write(&outside, &png).unwrap();
    symlink(&outside, scan.folder().join("a link.png")).unwrap();
    fs::create_dir(scan.folder().join("b folder")).unwrap();
    fs::write(scan.folder().join("c garbage\n97465075291709.png"), [0x89, b'P', b'N', b'G', 1, 2])
        .unwrap();
    fs::write(scan.folder().join(".hidden.png"), &png).unwrap();
    fs::write(scan.folder().join("d.png.part"), &png).unwrap();
    let mut stream = scan.watching(&[("1", &scan.folder())]);
    fs::write(scan.folder().join("e.png"), &png).unwrap();
    assert_eq!(next(&mut stream).text, PRID);
    until("what is no slip to be removed", || {
        let names = fs::read_dir(scan.folder()).unwrap().map(|entry| entry.unwrap().file_name());
        let mut names: Vec<String> = names.map(|name| name.into_string().unwrap()).collect();
        names.sort();
        (names == [".hidden.png", "a link.png", "b folder", "d.png.part"]).then_some(())
    });
    assert!(outside.exists());
    let log = until("the log", || Some(scan.log()).filter(|log| log.contains("damaged")));
    assert!(!log.contains("garbage") && !log.contains("974650"), "{log}");

    fs::rename(scan.folder().join("d.png.part"), scan.folder().join("d.png")).unwrap();
    assert_eq!(next(&mut stream).text, PRID);
}

#[test]
fn each_slip_of_a_file_with_several_pages_is_told_once_and_the_file_is_gone() {
    const OTHER: &str = "21086390132746";
    let scan = Scan::start();
    let mut stream = scan.watching(&[("1", &scan.folder())]);
    let page = |text: &str| pdf::code(text, 8, 8, 2);
    let pages =
        [page("an advert"), page(PRID), String::new(), page(OTHER), page(PRID), page("another")];
    fs::write(scan.folder().join("a.pdf"), pdf::pages(58, &pages)).unwrap();
    assert_eq!(next(&mut stream).text, PRID);
    assert_eq!(next(&mut stream).text, OTHER);
    becomes_empty(&scan.folder());
    // Neither again, and nothing of what else is on the pages: what comes next is of the next file.
    let pages = [page("an advert"), page("an advert")];
    fs::write(scan.folder().join("b.pdf"), pdf::pages(58, &pages)).unwrap();
    assert_eq!(next(&mut stream).text, "an advert");
    becomes_empty(&scan.folder());
}

#[test]
fn a_folder_that_appears_later_is_found_and_each_folder_has_its_name() {
    let scan = Scan::start();
    let (later, other) = (scan.root.path().join("later"), scan.folder());
    let mut stream = scan.watching(&[("later", &later), ("other", &other)]);
    let [(_, png), ..] = good_files();
    until("the log", || scan.log().contains("folder later does not exist").then_some(()));
    fs::write(other.join("a.png"), &png).unwrap();
    assert_eq!(next(&mut stream).source, Source::Folder("other".into()));
    fs::create_dir(&later).unwrap();
    fs::write(later.join("a.png"), &png).unwrap();
    assert_eq!(next(&mut stream).source, Source::Folder("later".into()));
}

/// What is for nobody stays until there is somebody.
#[test]
fn nothing_is_read_while_nobody_listens() {
    let scan = Scan::start();
    let stream = scan.watching(&[("1", &scan.folder())]);
    until("the log", || scan.log().contains("folder 1 is watched").then_some(()));
    drop(stream);
    let [(_, png), ..] = good_files();
    std::thread::sleep(Duration::from_secs(1));
    fs::write(scan.folder().join("a.png"), &png).unwrap();
    std::thread::sleep(Duration::from_secs(3));
    assert!(!is_empty(&scan.folder()));
    let mut stream = scan.watching(&[("1", &scan.folder())]);
    assert_eq!(next(&mut stream).text, PRID);
}
