//! The import table of the program: which module at the top of `src/` may name which.
//!
//! The arrows below are the table. An arrow may be skipped (whoever may import `services` may import
//! what stands below it) but never reversed, and parts that no arrow joins never import one another:
//! they meet in channels of domain types that `node` wires. The reader of sources here is a small one
//! of our own, because it has to see `crate::` and `super::` paths everywhere, macros included, and
//! nothing else of the language.

#![expect(clippy::unwrap_used, reason = "a test that cannot read its files has failed")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Who imports whom.
const ARROWS: &[(&str, &[&str])] = &[
    ("main", &["config", "cli", "demo"]),
    ("config", &["node"]),
    ("cli", &["node"]),
    ("demo", &["node"]),
    ("node", &["http", "sync", "batch", "admin", "scanner", "logging", "watch"]),
    ("http", &["services", "wire", "outside", "clock", "entropy"]),
    ("sync", &["services", "carrier", "clock", "entropy"]),
    ("batch", &["services", "outside", "clock", "entropy"]),
    ("admin", &["services", "clock", "entropy"]),
    ("scanner", &["domain", "clock", "entropy"]),
    ("services", &["store", "secrets", "typeset"]),
    ("carrier", &["secrets", "wire"]),
    ("store", &["domain"]),
    ("secrets", &["domain"]),
    ("wire", &["domain"]),
    ("outside", &["domain"]),
    ("typeset", &[]),
    ("domain", &[]),
    ("clock", &[]),
    ("entropy", &[]),
    ("logging", &[]),
    ("watch", &[]),
];

/// Who may name one thing more, and does not pass it up: services, domain, carrier and outside are handed a
/// source of randomness, so they know the trait and no source.
const SINGLE: &[(&str, &str)] = &[
    ("domain", "entropy::Entropy"),
    ("services", "entropy::Entropy"),
    ("carrier", "entropy::Entropy"),
    ("outside", "entropy::Entropy"),
    ("secrets", "entropy"),
];

/// What any test may name besides: it has to make what the program is handed, and to measure.
const IN_TESTS: &[&str] = &["clock::Stopwatch", "entropy::Seeded"];

/// Returns what `module` may import at the top of `src/`.
fn reach(module: &str) -> BTreeSet<&'static str> {
    let mut reached = BTreeSet::new();
    let mut ahead = direct(module).to_vec();
    while let Some(next) = ahead.pop() {
        if reached.insert(next) {
            ahead.extend(direct(next));
        }
    }
    reached
}

fn direct(module: &str) -> &'static [&'static str] {
    ARROWS.iter().find(|(name, _)| *name == module).map_or(&[], |(_, below)| below)
}

/// Tells whether `module` may name `path`, which starts at the crate's root.
fn allows(module: &str, path: &[String], in_test: bool) -> bool {
    let Some(top) = path.first() else {
        return false;
    };
    let is_below = |more: &str| {
        let more: Vec<&str> = more.split("::").collect();
        path.len() >= more.len() && path.iter().zip(&more).all(|(a, b)| a == b)
    };
    top == module
        || reach(module).contains(top.as_str())
        || SINGLE.iter().any(|(who, what)| *who == module && is_below(what))
        || (in_test && IN_TESTS.iter().any(|what| is_below(what)))
}

/// Returns what is wrong in one source file; `place` is its path below `src/`.
fn faults(place: &Path, source: &str) -> Vec<String> {
    let mut home: Vec<String> =
        place.with_extension("").iter().map(|part| part.to_string_lossy().into_owned()).collect();
    if home.last().is_some_and(|last| last == "mod") {
        home.pop();
    }
    let module = home[0].clone();
    let in_test_file = home.last().is_some_and(|last| last == "tests");
    if module == "lib" {
        home.clear();
    } else if !ARROWS.iter().any(|(name, _)| *name == module) {
        return vec![format!("src/{}: {module} is not in the table", place.display())];
    }
    let (paths, odd_lines) = Reader::read(source, home);
    let odd = odd_lines.into_iter().map(|line| (line, "the crate itself".to_owned()));
    let forbidden = paths
        .into_iter()
        .filter(|found| !allows(&module, &found.path, found.in_test || in_test_file))
        .map(|found| (found.line, found.path.join("::")));
    odd.chain(forbidden)
        .map(|(line, what)| format!("src/{}:{line}: {module} may not name {what}", place.display()))
        .collect()
}

