//! Reads an acknowledgement's code where it is known to be: lays what is known of it ([`stock`])
//! over the picture, moves and bends that until it lies as well as it can, learns from the modules
//! that are known what the camera does to the ones that aren't, and hands those to the decoder.

#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "places are reckoned in fractions of pixels"
)]

use crate::domain::scan::Scanned;
use crate::scanner::finder::Trio;
use crate::scanner::luma::Luma;
use crate::scanner::stock::{self, BITS, Form, Modules, SIDE};
use crate::scanner::view::{CORNERS, View, solved};

/// Modules of paper that are looked at around the code.
const RIM: usize = 1;
const GRID: usize = SIDE + 2 * RIM;
/// What is cut out of the picture around the code, in modules.
const MARGIN: f32 = 5.0;
/// How well the known modules have to lie, from 0 to 1, before anything is read.
const LIES: f32 = 0.42;
/// The same before anything was moved.
const BEGINS: f32 = 0.25;
/// How many of a hundred known modules of the data may look wrong.
const DOUBTFUL: usize = 17;

/// A known module: its place, 1 for paper or -1 for ink, and what it counts.
type Known = (f32, f32, f32, f32);

/// Returns the text of the code at `trio` of `picture`, 14 digits; `None` if it is no acknowledgement's
/// or cannot be read. `dark` tells whether its ink is darker than its paper.
pub(crate) fn read(picture: &Luma, trio: Trio, dark: bool) -> Option<String> {
    let patch = Patch::cut(picture, trio, dark)?;
    let mut known: Vec<Known> = Vec::with_capacity(400);
    for y in 0..SIDE {
        for x in 0..SIDE {
            if let Some(dark) = stock::fixed(x, y) {
                known.push(weighed(x, y, dark));
            }
        }
    }
    for i in 0..SIDE {
        let (i, far) = (i as f32 + 0.5, SIDE as f32 + 0.5);
        for at in [(i, -0.5), (-0.5, i), (i, far), (far, i)] {
            known.push((at.0, at.1, 1.0, 0.5));
        }
    }
    let mut lie = Lie::start(&patch, &known);
    if lie.worth(&patch, &known) < BEGINS {
        return None;
    }
    lie.settle(&patch, &known, &[1.0, 0.5, 0.25, 0.12], false);
    if lie.worth(&patch, &known) < LIES {
        return None;
    }
    let form = lie.form(&patch);
    known.extend(form.telling().into_iter().map(|(x, y, dark)| weighed(x, y, dark)));
    lie.settle(&patch, &known, &[0.5, 0.25, 0.12], true);
    // What was known of the wrong mask may have pulled it there.
    let form = lie.form(&patch);
    let seen = lie.look(&patch);
    let learned = equalised(&seen, &form);
    [&learned, &seen].into_iter().find_map(|levels| decoded(levels, &form))
}

fn weighed(x: usize, y: usize, dark: bool) -> Known {
    (x as f32 + 0.5, y as f32 + 0.5, if dark { -1.0 } else { 1.0 }, 1.0)
}

/// The neighbourhood of a code, each pixel against the light and the contrast around it.
struct Patch {
    width: usize,
    height: usize,
    levels: Vec<f32>,
    /// The three patterns in its own pixels.
    trio: Trio,
    /// Pixels of a module, roughly.
    module: f32,
}

/// Pixels of a module above which the picture is shrunk first, and the most a patch may have.
const LARGE: f32 = 9.0;
const MOST_PIXELS: f32 = 640_000.0;

