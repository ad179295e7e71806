//! What passes between `serve` and `scan`, and between `scan` and its own children.
//!
//! A message is one byte for its kind, four bytes of length, least first, and that many bytes: JSON,
//! or a picture with at most a few bytes before it. Each kind has a longest length. Both ends greet
//! with [`VERSION`] first. Then a connection is one of two: it gives settings, and is told what the
//! cameras see from there on, or it asks about one content at a time. What is malformed ends the
//! connection, so [`Message::decode`] is a function of bytes and of nothing else.

use std::io::{self, ErrorKind, Read as _, Write};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use crate::domain::scan::{Camera, Read};
use crate::scanner::source::{MAX_BYTES, Unreadable};
use crate::scanner::worker::Reading;

/// The version of what is spoken; both ends have the same, or nothing more is said.
pub const VERSION: u32 = 1;
/// Cameras, hand scanners or folders that are watched at once, each.
pub const MAX_SOURCES: usize = 16;
/// The longest side of a thumbnail in pixels.
pub const MAX_THUMBNAIL: u16 = 1024;
/// Seconds between two [`Report::Alive`].
pub const ALIVE_SECONDS: u64 = 5;

/// The longest text that is told, in bytes; a longer one is no acknowledgement, and is kept back.
pub const MAX_TEXT: usize = 4096;
/// The longest name of a camera, hand scanner or folder, and the longest path, in bytes.
const MAX_NAME: usize = 1024;
/// How each JPEG begins.
const JPEG: [u8; 2] = [0xff, 0xd8];
const KIB: usize = 1 << 10;
const MIB: usize = 1 << 20;

/// What is sent to `scan`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Order {
    /// The greeting.
    Hello(Hello),
    /// Which sources to watch; given anew, it replaces what was given.
    Settings(Settings),
    /// Whether to send previews of a camera.
    Look(Look),
    /// A question about a content, answered by one [`Report::Answer`].
    Ask(Ask),
}

/// What `scan` sends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Report {
    /// The greeting.
    Hello(Hello),
    /// All cameras there are or were, after the settings and at each change.
    Cameras(Vec<Camera>),
    /// A text came into view, was typed or found.
    Read(Read),
    /// What a camera sees, as a JPEG at most 640 pixels wide.
    Preview(Preview),
    /// What was asked.
    Answer(Answer),
    /// Nothing, every [`ALIVE_SECONDS`].
    Alive,
}

/// The first message of either end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hello {
    /// The version it speaks.
    pub version: u32,
}

/// The sources to watch, at most [`MAX_SOURCES`] of each kind.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Cameras by name or path; `None` is every camera there is.
    pub cameras: Option<Vec<String>>,
    /// Hand scanners by name or path.
    #[serde(default)]
    pub keys: Vec<String>,
    /// Folders.
    #[serde(default)]
    pub folders: Vec<Folder>,
}

/// A folder in which slips turn up as files.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Folder {
    /// What the operator calls it.
    pub name: String,
    /// Where it is.
    pub path: String,
}

/// Whether somebody looks at a camera.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Look {
    /// The camera's name.
    pub camera: String,
    /// Whether previews are to be sent.
    pub on: bool,
}

/// A question about a content of at most [`MAX_BYTES`].
#[derive(Clone, PartialEq, Eq)]
pub enum Ask {
    /// Which codes are in this picture or PDF.
    Codes(Vec<u8>),
    /// Whether this PDF opens without a password.
    Opens(Vec<u8>),
    /// A small picture of this picture, or of the PDF's first page.
    Thumbnail {
        /// The longest side in pixels, 1 to [`MAX_THUMBNAIL`].
        side: u16,
        /// The picture or PDF.
        content: Vec<u8>,
    },
}

/// The answer to an [`Ask`].
#[derive(Clone, PartialEq, Eq)]
pub enum Answer {
    /// The codes of the first picture that had any.
    Codes(Reading),
    /// It opens.
    Opens,
    /// The thumbnail, a JPEG.
    Thumbnail(Vec<u8>),
    /// Why there is no other answer.
    Unreadable(Unreadable),
}

/// What a camera sees.
#[derive(Clone, PartialEq, Eq)]
pub struct Preview {
    /// The camera's name.
    pub camera: String,
    /// A JPEG, as far as its first two bytes say.
    pub jpeg: Vec<u8>,
}