#[derive(Debug, PartialEq)]
struct Token {
    line: usize,
    text: String,
}

/// Splits Rust into words and signs; comments, texts, characters and lifetimes are left out.
fn tokens(source: &str) -> Vec<Token> {
    let chars: Vec<char> = source.chars().collect();
    let at = |i: usize| chars.get(i).copied().unwrap_or('\0');
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let (mut out, mut i, mut line) = (Vec::new(), 0, 1);
    while i < chars.len() {
        let start = i;
        let started_on = line;
        match at(i) {
            '/' if at(i + 1) == '/' => {
                while i < chars.len() && at(i) != '\n' {
                    i += 1;
                }
            }
            '/' if at(i + 1) == '*' => {
                let mut depth = 0;
                loop {
                    match (at(i), at(i + 1)) {
                        ('/', '*') => (depth, i) = (depth + 1, i + 2),
                        ('*', '/') => (depth, i) = (depth - 1, i + 2),
                        _ => i += 1,
                    }
                    if depth == 0 || i >= chars.len() {
                        break;
                    }
                }
            }
            '"' => i = end_of_text(&chars, i),
            '\'' if at(i + 1) == '\\' => {
                i += 3;
                while i < chars.len() && at(i) != '\'' {
                    i += 1;
                }
                i += 1;
            }
            '\'' if at(i + 2) == '\'' => i += 3,
            '\'' => {
                i += 1;
                while is_word(at(i)) {
                    i += 1;
                }
            }
            c if is_word(c) => {
                while is_word(at(i)) {
                    i += 1;
                }
                let word: String = chars[start..i].iter().collect();
                let hashes = (i..).take_while(|&j| at(j) == '#').count();
                if word.ends_with('r') && word.len() <= 2 && at(i + hashes) == '"' {
                    i += hashes + 1;
                    let closes = |j: usize| at(j) == '"' && (1..=hashes).all(|k| at(j + k) == '#');
                    while i < chars.len() && !closes(i) {
                        i += 1;
                    }
                    i += hashes + 1;
                } else {
                    out.push(Token { line, text: word });
                }
            }
            ':' if at(i + 1) == ':' => {
                i += 2;
                out.push(Token { line, text: "::".into() });
            }
            c => {
                i += 1;
                if !c.is_whitespace() {
                    out.push(Token { line, text: c.into() });
                }
            }
        }
        let end = i.min(chars.len());
        line = started_on + chars[start..end].iter().filter(|c| **c == '\n').count();
    }
    out
}

fn end_of_text(chars: &[char], start: usize) -> usize {
    let mut i = start + 1;
    while i < chars.len() && chars[i] != '"' {
        i += if chars[i] == '\\' { 2 } else { 1 };
    }
    i + 1
}

/// A path from the crate's root that some source names.
#[derive(Debug)]
struct Found {
    line: usize,
    path: Vec<String>,
    in_test: bool,
}

/// Walks over the tokens and knows at each which module it is in.
struct Reader {
    tokens: Vec<Token>,
    module: Vec<String>,
    found: Vec<Found>,
    line: usize,
    in_test: bool,
}

