//! A camera's stream of frames: by nokhwa, and by v4l, which nokhwa stands on, where it refuses.
//!
//! nokhwa takes whole frame rates only, and neither GREY nor rows with a gap between them; it does not
//! say which frames the driver has marked as broken, and tells what went wrong in prose. So formats are
//! chosen, and errors judged, by what the driver itself says.

use std::borrow::Cow;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use nokhwa::utils::{
    ApiBackend, CameraFormat, CameraIndex, FrameFormat, RequestedFormat, RequestedFormatType,
};
use nokhwa::{Camera, NokhwaError};
use v4l::buffer::{Flags, Type};
use v4l::io::traits::CaptureStream;
use v4l::prelude::MmapStream;
use v4l::video::Capture;
use v4l::video::capture::Parameters;
use v4l::{Device, Format, Fraction};

/// Frames that the driver may fill while one is read.
const BUFFERS: u32 = 4;

/// A stream of frames.
pub(super) enum Stream {
    /// By nokhwa; with the device, which is asked what is the matter when there are no more.
    Nokhwa(Box<Camera>, PathBuf),
    /// By v4l alone.
    Direct(MmapStream<'static>),
}

impl Stream {
    /// Opens the stream of `device` at `path` in a format as near to `wanted` as the driver makes it,
    /// a frame each `interval` seconds, and returns that format with it.
    ///
    /// # Errors
    /// The driver's own.
    pub(super) fn open(
        path: &Path,
        device: Device,
        wanted: &Format,
        interval: Option<(u32, u32)>,
    ) -> io::Result<(Self, Format)> {
        let format = device.set_format(wanted)?;
        if let Some(asked) = asked(&format, interval) {
            // It opens the device itself, and no device streams twice.
            drop(device);
            if let Some(camera) = by_nokhwa(path, asked) {
                return Ok((Self::Nokhwa(Box::new(camera), path.to_owned()), format));
            }
            return Self::direct(&Device::with_path(path)?, wanted, interval);
        }
        Self::direct(&device, wanted, interval)
    }

    fn direct(
        device: &Device,
        wanted: &Format,
        interval: Option<(u32, u32)>,
    ) -> io::Result<(Self, Format)> {
        let format = device.set_format(wanted)?;
        if let Some((numerator, denominator)) = interval {
            // A camera that keeps its own pace is none the worse.
            let _ = device.set_params(&Parameters::new(Fraction::new(numerator, denominator)));
        }
        let stream = MmapStream::with_buffers(device, Type::VideoCapture, BUFFERS)?;
        Ok((Self::Direct(stream), format))
    }

    /// Waits for the next frame, for ever if need be; `None` is one that the driver marked as broken.
    ///
    /// # Errors
    /// The driver's own.
    pub(super) fn next(&mut self) -> io::Result<Option<Cow<'_, [u8]>>> {
        match self {
            Self::Nokhwa(camera, path) => match camera.frame_raw() {
                Ok(bytes) => Ok(Some(bytes)),
                Err(_) => Err(why(path)),
            },
            Self::Direct(stream) => {
                let (bytes, metadata) = stream.next()?;
                let used = usize::try_from(metadata.bytesused).unwrap_or(usize::MAX);
                let whole = !metadata.flags.contains(Flags::ERROR);
                Ok(whole.then(|| Cow::Borrowed(&bytes[..used.min(bytes.len())])))
            }
        }
    }
}

/// Returns what nokhwa is asked for; `None` for what it does not take.
fn asked(format: &Format, interval: Option<(u32, u32)>) -> Option<CameraFormat> {
    let (kind, row) = match &format.fourcc.repr {
        b"YUYV" => (FrameFormat::YUYV, format.width.checked_mul(2)?),
        b"NV12" => (FrameFormat::NV12, format.width),
        b"MJPG" => (FrameFormat::MJPEG, format.stride),
        _ => return None,
    };
    let (1, rate) = interval? else { return None };
    let dense = format.stride == 0 || format.stride == row;
    dense.then(|| CameraFormat::new_from(format.width, format.height, kind, rate))
}

fn by_nokhwa(path: &Path, format: CameraFormat) -> Option<Camera> {
    let path = path.canonicalize().ok()?;
    let index = path.file_name()?.to_str()?.strip_prefix("video")?.parse().ok()?;
    let kinds = [format.format()];
    let wanted = RequestedFormat::with_formats(RequestedFormatType::Exact(format), &kinds);
    let open = || {
        let index = CameraIndex::Index(index);
        let mut camera = Camera::with_backend(index, wanted, ApiBackend::Video4Linux)?;
        camera.open_stream()?;
        Ok::<_, NokhwaError>(camera)
    };
    // It panics at sizes in steps that a driver leaves at zero.
    catch_unwind(AssertUnwindSafe(open)).ok()?.ok()
}

/// Returns why the device at `path` has no more frames, by its own word.
fn why(path: &Path) -> io::Error {
    match Device::with_path(path).and_then(|device| device.query_caps()) {
        Ok(_) => io::ErrorKind::Other.into(),
        Err(why) => why,
    }
}

#[cfg(test)]
mod tests {
    use v4l::FourCC;

    use super::*;

    fn format(kind: &[u8; 4], stride: u32) -> Format {
        Format { stride, ..Format::new(1280, 720, FourCC::new(kind)) }
    }

    #[test]
    fn nokhwa_is_asked_for_what_it_takes() {
        let yuyv = asked(&format(b"YUYV", 2560), Some((1, 30))).unwrap();
        assert_eq!((yuyv.format(), yuyv.frame_rate()), (FrameFormat::YUYV, 30));
        assert!(asked(&format(b"NV12", 1280), Some((1, 15))).is_some());
        assert!(asked(&format(b"MJPG", 0), Some((1, 15))).is_some());
    }

    #[test]
    fn nokhwa_is_spared_what_it_refuses_or_would_get_wrong() {
        assert!(asked(&format(b"GREY", 1280), Some((1, 30))).is_none());
        assert!(asked(&format(b"YUYV", 2560), Some((1001, 30_000))).is_none());
        assert!(asked(&format(b"YUYV", 2560), None).is_none());
        assert!(asked(&format(b"YUYV", 2816), Some((1, 30))).is_none(), "a gap between rows");
    }

    #[test]
    fn a_device_that_is_gone_says_so_itself() {
        assert_eq!(why(Path::new("/nonexistent/video0")).kind(), io::ErrorKind::NotFound);
    }
}
