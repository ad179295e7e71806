//! Files of every kind that is read, and of some that are not.

use std::io::Cursor;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use image::{DynamicImage, GrayImage, ImageFormat};
use prereg_node::scanner::source::{self, Unreadable};
use prereg_node::scanner::worker::{self, SMALL_MEMORY, Worker};

use crate::pdf;
use crate::photo::{PRID, stock_code};

/// Returns `picture` as a file of `format`.
pub(crate) fn encoded(picture: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut file = Cursor::new(Vec::new());
    picture.write_to(&mut file, format).expect("a vector takes everything");
    file.into_inner()
}

/// Returns files of each kind, 116 pixels wide, that show the code of [`PRID`].
pub(crate) fn good_files() -> [(&'static str, Vec<u8>); 5] {
    let code = DynamicImage::from(stock_code(PRID, 4));
    let jpeg = encoded(&code, ImageFormat::Jpeg);
    [
        ("PNG", encoded(&code, ImageFormat::Png)),
        ("PGM", [b"P5\n# a comment\n116 116\n255\n", code.as_bytes()].concat()),
        ("PDF with drawing", pdf::pages(58, &[pdf::code(PRID, 8, 8, 2)])),
        ("PDF with JPEG", pdf::scanned(58, &jpeg, 116, 116)),
        ("JPEG", jpeg),
    ]
}

fn texts(file: Vec<u8>) -> Result<Vec<String>, Unreadable> {
    Ok(worker::read(file)?.codes.into_iter().map(|code| code.text).collect())
}

#[test]
fn a_code_is_read_from_every_kind_of_file() {
    for (kind, file) in good_files() {
        assert_eq!(texts(file), Ok(vec![PRID.to_owned()]), "{kind}");
    }
}

#[test]
fn a_pgm_in_decimal_numbers_is_read() {
    let code = stock_code(PRID, 2);
    let mut file = "P2 58 58 255".to_owned();
    for pixel in code.as_raw() {
        file += &format!("\n{pixel}");
    }
    assert_eq!(texts(file.into_bytes()), Ok(vec![PRID.to_owned()]));
}

#[test]
fn a_picture_without_a_background_is_seen_on_white_paper() {
    let mut picture = DynamicImage::from(stock_code(PRID, 4)).into_luma_alpha8();
    for pixel in picture.pixels_mut() {
        *pixel = image::LumaA([0, 255 - pixel.0[0]]);
    }
    let file = encoded(&picture.into(), ImageFormat::Png);
    assert_eq!(texts(file), Ok(vec![PRID.to_owned()]));
}

#[test]
fn a_page_of_a4_is_drawn_large_enough_for_a_code_of_a_centimetre() {
    let content = "0.5 0 0 0.5 0 0 cm ".to_owned() + &pdf::code(PRID, 500, 500, 3);
    let file = pdf::pages(842, &[content]);
    assert_eq!(texts(file), Ok(vec![PRID.to_owned()]));
}

#[test]
fn the_first_ten_pages_of_a_pdf_are_looked_at() {
    let on_page = |number: usize| {
        let mut contents = vec![String::new(); 11];
        contents[number - 1] = pdf::code(PRID, 8, 8, 2);
        texts(pdf::pages(58, &contents))
    };
    assert_eq!(on_page(10), Ok(vec![PRID.to_owned()]));
    assert_eq!(on_page(11), Ok(vec![]));
}

#[test]
fn the_codes_of_all_pages_are_told_in_their_order_and_each_once() {
    let page = |text: &str| pdf::code(text, 8, 8, 2);
    let file = pdf::pages(58, &[page("b"), String::new(), page(PRID), page("b"), page("a")]);
    assert_eq!(texts(file), Ok(vec!["b".to_owned(), PRID.to_owned(), "a".to_owned()]));
}

#[test]
fn the_largest_page_that_pdf_allows_is_drawn_small_and_a_larger_one_refused() {
    let with_side = |side| texts(pdf::pages(side, &[pdf::code(PRID, 800, 800, 100)]));
    assert_eq!(with_side(14_400), Ok(vec![PRID.to_owned()]));
    assert_eq!(with_side(99_999), Err(Unreadable::HugePage(99_999, 99_999)));
}

#[test]
fn a_page_that_is_a_thread_or_nothing_is_an_answer() {
    let sized = |size: &str| {
        let kids = b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_vec();
        let page = format!("<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {size}] >>").into_bytes();
        texts(pdf::file(&[b"<< /Type /Catalog /Pages 2 0 R >>".to_vec(), kids, page]))
    };
    for size in ["0.001 14000", "14000 0.001", "0 0", "-5 -5", "1e30 1e30", "nan inf"] {
        // Which answer is the library's business, that there is one ours.
        let _ = sized(size);
    }
    assert_eq!(sized("100 100"), Ok(vec![]));
}

/// Returns a PDF that opens with a password only.
fn locked() -> Vec<u8> {
    let objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>".to_vec(),
        b"<< /Type /Pages /Kids [] /Count 0 >>".to_vec(),
        format!(
            "<< /Filter /Standard /V 2 /R 3 /Length 128 /P -4 /O <{0}> /U <{0}> >>",
            "5a".repeat(32)
        )
        .into_bytes(),
    ];
    let id = "00".repeat(16);
    pdf::file_with_trailer(&objects, &format!("/Encrypt 3 0 R /ID [<{id}> <{id}>]"))
}

