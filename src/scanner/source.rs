//! From a file to pictures. What a file is, its content says, not its name.
//!
//! Opening ([`open`]) happens where the file system is; unpacking ([`pictures`]) runs decoders over
//! whatever a stranger put into the file and belongs in the process of [`super::worker`].

use std::fs::File;
use std::io::{Cursor, ErrorKind, Read};
use std::ops::ControlFlow;
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageError, ImageFormat, ImageReader, Limits};

use crate::scanner::luma::Luma;
use crate::scanner::pdf;

/// Why a file gave no text. Each reads as a sentence after the file's name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, serde::Serialize, serde::Deserialize)]
pub enum Unreadable {
    /// Nothing has that name.
    #[error("does not exist")]
    Missing,
    /// The user who runs this has no right to it.
    #[error("may not be read by this user")]
    Denied,
    /// It is a directory, a device, a pipe or a socket, as it says.
    #[error("is {0}, not a picture")]
    NotAFile(String),
    /// It has no content.
    #[error("is empty")]
    Empty,
    /// It is larger than [`MAX_BYTES`].
    #[error("is larger than {} MiB", MAX_BYTES >> 20)]
    TooLarge,
    /// The file system failed, as it says.
    #[error("could not be read: {0}")]
    Failed(String),
    /// Its content is of no kind that is read here.
    #[error("is neither a PNG, a JPEG, a PGM nor a PDF")]
    Unknown,
    /// It has more pixels than [`MAX_PIXELS`], or takes more than [`MAX_UNPACKED`].
    #[error(
        "is too large a picture: more than {} million pixels, or {} MB unpacked",
        MAX_PIXELS / 1_000_000,
        MAX_UNPACKED / 1_000_000
    )]
    TooManyPixels,
    /// It begins like a file of this kind and then is not one.
    #[error("is a damaged {0}")]
    Damaged(String),
    /// The PDF opens with a password only.
    #[error("is a PDF locked with a password")]
    Locked,
    /// A page of the PDF is larger than PDF allows.
    #[error("is a PDF with a page of {0} by {1} points, more than a PDF may have")]
    HugePage(u32, u32),
    /// It took longer than this many seconds.
    #[error("took too long to read: more than {0} seconds")]
    TooSlow(u64),
    /// The decoding process ended over it.
    #[error("made its decoder fail, as a damaged or a malicious file can")]
    Crashed,
    /// The decoding process could not be started, as it says.
    #[error("could not be decoded, for no process to do it could be started: {0}")]
    NoWorker(String),
    /// Too many files are looked at already.
    #[error("could not be looked at now, for too many are asked about at once")]
    Busy,
    /// It is a good picture, without a code that can be read.
    #[error("shows no QR code that can be read")]
    NoCode,
}

impl Unreadable {
    /// Returns what it is in one word. Nothing in that came out of the file, so it may be logged (I8).
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Denied => "denied",
            Self::NotAFile(_) => "not-a-file",
            Self::Empty => "empty",
            Self::TooLarge => "too-large",
            Self::Failed(_) => "failed",
            Self::Unknown => "unknown",
            Self::TooManyPixels => "too-many-pixels",
            Self::Damaged(_) => "damaged",
            Self::Locked => "locked",
            Self::HugePage(..) => "huge-page",
            Self::TooSlow(_) => "too-slow",
            Self::Crashed => "crashed",
            Self::NoWorker(_) => "no-decoder",
            Self::Busy => "busy",
            Self::NoCode => "no-code",
        }
    }
}

/// The size of a file that is still read.
pub const MAX_BYTES: u64 = 64 << 20;
/// The pixels of a picture that is still unpacked.
pub const MAX_PIXELS: u64 = 50_000_000;
/// The bytes of a picture that is still unpacked: that many pixels in red, green, blue and clear.
pub const MAX_UNPACKED: u64 = 4 * MAX_PIXELS;

/// Returns the content of the file at `path`.
///
/// # Errors
/// Says why there is none that could be a picture.
pub fn open(path: &Path) -> Result<Vec<u8>, Unreadable> {
    // Looked at before it is opened, for opening alone can stir a device.
    refuse_other_than_file(&std::fs::metadata(path).map_err(|why| failed(&why))?)?;
    let mut file = File::options()
        .read(true)
        // Should it have become a pipe meanwhile, opening does not wait for who writes to it.
        .custom_flags(NONBLOCK)
        .open(path)
        .map_err(|why| failed(&why))?;
    let metadata = file.metadata().map_err(|why| failed(&why))?;
    refuse_other_than_file(&metadata)?;
    if metadata.len() > MAX_BYTES {
        return Err(Unreadable::TooLarge);
    }
    let mut content = Vec::new();
    file.by_ref().take(MAX_BYTES + 1).read_to_end(&mut content).map_err(|why| failed(&why))?;
    match content.len() as u64 {
        0 => Err(Unreadable::Empty),
        length if length > MAX_BYTES => Err(Unreadable::TooLarge),
        _ => Ok(content),
    }
}

/// `O_NONBLOCK` of Linux on x86-64 and arm64.
const NONBLOCK: i32 = 0o4000;

