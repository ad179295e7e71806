//! What a camera makes of a scene: everything that spoils a picture has a number here.

#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "light is reckoned in fractions and ends as levels"
)]

use image::GrayImage;
use prereg_node::scanner::luma::Luma;
use std::f32::consts::TAU;

use crate::draw::Draw;
use crate::scene::{MODULES, Scene};

/// How a picture is taken. Lengths are in modules of the code unless they say pixels.
#[derive(Clone, Debug)]
pub(crate) struct Shot {
    pub(crate) width: usize,
    pub(crate) height: usize,
    /// Pixels of a module in the middle of the code.
    pub(crate) module: f32,
    /// Where the middle of the code is, in pixels from the middle of the picture.
    pub(crate) at: (f32, f32),
    /// Degrees: turned in its plane, leant back, and the direction in which it leans.
    pub(crate) turn: f32,
    pub(crate) tilt: f32,
    pub(crate) lean: f32,
    /// Creases: degrees the paper bends there, degrees of the crease's direction, and how far from
    /// the code's middle it is.
    pub(crate) creases: Vec<(f32, f32, f32)>,
    /// How far crumpled paper is out of place.
    pub(crate) crumple: f32,
    /// Standard deviation of the blur.
    pub(crate) blur: f32,
    /// How far the picture moves while it is taken, and the direction in degrees.
    pub(crate) motion: (f32, f32),
    /// Standard deviation of the noise in grey levels.
    pub(crate) noise: f32,
    /// Ink against paper, 0 to 1, and how bright all of it is: 1 as it should be.
    pub(crate) contrast: f32,
    pub(crate) gain: f32,
    /// How much darker one side of the picture is, 0 to 1, and in which direction it lies.
    pub(crate) falloff: (f32, f32),
    /// Edges of shadows: how much light is lost, direction, how far from the middle, how soft.
    pub(crate) shadows: Vec<(f32, f32, f32, f32)>,
    /// Lamps mirrored: how much light of a paper's, how large, and where from the middle.
    pub(crate) glares: Vec<(f32, f32, f32, f32)>,
    /// How strong the bands of a screen are, 0 to 1, how many pixels wide, and their direction.
    pub(crate) moire: Vec<(f32, f32, f32)>,
    /// Quality of the JPEG it went through, 1 to 100.
    pub(crate) jpeg: Option<u8>,
    pub(crate) seed: u64,
}

/// A plane before the camera: from pixels to modules.
struct Plane([f32; 9]);

impl Plane {
    fn map(&self, x: f32, y: f32) -> (f32, f32) {
        let h = &self.0;
        let w = 1.0 / (h[6] * x + h[7] * y + h[8]);
        ((h[0] * x + h[1] * y + h[2]) * w, (h[3] * x + h[4] * y + h[5]) * w)
    }
}

/// A crease as the camera sees it: the plane behind it, which places lie there, and its light.
struct Crease {
    plane: Plane,
    across: (f32, f32),
    from: f32,
    light: f32,
}

type Vector = [f64; 3];

impl Shot {
    /// Takes the picture.
    pub(crate) fn take(&self, scene: &Scene) -> Luma {
        let mut draw = Draw::new(self.seed);
        let mut light = self.expose(scene, &mut draw);
        let pixels = self.module;
        if self.motion.0 * pixels > 1.0 {
            light = self.moved(&light);
        }
        if self.blur * pixels > 0.2 {
            blur(&mut light, self.width, self.blur * pixels);
        }
        self.shine(&mut light);
        let levels: Vec<u8> = light
            .iter()
            .map(|light| {
                let noise = if self.noise > 0.0 { draw.bell() * self.noise } else { 0.0 };
                (light * 255.0 * self.gain + noise).round().clamp(0.0, 255.0) as u8
            })
            .collect();
        let levels = match self.jpeg {
            Some(quality) => through_jpeg(self.width, self.height, levels, quality),
            None => levels,
        };
        Luma::new(self.width, self.height, levels).expect("a picture has pixels")
    }

