//! From a picture to the text of its QR codes.
//!
//! zxing-cpp reads first: it is the quickest and reads most. Where it finds nothing, the code of an
//! acknowledgement is searched for by what is known of it (`finder`, `fit`); then zxing-cpp is shown
//! the picture sharpened, in pure black and white, squeezed, enlarged; then rqrr, which searches in
//! another way. The order is by what a rung reads that those before it missed, against what it
//! costs. No text is returned that the code's error correction doesn't vouch for.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use crate::clock::Stopwatch;
use crate::domain::scan::Scanned;
use crate::scanner::luma::Luma;
use crate::scanner::{finder, fit};

/// A QR code that was read.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Code {
    /// What it says, letter for letter.
    pub text: String,
    /// Who read it.
    pub by: Decoder,
}

impl Code {
    /// Tells whether it says a PRID whose check digit fits.
    #[must_use]
    pub fn is_acknowledgement(&self) -> bool {
        matches!(Scanned::of(&self.text), Scanned::Application(_))
    }
}

/// The libraries that read codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Decoder {
    /// zxing-cpp.
    Zxing,
    /// rqrr.
    Rqrr,
}

/// Returns the QR codes of `picture`, each text once; empty if none was found within `budget`.
///
/// The search ends with an acknowledgement: beside any other code one may lie that is harder to read.
/// No attempt is begun after `budget`, but one that runs is not broken off: on a hostile picture it
/// may take long, so whoever cannot wait decodes in a process that can be ended.
#[must_use]
pub fn codes(picture: &Luma, budget: Duration) -> Vec<Code> {
    if too_narrow(picture) {
        return Vec::new();
    }
    let watch = Stopwatch::start();
    let mut found = plain(picture);
    if found.iter().any(Code::is_acknowledgement) {
        return found;
    }
    let shrunk = shrunk_to(RETRY_PIXELS, picture);
    let picture = shrunk.as_ref().unwrap_or(picture);
    let mut doubts = Vec::new();
    for (number, rung) in RUNGS.iter().enumerate().skip(1) {
        if watch.elapsed() >= budget {
            break;
        }
        for code in agreed(rung.look(picture), number, Duration::ZERO, &mut doubts) {
            if found.iter().all(|known| known.text != code.text) {
                found.push(code);
            }
        }
        if found.iter().any(Code::is_acknowledgement) {
            break;
        }
    }
    found
}

/// Returns the QR codes that a glance finds in `picture`: dark on light, as large as it is, in a
/// third of the time of [`plain`], which finds all that this does and a tenth more.
#[must_use]
pub fn glance(picture: &Luma) -> Vec<Code> {
    if too_narrow(picture) {
        return Vec::new();
    }
    by_zxing(picture, Ink::Local, false).into_iter().map(|read| read.code).collect()
}

/// Returns the QR codes that the first and cheapest rung finds in `picture`.
#[must_use]
pub fn plain(picture: &Luma) -> Vec<Code> {
    RUNGS[0].look(picture).into_iter().map(|read| read.code).collect()
}

/// A code as one rung read it.
#[derive(Clone, Debug)]
pub struct Read {
    /// What it says, and who read it.
    pub code: Code,
    /// Whether it can be believed by itself. The error correction of the smallest codes takes one
    /// in some million shapes of noise for a code, and the later rungs show a decoder many: of
    /// those only 14 digits are believed, which noise is not.
    pub firm: bool,
}

/// What one rung read and none may believe alone.
#[derive(Debug)]
pub struct Doubt {
    text: String,
    /// Who read it, counted as in [`RUNGS`], and when it did so last.
    rung: usize,
    at: Duration,
}

/// How far apart two looks may be that vouch for one text.
pub const TOGETHER: Duration = Duration::from_secs(1);

/// Returns what can be believed of what `rung` read `at` some time: what is firm, and what another
/// rung read within [`TOGETHER`]. The rest joins `doubts`, and what is older leaves them.
pub fn agreed(read: Vec<Read>, rung: usize, at: Duration, doubts: &mut Vec<Doubt>) -> Vec<Code> {
    doubts.retain(|doubt| at.saturating_sub(doubt.at) < TOGETHER);
    let mut codes = Vec::new();
    for Read { code, firm } in read {
        let of_it = |doubt: &&mut Doubt| doubt.text == code.text;
        if firm || doubts.iter().any(|doubt| doubt.rung != rung && doubt.text == code.text) {
            codes.push(code);
        } else if let Some(doubt) = doubts.iter_mut().find(of_it) {
            doubt.at = at;
        } else if doubts.len() < MOST_DOUBTS {
            doubts.push(Doubt { text: code.text, rung, at });
        }
    }
    codes
}

