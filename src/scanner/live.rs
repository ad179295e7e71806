//! What one camera has in view: which codes are new in a stream of frames.
//!
//! A code counts when frames agree on it. A PRID whose check digit fits counts at once: error
//! correction and check digit together vouch for it. Anything else counts when a second frame shows
//! the same within a second.

use std::time::Duration;

use crate::clock::Stopwatch;
use crate::domain::scan::Scanned;
use crate::scanner::decode::{self, Code, Doubt, RUNGS, TOGETHER};
use crate::scanner::luma::Luma;

/// How long a code has to be out of view before it is told again.
pub const OUT_OF_VIEW: Duration = Duration::from_secs(2);
/// The most that counts of the time between two frames: while a camera or a machine stalls, nothing
/// is looked for, and so nothing goes out of view.
const GAP: Duration = Duration::from_millis(300);
/// How often a code has to be missed in the way it was read before it is out of view.
const MISSES: u32 = 2;
/// Texts that are kept in mind at once; with more, the one seen longest ago is forgotten.
const MOST: usize = 32;
/// The longest text that is told, in bytes: an acknowledgement has 14.
const LONGEST: usize = 256;

/// The view of one camera.
#[derive(Debug)]
pub struct Live {
    seen: Vec<Seen>,
    /// What one rung read of late and none may believe alone.
    doubts: Vec<Doubt>,
    turns: Turns,
    /// When the newest frame was taken, and how long was looked altogether.
    newest: Option<Duration>,
    looked: Duration,
}

/// A text that was in view lately.
#[derive(Debug)]
struct Seen {
    text: String,
    /// When it was seen last, as frames count time and as [`Live::looked`] does.
    at: Duration,
    looked: Duration,
    /// The rung that read it then, and how often that one has missed it since.
    rung: usize,
    misses: u32,
    told: bool,
}

/// What the rungs made of one frame.
#[derive(Debug, Default)]
struct Sight {
    /// Texts, each once, and the rung that read it.
    texts: Vec<(String, usize)>,
    climbed: [bool; RUNGS.len()],
}

impl Sight {
    fn add(&mut self, rung: usize, codes: Vec<Code>) {
        for Code { text, .. } in codes {
            if self.texts.iter().all(|(known, _)| *known != text) {
                self.texts.push((text, rung));
            }
        }
    }
}

impl Default for Live {
    fn default() -> Self {
        Self::new()
    }
}

impl Live {
    /// Returns the view of a camera that has shown nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self {
            seen: Vec::new(),
            doubts: Vec::new(),
            turns: Turns::new(),
            newest: None,
            looked: Duration::ZERO,
        }
    }

    /// Looks at `frame`, taken `at` after any fixed instant, and returns the texts that are new in
    /// view, at most a few. One that stays in view is not told again, nor one that comes back
    /// within [`OUT_OF_VIEW`].
    ///
    /// A glance at each frame is enough where it shows an acknowledgement that is new; else the first
    /// rung of the ladder is climbed, then the others have their turn, as many as fit into 33 ms;
    /// the next frame goes on where this one stopped. One that does not fit is climbed all the same
    /// after it was passed over a few times, on every fourth frame at the most.
    pub fn look(&mut self, frame: &Luma, at: Duration) -> Vec<String> {
        let watch = Stopwatch::start();
        let mut sight = Sight::default();
        sight.add(0, decode::glance(frame));
        if !self.is_enough(&sight) {
            sight.climbed[0] = true;
            sight.add(0, decode::plain(frame));
        }
        self.turns.begin();
        while !self.is_enough(&sight) {
            let began = watch.elapsed();
            let Some(rung) = self.turns.next(began) else { break };
            let read = RUNGS[rung].look(frame);
            self.turns.took(rung, watch.elapsed().saturating_sub(began));
            sight.climbed[rung] = true;
            sight.add(rung, decode::agreed(read, rung, at, &mut self.doubts));
        }
        self.note(sight, at)
    }

    /// Tells whether a frame needs no further look: it shows an acknowledgement that is new. One
    /// that lies there, or another code on the wall, must not hide the next.
    fn is_enough(&self, sight: &Sight) -> bool {
        sight.texts.iter().any(|(text, _)| {
            matches!(Scanned::of(text), Scanned::Application(_))
                && !self.seen.iter().any(|seen| seen.told && seen.text == *text)
        })
    }

    /// Notes what a frame taken `at` showed; returns which texts count and are new.
    fn note(&mut self, sight: Sight, at: Duration) -> Vec<String> {
        let passed = self.newest.map_or(Duration::ZERO, |newest| at.saturating_sub(newest));
        self.looked += passed.min(GAP);
        self.newest = Some(at);
        let looked = self.looked;
        self.seen.retain(|seen| {
            if seen.told {
                looked.saturating_sub(seen.looked) < OUT_OF_VIEW || seen.misses < MISSES
            } else {
                at.saturating_sub(seen.at) < TOGETHER
            }
        });
        for seen in &mut self.seen {
            seen.misses += u32::from(sight.climbed[seen.rung]);
        }
        let mut new = Vec::new();
        for (text, rung) in sight.texts {
            if text.len() > LONGEST {
                continue;
            }
            let before = self.seen.iter().position(|seen| seen.text == text);
            let sure = before.is_some() || matches!(Scanned::of(&text), Scanned::Application(_));
            let told = before.is_some_and(|i| self.seen.swap_remove(i).told);
            if sure && !told {
                new.push(text.clone());
            }
            self.seen.push(Seen { text, at, looked, rung, misses: 0, told: told || sure });
        }
        if self.seen.len() > MOST {
            self.seen.sort_by_key(|seen| std::cmp::Reverse(seen.looked));
            self.seen.truncate(MOST);
        }
        new
    }
}

