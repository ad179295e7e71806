//! Reads the body of a request, up to so many bytes and no slower than so.

use std::convert::Infallible;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures_util::stream;
use http_body_util::BodyExt as _;
use hyper::body::Body;
use multer::Multipart;
use tokio::time::timeout;

use super::room::{self, Share};

/// How large a body may be and how slow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the body, or of the file in an upload.
    pub bytes: usize,
    /// From the first wait to the last byte.
    pub total: Duration,
    /// In which at least [`PACE`] bytes must come, or the end.
    pub stall: Duration,
}

impl Limits {
    /// Returns the limits of a body of at most `bytes`: 25 seconds in all, 5 for a kibibyte.
    #[must_use]
    pub fn of(bytes: usize) -> Self {
        Self { bytes, total: Duration::from_secs(25), stall: Duration::from_secs(5) }
    }
}

/// Bytes that must come within [`Limits::stall`]: less than any line brings that works at all, more
/// than one who sends a byte a second to hold a connection.
pub const PACE: usize = 1024;

/// Beyond its limit a body is read and dropped up to here, so that the client hears why: one whose
/// sending is cut off gets to read no answer.
const LINGER: usize = 8 * 1024 * 1024;

/// Room for the parts of an upload that are not the file.
const UPLOAD_EXTRA: usize = 64 * 1024;

/// Why there is no body.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// It is larger than allowed.
    #[error("the request is too large")]
    TooLarge,
    /// It did not come in time.
    #[error("the request came too slowly")]
    TooSlow,
    /// With the bodies of other requests it would be too much.
    #[error(transparent)]
    NoRoom(#[from] room::Full),
    /// The connection ended in its midst.
    #[error("the request broke off")]
    Broken,
    /// Its content type is not `multipart/form-data`.
    #[error("the request is not a form with a file")]
    NotAForm,
    /// It is a form, but a part is missing or broken.
    #[error("the request is not a form with the parts `Document request` and `file`")]
    BadForm,
}

/// Reads a whole body, for which `share` makes room.
///
/// # Errors
/// [`Error::TooLarge`], also if its length is announced so; [`Error::TooSlow`]; [`Error::NoRoom`];
/// [`Error::Broken`].
pub async fn read<B: Body<Data = Bytes> + Unpin>(
    mut body: B,
    limits: &Limits,
    share: &mut Share,
) -> Result<Bytes, Error> {
    let announced = usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX);
    let all = async {
        if announced > limits.bytes {
            if announced <= LINGER {
                linger(&mut body, 0, limits).await;
            }
            return Err(Error::TooLarge);
        }
        let mut whole = Pieces::default();
        loop {
            let ended = gulp(&mut body, &mut whole, limits).await?;
            if whole.len() > limits.bytes {
                if !ended {
                    linger(&mut body, whole.len(), limits).await;
                }
                return Err(Error::TooLarge);
            }
            if let Err(full) = share.hold(whole.len()) {
                if !ended {
                    linger(&mut body, whole.len(), limits).await;
                }
                return Err(full.into());
            }
            if ended {
                return Ok(whole.join());
            }
        }
    };
    timeout(limits.total, all).await.unwrap_or(Err(Error::TooSlow))
}

/// What has come of a body. A single piece, as most bodies are, needs no copy; more are joined at
/// once, for a client may cut its body into pieces of a byte.
#[derive(Default)]
struct Pieces {
    first: Bytes,
    joined: BytesMut,
}

impl Pieces {
    fn len(&self) -> usize {
        self.first.len() + self.joined.len()
    }

    fn push(&mut self, piece: Bytes) {
        if self.len() == 0 {
            self.first = piece;
        } else {
            self.joined.extend_from_slice(&std::mem::take(&mut self.first));
            self.joined.extend_from_slice(&piece);
        }
    }

    fn join(self) -> Bytes {
        if self.joined.is_empty() { self.first } else { self.joined.freeze() }
    }
}

/// Waits for at least [`PACE`] bytes or the end, at most the stall time-out, and tells whether it
/// was the end.
async fn gulp<B: Body<Data = Bytes> + Unpin>(
    body: &mut B,
    into: &mut Pieces,
    limits: &Limits,
) -> Result<bool, Error> {
    let enough = into.len().saturating_add(PACE);
    let swallow = async {
        while into.len() < enough {
            match body.frame().await {
                None => return Ok(true),
                Some(Err(_)) => return Err(Error::Broken),
                // Trailers say nothing to us.
                Some(Ok(frame)) => {
                    if let Ok(data) = frame.into_data() {
                        into.push(data);
                    }
                }
            }
        }
        Ok(false)
    };
    timeout(limits.stall, swallow).await.unwrap_or(Err(Error::TooSlow))
}

