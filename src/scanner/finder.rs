//! Finds where codes may be: finder patterns in a picture of pure black and white, and three of them
//! that may be one code's. It is generous: what it offers is looked at again by who reads.

use crate::scanner::luma::Luma;

/// A place that looks like the middle of a finder pattern.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Finder {
    pub(crate) x: f32,
    pub(crate) y: f32,
    /// Pixels of a module, across and down together.
    pub(crate) module: f32,
    /// Rows in which it was seen.
    votes: f32,
}

/// Three finder patterns: the upper left, the upper right, the lower left.
pub(crate) type Trio = [(f32, f32); 3];

/// Finder patterns that are looked at; the least seen are left out.
const MOST_FINDERS: usize = 12;
/// How many trios are offered.
const MOST_TRIOS: usize = 5;

/// Returns the finder patterns of `picture`, in which `ink` is 0 or 255, the most seen first.
pub(crate) fn finders(picture: &Luma, ink: u8) -> Vec<Finder> {
    let width = picture.width();
    let mut found: Vec<Finder> = Vec::new();
    for (y, row) in picture.pixels().chunks_exact(width).enumerate() {
        // The last five runs, the first of them of ink.
        let mut runs = [0_usize; 5];
        let mut is_ink = false;
        for (x, pixel) in row.iter().chain([&(255 - ink)]).enumerate() {
            if (*pixel == ink) == is_ink {
                runs[4] += 1;
                continue;
            }
            if is_ink && let Some(across) = unit(&runs) {
                let back = runs[4] + runs[3] + runs[2] / 2;
                let middle = x.saturating_sub(back + 1);
                if let Some((down, at)) = upright(picture, ink, middle, y) {
                    note(&mut found, place(middle), place(at), across, down);
                }
            }
            runs.rotate_left(1);
            runs[4] = 1;
            is_ink = !is_ink;
        }
    }
    found.retain(|finder| finder.votes >= 2.0);
    found.sort_by(|a, b| b.votes.total_cmp(&a.votes));
    found.truncate(MOST_FINDERS);
    found
}

/// More pictures of noise have patterns than are of use.
const MOST_NOTED: usize = 400;

fn note(found: &mut Vec<Finder>, x: f32, y: f32, across: f32, down: f32) {
    let module = (across * down).sqrt();
    let near = |finder: &&mut Finder| {
        (finder.x - x).abs().max((finder.y - y).abs()) < 2.0 * finder.module.max(1.0)
    };
    if let Some(finder) = found.iter_mut().find(near) {
        let share = 1.0 / (finder.votes + 1.0);
        finder.x += (x - finder.x) * share;
        finder.y += (y - finder.y) * share;
        finder.module += (module - finder.module) * share;
        finder.votes += 1.0;
    } else if found.len() < MOST_NOTED {
        found.push(Finder { x, y, module, votes: 1.0 });
    }
}

/// Returns a module's length if the runs are near enough to 1:1:3:1:1.
fn unit(runs: &[usize; 5]) -> Option<f32> {
    if runs.contains(&0) {
        return None;
    }
    let runs = runs.map(place);
    let unit = runs.iter().sum::<f32>() / 7.0;
    let slack = 0.7 * unit + 0.5;
    let fits = [(0, 1.0), (1, 1.0), (2, 3.0), (3, 1.0), (4, 1.0)]
        .iter()
        .all(|&(i, modules)| (runs[i] - modules * unit).abs() < slack);
    (fits && unit >= 0.9).then_some(unit)
}

/// Returns a module's length upwards and downwards from a place, and the middle's height.
fn upright(picture: &Luma, ink: u8, x: usize, y: usize) -> Option<(f32, usize)> {
    let width = picture.width();
    let is_ink = |y: usize| picture.pixels()[y * width + x] == ink;
    if x >= width || !is_ink(y) {
        return None;
    }
    let mut runs = [0_usize; 5];
    let (mut top, mut run) = (y, 2);
    loop {
        runs[run] += 1;
        if top == 0 {
            break;
        }
        top -= 1;
        if is_ink(top) != (run % 2 == 0) {
            if run == 0 {
                break;
            }
            run -= 1;
        }
    }
    let above = runs[2];
    (top, run) = (y + 1, 2);
    while top < picture.height() {
        if is_ink(top) != (run % 2 == 0) {
            if run == 4 {
                break;
            }
            run += 1;
        }
        runs[run] += 1;
        top += 1;
    }
    let unit = unit(&runs)?;
    Some((unit, (y + 1 + runs[2]).saturating_sub(above + runs[2] / 2 + 1)))
}

/// Returns the threes that may be one code's, the most likely first.
pub(crate) fn trios(finders: &[Finder]) -> Vec<Trio> {
    let mut trios: Vec<(f32, Trio)> = Vec::new();
    for (i, corner) in finders.iter().enumerate() {
        for (j, right) in finders.iter().enumerate() {
            for (k, below) in finders.iter().enumerate() {
                if i == j || i == k || j == k {
                    continue;
                }
                if let Some(odd) = oddness(corner, right, below) {
                    let trio = [corner, right, below].map(|finder| (finder.x, finder.y));
                    trios.push((odd, trio));
                }
            }
        }
    }
    trios.sort_by(|a, b| a.0.total_cmp(&b.0));
    trios.truncate(MOST_TRIOS);
    trios.into_iter().map(|(_, trio)| trio).collect()
}

/// Returns how far three patterns are from a code of version 1 seen from the front; `None` if they
/// are none however they are seen. They go round as in a code, so mirrored ones are none.
fn oddness(corner: &Finder, right: &Finder, below: &Finder) -> Option<f32> {
    let (rx, ry) = (right.x - corner.x, right.y - corner.y);
    let (bx, by) = (below.x - corner.x, below.y - corner.y);
    let (across, down) = (rx.hypot(ry), bx.hypot(by));
    let sin = (rx * by - ry * bx) / (across * down);
    if sin < 0.35 {
        return None;
    }
    let modules = [corner.module, right.module, below.module];
    let largest = modules.iter().copied().fold(f32::MIN, f32::max);
    let smallest = modules.iter().copied().fold(f32::MAX, f32::min);
    let long = (across / down).ln().abs();
    let apart = ((across * down).sqrt() / (14.0 * modules.iter().sum::<f32>() / 3.0)).ln().abs();
    let fits = largest < 2.2 * smallest && long < 1.1 && apart < 0.55;
    let unseen = 1.0 / corner.votes + 1.0 / right.votes + 1.0 / below.votes;
    fits.then(|| (largest / smallest).ln() + 0.7 * long + 2.0 * apart + (1.0 - sin) + 0.3 * unseen)
}

/// A picture's side is far below what a fraction can hold.
#[expect(clippy::cast_precision_loss, reason = "the sides of a picture fit")]
fn place(at: usize) -> f32 {
    at as f32
}