const MOST_DOUBTS: usize = 32;

/// The side of the smallest code.
const MODULES: usize = 21;
/// What a second look is worth: a larger picture is shrunk to below this first.
const RETRY_PIXELS: usize = 2_500_000;

/// One way to look for codes.
#[derive(Debug)]
pub struct Rung {
    /// What it is called in the bench.
    pub name: &'static str,
    look: fn(&Luma) -> Vec<Read>,
}

impl Rung {
    /// Looks for codes in `picture` in this way.
    #[must_use]
    pub fn look(&self, picture: &Luma) -> Vec<Read> {
        if too_narrow(picture) { Vec::new() } else { (self.look)(picture) }
    }
}

/// Tells whether no code fits into `picture`.
fn too_narrow(picture: &Luma) -> bool {
    picture.width().min(picture.height()) < MODULES
}

/// The ladder, the first rung first. `scripts/bench qr --rungs` prints what each is worth.
pub static RUNGS: [Rung; 14] = [
    Rung { name: "plain", look: |picture| zxing(picture, Ink::Local) },
    Rung { name: "fitted", look: |picture| fitted(picture, &fine(picture), true) },
    Rung {
        name: "fitted, smoothed",
        look: |picture| fitted(picture, &coarse(&picture.smoothed()), true),
    },
    Rung {
        name: "fitted, sharpened",
        look: |picture| fitted(picture, &fine(&picture.smoothed().sharpened(6)), true),
    },
    Rung { name: "fitted, inverted", look: |picture| fitted(picture, &fine(picture), false) },
    Rung { name: "sharpened", look: |picture| zxing(&picture.sharpened(6), Ink::Local) },
    Rung { name: "fine threshold", look: |picture| zxing(&fine(picture), Ink::Fixed) },
    Rung { name: "coarse threshold", look: |picture| zxing(&coarse(picture), Ink::Fixed) },
    Rung {
        name: "smoothed, sharpened",
        look: |picture| zxing(&picture.smoothed().sharpened(6), Ink::Local),
    },
    Rung {
        name: "squeezed down",
        look: |picture| {
            zxing(&picture.scaled(picture.width(), squeezed(picture.height())), Ink::Local)
        },
    },
    Rung {
        name: "squeezed across",
        look: |picture| {
            zxing(&picture.scaled(squeezed(picture.width()), picture.height()), Ink::Local)
        },
    },
    Rung { name: "enlarged", look: |picture| zxing(&enlarged(picture), Ink::Local) },
    Rung { name: "rqrr", look: by_rqrr },
    Rung { name: "rqrr, fine threshold", look: |picture| by_rqrr(&fine(picture)) },
];

fn fine(picture: &Luma) -> Luma {
    picture.thresholded((picture.width() / 80).max(LEAST_RADIUS))
}

fn coarse(picture: &Luma) -> Luma {
    picture.thresholded((picture.width() / 40).max(2 * LEAST_RADIUS))
}

/// Of a threshold: in a small picture, too, a finder pattern's middle must not look like paper.
const LEAST_RADIUS: usize = 5;

/// Reads the acknowledgements where finder patterns are in `binary`.
fn fitted(picture: &Luma, binary: &Luma, dark: bool) -> Vec<Read> {
    let finders = finder::finders(binary, if dark { 0 } else { 255 });
    let mut read: Vec<Read> = Vec::new();
    let mut used: Vec<(f32, f32)> = Vec::new();
    for trio in finder::trios(&finders) {
        if trio.iter().any(|place| used.contains(place)) {
            continue;
        }
        if let Some(text) = fit::read(picture, trio, dark) {
            used.extend(trio);
            if read.iter().all(|read| read.code.text != text) {
                read.push(Read { code: Code { text, by: Decoder::Rqrr }, firm: true });
            }
        }
    }
    read
}

/// A code seen from the side is long and narrow; squeezing its length makes it square enough.
fn squeezed(side: usize) -> usize {
    (side * 3 / 5).max(1)
}

fn enlarged(picture: &Luma) -> Luma {
    picture.scaled(picture.width() * 2, picture.height() * 2)
}

fn shrunk_to(pixels: usize, picture: &Luma) -> Option<Luma> {
    let factor = (2..).find(|n| picture.width() * picture.height() / (n * n) <= pixels)?;
    (picture.width() * picture.height() > pixels).then(|| picture.shrunk(factor))
}

/// How zxing tells ink from paper.
#[derive(Clone, Copy)]
enum Ink {
    /// By the neighbourhood.
    Local,
    /// Darker than the middle: the picture is black and white already.
    Fixed,
}

fn zxing(picture: &Luma, ink: Ink) -> Vec<Read> {
    by_zxing(picture, ink, true)
}

