//! Small pictures for people to look at: thumbnails of documents, previews of cameras.

use std::panic::{AssertUnwindSafe, catch_unwind};

use image::codecs::jpeg::JpegEncoder;
use image::{DynamicImage, ExtendedColorType};

use crate::scanner::luma::Luma;
use crate::scanner::source::{self, Unreadable};

/// The widest preview in pixels.
const PREVIEW_WIDTH: usize = 640;
/// Qualities of a JPEG, of 100.
const PREVIEW_QUALITY: u8 = 60;
const THUMBNAIL_QUALITY: u8 = 80;

/// Returns the picture in `content`, or the first page of the PDF, as a JPEG of at most `side` pixels
/// each way: the right way up, on white where it is transparent, never larger than it was.
///
/// # Errors
/// Says why the content could not be unpacked.
pub fn thumbnail(content: Vec<u8>, side: u16) -> Result<Vec<u8>, Unreadable> {
    let picture = source::first(content, side)?;
    let (width, height) = (picture.width(), picture.height());
    let encode = || {
        let pixels = on_white(picture);
        let mut jpeg = Vec::new();
        JpegEncoder::new_with_quality(&mut jpeg, THUMBNAIL_QUALITY)
            .encode(&pixels, width, height, ExtendedColorType::Rgb8)
            .map(|()| jpeg)
    };
    match catch_unwind(AssertUnwindSafe(encode)) {
        Ok(Ok(jpeg)) => Ok(jpeg),
        Ok(Err(_)) | Err(_) => Err(Unreadable::Crashed),
    }
}

fn on_white(picture: DynamicImage) -> Vec<u8> {
    if !picture.color().has_alpha() {
        return picture.into_rgb8().into_raw();
    }
    let seen = |pixel: &[u8; 4]| {
        let [red, green, blue, alpha] = pixel.map(u32::from);
        [red, green, blue].map(|shade| {
            u8::try_from((shade * alpha + 255 * (255 - alpha)) / 255).unwrap_or(u8::MAX)
        })
    };
    picture.into_rgba8().into_raw().as_chunks::<4>().0.iter().flat_map(seen).collect()
}

/// Returns `picture` as a JPEG in grey, at most 640 pixels wide; `None` if it cannot be one.
pub(super) fn preview(picture: &Luma) -> Option<Vec<u8>> {
    let shrunk = picture.shrunk(picture.width().div_ceil(PREVIEW_WIDTH));
    let (width, height) =
        (u32::try_from(shrunk.width()).ok()?, u32::try_from(shrunk.height()).ok()?);
    let mut jpeg = Vec::new();
    JpegEncoder::new_with_quality(&mut jpeg, PREVIEW_QUALITY)
        .encode(shrunk.pixels(), width, height, ExtendedColorType::L8)
        .ok()?;
    Some(jpeg)
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use image::{ImageFormat, Rgb, RgbImage, Rgba, RgbaImage};

    use super::*;

    fn png(picture: impl Into<DynamicImage>) -> Vec<u8> {
        let mut bytes = Vec::new();
        picture.into().write_to(&mut Cursor::new(&mut bytes), ImageFormat::Png).unwrap();
        bytes
    }

    fn drawn(content: Vec<u8>, side: u16) -> RgbImage {
        let jpeg = thumbnail(content, side).unwrap();
        assert_eq!(image::guess_format(&jpeg).unwrap(), ImageFormat::Jpeg);
        image::load_from_memory(&jpeg).unwrap().into_rgb8()
    }

    #[test]
    fn a_thumbnail_fits_its_side_keeps_its_shape_and_never_grows() {
        let wide = png(RgbImage::from_pixel(400, 100, Rgb([200, 0, 0])));
        assert_eq!(drawn(wide.clone(), 100).dimensions(), (100, 25));
        assert_eq!(drawn(wide, 1024).dimensions(), (400, 100));
        let thread = png(RgbImage::from_pixel(2000, 1, Rgb([0, 0, 0])));
        assert_eq!(drawn(thread, 64).dimensions(), (64, 1));
    }

    #[test]
    fn what_is_transparent_is_white() {
        let clear = png(RgbaImage::from_pixel(64, 64, Rgba([0, 0, 0, 0])));
        assert!(drawn(clear, 32).pixels().all(|pixel| pixel.0.iter().all(|shade| *shade > 250)));
    }

    #[test]
    fn a_photograph_stands_the_right_way_up() {
        // Left half dark; held so that its left is the top.
        let photo = RgbImage::from_fn(80, 40, |x, _| Rgb([if x < 40 { 0 } else { 255 }; 3]));
        let mut jpeg = Vec::new();
        let exif = b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0".to_vec();
        let mut encoder = JpegEncoder::new(&mut jpeg);
        image::ImageEncoder::set_exif_metadata(&mut encoder, exif).unwrap();
        encoder.encode(photo.as_raw(), 80, 40, ExtendedColorType::Rgb8).unwrap();
        let drawn = drawn(jpeg, 64);
        assert_eq!(drawn.dimensions(), (32, 64));
        assert!(drawn.get_pixel(16, 8).0[0] < 40 && drawn.get_pixel(16, 56).0[0] > 215);
    }

    #[test]
    fn what_is_no_picture_has_no_thumbnail() {
        assert_eq!(
            thumbnail(b"%PDF-1.7 of nothing".to_vec(), 64),
            Err(Unreadable::Damaged("PDF".into()))
        );
        assert_eq!(thumbnail(b"words".to_vec(), 64), Err(Unreadable::Unknown));
    }
}
