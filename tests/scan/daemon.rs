//! `prereg-node scan --socket`, from the other end of its socket.

#![expect(clippy::unwrap_used, reason = "a test whose process cannot be reached has failed")]

use std::io::{ErrorKind, Read as _, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use prereg_node::clock::Stopwatch;
use prereg_node::scanner::socket::{
    Answer, Ask, Hello, MAX_THUMBNAIL, Message, Order, Report, Settings, receive, send,
};
use prereg_node::scanner::source::Unreadable;
use tempfile::TempDir;

use crate::files::good_files;
use crate::photo::PRID;

/// How long a test waits for what has to come.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// Waits until `done` gives something.
pub(crate) fn until<T>(what: &str, mut done: impl FnMut() -> Option<T>) -> T {
    let watch = Stopwatch::start();
    loop {
        if let Some(done) = done() {
            return done;
        }
        assert!(watch.elapsed() < PATIENCE, "waited in vain for {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Connects without a greeting.
pub(crate) fn bare(socket: &Path) -> UnixStream {
    let stream = until("the socket", || UnixStream::connect(socket).ok());
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.set_write_timeout(Some(PATIENCE)).unwrap();
    stream
}

/// Connects and greets, as `serve` does.
pub(crate) fn connected(socket: &Path) -> UnixStream {
    greeted(bare(socket))
}

/// Greets on `stream`, as `serve` does.
pub(crate) fn greeted(mut stream: UnixStream) -> UnixStream {
    send(&mut stream, &Order::Hello(Hello::ours())).unwrap();
    let Some(Report::Hello(theirs)) = receive(&mut stream).unwrap() else { panic!("no greeting") };
    theirs.check().unwrap();
    stream
}

/// Asks, and returns the answer; other reports that come in between are passed over.
pub(crate) fn ask(mut stream: &UnixStream, ask: Ask) -> Answer {
    send(&mut stream, &Order::Ask(ask)).unwrap();
    loop {
        if let Report::Answer(answer) = receive(&mut stream).unwrap().expect("it answers") {
            return answer;
        }
    }
}

/// Tells whether the other end has let go of `stream`.
pub(crate) fn is_ended(stream: &mut UnixStream) -> bool {
    let mut rest = Vec::new();
    match stream.read_to_end(&mut rest) {
        Ok(_) => true,
        Err(why) => why.kind() == ErrorKind::ConnectionReset,
    }
}

/// The process, ended with the test.
struct Scan {
    child: Child,
    folder: TempDir,
}

impl Scan {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let child = Command::new(env!("CARGO_BIN_EXE_prereg-node"))
            .args(["scan", "--stop-with-input", "--socket"])
            .arg(folder.path().join("scan.sock"))
            .stdin(Stdio::piped())
            .spawn()
            .unwrap();
        Self { child, folder }
    }

    fn socket(&self) -> PathBuf {
        self.folder.path().join("scan.sock")
    }
}

impl Drop for Scan {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn a_picture_a_pdf_and_a_thumbnail_are_answered_one_after_the_other_on_one_connection() {
    let scan = Scan::start();
    let stream = connected(&scan.socket());
    for (_, content) in good_files() {
        let Answer::Codes(reading) = ask(&stream, Ask::Codes(content.clone())) else { panic!() };
        assert_eq!(reading.codes[0].text, PRID);
        let Answer::Thumbnail(jpeg) = ask(&stream, Ask::Thumbnail { side: 100, content }) else {
            panic!()
        };
        let picture = image::load_from_memory(&jpeg).unwrap();
        assert_eq!(picture.width().max(picture.height()), 100);
    }
    let pdf = crate::pdf::pages(100, &[String::new()]);
    assert_eq!(ask(&stream, Ask::Opens(pdf)), Answer::Opens);
    // A small picture after a PDF was opened: whatever that one gave up, it did for itself.
    let [(_, png), ..] = good_files();
    assert!(matches!(ask(&stream, Ask::Codes(png)), Answer::Codes(_)));
    let bad = ask(&stream, Ask::Thumbnail { side: MAX_THUMBNAIL, content: b"%PDF-nothing".into() });
    assert_eq!(bad, Answer::Unreadable(Unreadable::Damaged("PDF".to_owned())));
}

#[test]
fn questions_of_several_connections_are_answered_side_by_side() {
    let scan = Scan::start();
    let socket = scan.socket();
    let [(_, png), ..] = good_files();
    let asking: Vec<_> = (0..6)
        .map(|_| {
            let (stream, content) = (connected(&socket), png.clone());
            std::thread::spawn(move || {
                for _ in 0..3 {
                    let answer = ask(&stream, Ask::Codes(content.clone()));
                    assert!(matches!(answer, Answer::Codes(_)), "{answer:?}");
                }
            })
        })
        .collect();
    for one in asking {
        one.join().unwrap();
    }
}

/// I11
#[test]
fn whoever_talks_nonsense_is_let_go_and_nobody_else() {
    let scan = Scan::start();
    let socket = scan.socket();
    let good = connected(&socket);
    let mut another_version = Vec::new();
    send(&mut another_version, &Order::Hello(Hello { version: 99 })).unwrap();
    let mut endless = Vec::new();
    send(&mut endless, &Order::Hello(Hello::ours())).unwrap();
    endless.extend(b"c\xff\xff\xff\xff");
    let mut torn = Vec::new();
    send(&mut torn, &Order::Hello(Hello::ours())).unwrap();
    torn.extend(b"s\x05\0\0\0{\"ca}");
    let mut ungreeted = Vec::new();
    send(&mut ungreeted, &Order::Ask(Ask::Opens(Vec::new()))).unwrap();
    for nonsense in
        [b"GET / HTTP/1.1\r\n\r\n".to_vec(), another_version, endless, torn, ungreeted, vec![0; 99]]
    {
        let mut stream = bare(&socket);
        // It may be gone before all of it is sent.
        let _ = stream.write_all(&nonsense);
        assert!(is_ended(&mut stream));
    }
    let [(_, png), ..] = good_files();
    assert!(matches!(ask(&good, Ask::Codes(png)), Answer::Codes(_)));
}

#[test]
fn settings_are_answered_by_the_cameras_and_whoever_gives_them_last_is_told() {
    let scan = Scan::start();
    let settings = |stream: &mut UnixStream| {
        // No machine has a camera of this name: no real one is opened.
        let none = Settings { cameras: Some(vec!["no such camera".into()]), ..Settings::default() };
        send(stream, &Order::Settings(none)).unwrap();
        assert_eq!(receive(stream).unwrap(), Some(Report::Cameras(Vec::new())));
    };
    let mut first = connected(&scan.socket());
    settings(&mut first);
    let mut second = connected(&scan.socket());
    settings(&mut second);
    assert!(is_ended(&mut first));
    assert_eq!(receive(&mut second).unwrap(), Some(Report::Alive));
}

/// I11
#[test]
fn a_ninth_connection_waits_until_one_ends() {
    let scan = Scan::start();
    let mut eight: Vec<UnixStream> = (0..8).map(|_| connected(&scan.socket())).collect();
    let mut ninth = bare(&scan.socket());
    ninth.set_read_timeout(Some(Duration::from_millis(300))).unwrap();
    let waits = receive::<Report>(&mut ninth).unwrap_err();
    assert!(matches!(waits.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut), "{waits}");
    eight.pop();
    ninth.set_read_timeout(Some(PATIENCE)).unwrap();
    greeted_after_hello(ninth);
}

fn greeted_after_hello(mut stream: UnixStream) {
    assert_eq!(receive(&mut stream).unwrap(), Some(Report::Hello(Hello::ours())));
}

/// I9
#[test]
fn the_socket_is_for_its_user_only() {
    let scan = Scan::start();
    drop(connected(&scan.socket()));
    let mode = std::fs::metadata(scan.socket()).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

/// Runs the program with nothing on standard input, and returns what it exits with.
fn code_of(arguments: &[&str]) -> Option<i32> {
    let mut program = Command::new(env!("CARGO_BIN_EXE_prereg-node"))
        .arg("scan")
        .args(arguments)
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let watch = Stopwatch::start();
    while watch.elapsed() < PATIENCE {
        if let Some(status) = program.try_wait().unwrap() {
            return status.code();
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    let _ = program.kill();
    let _ = program.wait();
    panic!("it goes on and on");
}

#[test]
fn a_socket_that_was_left_behind_is_replaced_and_one_in_use_is_not() {
    let first = Scan::start();
    drop(connected(&first.socket()));
    assert_eq!(code_of(&["--socket", first.socket().to_str().unwrap()]), Some(1));

    let left = first.folder.path().join("left.sock");
    drop(std::os::unix::net::UnixListener::bind(&left).unwrap());
    let mut third = Command::new(env!("CARGO_BIN_EXE_prereg-node"))
        .args(["scan", "--stop-with-input", "--socket"])
        .arg(&left)
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    drop(connected(&left));
    // With whoever started it, it ends.
    drop(third.stdin.take());
    assert!(third.wait().unwrap().success());
}

#[test]
fn a_child_serves_by_the_one_connection_it_was_given_and_ends_with_it() {
    let (ours, theirs) = UnixStream::pair().unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_prereg-node"))
        .args(["scan", "--child"])
        .env_clear()
        .stdin(Stdio::from(std::os::fd::OwnedFd::from(theirs)))
        .spawn()
        .unwrap();
    ours.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut ours = greeted(ours);
    let none = Settings { cameras: Some(Vec::new()), ..Settings::default() };
    send(&mut ours, &Order::Settings(none)).unwrap();
    let [(_, png), ..] = good_files();
    assert!(matches!(ask(&ours, Ask::Codes(png)), Answer::Codes(_)));
    drop(ours);
    assert!(child.wait().unwrap().success());
}

#[test]
fn what_is_no_socket_is_not_served() {
    assert_eq!(code_of(&["--child"]), Some(1));
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("notes");
    std::fs::write(&file, "of somebody").unwrap();
    assert_eq!(code_of(&["--socket", file.to_str().unwrap()]), Some(1));
    assert_eq!(std::fs::read(&file).unwrap(), b"of somebody");
}

#[test]
fn every_kind_of_message_has_a_longest_that_memory_can_hold() {
    let longest = |kind| Order::longest(kind).into_iter().chain(Report::longest(kind));
    assert!((0..=u8::MAX).flat_map(longest).all(|bytes| bytes <= (64 << 20) + 2));
}