impl Patch {
    fn cut(picture: &Luma, trio: Trio, dark: bool) -> Option<Self> {
        let [(cx, cy), (rx, ry), (bx, by)] = trio;
        let module =
            ((rx - cx).hypot(ry - cy).max((bx - cx).hypot(by - cy)) / 14.0).clamp(0.5, 500.0);
        let reach = (MARGIN + 3.5) * module;
        let xs = [cx, rx, bx, rx + bx - cx];
        let ys = [cy, ry, by, ry + by - cy];
        let low = |all: [f32; 4]| (all.into_iter().fold(f32::MAX, f32::min) - reach).max(0.0);
        let high = |all: [f32; 4], most: usize| {
            (all.into_iter().fold(f32::MIN, f32::max) + reach).clamp(0.0, most as f32) as usize
        };
        let (left, top) = (low(xs) as usize, low(ys) as usize);
        let (right, bottom) = (high(xs, picture.width()), high(ys, picture.height()));
        let cut = picture.cut(left, top, right.checked_sub(left)?, bottom.checked_sub(top)?)?;
        let factor = ((module / LARGE).ceil() as usize).max(1);
        let cut = if factor > 1 { cut.shrunk(factor) } else { cut };
        if (cut.width() * cut.height()) as f32 > MOST_PIXELS {
            return None;
        }
        let scale = 1.0 / factor as f32;
        let module = module * scale;
        let moved =
            trio.map(|(x, y)| ((x + 0.5 - left as f32) * scale, (y + 0.5 - top as f32) * scale));
        let levels = evened(&cut, module, dark);
        Some(Self { width: cut.width(), height: cut.height(), levels, trio: moved, module })
    }

    /// The level at a place; what is outside is neither ink nor paper.
    fn at(&self, x: f32, y: f32) -> f32 {
        let (x, y) = (x - 0.5, y - 0.5);
        if !(x >= 0.0 && y >= 0.0) {
            return 0.0;
        }
        let (i, j) = (x as usize, y as usize);
        if i + 1 >= self.width || j + 1 >= self.height {
            return 0.0;
        }
        let (right, down) = (x - i as f32, y - j as f32);
        let above = &self.levels[j * self.width + i..][..2];
        let below = &self.levels[(j + 1) * self.width + i..][..2];
        let above = above[0] + (above[1] - above[0]) * right;
        let below = below[0] + (below[1] - below[0]) * right;
        above + (below - above) * down
    }
}

/// Returns for each pixel how far it is from the middle of its neighbourhood's levels, in its
/// neighbourhood's contrast: about 1 for paper, -1 for ink.
fn evened(picture: &Luma, module: f32, dark: bool) -> Vec<f32> {
    let (width, height) = (picture.width(), picture.height());
    // Sums of levels and of their squares over all that lies above and to the left.
    let stride = width + 1;
    let mut sums = vec![(0_u32, 0_u64); stride * (height + 1)];
    for y in 0..height {
        let (mut sum, mut square) = (0, 0);
        for x in 0..width {
            let level = u32::from(picture.pixels()[y * width + x]);
            sum += level;
            square += u64::from(level * level);
            let above = sums[y * stride + x + 1];
            sums[(y + 1) * stride + x + 1] = (above.0 + sum, above.1 + square);
        }
    }
    let mean = |x: usize, y: usize, reach: usize| {
        let (left, right) = (x.saturating_sub(reach), (x + reach + 1).min(width));
        let (top, bottom) = (y.saturating_sub(reach), (y + reach + 1).min(height));
        let [a, b, c, d] = [(left, top), (right, top), (left, bottom), (right, bottom)]
            .map(|(x, y)| sums[y * stride + x]);
        let area = ((right - left) * (bottom - top)) as f32;
        let sum = (d.0 + a.0 - b.0 - c.0) as f32 / area;
        (sum, (d.1 + a.1 - b.1 - c.1) as f32 / area)
    };
    let (near, far) = ((module / 5.0) as usize, (module * 3.5).max(3.0) as usize);
    let sign = if dark { 1.0 } else { -1.0 };
    let mut levels = Vec::with_capacity(width * height);
    for y in 0..height {
        for x in 0..width {
            let (around, squares) = mean(x, y, far);
            let spread = (squares - around * around).max(0.0).sqrt();
            let level = if near == 0 {
                f32::from(picture.pixels()[y * width + x])
            } else {
                mean(x, y, near).0
            };
            levels.push((sign * (level - around) / (spread + 2.0)).clamp(-1.8, 1.8));
        }
    }
    levels
}

/// How the code lies: where its corners are, and how its paper is bent.
#[derive(Clone)]
struct Lie {
    /// The corners' places in pixels, and how far the middle is out of place each way, in modules.
    numbers: [f32; 12],
}

