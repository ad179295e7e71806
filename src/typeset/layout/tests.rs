use std::sync::Arc;

use hayro::hayro_syntax::Pdf;
use jiff::civil::{date, time};
use proptest::prelude::*;

use super::*;
use crate::typeset::WordBook;

const PAPERS: [Paper; 3] = [Paper::A4, Paper::A5, Paper::Letter];

fn slip(languages: &[&str]) -> Slip {
    let book = WordBook::default();
    let column = |language: &&str| {
        let right_to_left = *language == "ara";
        let (center, address, papers) = match *language {
            "fra" => ("Centre du Vieux-Quai", "3 rue du Quai, Ostrelle-Ville", "Preuve d’identité"),
            "ara" => ("مركز تسجيل الرصيف القديم", "3 شارع الرصيف، مدينة أوستريل", "إثبات الهوية"),
            _ => ("Old Quay Center", "3 Quay Street, Ostrelle City", "Proof of identity"),
        };
        Column {
            language: (*language).to_owned(),
            right_to_left,
            words: Arc::clone(book.of(language)),
            center: center.to_owned(),
            address: address.to_owned(),
            phone: "+212 555-0101".to_owned(),
            bring: vec![papers.to_owned(), papers.to_owned()],
        }
    };
    Slip {
        number: "97465075291709".to_owned(),
        side: 21,
        modules: (0..441).map(|n| n % 3 == 0).collect(),
        names: vec![("Sanbir Nur".to_owned(), false), ("سنبير نور".to_owned(), true)],
        only_here: true,
        appointment: Some((date(2026, 11, 30), time(9, 30, 0, 0))),
        made_at: date(2026, 11, 22).at(12, 3, 0, 0),
        columns: languages.iter().map(column).collect(),
    }
}

/// Returns what an item covers.
fn bounds(item: &Item) -> Bounds {
    match item {
        Item::Paragraph { lines, .. } => {
            lines.iter().fold([f32::MAX, f32::MAX, 0.0, 0.0], |b, l| {
                [
                    b[0].min(l.x),
                    b[1].min(l.baseline - l.line.ascent * l.size),
                    b[2].max(l.x + l.line.width * l.size),
                    b[3].max(l.baseline + l.line.descent * l.size),
                ]
            })
        }
        Item::Fill { bounds, .. } | Item::Frame { bounds, .. } | Item::Code { bounds, .. } => {
            *bounds
        }
    }
}

fn code(items: &[Item]) -> Bounds {
    items.iter().find(|item| matches!(item, Item::Code { .. })).map(bounds).unwrap()
}

fn text(item: &Item) -> String {
    let Item::Paragraph { lines, .. } = item else { return String::new() };
    lines.iter().flat_map(|line| line.line.runs.iter().map(|run| run.text.as_str())).collect()
}

/// Tells what is off the page, and which texts lie on another or on the code's quiet zone.
fn faults(items: &[Item], paper: Paper) -> Vec<String> {
    let (width, height) = paper.size();
    let mut faults = Vec::new();
    let [left, top, right, bottom] = code(items);
    let quiet = (right - left) / 21.0 * 3.9;
    let mut texts: Vec<(Bounds, String)> =
        vec![([left - quiet, top - quiet, right + quiet, bottom + quiet], "code".into())];
    for item in items {
        let [left, top, right, bottom] = bounds(item);
        if left < 17.0 || top < 17.0 || right > width - 17.0 || bottom > height - 17.0 {
            faults.push(format!("off the page: {:?} {}", bounds(item), text(item)));
        }
        // A bullet stands beside its text.
        if matches!(item, Item::Paragraph { .. }) && text(item) != "•" {
            let overlaps = |other: &Bounds| {
                let (across, down) = (
                    right.min(other[2]) - left.max(other[0]),
                    bottom.min(other[3]) - top.max(other[1]),
                );
                across > 1.0 && down > 1.5
            };
            for (other, what) in &texts {
                if overlaps(other) {
                    faults.push(format!("{:?} on {what:?}", text(item)));
                }
            }
            texts.push((bounds(item), text(item)));
        }
    }
    faults
}

#[test]
fn no_fold_at_a_half_or_a_third_goes_through_the_code() {
    let fonts = Fonts::new(None);
    for paper in PAPERS {
        for languages in [&["eng"][..], &["ara", "eng"]] {
            let [left, top, right, bottom] = code(&page(&fonts, &slip(languages), paper));
            let (width, height) = paper.size();
            for fold in [1.0 / 2.0, 1.0 / 3.0, 2.0 / 3.0] {
                assert!(!(left..right).contains(&(width * fold)), "{paper:?} {fold}");
                assert!(!(top..bottom).contains(&(height * fold)), "{paper:?} {fold}");
            }
            let module = (right - left) / 21.0 * 25.4 / 72.0;
            assert!(module >= 1.4, "{paper:?}: {module} mm");
        }
    }
}

