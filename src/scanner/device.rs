//! A camera, opened: the format that serves best of those it offers, and its frames.

use std::io;
use std::path::Path;

use v4l::capability::Flags;
use v4l::frameinterval::FrameIntervalEnum;
use v4l::framesize::FrameSizeEnum;
use v4l::video::Capture;
use v4l::{Device, Format, FourCC};

use crate::domain::scan::CameraState;
use crate::scanner::camera::{FrameSource, Trouble};
use crate::scanner::capture::Stream;
use crate::scanner::frame::{Frame, Layout, Shape};

/// An open camera.
pub(super) struct Opened {
    stream: Stream,
    shape: Shape,
}

/// The size that serves best: a slip held up fills enough of it, and decoding it takes a few ms.
const BEST: (u32, u32) = (1280, 720);
/// Frames a second below which a slip is not read as it is held up.
const SLOW: u32 = 10;
/// Frames a second beyond which nothing is gained.
const ENOUGH: u32 = 30;

/// The kinds of pictures that are read, best first: the sooner one is in grey, the better.
const KINDS: [(&[u8; 4], Layout); 11] = [
    (b"YUYV", Layout::Even),
    (b"YVYU", Layout::Even),
    (b"UYVY", Layout::Odd),
    (b"NV12", Layout::Plane),
    (b"NV21", Layout::Plane),
    (b"YU12", Layout::Plane),
    (b"YV12", Layout::Plane),
    (b"MJPG", Layout::Jpeg),
    (b"JPEG", Layout::Jpeg),
    (b"GREY", Layout::Plane),
    (b"Y800", Layout::Plane),
];

/// A format that a camera offers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Offer {
    /// Its place in [`KINDS`].
    kind: usize,
    width: u32,
    height: u32,
    /// Seconds from frame to frame as a fraction, where the driver tells.
    interval: Option<(u32, u32)>,
}

impl Opened {
    pub(super) fn open(path: &Path) -> Result<Self, Trouble> {
        let device = Device::with_path(path).map_err(|why| trouble(&why))?;
        let can = device.query_caps().map_err(|why| trouble(&why))?.capabilities;
        if !can.contains(Flags::VIDEO_CAPTURE) || !can.contains(Flags::STREAMING) {
            let fed = Flags::VIDEO_OUTPUT;
            let never = Flags::META_CAPTURE | Flags::VIDEO_M2M | Flags::VIDEO_M2M_MPLANE;
            return Err(if can.contains(fed) && !can.intersects(never) {
                Trouble::NotNow
            } else {
                Trouble::NoCamera
            });
        }
        let offers = offers(&device).map_err(|why| trouble(&why))?;
        let best = choose(&offers).ok_or(Trouble::State(CameraState::Unusable))?;
        let wanted = Format::new(best.width, best.height, FourCC::new(KINDS[best.kind].0));
        let (stream, format) =
            Stream::open(path, device, &wanted, best.interval).map_err(|why| trouble(&why))?;
        let layout = layout(format.fourcc).ok_or(Trouble::State(CameraState::Unusable))?;
        let side = |side: u32| usize::try_from(side).unwrap_or(usize::MAX);
        let (width, height, stride) =
            (side(format.width), side(format.height), side(format.stride));
        let shape = Shape { layout, width, height, stride };
        Ok(Self { stream, shape })
    }
}

impl FrameSource for Opened {
    fn next(&mut self) -> Result<Option<Frame>, Trouble> {
        let bytes = self.stream.next().map_err(|why| trouble(&why))?;
        Ok(bytes.and_then(|bytes| Frame::take(&self.shape, &bytes)))
    }
}