/// A message of one direction.
pub trait Message: Sized {
    /// Returns the bytes after kind and length.
    fn frame(&self) -> Frame<'_>;

    /// Returns the longest payload of `kind` in bytes; `None` if there is no such kind.
    fn longest(kind: u8) -> Option<usize>;

    /// Returns the message that `payload` is.
    ///
    /// # Errors
    /// Fails if there is no such kind, it is longer than its kind may be, or not what it should be.
    fn decode(kind: u8, payload: Vec<u8>) -> Result<Self, Malformed>;
}

/// A message's kind and its payload in two parts, the second a picture or empty.
#[derive(Debug)]
pub struct Frame<'a> {
    kind: u8,
    head: Vec<u8>,
    tail: &'a [u8],
}

/// The other end sent what is no message. Says nothing of what it was (I8).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("malformed message")]
pub struct Malformed;

impl From<Malformed> for io::Error {
    fn from(malformed: Malformed) -> Self {
        Self::new(ErrorKind::InvalidData, malformed)
    }
}

impl Message for Order {
    fn frame(&self) -> Frame<'_> {
        match self {
            Self::Hello(hello) => Frame::json(b'h', hello),
            Self::Settings(settings) => Frame::json(b's', settings),
            Self::Look(look) => Frame::json(b'l', look),
            Self::Ask(Ask::Codes(content)) => Frame::bytes(b'c', Vec::new(), content),
            Self::Ask(Ask::Opens(content)) => Frame::bytes(b'o', Vec::new(), content),
            Self::Ask(Ask::Thumbnail { side, content }) => {
                Frame::bytes(b't', side.to_le_bytes().to_vec(), content)
            }
        }
    }

    fn longest(kind: u8) -> Option<usize> {
        let content = usize::try_from(MAX_BYTES).unwrap_or(usize::MAX);
        match kind {
            b'h' => Some(KIB),
            b's' => Some(256 * KIB),
            b'l' => Some(8 * KIB),
            b'c' | b'o' => Some(content),
            b't' => Some(content + 2),
            _ => None,
        }
    }

    fn decode(kind: u8, mut payload: Vec<u8>) -> Result<Self, Malformed> {
        within::<Self>(kind, &payload)?;
        match kind {
            b'h' => json(&payload).map(Self::Hello),
            b's' => json(&payload).and_then(|settings: Settings| {
                settings.is_bounded().then_some(Self::Settings(settings)).ok_or(Malformed)
            }),
            b'l' => json(&payload).map(Self::Look),
            b'c' => Ok(Self::Ask(Ask::Codes(payload))),
            b'o' => Ok(Self::Ask(Ask::Opens(payload))),
            b't' => {
                let side = *payload.first_chunk().ok_or(Malformed)?;
                let side = u16::from_le_bytes(side);
                if !(1..=MAX_THUMBNAIL).contains(&side) {
                    return Err(Malformed);
                }
                payload.drain(..2);
                Ok(Self::Ask(Ask::Thumbnail { side, content: payload }))
            }
            _ => Err(Malformed),
        }
    }
}

