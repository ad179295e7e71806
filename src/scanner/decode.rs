//! From a picture to the text of its QR codes.
//!
//! zxing-cpp reads first: it is the quickest and reads most. A picture in which it finds nothing is
//! shown to it again, sharpened, in pure black and white, squeezed, enlarged, and then to rqrr, which
//! searches in another way. The order is by what an attempt reads that those before it missed,
//! against what it costs. Neither decoder returns a text that the code's error correction
//! doesn't vouch for.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use crate::clock::Stopwatch;
use crate::scanner::luma::Luma;

/// A QR code that was read.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Code {
    /// What it says, letter for letter.
    pub text: String,
    /// Who read it.
    pub by: Decoder,
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
/// No attempt is begun after `budget`, but one that runs is not broken off: on a hostile picture it
/// may take long, so whoever cannot wait decodes in a process that can be ended.
#[must_use]
pub fn codes(picture: &Luma, budget: Duration) -> Vec<Code> {
    if picture.width().min(picture.height()) < MODULES {
        return Vec::new();
    }
    let watch = Stopwatch::start();
    let mut found = zxing(picture, Ink::Local);
    if !found.is_empty() {
        return found;
    }
    let shrunk = shrunk_to(RETRY_PIXELS, picture);
    let picture = shrunk.as_ref().unwrap_or(picture);
    for attempt in RETRIES {
        if watch.elapsed() >= budget {
            break;
        }
        found = attempt(picture);
        if !found.is_empty() {
            break;
        }
    }
    found
}

/// The side of the smallest code.
const MODULES: usize = 21;
/// What a second look is worth: a larger picture is shrunk to below this first.
const RETRY_PIXELS: usize = 2_500_000;

/// Returns the QR codes that the first and cheapest attempt finds in `picture`.
#[must_use]
pub fn plain(picture: &Luma) -> Vec<Code> {
    if picture.width().min(picture.height()) < MODULES {
        return Vec::new();
    }
    zxing(picture, Ink::Local)
}

const RETRIES: [fn(&Luma) -> Vec<Code>; 12] = [
    |picture| zxing(&picture.sharpened(6), Ink::Local),
    |picture| zxing(&picture.thresholded(picture.width() / 80), Ink::Fixed),
    |picture| zxing(&picture.thresholded(picture.width() / 40), Ink::Fixed),
    |picture| zxing(&picture.smoothed().sharpened(6), Ink::Local),
    |picture| zxing(&picture.scaled(picture.width(), squeezed(picture.height())), Ink::Local),
    |picture| zxing(&picture.scaled(squeezed(picture.width()), picture.height()), Ink::Local),
    |picture| zxing(&enlarged(picture), Ink::Local),
    |picture| zxing(&enlarged(picture).sharpened(6), Ink::Local),
    rqrr,
    |picture| rqrr(&picture.thresholded(picture.width() / 80)),
    |picture| rqrr(&picture.inverted().thresholded(picture.width() / 40)),
    |picture| rqrr(&enlarged(picture).thresholded(picture.width() / 40)),
];

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

fn zxing(picture: &Luma, ink: Ink) -> Vec<Code> {
    let binarizer = match ink {
        Ink::Local => zxingcpp::Binarizer::LocalAverage,
        Ink::Fixed => zxingcpp::Binarizer::FixedThreshold,
    };
    // Model 2 is what everyone calls a QR code; micro codes would only be found by mistake.
    let reader = zxingcpp::read()
        .formats(zxingcpp::BarcodeFormat::QRCodeModel2)
        .try_harder(true)
        .try_rotate(true)
        .try_invert(true)
        .try_downscale(true)
        .text_mode(zxingcpp::TextMode::Plain)
        .binarizer(binarizer);
    let (width, height) = (picture.width(), picture.height());
    let format = zxingcpp::ImageFormat::Lum;
    let read = zxingcpp::ImageView::from_slice(picture.pixels(), width, height, format)
        .and_then(|view| reader.from(&view))
        .unwrap_or_default();
    let texts = read.iter().filter(|barcode| barcode.is_valid()).map(text_of);
    distinct(texts, Decoder::Zxing)
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
    let width = picture.width();
    let read = || {
        let mut prepared =
            rqrr::PreparedImage::prepare_from_greyscale(width, picture.height(), |x, y| {
                picture.pixels()[y * width + x]
            });
        let grids = prepared.detect_grids();
        let texts = grids.iter().filter_map(|grid| grid.decode().ok()).map(|(_, text)| text);
        distinct(texts, Decoder::Rqrr)
    };
    // Its bookkeeping of regions panics on some pictures; to us that is a picture without a code.
    catch_unwind(AssertUnwindSafe(read)).unwrap_or_default()
}

fn distinct(texts: impl Iterator<Item = String>, by: Decoder) -> Vec<Code> {
    let mut codes: Vec<Code> = Vec::new();
    for text in texts {
        if !text.is_empty() && codes.iter().all(|code| code.text != text) {
            codes.push(Code { text, by });
        }
    }
    codes
}
