//! Kills the center with SIGKILL in the middle of pull and push, again and again, and looks whether
//! anything was lost, came twice or can be read.
//!
//! Central stays up. Each time it takes in new applications with appointments at the center, so that
//! there is something to pull, and the center is given walk-ins with documents as soon as it answers.
//! `scripts/crash` runs it. `--times N` says how often, `--seed N` repeats the moments of another
//! run, `--dir DIR` keeps the folder.

#[path = "../support/leak.rs"]
mod leak;
#[path = "../support/nodes.rs"]
mod nodes;
mod people;
#[path = "../support/ports.rs"]
mod ports;
mod verdict;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use jiff::SignedDuration;
use prereg_node::admin::{self, Question};
use prereg_node::clock::{Clock, Stopwatch};
use prereg_node::config;
use prereg_node::demo::residents;
use prereg_node::entropy::{self, Entropy, Seeded};
use prereg_node::node::Settings;

use crate::leak::Words;
use crate::nodes::{Fault, Node};
use crate::people::{Portal, WalkIns};

/// The latest moment of a kill: after the process began, or after it was told to synchronise.
const LATEST_MS: u64 = 1_200;
/// How long a start, or the last synchronisation, may take.
const PATIENCE: Duration = Duration::from_secs(180);

struct Plan {
    times: u64,
    seed: u64,
    dir: Option<PathBuf>,
}

fn main() -> ExitCode {
    let done = plan().and_then(|plan| {
        tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()?
            .block_on(run(&plan))
    });
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(fault) => {
            eprintln!("crash: {fault}");
            ExitCode::FAILURE
        }
    }
}

fn plan() -> Result<Plan, Fault> {
    let drawn = (&entropy::System as &dyn Entropy).below(1_000_000);
    let mut plan = Plan { times: 20, seed: drawn, dir: None };
    let mut args = std::env::args_os().skip(1);
    while let Some(arg) = args.next() {
        let mut number = |name: &str| -> Result<u64, Fault> {
            let text = args.next().and_then(|text| text.into_string().ok());
            Ok(text.ok_or(format!("{name} wants a number"))?.parse()?)
        };
        match arg.to_str() {
            // Cargo's own word to a benchmark.
            Some("--bench") => {}
            Some("--short") => plan.times = 3,
            Some("--times") => plan.times = number("--times")?,
            Some("--seed") => plan.seed = number("--seed")?,
            Some("--dir") => plan.dir = Some(args.next().ok_or("--dir wants a folder")?.into()),
            _ => return Err("usage: crash [--short] [--times N] [--seed N] [--dir DIR]".into()),
        }
    }
    Ok(plan)
}

async fn run(plan: &Plan) -> Result<(), Fault> {
    let scratch = tempfile::tempdir()?;
    let dir = plan.dir.as_deref().unwrap_or(scratch.path());
    println!("seed {}", plan.seed);
    let seeded = Seeded::new(plan.seed);
    nodes::prepare(dir).await?;
    let words = Words::of((0..residents::DISTINCT).map(residents::resident));
    let central_settings = config::read(&dir.join("central.toml"))?;
    let center_settings = config::read(&dir.join("center.toml"))?;
    let mut central = start(dir, "central")?;
    central.healthy("/health/ready", PATIENCE).await?;
    let mut portal = Portal::new(&central_settings)?;
    let walk_ins = WalkIns::new(&center_settings)?;

    for time in 1..=plan.times {
        portal.take_in().await?;
        let pushing = tokio::spawn(walk_ins.clone().come());
        let told = kill_once(dir, &center_settings, &seeded, time.is_multiple_of(2)).await?;
        pushing.await??;
        not_readable(dir, &words)?;
        println!("{time:>3} killed {told}; {}", walk_ins.line());
    }

    let mut center = start(dir, "center")?;
    center.healthy("/health/ready", PATIENCE).await?;
    settled(&center_settings).await?;
    not_readable(dir, &words)?;
    center.stop()?;
    central.stop()?;
    not_readable(dir, &words)?;
    let walk_ins = walk_ins.into_all();
    let (text, faults) = verdict::of(&center_settings, &central_settings, &walk_ins).await?;
    println!("{text}");
    if faults.is_empty() {
        println!("nothing lost, nothing twice, nothing readable");
        return Ok(());
    }
    for fault in &faults {
        eprintln!("  {fault}");
    }
    let count = faults.len();
    Err(format!("{count} faults after {} kills by seed {}", plan.times, plan.seed).into())
}

fn start(dir: &Path, name: &str) -> Result<Node, Fault> {
    // The log is read for names too, so it lies with what is looked at.
    Node::start(&dir.join(format!("{name}.toml")), &dir.join(name).join("stderr.log"))
}

/// Starts the center and kills it at a random moment; half of the times while it starts, half while
/// it does what it was told.
async fn kill_once(
    dir: &Path,
    settings: &Settings,
    entropy: &dyn Entropy,
    told_first: bool,
) -> Result<String, Fault> {
    let moment = SignedDuration::from_millis(i64::try_from(entropy.below(LATEST_MS))?);
    let clock = Clock::system();
    let mut center = start(dir, "center")?;
    if told_first {
        center.healthy("/health/live", PATIENCE).await?;
        let folder = settings.folder.clone();
        // The answer never comes: the node is killed meanwhile.
        std::thread::spawn(move || admin::ask(&folder, Question::Sync).map(drop));
    }
    clock.sleep_until(clock.now() + moment).await;
    drop(center);
    let since = if told_first { "it was told to synchronise" } else { "its process began" };
    Ok(format!("{:>4} ms after {since}", moment.as_millis()))
}

/// Waits until the center has everything that central lists, and central all that was made here.
async fn settled(settings: &Settings) -> Result<(), Fault> {
    let (clock, waited) = (Clock::system(), Stopwatch::start());
    loop {
        let folder = settings.folder.clone();
        let status =
            tokio::task::spawn_blocking(move || admin::ask(&folder, Question::Sync)).await??;
        if status["operations"]["pending"] == 0
            && status["documentsComing"] == 0
            && status["line"]["state"] == "up"
        {
            if status["operations"]["refused"] != 0 || status["operations"]["keptHere"] != 0 {
                return Err(format!("not all was accepted: {status}").into());
            }
            return Ok(());
        }
        if waited.elapsed() > PATIENCE {
            return Err(format!("still not settled: {status}").into());
        }
        clock.sleep_until(clock.now() + SignedDuration::from_millis(300)).await;
    }
}

/// Fails if a file of either node names a resident.
fn not_readable(dir: &Path, words: &Words) -> Result<(), Fault> {
    for name in ["center", "central"] {
        let found = words.found_below(&dir.join(name))?;
        if !found.is_empty() {
            return Err(format!("readable: {}", found.join(", ")).into());
        }
    }
    Ok(())
}