fn refuse_other_than_file(metadata: &std::fs::Metadata) -> Result<(), Unreadable> {
    let kind = metadata.file_type();
    let what = if kind.is_file() {
        return Ok(());
    } else if kind.is_dir() {
        "a directory"
    } else if kind.is_fifo() {
        "a pipe"
    } else if kind.is_socket() {
        "a socket"
    } else {
        "a device"
    };
    Err(Unreadable::NotAFile(what.to_owned()))
}

fn failed(why: &std::io::Error) -> Unreadable {
    match why.kind() {
        ErrorKind::NotFound => Unreadable::Missing,
        ErrorKind::PermissionDenied => Unreadable::Denied,
        kind => Unreadable::Failed(kind.to_string()),
    }
}

/// Unpacks `content` and hands its pictures to `look`, one after the other, until it breaks off:
/// the picture itself, or the pages of a PDF.
///
/// # Errors
/// Says why there was nothing to look at. A decoder that panics is a damaged file.
pub fn pictures(
    content: Vec<u8>,
    look: &mut dyn FnMut(&Luma) -> ControlFlow<()>,
) -> Result<(), Unreadable> {
    let kind = Kind::of(&content).ok_or(Unreadable::Unknown)?;
    let damaged = || Unreadable::Damaged(kind.name().to_owned());
    match kind {
        Kind::Pdf => pdf::pages(content, look),
        Kind::Picture(format) => {
            let (picture, _) = unpacked(&content, format)?;
            let _ = look(&grey(picture).ok_or_else(damaged)?);
            Ok(())
        }
    }
}

/// Returns the picture in `content`, or the first page of the PDF, in colour and the right way up;
/// neither side is much longer than needed for `side` pixels.
pub(super) fn first(content: Vec<u8>, side: u16) -> Result<DynamicImage, Unreadable> {
    match Kind::of(&content).ok_or(Unreadable::Unknown)? {
        Kind::Pdf => pdf::first_page(content, side).map(DynamicImage::from),
        Kind::Picture(format) => {
            let (picture, orientation) = unpacked(&content, format)?;
            let most = u32::from(side);
            // Turned after it is small, for that takes its room once more.
            let mut picture = if picture.width().max(picture.height()) > most {
                picture.thumbnail(most, most)
            } else {
                picture
            };
            picture.apply_orientation(orientation);
            Ok(picture)
        }
    }
}

fn unpacked(
    content: &[u8],
    format: ImageFormat,
) -> Result<(DynamicImage, Orientation), Unreadable> {
    match catch_unwind(AssertUnwindSafe(|| unpack(content, format))) {
        Ok(Ok(picture)) => Ok(picture),
        Ok(Err(ImageError::Limits(_))) => Err(Unreadable::TooManyPixels),
        Ok(Err(_)) | Err(_) => Err(Unreadable::Damaged(Kind::Picture(format).name().to_owned())),
    }
}

#[derive(Clone, Copy)]
enum Kind {
    Picture(ImageFormat),
    Pdf,
}

impl Kind {
    fn of(content: &[u8]) -> Option<Self> {
        match content {
            [0x89, b'P', b'N', b'G', ..] => Some(Self::Picture(ImageFormat::Png)),
            [0xff, 0xd8, ..] => Some(Self::Picture(ImageFormat::Jpeg)),
            [b'P', b'1'..=b'6', space, ..] if space.is_ascii_whitespace() => {
                Some(Self::Picture(ImageFormat::Pnm))
            }
            // Readers of PDF have always allowed something in front of it.
            _ => {
                let start = &content[..content.len().min(1024)];
                start.windows(5).any(|window| window == b"%PDF-").then_some(Self::Pdf)
            }
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Picture(ImageFormat::Png) => "PNG",
            Self::Picture(ImageFormat::Jpeg) => "JPEG",
            Self::Picture(_) => "PGM",
            Self::Pdf => "PDF",
        }
    }
}

fn unpack(content: &[u8], format: ImageFormat) -> Result<(DynamicImage, Orientation), ImageError> {
    let mut limits = Limits::default();
    limits.max_alloc = Some(MAX_UNPACKED);
    let mut reader = ImageReader::with_format(Cursor::new(content), format);
    reader.limits(limits);
    let mut decoder = reader.into_decoder()?;
    let (width, height) = decoder.dimensions();
    // The decoder itself only knows the limit of what it allocates besides.
    if u64::from(width) * u64::from(height) > MAX_PIXELS || decoder.total_bytes() > MAX_UNPACKED {
        let kind = image::error::LimitErrorKind::DimensionError;
        return Err(ImageError::Limits(image::error::LimitError::from_kind(kind)));
    }
    // A camera that cannot say how it was held was held upright.
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    Ok((DynamicImage::from_decoder(decoder)?, orientation))
}

/// Returns the picture in grey, as it looks on white paper where it is transparent.
fn grey(picture: DynamicImage) -> Option<Luma> {
    let (width, height) = (picture.width() as usize, picture.height() as usize);
    let pixels = if picture.color().has_alpha() {
        let seen = |image::LumaA([grey, alpha]): &image::LumaA<u8>| {
            let (grey, alpha) = (u32::from(*grey), u32::from(*alpha));
            u8::try_from((grey * alpha + 255 * (255 - alpha)) / 255).unwrap_or(u8::MAX)
        };
        picture.into_luma_alpha8().pixels().map(seen).collect()
    } else {
        picture.into_luma8().into_raw()
    };
    Luma::new(width, height, pixels)
}
