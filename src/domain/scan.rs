//! What a code said, whose application it may be, and where it was seen.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

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

/// Where a text came from. Names are the operator's or the device's own.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "kind", content = "name", rename_all = "lowercase")]
pub enum Source {
    /// A camera, by [`Camera::name`].
    Camera(String),
    /// A hand scanner that types.
    Keys(String),
    /// A watched folder.
    Folder(String),
}

impl Source {
    /// Returns the name of the camera, hand scanner or folder.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Camera(name) | Self::Keys(name) | Self::Folder(name) => name,
        }
    }
}

/// A text that was read: once each time it comes into view, however long it stays there. Prints
/// without the text (I8).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Read {
    /// Where.
    pub source: Source,
    /// What the code says, letter for letter.
    pub text: String,
    /// When the frame was taken, or the text typed or found.
    pub at: Timestamp,
}

impl fmt::Debug for Read {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Read").field("source", &self.source).field("at", &self.at).finish()
    }
}

/// A camera of this machine, and how it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Camera {
    /// What it calls itself; two of one kind have the place they are plugged in after it.
    pub name: String,
    /// Its device, such as `/dev/video0`.
    pub path: String,
    /// How it is.
    pub state: CameraState,
    /// Since when it is so.
    pub since: Timestamp,
}

/// How a camera is. All of these are normal, and each may become any other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CameraState {
    /// It is being opened, or has not sent its first picture yet.
    Opening,
    /// It sends pictures.
    Live,
    /// Another program has it.
    Busy,
    /// It is open and sends nothing.
    Stalled,
    /// It is unplugged.
    Lost,
    /// This user may not open it.
    Denied,
    /// It has no kind of picture that is read here, or fails.
    Unusable,
}

impl CameraState {
    /// Returns the state in one word, as it stands on the wire.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Opening => "opening",
            Self::Live => "live",
            Self::Busy => "busy",
            Self::Stalled => "stalled",
            Self::Lost => "lost",
            Self::Denied => "denied",
            Self::Unusable => "unusable",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// I8
    #[test]
    fn a_text_that_was_read_is_not_printed_with_where_it_was_read() {
        let source = Source::Camera("C920".to_owned());
        let at = Timestamp::from_second(1).unwrap();
        let read = Read { source, text: "97465075291709".to_owned(), at };
        let printed = format!("{read:?}");
        assert!(printed.contains("C920") && !printed.contains("97465075291709"), "{printed}");
    }

    #[test]
    fn the_word_of_a_state_is_how_it_is_spelled_on_the_wire() {
        use CameraState::{Busy, Denied, Live, Lost, Opening, Stalled, Unusable};
        for state in [Opening, Live, Busy, Stalled, Lost, Denied, Unusable] {
            assert_eq!(serde_json::to_value(state).unwrap(), state.word());
        }
    }

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
