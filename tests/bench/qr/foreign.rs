//! What is no acknowledgement, and acknowledgements spoilt beyond reading: noise, texture, halftone,
//! text, other symbologies, codes of other texts, painted over; half of the codes as a camera sees
//! them. Nothing may be read from them but what they say, by the ladder for files nor, of a share of
//! them, by the one for frames.

#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "levels are reckoned in fractions"
)]

use std::f32::consts::TAU;
use std::time::Duration;

use prereg_node::scanner::decode;
use prereg_node::scanner::live::Live;
use prereg_node::scanner::luma::Luma;
use qrcode::{Color, EcLevel, QrCode, Version};

use crate::camera::Shot;
use crate::draw::Draw;
use crate::scene::Scene;
use crate::tally::{Fault, spread, timed};

const KINDS: [&str; 9] = [
    "noise",
    "texture",
    "halftone",
    "text",
    "other symbologies",
    "codes of other texts",
    "those, spoilt",
    "acknowledgements, spoilt",
    "finder patterns in noise",
];
/// How long the ladder may search: to its end.
const BUDGET: Duration = Duration::from_secs(60);
/// One in so many is shown to the ladder for frames, too, for so many frames.
const LIVE: usize = 10;
const FRAMES: u64 = 10;
/// What a camera does to a code: pixels of a module, degrees it leans, modules of blur, of movement,
/// grey levels of noise.
const MODULE: (f32, f32) = (1.6, 5.0);
const TILT: (f32, f32) = (0.0, 60.0);
const BLUR: (f32, f32) = (0.0, 0.7);
const MOTION: (f32, f32) = (0.0, 1.5);
const GRAIN: (f32, f32) = (2.0, 50.0);
/// How many are shown to it between two lines about it.
const BATCH: usize = 5000;

/// Shows the ladder `count` pictures; prints how many were read as what they say, and what was read
/// that they don't say. Returns whether that was nothing.
pub(crate) fn measure(count: usize) -> Result<bool, Fault> {
    println!("\n{count} pictures of what is no acknowledgement, or no longer one");
    let mut shown = [(0, 0, 0); KINDS.len()];
    let mut longest = Duration::ZERO;
    for from in (0..count).step_by(BATCH) {
        let results = spread(BATCH.min(count - from), |index| look(from + index))?;
        for (kind, right, wrong, took) in results {
            shown[kind].0 += 1;
            shown[kind].1 += usize::from(right);
            shown[kind].2 += usize::from(wrong);
            longest = longest.max(took);
        }
        let wrong: usize = shown.iter().map(|shown| shown.2).sum();
        println!("  {:>7} shown, {wrong} wrong", (from + BATCH).min(count));
    }
    println!("{:<28}{:>8}{:>8}{:>8}", "kind", "shown", "read", "wrong");
    for (name, (shown, right, wrong)) in KINDS.iter().zip(shown) {
        println!("{name:<28}{shown:>8}{right:>8}{wrong:>8}");
    }
    let wrong: usize = shown.iter().map(|shown| shown.2).sum();
    println!("wrong payloads: {wrong}; longest {:.0} ms", longest.as_secs_f64() * 1000.0);
    Ok(wrong == 0)
}

/// Returns the kind of picture number `index`, whether it was read, whether wrongly, and how long
/// that took.
fn look(index: usize) -> Result<(usize, bool, bool, Duration), Fault> {
    let mut draw = Draw::new(0xf0_0000_0000 + index as u64);
    let kind = index % KINDS.len();
    let (texts, luma) = make(kind, &mut draw);
    let (codes, took) = timed(|| decode::codes(&luma, BUDGET))?;
    let mut told: Vec<String> = codes.into_iter().map(|code| code.text).collect();
    if index.is_multiple_of(LIVE) {
        let mut live = Live::new();
        let frames = (0..FRAMES).map(|i| Duration::from_millis(33 * i));
        told.extend(frames.flat_map(|at| live.look(&luma, at)));
    }
    let right = told.iter().any(|text| texts.contains(text));
    let wrong = told.iter().any(|text| !texts.contains(text));
    Ok((kind, right, wrong, took))
}

/// Draws a picture; returns the texts that it may say, too.
fn make(kind: usize, draw: &mut Draw) -> (Vec<String>, Luma) {
    let most = if draw.chance(0.02) { 400 } else { 90 };
    let side = 56 + draw.below(most);
    let mut canvas = Canvas::new(side + draw.below(side), side, 230);
    let mut texts = Vec::new();
    let mut cell = None;
    match kind {
        0 => canvas.noise(draw.range((10.0, 120.0)), draw),
        1 => canvas.texture(draw),
        2 => canvas.halftone(draw),
        3 => canvas.letters(draw),
        4 => {
            canvas.symbol(draw);
            canvas.noise(draw.range((0.0, 30.0)), draw);
        }
        5 | 6 => {
            let text = draw.any_text();
            cell = Some(canvas.code(&text, draw.chance(0.5), draw));
            texts.push(text);
            if kind == 6 {
                canvas.spoil(draw);
            }
        }
        7 => {
            let text = draw.prid();
            cell = Some(canvas.code(&text, true, draw));
            texts.push(text);
            canvas.spoil(draw);
        }
        _ => {
            canvas.cells(draw);
            canvas.noise(draw.range((0.0, 30.0)), draw);
        }
    }
    let luma = canvas.luma();
    match cell.filter(|_| draw.chance(0.5)) {
        Some(cell) => (texts, seen(&luma, cell, draw)),
        None => (texts, luma),
    }
}

