//! A slip held up before a camera: it comes into view moving, the hand trembles, the lens hunts for
//! focus, the exposure settles. Time is the sequence's own; a frame that took longer than the next
//! one's time is followed by the newest, as with a camera.

#![expect(clippy::cast_precision_loss, reason = "frames are few")]

use std::f32::consts::TAU;
use std::time::Duration;

use prereg_node::scanner::live::Live;

use crate::camera::Shot;
use crate::classes::good;
use crate::draw::Draw;
use crate::scene::{Kind, Scene};
use crate::tally::{Fault, Tally, spread, timed};

/// How long a slip is held up.
const HELD: f32 = 4.0;
/// Seconds within which the focus is found, and the exposure.
const FOCUS: (f32, f32) = (0.2, 1.2);
const EXPOSURE: (f32, f32) = (0.1, 0.6);
/// Modules of blur before it is found, and after.
const HUNT: (f32, f32) = (0.3, 1.0);
const FOCUSED: (f32, f32) = (0.1, 0.4);
/// Modules a second: how fast the hand comes, and trembles.
const COMES: (f32, f32) = (20.0, 80.0);
const TREMBLES: (f32, f32) = (2.0, 12.0);
/// Seconds that the shutter is open.
const SHUTTER: (f32, f32) = (0.008, 0.033);

/// Prints how `count` sequences fare at each size and pace. Returns whether none was read wrongly.
pub(crate) fn measure(sizes: &[bool], count: usize) -> Result<bool, Fault> {
    println!("\n{count} slips held up, of each size and pace");
    println!(
        "{:<18}{:>12}{:>12}{:>13}{:>8}{:>12}{:>8}{:>10}{:>8}",
        "",
        "within 1 s",
        "within 4 s",
        "vote ms p50",
        "p95",
        "frame p50",
        "p99.9",
        "hit p50",
        "p99.9"
    );
    let mut right = true;
    for &large in sizes {
        for pace in [15, 30] {
            let results = spread(count, |index| hold(index, large, pace))?;
            let mut votes = Tally::default();
            let mut frames = Tally::default();
            for (vote, frame) in &results {
                votes.join(vote);
                frames.join(frame);
            }
            let quick = results.iter().filter(|(vote, _)| vote.hits > 0 && vote.ms(0) <= 1000.0);
            println!(
                "{:<18}{:>12.1}{:>12.1}{:>13.0}{:>8.0}{:>12.1}{:>8.1}{:>10.1}{:>8.1}",
                format!("{} at {pace}/s", if large { "1280×720" } else { "640×480" }),
                100.0 * quick.count() as f64 / count.max(1) as f64,
                votes.rate(),
                votes.hit_ms(500),
                votes.hit_ms(950),
                frames.ms(500),
                frames.ms(999),
                frames.hit_ms(500),
                frames.hit_ms(999)
            );
            right &= votes.wrong == 0;
        }
    }
    Ok(right)
}

/// Holds a slip up; returns when it was told, and what each frame took.
fn hold(index: usize, large: bool, pace: u32) -> Result<(Tally, Tally), Fault> {
    let mut draw = Draw::new(0x5e90_0000 + index as u64);
    let text = draw.prid();
    let kind = [Kind::Stock, Kind::Ours, Kind::Phone][index % 3];
    let scene = Scene::new(kind, &text, false, &mut draw);
    let rest = good(large, &mut draw);
    let hand = Hand::new(&mut draw);
    let every = 1.0 / pace as f32;
    let mut live = Live::new();
    let (mut vote, mut frames) = (Tally::default(), Tally::default());
    let (mut at, mut wrong) = (0.0, false);
    while at < HELD {
        let frame = hand.shot(&rest, at).take(&scene);
        let (texts, took) = timed(|| live.look(&frame, Duration::from_secs_f32(at)))?;
        frames.add(texts.contains(&text), false, took);
        wrong |= texts.iter().any(|told| *told != text);
        let took = took.as_secs_f32();
        if texts.contains(&text) {
            vote.add(true, wrong, Duration::from_secs_f32(at + took));
            return Ok((vote, frames));
        }
        at += every * (took / every).ceil().max(1.0);
    }
    vote.add(false, wrong, Duration::from_secs_f32(HELD));
    Ok((vote, frames))
}

/// How a hand and a camera behave.
struct Hand {
    comes: f32,
    from: f32,
    trembles: f32,
    rates: [(f32, f32); 4],
    focus: f32,
    hunt: f32,
    focused: f32,
    exposure: f32,
    gain: f32,
    shutter: f32,
}

impl Hand {
    fn new(draw: &mut Draw) -> Self {
        Self {
            comes: draw.range(COMES),
            from: draw.range((0.0, 360.0)),
            trembles: draw.range(TREMBLES),
            rates: std::array::from_fn(|_| (draw.range((1.0, 6.0)), draw.range((0.0, TAU)))),
            focus: draw.range(FOCUS),
            hunt: draw.range(HUNT),
            focused: draw.range(FOCUSED),
            exposure: draw.range(EXPOSURE),
            gain: draw.either((0.3, 0.8)),
            shutter: draw.range(SHUTTER),
        }
    }

    /// The picture taken `at` seconds after the slip came into view, if it comes to rest as `rest`.
    fn shot(&self, rest: &Shot, at: f32) -> Shot {
        let settle = (-at * 4.0).exp();
        let sway = |i: usize| {
            let (rate, phase) = self.rates[i];
            (rate * at + phase).sin()
        };
        let speed = self.comes * settle + self.trembles * (0.5 + 0.5 * sway(0));
        let (sin, cos) = self.from.to_radians().sin_cos();
        let far = self.comes / 4.0 * settle * rest.module;
        let tremble = self.trembles * 0.3 * rest.module;
        let hunting = (1.0 - at / self.focus).max(0.0) * self.hunt * (0.6 + 0.4 * sway(3));
        let mut shot = rest.clone();
        shot.at.0 += far * cos * 0.5 + tremble * sway(1);
        shot.at.1 += far * sin * 0.5 + tremble * sway(2);
        shot.turn += 4.0 * sway(2);
        shot.tilt += 8.0 * (1.0 + sway(1));
        shot.motion = (speed * self.shutter, self.from + 70.0 * sway(2));
        shot.blur = self.focused + hunting.max(0.0);
        shot.gain = rest.gain * (1.0 + self.gain * (-at / self.exposure * 3.0).exp());
        shot.noise = 4.0;
        shot.seed = rest.seed.wrapping_add((at * 1e4).to_bits().into());
        shot
    }
}
