//! The code of an acknowledgement in stock form, module by module: version 1, level L, 14 digits.
//!
//! Of its 441 modules two thirds are known before any digit is: finder patterns, timing, format, and
//! the padding that follows 14 digits. What is known tells where the code lies, which mask it has and
//! what the camera does to its modules; the digits and their error correction remain.

use qrcode::bits::Bits;
use qrcode::{EcLevel, Version, ec};

/// Modules of the code each way.
pub(crate) const SIDE: usize = 21;
/// Bits of data and error correction.
pub(crate) const BITS: usize = 208;
/// Bits before the digits: the mode and their number.
const HEAD: u32 = 0b0100_0000_1110;
const HEAD_BITS: usize = 14;
/// Where padding begins and ends.
const PADDING: std::ops::Range<usize> = 61..152;

/// Every module, dark or not, row by row.
pub(crate) type Modules = [[bool; SIDE]; SIDE];

/// Returns for each module of the finder patterns, the separators and the timing whether it is dark.
pub(crate) fn fixed(x: usize, y: usize) -> Option<bool> {
    let ring = |dx: usize, dy: usize| {
        let far = dx.abs_diff(3).max(dy.abs_diff(3));
        far != 2 && far != 4
    };
    match (x, y) {
        (..8, ..8) => Some(ring(x, y)),
        (13, ..8) | (..8, 13) => Some(false),
        (14.., ..8) => Some(ring(x - 14, y)),
        (..8, 14..) => Some(ring(x, y - 14)),
        (8, 13) => Some(true),
        (6, _) => Some(y.is_multiple_of(2)),
        (_, 6) => Some(x.is_multiple_of(2)),
        _ => None,
    }
}

/// The form of a code under one of the eight masks.
pub(crate) struct Form {
    mask: usize,
    /// Where each bit of the stream stands.
    places: Vec<(usize, usize)>,
}

impl Form {
    /// Returns the form under `mask`, 0 to 7.
    pub(crate) fn new(mask: usize) -> Self {
        Self { mask, places: places() }
    }

    /// Returns what is known of a module before any digit is.
    pub(crate) fn known(&self) -> Vec<(usize, usize, bool)> {
        let mut known = Vec::with_capacity(300);
        for y in 0..SIDE {
            for x in 0..SIDE {
                if let Some(dark) = fixed(x, y) {
                    known.push((x, y, dark));
                }
            }
        }
        known.extend(self.telling());
        known
    }

    /// Returns the known modules that tell this mask from the others.
    pub(crate) fn telling(&self) -> Vec<(usize, usize, bool)> {
        let format = format(self.mask);
        let mut known = Vec::with_capacity(140);
        for (i, (first, second)) in FORMAT.iter().enumerate() {
            let dark = format >> i & 1 == 1;
            known.push((first.0, first.1, dark));
            known.push((second.0, second.1, dark));
        }
        for (bit, &(x, y)) in self.places.iter().enumerate() {
            if let Some(set) = known_bit(bit) {
                known.push((x, y, set != masked(self.mask, x, y)));
            }
        }
        known
    }

    /// Returns the code whose unknown modules are as `dark` says and the others as they must be.
    pub(crate) fn completed(&self, dark: &Modules) -> Modules {
        let mut modules = *dark;
        for (x, y, dark) in self.known() {
            modules[y][x] = dark;
        }
        modules
    }

    /// Returns where the bits of the stream stand that are not known, in their order.
    pub(crate) fn open(&self) -> impl Iterator<Item = (usize, usize)> + '_ {
        let open = self.places.iter().enumerate().filter(|(bit, _)| known_bit(*bit).is_none());
        open.map(|(_, place)| *place)
    }

    /// Returns the code of `text` under this mask; `None` if `text` is not 14 digits.
    pub(crate) fn of(&self, text: &str) -> Option<Modules> {
        if text.len() != 14 || !text.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let mut bits = Bits::new(Version::Normal(1));
        bits.push_numeric_data(text.as_bytes()).ok()?;
        bits.push_terminator(EcLevel::L).ok()?;
        let version = Version::Normal(1);
        let (data, correction) =
            ec::construct_codewords(&bits.into_bytes(), version, EcLevel::L).ok()?;
        let stream: Vec<u8> = data.into_iter().chain(correction).collect();
        let mut modules = self.completed(&[[false; SIDE]; SIDE]);
        for (bit, &(x, y)) in self.places.iter().enumerate() {
            let set = stream.get(bit / 8)? >> (7 - bit % 8) & 1 == 1;
            modules[y][x] = set != masked(self.mask, x, y);
        }
        Some(modules)
    }
}

