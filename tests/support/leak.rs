//! Looks for what names a resident in the files of a folder: names, phone numbers, e-mail addresses,
//! as UTF-8 and as UTF-16. The residents are made up, and so are their names: long and odd enough
//! that one found in a file can only have leaked there.

use std::collections::{BTreeSet, HashMap};
use std::io::{self, ErrorKind};
use std::path::Path;

use prereg_node::demo::residents::Resident;

/// Letters of a name's word that is looked for, at least.
const SHORTEST: usize = 4;

/// What is looked for.
pub(crate) struct Words {
    /// Every spelling by its first three bytes.
    by_start: HashMap<[u8; 3], Vec<Vec<u8>>>,
    /// Which three bytes begin one: a file has many places, and most are passed with one look.
    starts: Vec<bool>,
}

impl Words {
    /// Returns the words that name `residents`, in every language that they gave them in.
    pub(crate) fn of(residents: impl IntoIterator<Item = Resident>) -> Self {
        let mut words = BTreeSet::new();
        for resident in residents {
            let names = resident.identity.values("fullName").map(|(_, name)| name.to_owned());
            for name in names.chain([resident.name]) {
                for word in name.split_whitespace().filter(|w| w.chars().count() >= SHORTEST) {
                    words.extend([word.to_owned(), word.to_lowercase(), word.to_uppercase()]);
                }
            }
            words.extend([resident.phone, resident.email]);
        }
        let mut found = Self { by_start: HashMap::new(), starts: vec![false; 1 << 24] };
        for word in words {
            found.add(word.as_bytes().to_vec());
            found.add(word.encode_utf16().flat_map(u16::to_le_bytes).collect());
            found.add(word.encode_utf16().flat_map(u16::to_be_bytes).collect());
        }
        found
    }

    fn add(&mut self, spelling: Vec<u8>) {
        let start = [spelling[0], spelling[1], spelling[2]];
        self.starts[place(start)] = true;
        self.by_start.entry(start).or_default().push(spelling);
    }

    /// Returns a line for each file of `folder`, and of those in it, that has one of the words in it.
    pub(crate) fn found_below(&self, folder: &Path) -> io::Result<Vec<String>> {
        let (mut found, mut folders) = (Vec::new(), vec![folder.to_owned()]);
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder)? {
                let entry = entry?;
                let kind = match entry.file_type() {
                    // A node may take a file away while it is looked at.
                    Err(error) if error.kind() == ErrorKind::NotFound => continue,
                    kind => kind?,
                };
                if kind.is_dir() {
                    folders.push(entry.path());
                } else if kind.is_file() {
                    let content = match std::fs::read(entry.path()) {
                        Err(error) if error.kind() == ErrorKind::NotFound => continue,
                        content => content?,
                    };
                    if let Some(word) = self.found_in(&content) {
                        found.push(format!("{}: {word}", entry.path().display()));
                    }
                }
            }
        }
        Ok(found)
    }

    /// Returns the first of the words that `content` has in it.
    pub(crate) fn found_in(&self, content: &[u8]) -> Option<String> {
        content.windows(3).enumerate().find_map(|(at, start)| {
            let start = [start[0], start[1], start[2]];
            if !self.starts[place(start)] {
                return None;
            }
            let word = self.by_start[&start].iter().find(|word| content[at..].starts_with(word))?;
            Some(String::from_utf8_lossy(word).replace('\0', ""))
        })
    }
}

fn place(start: [u8; 3]) -> usize {
    usize::from(start[0]) << 16 | usize::from(start[1]) << 8 | usize::from(start[2])
}
