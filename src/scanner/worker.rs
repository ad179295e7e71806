//! The process that decodes, seen from both ends.
//!
//! A picture decoder that meets a hostile file may panic, loop, eat all memory, overflow its stack or
//! run the file's code. Only the first can be caught in place. So content is unpacked and searched in
//! a child that can open nothing and write no file, whose memory has a bound, that starts with an
//! empty environment, and that is ended when it overruns; the next file gets a new one. What comes
//! back is checked like any other input.
//!
//! On the pipe to the child: a letter for what is asked, four bytes of length, least first, then the
//! content of one file. On the pipe back: one line of JSON.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, ExitCode, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::Duration;

use rustix::process::{Resource, Rlimit, setrlimit};

use crate::scanner::decode::{self, Code};
use crate::scanner::pdf;
use crate::scanner::source::{self, MAX_BYTES, Unreadable};

/// The program this process runs, even if it has been replaced on the disk since.
pub const THIS_PROGRAM: &str = "/proc/self/exe";
/// How long a file may take, unpacking and all, before its decoder is ended.
pub const PATIENCE: Duration = Duration::from_secs(10);
/// How long a code is searched for in all the pictures of a file.
const BUDGET: Duration = Duration::from_secs(1);
/// Address space of the child: a picture at its limit takes half, the program itself an eighth.
const MEMORY: u64 = 1 << 30;
/// The same for who only opens a PDF and unpacks no picture of it: a node answers on beside it.
const MEMORY_TO_OPEN: u64 = 256 << 20;
/// What a child may answer. Forty codes of the largest kind fit.
const MAX_ANSWER: u64 = 1 << 20;
/// Codes of one picture that are reported.
const MAX_CODES: usize = 40;

/// What was found in a file.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Reading {
    /// The codes of the first picture that had any.
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
    source::pictures(content, &mut |picture| {
        let watch = crate::clock::Stopwatch::start();
        reading.codes = decode::codes(picture, BUDGET.saturating_sub(reading.decoding));
        reading.decoding += watch.elapsed();
        if reading.codes.is_empty() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    })?;
    reading.codes.truncate(MAX_CODES);
    Ok(reading)
}

/// A decoding process, started when it is needed first and again after it was lost.
#[derive(Debug)]
pub struct Worker {
    program: PathBuf,
    patience: Duration,
    running: Option<Running>,
}

/// The child, and the thread that talks to it.
#[derive(Debug)]
struct Running {
    child: Child,
    questions: Sender<(Question, Vec<u8>)>,
    answers: Receiver<io::Result<Answer>>,
}

/// What is asked about a content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Question {
    /// Which codes are in it.
    Codes,
    /// Whether it is a PDF that opens without a password.
    Opens,
}

impl Question {
    fn letter(self) -> u8 {
        match self {
            Self::Codes => b'c',
            Self::Opens => b'o',
        }
    }

    fn of(letter: u8) -> io::Result<Self> {
        match letter {
            b'c' => Ok(Self::Codes),
            b'o' => Ok(Self::Opens),
            _ => Err(io::ErrorKind::InvalidData.into()),
        }
    }
}

type Answer = Result<Reading, Unreadable>;

impl Worker {
    /// Returns a worker that runs `program scan --worker`; `program` is this program, wherever it
    /// is installed.
    #[must_use]
    pub fn new(program: impl Into<PathBuf>) -> Self {
        Self { program: program.into(), patience: PATIENCE, running: None }
    }

    /// Returns this worker with another patience than [`PATIENCE`].
    #[must_use]
    pub fn with_patience(self, patience: Duration) -> Self {
        Self { patience, ..self }
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
        self.ask(Question::Codes, content)
    }

    /// Tells whether the PDF `content` opens without a password, within the worker's patience. One
    /// whose password is empty does.
    ///
    /// # Errors
    /// [`Unreadable::Locked`] if it does not; anything else if that could not be told.
    pub fn opens(&mut self, content: Vec<u8>) -> Result<(), Unreadable> {
        self.ask(Question::Opens, content).map(drop)
    }

    fn ask(&mut self, question: Question, content: Vec<u8>) -> Answer {
        if self.running.is_none() {
            let started = Running::start(&self.program);
            self.running = Some(started.map_err(|why| Unreadable::NoWorker(why.to_string()))?);
        }
        let running = self.running.as_ref().expect("it was started just now");
        let answer = if running.questions.send((question, content)).is_ok() {
            running.answers.recv_timeout(self.patience)
        } else {
            Err(RecvTimeoutError::Disconnected)
        };
        match answer {
            Ok(Ok(answer)) => answer,
            Err(RecvTimeoutError::Timeout) => {
                self.running = None;
                Err(Unreadable::TooSlow(self.patience.as_secs()))
            }
            Ok(Err(_)) | Err(RecvTimeoutError::Disconnected) => {
                self.running = None;
                Err(Unreadable::Crashed)
            }
        }
    }
}

