//! The process that watches one camera: frames in; texts, previews and signs of life out.
//!
//! One thread takes frames off the device as fast as they come, another decodes; between them there is
//! room for one frame, the newest. What is told is told when it is seen, so a frame is never waited for.
//! The process is started by [`super::supervise`], and ends with its standard input.

use std::io::{self, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use jiff::Timestamp;
use rustix::process::Resource;

use crate::clock::{Clock, Stopwatch};
use crate::domain::scan::{Camera, CameraState, Read, Source};
use crate::scanner::device::Opened;
use crate::scanner::frame::Frame;
use crate::scanner::live::Live;
use crate::scanner::luma::Luma;
use crate::scanner::render;
use crate::scanner::socket::{Order, Preview, Report, receive, send};
use crate::scanner::watch::End;
use crate::scanner::worker::bound;

/// Where frames come from.
pub trait FrameSource {
    /// Waits for the next frame; `None` is one that is of no use.
    ///
    /// # Errors
    /// Says why there will be none any more.
    fn next(&mut self) -> Result<Option<Frame>, Trouble>;
}

/// Why a camera is not watched any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// The device is none that will ever be a camera.
    NoCamera,
    /// The device is no camera while nothing feeds it.
    NotNow,
    /// The camera is in this state.
    State(CameraState),
    /// Nobody listens any more.
    Alone,
}

/// How often a sign of life is given, at most.
const SIGN: Duration = Duration::from_millis(500);
/// How often a preview is made, at most.
const PREVIEW: Duration = Duration::from_millis(120);
/// Address space of the process: the program, the frames that the driver lends, two stacks.
const MEMORY: u64 = 768 << 20;

/// Watches `source` until it ends: writes to `out` what it sees, and previews while `looked_at`. The
/// camera is named by its `path`; who started this knows its name.
pub fn watch(
    source: &mut dyn FrameSource,
    path: &str,
    out: &mut (impl Write + Send),
    looked_at: &AtomicBool,
) -> Trouble {
    let newest = Newest::default();
    thread::scope(|scope| {
        scope.spawn(|| {
            // Ends when there are no frames any more or nobody to tell.
            let _ = look(&newest, path, out, looked_at);
            newest.close();
        });
        let trouble = loop {
            match source.next() {
                Ok(Some(frame)) => {
                    if !newest.put(frame) {
                        break Trouble::Alone;
                    }
                }
                Ok(None) => {}
                Err(trouble) => break trouble,
            }
        };
        newest.close();
        trouble
    })
}

/// Decodes the newest frame, again and again, and tells what is in it.
fn look(
    newest: &Newest,
    path: &str,
    out: &mut impl Write,
    looked_at: &AtomicBool,
) -> io::Result<()> {
    let clock = Clock::system();
    let watch = Stopwatch::start();
    let mut live = Live::new();
    let (mut signed, mut shown): (Option<Duration>, Option<Duration>) = (None, None);
    let due = |last: Option<Duration>, every: Duration, now: Duration| {
        last.is_none_or(|last| now.saturating_sub(last) >= every)
    };
    while let Some(frame) = newest.take() {
        let (at, passed) = (clock.now(), watch.elapsed());
        let Some(picture) = frame.luma() else { continue };
        // A decoder that panics over a frame has not seen a code in it.
        let seen = catch_unwind(AssertUnwindSafe(|| live.look(&picture, passed)));
        for text in seen.unwrap_or_default() {
            send(out, &Report::Read(Read { source: Source::Camera(path.to_owned()), text, at }))?;
        }
        if due(signed, SIGN, passed) {
            signed = Some(passed);
            send(out, &Report::Alive)?;
        }
        if looked_at.load(Ordering::Relaxed) && due(shown, PREVIEW, passed) {
            shown = Some(passed);
            if let Some(preview) = preview(path, &picture) {
                send(out, &Report::Preview(preview))?;
            }
        }
    }
    Ok(())
}

fn preview(path: &str, picture: &Luma) -> Option<Preview> {
    let jpeg = render::preview(picture)?;
    Some(Preview { camera: path.to_owned(), jpeg })
}

