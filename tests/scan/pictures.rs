//! What a camera does to a code, and that it is read all the same.

use std::time::Duration;

use image::GrayImage;
use prereg_node::scanner::decode::{self, Decoder};
use prereg_node::scanner::live::Live;
use prereg_node::scanner::luma::Luma;
use prereg_node::scanner::worker;

use crate::photo::{PRID, Sheet, Shot, slip};

/// Long enough for every attempt in an unoptimised build on a busy machine.
const PATIENT: Duration = Duration::from_secs(60);

fn luma(picture: &GrayImage) -> Luma {
    let (width, height) = (picture.width() as usize, picture.height() as usize);
    Luma::new(width, height, picture.as_raw().clone()).expect("a picture has pixels")
}

/// Takes each shot and returns those in which the code was not read, with what was read instead.
fn unread(shots: impl IntoIterator<Item = Shot>) -> Vec<(Shot, Vec<String>)> {
    let sheet = Sheet::acknowledgement(PRID);
    let read = |shot: Shot| {
        let codes = decode::codes(&luma(&shot.grey(&sheet)), PATIENT);
        let texts: Vec<String> = codes.into_iter().map(|code| code.text).collect();
        (texts != [PRID]).then_some((shot, texts))
    };
    shots.into_iter().filter_map(read).collect()
}

#[test]
fn a_code_is_read_however_the_paper_is_turned() {
    let turned = |step: u32| Shot { turn: f64::from(step) * 31.0, noise: 3.0, ..Shot::default() };
    assert_eq!(unread((0..12).map(turned)), []);
}

#[test]
fn a_code_is_read_from_the_side() {
    let tilts = [(40.0, 0.0), (-40.0, 0.0), (0.0, 40.0), (0.0, -40.0), (30.0, 30.0), (50.0, -20.0)];
    let tilted = |tilt| Shot { tilt, turn: 17.0, blur: 0.4, noise: 3.0, ..Shot::default() };
    assert_eq!(unread(tilts.map(tilted)), []);
}

#[test]
fn a_code_is_read_in_bad_light() {
    let good = Shot { turn: 8.0, noise: 3.0, ..Shot::default() };
    assert_eq!(
        unread([
            Shot { falloff: 0.9, ..good.clone() },
            Shot { shadow: 0.6, ..good.clone() },
            Shot { shadow: 0.75, turn: 40.0, ..good.clone() },
            Shot { glare: 0.5, ..good.clone() },
            Shot { contrast: 0.3, ..good.clone() },
            Shot { contrast: 0.2, noise: 1.5, ..good.clone() },
        ]),
        []
    );
}

#[test]
fn a_code_is_read_that_is_small_noisy_blurred_or_moved() {
    let good = Shot { turn: 12.0, noise: 2.0, ..Shot::default() };
    assert_eq!(
        unread([
            Shot { module: 2.0, ..good.clone() },
            Shot { module: 2.5, turn: 33.0, ..good.clone() },
            Shot { noise: 25.0, ..good.clone() },
            Shot { blur: 2.0, ..good.clone() },
            Shot { blur: 2.6, ..good.clone() },
            Shot { motion: 6.0, ..good.clone() },
        ]),
        []
    );
}

#[test]
fn a_code_in_white_on_black_is_read() {
    let inverted = |turn| Shot { inverted: true, turn, noise: 3.0, ..Shot::default() };
    assert_eq!(unread([0.0, 25.0, 200.0].map(inverted)), []);
}

#[test]
fn a_code_that_cannot_be_read_is_none_and_never_another_text() {
    let good = Shot { turn: 12.0, width: 320, height: 240, ..Shot::default() };
    for spoiled in [
        Shot { blur: 9.0, ..good.clone() },
        Shot { noise: 150.0, ..good.clone() },
        Shot { module: 0.5, ..good.clone() },
        Shot { at: (0.95, 0.95), ..good.clone() },
    ] {
        for (_, texts) in unread([spoiled]) {
            assert_eq!(texts, [""; 0]);
        }
    }
}

#[test]
fn the_second_library_reads_what_it_is_shown() {
    let sheet = Sheet::acknowledgement(PRID);
    let picture = luma(&Shot::default().grey(&sheet));
    let codes = decode::rqrr(&picture);
    assert_eq!(codes.len(), 1);
    assert_eq!((codes[0].text.as_str(), codes[0].by), (PRID, Decoder::Rqrr));
}