impl Reader {
    /// Returns the paths of `source`, which is module `home`, and the lines that name the crate as a
    /// whole: under another name, it could be imported unseen.
    fn read(source: &str, home: Vec<String>) -> (Vec<Found>, Vec<usize>) {
        let tokens = tokens(source);
        let mut reader = Self { tokens, module: home, found: vec![], line: 0, in_test: false };
        let mut odd = Vec::new();
        // For each open brace: whether it is a module's, and whether code around it is tests.
        let mut braces: Vec<(bool, bool)> = Vec::new();
        let mut test_attribute = false;
        let mut i = 0;
        while i < reader.tokens.len() {
            let around = braces.last().is_some_and(|(_, test)| *test);
            reader.in_test = around || test_attribute;
            reader.line = reader.tokens[i].line;
            let before = i.checked_sub(1).map_or("", |j| reader.text(j));
            match reader.text(i) {
                "#" if ["[", "cfg", "(", "test", ")", "]"]
                    .iter()
                    .enumerate()
                    .all(|(k, sign)| reader.text(i + 1 + k) == *sign) =>
                {
                    test_attribute = true;
                    i += 6;
                }
                "{" => {
                    let named = i >= 2 && reader.text(i - 2) == "mod";
                    if named {
                        reader.module.push(before.to_owned());
                    }
                    braces.push((named, reader.in_test));
                    test_attribute = false;
                }
                "}" => {
                    let closed = braces.pop();
                    if closed.is_some_and(|(named, _)| named) {
                        reader.module.pop();
                    }
                }
                ";" => test_attribute = false,
                "crate" if reader.text(i + 1) != "::" && before != "(" => odd.push(reader.line),
                "crate" | "super" if reader.text(i + 1) == "::" && before != "::" => {
                    i = reader.tree(i, reader.module.clone());
                    continue;
                }
                _ => {}
            }
            i += 1;
        }
        (reader.found, odd)
    }

    fn text(&self, i: usize) -> &str {
        self.tokens.get(i).map_or("", |token| &token.text)
    }

    /// Records the paths of the use tree or path that starts at token `i`, seen from module `path`;
    /// returns the token after it.
    fn tree(&mut self, mut i: usize, mut path: Vec<String>) -> usize {
        loop {
            match self.text(i) {
                "crate" => path.clear(),
                "self" => {}
                "super" => {
                    path.pop();
                }
                "{" => {
                    i += 1;
                    while !["}", ""].contains(&self.text(i)) {
                        match self.text(i) {
                            "," => i += 1,
                            "as" => i += 2,
                            _ => i = self.tree(i, path.clone()),
                        }
                    }
                    return i + 1;
                }
                part => path.push(part.to_owned()),
            }
            let goes_on = self.text(i + 1) == "::"
                && self.text(i + 2).starts_with(|c: char| c.is_alphabetic() || "_{*".contains(c));
            if !goes_on {
                break;
            }
            i += 2;
        }
        self.found.push(Found { line: self.line, path, in_test: self.in_test });
        i + 1
    }
}

fn sources(folder: &Path, into: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, into);
        } else if path.extension().is_some_and(|kind| kind == "rs") {
            into.push(path);
        }
    }
}

#[test]
fn each_module_imports_only_what_the_table_allows() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    sources(&src, &mut files);
    assert!(files.len() > 3, "no sources below {}", src.display());

    let wrong: Vec<String> = files
        .iter()
        .flat_map(|file| {
            faults(file.strip_prefix(&src).unwrap(), &fs::read_to_string(file).unwrap())
        })
        .collect();

    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}

#[test]
fn an_arrow_is_never_reversed() {
    for (module, below) in ARROWS {
        assert!(!reach(module).contains(module), "{module} imports itself by a detour");
        for name in *below {
            assert!(ARROWS.iter().any(|(known, _)| known == name), "{name} has no row");
        }
    }
}

