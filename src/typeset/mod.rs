//! Typesetting: a person's acknowledgement slip as a page of a PDF, in any script.
//!
//! Values in, bytes out: nothing here reads the replica or asks the time, and the same input gives the
//! same bytes. Two fonts in two weights are part of the program (Latin, Greek and Cyrillic; Arabic);
//! for other scripts the fonts of a folder are used.
//!
//! krilla writes the PDF and rustybuzz turns text into glyphs. Order of right-to-left text and places
//! where lines may end are asked of unicode-bidi and unicode-linebreak, which are tables of Unicode's
//! and little else: parley would bring a second shaper and a finder of fonts for one page with a dozen
//! short texts.

mod fonts;
mod layout;
mod paragraph;
mod sheet;
mod slip;
mod words;

use std::path::PathBuf;

pub use self::fonts::Fonts;
pub use self::sheet::Paper;
pub use self::slip::{Column, Slip};
pub use self::words::{Malformed, WordBook, Words};

/// What slips are made with.
#[derive(Debug)]
pub struct Press {
    fonts: Fonts,
    /// Labels and names of days, by language.
    pub words: WordBook,
    /// The paper where nobody asks for another.
    pub paper: Paper,
}

impl Press {
    /// Makes a press; `folder` has fonts for scripts besides Latin, Greek, Cyrillic and Arabic, and is
    /// not read before one is needed.
    #[must_use]
    pub fn new(folder: Option<PathBuf>, words: WordBook, paper: Paper) -> Self {
        Self { fonts: Fonts::new(folder), words, paper }
    }

    /// Returns a PDF with a page for each of `slips`. What is too long for its place wraps, then
    /// shrinks, and is cut at last.
    ///
    /// # Errors
    /// [`NotWritten`], which has no cause in the texts.
    pub fn pdf(&self, slips: &[Slip], paper: Paper) -> Result<Vec<u8>, NotWritten> {
        layout::pdf(&self.fonts, slips, paper)
    }
}

/// The PDF could not be written.
#[derive(Debug, thiserror::Error)]
#[error("the PDF was not written")]
pub struct NotWritten;