#[test]
fn all_codes_of_a_picture_are_read_each_once() {
    let prids = [PRID, "46537143845798", PRID];
    let mut picture = GrayImage::from_pixel(600, 220, image::Luma([255]));
    for (i, prid) in (0_i64..).zip(prids) {
        let code = crate::photo::stock_code(prid, 6);
        image::imageops::overlay(&mut picture, &code, 20 + 190 * i, 20);
    }
    let codes = decode::codes(&luma(&picture), PATIENT);
    let mut texts: Vec<&str> = codes.iter().map(|code| code.text.as_str()).collect();
    texts.sort_unstable();
    assert_eq!(texts, ["46537143845798", PRID]);
}

fn a_slip_the_first_rung_cannot_read() -> GrayImage {
    let sheet = Sheet::acknowledgement(PRID);
    let good = Shot { turn: 12.0, noise: 2.0, at: (-0.3, 0.0), ..Shot::default() };
    (20..60)
        .map(|tenths| Shot { blur: f64::from(tenths) / 10.0, ..good.clone() }.grey(&sheet))
        .find(|picture| decode::plain(&luma(picture)).is_empty())
        .expect("a blur is too much for it")
}

#[test]
fn an_easy_code_of_another_kind_hides_no_acknowledgement_in_a_file() {
    let mut picture = a_slip_the_first_rung_cannot_read();
    let other = crate::photo::stock_code("example.org", 4);
    image::imageops::overlay(&mut picture, &other, 510, 10);
    let codes = decode::codes(&luma(&picture), PATIENT);
    let texts: Vec<&str> = codes.iter().map(|code| code.text.as_str()).collect();
    assert_eq!(texts, ["example.org", PRID]);
}

#[test]
fn a_slip_that_lies_there_hides_no_other_that_is_harder_to_read() {
    let mut picture = a_slip_the_first_rung_cannot_read();
    let lying = crate::photo::stock_code("46537143845798", 4);
    image::imageops::overlay(&mut picture, &lying, 510, 10);
    let other = crate::photo::stock_code("example.org", 4);
    image::imageops::overlay(&mut picture, &other, 510, 300);
    let mut live = Live::new();
    let frames = (0..60).map(|i| Duration::from_millis(33 * i));
    let picture = luma(&picture);
    let told: Vec<String> = frames.flat_map(|at| live.look(&picture, at)).collect();
    assert_eq!(told.iter().filter(|text| *text == "46537143845798").count(), 1);
    assert_eq!(told.iter().filter(|text| *text == "example.org").count(), 1);
    assert_eq!(told.iter().filter(|text| *text == PRID).count(), 1, "{told:?}");
}

#[test]
fn the_picture_the_portal_shows_is_read_dot_for_dot() {
    let picture = crate::photo::stock_code(PRID, 2);
    assert_eq!(picture.dimensions(), (58, 58));
    let codes = decode::codes(&luma(&picture), PATIENT);
    assert_eq!(codes.iter().map(|code| &code.text).collect::<Vec<_>>(), [PRID]);
}

#[test]
fn a_text_goes_on_after_its_nul() {
    let picture = crate::photo::stock_code("97465075291709\0", 4);
    let codes = decode::codes(&luma(&picture), PATIENT);
    assert_eq!(codes.iter().map(|code| &code.text).collect::<Vec<_>>(), ["97465075291709\0"]);
}

/// Writes the picture with `PREREG_WRITE_SLIP=1`.
#[test]
fn the_slip_of_the_demo_is_the_photograph_made_here_and_is_read() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/src/demo/slip.jpg");
    let mut made = Vec::new();
    let encoder = image::codecs::jpeg::JpegEncoder::new_with_quality(&mut made, 76);
    slip().write_with_encoder(encoder).unwrap();
    if std::env::var_os("PREREG_WRITE_SLIP").is_some() {
        std::fs::write(path, &made).unwrap();
    }
    let shipped = std::fs::read(path).unwrap();
    assert!(shipped.len() < 150_000, "{} bytes", shipped.len());

    // Sines differ in their last bit between machines, so the picture may in a few levels.
    let pixels = |jpeg: &[u8]| image::load_from_memory(jpeg).unwrap().into_rgb8();
    let (made, expected) = (pixels(&made), pixels(&shipped));
    assert_eq!(made.dimensions(), (1280, 720));
    assert_eq!(made.dimensions(), expected.dimensions());
    let apart = made.iter().zip(expected.iter()).filter(|(a, b)| a.abs_diff(**b) > 8).count();
    assert!(apart * 1000 < made.len(), "{apart} of {} values differ", made.len());

    let reading = worker::read(shipped).unwrap();
    assert_eq!(reading.codes.iter().map(|code| &code.text).collect::<Vec<_>>(), [PRID]);
}
