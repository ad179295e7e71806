//! A folder with a node's configuration, and the program run on it, for so long at most.

use std::collections::BTreeMap;
use std::fs;
use std::io::Read as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::thread;
use std::time::Duration;

use prereg_node::clock::Stopwatch;
use tempfile::TempDir;

/// Longer than any command that works, on a machine that does other things too.
const LIMIT: Duration = Duration::from_secs(40);

/// A node that stands alone, on ports of the loopback that the system picks.
const CONFIG: &str = "folder = \"data\"\n\
                      [listen]\nhttp = \"127.0.0.1:0\"\nhttps = \"127.0.0.1:0\"\n\
                      [country]\nzone = \"UTC\"\n\
                      [log]\nfilter = \"warn\"\n";

/// The made-up country, in the formats of a real one.
pub(crate) fn country() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src/demo/country")
}

/// A folder for one node.
pub(crate) struct Folder(TempDir);

impl Folder {
    /// Makes a folder with a configuration and nothing else.
    pub(crate) fn new() -> Self {
        let folder = Self(tempfile::tempdir().unwrap());
        folder.configure("");
        folder
    }

    /// Makes a node with the master data of the made-up country.
    pub(crate) fn with_node() -> Self {
        let folder = Self::new();
        succeeded(&folder.run("init", &[]));
        succeeded(&folder.run("import", &[country().to_str().unwrap()]));
        folder
    }

    /// Writes the configuration, with `more` at its end.
    pub(crate) fn configure(&self, more: &str) {
        fs::write(self.path("node.toml"), format!("{CONFIG}{more}")).unwrap();
    }

    /// Returns the path of `name` in it.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Prepares a command for this node.
    pub(crate) fn command(&self, command: &str, arguments: &[&str]) -> Command {
        let mut program = Command::new(env!("CARGO_BIN_EXE_prereg-node"));
        program.arg(command).arg("--config").arg(self.path("node.toml")).args(arguments);
        program.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        program
    }

    /// Runs a command to its end.
    pub(crate) fn run(&self, command: &str, arguments: &[&str]) -> Output {
        ended(self.command(command, arguments).spawn().unwrap())
    }

    /// Returns everything that is in the folder: permissions and content by path.
    pub(crate) fn everything(&self) -> BTreeMap<PathBuf, (u32, Vec<u8>)> {
        let mut all = BTreeMap::new();
        let mut folders = vec![self.0.path().to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let entry = entry.unwrap();
                let about = entry.metadata().unwrap();
                let content = if about.is_dir() {
                    folders.push(entry.path());
                    Vec::new()
                } else {
                    fs::read(entry.path()).unwrap()
                };
                all.insert(entry.path(), (about.permissions().mode(), content));
            }
        }
        all
    }

    /// Expects the command to be refused with a sentence that has `words` in it, and nothing in the
    /// folder to be other than before.
    #[track_caller]
    pub(crate) fn refuses(&self, command: &str, arguments: &[&str], words: &str) {
        let before = self.everything();
        let output = self.run(command, arguments);
        is_one_sentence(&output, words);
        let after = self.everything();
        assert!(before.keys().eq(after.keys()), "{:?}", after.keys());
        for (path, was) in &before {
            assert!(after[path] == *was, "{} was changed", path.display());
        }
    }
}

/// Expects a code that is not zero and, in one line, a sentence with `words` in it.
#[track_caller]
pub(crate) fn is_one_sentence(output: &Output, words: &str) {
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success(), "it went well: {said}");
    assert!(output.status.code().is_some(), "it was ended by a signal: {said}");
    let sentence = said.strip_prefix("prereg-node: ").unwrap_or_else(|| panic!("it said: {said}"));
    assert_eq!(said.lines().count(), 1, "one line: {said}");
    assert!(sentence.contains(words), "{words} is not in: {said}");
    assert!(!sentence.contains("Error") && !sentence.contains("panicked"), "{said}");
    assert!(output.stdout.is_empty(), "{}", String::from_utf8_lossy(&output.stdout));
}

#[track_caller]
pub(crate) fn succeeded(output: &Output) -> String {
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{} {said}", output.status);
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// Waits for the end of a process; one that does not end in time is ended.
#[track_caller]
pub(crate) fn ended(mut child: Child) -> Output {
    let watch = Stopwatch::start();
    while child.try_wait().unwrap().is_none() {
        if watch.elapsed() > LIMIT {
            child.kill().unwrap();
            panic!("it was still running after {LIMIT:?}");
        }
        thread::sleep(Duration::from_millis(10));
    }
    let status = child.wait().unwrap();
    let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
    if let Some(mut pipe) = child.stdout.take() {
        pipe.read_to_end(&mut stdout).unwrap();
    }
    if let Some(mut pipe) = child.stderr.take() {
        pipe.read_to_end(&mut stderr).unwrap();
    }
    Output { status, stdout, stderr }
}