#[test]
fn a_path_against_the_table_is_found_wherever_it_hides() {
    for (place, source) in [
        ("domain/a.rs", "use crate::store;"),
        ("domain/a.rs", "use crate::{domain::prid::Prid, store::{Tx}};"),
        ("domain/a.rs", "use crate::{\n    entropy::{Entropy, System},\n};"),
        ("domain/a.rs", "fn f() { let s = 'a'; crate::http::reply::ok(s) }"),
        ("domain/a.rs", "mod tests { use crate::store::Store; }"),
        ("domain/a.rs", "#[cfg(test)]\nmod tests { use crate::clock::Clock; }"),
        ("domain/a.rs", "#[cfg(test)]\nmod tests { fn f() {} }\nuse crate::entropy::Seeded;"),
        ("domain/a.rs", "#[cfg(test)]\nuse super::Quiet;\nuse crate::entropy::Seeded;"),
        ("domain/a.rs", "use super::super::store::Tx;"),
        ("domain/mod.rs", "use super::store::Tx;"),
        ("domain/a.rs", "mod inner { use super::super::super::wire::date; }"),
        ("domain/a.rs", "use super::{b, super::clock};"),
        ("domain/a.rs", "macro_rules! m { () => { $crate::store::open() } }"),
        ("domain/a.rs", "const A: &str = r#\"\"#; /* \" */ use crate::store;"),
        ("domain/a.rs", "use crate as me;"),
        ("domain/a.rs", "use crate::*;"),
        ("domain/a.rs", "extern crate self as me;"),
        ("store/mod.rs", "use crate::secrets::keyring::DatabaseKey;"),
        ("domain/a.rs", "use crate::clock::Stopwatch;"),
        ("store/mod.rs", "use crate::clock::Clock;"),
        ("services/booking.rs", "use crate::entropy;"),
        ("services/booking.rs", "use crate::wire::date;"),
        ("carrier/mosip.rs", "use crate::entropy::System;"),
        ("carrier/mosip.rs", "use crate::store::Store;"),
        ("http/auth.rs", "use crate::{services::login, sync::Line};"),
        ("scanner/mod.rs", "use crate::services::prefill;"),
        ("sync/driver.rs", "use crate::http::server;"),
        ("node.rs", "use crate::config::Config;"),
        ("cli/init.rs", "use crate::demo;"),
        ("http/ui.rs", "use crate::logging;"),
        ("lib.rs", "pub use crate::store::Store;"),
        ("domain/a.rs", "use crate::Store;"),
        ("helpers/mod.rs", "fn imports_nothing() {}"),
    ] {
        assert_eq!(faults(Path::new(place), source).len(), 1, "{place}: {source}");
    }
}

#[test]
fn a_path_along_the_table_and_the_look_of_one_pass() {
    for (place, source) in [
        ("domain/a.rs", "use crate::domain::ids; use super::prid::Prid; pub(crate) fn f() {}"),
        ("domain/a.rs", "use crate::entropy::Entropy; pub(in crate::domain) fn f() {}"),
        ("domain/a.rs", "mod tests { use super::*; use super::super::ids; }"),
        ("domain/a.rs", "#[cfg(test)]\nmod tests { use crate::entropy::{Entropy, Seeded}; }"),
        ("domain/a.rs", "//! [crate::store]\n/* crate::http /* crate::sync */ crate::wire */"),
        ("domain/a.rs", "fn f<'a>(_: &'a str) -> [char; 3] { ['\"', '\\'', '{'] } // crate::store"),
        ("domain/a.rs", "const A: &str = \"crate::store \\\" crate::http\";"),
        ("domain/a.rs", "const A: &str = r##\"crate::store \"# crate::http\"##;"),
        ("services/booking.rs", "use crate::{domain::{slot, prid::Prid}, store::{self, Tx}};"),
        ("domain/a/tests.rs", "use crate::clock::Stopwatch;"),
        ("services/tests.rs", "use crate::entropy::Seeded;"),
        ("secrets/keyring.rs", "use crate::entropy::{Entropy, System};"),
        ("http/handlers/booking.rs", "use crate::{clock::Clock, domain, services, store, wire};"),
        ("sync/driver.rs", "use crate::carrier::Carrier; use crate::wire; use crate::entropy;"),
        ("node.rs", "use crate::{http, logging, scanner::socket, store, sync, watch};"),
        ("demo/mod.rs", "use crate::{clock, node, scanner, wire::envelope};"),
        ("cli/status.rs", "use crate::{admin, domain::line::Line};"),
        ("main.rs", "use prereg_node::cli;"),
        ("lib.rs", "pub mod store;"),
    ] {
        assert_eq!(faults(Path::new(place), source), [""; 0], "{place}: {source}");
    }
}
