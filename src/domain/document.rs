//! A document of an application: what is known of it without its content.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::domain::ids::{Digest, DocumentId};

/// A document's description. The content stands apart, under its digest.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Document {
    /// Its id; central's once central has the document.
    pub id: DocumentId,
    /// The category's code, such as `POI`. An application has at most one document of each.
    pub category: String,
    /// The type's code within the category.
    pub kind: String,
    /// The file name, as uploaded.
    pub name: String,
    /// The language its uploader worked in.
    pub language: String,
    /// The number printed on the paper, where somebody typed it.
    pub ref_number: Option<String>,
    /// What upstream said of the document besides, word for word.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub extra: Map<String, Value>,
    /// Which content is meant; none while it is still coming.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "hex_digest")]
    pub digest: Option<Digest>,
    /// The content's size in bytes, once it is here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<u64>,
}

impl Document {
    /// Tells whether `other` is described as this one is, content left aside.
    #[must_use]
    pub fn is_described_as(&self, other: &Self) -> bool {
        let bare = |document: &Self| Self { digest: None, size: None, ..document.clone() };
        bare(self) == bare(other)
    }
}

/// What the first bytes say a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// A PDF.
    Pdf,
    /// A JPEG picture.
    Jpeg,
    /// A PNG picture.
    Png,
    /// A GIF picture, where the country still takes them.
    Gif,
}

impl Format {
    /// Returns the format that `content` begins as.
    #[must_use]
    pub fn of(content: &[u8]) -> Option<Self> {
        match content {
            [b'%', b'P', b'D', b'F', b'-', ..] => Some(Self::Pdf),
            [0xff, 0xd8, 0xff, ..] => Some(Self::Jpeg),
            [0x89, b'P', b'N', b'G', 0x0d, 0x0a, 0x1a, 0x0a, ..] => Some(Self::Png),
            [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => Some(Self::Gif),
            _ => None,
        }
    }

    /// Returns the format that a file name's last extension stands for, letter case aside.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        match name.rsplit_once('.')?.1.to_ascii_uppercase().as_str() {
            "PDF" => Some(Self::Pdf),
            "JPG" | "JPEG" => Some(Self::Jpeg),
            "PNG" => Some(Self::Png),
            "GIF" => Some(Self::Gif),
            _ => None,
        }
    }

    /// Returns the media type.
    #[must_use]
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Pdf => "application/pdf",
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
            Self::Gif => "image/gif",
        }
    }
}

/// Tells whether `name` may name a document: it becomes a file name in the archive, so it has a
/// part before its extension, no path separator and no control letter (`contract/rules.md` §9.2).
#[must_use]
pub fn allows_name(name: &str, longest: usize) -> bool {
    let stem = name.rsplit_once('.').map_or("", |(stem, _)| stem);
    !stem.trim_matches('.').is_empty()
        && name.chars().count() <= longest
        && !name.contains(['/', '\\'])
        && !name.chars().any(char::is_control)
}

mod hex_digest {
    use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};

    use crate::domain::ids::Digest;

    #[expect(clippy::ref_option, reason = "serde hands the field as it is")]
    pub(super) fn serialize<S: Serializer>(
        digest: &Option<Digest>,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        match digest {
            Some(digest) => to.collect_str(digest),
            None => to.serialize_none(),
        }
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Option<Digest>, D::Error> {
        Option::<String>::deserialize(from)?
            .map(|text| Digest::parse(&text).ok_or_else(|| D::Error::custom("not a digest")))
            .transpose()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_content_tells_the_format_and_not_the_name() {
        assert_eq!(Format::of(b"%PDF-1.4"), Some(Format::Pdf));
        assert_eq!(Format::of(&[0xff, 0xd8, 0xff, 0xe0]), Some(Format::Jpeg));
        assert_eq!(Format::of(b"<html>"), None);
        assert_eq!(Format::named("scan.final.JPEG"), Some(Format::Jpeg));
        assert_eq!(Format::named("scan"), None);
    }

    #[test]
    fn a_name_that_would_leave_its_folder_or_lose_its_stem_is_refused() {
        assert!(allows_name("birth certificate.pdf", 50));
        for name in ["../x.pdf", "a\\b.pdf", ".pdf", "..pdf", "no-extension", "a\n.pdf", ""] {
            assert!(!allows_name(name, 50), "{name:?}");
        }
        assert!(!allows_name(&format!("{}.pdf", "x".repeat(60)), 50));
    }
}