#[test]
fn a_pdf_behind_a_password_says_so() {
    assert_eq!(texts(locked()), Err(Unreadable::Locked));
}

#[test]
fn whether_a_pdf_opens_is_told_without_a_look_at_its_pages() {
    let mut worker = Worker::new(env!("CARGO_BIN_EXE_prereg-node"));
    let page = pdf::pages(100, &[String::new()]);
    // One question after the other, of either kind.
    for _ in 0..2 {
        assert_eq!(worker.opens(page.clone()), Ok(()));
        assert_eq!(worker.opens(locked()), Err(Unreadable::Locked));
        assert_eq!(worker.read(page.clone()).map(|reading| reading.codes), Ok(Vec::new()));
        assert_eq!(worker.read(locked()), Err(Unreadable::Locked));
        let torn = worker.opens(b"%PDF-1.4 and no more".to_vec());
        assert_eq!(torn, Err(Unreadable::Damaged("PDF".into())));
    }
}

#[test]
fn a_picture_that_claims_too_many_pixels_is_refused_before_it_is_unpacked() {
    let huge = |kind: &str, file: Vec<u8>| {
        assert_eq!(texts(file), Err(Unreadable::TooManyPixels), "{kind}");
    };
    huge("PGM", b"P5 60000 60000 255\n".to_vec());

    let [(_, mut png), .., (_, mut jpeg)] = good_files();
    png[16..24].copy_from_slice(&[0, 0, 0xea, 0x60, 0, 0, 0xea, 0x60]);
    let sum = crc(&png[12..29]);
    png[29..33].copy_from_slice(&sum.to_be_bytes());
    huge("PNG", png);

    let frame = jpeg.windows(2).position(|two| two == [0xff, 0xc0]).unwrap();
    jpeg[frame + 5..frame + 9].copy_from_slice(&[0xea, 0x60, 0xea, 0x60]);
    huge("JPEG", jpeg);

    let mut deep = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec();
    deep.extend([0, 0, 0x1b, 0x58, 0, 0, 0x1b, 0x58, 16, 6, 0, 0, 0]);
    deep.extend(crc(&deep[12..]).to_be_bytes());
    deep.extend(b"\0\0\0\0IDAT");
    huge("PNG of 49 million pixels in 8 bytes each", deep);
}

#[test]
fn a_picture_too_narrow_for_any_code_is_not_searched() {
    let line = [&b"P5 5000000 9 255\n"[..], &[90; 45_000_000]].concat();
    let reading = worker::read(line).unwrap();
    assert_eq!(reading.codes, []);
    assert!(reading.decoding.as_millis() < 100, "{:?}", reading.decoding);
}

/// The sum that a chunk of a PNG ends with.
fn crc(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            if crc & 1 == 1 { crc >> 1 ^ 0xedb8_8320 } else { crc >> 1 }
        })
    })
}

#[test]
fn a_large_picture_is_read() {
    let code = stock_code(PRID, 30);
    let mut picture = GrayImage::from_pixel(5000, 3000, image::Luma([230]));
    image::imageops::overlay(&mut picture, &code, 900, 700);
    let file = encoded(&picture.into(), ImageFormat::Png);
    assert_eq!(texts(file), Ok(vec![PRID.to_owned()]));
}

