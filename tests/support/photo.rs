//! Photographs of a printed acknowledgement, made by arithmetic: a sheet with a code lies on a desk,
//! a camera looks at it, and everything that spoils such a picture has a number.

#![expect(
    clippy::cast_possible_truncation,
    reason = "places and levels are reckoned in fractions and end as whole numbers"
)]

use image::{GrayImage, Luma, Rgb, RgbImage};
use prereg_node::entropy::{Entropy, Seeded};
use qrcode::{Color, EcLevel, QrCode, Version};

/// The PRID of the slip.
pub(crate) const PRID: &str = "97465075291709";

/// Returns the photograph of the slip that the demo reads.
pub(crate) fn slip() -> RgbImage {
    let shot = Shot {
        width: 1280,
        height: 720,
        turn: 17.0,
        tilt: (-24.0, 21.0),
        module: 6.4,
        at: (0.28, -0.22),
        falloff: 0.55,
        shadow: 0.35,
        contrast: 0.92,
        blur: 1.1,
        noise: 4.0,
        seed: 2026,
        ..Shot::default()
    };
    shot.colour(&Sheet::acknowledgement(PRID))
}

/// Returns the code of `text` as the portal's service draws it, but with `scale` pixels a module:
/// version 1, level L, a quiet zone of four modules.
pub(crate) fn stock_code(text: &str, scale: u32) -> GrayImage {
    let code = QrCode::with_version(text, Version::Normal(1), EcLevel::L).expect("it fits");
    let size = code.width() as u32;
    let colors = code.to_colors();
    GrayImage::from_fn((size + 8) * scale, (size + 8) * scale, |x, y| {
        let (x, y) = ((x / scale).wrapping_sub(4), (y / scale).wrapping_sub(4));
        let dark = x < size && y < size && colors[(y * size + x) as usize] == Color::Dark;
        Luma([if dark { 0 } else { 255 }])
    })
}

/// Dots on a millimetre of the printed sheet.
const DOTS: usize = 10;
/// A module as the portal's PDF prints it: 1.4 mm.
const MODULE: usize = 14;

/// A printed sheet: 0 is ink, 255 paper.
pub(crate) struct Sheet {
    width: usize,
    height: usize,
    dots: Vec<u8>,
    /// The middle of the code, in dots.
    code: (f64, f64),
}

impl Sheet {
    /// Prints an acknowledgement on A5, landscape: the code of `text` in stock form at the upper
    /// right, and bars where lines of text would stand.
    pub(crate) fn acknowledgement(text: &str) -> Self {
        let (width, height) = (210 * DOTS, 148 * DOTS);
        let mut sheet = Self { width, height, dots: vec![248; width * height], code: (0.0, 0.0) };
        let seeded = Seeded::new(14);
        let entropy: &dyn Entropy = &seeded;
        sheet.bar(12 * DOTS, 10 * DOTS, 62 * DOTS, 6 * DOTS, 40);
        for line in 0..4 {
            sheet.words(12 * DOTS, (24 + 9 * line) * DOTS, 110 * DOTS, entropy);
        }
        for line in 0..9 {
            sheet.words(12 * DOTS, (72 + 8 * line) * DOTS, 186 * DOTS, entropy);
        }
        sheet.bar(12 * DOTS, 64 * DOTS, 186 * DOTS, DOTS / 2, 90);
        sheet.code_at(150 * DOTS, 14 * DOTS, text);
        sheet
    }

    fn bar(&mut self, left: usize, top: usize, width: usize, height: usize, ink: u8) {
        for y in top..top + height {
            self.dots[y * self.width + left..][..width].fill(ink);
        }
    }

    fn words(&mut self, left: usize, top: usize, width: usize, entropy: &dyn Entropy) {
        let mut x = left;
        loop {
            let word = (4 + entropy.below(14) as usize) * DOTS;
            if x + word > left + width {
                return;
            }
            self.bar(x, top, word, 5 * DOTS / 2, 70);
            x += word + 2 * DOTS;
        }
    }

    fn code_at(&mut self, left: usize, top: usize, text: &str) {
        let code = QrCode::with_version(text, Version::Normal(1), EcLevel::L).expect("it fits");
        let size = code.width();
        for (i, color) in code.to_colors().into_iter().enumerate() {
            if color == Color::Dark {
                let (x, y) = (left + i % size * MODULE, top + i / size * MODULE);
                self.bar(x, y, MODULE, MODULE, 24);
            }
        }
        let half = (size * MODULE) as f64 / 2.0;
        self.code = (left as f64 + half, top as f64 + half);
    }

    fn dot(&self, x: f64, y: f64) -> Option<u8> {
        let inside = x >= 0.0 && y >= 0.0 && x < self.width as f64 && y < self.height as f64;
        inside.then(|| self.dots[y as usize * self.width + x as usize])
    }
}