/// Returns what an error of the driver says of the camera. The numbers are Linux's.
fn trouble(why: &io::Error) -> Trouble {
    const EPERM: i32 = 1;
    const ENOENT: i32 = 2;
    const ENXIO: i32 = 6;
    const EACCES: i32 = 13;
    const EBUSY: i32 = 16;
    const ENODEV: i32 = 19;
    Trouble::State(match why.raw_os_error() {
        Some(EBUSY) => CameraState::Busy,
        Some(EPERM | EACCES) => CameraState::Denied,
        Some(ENOENT | ENXIO | ENODEV) => CameraState::Lost,
        _ => CameraState::Unusable,
    })
}

fn layout(fourcc: FourCC) -> Option<Layout> {
    KINDS.iter().find(|(kind, _)| **kind == fourcc.repr).map(|(_, layout)| *layout)
}

fn offers(device: &Device) -> io::Result<Vec<Offer>> {
    let mut offers = Vec::new();
    for format in device.enum_formats()? {
        let fourcc = format.fourcc;
        let Some(kind) = KINDS.iter().position(|(kind, _)| **kind == fourcc.repr) else { continue };
        let sizes = device.enum_framesizes(fourcc).unwrap_or_default();
        let mut sizes: Vec<(u32, u32)> =
            sizes.into_iter().map(|size| nearest(&size.size)).collect();
        if sizes.is_empty() {
            sizes.push(BEST);
        }
        for (width, height) in sizes {
            let intervals = device.enum_frameintervals(fourcc, width, height).unwrap_or_default();
            let intervals = intervals.into_iter().map(|interval| match interval.interval {
                FrameIntervalEnum::Discrete(interval) => interval,
                FrameIntervalEnum::Stepwise(steps) => steps.min,
            });
            let intervals = intervals.map(|interval| (interval.numerator, interval.denominator));
            let interval = best_interval(intervals);
            offers.push(Offer { kind, width, height, interval });
        }
    }
    Ok(offers)
}

/// Returns the size on offer that is nearest to the best.
fn nearest(size: &FrameSizeEnum) -> (u32, u32) {
    let step = |best: u32, least: u32, most: u32, step: u32| {
        let best = best.clamp(least, most.max(least));
        best - (best - least) % step.max(1)
    };
    match size {
        FrameSizeEnum::Discrete(size) => (size.width, size.height),
        FrameSizeEnum::Stepwise(size) => (
            step(BEST.0, size.min_width, size.max_width, size.step_width),
            step(BEST.1, size.min_height, size.max_height, size.step_height),
        ),
    }
}

/// Returns the fastest of `intervals` that is not faster than needed, else the slowest.
fn best_interval(intervals: impl Iterator<Item = (u32, u32)>) -> Option<(u32, u32)> {
    intervals.filter(|(numerator, _)| *numerator > 0).max_by_key(|interval| {
        let rate = rate(*interval);
        let most = ENOUGH * 1000 + 999;
        if rate <= most { (true, rate) } else { (false, u32::MAX - rate) }
    })
}

/// Returns frames in a thousand seconds.
fn rate((numerator, denominator): (u32, u32)) -> u32 {
    let rate = u64::from(denominator) * 1000 / u64::from(numerator.max(1));
    u32::try_from(rate).unwrap_or(u32::MAX)
}

