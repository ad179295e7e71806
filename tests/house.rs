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

/// Returns the parts of `module` that `source` names with `crate::` or, of one file, by a list.
fn named(source: &str, module: &str) -> Vec<String> {
    let start = format!("crate::{module}::");
    let word = |text: &str| {
        let end = text.find(|sign: char| !sign.is_alphanumeric() && sign != '_');
        text[..end.unwrap_or(text.len())].to_owned()
    };
    let of_use = |text: &str| match text.strip_prefix('{') {
        Some(list) => {
            let list = list.split('}').next().unwrap_or_default();
            list.split(',').map(|part| word(part.trim())).collect()
        }
        None => vec![word(text)],
    };
    let parts = source.split(&start).skip(1).flat_map(of_use);
    // A type of the module itself is no file.
    parts.filter(|part| part.starts_with(|sign: char| sign.is_ascii_lowercase())).collect()
}

#[test]
fn what_is_fuzzed_has_every_file_that_its_files_name() {
    assert_eq!(
        named("use crate::a::{b, c::D};\ncrate::a::e::f(); crate::a::T", "a"),
        ["b", "c", "e"]
    );
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let fuzzed = root.join("tests/fuzz/parsers/src");
    for module in ["scanner", "domain"] {
        let list = fs::read_to_string(fuzzed.join(module).with_extension("rs")).unwrap();
        let there: Vec<&str> =
            list.lines().filter_map(|line| line.split("mod ").nth(1)?.strip_suffix(';')).collect();
        assert!(!there.is_empty());
        for of in ["scanner", "domain"] {
            let files = fs::read_to_string(fuzzed.join(of).with_extension("rs")).unwrap();
            for file in files.lines().filter_map(|line| line.split('"').nth(1)) {
                // Named from there, so four folders lead back.
                let file = root.join(file.trim_start_matches("../"));
                let source = fs::read_to_string(&file).unwrap();
                let tests = source.find("#[cfg(test)]").unwrap_or(source.len());
                for part in named(&source[..tests], module) {
                    let is_there = there.contains(&part.as_str());
                    assert!(is_there, "{} names {module}::{part}", file.display());
                }
            }
        }
    }
}