/// What a frame may take.
const FRAME: Duration = Duration::from_millis(33);
/// How often a rung is passed over that takes longer, and for how many frames none such is climbed:
/// on a slow machine a code is rather read late than never, and a rung that was slow once may be
/// quick again. The one that was passed over most comes first.
const PATIENT: u32 = 3;

/// Whose turn it is of the rungs after the first.
#[derive(Debug)]
struct Turns {
    /// What each took of late, once it was climbed.
    costs: [Option<Duration>; RUNGS.len()],
    /// How often each was passed over since.
    passed: [u32; RUNGS.len()],
    next: usize,
    /// Rungs whose turn has not come on this frame, and whether none was climbed yet.
    left: usize,
    fresh: bool,
    /// Frames since one was climbed that did not fit.
    since: u32,
}

impl Turns {
    fn new() -> Self {
        Self {
            costs: [None; RUNGS.len()],
            passed: [0; RUNGS.len()],
            next: 1,
            left: 0,
            fresh: true,
            since: 0,
        }
    }

    /// Begins a frame.
    fn begin(&mut self) {
        self.left = RUNGS.len() - 1;
        self.fresh = true;
        self.since = self.since.saturating_add(1);
    }

    /// Returns the rung to climb next on a frame that took `spent` so far; `None` if it took enough.
    fn next(&mut self, spent: Duration) -> Option<usize> {
        while self.left > 0 {
            let rung = self.next;
            let fits = self.costs[rung].is_some_and(|cost| spent + cost < FRAME);
            if !fits && !self.fresh {
                // The next frame begins with it.
                return None;
            }
            self.left -= 1;
            self.next = rung % (RUNGS.len() - 1) + 1;
            // What a rung takes is not known before it was climbed.
            let tried = self.costs[rung].is_none();
            let longest = self.passed.iter().all(|passed| *passed <= self.passed[rung]);
            let forced = longest && self.passed[rung] >= PATIENT && self.since > PATIENT;
            if fits || tried || forced {
                if forced && !fits {
                    self.since = 0;
                    self.costs[rung] = None;
                }
                self.passed[rung] = 0;
                self.fresh = false;
                return Some(rung);
            }
            self.passed[rung] += 1;
        }
        None
    }