/// Takes a photograph of `picture`, on which a module has `cell` pixels.
fn seen(picture: &Luma, cell: usize, draw: &mut Draw) -> Luma {
    let module = draw.range(MODULE);
    let modules = picture.width().max(picture.height()) as f32 / cell as f32;
    let side = ((modules * module * 1.2) as usize).clamp(48, 480);
    let around = (0.0, 360.0);
    let shot = Shot {
        width: side,
        height: side,
        module,
        at: (0.0, 0.0),
        turn: draw.range(around),
        tilt: draw.range(TILT),
        lean: draw.range(around),
        creases: Vec::new(),
        crumple: 0.0,
        blur: draw.range(BLUR),
        motion: (draw.range(MOTION), draw.range(around)),
        noise: draw.range(GRAIN),
        contrast: draw.range((0.2, 1.0)),
        gain: draw.range((0.7, 1.1)),
        falloff: (draw.range((0.0, 0.6)), draw.range(around)),
        shadows: Vec::new(),
        glares: Vec::new(),
        moire: Vec::new(),
        jpeg: None,
        seed: draw.bits(),
    };
    shot.take(&Scene::of(picture, cell, draw))
}

impl Draw {
    fn any_text(&mut self) -> String {
        let digits = self.chance(0.5);
        let most = if self.chance(0.7) { 17 } else { 60 };
        let length = 1 + self.below(most);
        (0..length)
            .map(|_| {
                let any =
                    if digits { b"0123456789".as_slice() } else { b"abcXYZ/:.-?=017 ".as_slice() };
                char::from(any[self.below(any.len())])
            })
            .collect()
    }
}

/// A picture that is drawn on.
struct Canvas {
    width: usize,
    height: usize,
    levels: Vec<f32>,
}

impl Canvas {
    fn new(width: usize, height: usize, paper: u8) -> Self {
        Self { width, height, levels: vec![f32::from(paper); width * height] }
    }

    fn luma(&self) -> Luma {
        let levels = self.levels.iter().map(|level| level.clamp(0.0, 255.0) as u8).collect();
        Luma::new(self.width, self.height, levels).expect("a canvas has pixels")
    }

    fn noise(&mut self, strong: f32, draw: &mut Draw) {
        let coarse = 1 + draw.below(4);
        let mut row = vec![0.0; self.width];
        for (y, levels) in self.levels.chunks_exact_mut(self.width).enumerate() {
            if y % coarse == 0 {
                let mut held = 0.0;
                for (x, noise) in row.iter_mut().enumerate() {
                    if x % coarse == 0 {
                        held = draw.bell() * strong;
                    }
                    *noise = held;
                }
            }
            levels.iter_mut().zip(&row).for_each(|(level, noise)| *level += noise);
        }
    }

    fn texture(&mut self, draw: &mut Draw) {
        let waves: Vec<[f32; 4]> = (0..6)
            .map(|_| {
                let long = draw.range((3.0, 40.0));
                let angle = draw.range((0.0, TAU));
                [angle.cos() / long, angle.sin() / long, draw.unit() * TAU, draw.range((5.0, 60.0))]
            })
            .collect();
        let hard = draw.chance(0.5);
        for (i, level) in self.levels.iter_mut().enumerate() {
            let (x, y) = ((i % self.width) as f32, (i / self.width) as f32);
            let sum: f32 = waves
                .iter()
                .map(|[a, b, phase, strong]| strong * (TAU * (a * x + b * y) + phase).sin())
                .sum();
            *level = if hard && sum > 0.0 {
                220.0
            } else if hard {
                30.0
            } else {
                128.0 + sum
            };
        }
    }

    fn halftone(&mut self, draw: &mut Draw) {
        let pitch = draw.range((3.0, 9.0));
        let (sin, cos) = draw.range((0.0, 1.6)).sin_cos();
        let rate = draw.range((10.0, 60.0));
        for (i, level) in self.levels.iter_mut().enumerate() {
            let (x, y) = ((i % self.width) as f32, (i / self.width) as f32);
            let (u, v) = ((x * cos + y * sin) / pitch, (y * cos - x * sin) / pitch);
            let grey = 0.5 + 0.4 * (x / rate).sin() * (y / rate * 1.3).cos();
            let far = (u - u.round()).hypot(v - v.round());
            *level = if far < grey * 0.6 { 25.0 } else { 235.0 };
        }
    }

