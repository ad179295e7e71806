//! What one camera has in view: which codes are new in a stream of frames.
//!
//! A code counts when frames agree on it. A PRID whose check digit fits counts at once: error
//! correction and check digit together vouch for it. Anything else counts when a second frame shows
//! the same within a second.

use std::time::Duration;

use crate::clock::Stopwatch;
use crate::domain::scan::Scanned;
use crate::scanner::decode::{self, Code, RUNGS};
use crate::scanner::luma::Luma;

/// How long a code has to be out of view before it is told again.
pub const OUT_OF_VIEW: Duration = Duration::from_secs(2);
/// How far apart two frames may be that vouch for one text.
const TOGETHER: Duration = Duration::from_secs(1);
/// Texts that are kept in mind at once; with more, the one seen longest ago is forgotten.
const MOST: usize = 32;
/// The longest text that is told, in bytes: an acknowledgement has 14.
const LONGEST: usize = 256;

/// Frames after which a rung is climbed though it takes longer than a frame may: on a slow machine a
/// code is rather read late than never.
const PATIENT: u32 = 3;
/// What a frame may take.
const FRAME: Duration = Duration::from_millis(33);

/// The view of one camera.
#[derive(Debug)]
pub struct Live {
    seen: Vec<Seen>,
    /// Texts that one rung read and none may believe alone, of the last frames.
    doubtful: Vec<String>,
    /// What each rung took of late, once it was climbed.
    costs: [Option<Duration>; RUNGS.len()],
    /// The rung whose turn it is.
    next: usize,
    /// Frames on which none but the first rung was climbed.
    without: u32,
}

/// A text that was in view lately.
#[derive(Debug)]
struct Seen {
    text: String,
    last: Duration,
    told: bool,
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
            doubtful: Vec::new(),
            costs: [None; RUNGS.len()],
            next: 1,
            without: 0,
        }
    }

    /// Looks at `frame`, taken `at` after any fixed instant, and returns the texts that are new in
    /// view, at most a few. One that stays in view is not told again, nor one that comes back
    /// within [`OUT_OF_VIEW`].
    ///
    /// The first rung of the ladder is climbed on each frame. Where it finds nothing the others have
    /// their turn, as many as fit into 33 ms; the next frame goes on where this one stopped. Where not
    /// even one fits, one is climbed on every fourth frame.
    pub fn look(&mut self, frame: &Luma, at: Duration) -> Vec<String> {
        let texts = self.climb(frame).into_iter().map(|code| code.text).collect();
        self.note(texts, at)
    }

    fn climb(&mut self, frame: &Luma) -> Vec<Code> {
        let watch = Stopwatch::start();
        let found = decode::plain(frame);
        if !found.is_empty() {
            self.next = 1;
            return found;
        }
        self.without += 1;
        for _ in 1..RUNGS.len() {
            let began = watch.elapsed();
            let cost = &mut self.costs[self.next];
            // What a rung takes is not known before it was climbed: then it is the frame's only one.
            let fits = cost.is_some_and(|cost| began + cost < FRAME);
            let tried = cost.is_none() && self.without > 0;
            if fits || tried || self.without > PATIENT {
                let found = decode::agreed(RUNGS[self.next].look(frame), &mut self.doubtful);
                let took = watch.elapsed().saturating_sub(began);
                *cost = Some(cost.map_or(took, |cost| took.max(cost * 7 / 8)));
                self.without = 0;
                if !found.is_empty() {
                    return found;
                }
            } else if self.without == 0 {
                break;
            }
            self.next = self.next % (RUNGS.len() - 1) + 1;
            if self.next == 1 {
                self.doubtful.clear();
            }
        }
        Vec::new()
    }

    /// Notes that a frame taken `at` showed `texts`; returns which of them count and are new.
    fn note(&mut self, texts: Vec<String>, at: Duration) -> Vec<String> {
        self.seen.retain(|seen| {
            let kept = if seen.told { OUT_OF_VIEW } else { TOGETHER };
            at.saturating_sub(seen.last) < kept
        });
        let mut new = Vec::new();
        for text in texts {
            if text.len() > LONGEST {
                continue;
            }
            let before = self.seen.iter().position(|seen| seen.text == text);
            let sure = before.is_some() || matches!(Scanned::of(&text), Scanned::Application(_));
            let told = before.is_some_and(|i| self.seen.swap_remove(i).told);
            if sure && !told {
                new.push(text.clone());
            }
            self.seen.push(Seen { text, last: at, told: told || sure });
        }
        if self.seen.len() > MOST {
            self.seen.sort_by_key(|seen| std::cmp::Reverse(seen.last));
            self.seen.truncate(MOST);
        }
        new
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PRID: &str = "97465075291709";
    const OTHER: &str = "46537143845798";

    /// Shows texts at milliseconds and returns what was told, when.
    fn told(frames: &[(u64, &[&str])]) -> Vec<(u64, String)> {
        let mut live = Live::new();
        let mut told = Vec::new();
        for (at, texts) in frames {
            let texts = texts.iter().map(|text| (*text).to_owned()).collect();
            let new = live.note(texts, Duration::from_millis(*at));
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
        let show: &[&str] = &[PRID];
        assert_eq!(told(&[(0, show), (1999, show), (3998, show)]), owned(&[(0, PRID)]));
        assert_eq!(told(&[(0, show), (2000, show)]), owned(&[(0, PRID), (2000, PRID)]));
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
            live.note(vec![format!("text {i}"), "x".repeat(4000)], Duration::from_millis(i));
        }
        assert!(live.seen.len() <= MOST);
        assert!(live.seen.iter().all(|seen| seen.text.len() <= LONGEST));
    }
}
