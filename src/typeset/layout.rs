//! The slip as a page: what stands where.
//!
//! The code stands in the outer upper corner, within the first third of the page's height and the
//! outer third of its width, so that no fold at a half or a third goes through it and no thumb lies on
//! it where a slip is held up to a camera. Below, each language has a column of its own that runs its
//! own way; in a slip whose first language runs from right to left everything is mirrored.

use super::NotWritten;
use super::fonts::{Fonts, Weight};
use super::paragraph::{self, Line, clean, isolated, left_to_right};
use super::sheet::{Book, Bounds, Item, Paper, Placed, Role};
use super::slip::{Column, Slip};

/// Letters of one text, and documents, names and columns of a slip, that are shown.
const LONGEST: usize = 240;
const MOST_DOCUMENTS: usize = 10;
const MOST_NAMES: usize = 4;
const MOST_COLUMNS: usize = 3;

const INK: u8 = 0;
const SOFT: u8 = 95;
const BAND: u8 = 238;

/// How texts are made smaller, and at last cut, until they fit: the share of their size, and how many
/// lines each may have.
const SQUEEZES: &[(f32, usize)] = &[
    (1.0, 8),
    (0.93, 8),
    (0.86, 8),
    (0.79, 8),
    (0.72, 8),
    (0.65, 8),
    (0.58, 6),
    (0.52, 4),
    (0.52, 3),
    (0.5, 2),
    (0.5, 1),
];

/// Returns a PDF with a page for each slip.
pub(super) fn pdf(fonts: &Fonts, slips: &[Slip], paper: Paper) -> Result<Vec<u8>, NotWritten> {
    let (Some(first), Some(column)) =
        (slips.first(), slips.first().and_then(|slip| slip.columns.first()))
    else {
        return Err(NotWritten);
    };
    let mut book =
        Book::new(&column.words.title, &column.language, column.right_to_left, first.made_at);
    for slip in slips {
        book.add(paper, &page(fonts, slip, paper));
    }
    book.finish()
}

/// Returns what is on the page of `slip`.
fn page(fonts: &Fonts, slip: &Slip, paper: Paper) -> Vec<Item> {
    let mut items = Vec::new();
    for (scale, most_lines) in SQUEEZES {
        let mut page = Page::new(fonts, slip, paper, *scale, *most_lines);
        let fits = page.fill();
        items = page.items;
        if fits {
            break;
        }
    }
    items
}

/// How a text looks.
#[derive(Clone, Copy)]
struct Style {
    role: Role,
    /// In points, before the page's own scale.
    size: f32,
    weight: Weight,
    tint: u8,
}

const TITLE: Style = Style { role: Role::Title, size: 19.0, weight: Weight::Bold, tint: INK };
const SUBTITLE: Style = Style { role: Role::Text, size: 11.5, weight: Weight::Regular, tint: SOFT };
const LABEL: Style = Style { role: Role::Label, size: 9.0, weight: Weight::Regular, tint: SOFT };
const NUMBER: Style = Style { role: Role::Text, size: 27.0, weight: Weight::Bold, tint: INK };
const NAME: Style = Style { role: Role::Text, size: 14.0, weight: Weight::Bold, tint: INK };
const DAY: Style = Style { role: Role::Text, size: 11.5, weight: Weight::Bold, tint: INK };
const TIME: Style = Style { role: Role::Text, size: 24.0, weight: Weight::Bold, tint: INK };
const STRONG: Style = Style { role: Role::Text, size: 11.5, weight: Weight::Bold, tint: INK };
const BODY: Style = Style { role: Role::Text, size: 10.5, weight: Weight::Regular, tint: INK };
const SMALL: Style = Style { role: Role::Text, size: 8.0, weight: Weight::Regular, tint: SOFT };

/// A column's place.
#[derive(Clone, Copy)]
struct Span {
    left: f32,
    right: f32,
}

impl Span {
    fn width(self) -> f32 {
        self.right - self.left
    }
}

/// On which side of its column a text begins.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Left,
    Right,
    Middle,
}

impl Side {
    fn of(right_to_left: bool) -> Self {
        if right_to_left { Self::Right } else { Self::Left }
    }
}

struct Page<'a> {
    fonts: &'a Fonts,
    slip: &'a Slip,
    columns: &'a [Column],
    /// What sizes and distances are multiplied with: by the paper, and by how much has to fit.
    scale: f32,
    /// What sizes are multiplied with besides: columns that are wide have larger letters.
    grow: f32,
    most_lines: usize,
    margin: f32,
    width: f32,
    height: f32,
    /// A module of the code, in points.
    module: f32,
    items: Vec<Item>,
}