    fn expose(&self, scene: &Scene, draw: &mut Draw) -> Vec<f32> {
        let middle = MODULES as f32 / 2.0;
        let (plane, creases) = self.planes();
        let waves: Vec<[f32; 4]> = (0..4)
            .map(|_| {
                let angle = draw.range((0.0, TAU));
                let rate = draw.range((0.15, 0.6));
                [angle.cos() * rate, angle.sin() * rate, draw.range((0.0, TAU)), rate]
            })
            .collect();
        let look = |x: f32, y: f32| {
            let (mut u, mut v) = plane.map(x, y);
            let mut shade = 1.0;
            for crease in &creases {
                if (u - middle) * crease.across.0 + (v - middle) * crease.across.1 > crease.from {
                    (u, v) = crease.plane.map(x, y);
                    shade *= crease.light;
                }
            }
            if self.crumple > 0.0 {
                let (mut du, mut dv) = (0.0, 0.0);
                for [a, b, phase, rate] in &waves {
                    let wave = (a * u + b * v + phase).sin();
                    du += wave * a / rate;
                    dv += wave * b / rate;
                    shade += (a * u + b * v + phase).cos() * 0.06 * self.crumple;
                }
                u += du * self.crumple;
                v += dv * self.crumple;
            }
            0.5 + (scene.at(u, v) - 0.5) * self.contrast * shade + (shade - 1.0) * 0.3
        };
        let mut light = Vec::with_capacity(self.width * self.height);
        for y in 0..self.height {
            for x in 0..self.width {
                let (x, y) = (x as f32, y as f32);
                let (u, v) = plane.map(x, y);
                let near = u > -3.0 && v > -3.0 && u < 24.0 && v < 24.0;
                light.push(if near {
                    let at = |dx: f32, dy: f32| look(x + dx, y + dy);
                    (at(-0.25, -0.25) + at(0.25, -0.25) + at(-0.25, 0.25) + at(0.25, 0.25)) / 4.0
                } else {
                    look(x, y)
                });
            }
        }
        light
    }

    /// A pinhole camera before the sheet, and before what lies behind each crease.
    fn planes(&self) -> (Plane, Vec<Crease>) {
        let (sin, cos) = f64::from(self.turn).to_radians().sin_cos();
        let (sin_lean, cos_lean) = f64::from(self.lean).to_radians().sin_cos();
        let (sin_tilt, cos_tilt) = f64::from(self.tilt).to_radians().sin_cos();
        // Turned in its plane, then about an axis that lies in the picture.
        let place = |x: f64, y: f64, z: f64| -> Vector {
            let along = x * cos_lean + y * sin_lean;
            let across = y * cos_lean - x * sin_lean;
            let (across, depth) =
                (across * cos_tilt - z * sin_tilt, across * sin_tilt + z * cos_tilt);
            [along * cos_lean - across * sin_lean, along * sin_lean + across * cos_lean, depth]
        };
        let (right, down) = (place(cos, sin, 0.0), place(-sin, cos, 0.0));
        let normal = place(0.0, 0.0, 1.0);
        let focal = 1.1 * self.width as f64;
        let distance = focal / f64::from(self.module);
        let centre = [
            f64::from(self.at.0) / f64::from(self.module),
            f64::from(self.at.1) / f64::from(self.module),
            distance,
        ];
        let half = MODULES as f64 / 2.0;
        let plane = |right: Vector, down: Vector, at: Vector, (u, v): (f64, f64)| {
            let from: Vector = std::array::from_fn(|i| at[i] - u * right[i] - v * down[i]);
            let row = |i: usize, middle: f64| {
                [right, down, from].map(|vector| focal * vector[i] + middle * vector[2])
            };
            let (a, b) = (row(0, self.width as f64 / 2.0), row(1, self.height as f64 / 2.0));
            let c = [right[2], down[2], from[2]];
            Plane(inverse([a[0], a[1], a[2], b[0], b[1], b[2], c[0], c[1], c[2]]))
        };
        let creases = self.creases.iter().map(|&(bend, direction, from)| {
            let (sin, cos) = f64::from(direction).to_radians().sin_cos();
            let (sin_bend, cos_bend) = f64::from(bend).to_radians().sin_cos();
            let along: Vector = std::array::from_fn(|i| right[i] * cos + down[i] * sin);
            let across: Vector = std::array::from_fn(|i| {
                (down[i] * cos - right[i] * sin) * cos_bend + normal[i] * sin_bend
            });
            let flat: Vector = std::array::from_fn(|i| down[i] * cos - right[i] * sin);
            let bent_right = std::array::from_fn(|i| along[i] * cos - across[i] * sin);
            let bent_down = std::array::from_fn(|i| along[i] * sin + across[i] * cos);
            let on = f64::from(from);
            let at = std::array::from_fn(|i| centre[i] + flat[i] * on);
            Crease {
                plane: plane(bent_right, bent_down, at, (half - sin * on, half + cos * on)),
                across: (-sin as f32, cos as f32),
                from,
                light: 1.0 - (bend / 90.0) * 0.9,
            }
        });
        let creases = creases.collect();
        (plane(right, down, centre, (half, half)), creases)
    }

