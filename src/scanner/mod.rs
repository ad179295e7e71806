//! The scanner: cameras and pictures in, the text of their QR codes out. It has no key, no replica and
//! no network; each camera has a process of its own ([`camera`]), and so have the decoders of files
//! ([`worker`]), which can open nothing. `serve` talks to it by [`socket`].

pub mod camera;
mod capture;
pub mod daemon;
pub mod decode;
mod device;
pub mod devices;
mod finder;
mod fit;
mod folder;
pub mod frame;
mod keys;
pub mod link;
pub mod live;
pub mod luma;
mod pdf;
pub mod render;
pub mod socket;
pub mod source;
mod sources;
mod stock;
pub mod supervise;
mod typed;
mod view;
pub mod watch;
pub mod worker;

use std::ffi::OsStr;
use std::io::{self, BufRead, Read, Write};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::thread;
use std::time::Duration;

use rustix::process::{DumpableBehavior, set_dumpable_behavior};

use crate::domain::scan::Scanned;
use crate::scanner::daemon::Incoming;
use crate::scanner::decode::Code;
use crate::scanner::source::Unreadable;
use crate::scanner::supervise::Places;
use crate::scanner::worker::Worker;

/// The arguments of `prereg-node scan`.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Pictures to read: PNG, JPEG, PGM or PDF. With none, and started by systemd, it serves the
    /// node by the socket that systemd opened
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Read file names from standard input; print name, milliseconds of decoding and text, parted
    /// by tabs, for each
    #[arg(long, conflicts_with = "files")]
    lines: bool,
    /// Watch every camera of this machine until Ctrl-C: print the camera and the text, parted by a
    /// tab, for each code that comes into view
    #[arg(long, conflicts_with_all = ["files", "lines"])]
    watch: bool,
    /// Serve a node by this socket, which is made for this user only: watch cameras, read pictures
    #[arg(long, value_name = "PATH", conflicts_with_all = ["files", "lines", "watch"])]
    socket: Option<PathBuf>,
    /// Stop when standard input ends, for a program that starts this and must not leave it behind
    #[arg(long, requires = "socket")]
    stop_with_input: bool,
    /// Serve a node by the one connection that is standard input, and end with it
    #[arg(long, hide = true, conflicts_with_all = ["files", "lines", "watch", "socket"])]
    child: bool,
    /// Watch one camera for another process of this program
    #[arg(long, hide = true, value_name = "DEVICE", exclusive = true)]
    camera: Option<PathBuf>,
    /// Decode for another process of this program, in so many MiB
    #[arg(
        long,
        hide = true,
        exclusive = true,
        value_name = "MIB",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "1024",
        value_parser = clap::value_parser!(u16).range(128..=1024),
    )]
    worker: Option<u16>,
}

/// Runs `prereg-node scan`. Exits with 0 if all went well, 1 if a file named as an argument gave no
/// text or the output could not be written, 2 if it was not said what to do.
///
/// With `--lines` a file without text is an empty text and no failure, for its line says so.
#[must_use]
pub fn run(arguments: &Arguments) -> ExitCode {
    // Pixels that take a child over are not to reach its parent's memory, nor a core file this one's.
    if let Err(why) = set_dumpable_behavior(DumpableBehavior::NotDumpable) {
        eprintln!("prereg-node: this process cannot be shut off from others: {why}");
        return ExitCode::FAILURE;
    }
    if let Some(mebibytes) = arguments.worker {
        return worker::serve(mebibytes);
    }
    if let Some(device) = &arguments.camera {
        return camera::serve(device);
    }
    if arguments.socket.is_some() || arguments.child {
        return serve(arguments);
    }
    let mut worker = Worker::of_this_program();
    let (mut out, mut err) = (io::stdout().lock(), io::stderr().lock());
    let done = if arguments.watch {
        daemon::watch(&Places::default(), &mut out, &mut err).map(|()| true)
    } else if arguments.lines {
        lines(&mut io::stdin().lock(), &mut worker, &mut out, &mut err).map(|()| true)
    } else if arguments.files.is_empty() {
        drop(err);
        return serve(arguments);
    } else {
        files(&arguments.files, &mut worker, &mut out, &mut err)
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(why) if why.kind() == io::ErrorKind::BrokenPipe => ExitCode::FAILURE,
        Err(why) => {
            let _ = writeln!(err, "prereg-node: the output could not be written: {why}");
            ExitCode::FAILURE
        }
    }
}

/// Serves a node by the connections that the arguments or systemd tell of.
fn serve(arguments: &Arguments) -> ExitCode {
    let served = incoming(arguments).and_then(|incoming| {
        let Some(incoming) = incoming else { return Ok(false) };
        // A core file would hold pictures of people's papers.
        worker::bound(rustix::process::Resource::Core, 0)?;
        if arguments.stop_with_input {
            thread::Builder::new().spawn(|| {
                let _ = io::copy(&mut io::stdin(), &mut io::sink());
                std::process::exit(0);
            })?;
        }
        daemon::run(&Places::default(), incoming).map(|()| true)
    });
    match served {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => {
            eprintln!("error: nothing to do: give files, --lines, --watch or --socket; see --help");
            ExitCode::from(2)
        }
        Err(why) => {
            eprintln!("prereg-node: cannot serve by this socket: {why}");
            ExitCode::FAILURE
        }
    }
}

