//! A text of any script, broken into lines of glyphs: order of right-to-left and left-to-right parts,
//! places where a line may end, fonts, shapes.

use std::ops::Range;
use std::sync::Arc;

use krilla::text::{GlyphId, KrillaGlyph};
use rustybuzz::{Direction, UnicodeBuffer};
use unicode_bidi::{BidiInfo, Level};

use super::fonts::{Face, Fonts, Weight};

/// Glyphs of one font that stand side by side.
#[derive(Debug)]
pub(super) struct Run {
    pub(super) face: Arc<Face>,
    /// From left to right, in ems of the font.
    pub(super) glyphs: Vec<KrillaGlyph>,
    /// What they stand for, in the order in which it is read.
    pub(super) text: String,
    /// In ems of the line.
    pub(super) width: f32,
}

/// A line.
#[derive(Debug, Default)]
pub(super) struct Line {
    /// From left to right.
    pub(super) runs: Vec<Run>,
    /// In ems.
    pub(super) width: f32,
    /// Above and below the line in ems: the most that any of its fonts takes.
    pub(super) ascent: f32,
    pub(super) descent: f32,
    /// The byte of the whole text at which the next line begins.
    pub(super) end: usize,
}

/// Makes one line of at most `most` letters out of what somebody typed: no controls, no marks that
/// turn the direction of what follows.
pub(super) fn clean(text: &str, most: usize) -> String {
    let letters = text.chars().filter(|c| !turns(*c));
    let letters = letters.map(|c| if c.is_control() || c.is_whitespace() { ' ' } else { c });
    let mut out = String::new();
    let mut taken = 0;
    for letter in letters {
        if letter == ' ' && (out.is_empty() || out.ends_with(' ')) {
            continue;
        }
        if taken == most {
            out.push('…');
            break;
        }
        out.push(letter);
        taken += 1;
    }
    out.trim_end().to_owned()
}

/// Returns `text` so that it does not change the order of what is around it, nor is changed by it.
pub(super) fn isolated(text: &str) -> String {
    format!("\u{2068}{text}\u{2069}")
}

/// The same for what is read from left to right whatever is in it: numbers.
pub(super) fn left_to_right(text: &str) -> String {
    format!("\u{2066}{text}\u{2069}")
}

