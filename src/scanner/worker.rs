//! The process that decodes, seen from both ends.
//!
//! A picture decoder that meets a hostile file may panic, loop, eat all memory, overflow its stack or
//! run the file's code. Only the first can be caught in place. So content is unpacked and searched in
//! a child that can open nothing and write no file, whose memory has a bound, that starts with an
//! empty environment, and that is ended when it overruns; the next file gets a new one. What comes
//! back is checked like any other input.
//!
//! On its pipes the messages of [`super::socket`] pass: an [`Order::Ask`], then its [`Report::Answer`].

use std::io::{self, BufReader};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, ExitCode, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::Duration;

use rustix::process::{Resource, Rlimit, setrlimit};

use crate::scanner::decode::{self, Code};
use crate::scanner::socket::{Answer, Ask, Malformed, Order, Report, receive, send};
use crate::scanner::source::{self, Unreadable};
use crate::scanner::{pdf, render};

/// The program this process runs, even if it has been replaced on the disk since.
pub const THIS_PROGRAM: &str = "/proc/self/exe";
/// How long a file may take, unpacking and all, before its decoder is ended.
pub const PATIENCE: Duration = Duration::from_secs(10);
/// How long a code is searched for in all the pictures of a file.
const BUDGET: Duration = Duration::from_secs(1);
/// How long it is gone through for more codes once there is one: what comes later must not cost that.
const FOR_MORE: Duration = Duration::from_secs(4);
/// Address space of the child in MiB: a picture at its limit takes half, the program itself an eighth.
const MEMORY: u16 = 1024;
/// The same for a child of the node's own service, which has a bound of its own and answers on beside
/// it. A photo of twelve million pixels fits.
pub const SMALL_MEMORY: u16 = 256;
/// The same for who only opens a PDF and unpacks no picture of it: a node answers on beside it.
const MEMORY_TO_OPEN: u64 = 256 << 20;
/// Codes of a file that are reported; forty of the largest kind fit into an answer.
const MAX_CODES: usize = 40;

/// What was found in a file.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Reading {
    /// The codes of all its pictures or pages in their order, each text once.
    pub codes: Vec<Code>,
    /// The time the search for codes took in all pictures of the file, unpacking left out.
    pub decoding: Duration,
}

