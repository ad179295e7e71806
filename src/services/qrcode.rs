//! The QR code service: draws the code of an acknowledgement (`contract/rules.md` §13).

use image::codecs::png::PngEncoder;
use image::{ExtendedColorType, ImageEncoder as _};
use qrcode::bits::Bits;
use qrcode::{Color, EcLevel, QrCode, Version};

use crate::domain::master::Master;
use crate::services::{Coded, Kind};

/// Pixels of a module's side.
const SCALE: usize = 2;
/// Modules of the white border.
const BORDER: usize = 4;

/// Why there is no code. Texts and codes: `contract/errors.md` §10.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The text is too long for the version of the country.
    #[error("Failed to generate QR code")]
    TooLong,
    /// The picture was not written.
    #[error("File input output exception")]
    Picture,
}

impl Coded for Error {
    fn code(&self) -> &'static str {
        match self {
            Self::TooLong => "PRG_QRC_002",
            Self::Picture => "PRG_QRC_001",
        }
    }

    fn kind(&self) -> Kind {
        match self {
            Self::TooLong => Kind::Refused,
            Self::Picture => Kind::Internal,
        }
    }
}

/// Returns the version of the country's codes: what `qrversion` says, such as `V1`, and 1 where it
/// says nothing that is one.
#[must_use]
pub fn version(master: &Master) -> i16 {
    let version = master.property("qrversion").and_then(|text| {
        text.trim_start_matches(['V', 'v']).parse().ok().filter(|n| (1..=40).contains(n))
    });
    version.unwrap_or(1)
}

/// Draws `text` as a PNG, black on white, in a code of that version with the least correction. The
/// picture has 58 pixels a side in version 1 and 8 more in each next one.
///
/// # Errors
/// [`Error::TooLong`]; version 1 has room for 41 digits, 25 letters of its own small alphabet, or 17
/// bytes.
pub fn draw(text: &str, version: i16) -> Result<Vec<u8>, Error> {
    picture(&code(text, version)?)
}

/// Returns how many modules a side the same code has, and its modules by row, dark ones true; without
/// a border.
///
/// # Errors
/// As [`draw`].
pub fn modules(text: &str, version: i16) -> Result<(usize, Vec<bool>), Error> {
    let code = code(text, version)?;
    let modules = code.to_colors().into_iter().map(|color| color == Color::Dark).collect();
    Ok((code.width(), modules))
}

fn code(text: &str, version: i16) -> Result<QrCode, Error> {
    let version = Version::Normal(version);
    let mut bits = Bits::new(version);
    // One mode for the whole, as central does it: a mixture would hold more than its codes do.
    let pushed = if text.bytes().all(|b| b.is_ascii_digit()) {
        bits.push_numeric_data(text.as_bytes())
    } else if text.bytes().all(is_of_the_small_alphabet) {
        bits.push_alphanumeric_data(text.as_bytes())
    } else {
        bits.push_byte_data(text.as_bytes())
    };
    pushed
        .and_then(|()| bits.push_terminator(EcLevel::L))
        .and_then(|()| QrCode::with_bits(bits, EcLevel::L))
        .map_err(|_| Error::TooLong)
}

fn is_of_the_small_alphabet(byte: u8) -> bool {
    byte.is_ascii_uppercase() || byte.is_ascii_digit() || b" $%*+-./:".contains(&byte)
}

fn picture(code: &QrCode) -> Result<Vec<u8>, Error> {
    let modules = code.width();
    let side = (modules + 2 * BORDER) * SCALE;
    let mut pixels = vec![u8::MAX; side * side];
    for (n, color) in code.to_colors().into_iter().enumerate() {
        if color == Color::Dark {
            let (left, top) = (n % modules + BORDER, n / modules + BORDER);
            for y in top * SCALE..(top + 1) * SCALE {
                let row = y * side + left * SCALE;
                pixels[row..row + SCALE].fill(0);
            }
        }
    }
    let side = u32::try_from(side).map_err(|_| Error::Picture)?;
    let mut png = Vec::new();
    PngEncoder::new(&mut png)
        .write_image(&pixels, side, side, ExtendedColorType::L8)
        .map_err(|_| Error::Picture)?;
    Ok(png)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn version_1_has_room_for_41_digits_25_letters_and_17_bytes() {
        for (letter, most) in [("7", 41), ("Z", 25), ("z", 17)] {
            assert!(draw(&letter.repeat(most), 1).is_ok(), "{letter}");
            assert_eq!(draw(&letter.repeat(most + 1), 1), Err(Error::TooLong), "{letter}");
            assert!(draw(&letter.repeat(most + 1), 2).is_ok(), "{letter}");
        }
        // Mixed, these would fit.
        assert_eq!(draw("z12345678901234567", 1), Err(Error::TooLong));
        assert_eq!(draw("شهادة التسجيل", 1), Err(Error::TooLong));
    }

    #[test]
    fn a_picture_grows_by_8_pixels_a_version() {
        for version in [1, 2, 3, 7, 40] {
            let png = draw("37802950913289", version).unwrap();
            let side = u32::try_from(58 + 8 * (i32::from(version) - 1)).unwrap();
            // Where a PNG says how large it is.
            assert_eq!(png[16..20], side.to_be_bytes());
            assert_eq!(png[20..24], side.to_be_bytes());
        }
    }
}
