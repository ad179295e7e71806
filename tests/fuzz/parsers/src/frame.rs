//! What cameras send.

use std::io::Cursor;
use std::time::Duration;

use image::{DynamicImage, ImageFormat};
use prereg_node::scanner::frame::{Frame, Layout, MAX_PIXELS, Shape, luma};
use prereg_node::scanner::live::Live;

use crate::photo::{PRID, stock_code};

/// Pixels of a picture that is still searched for codes here: what is larger is only slower.
const SEARCHED: usize = 120 * 120;

/// Takes `data` as a frame of a camera: how it is laid out, its width, height and stride, two bytes
/// each, and what it sends. Looks at the picture as at one of several.
pub fn check(data: &[u8]) {
    let Some(([layout, sizes @ ..], bytes)) = data.split_first_chunk::<7>() else { return };
    let layout = match layout % 4 {
        0 => Layout::Plane,
        1 => Layout::Even,
        2 => Layout::Odd,
        _ => Layout::Jpeg,
    };
    let size = |at: usize| usize::from(u16::from_le_bytes([sizes[at], sizes[at + 1]]));
    let shape = Shape { layout, width: size(0), height: size(2), stride: size(4) };

    let picture = luma(&shape, bytes);
    let later = Frame::take(&shape, bytes).and_then(Frame::luma);
    assert!(picture == later, "it is another picture when it had to wait");
    let Some(picture) = picture else { return };
    assert_eq!(picture.pixels().len(), picture.width() * picture.height());
    assert!(!picture.pixels().is_empty() && picture.pixels().len() <= MAX_PIXELS);
    if picture.pixels().len() > SEARCHED {
        return;
    }
    let mut live = Live::new();
    let first = live.look(&picture, Duration::ZERO);
    let again = live.look(&picture, Duration::from_millis(33));
    assert!(first.iter().all(|text| !again.contains(text)), "a code in view is told twice");
}

/// Returns a frame of each layout.
pub fn seeds() -> Vec<Vec<u8>> {
    let code = stock_code(PRID, 2);
    let side = u16::try_from(code.width()).expect("it is small");
    let frame = |layout: u8, stride: u16, bytes: &[u8]| {
        let sizes = [side, side, stride].map(u16::to_le_bytes).concat();
        [&[layout], sizes.as_slice(), bytes].concat()
    };
    let grey = code.as_raw();
    let pairs = |at: usize| -> Vec<u8> {
        let pair = |pixel: &u8| if at == 0 { [*pixel, 128] } else { [128, *pixel] };
        grey.iter().flat_map(pair).collect()
    };
    let with_gaps: Vec<u8> =
        grey.chunks(usize::from(side)).flat_map(|row| row.iter().copied().chain([0; 6])).collect();
    // As NV12: a plane of brightness and then one of colour.
    let planes = [grey.as_slice(), &vec![128; grey.len() / 2]].concat();
    let mut jpeg = Cursor::new(Vec::new());
    DynamicImage::from(code.clone())
        .write_to(&mut jpeg, ImageFormat::Jpeg)
        .expect("a vector takes everything");
    let mut colour = Cursor::new(Vec::new());
    DynamicImage::from(DynamicImage::from(code.clone()).to_rgb8())
        .write_to(&mut colour, ImageFormat::Jpeg)
        .expect("a vector takes everything");
    vec![
        frame(0, 0, grey),
        frame(0, side + 6, &with_gaps),
        frame(0, 0, &planes),
        frame(1, 0, &pairs(0)),
        frame(1, side * 2, &pairs(0)),
        frame(2, 0, &pairs(1)),
        frame(3, 0, jpeg.get_ref()),
        frame(3, 0, colour.get_ref()),
        // One whose end was lost on the wire.
        frame(3, 0, &colour.get_ref()[..colour.get_ref().len() / 2]),
    ]
}
