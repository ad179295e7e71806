//! Measures how well and how fast codes are read: pictures and moving sequences of acknowledgements
//! made from fixed seeds, and pictures of what is no acknowledgement, from which nothing may be read
//! that is not there.
//!
//! `scripts/bench qr` runs it. Each picture is made outside of what is measured. `--short` is a small
//! one that finds faults and no figures.

#[path = "qr/camera.rs"]
mod camera;
#[path = "qr/classes.rs"]
mod classes;
#[path = "qr/draw.rs"]
mod draw;
#[path = "qr/foreign.rs"]
mod foreign;
#[path = "qr/scene.rs"]
mod scene;
#[path = "qr/sequence.rs"]
mod sequence;
#[path = "qr/stills.rs"]
mod stills;
#[path = "qr/tally.rs"]
mod tally;

use std::process::ExitCode;

use crate::tally::Fault;

/// What is measured, and how much of it.
struct Plan {
    parts: Vec<String>,
    /// Pictures of each class at each size.
    pictures: usize,
    sequences: usize,
    /// Whether the pictures are 1280 by 720, of each size.
    sizes: &'static [bool],
    /// Pictures that are no acknowledgement.
    wrong: usize,
    rungs: bool,
}

const USAGE: &str = "usage: qr [stills] [sequences] [wrong] [--rungs] [--short] [--wrong N] \
                     [--pictures N]";

fn main() -> ExitCode {
    match plan().and_then(|plan| run(&plan)) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => {
            eprintln!("qr: a text was read that is not there");
            ExitCode::FAILURE
        }
        Err(fault) => {
            eprintln!("qr: {fault}");
            ExitCode::FAILURE
        }
    }
}

fn plan() -> Result<Plan, Fault> {
    // 15 classes: 2010 pictures a size.
    let mut plan = Plan {
        parts: Vec::new(),
        pictures: 134,
        sequences: 60,
        sizes: &[true, false],
        wrong: 100_000,
        rungs: false,
    };
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        match arg.as_str() {
            // Cargo's own word to a benchmark.
            "--bench" => {}
            "--short" => {
                plan = Plan { pictures: 1, sequences: 1, sizes: &[false], wrong: 45, ..plan };
            }
            "--rungs" => plan.rungs = true,
            "--wrong" => plan.wrong = args.next().ok_or(USAGE)?.parse().map_err(|_| USAGE)?,
            "--pictures" => plan.pictures = args.next().ok_or(USAGE)?.parse().map_err(|_| USAGE)?,
            "stills" | "sequences" | "wrong" => plan.parts.push(arg),
            _ => return Err(USAGE.into()),
        }
    }
    Ok(plan)
}

/// Returns whether nothing was read that is not there.
fn run(plan: &Plan) -> Result<bool, Fault> {
    if cfg!(debug_assertions) {
        println!("not optimised: these figures say nothing of the budgets");
    }
    println!("load of this machine: {}", tally::load()?);
    if plan.rungs {
        return stills::rungs(plan.pictures);
    }
    let chosen = |part: &str| plan.parts.is_empty() || plan.parts.iter().any(|it| it == part);
    let mut right = true;
    if chosen("stills") {
        for large in plan.sizes {
            right &= stills::measure(*large, plan.pictures)?;
        }
    }
    if chosen("sequences") {
        right &= sequence::measure(plan.sizes, plan.sequences)?;
    }
    if chosen("wrong") {
        right &= foreign::measure(plan.wrong)?;
    }
    println!("load of this machine: {}", tally::load()?);
    Ok(right)
}