impl Message for Report {
    fn frame(&self) -> Frame<'_> {
        match self {
            Self::Hello(hello) => Frame::json(b'h', hello),
            Self::Cameras(cameras) => Frame::json(b'v', cameras),
            Self::Read(read) => Frame::json(b'r', read),
            Self::Preview(preview) => {
                let length = u16::try_from(preview.camera.len()).unwrap_or(u16::MAX);
                let mut head = length.to_le_bytes().to_vec();
                head.extend(preview.camera.bytes().take(length.into()));
                Frame::bytes(b'p', head, &preview.jpeg)
            }
            Self::Answer(Answer::Codes(reading)) => Frame::json(b'c', reading),
            Self::Answer(Answer::Opens) => Frame::bytes(b'o', Vec::new(), &[]),
            Self::Answer(Answer::Thumbnail(jpeg)) => Frame::bytes(b't', Vec::new(), jpeg),
            Self::Answer(Answer::Unreadable(why)) => Frame::json(b'u', why),
            Self::Alive => Frame::bytes(b'a', Vec::new(), &[]),
        }
    }

    fn longest(kind: u8) -> Option<usize> {
        match kind {
            b'h' => Some(KIB),
            b'v' => Some(256 * KIB),
            b'r' => Some(64 * KIB),
            b'p' | b'c' => Some(MIB),
            b't' => Some(4 * MIB),
            b'u' => Some(8 * KIB),
            b'o' | b'a' => Some(0),
            _ => None,
        }
    }

    fn decode(kind: u8, mut payload: Vec<u8>) -> Result<Self, Malformed> {
        within::<Self>(kind, &payload)?;
        match kind {
            b'h' => json(&payload).map(Self::Hello),
            b'v' => json(&payload).and_then(|cameras: Vec<Camera>| {
                // Those that were unplugged are told of, too.
                let few = cameras.len() <= 2 * MAX_SOURCES;
                let plain = cameras.iter().all(|c| is_name(&c.name) && is_name(&c.path));
                (few && plain).then_some(Self::Cameras(cameras)).ok_or(Malformed)
            }),
            b'r' => json(&payload).and_then(|read: Read| {
                let fits = read.text.len() <= MAX_TEXT && is_name(read.source.name());
                fits.then_some(Self::Read(read)).ok_or(Malformed)
            }),
            b'p' => {
                let length = *payload.first_chunk().ok_or(Malformed)?;
                let end = 2 + usize::from(u16::from_le_bytes(length));
                let name = payload.get(2..end).ok_or(Malformed)?;
                let camera = str::from_utf8(name).map_err(|_| Malformed)?.to_owned();
                payload.drain(..end);
                let fits = is_name(&camera) && payload.starts_with(&JPEG);
                fits.then_some(Self::Preview(Preview { camera, jpeg: payload })).ok_or(Malformed)
            }
            b'c' => json(&payload).map(|reading| Self::Answer(Answer::Codes(reading))),
            b'o' => Ok(Self::Answer(Answer::Opens)),
            b't' => Ok(Self::Answer(Answer::Thumbnail(payload))),
            b'u' => json(&payload).map(|why| Self::Answer(Answer::Unreadable(why))),
            b'a' => Ok(Self::Alive),
            _ => Err(Malformed),
        }
    }
}

impl Settings {
    fn is_bounded(&self) -> bool {
        let cameras = self.cameras.as_deref().unwrap_or_default();
        let few = |count: usize| count <= MAX_SOURCES;
        let short = |text: &String| text.len() <= MAX_NAME;
        few(cameras.len().max(self.keys.len()).max(self.folders.len()))
            && cameras.iter().chain(&self.keys).all(short)
            && self.folders.iter().all(|folder| short(&folder.name) && short(&folder.path))
    }
}

impl Hello {
    /// Returns the greeting of this program.
    #[must_use]
    pub fn ours() -> Self {
        Self { version: VERSION }
    }

    /// Judges the greeting of the other end.
    ///
    /// # Errors
    /// Says so if it speaks another version: `serve` and `scan` are then of two installations.
    pub fn check(self) -> io::Result<()> {
        let Self { version } = self;
        if version == VERSION {
            return Ok(());
        }
        let why = format!("the other end speaks version {version}, this one {VERSION}");
        Err(io::Error::new(ErrorKind::Unsupported, why))
    }
}

impl<'a> Frame<'a> {
    fn json(kind: u8, value: &impl Serialize) -> Self {
        let head = serde_json::to_vec(value).expect("a message has no keys but strings");
        Self { kind, head, tail: &[] }
    }

    fn bytes(kind: u8, head: Vec<u8>, tail: &'a [u8]) -> Self {
        Self { kind, head, tail }
    }

    /// Returns what stands before the tail: kind, length, head. Fails if the other end would refuse
    /// the message for its length.
    fn start<M: Message>(&self) -> io::Result<Vec<u8>> {
        let length = self.head.len() + self.tail.len();
        if M::longest(self.kind).is_none_or(|longest| length > longest) {
            return Err(io::Error::new(ErrorKind::InvalidInput, "the message is too long"));
        }
        let length = u32::try_from(length).map_err(io::Error::other)?;
        let mut start = vec![self.kind];
        start.extend(length.to_le_bytes());
        start.extend(&self.head);
        Ok(start)
    }
}

fn within<M: Message>(kind: u8, payload: &[u8]) -> Result<(), Malformed> {
    let fits = M::longest(kind).is_some_and(|longest| payload.len() <= longest);
    if fits { Ok(()) } else { Err(Malformed) }
}

/// Tells whether `name` may stand in a log and on a screen.
fn is_name(name: &str) -> bool {
    name.len() <= MAX_NAME && !name.chars().any(char::is_control)
}

