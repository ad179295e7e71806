//! Good files with something wrong in them, and files made to break what reads them: each gets an
//! answer in time, and the next file is read as if nothing had been.

use std::time::Duration;

use prereg_node::clock::Stopwatch;
use prereg_node::scanner::source::Unreadable;
use prereg_node::scanner::worker::Worker;
use proptest::prelude::*;

use crate::files::good_files;
use crate::pdf;
use crate::photo::PRID;

fn worker() -> Worker {
    Worker::new(env!("CARGO_BIN_EXE_prereg-node"))
}

/// What happens to a file.
#[derive(Clone, Debug)]
enum Damage {
    /// It ends here, in 65,536ths of its length.
    Cut(u16),
    /// The byte at each of these places becomes another.
    Change(Vec<(u16, u8)>),
    /// This much of it stands at another place as well.
    Copy(u16, u16, u8),
}

impl Damage {
    fn done_to(&self, mut file: Vec<u8>) -> Vec<u8> {
        let place = |at: u16, file: &[u8]| (usize::from(at) * file.len()) >> 16;
        match self {
            Self::Cut(at) => file.truncate(place(*at, &file)),
            Self::Change(bytes) => {
                for (at, byte) in bytes {
                    let at = place(*at, &file);
                    file[at] ^= byte;
                }
            }
            Self::Copy(from, to, length) => {
                let (from, to) = (place(*from, &file), place(*to, &file));
                let end = (from + usize::from(*length)).min(file.len());
                let part = file[from..end].to_vec();
                file.splice(to..to, part);
            }
        }
        file
    }
}

fn damage() -> impl Strategy<Value = Damage> {
    let change = proptest::collection::vec((any::<u16>(), 1..=u8::MAX), 1..8);
    prop_oneof![
        any::<u16>().prop_map(Damage::Cut),
        change.prop_map(Damage::Change),
        any::<(u16, u16, u8)>().prop_map(|(from, to, length)| Damage::Copy(from, to, length)),
    ]
}

/// I11, and never a wrong text.
#[test]
fn a_damaged_file_is_an_answer_in_time_and_the_right_text_or_none() {
    let files = good_files();
    let mut worker = worker();
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig {
        cases: 250,
        failure_persistence: None,
        ..ProptestConfig::default()
    });
    let cases = (0..files.len(), damage());
    let worker = std::cell::RefCell::new(&mut worker);
    let outcome = runner.run(&cases, |(which, damage)| {
        let content = damage.done_to(files[which].1.clone());
        let watch = Stopwatch::start();
        let answer = worker.borrow_mut().read(content);
        prop_assert!(watch.elapsed() < Duration::from_secs(15), "{:?}", watch.elapsed());
        prop_assert_ne!(&answer, &Err(Unreadable::TooSlow(10)));
        for code in answer.into_iter().flat_map(|reading| reading.codes) {
            prop_assert_eq!(code.text, PRID);
        }
        Ok(())
    });
    outcome.unwrap();
}

/// Forms that draw one another, tenfold each: ten thousand million squares in a kilobyte.
fn endless_pdf() -> Vec<u8> {
    let mut objects = vec![
        b"<< /Type /Catalog /Pages 2 0 R >>".to_vec(),
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_vec(),
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 58 58] /Contents 4 0 R \
          /Resources << /XObject << /F 5 0 R >> >> >>"
            .to_vec(),
        pdf::stream("", b"/F Do"),
    ];
    for number in 6..=15 {
        let entries = format!(
            "/Type /XObject /Subtype /Form /BBox [0 0 58 58] \
             /Resources << /XObject << /F {number} 0 R >> >>"
        );
        objects.push(pdf::stream(&entries, "/F Do ".repeat(10).as_bytes()));
    }
    let square = "/Type /XObject /Subtype /Form /BBox [0 0 58 58]";
    objects.push(pdf::stream(square, b"0 0 58 58 re f"));
    pdf::file(&objects)
}

#[test]
fn a_file_that_takes_too_long_is_given_up_and_the_next_one_read() {
    let mut worker = worker().with_patience(Duration::from_secs(3));
    let watch = Stopwatch::start();
    assert_eq!(worker.read(endless_pdf()), Err(Unreadable::TooSlow(3)));
    assert!(watch.elapsed() < Duration::from_secs(6), "{:?}", watch.elapsed());

    let [(_, png), ..] = good_files();
    let codes = worker.read(png).unwrap().codes;
    assert_eq!(codes.iter().map(|code| &code.text).collect::<Vec<_>>(), [PRID]);
}

#[test]
fn files_made_to_break_a_decoder_do_not_keep_the_next_one_from_being_read() {
    let nested = |open: &str, close: &str| {
        let deep = open.repeat(200_000) + &close.repeat(200_000);
        pdf::pages(58, std::slice::from_ref(&deep))
            .into_iter()
            .chain(format!("\n9 0 obj\n{deep}\nendobj\n").into_bytes())
            .collect::<Vec<u8>>()
    };
    let ring = pdf::file(&[
        b"<< /Type /Catalog /Pages 2 0 R >>".to_vec(),
        b"<< /Type /Pages /Kids [2 0 R 2 0 R] /Count 2 /Parent 2 0 R >>".to_vec(),
    ]);
    let parents = {
        let mut objects = vec![b"<< /Type /Catalog /Pages 2 0 R >>".to_vec()];
        objects
            .extend((3..100_000).map(|next| {
                format!("<< /Type /Pages /Kids [{next} 0 R] /Count 1 >>").into_bytes()
            }));
        pdf::file(&objects)
    };
    let swollen = {
        let jpeg = &good_files()[4].1;
        pdf::scanned(58, jpeg, 2_000_000_000, 2_000_000_000)
    };
    let hostile = [
        nested("[", "]"),
        nested("<< /A ", ">>"),
        nested("q ", "Q "),
        nested("(", ")"),
        ring,
        parents,
        swollen,
    ];
    let [(_, png), ..] = good_files();
    let mut worker = worker();
    for (i, file) in hostile.into_iter().enumerate() {
        let answer = worker.read(file);
        let codes = answer.map(|reading| reading.codes).unwrap_or_default();
        assert!(codes.iter().all(|code| code.text == PRID), "hostile file {i}");
        let codes = worker.read(png.clone()).unwrap().codes;
        assert_eq!(codes.len(), 1, "after hostile file {i}");
    }
}