impl<'a> Page<'a> {
    fn new(
        fonts: &'a Fonts,
        slip: &'a Slip,
        paper: Paper,
        squeeze: f32,
        most_lines: usize,
    ) -> Self {
        let (width, height) = paper.size();
        // Millimetres of a module; the stock slip has 1.4.
        let (paper_scale, margin, module) = match paper {
            Paper::A4 | Paper::Letter => (1.0, 48.0, 2.0),
            Paper::A5 => (0.8, 30.0, 1.6),
        };
        #[expect(clippy::cast_precision_loss, reason = "a code has 177 modules a side at most")]
        let side = slip.side.max(1) as f32;
        let module = (module * 72.0 / 25.4_f32).min(0.3 * (width - 2.0 * margin) / side);
        let columns = &slip.columns[..slip.columns.len().min(MOST_COLUMNS)];
        let scale = paper_scale * squeeze;
        let items = Vec::new();
        Self {
            fonts,
            slip,
            columns,
            scale,
            grow: 1.0,
            most_lines,
            margin,
            width,
            height,
            module,
            items,
        }
    }

    fn is_mirrored(&self) -> bool {
        self.columns.first().is_some_and(|column| column.right_to_left)
    }

    /// Puts everything on the page; tells whether it fits.
    fn fill(&mut self) -> bool {
        let gap = 16.0 * self.scale;
        let mut y = self.head() + gap;
        self.grow = match self.columns.len() {
            1 => 1.3,
            2 => 1.15,
            _ => 1.0,
        };
        if self.slip.only_here {
            y = self.framed(y) + gap;
        }
        y = self.banded(y) + gap;
        y = self.cells(y, Self::center);
        if self.columns.iter().any(|column| !column.bring.is_empty()) {
            self.rule(y + gap / 2.0);
            y = self.cells(y + gap, Self::bring);
        }
        self.grow = 1.0;
        y + gap <= self.foot()
    }

    /// Puts title, number and names, and the code beside them; returns where they end.
    #[expect(clippy::cast_precision_loss, reason = "a code has 177 modules a side at most")]
    fn head(&mut self) -> f32 {
        let (slip, mirrored) = (self.slip, self.is_mirrored());
        let Some(first) = self.columns.first() else { return self.margin };
        let side = slip.side as f32 * self.module;
        let quiet = 4.0 * self.module;
        let (left, right) = (self.margin, self.width - self.margin);
        let code = if mirrored { left } else { right - side };
        let text = if mirrored {
            Span { left: left + side + quiet, right }
        } else {
            Span { left, right: right - side - quiet }
        };
        let edge = Side::of(mirrored);

        let mut y = self.margin - 5.0 * self.scale;
        y = self.put(&first.words.title, TITLE, &first.language, mirrored, edge, text, y);
        for (number, column) in self.columns.iter().enumerate().skip(1) {
            let (title, language) = (&column.words.title, &column.language);
            if self.columns[..number].iter().any(|other| other.words.title == *title) {
                continue;
            }
            y = self.put(title, SUBTITLE, language, column.right_to_left, edge, text, y);
        }
        y += 12.0 * self.scale;
        let number = self.in_each_language(|column| &column.words.number);
        y = self.put(&number, LABEL, &first.language, mirrored, edge, text, y);
        y = self.put(&grouped(&slip.number), NUMBER, &first.language, false, edge, text, y);
        if slip.names.iter().any(|(name, _)| !clean(name, LONGEST).is_empty()) {
            y += 6.0 * self.scale;
            let label = self.in_each_language(|column| &column.words.name);
            y = self.put(&label, LABEL, &first.language, mirrored, edge, text, y);
            for (name, right_to_left) in slip.names.iter().take(MOST_NAMES) {
                y = self.put(name, NAME, &first.language, *right_to_left, edge, text, y);
            }
        }

        let bounds = [code, self.margin, code + side, self.margin + side];
        let says = format!("{}: {}", first.words.show, slip.number);
        let modules = slip.modules.clone();
        self.items.push(Item::Code { bounds, side: slip.side, modules, says });
        let below = Span { left: code, right: code + side };
        let mut under = bounds[3] + quiet;
        for (number, column) in self.columns.iter().enumerate() {
            let (show, language) = (&column.words.show, &column.language);
            if self.columns[..number].iter().any(|other| other.words.show == *show) {
                continue;
            }
            under =
                self.put(show, SMALL, language, column.right_to_left, Side::Middle, below, under);
        }
        y.max(under)
    }