/// I11
#[test]
fn a_child_of_the_node_reads_a_photo_and_one_beyond_its_memory_is_an_answer() {
    let code = stock_code(PRID, 30);
    let mut photo = GrayImage::from_pixel(4000, 3000, image::Luma([230]));
    image::imageops::overlay(&mut photo, &code, 900, 700);
    let photo = DynamicImage::from(photo).into_rgb8().into();
    let beyond = image::RgbaImage::from_pixel(8000, 6000, image::Rgba([230; 4])).into();
    let mut worker = Worker::new(env!("CARGO_BIN_EXE_prereg-node"))
        .with_patience(Duration::from_secs(60))
        .with_memory(SMALL_MEMORY);
    assert_eq!(worker.read(encoded(&beyond, ImageFormat::Png)), Err(Unreadable::Crashed));
    let reading = worker.read(encoded(&photo, ImageFormat::Png)).unwrap();
    assert_eq!(reading.codes[0].text, PRID);
}

#[test]
fn what_begins_well_and_goes_wrong_is_damaged_and_anything_else_unknown() {
    let damaged = |kind: &str| Err(Unreadable::Damaged(kind.to_owned()));
    assert_eq!(texts(b"\x89PNG\r\n\x1a\nnothing".to_vec()), damaged("PNG"));
    assert_eq!(texts(b"\xff\xd8\xff\xe0nothing".to_vec()), damaged("JPEG"));
    assert_eq!(texts(b"P5 4 4 255\nfew".to_vec()), damaged("PGM"));
    assert_eq!(texts(b"%PDF-1.7 nothing".to_vec()), damaged("PDF"));
    for other in [&b"GIF89a"[..], b"hello", b"\0", b"PK\x03\x04", b"P"] {
        assert_eq!(texts(other.to_vec()), Err(Unreadable::Unknown));
    }
}

#[test]
fn what_is_no_file_with_content_is_told_apart_without_waiting() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let no_file = |what: &str| Err(Unreadable::NotAFile(what.to_owned()));

    assert_eq!(source::open(&at("none")), Err(Unreadable::Missing));
    assert_eq!(source::open(folder.path()), no_file("a directory"));
    assert_eq!(source::open(Path::new("/dev/zero")), no_file("a device"));
    assert!(Command::new("mkfifo").arg(at("pipe")).status().unwrap().success());
    assert_eq!(source::open(&at("pipe")), no_file("a pipe"));
    let _socket = std::os::unix::net::UnixListener::bind(at("socket")).unwrap();
    assert_eq!(source::open(&at("socket")), no_file("a socket"));
    std::fs::write(at("empty"), "").unwrap();
    assert_eq!(source::open(&at("empty")), Err(Unreadable::Empty));
    std::os::unix::fs::symlink(at("loop"), at("loop")).unwrap();
    assert!(matches!(source::open(&at("loop")), Err(Unreadable::Failed(_))));

    let large = std::fs::File::create(at("large")).unwrap();
    large.set_len(source::MAX_BYTES + 1).unwrap();
    assert_eq!(source::open(&at("large")), Err(Unreadable::TooLarge));
    large.set_len(1 << 36).unwrap();
    assert_eq!(source::open(&at("large")), Err(Unreadable::TooLarge));
}

#[test]
fn a_file_without_permission_is_told_from_a_missing_one() {
    use std::os::unix::fs::PermissionsExt;
    let file = tempfile::NamedTempFile::new().unwrap();
    file.as_file().set_permissions(std::fs::Permissions::from_mode(0o000)).unwrap();
    // Root may read everything, and then there is nothing to see.
    if std::fs::File::open(file.path()).is_err() {
        assert_eq!(source::open(file.path()), Err(Unreadable::Denied));
    }
}

#[test]
fn what_a_decoding_process_says_is_not_believed() {
    let [(_, png), ..] = good_files();
    let read_by = |program| Worker::new(program).read(png.clone());
    assert_eq!(read_by("/bin/false"), Err(Unreadable::Crashed));
    assert_eq!(read_by("/bin/yes"), Err(Unreadable::Crashed));
    assert!(matches!(read_by("/bin/none"), Err(Unreadable::NoWorker(_))));
}