/// Returns where connections come from; `None` if nobody said.
fn incoming(arguments: &Arguments) -> io::Result<Option<Incoming>> {
    if let Some(path) = &arguments.socket {
        return daemon::listen(path).map(Incoming::Own).map(Some);
    }
    if arguments.child {
        return daemon::standard_input().map(Incoming::One).map(Some);
    }
    Ok(listenfd::ListenFd::from_env().take_unix_listener(0)?.map(Incoming::Lent))
}

/// Reads each file and writes a line `name: text` to `out`, or what is wrong with it to `err`.
/// Returns whether every file gave a text.
///
/// # Errors
/// Fails only if `out` does.
pub fn files(
    files: &[PathBuf],
    worker: &mut Worker,
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> io::Result<bool> {
    let mut all = true;
    for file in files {
        match scan(file, worker).1 {
            Ok(text) => {
                out.write_all(file.as_os_str().as_bytes())?;
                writeln!(out, ": {text}")?;
                out.flush()?;
            }
            Err(why) => {
                all = false;
                complain(err, file, &why);
            }
        }
    }
    Ok(all)
}

/// Reads a file name from each line of `names` and writes one line for it to `out`, at once: the
/// name as it came, the milliseconds of decoding and the text, parted by tabs. The text has no tab
/// and is empty if there is none to tell; `err` is told why.
///
/// # Errors
/// Fails only if `names` or `out` does.
pub fn lines(
    names: &mut dyn BufRead,
    worker: &mut Worker,
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> io::Result<()> {
    while let Some(name) = next_name(names)? {
        let file = Path::new(OsStr::from_bytes(&name));
        let (decoding, text) = scan(file, worker);
        let text = text.unwrap_or_else(|why| {
            complain(err, file, &why);
            String::new()
        });
        out.write_all(&name)?;
        writeln!(out, "\t{:.1}\t{text}", decoding.as_secs_f64() * 1000.0)?;
        out.flush()?;
    }
    Ok(())
}

/// The longest name that is taken; the system allows 4096 bytes.
const MAX_NAME: u64 = 8192;

/// Returns the next line; what exceeds [`MAX_NAME`] of it is skipped.
fn next_name(names: &mut dyn BufRead) -> io::Result<Option<Vec<u8>>> {
    let mut name = Vec::new();
    if names.take(MAX_NAME).read_until(b'\n', &mut name)? == 0 {
        return Ok(None);
    }
    if name.ends_with(b"\n") {
        name.pop();
    } else if name.len() as u64 == MAX_NAME {
        names.skip_until(b'\n')?;
    }
    Ok(Some(name))
}

/// Returns how long decoding took, and the text of the code that matters most in the file: a PRID
/// before anything else.
pub fn scan(file: &Path, worker: &mut Worker) -> (Duration, Result<String, Unreadable>) {
    match source::open(file).and_then(|content| worker.read(content)) {
        Ok(reading) => (reading.decoding, text(&reading.codes).ok_or(Unreadable::NoCode)),
        Err(why) => (Duration::ZERO, Err(why)),
    }
}

/// Returns the text that looks most like a PRID, fit for one line and for a terminal.
fn text(codes: &[Code]) -> Option<String> {
    let code = codes.iter().min_by_key(|code| match Scanned::of(&code.text) {
        Scanned::Application(_) => 0,
        Scanned::Mistyped(_) => 1,
        Scanned::Foreign => 2,
    })?;
    Some(code.text.replace(char::is_control, " "))
}

/// Writes why `file` gave no text. Nothing is lost if nobody reads it: the exit code tells, too.
fn complain(err: &mut dyn Write, file: &Path, why: &Unreadable) {
    let name = file.to_string_lossy().replace(char::is_control, "\u{fffd}");
    let _ = writeln!(err, "{name}: {why}");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scanner::decode::Decoder;

    fn codes(texts: &[&str]) -> Vec<Code> {
        texts.iter().map(|text| Code { text: (*text).to_owned(), by: Decoder::Zxing }).collect()
    }

    #[test]
    fn among_several_codes_the_one_that_is_a_prid_is_told() {
        let told = |texts: &[&str]| text(&codes(texts));
        assert_eq!(told(&["advert", "97465075291709"]).as_deref(), Some("97465075291709"));
        assert_eq!(
            told(&["97465075291708", "97465075291709"]).as_deref(),
            Some("97465075291709"),
            "the one whose check digit fits"
        );
        assert_eq!(told(&["advert", "97465075291708"]).as_deref(), Some("97465075291708"));
        assert_eq!(told(&["advert", "another"]).as_deref(), Some("advert"));
        assert_eq!(told(&[]), None);
    }

    #[test]
    fn a_text_never_breaks_its_line_nor_commands_the_terminal() {
        let told = text(&codes(&["a\tb\nc\rd\u{1b}[2J\u{0}e"]));
        assert_eq!(told.as_deref(), Some("a b c d [2J e"));
    }

    #[test]
    fn a_name_without_end_takes_bounded_memory_and_the_next_line_is_still_read() {
        let mut endless = vec![b'x'; 100_000];
        endless.extend(b"\nnext.png\n\nlast.png");
        let mut input = endless.as_slice();
        let mut next = || next_name(&mut input).unwrap();
        assert_eq!(next().unwrap().len() as u64, MAX_NAME);
        assert_eq!(next().unwrap(), b"next.png");
        assert_eq!(next().unwrap(), b"");
        assert_eq!(next().unwrap(), b"last.png");
        assert_eq!(next(), None);
    }
}