/// How a picture is taken. The default is a good one.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Shot {
    pub(crate) width: u32,
    pub(crate) height: u32,
    /// Degrees the sheet is turned in its plane.
    pub(crate) turn: f64,
    /// Degrees the camera looks from the side, and from below.
    pub(crate) tilt: (f64, f64),
    /// Pixels of a module in the middle of the picture.
    pub(crate) module: f64,
    /// Where the code lies in the picture, from -1 to 1 each way.
    pub(crate) at: (f64, f64),
    /// How much darker the far end of the picture is than the near one, 0 to 1.
    pub(crate) falloff: f64,
    /// How much light a shadow across the code takes, 0 to 1.
    pub(crate) shadow: f64,
    /// How much a lamp adds in the code's upper left, 0 to 1.
    pub(crate) glare: f64,
    /// Ink against paper, 0 to 1.
    pub(crate) contrast: f64,
    /// Standard deviation of the blur in pixels.
    pub(crate) blur: f64,
    /// Pixels the camera moves while it looks.
    pub(crate) motion: f64,
    /// Standard deviation of the sensor's noise in grey levels.
    pub(crate) noise: f64,
    /// White ink on black paper, as a telephone in dark mode shows it.
    pub(crate) inverted: bool,
    pub(crate) seed: u64,
}

impl Default for Shot {
    fn default() -> Self {
        Self {
            width: 640,
            height: 480,
            turn: 0.0,
            tilt: (0.0, 0.0),
            module: 6.0,
            at: (0.0, 0.0),
            falloff: 0.0,
            shadow: 0.0,
            glare: 0.0,
            contrast: 1.0,
            blur: 0.0,
            motion: 0.0,
            noise: 0.0,
            inverted: false,
            seed: 1,
        }
    }
}

/// What one point of the picture shows.
struct Point {
    light: f64,
    on_sheet: f64,
}

impl Shot {
    /// Takes the picture in grey.
    pub(crate) fn grey(&self, sheet: &Sheet) -> GrayImage {
        let points = self.expose(sheet);
        GrayImage::from_fn(self.width, self.height, |x, y| {
            Luma([level(points[(y * self.width + x) as usize].light)])
        })
    }

    /// Takes the picture in colour: warm paper on a brown desk.
    pub(crate) fn colour(&self, sheet: &Sheet) -> RgbImage {
        let points = self.expose(sheet);
        RgbImage::from_fn(self.width, self.height, |x, y| {
            let Point { light, on_sheet } = points[(y * self.width + x) as usize];
            let tint = |paper: f64, desk: f64| level(light * (desk + (paper - desk) * on_sheet));
            Rgb([tint(1.02, 1.3), tint(1.0, 0.95), tint(0.94, 0.65)])
        })
    }

    fn expose(&self, sheet: &Sheet) -> Vec<Point> {
        let (width, height) = (self.width as usize, self.height as usize);
        let view = self.view(sheet);
        let mut light = Vec::with_capacity(width * height);
        let mut on_sheet = Vec::with_capacity(width * height);
        for y in 0..height {
            for x in 0..width {
                let (mut ink, mut paper) = (0.0, 0.0);
                for step in 0..4 {
                    let (dx, dy) = (f64::from(step % 2) / 2.0, f64::from(step / 2) / 2.0);
                    let (u, v) = map(&view, x as f64 + dx + 0.25, y as f64 + dy + 0.25);
                    if let Some(dot) = sheet.dot(u, v) {
                        let dot = if self.inverted { 255 - dot } else { dot };
                        ink += 145.0 + (f64::from(dot) - 145.0) * self.contrast;
                        paper += 1.0;
                    } else {
                        let grain = (u / 31.0).sin() * 6.0 + ((u + v / 9.0) / 7.0).sin() * 3.0;
                        ink += 82.0 + grain;
                    }
                }
                light.push(ink / 4.0 * self.light_at(x, y));
                on_sheet.push(paper / 4.0);
            }
        }
        if self.motion > 0.0 {
            light = smeared(&light, width, self.motion);
        }
        if self.blur > 0.0 {
            light = blurred(&light, width, self.blur);
        }
        if self.noise > 0.0 {
            self.add_noise(&mut light);
        }
        light.into_iter().zip(on_sheet).map(|(light, on_sheet)| Point { light, on_sheet }).collect()
    }

