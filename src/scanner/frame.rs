//! From what a camera hands over to a picture in grey.
//!
//! A camera's word is taken for nothing: rows that would reach beyond the bytes, sides without end
//! and JPEGs that are none are no picture, and nothing worse.

use std::borrow::Cow;
use std::panic::{AssertUnwindSafe, catch_unwind};

use zune_jpeg::JpegDecoder;
use zune_jpeg::zune_core::bytestream::ZCursor;
use zune_jpeg::zune_core::colorspace::ColorSpace;
use zune_jpeg::zune_core::options::DecoderOptions;

use crate::scanner::luma::Luma;

/// The longest side of a frame in pixels.
pub const MAX_SIDE: usize = 8192;
/// The most pixels of a frame.
pub const MAX_PIXELS: usize = 16_000_000;

/// How brightness lies in the bytes of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// Every second byte, beginning with the first: YUYV, YVYU.
    Even,
    /// Every second byte, beginning with the second: UYVY.
    Odd,
    /// Each byte of the first plane: NV12, NV21, YU12, YV12, GREY.
    Plane,
    /// A JPEG.
    Jpeg,
}

/// What the bytes of a frame are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// How brightness lies in them.
    pub layout: Layout,
    /// Pixels in a row. A JPEG says itself how large it is.
    pub width: usize,
    /// Rows.
    pub height: usize,
    /// Bytes from the start of a row to the next; 0 where nothing lies between rows.
    pub stride: usize,
}

/// A frame as it waits for its turn: in grey already where that took one pass over the bytes, else
/// as it came.
#[derive(Debug)]
pub enum Frame {
    /// In grey.
    Grey(Luma),
    /// A JPEG.
    Jpeg(Vec<u8>),
}

impl Frame {
    /// Takes what is needed out of `bytes`, which the camera wants back; `None` if it is no frame.
    #[must_use]
    pub fn take(shape: &Shape, bytes: &[u8]) -> Option<Self> {
        match shape.layout {
            Layout::Jpeg => Some(Self::Jpeg(bytes.to_vec())),
            _ => raw(shape, bytes).map(Self::Grey),
        }
    }

    /// Returns the picture; `None` if it is none.
    #[must_use]
    pub fn luma(self) -> Option<Luma> {
        match self {
            Self::Grey(luma) => Some(luma),
            Self::Jpeg(bytes) => jpeg(&bytes),
        }
    }
}

/// Returns the picture that `bytes` of `shape` are; `None` if they are none.
#[must_use]
pub fn luma(shape: &Shape, bytes: &[u8]) -> Option<Luma> {
    match shape.layout {
        Layout::Jpeg => jpeg(bytes),
        _ => raw(shape, bytes),
    }
}

fn raw(shape: &Shape, bytes: &[u8]) -> Option<Luma> {
    let Shape { layout, width, height, stride } = *shape;
    if !fits(width, height) {
        return None;
    }
    let row = if layout == Layout::Plane { width } else { width * 2 };
    let stride = if stride == 0 { row } else { stride };
    // The last row need not be followed by the gap that stands between rows.
    let needed = stride.checked_mul(height - 1)?.checked_add(row)?;
    if stride < row || bytes.len() < needed {
        return None;
    }
    let rows = bytes[..needed].chunks(stride).map(|chunk| &chunk[..row]);
    let pixels = match layout {
        Layout::Plane if stride == row => bytes[..needed].to_vec(),
        Layout::Plane => {
            let mut pixels = Vec::with_capacity(width * height);
            rows.for_each(|row| pixels.extend_from_slice(row));
            pixels
        }
        Layout::Even => every_second::<0>(rows, width * height),
        Layout::Odd => every_second::<1>(rows, width * height),
        Layout::Jpeg => return None,
    };
    Luma::new(width, height, pixels)
}

fn every_second<'a, const FIRST: usize>(
    rows: impl Iterator<Item = &'a [u8]>,
    count: usize,
) -> Vec<u8> {
    let mut pixels = Vec::with_capacity(count);
    for row in rows {
        pixels.extend(row.as_chunks::<2>().0.iter().map(|pair| pair[FIRST]));
    }
    pixels
}

fn fits(width: usize, height: usize) -> bool {
    (1..=MAX_SIDE).contains(&width)
        && (1..=MAX_SIDE).contains(&height)
        && width * height <= MAX_PIXELS
}

fn jpeg(bytes: &[u8]) -> Option<Luma> {
    let bytes = with_tables(bytes);
    let options = DecoderOptions::new_fast()
        .set_max_width(MAX_SIDE)
        .set_max_height(MAX_SIDE)
        // A frame that lost its end on the wire may still show a code.
        .set_strict_mode(false)
        .jpeg_set_out_colorspace(ColorSpace::Luma);
    let unpack = || {
        let mut decoder = JpegDecoder::new_with_options(ZCursor::new(&*bytes), options);
        decoder.decode_headers().ok()?;
        let (width, height) = decoder.info().map(|i| (i.width.into(), i.height.into()))?;
        if !fits(width, height) {
            return None;
        }
        Luma::new(width, height, decoder.decode().ok()?)
    };
    catch_unwind(AssertUnwindSafe(unpack)).ok().flatten()
}

/// Where the tables of a JPEG are looked for, in bytes.
const HEADERS: usize = 2048;

