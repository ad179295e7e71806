//! A page of a PDF: places things and says what they are, for who reads it aloud or searches it.

use std::num::NonZeroU16;

use krilla::Document;
use krilla::color::luma;
use krilla::geom::{PathBuilder, Point, Rect};
use krilla::metadata::{DateTime as Instant, Metadata, TextDirection};
use krilla::num::NormalizedF32;
use krilla::page::PageSettings;
use krilla::paint::{Fill, Stroke};
use krilla::surface::Surface;
use krilla::tagging::{Artifact, ArtifactType, ContentTag, SpanTag, Tag, TagGroup, TagTree};
use serde::Deserialize;

use super::NotWritten;
use super::paragraph::Line;

/// What a slip is printed on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Paper {
    /// 210 mm × 297 mm.
    #[default]
    A4,
    /// 148 mm × 210 mm.
    A5,
    /// 8.5 in × 11 in.
    Letter,
}

impl Paper {
    /// Reads `a4`, `a5` or `letter`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "a4" => Some(Self::A4),
            "a5" => Some(Self::A5),
            "letter" => Some(Self::Letter),
            _ => None,
        }
    }

    /// Returns width and height in points.
    pub(super) fn size(self) -> (f32, f32) {
        match self {
            Self::A4 => (595.28, 841.89),
            Self::A5 => (419.53, 595.28),
            Self::Letter => (612.0, 792.0),
        }
    }
}

/// Left, top, right and bottom in points from the left upper corner.
pub(super) type Bounds = [f32; 4];

/// What a text is on the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    Title,
    Label,
    Text,
}

/// A line at its place: left end of its baseline, size in points, and how dark it is, 0 being ink.
#[derive(Debug)]
pub(super) struct Placed {
    pub(super) line: Line,
    pub(super) x: f32,
    pub(super) baseline: f32,
    pub(super) size: f32,
    pub(super) tint: u8,
}

/// Something on the page.
#[derive(Debug)]
pub(super) enum Item {
    /// Lines that are read as one, in a language.
    Paragraph { role: Role, language: String, lines: Vec<Placed> },
    /// A surface behind what stands on it.
    Fill { bounds: Bounds, tint: u8 },
    /// A line around something.
    Frame { bounds: Bounds, width: f32 },
    /// A code: dark modules of a square; and what is said in its stead.
    Code { bounds: Bounds, side: usize, modules: Vec<bool>, says: String },
}

/// A document that grows by pages.
pub(super) struct Book {
    document: Document,
    tags: TagTree,
}

impl Book {
    /// Begins a document in `language`.
    pub(super) fn new(
        title: &str,
        language: &str,
        right_to_left: bool,
        made: jiff::civil::DateTime,
    ) -> Self {
        let number = |number: i8| number.unsigned_abs();
        let instant = Instant::new(made.year().unsigned_abs())
            .month(number(made.month()))
            .day(number(made.day()))
            .hour(number(made.hour()))
            .minute(number(made.minute()))
            .second(number(made.second()));
        let direction =
            if right_to_left { TextDirection::RightToLeft } else { TextDirection::LeftToRight };
        let metadata = Metadata::new()
            .title(title.to_owned())
            .language(tag_of(language))
            .creator("prereg-node".into())
            .creation_date(instant)
            .text_direction(direction);
        let mut document = Document::new();
        document.set_metadata(metadata);
        Self { document, tags: TagTree::new().with_lang(Some(tag_of(language))) }
    }

    /// Adds a page.
    pub(super) fn add(&mut self, paper: Paper, items: &[Item]) {
        let (width, height) = paper.size();
        let settings = PageSettings::from_wh(width, height).expect("paper has a size");
        let mut page = self.document.start_page_with(settings);
        let mut surface = page.surface();
        let mut section = TagGroup::new(Tag::Section);
        for item in items {
            draw(&mut surface, &mut section, item);
        }
        surface.finish();
        page.finish();
        self.tags.push(section);
    }

    /// Returns the file.
    pub(super) fn finish(mut self) -> Result<Vec<u8>, NotWritten> {
        self.document.set_tag_tree(self.tags);
        self.document.finish().map_err(|_| NotWritten)
    }
}