impl Running {
    fn start(program: &Path) -> io::Result<Self> {
        let mut child = Command::new(program)
            .args(["scan", "--worker"])
            .env_clear()
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let (stdin, stdout) = child.stdin.take().zip(child.stdout.take()).expect("both are piped");
        let (questions, to_send) = channel();
        let (to_hand_on, answers) = channel();
        thread::spawn(move || talk(stdin, BufReader::new(stdout), &to_send, &to_hand_on));
        Ok(Self { child, questions, answers })
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
    questions: &Receiver<(Question, Vec<u8>)>,
    answers: &Sender<io::Result<Answer>>,
) {
    for (question, content) in questions {
        let answer = send(&mut stdin, question, &content).and_then(|()| receive(&mut stdout));
        let last = answer.is_err();
        if answers.send(answer).is_err() || last {
            return;
        }
    }
}

fn send(stdin: &mut impl Write, question: Question, content: &[u8]) -> io::Result<()> {
    let length = u32::try_from(content.len()).map_err(io::Error::other)?;
    stdin.write_all(&[question.letter()])?;
    stdin.write_all(&length.to_le_bytes())?;
    stdin.write_all(content)
}

fn receive(stdout: &mut impl BufRead) -> io::Result<Answer> {
    let mut line = Vec::new();
    stdout.take(MAX_ANSWER).read_until(b'\n', &mut line)?;
    let answer: Sent = serde_json::from_slice(&line)?;
    Ok(match answer {
        Sent::Read(reading) => Ok(reading),
        Sent::Unreadable(why) => Err(why),
    })
}

/// An answer as it stands on the pipe.
#[derive(serde::Serialize, serde::Deserialize)]
enum Sent {
    Read(Reading),
    Unreadable(Unreadable),
}

/// Runs the child: reads contents from standard input until it ends. Does nothing else, and
/// gives up beforehand what it would take to do anything else.
pub fn serve() -> ExitCode {
    if give_up_rights().is_err() {
        return ExitCode::FAILURE;
    }
    let (mut stdin, mut stdout) = (io::stdin().lock(), io::stdout().lock());
    loop {
        let answered = next(&mut stdin).and_then(|content| {
            let Some((question, content)) = content else { return Ok(false) };
            if question == Question::Opens {
                bound(Resource::As, MEMORY_TO_OPEN)?;
            }
            let answered = match question {
                Question::Codes => read(content),
                // Nothing but that it opened is told.
                Question::Opens => pdf::open(content)
                    .map(|_| Reading { codes: Vec::new(), decoding: Duration::ZERO }),
            };
            let answer = match answered {
                Ok(reading) => Sent::Read(reading),
                Err(why) => Sent::Unreadable(why),
            };
            let mut line = serde_json::to_vec(&answer)?;
            line.push(b'\n');
            stdout.write_all(&line)?;
            stdout.flush().map(|()| true)
        });
        match answered {
            Ok(true) => {}
            Ok(false) => return ExitCode::SUCCESS,
            Err(_) => return ExitCode::FAILURE,
        }
    }
}

fn next(stdin: &mut impl Read) -> io::Result<Option<(Question, Vec<u8>)>> {
    let (mut letter, mut length) = ([0], [0; 4]);
    match stdin.read_exact(&mut letter) {
        Err(why) if why.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        other => other?,
    }
    let question = Question::of(letter[0])?;
    stdin.read_exact(&mut length)?;
    let length = u64::from(u32::from_le_bytes(length)).min(MAX_BYTES);
    let mut content = Vec::new();
    stdin.take(length).read_to_end(&mut content)?;
    Ok(Some((question, content)))
}

/// Bounds memory and forbids files, sockets and core dumps, which would hold the picture.
fn give_up_rights() -> Result<(), rustix::io::Errno> {
    bound(Resource::As, MEMORY)?;
    bound(Resource::Core, 0)?;
    bound(Resource::Fsize, 0)?;
    // The three that are open stay so; none can be had besides, nor in their place.
    bound(Resource::Nofile, 0)
}

/// Bounds a resource for good.
fn bound(resource: Resource, most: u64) -> Result<(), rustix::io::Errno> {
    setrlimit(resource, Rlimit { current: Some(most), maximum: Some(most) })
}
