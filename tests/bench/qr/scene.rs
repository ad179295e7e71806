//! What lies before the camera: a sheet of paper or a telephone, in modules of its code. The code is
//! in stock form, version 1 and level L, and (0, 0) is the corner of its upper left module.

#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "places are reckoned in fractions and end as whole numbers"
)]

use prereg_node::scanner::luma::Luma;
use qrcode::{Color, EcLevel, QrCode, Version};

use crate::draw::Draw;

/// Modules of the code each way.
pub(crate) const MODULES: usize = 21;
/// The quiet zone around it.
const QUIET: f32 = 4.0;
/// Dots of a module.
const DOTS: usize = 8;

/// On what the code is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The sheet that the portal's service makes: a small code at the upper right, and text.
    Stock,
    /// The node's own sheet: a large code with its digits below.
    Ours,
    /// Either of them on a telephone.
    Phone,
}

/// A flat thing with a code on it, and the desk around it. Levels are from 0, black, to 1, white.
pub(crate) struct Scene {
    /// Its upper left corner and its size in modules.
    left: f32,
    top: f32,
    width: usize,
    height: usize,
    dots: Vec<u8>,
    desk: f32,
    grain: f32,
    inverted: bool,
}

impl Scene {
    /// Draws the thing that shows `text`.
    pub(crate) fn new(kind: Kind, text: &str, inverted: bool, draw: &mut Draw) -> Self {
        // In modules: the sheet, where on it the code is, and how high a line of text is.
        let (width, height, at, line) = match kind {
            Kind::Stock => (150, 105, (107.0, 10.0), 1.8),
            Kind::Ours => (84, 59, (8.0, 17.0), 1.0),
            Kind::Phone => (44, 88, (11.5, 30.0), 1.6),
        };
        let paper = match kind {
            Kind::Phone => 250,
            _ => 225 + draw.below(25) as u8,
        };
        let ink = match kind {
            Kind::Phone => 8,
            _ => 18 + draw.below(40) as u8,
        };
        let (left, top) = (-at.0 - draw.unit(), -at.1 - draw.unit());
        let mut scene = Self {
            left,
            top,
            width: width * DOTS,
            height: height * DOTS,
            dots: vec![paper; width * DOTS * height * DOTS],
            desk: draw.range((0.1, 0.6)),
            grain: draw.range((0.01, 0.06)),
            inverted,
        };
        scene.text(line, ink, paper, draw);
        if kind == Kind::Phone {
            scene.frame(12);
        }
        scene.code(text, ink, paper);
        scene
    }

    /// Takes `picture` for the thing, `cell` of its pixels for a module; what the camera points at as
    /// the middle of a code is its middle.
    pub(crate) fn of(picture: &Luma, cell: usize, draw: &mut Draw) -> Self {
        let side = |pixels: usize| (pixels * DOTS / cell.max(1)).max(2);
        let (width, height) = (side(picture.width()), side(picture.height()));
        let corner = |dots: usize| (MODULES as f32 - dots as f32 / DOTS as f32) / 2.0;
        let seen = picture.scaled(width, height);
        Self {
            left: corner(width),
            top: corner(height),
            width,
            height,
            dots: seen.pixels().to_vec(),
            desk: draw.range((0.1, 0.6)),
            grain: draw.range((0.01, 0.06)),
            inverted: false,
        }
    }

    /// Writes lines all over it, the way letters look from afar: strokes upright and across.
    fn text(&mut self, line: f32, ink: u8, paper: u8, draw: &mut Draw) {
        let size = (line * DOTS as f32) as usize;
        let mut y = 2 * size;
        while y + 2 * size < self.height {
            let mut x = 3 * size;
            let end = self.width - 3 * size;
            let full = draw.range((0.3, 1.0));
            while x + size < 3 * size + ((end - 3 * size) as f32 * full) as usize {
                if draw.chance(0.16) {
                    x += size / 2;
                }
                let stroke = (size / 6).max(1);
                let glyph = size * 6 / 10;
                for _ in 0..3 {
                    let along = draw.below(glyph.saturating_sub(stroke).max(1));
                    if draw.chance(0.5) {
                        self.fill(x + along, y, stroke, size, ink);
                    } else {
                        self.fill(x, y + along * size / glyph.max(1), glyph, stroke, ink);
                    }
                }
                x += glyph + stroke + 1;
            }
            y += size * 17 / 10;
        }
        // Around the code is paper: its quiet zone and some more.
        let clear = QUIET + 1.0;
        let x = ((-clear - self.left).max(0.0) * DOTS as f32) as usize;
        let y = ((-clear - self.top).max(0.0) * DOTS as f32) as usize;
        let side = ((MODULES as f32 + 2.0 * clear) * DOTS as f32) as usize;
        self.fill(x, y, side, side, paper);
    }

    /// The dark rim of a telephone.
    fn frame(&mut self, level: u8) {
        let (width, height, rim) = (self.width, self.height, 2 * DOTS);
        self.fill(0, 0, width, rim * 2, level);
        self.fill(0, height - 2 * rim, width, 2 * rim, level);
        self.fill(0, 0, rim, height, level);
        self.fill(width - rim, 0, rim, height, level);
    }

    fn code(&mut self, text: &str, ink: u8, paper: u8) {
        let code = QrCode::with_version(text, Version::Normal(1), EcLevel::L).expect("it fits");
        // To a dot, so that modules have sharp edges; the rest of a dot moves the sheet.
        let x = (-self.left * DOTS as f32).round();
        let y = (-self.top * DOTS as f32).round();
        self.left = -x / DOTS as f32;
        self.top = -y / DOTS as f32;
        for (i, color) in code.to_colors().into_iter().enumerate() {
            let level = if color == Color::Dark { ink } else { paper };
            let (right, down) = (i % MODULES * DOTS, i / MODULES * DOTS);
            self.fill(x as usize + right, y as usize + down, DOTS, DOTS, level);
        }
    }

    fn fill(&mut self, left: usize, top: usize, width: usize, height: usize, level: u8) {
        let right = (left + width).min(self.width);
        for y in top..(top + height).min(self.height) {
            if left < right {
                self.dots[y * self.width + left..y * self.width + right].fill(level);
            }
        }
    }

    /// What is at a place, between the dots if need be.
    pub(crate) fn at(&self, u: f32, v: f32) -> f32 {
        let (x, y) = ((u - self.left) * DOTS as f32 - 0.5, (v - self.top) * DOTS as f32 - 0.5);
        if x < 0.0 || y < 0.0 || x >= (self.width - 1) as f32 || y >= (self.height - 1) as f32 {
            let grain = (u / 2.3).sin() * 0.6 + ((u + v / 1.4) / 0.7).sin() * 0.4;
            return self.desk + grain * self.grain;
        }
        let (i, j) = (x as usize, y as usize);
        let (right, down) = (x - i as f32, y - j as f32);
        let at = j * self.width + i;
        let level = |at: usize| f32::from(self.dots[at]);
        let above = level(at) * (1.0 - right) + level(at + 1) * right;
        let below = level(at + self.width) * (1.0 - right) + level(at + self.width + 1) * right;
        let seen = (above * (1.0 - down) + below * down) / 255.0;
        if self.inverted { 1.0 - seen * 0.94 } else { seen }
    }
}