fn json<T: DeserializeOwned>(payload: &[u8]) -> Result<T, Malformed> {
    serde_json::from_slice(payload).map_err(|_| Malformed)
}

/// Returns kind and length of the payload that follows `head`.
fn announced<M: Message>(head: [u8; 5]) -> io::Result<(u8, usize)> {
    let [kind, length @ ..] = head;
    let length = usize::try_from(u32::from_le_bytes(length)).map_err(|_| Malformed)?;
    match M::longest(kind) {
        Some(longest) if length <= longest => Ok((kind, length)),
        _ => Err(Malformed.into()),
    }
}

fn whole<M: Message>(kind: u8, length: usize, payload: Vec<u8>) -> io::Result<M> {
    if payload.len() < length {
        return Err(ErrorKind::UnexpectedEof.into());
    }
    Ok(M::decode(kind, payload)?)
}

/// Writes `message` to `to`.
///
/// # Errors
/// Fails if `to` does, or the message is longer than its kind may be; then nothing was written.
pub fn send<M: Message>(to: &mut impl Write, message: &M) -> io::Result<()> {
    let frame = message.frame();
    to.write_all(&frame.start::<M>()?)?;
    to.write_all(frame.tail)?;
    to.flush()
}

/// Reads the next message from `from`; `None` if it ended before one began.
///
/// # Errors
/// Fails if `from` does or ends within a message, and with [`ErrorKind::InvalidData`] at what is
/// malformed; nothing after it can be read then.
pub fn receive<M: Message>(from: &mut impl io::Read) -> io::Result<Option<M>> {
    let mut head = [0; 5];
    // A signal may come in before the first byte.
    let begun = loop {
        match from.read(&mut head[..1]) {
            Err(why) if why.kind() == ErrorKind::Interrupted => {}
            other => break other?,
        }
    };
    if begun == 0 {
        return Ok(None);
    }
    from.read_exact(&mut head[1..])?;
    let (kind, length) = announced::<M>(head)?;
    let mut payload = Vec::new();
    // Room is made as bytes come in, not as they are announced.
    from.take(length as u64).read_to_end(&mut payload)?;
    whole(kind, length, payload).map(Some)
}

/// Writes `message` to `to`, as [`send`] does.
///
/// # Errors
/// As [`send`].
pub async fn send_to<M: Message>(
    to: &mut (impl AsyncWrite + Unpin),
    message: &M,
) -> io::Result<()> {
    let frame = message.frame();
    to.write_all(&frame.start::<M>()?).await?;
    to.write_all(frame.tail).await?;
    to.flush().await
}

/// Reads the next message from `from`, as [`receive`] does. Not to be given up half-way: what was
/// read of a message by then is lost, so it is a task of its own that reads.
///
/// # Errors
/// As [`receive`].
pub async fn receive_from<M: Message>(
    from: &mut (impl AsyncRead + Unpin),
) -> io::Result<Option<M>> {
    let mut head = [0; 5];
    if from.read(&mut head[..1]).await? == 0 {
        return Ok(None);
    }
    from.read_exact(&mut head[1..]).await?;
    let (kind, length) = announced::<M>(head)?;
    let mut payload = Vec::new();
    from.take(length as u64).read_to_end(&mut payload).await?;
    whole(kind, length, payload).map(Some)
}

mod hidden {
    //! What may hold a resident's data prints by its size (I8).

    use std::fmt;

    use super::{Answer, Ask, Preview};

    impl fmt::Debug for Ask {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            match self {
                Self::Codes(content) => write!(f, "Codes({} bytes)", content.len()),
                Self::Opens(content) => write!(f, "Opens({} bytes)", content.len()),
                Self::Thumbnail { side, content } => {
                    write!(f, "Thumbnail({side}, {} bytes)", content.len())
                }
            }
        }
    }

    impl fmt::Debug for Answer {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            match self {
                Self::Codes(reading) => write!(f, "Codes({})", reading.codes.len()),
                Self::Opens => write!(f, "Opens"),
                Self::Thumbnail(jpeg) => write!(f, "Thumbnail({} bytes)", jpeg.len()),
                Self::Unreadable(why) => write!(f, "Unreadable({})", why.kind()),
            }
        }
    }

    impl fmt::Debug for Preview {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(f, "Preview({:?}, {} bytes)", self.camera, self.jpeg.len())
        }
    }
}

#[cfg(test)]
mod tests;