/// Tells whether a letter says nothing but a direction.
fn turns(letter: char) -> bool {
    matches!(letter, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Breaks `text`, which has no controls, into lines of at most `width` ems. A word that is longer is
/// broken within; only a single letter may be wider than its line.
pub(super) fn lines(
    fonts: &Fonts,
    text: &str,
    weight: Weight,
    right_to_left: bool,
    width: f32,
) -> Vec<Line> {
    let level = if right_to_left { Level::rtl() } else { Level::ltr() };
    let bidi = BidiInfo::new(text, Some(level));
    let faces = faces(fonts, text, weight);
    let setting = Setting { text, bidi, faces };
    let clusters = setting.clusters();
    let breaks: Vec<usize> = unicode_linebreak::linebreaks(text).map(|(at, _)| at).collect();
    let mut lines = Vec::new();
    let mut start = 0;
    while start < text.len() {
        let mut end = setting.guessed(start, &clusters, &breaks, width);
        let mut line = setting.line(start..end);
        // Alone it may be wider than within its text: letters at its ends join no others there. The
        // steps grow, so that a few of them are enough whatever the text is.
        let mut step = 1;
        while line.width > width
            && let Some(earlier) = setting.earlier(start, end, &clusters, &breaks)
        {
            end = earlier;
            for _ in 1..step {
                end = setting.earlier(start, end, &clusters, &breaks).unwrap_or(end);
            }
            step *= 2;
            line = setting.line(start..end);
        }
        // Blanks hang at the end of their line, and are not the next one.
        end = text.len() - text[end..].trim_start().len();
        line.end = end;
        lines.push(line);
        start = end;
    }
    lines
}

/// Chooses the font of each letter. What every script has, such as digits, is written in the font of
/// its neighbours if that has it; marks go with their letter.
fn faces(fonts: &Fonts, text: &str, weight: Weight) -> Vec<(Range<usize>, Arc<Face>)> {
    let first = text.chars().find(|c| c.is_alphabetic());
    let mut current = first.and_then(|c| fonts.of(c, weight));
    let mut faces: Vec<(Range<usize>, Arc<Face>)> = Vec::new();
    for (at, letter) in text.char_indices() {
        let stays = current.as_ref().filter(|face| {
            let joins = is_mark(letter) || (!letter.is_alphabetic() && face.has(letter));
            joins || turns(letter)
        });
        let face = stays
            .map(Arc::clone)
            .or_else(|| fonts.of(letter, weight))
            .unwrap_or_else(|| Arc::clone(fonts.first(weight)));
        let end = at + letter.len_utf8();
        match faces.last_mut() {
            Some((range, last)) if Arc::ptr_eq(last, &face) => range.end = end,
            _ => faces.push((at..end, Arc::clone(&face))),
        }
        current = Some(face);
    }
    faces
}

/// Tells whether a letter is only ever seen on the one before it.
fn is_mark(letter: char) -> bool {
    unicode_linebreak::break_property(letter.into()) == unicode_linebreak::BreakClass::CombiningMark
        || matches!(letter, '\u{200c}' | '\u{200d}' | '\u{fe00}'..='\u{fe0f}')
}

struct Setting<'t> {
    text: &'t str,
    bidi: BidiInfo<'t>,
    faces: Vec<(Range<usize>, Arc<Face>)>,
}

impl Setting<'_> {
    /// Returns the parts of `range` that are of one font and of which something is seen.
    fn parts(&self, range: &Range<usize>) -> Vec<(Range<usize>, &Arc<Face>)> {
        let mut parts: Vec<(Range<usize>, &Arc<Face>)> = Vec::new();
        let first = self.faces.partition_point(|(stretch, _)| stretch.end <= range.start);
        let among = self.faces[first..].iter().take_while(|(stretch, _)| stretch.start < range.end);
        for (stretch, face) in among {
            let (from, to) = (stretch.start.max(range.start), stretch.end.min(range.end));
            let mut begun = None;
            for (at, letter) in self.text.get(from..to).unwrap_or("").char_indices() {
                let at = from + at;
                if turns(letter) {
                    parts.extend(begun.take().map(|begun| (begun..at, face)));
                } else {
                    begun = begun.or(Some(at));
                }
            }
            parts.extend(begun.map(|begun| (begun..to, face)));
        }
        parts
    }

    /// Returns the parts of `range` that are of one level and one font, in the order of the text.
    fn shaped(&self, range: &Range<usize>) -> Vec<(usize, Run)> {
        let mut runs = Vec::new();
        let mut from = range.start;
        while from < range.end {
            let level = self.bidi.levels[from];
            let stretch = self.bidi.levels[from..range.end].iter();
            let to = from + stretch.take_while(|one| **one == level).count();
            for (part, face) in self.parts(&(from..to)) {
                runs.push((part.start, shape(face, &self.text[part], level.is_rtl())));
            }
            from = to;
        }
        runs
    }

    /// Returns where each indivisible group of letters begins, and how wide it is.
    fn clusters(&self) -> Vec<(usize, f32)> {
        let mut clusters: Vec<(usize, f32)> = Vec::new();
        for (start, run) in self.shaped(&(0..self.text.len())) {
            let cluster = |glyph: &KrillaGlyph| {
                (start + glyph.text_range.start, glyph.x_advance * run.face.grow)
            };
            clusters.extend(run.glyphs.iter().map(cluster));
        }
        clusters.sort_by_key(|(at, _)| *at);
        clusters.dedup_by(|next, last| {
            let same = next.0 == last.0;
            if same {
                last.1 += next.1;
            }
            same
        });
        clusters
    }

    /// Guesses where the line that begins at `start` ends, from what its clusters take in the whole
    /// text: at the last place where it may and has room, else within its first word.
    fn guessed(
        &self,
        start: usize,
        clusters: &[(usize, f32)],
        breaks: &[usize],
        width: f32,
    ) -> usize {
        let clusters = &clusters[clusters.partition_point(|(at, _)| *at < start)..];
        let breaks = &breaks[breaks.partition_point(|at| *at <= start)..];
        let (mut taken, mut measured, mut last) = (0.0, clusters.iter().peekable(), None);
        for next in breaks {
            let seen = start + self.text[start..*next].trim_end().len();
            while let Some((_, advance)) = measured.next_if(|(at, _)| *at < seen) {
                taken += advance;
            }
            if taken > width {
                break;
            }
            last = Some(*next);
        }
        let within = || {
            let mut taken = 0.0;
            let over = clusters.iter().find(|(at, advance)| {
                taken += advance;
                taken > width && *at > start
            });
            over.map_or(self.text.len(), |(at, _)| *at)
        };
        last.unwrap_or_else(within)
    }

    /// Returns the next place before `end` where the line that begins at `start` could end: one where
    /// it may, else one between clusters, else between letters of one. `None` if it is one letter.
    fn earlier(
        &self,
        start: usize,
        end: usize,
        clusters: &[(usize, f32)],
        breaks: &[usize],
    ) -> Option<usize> {
        let seen = start + self.text[start..end].trim_end().len();
        let may = breaks[..breaks.partition_point(|at| *at < end)].last().copied();
        let between = || clusters[..clusters.partition_point(|(at, _)| *at < seen)].last();
        let letter = || self.text[start..seen].char_indices().next_back();
        may.filter(|at| *at > start)
            .or_else(|| between().map(|(at, _)| *at).filter(|at| *at > start))
            .or_else(|| letter().map(|(at, _)| start + at).filter(|at| *at > start))
    }

    /// Sets what is in `range` as a line.
    fn line(&self, range: Range<usize>) -> Line {
        let mut line = Line::default();
        let range = range.start..range.start + self.text[range].trim_end().len();
        let Some(paragraph) = self.bidi.paragraphs.first() else { return line };
        let (levels, runs) = self.bidi.visual_runs(paragraph, range);
        for run in runs {
            let right_to_left = levels[run.start].is_rtl();
            let mut parts = self.parts(&run);
            if right_to_left {
                parts.reverse();
            }
            for (part, face) in parts {
                let run = shape(face, &self.text[part], right_to_left);
                line.width += run.width;
                line.ascent = line.ascent.max(face.ascent);
                line.descent = line.descent.max(face.descent);
                line.runs.push(run);
            }
        }
        line
    }
}

