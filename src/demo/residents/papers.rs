//! Papers of people who do not exist: real files of 5 to 60 kB; those with words say SPECIMEN.

use std::fmt::Write as _;
use std::io::Cursor;

use image::codecs::jpeg::JpegEncoder;
use image::{GrayImage, ImageFormat, Luma, Rgb, RgbImage};

/// Returns a PDF of one page: a frame of fine lines around SPECIMEN and `lines`, which are ASCII.
pub(super) fn pdf(lines: &[String], seed: u64) -> Vec<u8> {
    let mut page = String::from("0.2 w 0.35 0.45 0.6 RG\n");
    // The lines of a banknote: each turns with the seed, so that no two papers are alike.
    for turn in 0..120_u32 {
        let angle = f64::from(turn) * 0.0523 + f64::from((seed % 997) as u16) / 159.0;
        let (sin, cos) = angle.sin_cos();
        let at = |radius: f64, phase: f64| {
            (297.0 + radius * (angle + phase).cos(), 420.0 + radius * (angle + phase).sin())
        };
        let ((x1, y1), (x2, y2)) = (at(180.0, 1.1), at(60.0, 2.3));
        let _ = writeln!(
            page,
            "{:.2} {:.2} m {x1:.2} {y1:.2} {x2:.2} {y2:.2} {:.2} {:.2} c S",
            297.0 + 230.0 * cos,
            420.0 + 330.0 * sin,
            297.0 - 120.0 * sin,
            420.0 - 200.0 * cos,
        );
    }
    page.push_str("BT /F 48 Tf 150 690 Td 0.7 0.1 0.1 rg (SPECIMEN) Tj ET\n");
    page.push_str("BT /F 14 Tf 90 620 Td 20 TL 0 g\n");
    for line in lines {
        let escaped = line.replace('\\', "\\\\").replace('(', "\\(").replace(')', "\\)");
        let _ = writeln!(page, "({escaped}) Tj T*");
    }
    page.push_str("ET\n");

    let objects = [
        "<< /Type /Catalog /Pages 2 0 R >>".to_owned(),
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_owned(),
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R \
         /Resources << /Font << /F 5 0 R >> >> >>"
            .to_owned(),
        format!("<< /Length {} >>\nstream\n{page}endstream", page.len()),
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>".to_owned(),
    ];
    let mut file = String::from("%PDF-1.4\n");
    let mut table = String::from("0000000000 65535 f \n");
    for (at, object) in objects.iter().enumerate() {
        let _ = writeln!(table, "{:010} 00000 n ", file.len());
        let _ = writeln!(file, "{} 0 obj\n{object}\nendobj", at + 1);
    }
    let start = file.len();
    let size = objects.len() + 1;
    let _ = write!(
        file,
        "xref\n0 {size}\n{table}trailer\n<< /Size {size} /Root 1 0 R >>\nstartxref\n{start}\n%%EOF\n"
    );
    file.into_bytes()
}

/// Returns a PNG that looks like a scanned stamp: rings and the grain of paper.
pub(super) fn png(seed: u64) -> Vec<u8> {
    let mut noise = Noise(seed);
    let image = GrayImage::from_fn(220, 160, |x, y| {
        let (dx, dy) = (f64::from(x) - 110.0, f64::from(y) - 80.0);
        let ring = (dx.hypot(dy) / 4.0 + f64::from((seed % 61) as u16)).sin();
        Luma([shade(170.0 + 60.0 * ring + f64::from(noise.next() % 24))])
    });
    let mut file = Cursor::new(Vec::new());
    image.write_to(&mut file, ImageFormat::Png).expect("a picture in memory is written to memory");
    file.into_inner()
}

/// Returns a JPEG that looks like a photographed card.
pub(super) fn jpeg(seed: u64) -> Vec<u8> {
    let mut noise = Noise(seed);
    let tint = f64::from((seed % 90) as u16);
    let image = RgbImage::from_fn(360, 240, |x, y| {
        let wave = (f64::from(x) / 9.0).sin() * (f64::from(y) / 7.0 + tint).cos();
        let grain = f64::from(noise.next() % 20);
        let light = 120.0 + 90.0 * f64::from(x) / 360.0;
        Rgb([
            shade(light + 30.0 * wave + grain),
            shade(light + grain + tint / 3.0),
            shade(light - 20.0 * wave + grain),
        ])
    });
    let mut file = Vec::new();
    JpegEncoder::new_with_quality(&mut file, 82)
        .encode_image(&image)
        .expect("a picture in memory is written to memory");
    file
}

#[expect(clippy::cast_possible_truncation, reason = "it is clamped to a byte")]
fn shade(value: f64) -> u8 {
    value.clamp(0.0, 255.0) as u8
}

/// Grain: a linear congruence is random enough for the eye, and the same everywhere.
struct Noise(u64);

impl Noise {
    fn next(&mut self) -> u8 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        self.0.to_be_bytes()[0]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_paper_is_a_real_file_of_its_kind() {
        let pdf = pdf(&["Aldenna (Abendrath)".to_owned()], 7);
        let read = hayro::hayro_syntax::Pdf::new(std::sync::Arc::new(pdf.clone())).unwrap();
        assert_eq!(read.pages().len(), 1);
        assert!(pdf.windows(8).any(|part| part == b"SPECIMEN"));

        for (file, format) in [(png(7), ImageFormat::Png), (jpeg(7), ImageFormat::Jpeg)] {
            assert_eq!(image::guess_format(&file).unwrap(), format);
            assert!(image::load_from_memory(&file).unwrap().width() > 200);
        }
    }

    #[test]
    fn papers_weigh_between_five_and_sixty_kilobytes_and_differ() {
        for seed in [0, 1, 99, u64::MAX] {
            for file in [pdf(&[], seed), png(seed), jpeg(seed)] {
                assert!((5_000..60_000).contains(&file.len()), "{}", file.len());
            }
        }
        assert!(pdf(&[], 1) != pdf(&[], 2) && png(1) != png(2) && jpeg(1) != jpeg(2));
    }
}
