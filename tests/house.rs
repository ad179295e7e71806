//! Rules of the house that no lint knows.

#![expect(clippy::unwrap_used, reason = "a test that cannot read its files has failed")]

use std::fs;
use std::path::{Path, PathBuf};

/// A longer file knows more than one thing.
const LONGEST: usize = 500;

/// Names that say nothing of what a file knows.
const HOLLOW: &[&str] =
    &["common", "helper", "helpers", "manager", "managers", "misc", "types", "util", "utils"];

/// Returns every source below `src/`, from there.
fn sources() -> Vec<PathBuf> {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let (mut found, mut folders) = (Vec::new(), vec![src.clone()]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|kind| kind == "rs") {
                found.push(path.strip_prefix(&src).unwrap().to_owned());
            }
        }
    }
    assert!(found.contains(&"lib.rs".into()));
    found
}

fn is_hollow(file: &Path) -> bool {
    file.with_extension("").iter().any(|part| {
        let part = part.to_string_lossy();
        part.split('_').any(|word| HOLLOW.contains(&word))
    })
}

#[test]
fn no_file_has_more_than_500_lines() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for file in sources() {
        let lines = fs::read_to_string(src.join(&file)).unwrap().lines().count();
        assert!(lines <= LONGEST, "src/{} has {lines} lines", file.display());
    }
}

#[test]
fn each_file_is_named_for_what_it_knows() {
    assert!(is_hollow(Path::new("http/utils/body.rs")));
    assert!(is_hollow(Path::new("store/slot_helper.rs")));
    assert!(!is_hollow(Path::new("store/slot.rs")));
    for file in sources() {
        assert!(!is_hollow(&file), "src/{} says nothing by its name", file.display());
    }
}

#[test]
fn each_file_says_first_what_it_knows() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    // tests.rs beside a module is its `mod tests`, moved out.
    for file in sources().iter().filter(|file| !file.ends_with("tests.rs")) {
        let source = fs::read_to_string(src.join(file)).unwrap();
        assert!(source.starts_with("//! "), "src/{} lacks its `//!`", file.display());
    }
}
