//! What a code said: whose application it may be.

use crate::domain::prid::Prid;

/// The text of a code, as far as it can be judged without the replica. Any 14 digits are looked
/// up; the check digit only words the miss, for countries draw their ids by rules of their own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scanned {
    /// A PRID whose check digit fits.
    Application(Prid),
    /// 14 digits whose check digit doesn't fit: if there is no such application, a digit is wrong.
    Mistyped(Prid),
    /// Something else: not an acknowledgement.
    Foreign,
}

impl Scanned {
    /// Judges `text`; blanks around it don't count.
    #[must_use]
    pub fn of(text: &str) -> Self {
        match Prid::parse(text) {
            Ok(prid) if prid.is_plausible() => Self::Application(prid),
            Ok(prid) => Self::Mistyped(prid),
            Err(_) => Self::Foreign,
        }
    }

    /// Returns the PRID to look up; `None` for what is not an acknowledgement.
    #[must_use]
    pub fn prid(&self) -> Option<&Prid> {
        match self {
            Self::Application(prid) | Self::Mistyped(prid) => Some(prid),
            Self::Foreign => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fourteen_digits_are_looked_up_whatever_the_check_digit_says() {
        let right = Scanned::of("97465075291709");
        assert!(matches!(&right, Scanned::Application(prid) if prid.as_str() == "97465075291709"));
        let wrong = Scanned::of(" 97465075291708\n");
        assert!(matches!(&wrong, Scanned::Mistyped(prid) if prid.as_str() == "97465075291708"));
    }

    #[test]
    fn a_text_that_is_not_fourteen_digits_is_not_an_acknowledgement() {
        for text in
            ["", "9746507529170", "974650752917090", "https://97465075291709", "٩٧٤٦٥٠٧٥٢٩١٧٠٩"]
        {
            assert_eq!(Scanned::of(text), Scanned::Foreign, "{text}");
            assert_eq!(Scanned::of(text).prid(), None);
        }
    }
}