/// Many cameras leave out the Huffman tables, which are then those of the standard. The decoder knows
/// these by heart, if it is told by the mark of an AVI's frame.
fn with_tables(bytes: &[u8]) -> Cow<'_, [u8]> {
    const MARK: &[u8] = b"\xff\xe0\x00\x10AVI1\0\0\0\0\0\0\0\0\0\0";
    let headers = &bytes[..bytes.len().min(HEADERS)];
    let has_tables = headers.windows(2).any(|pair| pair == [0xff, 0xc4]);
    match bytes.strip_prefix(&[0xff, 0xd8]) {
        Some(rest) if !has_tables => Cow::Owned([&[0xff, 0xd8], MARK, rest].concat()),
        _ => Cow::Borrowed(bytes),
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    const LAYOUTS: [Layout; 4] = [Layout::Even, Layout::Odd, Layout::Plane, Layout::Jpeg];

    fn shape(layout: Layout, width: usize, height: usize, stride: usize) -> Shape {
        Shape { layout, width, height, stride }
    }

    fn pixels(shape: &Shape, bytes: &[u8]) -> Option<Vec<u8>> {
        let picture = luma(shape, bytes)?;
        let taken = Frame::take(shape, bytes)?.luma()?;
        assert!(taken == picture, "both ways give the same");
        Some(picture.pixels().to_vec())
    }

    /// A picture with a dark and a bright half, as a JPEG in grey or colour.
    fn photographed(colour: bool) -> Vec<u8> {
        let picture =
            image::GrayImage::from_fn(64, 32, |x, _| image::Luma([if x < 32 { 0 } else { 200 }]));
        let picture = image::DynamicImage::from(picture);
        let picture = if colour { picture.into_rgb8().into() } else { picture };
        let mut bytes = Vec::new();
        let mut to = std::io::Cursor::new(&mut bytes);
        picture.write_to(&mut to, image::ImageFormat::Jpeg).unwrap();
        bytes
    }

    #[test]
    fn brightness_is_found_where_the_layout_says() {
        let bytes = [1, 2, 3, 4, 5, 6, 7, 8];
        assert_eq!(pixels(&shape(Layout::Even, 2, 2, 0), &bytes).unwrap(), [1, 3, 5, 7]);
        assert_eq!(pixels(&shape(Layout::Odd, 2, 2, 4), &bytes).unwrap(), [2, 4, 6, 8]);
        assert_eq!(pixels(&shape(Layout::Plane, 2, 2, 0), &bytes).unwrap(), [1, 2, 3, 4]);
    }

    #[test]
    fn the_gap_between_rows_is_left_out_and_need_not_follow_the_last() {
        let bytes = [1, 2, 9, 3, 4];
        assert_eq!(pixels(&shape(Layout::Plane, 2, 2, 3), &bytes).unwrap(), [1, 2, 3, 4]);
        assert_eq!(pixels(&shape(Layout::Even, 1, 2, 3), &bytes).unwrap(), [1, 3]);
        assert_eq!(pixels(&shape(Layout::Plane, 2, 2, 3), &bytes[..4]), None);
    }

    #[test]
    fn rows_that_overlap_and_sides_without_end_are_no_frame() {
        let bytes = vec![0; 1000];
        for layout in LAYOUTS {
            for (width, height, stride) in [
                (0, 10, 0),
                (10, 0, 0),
                (20, 10, 5),
                (MAX_SIDE + 1, 1, 0),
                (usize::MAX, 2, 0),
                (2, usize::MAX, 0),
                (10, 10, usize::MAX),
                (2000, 2000, 1),
            ] {
                let shape = shape(layout, width, height, stride);
                assert_eq!(pixels(&shape, &bytes), None, "{shape:?}");
            }
        }
    }

    #[test]
    fn a_jpeg_is_unpacked_in_grey_at_the_size_it_has() {
        for colour in [false, true] {
            let wrong = shape(Layout::Jpeg, 7, 7, 0);
            let picture = luma(&wrong, &photographed(colour)).unwrap();
            assert_eq!((picture.width(), picture.height()), (64, 32));
            assert!(picture.pixels()[0] < 20 && picture.pixels()[63] > 180, "{colour}");
        }
    }

    #[test]
    fn a_jpeg_whose_tables_the_camera_left_out_is_read_by_those_of_the_standard() {
        let whole = photographed(true);
        let mut bare = whole[..2].to_vec();
        let mut at = 2;
        loop {
            let length = usize::from(u16::from_be_bytes([whole[at + 2], whole[at + 3]]));
            if whole[at + 1] == 0xda {
                break;
            }
            if whole[at + 1] != 0xc4 {
                bare.extend(&whole[at..at + 2 + length]);
            }
            at += 2 + length;
        }
        bare.extend(&whole[at..]);
        assert!(bare.len() < whole.len());
        assert!(jpeg(&bare).unwrap() == jpeg(&whole).unwrap());
    }

    proptest! {
        /// I11
        #[test]
        fn whatever_a_camera_sends_is_a_picture_or_none_and_never_a_panic(
            layout in prop::sample::select(LAYOUTS.to_vec()),
            (width, height, stride) in (0_usize..40, 0_usize..40, 0_usize..100),
            bytes in vec(any::<u8>(), 0..3000),
            cut in any::<prop::sample::Index>(),
        ) {
            let shape = shape(layout, width, height, stride);
            if let Some(picture) = luma(&shape, &bytes) {
                prop_assert_eq!(picture.pixels().len(), picture.width() * picture.height());
            }
            let mut photo = photographed(true);
            let at = cut.index(photo.len());
            photo[at] ^= bytes.first().copied().unwrap_or(0xff);
            let _ = luma(&Shape { layout: Layout::Jpeg, ..shape }, &photo);
            let _ = luma(&Shape { layout: Layout::Jpeg, ..shape }, &photo[..at]);
        }
    }
}
