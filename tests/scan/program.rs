//! `prereg-node scan` as whoever runs it sees it.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Output, Stdio};

use prereg_node::scanner::socket::{Answer, Report, receive};
use tempfile::TempDir;

use crate::files::good_files;
use crate::photo::PRID;

fn scan() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_prereg-node"));
    command.arg("scan");
    command
}

/// A folder with two good pictures, one without a code, and one damaged.
fn folder() -> TempDir {
    let folder = tempfile::tempdir().expect("there is room for a folder");
    let blank = image::GrayImage::from_pixel(80, 60, image::Luma([200]));
    let blank = crate::files::encoded(&blank.into(), image::ImageFormat::Png);
    let [(_, png), .., (_, jpeg)] = good_files();
    for (name, content) in [
        ("a.png", png.clone()),
        ("b b.txt", jpeg),
        ("blank.png", blank),
        ("cut.png", png[..60].to_vec()),
    ] {
        std::fs::write(folder.path().join(name), content).expect("there is room for a file");
    }
    folder
}

fn run(folder: &Path, arguments: &[&str]) -> Output {
    scan().args(arguments).current_dir(folder).output().expect("the program was built")
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).expect("the program writes UTF-8")
}

#[test]
fn every_file_with_a_code_is_a_line_and_success() {
    let folder = folder();
    let output = run(folder.path(), &["a.png", "b b.txt"]);
    assert_eq!(text(&output.stdout), format!("a.png: {PRID}\nb b.txt: {PRID}\n"));
    assert_eq!(text(&output.stderr), "");
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn a_file_without_a_code_is_a_sentence_and_failure_and_the_others_are_read() {
    let folder = folder();
    let output = run(folder.path(), &["blank.png", "none.png", ".", "cut.png", "a.png"]);
    assert_eq!(text(&output.stdout), format!("a.png: {PRID}\n"));
    assert_eq!(
        text(&output.stderr),
        "blank.png: shows no QR code that can be read\n\
         none.png: does not exist\n\
         .: is a directory, not a picture\n\
         cut.png: is a damaged PNG\n"
    );
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn misuse_is_explained_and_exits_with_two() {
    let folder = folder();
    for arguments in [&[][..], &["--lines", "a.png"], &["--colour", "a.png"], &["--worker", "a"]] {
        let output = run(folder.path(), arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert_eq!(text(&output.stdout), "", "{arguments:?}");
        assert!(text(&output.stderr).starts_with("error: "), "{arguments:?}");
    }
}

#[test]
fn each_name_on_standard_input_is_answered_by_one_line_before_the_next_is_sent() {
    let folder = folder();
    let mut program = scan()
        .arg("--lines")
        .current_dir(folder.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut names = program.stdin.take().unwrap();
    let mut lines = BufReader::new(program.stdout.take().unwrap()).lines();
    let mut answer = |name: &str| {
        writeln!(names, "{name}").unwrap();
        let line = lines.next().unwrap().unwrap();
        let (answered, rest) = line.split_once('\t').unwrap();
        let (milliseconds, text) = rest.split_once('\t').unwrap();
        assert_eq!(answered, name);
        assert!(!text.contains('\t'));
        let (_, decimals) = milliseconds.split_once('.').unwrap();
        assert_eq!(decimals.len(), 1, "{milliseconds}");
        (milliseconds.parse::<f64>().unwrap(), text.to_owned())
    };

    let (milliseconds, text) = answer("a.png");
    assert!(milliseconds > 0.0);
    assert_eq!(text, PRID);
    assert_eq!(answer("none.png"), (0.0, String::new()));
    assert_eq!(answer("cut.png"), (0.0, String::new()));
    assert_eq!(answer(""), (0.0, String::new()));
    assert_eq!(answer("blank.png").1, "");
    assert_eq!(answer("b b.txt").1, PRID);

    drop(names);
    let output = program.wait_with_output().unwrap();
    assert!(output.status.success());
    assert_eq!(
        self::text(&output.stderr),
        "none.png: does not exist\n\
         cut.png: is a damaged PNG\n\
         : does not exist\n\
         blank.png: shows no QR code that can be read\n"
    );
}

#[test]
fn no_names_are_no_lines_and_no_failure() {
    let output = scan().arg("--lines").stdin(Stdio::null()).output().unwrap();
    assert_eq!((output.status.code(), output.stdout.len()), (Some(0), 0));
}

/// I8: the process that meets the file could not leave anything of it behind.
#[test]
fn the_decoding_process_can_open_nothing_and_has_no_environment() {
    let mut child = scan()
        .arg("--worker")
        .env_clear()
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let [(_, png), ..] = good_files();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(b"c").unwrap();
    stdin.write_all(&u32::try_from(png.len()).unwrap().to_le_bytes()).unwrap();
    stdin.write_all(&png).unwrap();
    let answer = receive(child.stdout.as_mut().unwrap()).unwrap().unwrap();
    let Report::Answer(Answer::Codes(reading)) = answer else { panic!("{answer:?}") };
    assert_eq!(reading.codes[0].text, PRID);

    let proc = Path::new("/proc").join(child.id().to_string());
    let limits = std::fs::read_to_string(proc.join("limits")).unwrap();
    for (limit, most) in [
        ("Max open files", "0 "),
        ("Max file size", "0 "),
        ("Max core file size", "0 "),
        ("Max address space", "1073741824 "),
    ] {
        let line = limits.lines().find_map(|line| line.strip_prefix(limit)).unwrap();
        assert!(line.trim_start().starts_with(most), "{limit}: {line}");
    }
    // Nobody but root may look, for the process is shut off from others of its user too.
    match std::fs::read(proc.join("environ")) {
        Ok(environment) => assert_eq!(environment, b""),
        Err(why) => assert_eq!(why.kind(), std::io::ErrorKind::PermissionDenied),
    }

    drop(stdin);
    assert!(child.wait().unwrap().success());
}