/// Reads on and drops what comes, if what was announced or seen lets hope for an end.
async fn linger<B: Body<Data = Bytes> + Unpin>(body: &mut B, mut length: usize, limits: &Limits) {
    while length <= LINGER {
        let mut dropped = Pieces::default();
        match gulp(body, &mut dropped, limits).await {
            Ok(false) => length += dropped.len(),
            Ok(true) | Err(_) => return,
        }
    }
}

/// The upload of a document (F1 in `contract/payloads.md`).
#[derive(Clone, PartialEq, Eq)]
pub struct Upload {
    /// The part `Document request`: an envelope in JSON, not yet parsed.
    pub request: Vec<u8>,
    /// The file's name without the folders some browsers put before it; may be empty.
    pub file_name: String,
    /// What the client says the file is.
    pub content_type: Option<String>,
    /// The file.
    pub content: Bytes,
}

/// Leaves out what may name somebody: nearly all of it (I8).
impl std::fmt::Debug for Upload {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Upload({} bytes, ..)", self.content.len())
    }
}

/// Reads an upload, whose file may have [`Limits::bytes`]. `content_type` is the header's value.
/// Parts of other names are left out, as central does.
///
/// # Errors
/// Those of [`read`], and [`Error::NotAForm`] or [`Error::BadForm`].
pub async fn upload<B: Body<Data = Bytes> + Unpin>(
    content_type: Option<&str>,
    body: B,
    limits: &Limits,
    share: &mut Share,
) -> Result<Upload, Error> {
    let boundary = content_type.and_then(|text| multer::parse_boundary(text).ok());
    let boundary = boundary.ok_or(Error::NotAForm)?;
    let whole = Limits { bytes: limits.bytes.saturating_add(UPLOAD_EXTRA), ..*limits };
    let whole = read(body, &whole, share).await?;
    // Its parts are copies.
    share.hold(2 * whole.len())?;

    let whole = stream::once(async { Ok::<_, Infallible>(whole) });
    let mut form = Multipart::new(whole, boundary);
    let (mut request, mut file) = (None, None);
    while let Some(mut field) = form.next_field().await.map_err(|_| Error::BadForm)? {
        let name = field.name().unwrap_or_default().to_owned();
        let file_name = field.file_name().map(base_name).unwrap_or_default();
        let content_type = field.content_type().map(ToString::to_string);
        let content = content(&mut field).await?;
        match name.as_str() {
            "Document request" if request.is_none() => request = Some(content.into()),
            "file" if file.is_none() => file = Some((file_name, content_type, content)),
            _ => {}
        }
    }
    let request = request.ok_or(Error::BadForm)?;
    let (file_name, content_type, content) = file.ok_or(Error::BadForm)?;
    if content.len() > limits.bytes {
        return Err(Error::TooLarge);
    }
    Ok(Upload { request, file_name, content_type, content })
}

/// Reads a form of at most [`Limits::bytes`] and returns the first part of each of these names.
/// `content_type` is the header's value.
///
/// # Errors
/// Those of [`read`], and [`Error::NotAForm`] or [`Error::BadForm`].
pub async fn parts<B: Body<Data = Bytes> + Unpin, const N: usize>(
    content_type: Option<&str>,
    body: B,
    names: [&str; N],
    limits: &Limits,
    share: &mut Share,
) -> Result<[Option<Bytes>; N], Error> {
    let boundary = content_type.and_then(|text| multer::parse_boundary(text).ok());
    let boundary = boundary.ok_or(Error::NotAForm)?;
    let whole = read(body, limits, share).await?;
    share.hold(2 * whole.len())?;
    let whole = stream::once(async { Ok::<_, Infallible>(whole) });
    let mut form = Multipart::new(whole, boundary);
    let mut parts = [const { None }; N];
    while let Some(mut field) = form.next_field().await.map_err(|_| Error::BadForm)? {
        let place = names.iter().position(|name| field.name() == Some(name));
        let content = content(&mut field).await?;
        if let Some(place) = place {
            parts[place].get_or_insert(content);
        }
    }
    Ok(parts)
}

