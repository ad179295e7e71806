//! Which font has a letter: those of the program, then those of a folder.

use std::collections::BTreeSet;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock};

use krilla::text::Font;
use rustybuzz::ttf_parser;

/// Files of the folder that are looked at, how deep below it, and bytes of them that are read to
/// learn which letters they have.
const MOST_FILES: usize = 2000;
const DEEPEST: usize = 3;
const MOST_READ: u64 = 512 << 20;
/// Bytes that no font of the folder has.
const TOO_LARGE: usize = 24 << 20;
/// Fonts of the folder that are taken into memory, where they stay.
const MOST_KEPT: usize = 8;
/// Blocks of 256 letters of which it is told once that no font has them.
const MOST_TOLD: usize = 64;

/// How much larger Naskh is written: its letters are small in their em.
const NASKH: f32 = 1.16;

/// How heavy letters are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Weight {
    Regular,
    Bold,
}

/// A font that can be shaped with and written. Its bytes stay in memory: there is a bound on how many
/// there are, and taking one apart again for each text costs more than all the rest.
pub(super) struct Face {
    pub(super) shaper: rustybuzz::Face<'static>,
    pub(super) font: Font,
    pub(super) units: f32,
    /// How much larger it is written than others, to look as large.
    pub(super) grow: f32,
    /// Above and below the line, in ems; both positive.
    pub(super) ascent: f32,
    pub(super) descent: f32,
}

impl Face {
    fn read(data: &'static [u8], grow: f32) -> Option<Self> {
        let font = Font::new(data.into(), 0)?;
        let shaper = rustybuzz::Face::from_slice(data, 0)?;
        let units = f32::from(ttf_parser::Face::units_per_em(&shaper));
        let ascent = f32::from(shaper.ascender()) / units * grow;
        let descent = -f32::from(shaper.descender()) / units * grow;
        let (ascent, descent) = (ascent.clamp(0.5, 1.4), descent.clamp(0.1, 0.7));
        Some(Self { shaper, font, units, grow, ascent, descent })
    }

    /// Tells whether it has `letter`.
    pub(super) fn has(&self, letter: char) -> bool {
        self.shaper.glyph_index(letter).is_some_and(|glyph| glyph.0 != 0)
    }
}

impl fmt::Debug for Face {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Face").finish_non_exhaustive()
    }
}

/// A font of the folder that was not needed yet: which letters it has.
#[derive(Debug)]
struct Known {
    path: PathBuf,
    bold: bool,
    /// First and last letter of each stretch, in order.
    letters: Vec<(u32, u32)>,
}

impl Known {
    fn has(&self, letter: char) -> bool {
        let letter = u32::from(letter);
        let after = self.letters.partition_point(|(first, _)| *first <= letter);
        after > 0 && letter <= self.letters[after - 1].1
    }
}

/// The fonts there are.
#[derive(Debug)]
pub struct Fonts {
    regular: Vec<Arc<Face>>,
    bold: Vec<Arc<Face>>,
    folder: Option<PathBuf>,
    known: OnceLock<Vec<Known>>,
    kept: Mutex<Vec<(usize, Option<Arc<Face>>)>>,
    told: Mutex<BTreeSet<u32>>,
}

impl Fonts {
    /// Takes the program's own fonts, and those of `folder` once a letter needs them.
    #[must_use]
    pub fn new(folder: Option<PathBuf>) -> Self {
        let own = |bytes, grow| Arc::new(Face::read(bytes, grow).expect("it is a font"));
        Self {
            regular: vec![
                own(include_bytes!("fonts/NotoSans-Regular.ttf"), 1.0),
                own(include_bytes!("fonts/NotoNaskhArabic-Regular.ttf"), NASKH),
            ],
            bold: vec![
                own(include_bytes!("fonts/NotoSans-Bold.ttf"), 1.0),
                own(include_bytes!("fonts/NotoNaskhArabic-Bold.ttf"), NASKH),
            ],
            folder,
            known: OnceLock::new(),
            kept: Mutex::default(),
            told: Mutex::default(),
        }
    }

    /// Returns the font that stands in where none has a letter.
    pub(super) fn first(&self, weight: Weight) -> &Arc<Face> {
        match weight {
            Weight::Regular => &self.regular[0],
            Weight::Bold => &self.bold[0],
        }
    }

    /// Returns the font to write `letter` in; one of the other weight if only that has it. Where none
    /// has it that is logged, by its block.
    pub(super) fn of(&self, letter: char, weight: Weight) -> Option<Arc<Face>> {
        let (these, others) = match weight {
            Weight::Regular => (&self.regular, &self.bold),
            Weight::Bold => (&self.bold, &self.regular),
        };
        let own = these.iter().chain(others).find(|face| face.has(letter)).map(Arc::clone);
        own.or_else(|| self.of_folder(letter, weight)).or_else(|| {
            let block = u32::from(letter) >> 8;
            let mut told = self.told.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            if told.len() < MOST_TOLD && told.insert(block) {
                tracing::warn!(
                    block = format!("U+{block:02X}00"),
                    "no font has a letter of a slip: name a folder of fonts in [slip]"
                );
            }
            None
        })
    }

