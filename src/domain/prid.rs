//! The pre-registration id: 14 decimal digits, the last a Verhoeff check digit
//! (`contract/rules.md` §4).

use std::fmt;

use crate::entropy::Entropy;

/// A pre-registration id: exactly 14 decimal digits. The further rules only say what a generator
/// may draw ([`Prid::draw`]) and how a miss is worded ([`Prid::is_plausible`]), for countries
/// change them.
#[derive(
    Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
#[serde(try_from = "String")]
pub struct Prid(String);

/// The text is not 14 decimal digits.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("a pre-registration id is 14 digits")]
pub struct NotAPrid;

impl Prid {
    const LENGTH: usize = 14;

    /// Returns the PRID that `text` spells, blanks around it left out.
    ///
    /// # Errors
    /// [`NotAPrid`] unless it is 14 decimal digits.
    pub fn parse(text: &str) -> Result<Self, NotAPrid> {
        let text = text.trim();
        if text.len() == Self::LENGTH && text.bytes().all(|b| b.is_ascii_digit()) {
            Ok(Self(text.to_owned()))
        } else {
            Err(NotAPrid)
        }
    }

    /// Draws a PRID that obeys every rule of the contract; about one body in 29 does.
    #[must_use]
    pub fn draw(entropy: &dyn Entropy) -> Self {
        loop {
            let body = 10_u64.pow(12) * (2 + entropy.below(8)) + entropy.below(10_u64.pow(12));
            let body = body.to_string();
            let prid = format!("{body}{}", check_digit(&body));
            if is_well_spread(&prid) {
                return Self(prid);
            }
        }
    }

    /// Tells whether the check digit fits: when not, a person mistyped it or it is another code.
    #[must_use]
    pub fn is_plausible(&self) -> bool {
        fold(&self.0, 0) == 0
    }

    /// Returns the 14 digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Prid {
    type Error = NotAPrid;

    fn try_from(text: String) -> Result<Self, NotAPrid> {
        Self::parse(&text)
    }
}

impl fmt::Display for Prid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

const D: [&[u8; 10]; 10] = [
    b"0123456789",
    b"1234067895",
    b"2340178956",
    b"3401289567",
    b"4012395678",
    b"5987604321",
    b"6598710432",
    b"7659821043",
    b"8765932104",
    b"9876543210",
];
const P: [&[u8; 10]; 8] = [
    b"0123456789",
    b"1576283094",
    b"5803796142",
    b"8916043527",
    b"9453126870",
    b"4286573901",
    b"2793806415",
    b"7046913258",
];
const INVERSE: &[u8; 10] = b"0432156789";

fn fold(digits: &str, first: usize) -> usize {
    digits.bytes().rev().enumerate().fold(0, |c, (i, digit)| {
        let permuted = P[(i + first) % 8][usize::from(digit - b'0')] - b'0';
        usize::from(D[c][usize::from(permuted)] - b'0')
    })
}

fn check_digit(body: &str) -> char {
    char::from(INVERSE[fold(body, 1)])
}

/// Applies the generator's rules to all 14 digits: no run of three, no digit again within distance
/// two, no block of three twice, no restricted number, no leading 0 or 1.
fn is_well_spread(prid: &str) -> bool {
    let digits = prid.as_bytes();
    let runs = digits
        .windows(3)
        .any(|w| (w[0] + 1 == w[1] && w[1] + 1 == w[2]) || (w[0] == w[1] + 1 && w[1] == w[2] + 1));
    let repeats =
        digits.windows(2).any(|w| w[0] == w[1]) || digits.windows(3).any(|w| w[0] == w[2]);
    let blocks = (0..digits.len().saturating_sub(5))
        .any(|i| digits[i + 3..].windows(3).any(|later| later == &digits[i..i + 3]));
    let restricted = prid.contains("786") || prid.contains("666");
    !(runs || repeats || blocks || restricted || digits[0] <= b'1')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entropy::Seeded;

    #[test]
    fn the_worked_examples_of_the_contract_are_valid_in_every_rule() {
        for text in [
            "46537143845798",
            "37802950913289",
            "97285429827016",
            "31601973604129",
            "94625367217037",
            "97465075291709",
            "86492083124024",
            "43198296572492",
            "73207302319523",
        ] {
            assert!(Prid::parse(text).unwrap().is_plausible(), "{text}");
            assert!(is_well_spread(text), "{text}");
        }
        for text in ["74843948119371", "12312312312312"] {
            assert!(!Prid::parse(text).unwrap().is_plausible(), "{text}");
            assert!(!is_well_spread(text), "{text}");
        }
    }

    #[test]
    fn a_drawn_prid_obeys_every_rule() {
        let entropy = Seeded::new(1);
        for _ in 0..200 {
            let prid = Prid::draw(&entropy);
            assert!(prid.is_plausible() && is_well_spread(prid.as_str()), "{prid}");
        }
    }

    #[test]
    fn one_mistyped_digit_is_noticed() {
        let good = "97465075291709";
        for at in 0..14 {
            let mut typed = good.as_bytes().to_vec();
            typed[at] = if typed[at] == b'9' { b'0' } else { typed[at] + 1 };
            let typed = String::from_utf8(typed).unwrap();
            assert!(!Prid::parse(&typed).unwrap().is_plausible(), "{typed}");
        }
        assert_eq!(Prid::parse("9746507529170"), Err(NotAPrid));
        assert_eq!(Prid::parse("9746507529170x"), Err(NotAPrid));
    }
}