/// Returns the offer that serves best: fast enough, then near the best size, then soon in grey.
fn choose(offers: &[Offer]) -> Option<Offer> {
    let pixels = |width: u32, height: u32| u64::from(width) * u64::from(height);
    let best = pixels(BEST.0, BEST.1);
    let fits = |offer: &&Offer| offer.width > 0 && offer.height > 0;
    offers.iter().filter(fits).copied().min_by_key(|offer| {
        let slow = offer.interval.is_some_and(|interval| rate(interval) < SLOW * 1000);
        let size = pixels(offer.width, offer.height);
        (slow, best.max(size) * 1000 / best.min(size), offer.kind)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offer(kind: &[u8; 4], width: u32, height: u32, fps: u32) -> Offer {
        let kind = KINDS.iter().position(|(known, _)| *known == kind).unwrap();
        Offer { kind, width, height, interval: (fps > 0).then_some((1, fps)) }
    }

    #[test]
    fn the_best_size_uncompressed_is_taken_where_it_is_fast_enough() {
        let offers = [
            offer(b"MJPG", 1280, 720, 30),
            offer(b"YUYV", 640, 480, 30),
            offer(b"YUYV", 1920, 1080, 5),
            offer(b"YUYV", 1280, 720, 10),
            offer(b"GREY", 1280, 720, 30),
        ];
        assert_eq!(choose(&offers), Some(offers[3]));
    }

    #[test]
    fn jpeg_is_taken_where_the_rest_is_too_slow_at_that_size() {
        let offers = [
            offer(b"YUYV", 1280, 720, 9),
            offer(b"YUYV", 640, 480, 30),
            offer(b"MJPG", 1280, 720, 30),
        ];
        assert_eq!(choose(&offers), Some(offers[2]));
    }

    #[test]
    fn without_the_best_size_the_nearest_is_taken_and_a_slow_one_rather_than_none() {
        let small = [offer(b"YUYV", 320, 240, 30), offer(b"YUYV", 640, 480, 30)];
        assert_eq!(choose(&small), Some(small[1]));
        let large = [offer(b"YUYV", 640, 480, 30), offer(b"MJPG", 1920, 1080, 30)];
        assert_eq!(choose(&large), Some(large[1]));
        let slow = [offer(b"NV12", 1280, 720, 5)];
        assert_eq!(choose(&slow), Some(slow[0]));
        let untold = [offer(b"YUYV", 1280, 720, 0)];
        assert_eq!(choose(&untold), Some(untold[0]));
        assert_eq!(choose(&[]), None);
        assert_eq!(choose(&[offer(b"YUYV", 0, 0, 30)]), None);
    }

    #[test]
    fn the_pace_is_thirty_frames_or_what_comes_nearest_below() {
        let best = |rates: &[(u32, u32)]| best_interval(rates.iter().copied());
        assert_eq!(best(&[(1, 60), (1, 30), (1, 15)]), Some((1, 30)));
        assert_eq!(best(&[(1001, 30_000), (1, 15)]), Some((1001, 30_000)));
        assert_eq!(best(&[(1, 120), (1, 60)]), Some((1, 60)));
        assert_eq!(best(&[(0, 1)]), None);
    }

    #[test]
    fn a_size_in_steps_is_met_as_near_as_they_allow() {
        let steps = |least: u32, most: u32, step: u32| {
            FrameSizeEnum::Stepwise(v4l::framesize::Stepwise {
                min_width: least,
                max_width: most,
                step_width: step,
                min_height: least,
                max_height: most,
                step_height: step,
            })
        };
        assert_eq!(nearest(&steps(2, 8192, 1)), (1280, 720));
        assert_eq!(nearest(&steps(48, 640, 16)), (640, 640));
        assert_eq!(nearest(&steps(1, 10_000, 512)), (1025, 513));
        assert_eq!(nearest(&steps(9, 3, 0)), (9, 9), "a driver that makes no sense");
    }

    #[test]
    fn the_systems_word_for_it_says_how_the_camera_is() {
        for (code, state) in [
            (16, CameraState::Busy),
            (13, CameraState::Denied),
            (19, CameraState::Lost),
            (2, CameraState::Lost),
            (22, CameraState::Unusable),
        ] {
            assert_eq!(trouble(&io::Error::from_raw_os_error(code)), Trouble::State(state));
        }
    }

    #[test]
    fn what_is_no_device_does_not_open() {
        let none = Opened::open(Path::new("/nonexistent/video0")).err();
        assert_eq!(none, Some(Trouble::State(CameraState::Lost)));
        // A device that knows nothing of video.
        let null = Opened::open(Path::new("/dev/null")).err();
        assert_eq!(null, Some(Trouble::State(CameraState::Unusable)));
    }
}