    /// Puts what has to be known of a number that only this center knows.
    fn framed(&mut self, y: f32) -> f32 {
        let padding = 8.0 * self.scale;
        let bottom = self.cells(y + padding, |page, column, span, y| {
            let (text, edge) = (&column.words.only_here, Side::of(column.right_to_left));
            page.put(text, STRONG, &column.language, column.right_to_left, edge, span, y)
        }) + padding;
        let bounds = self.beyond_the_text(y, bottom);
        self.items.push(Item::Frame { bounds, width: 1.2 });
        bottom
    }

    /// Puts the appointment on a band.
    fn banded(&mut self, y: f32) -> f32 {
        let place = self.items.len();
        let padding = 10.0 * self.scale;
        let bottom = self.cells(y + padding, Self::appointment) + padding;
        let bounds = self.beyond_the_text(y, bottom);
        // Before the texts, for it is painted behind them.
        self.items.insert(place, Item::Fill { bounds, tint: BAND });
        bottom
    }

    /// Returns what is behind texts from `top` to `bottom`: it reaches into the margins, so that they
    /// begin where those above and below do.
    fn beyond_the_text(&self, top: f32, bottom: f32) -> Bounds {
        let beyond = 12.0 * self.scale.min(1.0);
        [self.margin - beyond, top, self.width - self.margin + beyond, bottom]
    }

    fn rule(&mut self, y: f32) {
        let bounds = [self.margin, y, self.width - self.margin, y + 0.6];
        self.items.push(Item::Fill { bounds, tint: 200 });
    }

    fn appointment(&mut self, column: &Column, span: Span, mut y: f32) -> f32 {
        let (language, mirrored) = (&column.language, column.right_to_left);
        let edge = Side::of(mirrored);
        y = self.put(&column.words.appointment, LABEL, language, mirrored, edge, span, y);
        let Some((day, time)) = self.slip.appointment else {
            return self.put(&column.words.no_appointment, DAY, language, mirrored, edge, span, y);
        };
        y = self.put(&column.words.day(day), DAY, language, mirrored, edge, span, y);
        let time = time.strftime("%H:%M").to_string();
        self.put(&time, TIME, language, false, edge, span, y)
    }

    fn center(&mut self, column: &Column, span: Span, mut y: f32) -> f32 {
        if column.center.is_empty() {
            return y;
        }
        let (language, mirrored) = (&column.language, column.right_to_left);
        let edge = Side::of(mirrored);
        y = self.put(&column.words.center, LABEL, language, mirrored, edge, span, y);
        y = self.put(&column.center, STRONG, language, mirrored, edge, span, y);
        y = self.put(&column.address, BODY, language, mirrored, edge, span, y);
        let phone = clean(&column.phone, LONGEST);
        if phone.is_empty() {
            return y;
        }
        let phone = format!("{}: {}", column.words.phone, left_to_right(&phone));
        self.put_whole(&phone, BODY, language, mirrored, edge, span, y)
    }

    fn bring(&mut self, column: &Column, span: Span, mut y: f32) -> f32 {
        if column.bring.is_empty() {
            return y;
        }
        let (language, mirrored) = (&column.language, column.right_to_left);
        let edge = Side::of(mirrored);
        y = self.put(&column.words.bring, LABEL, language, mirrored, edge, span, y);
        let indent = 10.0 * self.scale;
        let inner = if mirrored {
            Span { right: span.right - indent, ..span }
        } else {
            Span { left: span.left + indent, ..span }
        };
        for document in column.bring.iter().take(MOST_DOCUMENTS) {
            let begun = self.items.len();
            y = self.put(document, BODY, language, mirrored, edge, inner, y);
            // On the line of its text, whatever font that is in.
            let first = self.items.get(begun).and_then(|item| match item {
                Item::Paragraph { lines, .. } => lines.first(),
                _ => None,
            });
            if let Some(baseline) = first.map(|line| line.baseline) {
                self.put("•", BODY, language, mirrored, edge, span, y);
                if let Some(Item::Paragraph { lines, .. }) = self.items.last_mut() {
                    lines.iter_mut().for_each(|line| line.baseline = baseline);
                }
            }
        }
        y
    }

    /// Puts when the slip was made at the bottom of the page; returns where that begins.
    fn foot(&mut self) -> f32 {
        let made = self.slip.made_at;
        let begun = self.items.len();
        let bottom = self.cells(0.0, |page, column, span, y| {
            let comma = if column.right_to_left { "،" } else { "," };
            let (words, time) = (&column.words, made.strftime("%H:%M"));
            let text = format!("{} {}{comma} {time}", words.made, words.day(made.date()));
            let edge = Side::of(column.right_to_left);
            page.put(&text, SMALL, &column.language, column.right_to_left, edge, span, y)
        });
        let top = self.height - self.margin - bottom;
        for item in &mut self.items[begun..] {
            if let Item::Paragraph { lines, .. } = item {
                lines.iter_mut().for_each(|line| line.baseline += top);
            }
        }
        self.rule(top - 5.0 * self.scale);
        top - 5.0 * self.scale
    }