    fn letters(&mut self, draw: &mut Draw) {
        let size = 6 + draw.below(10);
        for top in (2..self.height.saturating_sub(size)).step_by(size * 3 / 2) {
            for left in (2..self.width.saturating_sub(size)).step_by(size * 3 / 4) {
                for _ in 0..3 {
                    let along = draw.below(size / 2);
                    if draw.chance(0.5) {
                        self.fill(left + along, top, 1 + size / 8, size, 20.0);
                    } else {
                        self.fill(left, top + along * 2, size / 2, 1 + size / 8, 20.0);
                    }
                }
            }
        }
    }

    /// Squares as of a code, none of which means anything, with finder patterns here and there.
    fn cells(&mut self, draw: &mut Draw) {
        let cell = 2 + draw.below(3);
        for top in (0..self.height).step_by(cell) {
            for left in (0..self.width).step_by(cell) {
                if draw.chance(0.5) {
                    self.fill(left, top, cell, cell, 20.0);
                }
            }
        }
        let corner = (cell * (1 + draw.below(4)), cell * (1 + draw.below(4)));
        let far = 14 * cell;
        let whole = draw.chance(0.5);
        for (dx, dy) in [(0, 0), (far, 0), (0, far)] {
            let jog = if whole { 0 } else { draw.below(3 * cell) };
            let (left, top) = (corner.0 + dx + jog, corner.1 + dy);
            for (inset, level) in [(0, 230.0), (1, 20.0), (2, 230.0), (3, 20.0)] {
                let side = (9 - 2 * inset) * cell;
                self.fill(left + inset * cell, top + inset * cell, side, side, level);
            }
        }
    }

    /// Draws a code; returns how many pixels a module has.
    fn code(&mut self, text: &str, stock: bool, draw: &mut Draw) -> usize {
        let code = if stock {
            QrCode::with_version(text, Version::Normal(1), EcLevel::L)
        } else {
            let levels = [EcLevel::L, EcLevel::M, EcLevel::Q, EcLevel::H];
            QrCode::with_error_correction_level(text, levels[draw.below(4)])
        };
        let code = code.or_else(|_| QrCode::new(text)).expect("a short text fits");
        let modules = code.width();
        let colors = code.to_colors();
        let cell = (self.height / (modules + 6)).max(1);
        *self = Self::new(self.width.max((modules + 8) * cell), (modules + 8) * cell, 230);
        for (i, color) in colors.into_iter().enumerate() {
            if color == Color::Dark {
                let (x, y) = (i % modules, i / modules);
                self.fill((x + 4) * cell, (y + 4) * cell, cell, cell, 25.0);
            }
        }
        cell
    }

    /// Paints over parts, turns some dots, and adds noise.
    fn spoil(&mut self, draw: &mut Draw) {
        let size = self.height;
        for _ in 0..draw.below(5) {
            let level = if draw.chance(0.5) { 20.0 } else { 235.0 };
            let (width, height) = (2 + draw.below(size / 3), 2 + draw.below(size / 3));
            self.fill(draw.below(size), draw.below(size), width, height, level);
        }
        let dots = draw.below(60);
        let cell = (size / 29).max(1);
        for _ in 0..dots {
            let level = if draw.chance(0.5) { 20.0 } else { 235.0 };
            let (x, y) = (draw.below(29), draw.below(29));
            self.fill(x * cell, y * cell, cell, cell, level);
        }
        self.noise(draw.range((0.0, 60.0)), draw);
    }

    /// A code that is no QR code, drawn by zxing-cpp.
    fn symbol(&mut self, draw: &mut Draw) {
        use zxingcpp::BarcodeFormat::{Aztec, Code39, Code128, DataMatrix, EAN13, ITF, PDF417};
        let formats = [Aztec, Code39, Code128, DataMatrix, EAN13, ITF, PDF417];
        let format = formats[draw.below(formats.len())];
        let text: String = match format {
            EAN13 => draw.prid()[..12].to_owned(),
            _ => draw.prid(),
        };
        let scale = 1 + i32::try_from(draw.below(3)).unwrap_or(0);
        let drawn = zxingcpp::create(format)
            .from_str(&text)
            .and_then(|code| code.to_image_with(&zxingcpp::write().scale(scale)));
        if let Ok(image) = drawn {
            let width = usize::try_from(image.width()).unwrap_or(0);
            let height = usize::try_from(image.height()).unwrap_or(0);
            let levels: Vec<f32> = image.data().into_iter().map(f32::from).collect();
            if width * height == levels.len() && width * height > 0 && width < 1500 {
                *self = Self { width, height, levels };
            }
        }
    }

    fn fill(&mut self, left: usize, top: usize, width: usize, height: usize, level: f32) {
        let right = (left + width).min(self.width);
        for y in top..(top + height).min(self.height) {
            if left < right {
                self.levels[y * self.width + left..y * self.width + right].fill(level);
            }
        }
    }
}