    /// Notes what `rung` took.
    fn took(&mut self, rung: usize, took: Duration) {
        let cost = &mut self.costs[rung];
        *cost = Some(cost.map_or(took, |cost| took.max(cost * 7 / 8)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PRID: &str = "97465075291709";
    const OTHER: &str = "46537143845798";

    /// What all rungs say of a frame that shows `texts`, which the first reads.
    fn sight(texts: &[&str]) -> Sight {
        let texts = texts.iter().map(|text| ((*text).to_owned(), 0)).collect();
        Sight { texts, climbed: [true; RUNGS.len()] }
    }

    /// Shows texts at milliseconds and returns what was told, when.
    fn told(frames: &[(u64, &[&str])]) -> Vec<(u64, String)> {
        let mut live = Live::new();
        let mut told = Vec::new();
        for (at, texts) in frames {
            let new = live.note(sight(texts), Duration::from_millis(*at));
            told.extend(new.into_iter().map(|text| (*at, text)));
        }
        told
    }

    fn owned(expected: &[(u64, &str)]) -> Vec<(u64, String)> {
        expected.iter().map(|(at, text)| (*at, (*text).to_owned())).collect()
    }

    #[test]
    fn the_same_code_in_view_is_one_scan() {
        let frames: Vec<(u64, &[&str])> = (0..90).map(|i| (i * 33, [PRID].as_slice())).collect();
        assert_eq!(told(&frames), owned(&[(0, PRID)]));
    }

    #[test]
    fn a_code_is_told_again_only_after_two_seconds_out_of_view() {
        // In view, then out of it for so many tenths of a second, then in view again.
        let shown = |out: u64| {
            let empty = (1..out).map(|i| (i * 100, [].as_slice()));
            let frames = [(0, [PRID].as_slice())].into_iter().chain(empty);
            told(&frames.chain([(out * 100, [PRID].as_slice())]).collect::<Vec<_>>())
        };
        assert_eq!(shown(19), owned(&[(0, PRID)]));
        assert_eq!(shown(20), owned(&[(0, PRID), (2000, PRID)]));
    }

    #[test]
    fn a_code_that_lies_there_while_the_camera_stalls_is_not_told_again() {
        let frames: Vec<(u64, &[&str])> = (0..20).map(|i| (i * 2500, [PRID].as_slice())).collect();
        assert_eq!(told(&frames), owned(&[(0, PRID)]));
        // Nor where one frame was missed, of those two and a half seconds apart.
        let frames: [(u64, &[&str]); 4] =
            [(0, &[PRID]), (2500, &[]), (5000, &[PRID]), (9000, &[PRID])];
        assert_eq!(told(&frames), owned(&[(0, PRID)]));
    }

    #[test]
    fn a_code_is_out_of_view_only_for_the_rung_that_read_it() {
        let mut live = Live::new();
        let mut show = |i: u64, texts: Vec<(String, usize)>, rung: usize| {
            let mut climbed = [false; RUNGS.len()];
            climbed[0] = true;
            climbed[rung] = true;
            live.note(Sight { texts, climbed }, Duration::from_millis(i * 100))
        };
        assert_eq!(show(0, vec![(PRID.to_owned(), 5)], 5), [PRID]);
        for i in 1..50 {
            assert_eq!(show(i, Vec::new(), 1 + usize::from(i == 30) * 4), [""; 0]);
        }
        assert_eq!(show(50, vec![(PRID.to_owned(), 5)], 5), [""; 0], "missed but once");
        for i in 51..80 {
            assert_eq!(show(i, Vec::new(), 5), [""; 0]);
        }
        assert_eq!(show(80, vec![(PRID.to_owned(), 5)], 5), [PRID]);
    }

    #[test]
    fn only_a_new_acknowledgement_ends_the_look_at_a_frame() {
        let mut live = Live::new();
        assert!(live.is_enough(&sight(&[PRID])));
        assert!(!live.is_enough(&sight(&["https://example.org", "97465075291708"])));
        live.note(sight(&[PRID]), Duration::ZERO);
        assert!(!live.is_enough(&sight(&[PRID])));
        assert!(live.is_enough(&sight(&[PRID, OTHER])));
    }

    /// Has rungs take what `cost` says, in milliseconds, for some frames whose first rung takes 8;
    /// returns the longest that each rung waited, in frames, and the longest frame in milliseconds.
    fn climbed(frames: usize, cost: impl Fn(usize, usize) -> u64) -> ([usize; RUNGS.len()], u64) {
        let mut turns = Turns::new();
        let mut last = [0; RUNGS.len()];
        let (mut waits, mut longest) = ([0; RUNGS.len()], 0);
        for frame in 0..frames {
            let mut spent = 8;
            turns.begin();
            while let Some(rung) = turns.next(Duration::from_millis(spent)) {
                turns.took(rung, Duration::from_millis(cost(rung, frame)));
                spent += cost(rung, frame);
                waits[rung] = waits[rung].max(frame - last[rung]);
                last[rung] = frame;
            }
            longest = longest.max(spent);
        }
        for (wait, last) in waits.iter_mut().zip(last) {
            *wait = (*wait).max(frames - last);
        }
        waits[0] = 0;
        (waits, longest)
    }

    #[test]
    fn a_rung_that_was_slow_once_has_its_turn_again() {
        let (waits, _) =
            climbed(
                5000,
                |rung, frame| {
                    if rung == 3 && (1000..1020).contains(&frame) { 400 } else { 6 }
                },
            );
        assert!(waits.iter().all(|wait| *wait < 60), "{waits:?}");
        // And soon the same share of frames as the others.
        let mut turns = Turns::new();
        let mut count = [0; RUNGS.len()];
        for frame in 0..4000 {
            let mut spent = 8;
            turns.begin();
            while let Some(rung) = turns.next(Duration::from_millis(spent)) {
                let cost = if rung == 3 && frame == 20 { 400 } else { 6 };
                turns.took(rung, Duration::from_millis(cost));
                spent += cost;
                count[rung] += 1;
            }
        }
        assert!(count[3] * 10 > count[2] * 9, "{count:?}");
    }

    #[test]
    fn a_rung_too_slow_for_a_frame_has_its_turn_beside_quick_ones_and_not_often() {
        for slow in [vec![1], vec![3, 4, 11], (1..10).collect(), (1..RUNGS.len()).collect()] {
            let (waits, _) = climbed(5000, |rung, _| if slow.contains(&rung) { 60 } else { 5 });
            assert!(waits.iter().all(|wait| *wait <= 80), "{slow:?}: {waits:?}");
        }
        let (_, longest) = climbed(5000, |rung, _| [0, 24, 3, 7, 12, 19][rung % 6]);
        assert!(longest < 8 + 33, "{longest}");
    }

    #[test]
    fn a_prid_counts_at_once_and_any_other_text_when_a_second_frame_agrees() {
        let mistyped: &[&str] = &["97465075291708"];
        assert_eq!(told(&[(0, mistyped)]), []);
        assert_eq!(told(&[(0, mistyped), (400, mistyped)]), owned(&[(400, mistyped[0])]));
        assert_eq!(told(&[(0, &["shop"]), (1000, &["shop"])]), [], "too far apart");
        assert_eq!(told(&[(0, &["shop"]), (40, &["shap"])]), [], "they do not agree");
    }

    #[test]
    fn several_codes_in_view_are_told_each_once() {
        assert_eq!(
            told(&[(0, &[PRID]), (33, &[PRID, OTHER]), (66, &[OTHER, PRID])]),
            owned(&[(0, PRID), (33, OTHER)])
        );
    }

    #[test]
    fn a_still_frame_that_the_first_rung_cannot_read_is_read_within_a_few() {
        // A code whose lower right fades: modules of four pixels, blurred over and over.
        let code = crate::scanner::stock::Form::new(2).of(PRID).unwrap();
        let level = |x: usize, y: usize| {
            let (x, y) = ((x / 4).wrapping_sub(6), (y / 4).wrapping_sub(6));
            if x < 21 && y < 21 && code[y][x] { 60 } else { 200 }
        };
        let pixels = (0..132 * 132).map(|i| level(i % 132, i / 132)).collect();
        let mut frame = Luma::new(132, 132, pixels).unwrap();
        while !decode::plain(&frame).is_empty() {
            frame = frame.smoothed();
        }
        let mut live = Live::new();
        let told: Vec<String> = (0..4 * RUNGS.len() as u64)
            .flat_map(|i| live.look(&frame, Duration::from_millis(33 * i)))
            .collect();
        assert_eq!(told, [PRID]);
    }

    /// I11
    #[test]
    fn what_is_kept_in_mind_is_bounded() {
        let mut live = Live::new();
        for i in 0..1000 {
            let texts = [format!("text {i}"), "x".repeat(4000)];
            live.note(sight(&texts.each_ref().map(String::as_str)), Duration::from_millis(i));
        }
        assert!(live.seen.len() <= MOST);
        assert!(live.seen.iter().all(|seen| seen.text.len() <= LONGEST));
    }
}