/// Unpacks `content` and reads the codes in it, in this very process. For what nobody else could
/// have written, and for the child; [`Worker::read`] is for the rest.
///
/// # Errors
/// Says why the content could not be unpacked.
pub fn read(content: Vec<u8>) -> Result<Reading, Unreadable> {
    let mut reading = Reading { codes: Vec::new(), decoding: Duration::ZERO };
    let begun = crate::clock::Stopwatch::start();
    source::pictures(content, &mut |picture| {
        let watch = crate::clock::Stopwatch::start();
        let found = decode::codes(picture, BUDGET.saturating_sub(reading.decoding));
        reading.decoding += watch.elapsed();
        for code in found {
            let is_known = reading.codes.iter().any(|known| known.text == code.text);
            if !is_known && reading.codes.len() < MAX_CODES {
                reading.codes.push(code);
            }
        }
        let is_enough = !reading.codes.is_empty() && begun.elapsed() >= FOR_MORE;
        if is_enough { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })?;
    Ok(reading)
}

/// A decoding process, started when it is needed first and again after it was lost.
#[derive(Debug)]
pub struct Worker {
    program: PathBuf,
    patience: Duration,
    memory: u16,
    running: Option<Running>,
}

/// The child, and the thread that talks to it.
#[derive(Debug)]
struct Running {
    child: Child,
    questions: Sender<Ask>,
    answers: Receiver<io::Result<Answer>>,
}

impl Worker {
    /// Returns a worker that runs `program scan --worker`; `program` is this program, wherever it
    /// is installed.
    #[must_use]
    pub fn new(program: impl Into<PathBuf>) -> Self {
        Self { program: program.into(), patience: PATIENCE, memory: MEMORY, running: None }
    }

    /// Returns this worker with another patience than [`PATIENCE`].
    #[must_use]
    pub fn with_patience(self, patience: Duration) -> Self {
        Self { patience, ..self }
    }

    /// Returns this worker with another address space for its process than 1 GiB, in MiB from 128 to
    /// 1024. A content that does not fit into it is [`Unreadable::Crashed`].
    #[must_use]
    pub fn with_memory(self, memory: u16) -> Self {
        Self { memory, ..self }
    }

    /// Returns a worker that runs the program this process runs, even if it has been replaced on
    /// the disk since.
    #[must_use]
    pub fn of_this_program() -> Self {
        Self::new(THIS_PROGRAM)
    }

    /// Unpacks `content` and reads the codes in it, within the worker's patience.
    ///
    /// # Errors
    /// Says why the content could not be unpacked, or that the attempt was ended.
    pub fn read(&mut self, content: Vec<u8>) -> Result<Reading, Unreadable> {
        match self.ask(Ask::Codes(content)) {
            Answer::Codes(reading) => Ok(reading),
            other => Err(refusal(other)),
        }
    }

    /// Tells whether the PDF `content` opens without a password, within the worker's patience. One
    /// whose password is empty does.
    ///
    /// # Errors
    /// [`Unreadable::Locked`] if it does not; anything else if that could not be told.
    pub fn opens(&mut self, content: Vec<u8>) -> Result<(), Unreadable> {
        match self.ask(Ask::Opens(content)) {
            Answer::Opens => Ok(()),
            other => Err(refusal(other)),
        }
    }

    /// Answers `ask`, within the worker's patience.
    pub fn ask(&mut self, ask: Ask) -> Answer {
        if self.running.is_none() {
            match Running::start(&self.program, self.memory) {
                Ok(started) => self.running = Some(started),
                Err(why) => return Answer::Unreadable(Unreadable::NoWorker(why.to_string())),
            }
        }
        let running = self.running.as_ref().expect("it was started just now");
        // It has bounded its memory for this one, and for good.
        let only_this = matches!(ask, Ask::Opens(_));
        let answer = if running.questions.send(ask).is_ok() {
            running.answers.recv_timeout(self.patience)
        } else {
            Err(RecvTimeoutError::Disconnected)
        };
        if only_this || !matches!(answer, Ok(Ok(_))) {
            self.running = None;
        }
        match answer {
            Ok(Ok(answer)) => answer,
            Err(RecvTimeoutError::Timeout) => {
                Answer::Unreadable(Unreadable::TooSlow(self.patience.as_secs()))
            }
            Ok(Err(_)) | Err(RecvTimeoutError::Disconnected) => {
                Answer::Unreadable(Unreadable::Crashed)
            }
        }
    }

    /// Ends the process, if there is one; the next question gets a new one.
    pub fn rest(&mut self) {
        self.running = None;
    }
}

/// Returns why there is no answer; one that does not fit the question is a decoder gone wild.
fn refusal(answer: Answer) -> Unreadable {
    match answer {
        Answer::Unreadable(why) => why,
        _ => Unreadable::Crashed,
    }
}

impl Running {
    fn start(program: &Path, memory: u16) -> io::Result<Self> {
        let mut child = Command::new(program)
            .args(["scan", &format!("--worker={memory}")])
            .env_clear()
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let (stdin, stdout) = child.stdin.take().zip(child.stdout.take()).expect("both are piped");
        let (questions, to_send) = channel();
        let (to_hand_on, answers) = channel();
        let started = Self { child, questions, answers };
        // Where no thread can be made, the child ends again.
        thread::Builder::new()
            .spawn(move || talk(stdin, BufReader::new(stdout), &to_send, &to_hand_on))?;
        Ok(started)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // With the child its pipes end, and with these the thread.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Sends each question to the child and hands on its answer, until either end is gone.
fn talk(
    mut stdin: ChildStdin,
    mut stdout: BufReader<ChildStdout>,
    questions: &Receiver<Ask>,
    answers: &Sender<io::Result<Answer>>,
) {
    for ask in questions {
        let answer = send(&mut stdin, &Order::Ask(ask)).and_then(|()| {
            match receive::<Report>(&mut stdout)? {
                Some(Report::Answer(answer)) => Ok(answer),
                Some(_) => Err(Malformed.into()),
                None => Err(io::ErrorKind::UnexpectedEof.into()),
            }
        });
        let last = answer.is_err();
        if answers.send(answer).is_err() || last {
            return;
        }
    }
}

/// Runs the child: answers questions from standard input until it ends. Does nothing else, and
/// gives up beforehand what it would take to do anything else, and memory beyond `mebibytes`.
#[must_use]
pub fn serve(mebibytes: u16) -> ExitCode {
    if give_up_rights(u64::from(mebibytes) << 20).is_err() {
        return ExitCode::FAILURE;
    }
    let (mut stdin, mut stdout) = (io::stdin().lock(), io::stdout().lock());
    loop {
        let ask = match receive(&mut stdin) {
            Ok(Some(Order::Ask(ask))) => ask,
            Ok(None) => return ExitCode::SUCCESS,
            Ok(Some(_)) | Err(_) => return ExitCode::FAILURE,
        };
        let to_open = MEMORY_TO_OPEN.min(u64::from(mebibytes) << 20);
        if matches!(ask, Ask::Opens(_)) && bound(Resource::As, to_open).is_err() {
            return ExitCode::FAILURE;
        }
        if send(&mut stdout, &Report::Answer(answer(ask))).is_err() {
            return ExitCode::FAILURE;
        }
    }
}

fn answer(ask: Ask) -> Answer {
    let answered = match ask {
        Ask::Codes(content) => read(content).map(Answer::Codes),
        // Nothing but that it opened is told.
        Ask::Opens(content) => pdf::open(content).map(|_| Answer::Opens),
        Ask::Thumbnail { side, content } => render::thumbnail(content, side).map(Answer::Thumbnail),
    };
    answered.unwrap_or_else(Answer::Unreadable)
}

/// Bounds memory and forbids files, sockets and core dumps, which would hold the picture.
fn give_up_rights(memory: u64) -> Result<(), rustix::io::Errno> {
    bound(Resource::As, memory)?;
    bound(Resource::Core, 0)?;
    bound(Resource::Fsize, 0)?;
    // The three that are open stay so; none can be had besides, nor in their place.
    bound(Resource::Nofile, 0)
}

/// Bounds a resource for good.
pub(super) fn bound(resource: Resource, most: u64) -> Result<(), rustix::io::Errno> {
    setrlimit(resource, Rlimit { current: Some(most), maximum: Some(most) })
}