    /// Light that is not even, and what a screen adds.
    fn shine(&self, light: &mut [f32]) {
        let (middle_x, middle_y) =
            (self.width as f32 / 2.0 + self.at.0, self.height as f32 / 2.0 + self.at.1);
        let (fall_sin, fall_cos) = self.falloff.1.to_radians().sin_cos();
        let shadows: Vec<_> = self
            .shadows
            .iter()
            .map(|&(lost, direction, from, soft)| {
                let (sin, cos) = direction.to_radians().sin_cos();
                (lost, sin, cos, from, 1.0 / soft.max(0.05))
            })
            .collect();
        let bands: Vec<_> = self
            .moire
            .iter()
            .map(|&(strong, wide, direction)| {
                let (sin, cos) = direction.to_radians().sin_cos();
                let rate = TAU / wide;
                (strong, sin * rate, cos * rate)
            })
            .collect();
        for (i, light) in light.iter_mut().enumerate() {
            let (x, y) = ((i % self.width) as f32 - middle_x, (i / self.width) as f32 - middle_y);
            let (u, v) = (x / self.module, y / self.module);
            let far = (u * fall_cos + v * fall_sin) / 60.0;
            let mut lit = 1.0 - self.falloff.0 * (0.5 + far).clamp(0.0, 1.0);
            for (lost, sin, cos, from, steep) in &shadows {
                let past = (u * cos + v * sin - from) * steep;
                lit *= 1.0 - lost * (0.5 + past * 0.5).clamp(0.0, 1.0);
            }
            for (strong, down, across) in &bands {
                lit *= 1.0 - strong * (0.5 + 0.5 * (x * across + y * down).sin());
            }
            *light *= lit;
            for (strong, large, du, dv) in &self.glares {
                let far = ((u - du).powi(2) + (v - dv).powi(2)) / (large * large);
                if far < 12.0 {
                    *light += strong * (-far * 0.5).exp();
                }
            }
        }
    }

    fn moved(&self, light: &[f32]) -> Vec<f32> {
        let long = self.motion.0 * self.module;
        let steps = (long * 1.5).ceil() as i32 + 1;
        let (sin, cos) = self.motion.1.to_radians().sin_cos();
        let offsets: Vec<(i32, i32)> = (0..steps)
            .map(|i| {
                let along = (i as f32 / (steps - 1).max(1) as f32 - 0.5) * long;
                ((along * cos).round() as i32, (along * sin).round() as i32)
            })
            .collect();
        let (width, height) = (self.width as i32, self.height as i32);
        let share = 1.0 / offsets.len() as f32;
        let mut out = vec![0.0; light.len()];
        for y in 0..height {
            let row = &mut out[(y * width) as usize..][..self.width];
            for &(dx, dy) in &offsets {
                let from = ((y + dy).clamp(0, height - 1) * width) as usize;
                let from = &light[from..from + self.width];
                for (x, out) in row.iter_mut().enumerate() {
                    *out += from[(x as i32 + dx).clamp(0, width - 1) as usize] * share;
                }
            }
        }
        out
    }
}

/// Blurs in place: a bell of `sigma` pixels across, then down; the picture goes on past its edges.
fn blur(light: &mut [f32], width: usize, sigma: f32) {
    let reach = (2.6 * sigma).ceil() as usize;
    let mut weights: Vec<f32> = (0..=2 * reach)
        .map(|i| (-((i as f32 - reach as f32) / sigma).powi(2) / 2.0).exp())
        .collect();
    let sum: f32 = weights.iter().sum();
    weights.iter_mut().for_each(|weight| *weight /= sum);
    let height = light.len() / width;
    let mut padded = vec![0.0; width + 2 * reach];
    for row in light.chunks_exact_mut(width) {
        padded[..reach].fill(row[0]);
        padded[reach..reach + width].copy_from_slice(row);
        padded[reach + width..].fill(row[width - 1]);
        row.fill(0.0);
        for (i, weight) in weights.iter().enumerate() {
            for (out, near) in row.iter_mut().zip(&padded[i..]) {
                *out += near * weight;
            }
        }
    }
    let across = light.to_vec();
    for (y, row) in light.chunks_exact_mut(width).enumerate() {
        row.fill(0.0);
        for (i, weight) in weights.iter().enumerate() {
            let from = (y + i).saturating_sub(reach).min(height - 1) * width;
            for (out, near) in row.iter_mut().zip(&across[from..from + width]) {
                *out += near * weight;
            }
        }
    }
}

fn through_jpeg(width: usize, height: usize, levels: Vec<u8>, quality: u8) -> Vec<u8> {
    let picture = GrayImage::from_raw(width as u32, height as u32, levels).expect("it fits");
    let mut packed = Vec::new();
    let encoder = image::codecs::jpeg::JpegEncoder::new_with_quality(&mut packed, quality);
    picture.write_with_encoder(encoder).expect("memory takes it");
    let unpacked = image::load_from_memory(&packed).expect("it was packed just now");
    unpacked.into_luma8().into_raw()
}

/// The inverse of a 3 by 3 matrix up to a factor, which a homography does not mind.
fn inverse([a, b, c, d, e, f, g, h, i]: [f64; 9]) -> [f32; 9] {
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
    .map(|x| x as f32)
}
