//! What residents upload, browsers send and folders hold: PNG, JPEG, PNM and PDF.

use std::io::Cursor;
use std::ops::ControlFlow;

use image::{DynamicImage, ImageFormat};
use prereg_node::scanner::render;
use prereg_node::scanner::source::{self, MAX_PIXELS};

use crate::pdf;
use crate::photo::{PRID, stock_code};

/// The longest side of a thumbnail.
const SIDE: u16 = 64;

/// Unpacks `data` as the decoding process does. Every answer is right but a picture that is not one.
pub fn check(data: &[u8]) {
    let mut pictures = 0;
    let unpacked = source::pictures(data.to_vec(), &mut |picture| {
        pictures += 1;
        let (width, height) = (picture.width(), picture.height());
        assert_eq!(picture.pixels().len(), width * height);
        assert!(width > 0 && height > 0 && (width * height) as u64 <= MAX_PIXELS);
        ControlFlow::Continue(())
    });
    assert!(pictures <= 10, "{pictures} pages are looked at");
    assert_eq!(unpacked.is_ok(), pictures > 0, "{unpacked:?} with {pictures} pictures");
    if let Ok(thumbnail) = render::thumbnail(data.to_vec(), SIDE) {
        let drawn = image::load_from_memory_with_format(&thumbnail, ImageFormat::Jpeg)
            .expect("a thumbnail is a JPEG");
        assert!(drawn.width().max(drawn.height()) <= u32::from(SIDE));
    }
}

/// Returns a small file of each kind.
pub fn seeds() -> Vec<Vec<u8>> {
    let code = DynamicImage::from(stock_code(PRID, 2));
    let (width, height) = (code.width(), code.height());
    let jpeg = encoded(&code, ImageFormat::Jpeg);
    let colour = DynamicImage::from(code.to_rgba8());
    let decimal = code
        .as_bytes()
        .iter()
        .fold("P2 58 58 255".to_owned(), |text, pixel| text + "\n" + &pixel.to_string());
    vec![
        encoded(&code, ImageFormat::Png),
        encoded(&colour, ImageFormat::Png),
        encoded(&DynamicImage::from(code.to_luma16()), ImageFormat::Png),
        encoded(&DynamicImage::from(colour.to_rgb8()), ImageFormat::Jpeg),
        [format!("P5\n{width} {height}\n255\n").as_bytes(), code.as_bytes()].concat(),
        decimal.into_bytes(),
        b"P1 3 2 1 0 1 0 1 0".to_vec(),
        [b"P6 2 2 255\n".as_slice(), &[7; 12]].concat(),
        pdf::pages(58, &[pdf::code(PRID, 8, 8, 2)]),
        pdf::pages(58, &[String::new(), "q 1 0 0 RG 2 w 3 3 m 9 9 l S Q".to_owned()]),
        pdf::scanned(58, &jpeg, width, height),
        pdf::file_with_trailer(
            &[
                b"<< /Type /Catalog /Pages 2 0 R >>".to_vec(),
                b"<< /Type /Pages /Kids [] /Count 0 >>".to_vec(),
                b"<< /Filter /Standard /V 2 /R 3 /Length 128 /P -4 /O <00> /U <00> >>".to_vec(),
            ],
            "/Encrypt 3 0 R /ID [<00> <00>]",
        ),
        jpeg,
    ]
}

fn encoded(picture: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut file = Cursor::new(Vec::new());
    picture.write_to(&mut file, format).expect("a vector takes everything");
    file.into_inner()
}