impl Lie {
    /// Takes three patterns for a square's seen from anywhere, and tries where its fourth corner is.
    fn start(patch: &Patch, known: &[Known]) -> Self {
        let [corner, right, below] = patch.trio;
        let across = ((right.0 - corner.0) / 14.0, (right.1 - corner.1) / 14.0);
        let down = ((below.0 - corner.0) / 14.0, (below.1 - corner.1) / 14.0);
        let mut best = (f32::MIN, Self { numbers: [0.0; 12] });
        for i in -3_i8..=3 {
            for j in -3_i8..=3 {
                // The patterns' middles stay where they are.
                let from = [(3.5, 3.5), (17.5, 3.5), (17.5, 17.5), (3.5, 17.5)];
                let (a, b) = (14.0 + f32::from(i) * 1.3, 14.0 + f32::from(j) * 1.3);
                let fourth =
                    (corner.0 + across.0 * a + down.0 * b, corner.1 + across.1 * a + down.1 * b);
                let Some(view) = View::between(&from, &[corner, right, fourth, below]) else {
                    continue;
                };
                let mut numbers = [0.0; 12];
                for (place, (u, v)) in numbers.chunks_exact_mut(2).zip(CORNERS) {
                    let (x, y) = view.map(u, v);
                    (place[0], place[1]) = (x, y);
                }
                let lie = Self { numbers };
                let worth = lie.worth(patch, known);
                if worth > best.0 {
                    best = (worth, lie);
                }
            }
        }
        best.1
    }

    fn view(&self) -> Option<View> {
        let n = &self.numbers;
        View::of_square([(n[0], n[1]), (n[2], n[3]), (n[4], n[5]), (n[6], n[7])])
    }

    /// The place of a place of the code.
    fn place(&self, view: &View, u: f32, v: f32) -> (f32, f32) {
        let (s, t) = ((u - 10.5) / 10.5, (v - 10.5) / 10.5);
        let (s, t) = (1.0 - s * s, 1.0 - t * t);
        let bend = &self.numbers[8..];
        view.map(u + bend[0] * s + bend[1] * t, v + bend[2] * s + bend[3] * t)
    }

    /// Tells how well what is known lies on the picture, from -1 to 1.
    fn worth(&self, patch: &Patch, known: &[Known]) -> f32 {
        let Some(view) = self.view() else { return -1.0 };
        let (mut agreed, mut seen, mut most) = (0.0, 0.0, 0.0);
        for &(u, v, sign, weight) in known {
            let (x, y) = self.place(&view, u, v);
            let level = patch.at(x, y);
            agreed += weight * sign * level;
            seen += weight * level * level;
            most += weight;
        }
        agreed / (seen * most).sqrt().max(f32::MIN_POSITIVE)
    }

    /// Moves each number by each of `steps` modules as long as that betters the lie.
    fn settle(&mut self, patch: &Patch, known: &[Known], steps: &[f32], bend: bool) {
        let mut best = self.worth(patch, known);
        let count = if bend { 12 } else { 8 };
        for step in steps {
            for _ in 0..4 {
                let before = best;
                for i in 0..count {
                    let step = if i < 8 { step * patch.module } else { *step };
                    for step in [step, -step] {
                        self.numbers[i] += step;
                        let worth = self.worth(patch, known);
                        if worth > best {
                            best = worth;
                            break;
                        }
                        self.numbers[i] -= step;
                    }
                }
                if !bend {
                    self.shift(patch, known, step * patch.module, &mut best);
                }
                if best - before < 0.002 {
                    break;
                }
            }
        }
    }

    /// Moves the whole.
    fn shift(&mut self, patch: &Patch, known: &[Known], step: f32, best: &mut f32) {
        for (dx, dy) in [(step, 0.0), (-step, 0.0), (0.0, step), (0.0, -step)] {
            let mut moved = self.clone();
            for place in moved.numbers[..8].chunks_exact_mut(2) {
                place[0] += dx;
                place[1] += dy;
            }
            let worth = moved.worth(patch, known);
            if worth > *best {
                *best = worth;
                *self = moved;
            }
        }
    }

