//! The scanner: pictures in, the text of their QR codes out. It has no key, no replica and no
//! network, and its decoders run in a child that has not even files ([`worker`]).

pub mod decode;
pub mod link;
pub mod live;
pub mod luma;
mod pdf;
pub mod socket;
pub mod source;
pub mod worker;

use std::ffi::OsStr;
use std::io::{self, BufRead, Read, Write};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use crate::domain::scan::Scanned;
use crate::scanner::decode::Code;
use crate::scanner::source::Unreadable;
use crate::scanner::worker::Worker;

/// The arguments of `prereg-node scan`.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Pictures to read: PNG, JPEG, PGM or PDF
    #[arg(value_name = "FILE", required_unless_present_any = ["lines", "worker"])]
    files: Vec<PathBuf>,
    /// Read file names from standard input; print name, milliseconds of decoding and text, parted
    /// by tabs, for each
    #[arg(long, conflicts_with_all = ["files", "worker"])]
    lines: bool,
    /// Decode for another process of this program
    #[arg(long, hide = true, conflicts_with = "files")]
    worker: bool,
}

/// Runs `prereg-node scan`. Exits with 0 if all went well, 1 if a file named as an argument gave no
/// text or the output could not be written.
///
/// With `--lines` a file without text is an empty text and no failure, for its line says so.
#[must_use]
pub fn run(arguments: &Arguments) -> ExitCode {
    if arguments.worker {
        return worker::serve();
    }
    let mut worker = Worker::of_this_program();
    let (mut out, mut err) = (io::stdout().lock(), io::stderr().lock());
    let done = if arguments.lines {
        lines(&mut io::stdin().lock(), &mut worker, &mut out, &mut err).map(|()| true)
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
