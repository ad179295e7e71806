//! What is asked about a picture or a PDF of the process that decodes, and what it says.

use std::fmt;

use bytes::Bytes;

/// What is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// Which codes are in it.
    Codes,
    /// Whether it is a PDF that opens without a password.
    Opens,
    /// A small picture of it, by its longest side in pixels, 1 to 1024.
    Thumbnail(u16),
}

/// What was found.
#[derive(Clone, PartialEq, Eq)]
pub enum Found {
    /// The texts of the codes, none where it shows no code.
    Codes(Vec<String>),
    /// It opens.
    Opens,
    /// A small JPEG.
    Thumbnail(Bytes),
}

/// Leaves out what was read (I8).
impl fmt::Debug for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Codes(codes) => write!(f, "Codes({})", codes.len()),
            Self::Opens => write!(f, "Opens"),
            Self::Thumbnail(jpeg) => write!(f, "Thumbnail({} bytes)", jpeg.len()),
        }
    }
}

/// Why nothing can be said of it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotFound {
    /// It is a PDF locked with a password.
    #[error("locked with a password")]
    Locked,
    /// It cannot be read: this is why, in one word.
    #[error("{0}")]
    Unreadable(&'static str),
    /// The process does not answer.
    #[error("the process that decodes does not answer")]
    NoProcess,
}