    /// Returns the form whose known modules are most like what is seen.
    fn form(&self, patch: &Patch) -> Form {
        let seen = self.look(patch);
        let agreed = |form: &Form| -> f32 {
            let telling = form.telling();
            telling.iter().map(|&(x, y, dark)| agreement(&seen, x, y, dark)).sum()
        };
        let forms = (0..8).map(Form::new).map(|form| (agreed(&form), form));
        let best = forms.max_by(|a, b| a.0.total_cmp(&b.0));
        best.map_or_else(|| Form::new(0), |(_, form)| form)
    }

    /// Returns the level of each module, and of the paper around.
    fn look(&self, patch: &Patch) -> Levels {
        let mut levels = [[0.0; GRID]; GRID];
        let Some(view) = self.view() else { return levels };
        for (y, row) in levels.iter_mut().enumerate() {
            for (x, level) in row.iter_mut().enumerate() {
                let (u, v) = (x as f32 - RIM as f32 + 0.5, y as f32 - RIM as f32 + 0.5);
                let at = |du: f32, dv: f32| {
                    let (x, y) = self.place(&view, u + du, v + dv);
                    patch.at(x, y)
                };
                let around = at(0.22, 0.0) + at(-0.22, 0.0) + at(0.0, 0.22) + at(0.0, -0.22);
                *level = (2.0 * at(0.0, 0.0) + around) / 6.0;
            }
        }
        levels
    }
}

/// The level of each module with a rim of paper: above 0 for paper, below for ink.
type Levels = [[f32; GRID]; GRID];

fn agreement(levels: &Levels, x: usize, y: usize, dark: bool) -> f32 {
    let level = levels[y + RIM][x + RIM];
    if dark { -level } else { level }
}

/// A module, those around it, and a constant.
const TAPS: usize = 10;

/// Learns from the known modules how a module's level comes out of what is seen there and around,
/// as blur and movement mix them, and returns what all modules are by that.
fn equalised(seen: &Levels, form: &Form) -> Levels {
    let taps = |x: usize, y: usize| -> [f64; TAPS] {
        std::array::from_fn(|i| {
            if i == TAPS - 1 {
                return 1.0;
            }
            let (x, y) = ((x + i % 3).wrapping_sub(1), (y + i / 3).wrapping_sub(1));
            f64::from(*seen.get(y).and_then(|row| row.get(x)).unwrap_or(&1.0))
        })
    };
    let mut normal = [[0.0; TAPS + 1]; TAPS];
    let mut count = 0.0;
    for (x, y, dark) in form.known() {
        let taps = taps(x + RIM, y + RIM);
        let sign = if dark { -1.0 } else { 1.0 };
        for i in 0..TAPS {
            for j in 0..TAPS {
                normal[i][j] += taps[i] * taps[j];
            }
            normal[i][TAPS] += taps[i] * sign;
        }
        count += 1.0;
    }
    for (i, row) in normal.iter_mut().enumerate() {
        row[i] += 0.01 * count;
    }
    let Some(weights) = solved(normal) else { return *seen };
    let mut levels = *seen;
    for y in 0..SIDE {
        for x in 0..SIDE {
            let sum: f64 =
                taps(x + RIM, y + RIM).iter().zip(weights).map(|(tap, weight)| tap * weight).sum();
            levels[y + RIM][x + RIM] = sum as f32;
        }
    }
    levels
}

/// Returns the text that the levels spell. The known modules are put right first, which leaves all
/// of the error correction to the digits; for a PRID whose check digit fits the least certain
/// modules may be turned as well.
fn decoded(levels: &Levels, form: &Form) -> Option<String> {
    let telling = form.telling();
    let wrong = telling.iter().filter(|&&(x, y, dark)| agreement(levels, x, y, dark) < 0.0).count();
    if wrong * 100 > telling.len() * DOUBTFUL {
        return None;
    }
    let seen: Modules =
        std::array::from_fn(|y| std::array::from_fn(|x| levels[y + RIM][x + RIM] < 0.0));
    let whole = form.completed(&seen);
    if let Some(text) = vouched(stock::text(&whole), levels, form) {
        return Some(text);
    }
    let mut open: Vec<(usize, usize)> = form.open().collect();
    let level = |&(x, y): &(usize, usize)| levels[y + RIM][x + RIM].abs();
    open.sort_by(|a, b| level(a).total_cmp(&level(b)));
    let turned = TURNS.iter().find_map(|turns| {
        let mut tried = whole;
        for turn in *turns {
            let (x, y) = open[*turn];
            tried[y][x] = !tried[y][x];
        }
        vouched(stock::text(&tried), levels, form)
    })?;
    matches!(Scanned::of(&turned), Scanned::Application(_)).then_some(turned)
}

