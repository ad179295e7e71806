//! A folder as whoever puts files into it sees it; files that hold "slip" are slips.

use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;

use super::*;

struct Desk {
    _root: tempfile::TempDir,
    folder: PathBuf,
    watched: Watched,
    passed: Duration,
    read: Vec<String>,
    removed: Vec<&'static str>,
    no_worker: bool,
}

impl Desk {
    fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("in");
        fs::create_dir(&folder).unwrap();
        Self {
            watched: Watched::new(folder.clone()),
            folder,
            _root: root,
            passed: Duration::ZERO,
            read: Vec::new(),
            removed: Vec::new(),
            no_worker: false,
        }
    }

    fn put(&self, name: impl AsRef<OsStr>, content: &str) {
        fs::write(self.folder.join(name.as_ref()), content).unwrap();
    }

    fn has(&self, name: &str) -> bool {
        fs::symlink_metadata(self.folder.join(name)).is_ok()
    }

    /// Lets `passed` go by, in steps of a tenth of a second.
    fn pass(&mut self, passed: Duration) {
        let until = self.passed + passed;
        while self.passed < until {
            self.passed += Duration::from_millis(100);
            let (texts, no_worker) = (&mut self.read, self.no_worker);
            let step = self.watched.step(self.passed, &mut |content| {
                if no_worker {
                    return Err(Unreadable::NoWorker("for a test".to_owned()));
                }
                let text = String::from_utf8(content).unwrap();
                if text == "crash" {
                    return Err(Unreadable::Crashed);
                }
                if !text.contains("slip") {
                    return Err(Unreadable::Unknown);
                }
                texts.push(text);
                Ok(())
            });
            if let Step::Removed(why) = step {
                self.removed.push(why.kind());
            }
        }
    }
}

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn files_that_are_there_are_read_in_the_order_of_their_names_and_removed() {
    let mut desk = Desk::new();
    for name in ["b.png", "a.png", "c c\n.pdf"] {
        desk.put(name, &format!("slip {name}"));
    }
    desk.put(OsStr::from_bytes(b"\xff\xfe"), "slip d");
    desk.pass(3 * SECOND);
    assert_eq!(desk.read, ["slip a.png", "slip b.png", "slip c c\n.pdf", "slip d"]);
    assert_eq!(fs::read_dir(&desk.folder).unwrap().count(), 0);
}

#[test]
fn a_file_that_grows_is_waited_for_and_one_that_was_closed_is_read_at_once() {
    let mut desk = Desk::new();
    let mut text = String::from("sl");
    for _ in 0..5 {
        desk.put("a.png", &text);
        desk.pass(SECOND / 2);
        text.push(' ');
    }
    assert_eq!(desk.read, [""; 0]);
    desk.put("a.png", "slip");
    desk.watched.closed(OsStr::new("a.png"), desk.passed);
    desk.pass(SECOND / 10);
    assert_eq!(desk.read, ["slip"]);
}

/// A writer that pauses, or closes its file in between, loses nothing.
#[test]
fn what_was_read_too_early_is_read_again_when_it_has_changed() {
    let mut desk = Desk::new();
    desk.put("a.png", "sl");
    desk.watched.closed(OsStr::new("a.png"), desk.passed);
    desk.put("b.png", "");
    desk.watched.closed(OsStr::new("b.png"), desk.passed);
    desk.pass(SETTLED - SECOND);
    assert!(desk.has("a.png") && desk.has("b.png"));
    desk.put("a.png", "slip a");
    desk.put("b.png", "slip b");
    desk.pass(4 * SECOND);
    assert_eq!(desk.read, ["slip a", "slip b"]);
}

/// A flat-bed scanner that has one name for all its scans writes the next over the one before.
#[test]
fn what_is_written_over_a_file_while_that_is_read_is_read_too_and_not_removed_unread() {
    let mut desk = Desk::new();
    let path = desk.folder.join("scan.png");
    for next in ["slip of another", "slip B"] {
        desk.put("scan.png", "slip A");
        desk.watched.closed(OsStr::new("scan.png"), desk.passed);
        desk.passed += SECOND;
        let inode = fs::metadata(&path).unwrap().ino();
        let mut written_over = |content: Vec<u8>| {
            assert_eq!(content, b"slip A");
            std::thread::sleep(Duration::from_millis(20));
            fs::write(&path, next).unwrap();
            Ok(())
        };
        assert_eq!(desk.watched.step(desk.passed, &mut written_over), Step::Read);
        assert_eq!(fs::metadata(&path).unwrap().ino(), inode, "the same file, as it is now");
        desk.pass(3 * SECOND);
        assert_eq!((desk.read.pop().as_deref(), desk.has("scan.png")), (Some(next), false));
    }
}

/// I8
#[test]
fn what_is_no_slip_is_removed_once_it_has_stayed_as_it_is() {
    let mut desk = Desk::new();
    desk.put("a.txt", "notes");
    desk.put("b.png", "");
    let large = File::create(desk.folder.join("c.png")).unwrap();
    large.set_len(MAX_BYTES + 1).unwrap();
    desk.pass(SETTLED - SECOND);
    assert!(desk.has("a.txt") && desk.has("b.png") && desk.has("c.png"));
    desk.pass(3 * SECOND);
    assert_eq!(desk.removed, ["unknown", "empty", "too-large"]);
    assert_eq!(fs::read_dir(&desk.folder).unwrap().count(), 0);
}