    /// Returns the homography from pixels to dots: a pinhole camera over a plane.
    fn view(&self, sheet: &Sheet) -> [f64; 9] {
        let (sin, cos) = self.turn.to_radians().sin_cos();
        let (sin_x, cos_x) = self.tilt.0.to_radians().sin_cos();
        let (sin_y, cos_y) = self.tilt.1.to_radians().sin_cos();
        // Columns: what a dot to the right and a dot down become, turned, then tilted twice.
        let tilt = |x: f64, y: f64| {
            [x * cos_x, y * cos_y + x * sin_x * sin_y, x * sin_x * cos_y - y * sin_y]
        };
        let (right, down) = (tilt(cos, sin), tilt(-sin, cos));
        let focal = 1.1 * f64::from(self.width);
        let distance = focal * MODULE as f64 / self.module;
        let middle_x = f64::from(self.width) / 2.0 * (1.0 + self.at.0);
        let middle_y = f64::from(self.height) / 2.0 * (1.0 + self.at.1);
        let (u, v) = sheet.code;
        let away = [0, 1, 2].map(|i| -u * right[i] - v * down[i]);
        let row = |i: usize, middle: f64| {
            [
                focal * right[i] + middle * right[2],
                focal * down[i] + middle * down[2],
                focal * away[i] + middle * (away[2] + distance),
            ]
        };
        let (a, b) = (row(0, middle_x), row(1, middle_y));
        let c = [right[2], down[2], away[2] + distance];
        inverse([a[0], a[1], a[2], b[0], b[1], b[2], c[0], c[1], c[2]])
    }

    fn light_at(&self, x: usize, y: usize) -> f64 {
        let (w, h) = (f64::from(self.width), f64::from(self.height));
        let x = x as f64 - w / 2.0 * (1.0 + self.at.0);
        let y = y as f64 - h / 2.0 * (1.0 + self.at.1);
        let even = 1.0 - self.falloff * (0.5 + (x / w + 0.4 * y / h) * 0.7).clamp(0.0, 1.0);
        // The edge of the shadow runs slantwise through the code, three modules soft.
        let edge = (x * 0.8 + y * 0.6) / (3.0 * self.module);
        let shade = 1.0 - self.shadow / (1.0 + (-2.0 * edge).exp());
        let lamp = (x + 6.0 * self.module).powi(2) + (y + 6.0 * self.module).powi(2);
        let glare = self.glare * 1.5 * (-lamp / (2.0 * (6.0 * self.module).powi(2))).exp();
        even * shade + glare
    }

    fn add_noise(&self, light: &mut [f64]) {
        let mut drawn = vec![0; light.len() * 4];
        Seeded::new(self.seed).fill(&mut drawn);
        for (light, bytes) in light.iter_mut().zip(drawn.chunks_exact(4)) {
            // Four even draws added up are near enough to a bell of deviation 147.8.
            let sum: i32 = bytes.iter().map(|byte| i32::from(*byte)).sum();
            *light += f64::from(sum - 510) / 147.8 * self.noise;
        }
    }
}

fn level(light: f64) -> u8 {
    light.round().clamp(0.0, 255.0) as u8
}

fn map(h: &[f64; 9], x: f64, y: f64) -> (f64, f64) {
    let w = h[6] * x + h[7] * y + h[8];
    ((h[0] * x + h[1] * y + h[2]) / w, (h[3] * x + h[4] * y + h[5]) / w)
}

/// The inverse of a 3 by 3 matrix up to a factor, which a homography does not mind.
fn inverse([a, b, c, d, e, f, g, h, i]: [f64; 9]) -> [f64; 9] {
    [
        e * i - f * h,
        c * h - b * i,
        b * f - c * e,
        f * g - d * i,
        a * i - c * g,
        c * d - a * f,
        d * h - e * g,
        b * g - a * h,
        a * e - b * d,
    ]
}

fn blurred(light: &[f64], width: usize, sigma: f64) -> Vec<f64> {
    let reach = (3.0 * sigma).ceil() as usize;
    let weights: Vec<f64> = (0..=2 * reach)
        .map(|i| (-((i as f64 - reach as f64) / sigma).powi(2) / 2.0).exp())
        .collect();
    let across = convolved(light, width, &weights, 1);
    convolved(&across, width, &weights, width)
}

fn smeared(light: &[f64], width: usize, pixels: f64) -> Vec<f64> {
    convolved(light, width, &vec![1.0; pixels.ceil() as usize], 1)
}

/// Weighs each pixel's neighbours, which lie `stride` apart; the picture goes on past its edges.
fn convolved(light: &[f64], width: usize, weights: &[f64], stride: usize) -> Vec<f64> {
    let reach = weights.len() / 2;
    let sum: f64 = weights.iter().sum();
    let height = light.len() / width;
    (0..light.len())
        .map(|at| {
            let (here, count) =
                if stride == 1 { (at % width, width) } else { (at / width, height) };
            let start = at - here * stride;
            let weighed = weights.iter().enumerate().map(|(i, weight)| {
                let there = (here + i).saturating_sub(reach).min(count - 1);
                weight * light[start + there * stride]
            });
            weighed.sum::<f64>() / sum
        })
        .collect()
}