/// Which of the least certain modules are turned together.
const TURNS: [&[usize]; 10] =
    [&[0], &[1], &[2], &[3], &[0, 1], &[4], &[0, 2], &[1, 2], &[0, 1, 2], &[0, 1, 2, 3, 4]];

/// How much of all that is seen may speak against a text, in hundredths.
const AGAINST: f32 = 7.0;

/// Returns `text` if it is 14 digits and its code is what is seen.
fn vouched(text: Option<String>, levels: &Levels, form: &Form) -> Option<String> {
    let text = text?;
    let code = form.of(&text)?;
    let (mut against, mut all) = (0.0, 0.0);
    for (x, y) in form.open() {
        let agreed = agreement(levels, x, y, code[y][x]).clamp(-1.0, 1.0);
        all += agreed.abs();
        against += (-agreed).max(0.0);
    }
    debug_assert!(form.open().count() < BITS, "some of the bits are known");
    (against * 100.0 <= all * AGAINST).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PRID: &str = "97465075291709";

    /// A picture of `modules` in which a module is 5 pixels and what is below is further to the right.
    fn drawn(modules: &Modules) -> Luma {
        let (width, height) = (180, 160);
        let level = |x: usize, y: usize| {
            let (u, v) = ((x as f32 - 30.0 - y as f32 / 8.0) / 5.0, (y as f32 - 25.0) / 5.0);
            let inside = u >= 0.0 && v >= 0.0 && u < 21.0 && v < 21.0;
            if inside && modules[v as usize][u as usize] { 40 } else { 210 }
        };
        let pixels = (0..width * height).map(|i| level(i % width, i / width)).collect();
        Luma::new(width, height, pixels).unwrap()
    }

    /// Where its patterns are, not quite.
    const TRIO: Trio = [(54.0, 42.0), (120.5, 43.0), (61.5, 114.0)];

    #[test]
    fn a_code_is_read_where_its_patterns_are_said_to_be() {
        for mask in 0..8 {
            let code = Form::new(mask).of(PRID).unwrap();
            assert_eq!(read(&drawn(&code), TRIO, true).as_deref(), Some(PRID), "mask {mask}");
        }
    }

    #[test]
    fn a_code_in_light_ink_is_read_as_one_only() {
        let picture = drawn(&Form::new(3).of(PRID).unwrap()).inverted();
        assert_eq!(read(&picture, TRIO, false).as_deref(), Some(PRID));
        assert_eq!(read(&picture, TRIO, true), None);
    }

    #[test]
    fn a_code_whose_digits_are_painted_over_is_none() {
        let form = Form::new(5);
        let mut code = form.of(PRID).unwrap();
        for (i, (x, y)) in form.open().enumerate() {
            code[y][x] = i % 3 == 0;
        }
        assert_eq!(read(&drawn(&code), TRIO, true), None);
    }

    #[test]
    fn patterns_anywhere_are_no_reason_to_fail() {
        let picture = drawn(&Form::new(0).of(PRID).unwrap());
        for trio in [
            [(0.0, 0.0), (0.0, 0.0), (0.0, 0.0)],
            [(0.0, 0.0), (1e6, 0.0), (0.0, 1e6)],
            [(-50.0, -50.0), (-40.0, -50.0), (-50.0, -40.0)],
            [(f32::NAN, 0.0), (10.0, 0.0), (0.0, f32::INFINITY)],
            [(179.0, 159.0), (10.0, 150.0), (20.0, 10.0)],
        ] {
            assert_eq!(read(&picture, trio, true), None);
        }
    }
}