#[test]
fn a_slip_in_arabic_first_is_mirrored() {
    let fonts = Fonts::new(None);
    let (width, _) = Paper::A4.size();
    let middle = width / 2.0;
    let ends = |items: &[Item], what: &str| {
        let all = items.iter().find(|item| text(item).contains(what)).map(bounds);
        all.unwrap_or_else(|| panic!("{what}"))
    };
    let items = page(&fonts, &slip(&["eng", "ara"]), Paper::A4);
    assert!(code(&items)[0] > middle && ends(&items, "9746")[2] < middle + 100.0);
    assert!(ends(&items, "Old Quay Center")[0] < ends(&items, "القديم")[0]);

    let items = page(&fonts, &slip(&["ara", "eng"]), Paper::A4);
    assert!(code(&items)[2] < middle);
    assert!((ends(&items, "9746")[2] - (width - 48.0)).abs() < 1.0);
    assert!((ends(&items, "القديم")[2] - (width - 48.0)).abs() < 1.0);
    assert!(ends(&items, "Old Quay Center")[0] < middle);
}

#[test]
fn nothing_lies_on_anything_else() {
    let fonts = Fonts::new(None);
    for paper in PAPERS {
        for languages in
            [&["eng"][..], &["fra", "ara"], &["ara", "fra", "eng"], &["eng", "fra", "ara"]]
        {
            let slip = slip(languages);
            assert_eq!(
                faults(&page(&fonts, &slip, paper), paper),
                [""; 0],
                "{languages:?} {paper:?}"
            );
        }
    }
}

#[test]
fn the_longest_of_everything_is_made_smaller_and_stays_on_the_page() {
    let fonts = Fonts::new(None);
    let mut slip = slip(&["ara", "fra", "eng"]);
    let long = "Saint-Nicolas-de-la-Chapelle-aux-Bois ".repeat(20);
    let arabic = "محمد بن عبد الله بن عبد الرحمن ".repeat(20);
    slip.names = vec![
        (long.clone(), false),
        (arabic.clone(), true),
        ("x".repeat(900), false),
        (arabic.clone(), true),
    ];
    for column in &mut slip.columns {
        let long = if column.right_to_left { &arabic } else { &long };
        column.center = long.clone();
        column.address = long.clone();
        column.phone = "9".repeat(500);
        column.bring = vec![long.clone(); 40];
    }
    for paper in PAPERS {
        assert_eq!(faults(&page(&fonts, &slip, paper), paper), [""; 0], "{paper:?}");
    }
}

#[test]
fn the_same_slip_is_the_same_file() {
    let fonts = Fonts::new(None);
    let slips = [slip(&["eng", "ara"]), slip(&["fra"])];
    let one = pdf(&fonts, &slips, Paper::A4).unwrap();
    assert_eq!(one, pdf(&Fonts::new(None), &slips, Paper::A4).unwrap());
    assert!(one.starts_with(b"%PDF-") && one.len() < 200_000, "{}", one.len());
    assert_eq!(Pdf::new(one).map(|pdf| pdf.pages().len()).ok(), Some(2));
    assert!(pdf(&fonts, &[], Paper::A4).is_err());
}

#[test]
fn what_is_left_out_of_a_text_is_marked_and_as_much_as_has_room_is_kept() {
    let fonts = Fonts::new(None);
    let slip = slip(&["eng"]);
    let mut page = Page::new(&fonts, &slip, Paper::A4, 1.0, 2);
    let mut said = |text: &str, width: f32, most: usize| -> String {
        page.most_lines = most;
        let lines = page.cut(text, Weight::Regular, false, width);
        assert!(lines.len() <= most && lines.iter().all(|line| line.width <= width), "{text}");
        lines.iter().flat_map(|line| line.runs.iter().map(|run| run.text.as_str())).collect()
    };
    let whole = said("Proof of identity and address", 6.5, 3);
    assert_eq!(whole, "Proof ofidentity andaddress");
    assert_eq!(said("Proof of identity and address", 6.5, 2), "Proof ofidentity an…");
    assert_eq!(said("Proof", 0.9, 1), "…");
}

#[test]
fn a_number_is_grouped_by_four() {
    assert_eq!(grouped("97465075291709"), "9746\u{a0}5075\u{a0}2917\u{a0}09");
}

fn typed() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        proptest::collection::vec(any::<char>(), 0..300).prop_map(|all| all.into_iter().collect()),
        "[a-zء-ي\u{300}-\u{320}\u{64b}-\u{652}\u{200c}-\u{200f}\u{202a}-\u{202e}\u{2066}-\u{2069} ()\\[\\]0-9]{0,200}",
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    #[test]
    fn whatever_was_typed_a_slip_is_a_page_and_nothing_leaves_it(
        names in proptest::collection::vec((typed(), any::<bool>()), 0..4),
        texts in proptest::collection::vec(typed(), 4),
        booked in any::<bool>(),
    ) {
        let fonts = Fonts::new(None);
        let mut slip = slip(&["eng", "ara", "fra"]);
        slip.names = names;
        if !booked {
            slip.appointment = None;
        }
        for column in &mut slip.columns {
            column.center = texts[0].clone();
            column.address = texts[1].clone();
            column.phone = texts[2].clone();
            column.bring = vec![texts[3].clone(); 2];
        }
        prop_assert_eq!(faults(&page(&fonts, &slip, Paper::A5), Paper::A5), [""; 0]);
        let file = pdf(&fonts, &[slip.clone(), slip], Paper::A5).unwrap();
        prop_assert_eq!(Pdf::new(file).map(|pdf| pdf.pages().len()).ok(), Some(2));
    }
}
