//! Single pictures: what each decoder alone reads, and what the ladder does.

use std::time::Duration;

use prereg_node::scanner::decode::{self, Code};
use prereg_node::scanner::live::Live;

use crate::classes::{CLASSES, Picture, picture};
use crate::tally::{Fault, Tally, spread, timed};

/// How long the ladder for files may search.
const FILE: Duration = Duration::from_secs(1);
/// Frames of a second and a half.
const FRAMES: u64 = 45;

/// What is measured of each picture; the last is each of the 45 frames by itself.
const WAYS: [&str; 6] = ["zxing-cpp", "rqrr", "files", "frame", "45 frames", "each of 45"];

const EACH: usize = 5;

type Tallies = [Tally; WAYS.len()];

/// Prints rates and times of `count` pictures of each class at one size. Returns whether none was
/// read wrongly.
pub(crate) fn measure(large: bool, count: usize) -> Result<bool, Fault> {
    let size = if large { "1280×720" } else { "640×480" };
    println!("\n{} pictures, {size}; read, of a hundred", count * CLASSES.len());
    print!("{:<14}", "");
    WAYS[..EACH].iter().for_each(|way| print!("{way:>11}"));
    println!("   files: ms p50 / p95   frame: ms p50 / p95");
    let mut all = Tallies::default();
    for (class, name) in CLASSES {
        let results = spread(count, |index| look(&picture(class, index, large)))?;
        let mut tallies = Tallies::default();
        for result in &results {
            tallies.iter_mut().zip(result).for_each(|(tally, result)| tally.join(result));
        }
        show(name, &tallies);
        all.iter_mut().zip(&tallies).for_each(|(all, tally)| all.join(tally));
    }
    show("all", &all);
    for (way, tally) in WAYS.iter().zip(&all) {
        println!(
            "{way:<12}{:>7} looks: ms p50 {:6.1}  p95 {:6.1}  p99.9 {:6.1}   \
             {:>6} hits: p50 {:6.1}  p99.9 {:6.1}   wrong payloads: {}",
            tally.count(),
            tally.ms(500),
            tally.ms(950),
            tally.ms(999),
            tally.hits,
            tally.hit_ms(500),
            tally.hit_ms(999),
            tally.wrong
        );
    }
    println!("files above zxing-cpp alone: {:.1} points", all[2].rate() - all[0].rate());
    Ok(all.iter().skip(2).all(|tally| tally.wrong == 0))
}

fn show(name: &str, tallies: &Tallies) {
    print!("{name:<14}");
    tallies[..EACH].iter().for_each(|tally| print!("{:>11.1}", tally.rate()));
    let [.., files, frame, _, _] = tallies;
    print!("{:>14.1} / {:6.1}", files.ms(500), files.ms(950));
    println!("{:>15.1} / {:6.1}", frame.ms(500), frame.ms(950));
}

fn look(picture: &Picture) -> Result<Tallies, Fault> {
    let mut tallies = Tallies::default();
    let mut note = |way: usize, texts: Vec<String>, took: Duration| {
        let hit = texts.contains(&picture.text);
        let wrong = texts.iter().any(|text| *text != picture.text);
        tallies[way].add(hit, wrong, took);
    };
    let luma = &picture.luma;
    let (codes, took) = timed(|| decode::plain(luma))?;
    note(0, texts(codes), took);
    let (codes, took) = timed(|| decode::rqrr(luma))?;
    note(1, texts(codes), took);
    let (codes, took) = timed(|| decode::codes(luma, FILE))?;
    note(2, texts(codes), took);
    let mut live = Live::new();
    let (mut all, mut told) = (Duration::ZERO, Vec::new());
    // The same picture held still.
    for frame in 0..FRAMES {
        let (new, took) = timed(|| live.look(luma, Duration::from_millis(frame * 33)))?;
        all += took;
        told.extend(new.clone());
        note(EACH, new.clone(), took);
        if frame == 0 {
            note(3, new, took);
        }
        if told.contains(&picture.text) {
            break;
        }
    }
    note(4, told, all);
    Ok(tallies)
}

fn texts(codes: Vec<Code>) -> Vec<String> {
    codes.into_iter().map(|code| code.text).collect()
}

/// Prints for each rung what it reads that those before it missed, and its cost.
pub(crate) fn rungs(count: usize) -> Result<bool, Fault> {
    let mut right = true;
    for large in [true, false] {
        let pictures = count * CLASSES.len();
        println!("\n{pictures} pictures, {}", if large { "1280×720" } else { "640×480" });
        println!("{:<24}{:>8}{:>8}{:>10}{:>10}", "rung", "shown", "read", "ms p50", "ms p95");
        let results = spread(pictures, |index| {
            let picture = picture(CLASSES[index % CLASSES.len()].0, index / CLASSES.len(), large);
            let mut tallies = Vec::new();
            for rung in &decode::RUNGS {
                let (read, took) = timed(|| rung.look(&picture.luma))?;
                let hit = read.iter().any(|read| read.code.text == picture.text);
                let wrong = read.iter().any(|read| read.firm && read.code.text != picture.text);
                let mut tally = Tally::default();
                tally.add(hit, wrong, took);
                tallies.push(tally);
                if hit {
                    break;
                }
            }
            Ok(tallies)
        })?;
        for (i, rung) in decode::RUNGS.iter().enumerate() {
            let mut all = Tally::default();
            results.iter().filter_map(|result| result.get(i)).for_each(|tally| all.join(tally));
            println!(
                "{:<24}{:>8}{:>8}{:>10.1}{:>10.1}",
                rung.name,
                all.count(),
                all.hits,
                all.ms(500),
                all.ms(950)
            );
            right &= all.wrong == 0;
        }
    }
    Ok(right)
}
