//! The classes of pictures and how hard each is.
//!
//! The ranges were set by what zxing-cpp alone reads (its plain options, its default binarizer):
//! 78 to 82 of 100 over all classes at 1280 by 720. They were set before the ladder was measured
//! on them, and are not to be touched when the ladder is: whoever makes it better shall see that.

#![expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a quality is whole")]

use prereg_node::scanner::luma::Luma;

use crate::camera::Shot;
use crate::draw::Draw;
use crate::scene::{Kind, Scene};

/// What is wrong with a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    Clean,
    Rotation,
    Perspective,
    Blur,
    Motion,
    Noise,
    Contrast,
    Glare,
    Shadow,
    Small,
    Folded,
    Jpeg,
    Moire,
    Inverted,
    Combined,
}

pub(crate) const CLASSES: [(Class, &str); 15] = [
    (Class::Clean, "clean"),
    (Class::Rotation, "rotation"),
    (Class::Perspective, "perspective"),
    (Class::Blur, "blur"),
    (Class::Motion, "motion"),
    (Class::Noise, "noise"),
    (Class::Contrast, "low contrast"),
    (Class::Glare, "glare"),
    (Class::Shadow, "shadow"),
    (Class::Small, "small"),
    (Class::Folded, "folded"),
    (Class::Jpeg, "JPEG"),
    (Class::Moire, "moiré"),
    (Class::Inverted, "inverted"),
    (Class::Combined, "combined"),
];

/// Pixels of a module at each size of picture.
const MODULE: [(f32, f32); 2] = [(3.0, 6.0), (4.0, 9.0)];
/// What no picture is without: modules of blur, grey levels of noise, light lost to one side.
const BLUR: (f32, f32) = (0.08, 0.16);
const NOISE: (f32, f32) = (1.5, 4.0);
const FALLOFF: (f32, f32) = (0.0, 0.25);

const TILT: (f32, f32) = (30.0, 64.0);
const DEFOCUS: (f32, f32) = (0.3, 0.67);
const MOTION: (f32, f32) = (0.6, 2.1);
const GRAIN: (f32, f32) = (20.0, 65.0);
const CONTRAST: (f32, f32) = (0.055, 0.3);
const GLARE: (f32, f32) = (0.2, 1.0);
const GLARE_SIZE: (f32, f32) = (2.0, 7.0);
const SHADOW: (f32, f32) = (0.35, 0.78);
const SHADOW_EDGE: (f32, f32) = (0.5, 6.0);
const TINY: (f32, f32) = (1.3, 2.4);
const BEND: (f32, f32) = (5.0, 24.0);
const CRUMPLE: (f32, f32) = (0.0, 0.28);
const QUALITY: (f32, f32) = (2.0, 14.0);
const BANDS: (f32, f32) = (0.08, 0.38);
const BAND: (f32, f32) = (2.2, 40.0);
/// How much of a range three faults at once take.
const EACH: f32 = 0.48;

/// A picture, and what it says.
pub(crate) struct Picture {
    pub(crate) text: String,
    pub(crate) luma: Luma,
}

/// Makes picture number `index` of `class`; `large` is 1280 by 720, else it is 640 by 480.
pub(crate) fn picture(class: Class, index: usize, large: bool) -> Picture {
    let seed = (class as u64) << 32 | (index as u64) << 1 | u64::from(large);
    let mut draw = Draw::new(seed);
    let text = draw.prid();
    let kind = [Kind::Stock, Kind::Ours, Kind::Phone, Kind::Phone][index % 4];
    let kind = if class == Class::Moire { Kind::Phone } else { kind };
    let kind = if class == Class::Folded && kind == Kind::Phone { Kind::Stock } else { kind };
    let dark = class == Class::Inverted;
    let scene = Scene::new(kind, &text, dark, &mut draw);
    let shot = shot(class, large, &mut draw);
    Picture { text, luma: shot.take(&scene) }
}

