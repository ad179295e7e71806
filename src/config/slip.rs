//! The section `[slip]`: paper, words and fonts of slips.

use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::Error;
use crate::typeset::{Paper, Press, WordBook};

/// How slips are made.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Slip {
    paper: Paper,
    /// The country's own words, as a file.
    words: Option<PathBuf>,
    /// A folder with fonts for scripts that the program has none for.
    fonts: Option<PathBuf>,
}

impl Slip {
    pub(super) fn press(self, base: &Path) -> Result<Press, Error> {
        let words = match self.words.map(|words| base.join(words)) {
            Some(path) => {
                let text = fs::read_to_string(&path)
                    .map_err(|error| Error::Unreadable(path.clone(), error))?;
                WordBook::with(&text).map_err(|error| Error::Value(path, error.to_string()))?
            }
            None => WordBook::default(),
        };
        Ok(Press::new(self.fonts.map(|fonts| base.join(fonts)), words, self.paper))
    }
}