/// Turns text of one font and direction into glyphs, from left to right.
#[expect(clippy::cast_precision_loss, reason = "widths are of a few thousand units")]
fn shape(face: &Arc<Face>, text: &str, right_to_left: bool) -> Run {
    let mut buffer = UnicodeBuffer::new();
    buffer.push_str(text);
    buffer.guess_segment_properties();
    let direction = if right_to_left { Direction::RightToLeft } else { Direction::LeftToRight };
    buffer.set_direction(direction);
    let shaped = rustybuzz::shape(&face.shaper, &[], buffer);
    let place = |cluster: u32| usize::try_from(cluster).unwrap_or(0).min(text.len());
    let mut starts: Vec<usize> =
        shaped.glyph_infos().iter().map(|glyph| place(glyph.cluster)).collect();
    starts.sort_unstable();
    starts.dedup();
    let em = |units: i32| units as f32 / face.units;
    let glyphs = shaped.glyph_infos().iter().zip(shaped.glyph_positions());
    let glyphs: Vec<KrillaGlyph> = glyphs
        .map(|(glyph, position)| {
            let start = place(glyph.cluster);
            let after = starts.partition_point(|other| *other <= start);
            let end = starts.get(after).copied().unwrap_or(text.len());
            KrillaGlyph::new(
                GlyphId::new(glyph.glyph_id),
                em(position.x_advance),
                em(position.x_offset),
                em(position.y_offset),
                em(position.y_advance),
                start..end,
                None,
            )
        })
        .collect();
    let width = glyphs.iter().map(|glyph| glyph.x_advance).sum::<f32>() * face.grow;
    Run { face: Arc::clone(face), glyphs, text: text.to_owned(), width }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(text: &str, right_to_left: bool, width: f32) -> Vec<Line> {
        lines(&Fonts::new(None), text, Weight::Regular, right_to_left, width)
    }

    /// What the runs of a line say, from left to right.
    fn seen(line: &Line) -> Vec<&str> {
        line.runs.iter().map(|run| run.text.trim()).filter(|text| !text.is_empty()).collect()
    }

    #[test]
    fn arabic_runs_from_right_to_left_and_its_numbers_and_names_from_left_to_right() {
        let text = "الاثنين 30 نوفمبر 2026";
        assert_eq!(seen(&set(text, true, 100.0)[0]), ["2026", "نوفمبر", "30", "الاثنين"]);
        let text = "مركز Old Quay للتسجيل";
        assert_eq!(seen(&set(text, true, 100.0)[0]), ["للتسجيل", "Old Quay", "مركز"]);
        // The glyphs of a run stand from left to right: the word's last letter first.
        let lines = set("مركز", true, 100.0);
        let glyphs = &lines[0].runs[0].glyphs;
        assert!(glyphs.first().unwrap().text_range.start > glyphs.last().unwrap().text_range.start);
    }

    #[test]
    fn letters_of_arabic_join() {
        let joined = set("مركز", true, 100.0)[0].width;
        let apart: f32 = ["م", "ر", "ك", "ز"].iter().map(|one| set(one, true, 9.0)[0].width).sum();
        assert!((joined - apart).abs() > 0.01, "{joined} {apart}");
    }

    #[test]
    fn brackets_open_in_the_direction_of_the_text() {
        let glyph = |text: &str, right_to_left: bool| {
            let line = &set(text, right_to_left, 100.0)[0];
            let mut all = line.runs.iter().flat_map(|run| {
                run.glyphs.iter().map(|glyph| (&run.text[glyph.text_range.clone()], glyph.glyph_id))
            });
            all.find(|(text, _)| *text == "(").unwrap().1
        };
        // What opens in Arabic looks as what closes in Latin; both from the Arabic font.
        let closing = {
            let line = &set("ا)", false, 100.0)[0];
            let run = line.runs.iter().find(|run| run.text.contains(')')).unwrap();
            run.glyphs
                .iter()
                .find(|glyph| &run.text[glyph.text_range.clone()] == ")")
                .unwrap()
                .glyph_id
        };
        assert_eq!(glyph("هوية (جواز)", true), closing);
        assert_ne!(glyph("ا(", false), closing);
    }

    #[test]
    fn a_number_keeps_its_order_in_arabic() {
        let text = format!("الهاتف: {}", left_to_right("+212 555-0101"));
        let lines = set(&text, true, 100.0);
        assert_eq!(seen(&lines[0]), ["+212 555-0101", "الهاتف:"]);
        let labels = ["Name", "الاسم", "Nom"].map(isolated).join(" · ");
        let all = seen(&set(&labels, true, 100.0)[0]).concat();
        assert!(all.find("Nom").unwrap() < all.find("الاسم").unwrap());
        assert!(all.find("الاسم").unwrap() < all.find("Name").unwrap());
    }

    #[test]
    fn a_line_is_never_wider_than_asked() {
        let long = "supercalifragilisticexpialidocious".repeat(3);
        for text in [
            "Proof of identity and of address",
            &long,
            "إثبات الهوية وإثبات العنوان في المدينة",
            &"مركز".repeat(30),
            &"بِسْمِ".repeat(20),
            "\u{320}1و1\u{308}(8)0[[(atأ \u{30b}iv))nئk1قu] jq0ح0ؤ \u{306} 43j8)w]por\u{200d}h\u{316}6 ق\u{306}",
            // One cluster for who shapes it, and many lines wide.
            &"\u{1f468}\u{200d}".repeat(60),
            &"क\u{94d}".repeat(60),
        ] {
            for width in [4.0, 9.0, 20.0] {
                for right_to_left in [true, false] {
                    let lines = set(text, right_to_left, width);
                    for line in &lines {
                        assert!(line.width <= width, "{text} {width}: {}", line.width);
                    }
                    let all: String = lines
                        .iter()
                        .flat_map(|line| line.runs.iter().map(|run| run.text.replace(' ', "")))
                        .collect();
                    assert_eq!(all.chars().count(), text.replace(' ', "").chars().count());
                    assert_eq!(lines.last().map(|line| line.end), Some(text.len()));
                    assert!(lines.is_sorted_by(|one, next| one.end < next.end));
                }
            }
        }
    }

    #[test]
    fn a_letter_that_is_wider_than_its_line_stands_alone_on_it() {
        let lines = set("mw مم", false, 0.1);
        assert_eq!(lines.len(), 4);
        assert!(lines.iter().all(|line| line.width > 0.1));
    }

    #[test]
    fn a_line_ends_between_words_where_it_can() {
        let said = |text: &str, width: f32| -> Vec<String> {
            let lines = set(text, false, width);
            lines.iter().map(|line| seen(line).concat()).collect()
        };
        let words = ["Proof of", "identity and", "address"];
        assert_eq!(said("Proof of identity and address", 6.5), words);
        // One that is longer than a line begins on a line of its own, and others follow it.
        let long = said("of supercalifragilistic and so on", 6.5);
        assert_eq!(long[0], "of");
        assert_eq!(long[1..], ["supercalifragi", "listic and so", "on"]);
    }

    #[test]
    fn what_was_typed_cannot_turn_the_slip_around() {
        assert_eq!(clean("a\u{202e}b\u{2067}\u{0}\n\t c \u{2029}", 99), "ab c");
        assert_eq!(clean("abcdef", 3), "abc…");
        assert_eq!(clean(" \u{200f} ", 3), "");
        assert!(set("", true, 5.0).is_empty());
    }

    #[test]
    fn a_letter_that_no_font_has_is_drawn_as_missing() {
        let lines = set("नाम", false, 50.0);
        assert!(lines[0].runs.iter().flat_map(|run| &run.glyphs).any(|g| g.glyph_id.to_u32() == 0));
    }
}