/// Room for one frame.
#[derive(Debug, Default)]
struct Newest {
    frame: Mutex<(Option<Frame>, bool)>,
    changed: Condvar,
}

impl Newest {
    /// Puts a frame in the place of the one before it; returns whether anybody still takes them.
    fn put(&self, frame: Frame) -> bool {
        let mut kept = self.frame.lock().unwrap_or_else(PoisonError::into_inner);
        if !kept.1 {
            kept.0 = Some(frame);
            self.changed.notify_one();
        }
        !kept.1
    }

    /// Waits for a frame; `None` once it is closed.
    fn take(&self) -> Option<Frame> {
        let mut kept = self.frame.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if let Some(frame) = kept.0.take() {
                return Some(frame);
            }
            if kept.1 {
                return None;
            }
            kept = self.changed.wait(kept).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn close(&self) {
        self.frame.lock().unwrap_or_else(PoisonError::into_inner).1 = true;
        self.changed.notify_all();
    }
}

/// Runs the process: watches the camera at `path`, tells standard output, heeds standard input and ends
/// with it. Gives up what it takes to do anything else first.
pub fn serve(path: &Path) -> ExitCode {
    let looked_at = Arc::new(AtomicBool::new(false));
    let heeded = Arc::clone(&looked_at);
    thread::spawn(move || {
        let mut input = io::stdin().lock();
        while let Ok(Some(order)) = receive::<Order>(&mut input) {
            if let Order::Look(look) = order {
                heeded.store(look.on, Ordering::Relaxed);
            }
        }
        // The device may hang whoever has it open: no thread of this process is waited for.
        std::process::exit(0);
    });
    let path_text = path.to_string_lossy();
    let trouble = match prepared(path) {
        Ok(mut opened) => {
            let _ = tell(&path_text, CameraState::Opening);
            watch(&mut opened, &path_text, &mut io::stdout(), &looked_at)
        }
        Err(trouble) => trouble,
    };
    match trouble {
        Trouble::State(state) => {
            let _ = tell(&path_text, state);
            ExitCode::FAILURE
        }
        Trouble::NoCamera => ExitCode::from(NO_CAMERA),
        Trouble::NotNow => ExitCode::from(NOT_NOW),
        Trouble::Alone => ExitCode::SUCCESS,
    }
}

const NO_CAMERA: u8 = 3;
const NOT_NOW: u8 = 4;

/// Returns what a process that ended with `code` said by it.
#[must_use]
pub fn end_of(code: Option<i32>) -> End {
    match code {
        Some(code) if code == i32::from(NO_CAMERA) => End::NoCamera,
        Some(code) if code == i32::from(NOT_NOW) => End::NotNow,
        _ => End::Other,
    }
}

fn prepared(path: &Path) -> Result<Opened, Trouble> {
    let failed = |_| Trouble::State(CameraState::Unusable);
    bound(Resource::Core, 0).map_err(failed)?;
    bound(Resource::Fsize, 0).map_err(failed)?;
    bound(Resource::As, MEMORY).map_err(failed)?;
    // What drivers say of themselves is unwrapped somewhere below.
    let opened = catch_unwind(AssertUnwindSafe(|| Opened::open(path)));
    let opened = opened.map_err(|_| Trouble::State(CameraState::Unusable))??;
    // The four that are open stay so, no other can be had. It is not 0, for waiting for a frame counts
    // as one.
    bound(Resource::Nofile, 1).map_err(failed)?;
    Ok(opened)
}

fn tell(path: &str, state: CameraState) -> io::Result<()> {
    let since: Timestamp = Clock::system().now();
    let camera = Camera { name: path.to_owned(), path: path.to_owned(), state, since };
    send(&mut io::stdout(), &Report::Cameras(vec![camera]))
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Receiver, channel};

    use super::*;
    use crate::scanner::socket::Report;

    /// A camera that shows what a test puts before it.
    struct Shown(Receiver<Result<Option<Frame>, Trouble>>);