/// Reads what zxing finds; `thorough` has it search every row, in white on black, and shrunk, too.
fn by_zxing(picture: &Luma, ink: Ink, thorough: bool) -> Vec<Read> {
    let binarizer = match ink {
        Ink::Local => zxingcpp::Binarizer::LocalAverage,
        Ink::Fixed => zxingcpp::Binarizer::FixedThreshold,
    };
    // Model 2 is what everyone calls a QR code; micro codes would only be found by mistake.
    let reader = zxingcpp::read()
        .formats(zxingcpp::BarcodeFormat::QRCodeModel2)
        .try_harder(thorough)
        .try_rotate(thorough)
        .try_invert(thorough)
        .try_downscale(thorough)
        .text_mode(zxingcpp::TextMode::Plain)
        .binarizer(binarizer);
    let (width, height) = (picture.width(), picture.height());
    let format = zxingcpp::ImageFormat::Lum;
    let read = zxingcpp::ImageView::from_slice(picture.pixels(), width, height, format)
        .and_then(|view| reader.from(&view))
        .unwrap_or_default();
    let valid = read.iter().filter(|barcode| barcode.is_valid());
    distinct(
        valid.map(|barcode| (text_of(barcode), barcode.extra_with_key("Version") == "1")),
        Decoder::Zxing,
    )
}

/// Returns the text of a barcode. The library hands text out up to its first NUL: a code that has
/// one is given by its bytes, so that it cannot pass for what stands before the NUL.
fn text_of(barcode: &zxingcpp::Barcode) -> String {
    let bytes = barcode.bytes();
    if bytes.contains(&0) { String::from_utf8_lossy(&bytes).into_owned() } else { barcode.text() }
}

/// Returns the codes that rqrr alone finds in `picture` as it is.
#[must_use]
pub fn rqrr(picture: &Luma) -> Vec<Code> {
    by_rqrr(picture).into_iter().map(|read| read.code).collect()
}

fn by_rqrr(picture: &Luma) -> Vec<Read> {
    let width = picture.width();
    let read = || {
        let mut prepared =
            rqrr::PreparedImage::prepare_from_greyscale(width, picture.height(), |x, y| {
                picture.pixels()[y * width + x]
            });
        let grids = prepared.detect_grids();
        let read = grids.iter().filter_map(|grid| grid.decode().ok());
        distinct(read.map(|(about, text)| (text, about.version.0 == 1)), Decoder::Rqrr)
    };
    // Its bookkeeping of regions panics on some pictures; to us that is a picture without a code.
    catch_unwind(AssertUnwindSafe(read)).unwrap_or_default()
}

/// Takes texts, and whether each is of the smallest code.
fn distinct(texts: impl Iterator<Item = (String, bool)>, by: Decoder) -> Vec<Read> {
    let mut codes: Vec<Read> = Vec::new();
    for (text, smallest) in texts {
        if !text.is_empty() && codes.iter().all(|read| read.code.text != text) {
            let firm = !smallest || Scanned::of(&text) != Scanned::Foreign;
            codes.push(Read { code: Code { text, by }, firm });
        }
    }
    codes
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Has rungs read texts none may believe alone, at milliseconds; returns which were believed.
    fn believed(reads: &[(usize, u64, &str)]) -> Vec<bool> {
        let mut doubts = Vec::new();
        let believe = |&(rung, at, text): &(usize, u64, &str)| {
            let code = Code { text: text.to_owned(), by: Decoder::Zxing };
            let read = vec![Read { code, firm: false }];
            !agreed(read, rung, Duration::from_millis(at), &mut doubts).is_empty()
        };
        reads.iter().map(believe).collect()
    }

    #[test]
    fn a_doubtful_text_is_believed_when_another_rung_reads_it_within_a_second() {
        assert_eq!(believed(&[(5, 0, "ab"), (6, 900, "ab")]), [false, true]);
        assert_eq!(believed(&[(5, 0, "ab"), (6, 1000, "ab")]), [false, false], "too late");
        assert_eq!(believed(&[(5, 0, "ab"), (6, 0, "ba")]), [false, false], "another text");
    }

    #[test]
    fn a_rung_does_not_vouch_for_itself() {
        assert_eq!(believed(&[(5, 0, "ab"), (5, 500, "ab"), (5, 900, "ab")]), [false; 3]);
    }

    /// I11
    #[test]
    fn what_is_doubted_is_bounded() {
        let mut doubts = Vec::new();
        for i in 0..1000 {
            let code = Code { text: i.to_string(), by: Decoder::Zxing };
            agreed(vec![Read { code, firm: false }], 5, Duration::ZERO, &mut doubts);
        }
        assert_eq!(doubts.len(), MOST_DOUBTS);
    }
}