/// What a bit of the stream is in every code of 14 digits.
fn known_bit(bit: usize) -> Option<bool> {
    if bit < HEAD_BITS {
        return Some(HEAD >> (HEAD_BITS - 1 - bit) & 1 == 1);
    }
    // The terminator, zeros to the end of the byte, then two bytes in turn.
    PADDING.contains(&bit).then(|| {
        let byte = [0b1110_1100_u8, 0b0001_0001][(bit / 8 + 1) % 2];
        bit >= 72 && byte >> (7 - bit % 8) & 1 == 1
    })
}

/// Where each bit of the format stands, twice; the least first.
const FORMAT: [((usize, usize), (usize, usize)); 15] = [
    ((8, 0), (20, 8)),
    ((8, 1), (19, 8)),
    ((8, 2), (18, 8)),
    ((8, 3), (17, 8)),
    ((8, 4), (16, 8)),
    ((8, 5), (15, 8)),
    ((8, 7), (14, 8)),
    ((8, 8), (13, 8)),
    ((7, 8), (8, 14)),
    ((5, 8), (8, 15)),
    ((4, 8), (8, 16)),
    ((3, 8), (8, 17)),
    ((2, 8), (8, 18)),
    ((1, 8), (8, 19)),
    ((0, 8), (8, 20)),
];

/// The format's 15 bits: level L, the mask, ten of error correction, and the pattern over them.
fn format(mask: usize) -> u32 {
    let data = 0b01_000 | u32::try_from(mask).unwrap_or(0);
    let mut rest = data << 10;
    for bit in (10..15).rev() {
        if rest >> bit & 1 == 1 {
            rest ^= 0x537 << (bit - 10);
        }
    }
    (data << 10 | rest) ^ 0x5412
}

fn masked(mask: usize, x: usize, y: usize) -> bool {
    let both = x * y;
    0 == match mask {
        0 => (x + y) % 2,
        1 => y % 2,
        2 => x % 3,
        3 => (x + y) % 3,
        4 => (y / 2 + x / 3) % 2,
        5 => both % 2 + both % 3,
        6 => (both % 2 + both % 3) % 2,
        _ => (both % 3 + (x + y) % 2) % 2,
    }
}

/// The way of the stream: in columns of two from the right, up and down in turn.
fn places() -> Vec<(usize, usize)> {
    let mut places = Vec::with_capacity(BITS);
    let format = |x: usize, y: usize| {
        FORMAT.iter().any(|(first, second)| *first == (x, y) || *second == (x, y))
    };
    for (turn, right) in [20, 18, 16, 14, 12, 10, 8, 5, 3, 1].into_iter().enumerate() {
        for step in 0..SIDE {
            let y = if turn % 2 == 0 { SIDE - 1 - step } else { step };
            for x in [right, right - 1] {
                if fixed(x, y).is_none() && !format(x, y) {
                    places.push((x, y));
                }
            }
        }
    }
    places
}

/// Returns the text of a whole code by rqrr's error correction.
pub(crate) fn text(modules: &Modules) -> Option<String> {
    let grid = rqrr::SimpleGrid::from_func(SIDE, |x, y| modules[y][x]);
    rqrr::Grid::new(grid).decode().ok().map(|(_, text)| text)
}

#[cfg(test)]
mod tests {
    use qrcode::QrCode;

    use super::*;

    const PRID: &str = "97465075291709";

    fn drawn(text: &str) -> Modules {
        let code = QrCode::with_version(text, Version::Normal(1), EcLevel::L).unwrap();
        let colors = code.to_colors();
        std::array::from_fn(|y| std::array::from_fn(|x| colors[y * SIDE + x].select(true, false)))
    }

    #[test]
    fn one_of_the_eight_forms_is_what_the_encoder_draws() {
        for text in [PRID, "46537143845798", "00000000000000", "99999999999999"] {
            let drawn = drawn(text);
            let same = (0..8).filter(|mask| Form::new(*mask).of(text) == Some(drawn)).count();
            assert_eq!(same, 1, "{text}");
        }
    }

    #[test]
    fn what_is_known_of_a_code_is_so_under_every_mask() {
        for mask in 0..8 {
            let form = Form::new(mask);
            let code = form.of(PRID).unwrap();
            assert!(form.known().iter().all(|&(x, y, dark)| code[y][x] == dark), "mask {mask}");
            assert_eq!(form.known().len() + form.open().count(), SIDE * SIDE, "mask {mask}");
            assert_eq!(text(&code).as_deref(), Some(PRID), "mask {mask}");
        }
    }

    #[test]
    fn only_fourteen_digits_have_this_form() {
        assert!(Form::new(0).of("9746507529170").is_none());
        assert!(Form::new(0).of("9746507529170x").is_none());
        assert!(Form::new(0).of("٩٧٤٦٥٠٧").is_none());
    }
}