    fn of_folder(&self, letter: char, weight: Weight) -> Option<Arc<Face>> {
        let folder = self.folder.as_deref()?;
        let known = self.known.get_or_init(|| known(folder));
        let has =
            |bold: bool| known.iter().position(|known| known.bold == bold && known.has(letter));
        let bold = weight == Weight::Bold;
        let place = has(bold).or_else(|| has(!bold))?;
        let mut kept = self.kept.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some((_, face)) = kept.iter().find(|(number, _)| *number == place) {
            return face.clone();
        }
        if kept.len() == MOST_KEPT {
            return None;
        }
        let data = fs::read(&known[place].path).ok().filter(|data| data.len() < TOO_LARGE);
        let face = data.and_then(|data| Face::read(Box::leak(data.into()), 1.0)).map(Arc::new);
        kept.push((place, face.clone()));
        face
    }
}

/// Learns which letters the fonts below `folder` have. Of a family's weights and styles only the
/// regular and the bold one count, by their file names; the plainest name comes first.
fn known(folder: &Path) -> Vec<Known> {
    let mut files = Vec::new();
    find(folder, DEEPEST, &mut files);
    let name = |path: &Path| {
        path.file_stem().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
    };
    files.retain(|path| match name(path).rsplit_once('-') {
        Some((_, style)) => style == "Regular" || style == "Bold",
        None => true,
    });
    // Sans before Serif, UI and display faces last.
    files.sort_by_key(|path| {
        let name = name(path);
        (!name.contains("Sans"), name.contains("UI"), name.len(), name)
    });
    files.truncate(MOST_FILES);
    let mut left = MOST_READ;
    let mut known = Vec::new();
    for path in files {
        let size = fs::metadata(&path).map_or(u64::MAX, |file| file.len());
        if usize::try_from(size).map_or(true, |size| size >= TOO_LARGE) || size > left {
            continue;
        }
        left -= size;
        let Ok(data) = fs::read(&path) else { continue };
        let Ok(face) = ttf_parser::Face::parse(&data, 0) else { continue };
        let letters = letters(&face);
        if !letters.is_empty() {
            let bold = name(&path).ends_with("-Bold");
            known.push(Known { path, bold, letters });
        }
    }
    if known.is_empty() {
        tracing::warn!(folder = %folder.display(), "the folder of fonts in [slip] has none");
    }
    known
}

fn find(folder: &Path, depth: usize, files: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for path in entries.flatten().map(|entry| entry.path()).take(MOST_FILES) {
        let is_font = path
            .extension()
            .is_some_and(|kind| ["ttf", "otf", "TTF", "OTF"].iter().any(|known| kind == *known));
        if is_font && path.is_file() {
            files.push(path);
        } else if depth > 0 && path.is_dir() && !path.is_symlink() {
            find(&path, depth - 1, files);
        }
    }
}

fn letters(face: &ttf_parser::Face<'_>) -> Vec<(u32, u32)> {
    let mut all = BTreeSet::new();
    let tables = face.tables().cmap.into_iter().flat_map(|cmap| cmap.subtables);
    for table in tables.filter(ttf_parser::cmap::Subtable::is_unicode) {
        table.codepoints(|letter| {
            if all.len() < 0x2_0000 && table.glyph_index(letter).is_some_and(|glyph| glyph.0 != 0) {
                all.insert(letter);
            }
        });
    }
    let mut stretches: Vec<(u32, u32)> = Vec::new();
    for letter in all {
        match stretches.last_mut() {
            Some((_, last)) if *last + 1 == letter => *last = letter,
            _ => stretches.push((letter, letter)),
        }
    }
    stretches
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_programs_own_fonts_have_latin_greek_cyrillic_and_arabic() {
        let fonts = Fonts::new(None);
        for letter in "Aéßłğżơạ ŵ Ωά Жі ѓ 0123456789 ابتثحخ گچپ ٠١٢ ، ؟ ’ – …".chars()
        {
            for weight in [Weight::Regular, Weight::Bold] {
                assert!(fonts.of(letter, weight).is_some(), "{letter:?}");
            }
        }
        assert!(fonts.of('अ', Weight::Regular).is_none());
    }

    #[test]
    fn a_folder_without_fonts_or_with_broken_ones_has_no_letter() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("Broken-Regular.ttf"), b"\0\x01\0\0 no font").unwrap();
        let fonts = Fonts::new(Some(folder.path().to_owned()));
        assert!(fonts.of('अ', Weight::Bold).is_none());
        assert!(fonts.of('a', Weight::Bold).is_some());
        assert!(Fonts::new(Some("/nowhere".into())).of('अ', Weight::Bold).is_none());
    }

    #[test]
    fn a_letter_is_found_in_the_font_of_the_folder_that_has_it() {
        let folder = tempfile::tempdir().unwrap();
        let inner = folder.path().join("inner");
        fs::create_dir(&inner).unwrap();
        fs::write(inner.join("Other.ttf"), include_bytes!("fonts/NotoSans-Bold.ttf")).unwrap();
        let known = known(folder.path());
        assert_eq!(known.len(), 1);
        assert!(known[0].has('é') && known[0].has('Ω') && !known[0].has('ع'));
    }
}