    impl FrameSource for Shown {
        fn next(&mut self) -> Result<Option<Frame>, Trouble> {
            self.0.recv().unwrap_or(Err(Trouble::State(CameraState::Lost)))
        }
    }

    fn slip() -> Luma {
        let photo =
            image::load_from_memory(include_bytes!("../demo/slip.jpg")).unwrap().into_luma8();
        let (width, height) = (photo.width() as usize, photo.height() as usize);
        Luma::new(width, height, photo.into_raw()).unwrap()
    }

    fn reports(bytes: &[u8]) -> Vec<Report> {
        let mut from = bytes;
        std::iter::from_fn(|| receive(&mut from).unwrap()).collect()
    }

    #[test]
    fn a_slip_in_view_is_told_once_and_every_frame_is_a_sign_of_life() {
        let (show, shown) = channel();
        let picture = slip();
        show.send(Ok(None)).unwrap();
        for _ in 0..20 {
            show.send(Ok(Some(Frame::Grey(picture.clone())))).unwrap();
        }
        drop(show);
        let mut out = Vec::new();
        let seen = watch(&mut Shown(shown), "/dev/video0", &mut out, &AtomicBool::new(false));

        assert_eq!(seen, Trouble::State(CameraState::Lost));
        let reports = reports(&out);
        let read: Vec<&Read> = reports
            .iter()
            .filter_map(|r| if let Report::Read(read) = r { Some(read) } else { None })
            .collect();
        assert_eq!(read.len(), 1);
        assert_eq!(read[0].text, "97465075291709");
        assert_eq!(read[0].source.name(), "/dev/video0");
        assert!(reports.contains(&Report::Alive));
        assert!(!reports.iter().any(|report| matches!(report, Report::Preview(_))));
    }

    #[test]
    fn a_preview_is_made_only_while_somebody_looks() {
        let (show, shown) = channel();
        let bright = Luma::new(1280, 720, vec![200; 1280 * 720]).unwrap();
        show.send(Ok(Some(Frame::Grey(bright)))).unwrap();
        drop(show);
        let mut out = Vec::new();
        watch(&mut Shown(shown), "c", &mut out, &AtomicBool::new(true));
        let reports = reports(&out);
        let Some(Report::Preview(preview)) = reports.last() else { panic!("{reports:?}") };
        let picture = image::load_from_memory(&preview.jpeg).unwrap();
        assert_eq!((picture.width(), picture.height()), (640, 360));
    }

    #[test]
    fn a_frame_that_is_none_is_passed_over_and_gives_no_sign_of_life() {
        let (show, shown) = channel();
        show.send(Ok(Some(Frame::Jpeg(b"\xff\xd8 not a jpeg".to_vec())))).unwrap();
        show.send(Err(Trouble::State(CameraState::Unusable))).unwrap();
        let mut out = Vec::new();
        let seen = watch(&mut Shown(shown), "c", &mut out, &AtomicBool::new(true));
        assert_eq!((seen, out.len()), (Trouble::State(CameraState::Unusable), 0));
    }

    /// A pipe whose other end was closed.
    struct Closed;

    impl Write for Closed {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::BrokenPipe.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// A camera that shows the same for ever.
    struct Endless;

    impl FrameSource for Endless {
        fn next(&mut self) -> Result<Option<Frame>, Trouble> {
            Ok(Luma::new(32, 32, vec![255; 1024]).map(Frame::Grey))
        }
    }

    #[test]
    fn it_ends_when_nobody_is_told_any_more() {
        assert_eq!(watch(&mut Endless, "c", &mut Closed, &AtomicBool::new(false)), Trouble::Alone);
    }

    #[test]
    fn only_the_newest_frame_is_kept() {
        let newest = Newest::default();
        for shade in 0..10 {
            assert!(newest.put(Frame::Grey(Luma::new(1, 1, vec![shade]).unwrap())));
        }
        assert_eq!(newest.take().unwrap().luma().unwrap().pixels(), [9]);
        newest.close();
        assert!(newest.take().is_none() && !newest.put(Frame::Jpeg(Vec::new())));
    }
}