#[test]
fn a_file_that_could_not_be_looked_at_is_kept_and_tried_again() {
    let mut desk = Desk::new();
    desk.no_worker = true;
    desk.put("a.png", "slip");
    desk.pass(6 * SETTLED);
    assert!(desk.has("a.png"));
    desk.no_worker = false;
    desk.pass(AGAIN + SECOND);
    assert_eq!((desk.read.len(), desk.has("a.png")), (1, false));
}

#[test]
fn a_file_that_makes_its_decoder_fail_has_two_attempts() {
    let mut desk = Desk::new();
    desk.put("a.png", "crash");
    desk.pass(AGAIN);
    assert!(desk.has("a.png"));
    desk.pass(SETTLED);
    assert_eq!(desk.removed, ["crashed"]);
}

#[test]
fn names_of_files_in_the_making_are_left_until_they_have_another() {
    let mut desk = Desk::new();
    for name in [".a.png", "b.png.part", "c.TMP"] {
        desk.put(name, "slip");
        desk.watched.closed(OsStr::new(name), desk.passed);
    }
    desk.pass(2 * SETTLED);
    assert_eq!(desk.read, [""; 0]);
    fs::rename(desk.folder.join("b.png.part"), desk.folder.join("b.png")).unwrap();
    desk.watched.closed(OsStr::new("b.png"), desk.passed);
    desk.pass(SECOND);
    assert_eq!(desk.read, ["slip"]);
}

/// I11
#[test]
fn links_folders_pipes_and_sockets_are_left_alone() {
    let mut desk = Desk::new();
    let outside = desk.folder.parent().unwrap().join("outside");
    fs::write(&outside, "slip of somebody else").unwrap();
    symlink(&outside, desk.folder.join("link.png")).unwrap();
    symlink("/dev/zero", desk.folder.join("zero.png")).unwrap();
    fs::create_dir(desk.folder.join("folder.png")).unwrap();
    fs::write(desk.folder.join("folder.png/inner.png"), "slip").unwrap();
    let pipe = desk.folder.join("pipe.png");
    rustix::fs::mknodat(
        rustix::fs::CWD,
        &pipe,
        rustix::fs::FileType::Fifo,
        rustix::fs::Mode::RUSR,
        0,
    )
    .unwrap();
    let _socket = UnixListener::bind(desk.folder.join("socket.png")).unwrap();
    for name in ["link.png", "zero.png", "folder.png", "pipe.png", "socket.png"] {
        desk.watched.closed(OsStr::new(name), desk.passed);
    }
    desk.pass(2 * SETTLED);
    assert_eq!((desk.read.len(), desk.removed.len()), (0, 0));
    assert_eq!(fs::read_dir(&desk.folder).unwrap().count(), 5);
    assert!(outside.exists() && desk.folder.join("folder.png/inner.png").exists());
    // And one that became a link after it was listed.
    assert_eq!(open(&desk.folder.join("link.png")).unwrap_err(), Unreadable::Missing);
    assert_eq!(open(&pipe).unwrap_err(), Unreadable::Missing);
}

#[test]
fn a_folder_that_appears_later_or_goes_away_is_looked_for() {
    let mut desk = Desk::new();
    fs::remove_dir(&desk.folder).unwrap();
    desk.pass(SECOND);
    assert_eq!(desk.watched.state(), State::Missing);
    fs::create_dir(&desk.folder).unwrap();
    desk.put("a.png", "slip a");
    desk.pass(7 * SECOND);
    assert_eq!((desk.watched.state(), desk.read.len()), (State::Watched, 1));
    fs::remove_dir(&desk.folder).unwrap();
    desk.pass(6 * SECOND);
    assert_eq!(desk.watched.state(), State::Missing);
}

/// I11
#[test]
fn of_a_folder_with_very_many_files_some_hundreds_are_kept_in_mind_and_all_are_read() {
    let mut desk = Desk::new();
    let many = MOST + 100;
    for number in 0..many {
        desk.put(format!("{:05}", many - number), "slip");
    }
    desk.pass(SECOND);
    assert!(desk.watched.files.len() <= MOST);
    let first = desk.watched.files.first_key_value().unwrap().0;
    assert_eq!(first, "00001");
    for _ in 0..many {
        desk.pass(2 * PAUSE);
        assert!(desk.watched.files.len() <= MOST);
    }
    assert_eq!((desk.read.len(), fs::read_dir(&desk.folder).unwrap().count()), (many, 0));
}

#[test]
fn a_file_that_cannot_be_removed_is_told_once_and_stops_its_folder() {
    let mut desk = Desk::new();
    desk.put("a.png", "slip a");
    desk.put("b.png", "slip b");
    desk.watched.removing = |_| Err(ErrorKind::PermissionDenied.into());
    desk.pass(30 * SECOND);
    assert_eq!((desk.read.len(), desk.watched.state()), (1, State::Full));
    desk.watched.removing = |path| fs::remove_file(path);
    desk.pass(10 * SECOND);
    assert_eq!(desk.read, ["slip a", "slip b"]);
}

#[test]
fn a_file_that_takes_the_name_of_one_being_read_is_read_too() {
    let mut desk = Desk::new();
    desk.put("a.png", "slip 1");
    desk.watched.closed(OsStr::new("a.png"), desk.passed);
    let (next, path) = (desk.folder.join("next.tmp"), desk.folder.join("a.png"));
    let mut texts = Vec::new();
    desk.watched.step(desk.passed, &mut |content| {
        texts.push(String::from_utf8(content).unwrap());
        fs::write(&next, "slip 2").unwrap();
        fs::rename(&next, &path).unwrap();
        Ok(())
    });
    desk.pass(7 * SECOND);
    assert_eq!((texts, &desk.read), (vec!["slip 1".to_owned()], &vec!["slip 2".to_owned()]));
}