fn draw(surface: &mut Surface<'_>, section: &mut TagGroup, item: &Item) {
    match item {
        Item::Paragraph { role, language, lines } => {
            let language = tag_of(language);
            let level = |level| NonZeroU16::new(level).expect("it is not 0");
            let mut group = match role {
                Role::Title => {
                    TagGroup::new(Tag::Hn(level(1), None).with_lang(Some(language.clone())))
                }
                Role::Label => {
                    TagGroup::new(Tag::Hn(level(2), None).with_lang(Some(language.clone())))
                }
                Role::Text => TagGroup::new(Tag::P.with_lang(Some(language.clone()))),
            };
            for line in lines {
                let span = SpanTag::empty().with_lang(Some(&language));
                let id = surface.start_tagged(ContentTag::Span(span));
                write(surface, line);
                surface.end_tagged();
                group.push(id);
            }
            section.push(group);
        }
        Item::Fill { bounds, tint } => artifact(surface, |surface| {
            paint(surface, *tint);
            fill(surface, &[*bounds]);
        }),
        Item::Frame { bounds, width } => artifact(surface, |surface| {
            let [left, top, right, bottom] = *bounds;
            let mut path = PathBuilder::new();
            if let Some(rect) = Rect::from_ltrb(left, top, right, bottom) {
                path.push_rect(rect);
            }
            surface.set_fill(None);
            surface.set_stroke(Some(Stroke { width: *width, ..Stroke::default() }));
            if let Some(path) = path.finish() {
                surface.draw_path(&path);
            }
            surface.set_stroke(None);
        }),
        Item::Code { bounds, side, modules, says } => {
            let mut group = TagGroup::new(Tag::Figure(Some(says.clone())));
            let id = surface.start_tagged(ContentTag::Other);
            paint(surface, 0);
            fill(surface, &bars(*bounds, *side, modules));
            surface.end_tagged();
            group.push(id);
            section.push(group);
        }
    }
}

fn artifact(surface: &mut Surface<'_>, draw: impl FnOnce(&mut Surface<'_>)) {
    surface.start_tagged(ContentTag::Artifact(Artifact::with_kind(ArtifactType::Layout)));
    draw(surface);
    surface.end_tagged();
}

fn write(surface: &mut Surface<'_>, placed: &Placed) {
    paint(surface, placed.tint);
    let mut x = placed.x;
    for run in &placed.line.runs {
        let start = Point::from_xy(x, placed.baseline);
        let font = run.face.font.clone();
        let size = placed.size * run.face.grow;
        surface.draw_glyphs(start, &run.glyphs, font, &run.text, size, false);
        x += run.width * placed.size;
    }
}

fn paint(surface: &mut Surface<'_>, tint: u8) {
    let paint = luma::Color::new(tint).into();
    let opacity = NormalizedF32::ONE;
    surface.set_stroke(None);
    surface.set_fill(Some(Fill { paint, opacity, ..Fill::default() }));
}

fn fill(surface: &mut Surface<'_>, all: &[Bounds]) {
    let mut path = PathBuilder::new();
    for [left, top, right, bottom] in all {
        if let Some(rect) = Rect::from_ltrb(*left, *top, *right, *bottom) {
            path.push_rect(rect);
        }
    }
    if let Some(path) = path.finish() {
        surface.draw_path(&path);
    }
}

/// Returns the dark modules of each row, joined where they touch; rows overlap by a hair, so that
/// nothing shines through between them.
#[expect(clippy::cast_precision_loss, reason = "a code has 177 modules a side at most")]
fn bars([left, top, right, _]: Bounds, side: usize, modules: &[bool]) -> Vec<Bounds> {
    let module = (right - left) / side.max(1) as f32;
    let mut bars = Vec::new();
    for (row, modules) in modules.chunks(side.max(1)).enumerate() {
        let mut at = 0;
        while at < modules.len() {
            let long = modules[at..].iter().take_while(|dark| **dark).count();
            if long > 0 {
                let (x, y) = (left + at as f32 * module, top + row as f32 * module);
                bars.push([x, y, x + long as f32 * module, y + module * 1.004]);
            }
            at += long.max(1);
        }
    }
    bars
}

/// Returns the shorter name of a language, which readers of PDFs know.
fn tag_of(language: &str) -> String {
    match language {
        "eng" => "en",
        "fra" => "fr",
        "ara" => "ar",
        "spa" => "es",
        "por" => "pt",
        "hin" => "hi",
        "amh" => "am",
        other => other,
    }
    .to_owned()
}
