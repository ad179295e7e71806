//! From a PDF to pictures of its pages, as they would be printed.

use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};

use hayro::hayro_interpret::InterpreterSettings;
use hayro::hayro_syntax::page::Page;
use hayro::hayro_syntax::{LoadPdfError, Pdf};
use hayro::vello_cpu::Pixmap;
use hayro::vello_cpu::color::palette::css::WHITE;
use hayro::{PixmapSettings, RenderCache, RenderSettings, render};
use image::RgbImage;

use crate::scanner::luma::Luma;
use crate::scanner::source::Unreadable;

/// Pages that are looked at; an acknowledgement has one for each application.
const MAX_PAGES: usize = 10;
/// Pixels to a point: an A4 page of 842 points becomes 1800 high, a module of a printed code 8.
const SCALE: f32 = 1800.0 / 842.0;
/// The longest side of a page in points that PDF allows. The renderer panics far beyond it.
const MAX_SIDE: f32 = 14_400.0;
/// The longest side of a picture; a larger page is drawn smaller.
const MAX_PIXELS: f32 = 3_600.0;

/// Draws the first pages of the PDF, until `look` breaks off. A page that can't be drawn is left
/// out, unless that leaves nothing to look at.
pub(super) fn pages(
    content: Vec<u8>,
    look: &mut dyn FnMut(&Luma) -> ControlFlow<()>,
) -> Result<(), Unreadable> {
    let pdf = open(content)?;
    let cache = RenderCache::new();
    let mut trouble = Some(damaged());
    for page in pdf.pages().iter().take(MAX_PAGES) {
        let drawn = catch_unwind(AssertUnwindSafe(|| grey(&draw(page, &cache, MAX_PIXELS)?)));
        match drawn.unwrap_or_else(|_| Err(damaged())) {
            Ok(picture) => {
                trouble = None;
                if look(&picture).is_break() {
                    return Ok(());
                }
            }
            Err(why) => trouble = trouble.map(|_| why),
        }
    }
    trouble.map_or(Ok(()), Err)
}

/// Draws the first page of the PDF in colour, its longest side at most `side` pixels.
pub(super) fn first_page(content: Vec<u8>, side: u16) -> Result<RgbImage, Unreadable> {
    let pdf = open(content)?;
    let cache = RenderCache::new();
    let draw = || {
        let page = pdf.pages().first().ok_or_else(damaged)?;
        let drawn = draw(page, &cache, f32::from(side))?;
        let pixels = drawn.data_as_u8_slice().chunks_exact(4).flat_map(|p| [p[0], p[1], p[2]]);
        RgbImage::from_raw(drawn.width().into(), drawn.height().into(), pixels.collect())
            .ok_or_else(damaged)
    };
    catch_unwind(AssertUnwindSafe(draw)).unwrap_or_else(|_| Err(damaged()))
}

/// Opens the PDF, with an empty password where it wants one. What is locked in a way that is not
/// known here counts as locked: nobody at a counter opens it.
pub(super) fn open(content: Vec<u8>) -> Result<Pdf, Unreadable> {
    match catch_unwind(move || Pdf::new(content)) {
        Ok(Ok(pdf)) => Ok(pdf),
        Ok(Err(LoadPdfError::Decryption(_))) => Err(Unreadable::Locked),
        Ok(Err(LoadPdfError::Invalid)) | Err(_) => Err(damaged()),
    }
}

fn damaged() -> Unreadable {
    Unreadable::Damaged("PDF".to_owned())
}

/// Draws the page on white, its longest side at most `most` pixels.
fn draw<'a>(page: &'a Page<'a>, cache: &RenderCache<'a>, most: f32) -> Result<Pixmap, Unreadable> {
    let (width, height) = page.render_dimensions();
    let longest = width.max(height);
    if !(width.is_finite() && height.is_finite() && width.min(height) > 0.0) {
        return Err(damaged());
    }
    if longest > MAX_SIDE {
        return Err(Unreadable::HugePage(points(width), points(height)));
    }
    let scale = SCALE.min(most / longest);
    let settings = PixmapSettings {
        // However thin the page, there is a pixel of it.
        x_scale: scale.max(1.0 / width),
        y_scale: scale.max(1.0 / height),
        bg_color: WHITE,
    };
    Ok(render(page, cache, &InterpreterSettings::default(), &RenderSettings::default(), &settings))
}

fn grey(drawn: &Pixmap) -> Result<Luma, Unreadable> {
    let grey = |pixel: &[u8]| {
        // Brightness as the eye has it, in 256ths; the page is opaque, so alpha is 255 throughout.
        let sum = 77 * u32::from(pixel[0]) + 150 * u32::from(pixel[1]) + 29 * u32::from(pixel[2]);
        u8::try_from(sum >> 8).unwrap_or(u8::MAX)
    };
    let pixels = drawn.data_as_u8_slice().chunks_exact(4).map(grey).collect();
    Luma::new(usize::from(drawn.width()), usize::from(drawn.height()), pixels).ok_or_else(damaged)
}

#[expect(clippy::cast_possible_truncation, reason = "a float as an integer stops at its bounds")]
fn points(side: f32) -> u32 {
    side as u32
}