    /// Puts a cell for each language side by side; returns where the longest ends.
    fn cells(
        &mut self,
        y: f32,
        mut cell: impl FnMut(&mut Self, &'a Column, Span, f32) -> f32,
    ) -> f32 {
        #[expect(clippy::cast_precision_loss, reason = "there are three at most")]
        let place = |number: usize| number as f32;
        let gap = 14.0 * self.scale;
        let (left, right) = (self.margin, self.width - self.margin);
        let count = self.columns.len();
        let each = (right - left - gap * place(count.saturating_sub(1))) / place(count.max(1));
        let mut bottom = y;
        for (number, column) in self.columns.iter().enumerate() {
            let number = if self.is_mirrored() { count - 1 - number } else { number };
            let left = left + place(number) * (each + gap);
            bottom = cell(self, column, Span { left, right: left + each }, y).max(bottom);
        }
        bottom
    }

    /// Joins a label of every language.
    fn in_each_language(&self, label: impl Fn(&Column) -> &str) -> String {
        let mut labels: Vec<&str> = Vec::new();
        for label in self.columns.iter().map(label) {
            if !labels.contains(&label) {
                labels.push(label);
            }
        }
        labels.into_iter().map(isolated).collect::<Vec<_>>().join(" · ")
    }

    /// Puts a text that somebody typed, or a label; returns where it ends.
    #[expect(clippy::too_many_arguments, reason = "a text has that many sides")]
    fn put(
        &mut self,
        text: &str,
        style: Style,
        language: &str,
        right_to_left: bool,
        edge: Side,
        span: Span,
        y: f32,
    ) -> f32 {
        // Labels of several languages are isolated by us, and have nothing in them that was typed.
        let cleaned = match style.role {
            Role::Label => text.to_owned(),
            Role::Title | Role::Text => clean(text, LONGEST),
        };
        self.put_whole(&cleaned, style, language, right_to_left, edge, span, y)
    }

    #[expect(clippy::too_many_arguments, reason = "a text has that many sides")]
    fn put_whole(
        &mut self,
        text: &str,
        style: Style,
        language: &str,
        right_to_left: bool,
        edge: Side,
        span: Span,
        y: f32,
    ) -> f32 {
        let size = style.size * self.scale * self.grow;
        let mut bottom = y;
        let mut lines = Vec::new();
        for line in self.cut(text, style.weight, right_to_left, span.width() / size) {
            let height = (line.ascent + line.descent).max(1.3);
            let above = (height - line.ascent - line.descent) / 2.0 + line.ascent;
            let x = match edge {
                Side::Left => span.left,
                Side::Right => span.right - line.width * size,
                Side::Middle => f32::midpoint(span.left, span.right) - line.width * size / 2.0,
            };
            let baseline = bottom + above * size;
            bottom += height * size;
            lines.push(Placed { line, x, baseline, size, tint: style.tint });
        }
        if !lines.is_empty() {
            let language = language.to_owned();
            self.items.push(Item::Paragraph { role: style.role, language, lines });
        }
        bottom
    }

    /// Breaks a text into as many lines as it may have; what is left out is marked. Of what has room
    /// without the mark one letter makes room for it, else two, then four: so a few rounds are enough
    /// for any text.
    fn cut(&self, text: &str, weight: Weight, right_to_left: bool, width: f32) -> Vec<Line> {
        let lines = |text: &str| paragraph::lines(self.fonts, text, weight, right_to_left, width);
        let all = lines(text);
        let Some(last) = self.most_lines.checked_sub(1).filter(|_| all.len() > self.most_lines)
        else {
            return all;
        };
        let kept: Vec<char> = text[..all[last].end].trim_end().chars().collect();
        let mut fewer = 1;
        loop {
            let some: String = kept.iter().take(kept.len().saturating_sub(fewer)).collect();
            let mut marked = lines(&format!("{}…", some.trim_end()));
            if marked.len() <= self.most_lines || some.is_empty() {
                marked.truncate(self.most_lines);
                return marked;
            }
            fewer *= 2;
        }
    }
}

/// Groups the digits of a number by four, for the eye.
fn grouped(number: &str) -> String {
    let mut grouped = String::new();
    for (place, digit) in number.chars().enumerate() {
        if place > 0 && place % 4 == 0 {
            grouped.push('\u{a0}');
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests;