/// A good picture.
pub(crate) fn good(large: bool, draw: &mut Draw) -> Shot {
    let (width, height) = if large { (1280, 720) } else { (640, 480) };
    let module = draw.range(MODULE[usize::from(large)]);
    let room = height as f32 / 2.0 - 18.0 * module;
    let wide = width as f32 / 2.0 - 18.0 * module;
    Shot {
        width,
        height,
        module,
        at: (draw.range((-0.7, 0.7)) * wide, draw.range((-0.7, 0.7)) * room),
        turn: draw.range((-12.0, 12.0)),
        tilt: draw.range((0.0, 12.0)),
        lean: draw.range((0.0, 360.0)),
        creases: Vec::new(),
        crumple: 0.0,
        blur: draw.range(BLUR),
        motion: (0.0, 0.0),
        noise: draw.range(NOISE),
        contrast: draw.range((0.85, 1.0)),
        gain: draw.range((0.8, 1.0)),
        falloff: (draw.range(FALLOFF), draw.range((0.0, 360.0))),
        shadows: Vec::new(),
        glares: Vec::new(),
        moire: Vec::new(),
        jpeg: None,
        seed: draw.bits(),
    }
}

fn shot(class: Class, large: bool, draw: &mut Draw) -> Shot {
    let mut shot = good(large, draw);
    if class == Class::Combined {
        let mut faults = vec![
            Class::Perspective,
            Class::Blur,
            Class::Motion,
            Class::Noise,
            Class::Contrast,
            Class::Glare,
            Class::Shadow,
            Class::Folded,
            Class::Jpeg,
            Class::Rotation,
        ];
        for _ in 0..3 {
            let fault = faults.swap_remove(draw.below(faults.len()));
            spoil(&mut shot, fault, EACH, large, draw);
        }
    } else {
        spoil(&mut shot, class, 1.0, large, draw);
    }
    shot
}

/// Adds a fault; `share` of its range counted from the harmless end.
fn spoil(shot: &mut Shot, class: Class, share: f32, large: bool, draw: &mut Draw) {
    let up = |(from, to): (f32, f32)| (from, from + (to - from) * share);
    let down = |(from, to): (f32, f32)| (to - (to - from) * share, to);
    let around = (0.0, 360.0);
    match class {
        Class::Clean | Class::Combined | Class::Inverted => {}
        Class::Rotation => shot.turn = draw.range(around),
        Class::Perspective => {
            shot.tilt = draw.range(up(TILT));
            shot.turn = draw.range(around);
        }
        Class::Blur => shot.blur = draw.range(up(DEFOCUS)),
        Class::Motion => shot.motion = (draw.range(up(MOTION)), draw.range(around)),
        Class::Noise => shot.noise = draw.range(up(GRAIN)),
        Class::Contrast => {
            shot.contrast = draw.range(down(CONTRAST));
            shot.gain = draw.range((0.5, 1.2));
        }
        Class::Glare => {
            for _ in 0..=draw.below(2) {
                let glare = (
                    draw.range(up(GLARE)),
                    draw.range(up(GLARE_SIZE)),
                    draw.range((-9.0, 9.0)),
                    draw.range((-9.0, 9.0)),
                );
                shot.glares.push(glare);
            }
        }
        Class::Shadow => {
            shot.falloff.0 = draw.range((0.1, 0.7));
            for _ in 0..=draw.below(2) {
                let shadow = (
                    draw.range(up(SHADOW)),
                    draw.range(around),
                    draw.range((-8.0, 8.0)),
                    draw.range(SHADOW_EDGE),
                );
                shot.shadows.push(shadow);
            }
        }
        Class::Small => {
            let size = draw.range(TINY);
            let scale = if large { 1.0 } else { 0.95 };
            shot.module = size * scale;
            shot.blur = 0.0;
        }
        Class::Folded => {
            let bend = draw.either(up(BEND));
            shot.creases.push((bend, draw.range(around), draw.range((-7.0, 7.0))));
            shot.crumple = draw.range(up(CRUMPLE));
        }
        Class::Jpeg => shot.jpeg = Some(draw.range(down(QUALITY)).round() as u8),
        Class::Moire => {
            for _ in 0..2 {
                let band = (draw.range(up(BANDS)), draw.range(BAND), draw.range(around));
                shot.moire.push(band);
            }
        }
    }
}