/// Returns a part's content.
async fn content(field: &mut multer::Field<'_>) -> Result<Bytes, Error> {
    let mut whole = Pieces::default();
    while let Some(piece) = field.chunk().await.map_err(|_| Error::BadForm)? {
        whole.push(piece);
    }
    Ok(whole.join())
}

fn base_name(path: &str) -> String {
    path.rsplit(['/', '\\']).next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use std::pin::Pin;
    use std::task::{Context, Poll};

    use http_body_util::{Full, StreamBody};
    use hyper::body::{Frame, SizeHint};

    use super::super::room::Room;
    use super::*;

    async fn read<B: Body<Data = Bytes> + Unpin>(body: B, limits: &Limits) -> Result<Bytes, Error> {
        super::read(body, limits, &mut Room::default().share()).await
    }

    async fn upload<B: Body<Data = Bytes> + Unpin>(
        content_type: Option<&str>,
        body: B,
        limits: &Limits,
    ) -> Result<Upload, Error> {
        super::upload(content_type, body, limits, &mut Room::default().share()).await
    }

    /// I11
    #[tokio::test]
    async fn a_body_for_which_there_is_no_room_is_refused_once_that_is_seen() {
        let room = Room::of(8 * 1024);
        let mut other = room.share();
        other.hold(4 * 1024).unwrap();
        let (mut share, steady) = (room.share(), drip(usize::MAX, PACE, Duration::ZERO));
        let limits = Limits { bytes: usize::MAX, ..LIMITS };
        let read = super::read(steady, &limits, &mut share).await;
        assert_eq!(read, Err(Error::NoRoom(room::Full)));

        drop((share, other));
        let mut share = room.share();
        assert_eq!(super::read(full(5_000), &LIMITS, &mut share).await.unwrap().len(), 5_000);
        assert_eq!(room.share().hold(4 * 1024), Err(room::Full), "it holds until it is answered");
    }

    /// No test but those of slow bodies depends on how busy the machine is.
    const LIMITS: Limits =
        Limits { bytes: 5_000, total: Duration::from_secs(60), stall: Duration::from_secs(60) };

    /// A body of so many pieces of `size` bytes, one each `every`.
    fn drip(
        pieces: usize,
        size: usize,
        every: Duration,
    ) -> Pin<Box<impl Body<Data = Bytes, Error = Infallible>>> {
        Box::pin(StreamBody::new(stream::unfold(0, move |i| async move {
            let _ = timeout(every, std::future::pending::<()>()).await;
            (i < pieces).then(|| (Ok(Frame::data(Bytes::from(vec![b'x'; size]))), i + 1))
        })))
    }

    fn full(size: usize) -> Full<Bytes> {
        Full::new(Bytes::from(vec![b'x'; size]))
    }

    #[tokio::test]
    async fn a_body_is_read_whole_up_to_its_limit() {
        assert_eq!(read(full(5_000), &LIMITS).await.unwrap().len(), 5_000);
        assert_eq!(read(full(0), &LIMITS).await.unwrap().len(), 0);
        assert_eq!(read(drip(50, 100, Duration::ZERO), &LIMITS).await.unwrap().len(), 5_000);
    }

    #[tokio::test]
    async fn a_body_one_byte_larger_is_refused_announced_or_not() {
        assert_eq!(read(full(5_001), &LIMITS).await, Err(Error::TooLarge));
        assert_eq!(read(drip(51, 100, Duration::ZERO), &LIMITS).await, Err(Error::TooLarge));
    }

    /// I11
    #[tokio::test]
    async fn a_body_announced_beyond_reason_is_refused_unread() {
        struct Endless;
        impl Body for Endless {
            type Data = Bytes;
            type Error = Infallible;
            fn poll_frame(
                self: Pin<&mut Self>,
                _: &mut Context<'_>,
            ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
                panic!("nobody was to read this");
            }
            fn size_hint(&self) -> SizeHint {
                SizeHint::with_exact(u64::MAX)
            }
        }
        assert_eq!(read(Endless, &LIMITS).await, Err(Error::TooLarge));
    }

    /// I11
    #[tokio::test]
    async fn an_endless_body_is_dropped_in_the_end() {
        let endless = drip(usize::MAX, 1 << 20, Duration::ZERO);
        assert_eq!(read(endless, &LIMITS).await, Err(Error::TooLarge));
    }

    /// I11
    #[tokio::test]
    async fn a_body_that_comes_byte_by_byte_is_too_slow_though_it_never_pauses_long() {
        let limits = Limits { stall: Duration::from_millis(100), ..LIMITS };
        let started = crate::clock::Stopwatch::start();
        let slow = drip(usize::MAX, 1, Duration::from_millis(10));
        assert_eq!(read(slow, &limits).await, Err(Error::TooSlow));
        assert!(started.elapsed() < limits.total / 2);
    }

    #[tokio::test]
    async fn a_body_that_keeps_pace_must_still_end_in_time() {
        let total = Duration::from_millis(600);
        let limits = Limits { bytes: usize::MAX, total, ..LIMITS };
        let steady = drip(usize::MAX, PACE, Duration::from_millis(20));
        assert_eq!(read(steady, &limits).await, Err(Error::TooSlow));
    }

    #[tokio::test]
    async fn a_body_that_breaks_off_is_broken() {
        let frames = [Ok(Frame::data(Bytes::from_static(b"half"))), Err("reset")];
        let body = StreamBody::new(stream::iter(frames));
        assert_eq!(read(body, &LIMITS).await, Err(Error::Broken));
    }

    const FORM: &str = "multipart/form-data; boundary=XX";

    fn form(parts: &[(&str, &[u8])]) -> Full<Bytes> {
        let mut form = Vec::new();
        for (headers, content) in parts {
            form.extend_from_slice(
                format!("--XX\r\nContent-Disposition: {headers}\r\n\r\n").as_bytes(),
            );
            form.extend_from_slice(content);
            form.extend_from_slice(b"\r\n");
        }
        form.extend_from_slice(b"--XX--\r\n");
        Full::new(form.into())
    }

    const REQUEST: (&str, &[u8]) = ("form-data; name=\"Document request\"", b"{\"id\":1}");

    #[tokio::test]
    async fn an_upload_has_a_request_and_a_file_whatever_their_order() {
        let pdf: &[u8] = b"%PDF-1.7 \r\n--X\0\xff";
        let file = (
            "form-data; name=\"file\"; filename=\"C:\\fakepath\\شهادة.pdf\"\r\nContent-Type: application/pdf",
            pdf,
        );
        let other: (&str, &[u8]) = ("form-data; name=\"other\"", b"?");
        for parts in [[REQUEST, file, other], [other, file, REQUEST]] {
            let upload = upload(Some(FORM), form(&parts), &LIMITS).await.unwrap();
            assert_eq!(upload.request, REQUEST.1);
            assert_eq!(upload.file_name, "شهادة.pdf");
            assert_eq!(upload.content_type.as_deref(), Some("application/pdf"));
            assert_eq!(upload.content, pdf);
        }
    }

    #[tokio::test]
    async fn a_file_may_fill_its_limit_and_not_pass_it() {
        let file = |size| vec![b'x'; size];
        let name = "form-data; name=\"file\"; filename=\"a.pdf\"";
        let (fits, passes) = (file(5_000), file(5_001));
        let read = upload(Some(FORM), form(&[REQUEST, (name, &fits)]), &LIMITS).await;
        assert_eq!(read.unwrap().content.len(), 5_000);
        let read = upload(Some(FORM), form(&[REQUEST, (name, &passes)]), &LIMITS).await;
        assert_eq!(read, Err(Error::TooLarge));
    }

    #[tokio::test]
    async fn what_is_no_form_with_both_parts_is_refused() {
        let file: (&str, &[u8]) = ("form-data; name=\"file\"; filename=\"a.pdf\"", b"%PDF");
        for wrong in [None, Some("application/json"), Some("multipart/form-data"), Some("")] {
            let read = upload(wrong, form(&[REQUEST, file]), &LIMITS).await;
            assert_eq!(read, Err(Error::NotAForm), "{wrong:?}");
        }
        for parts in [&[REQUEST][..], &[file], &[]] {
            assert_eq!(upload(Some(FORM), form(parts), &LIMITS).await, Err(Error::BadForm));
        }
        for broken in [
            "",
            "--XX",
            "--XX\r\n",
            "--XX\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\nhalf",
        ] {
            let body = Full::new(Bytes::from(broken));
            assert_eq!(upload(Some(FORM), body, &LIMITS).await, Err(Error::BadForm), "{broken}");
        }
    }
}
