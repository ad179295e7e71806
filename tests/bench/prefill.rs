//! Measures pre-fill: forms by random PRIDs out of a large replica, asked for by 50 clients at once
//! over HTTP, beside the budgets that were set for it; and the same while the node synchronises.
//!
//! `scripts/bench prefill` runs it. `--short` is a small one that finds faults and no figures;
//! `--dir DIR` keeps the replica there, and uses the one that an earlier run left.

mod figures;
mod load;
#[path = "../support/nodes.rs"]
mod nodes;
#[path = "../support/ports.rs"]
mod ports;
mod replica;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use prereg_node::admin::{self, Question};
use prereg_node::clock::Stopwatch;
use prereg_node::config;
use prereg_node::domain::caller::Role;

use crate::figures::{Answers, head, line, memory, ms};
use crate::load::Load;
use crate::nodes::{Client, Fault, Node, Tokens};

const CLIENTS: u64 = 50;

/// How much is measured.
struct Plan {
    applications: usize,
    warm_up: Duration,
    counted: Duration,
    dir: Option<PathBuf>,
}

fn main() -> ExitCode {
    match plan().and_then(|plan| measure(&plan)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(fault) => {
            eprintln!("prefill: {fault}");
            ExitCode::FAILURE
        }
    }
}

fn plan() -> Result<Plan, Fault> {
    let mut plan = Plan {
        applications: 100_000,
        warm_up: Duration::from_secs(3),
        counted: Duration::from_secs(20),
        dir: None,
    };
    let mut args = std::env::args_os().skip(1);
    while let Some(arg) = args.next() {
        match arg.to_str() {
            // Cargo's own word to a benchmark.
            Some("--bench") => {}
            Some("--short") => {
                plan.applications = 2_000;
                plan.warm_up = Duration::from_millis(500);
                plan.counted = Duration::from_secs(2);
            }
            Some("--dir") => plan.dir = Some(args.next().ok_or("--dir wants a folder")?.into()),
            _ => return Err("usage: prefill [--short] [--dir DIR]".into()),
        }
    }
    Ok(plan)
}

fn measure(plan: &Plan) -> Result<(), Fault> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let scratch = tempfile::tempdir()?;
    let dir = plan.dir.as_deref().unwrap_or(scratch.path());
    if dir.join("center.toml").exists() {
        println!("{} applications expected in {}", plan.applications, dir.display());
    } else {
        runtime.block_on(nodes::prepare(dir))?;
        let stopwatch = Stopwatch::start();
        runtime.block_on(replica::fill(dir, plan.applications))?;
        let took = stopwatch.elapsed().as_secs_f64();
        let size = dir.join("center/replica.db").metadata()?.len();
        println!(
            "{} applications put in in {took:.1} s, {:.0} a second; {} MiB",
            plan.applications,
            plan.applications as f64 / took,
            size >> 20
        );
    }
    let settings = config::read(&dir.join("center.toml"))?;
    let token = Tokens::of(&settings)?.issue("counter-1", Role::Counter);
    let prids: Vec<String> = (0..plan.applications).map(|i| replica::prid(i).to_string()).collect();

    head();
    let stopwatch = Stopwatch::start();
    let mut center = start(dir, "center")?;
    runtime.block_on(center.healthy("/health/live", Duration::from_secs(60)))?;
    let (connected, first) = runtime.block_on(async {
        let mut client = Client::connect(settings.http, &token).await?;
        let connected = stopwatch.elapsed();
        Ok::<_, Fault>((connected, load::form(&mut client, &prids[0]).await?))
    })?;
    line(
        "start to first answer",
        &ms(connected + first),
        Some(("500 ms", connected + first <= Duration::from_millis(500))),
    );
    line("first form, nothing cached by the node", &ms(first), None);
    memory("resident before the load", center.child.id(), "VmRSS", 64)?;

    let load = Load {
        at: settings.http,
        token,
        prids: Arc::new(prids),
        clients: CLIENTS,
        warm_up: plan.warm_up,
        counted: plan.counted,
    };
    times("", &load.clone().run()?);
    memory("resident after it", center.child.id(), "VmRSS", 128)?;

    let mut central = start(dir, "central")?;
    runtime.block_on(central.healthy("/health/ready", Duration::from_secs(60)))?;
    let folder = settings.folder.clone();
    let sync = std::thread::spawn(move || admin::ask(&folder, Question::Sync));
    times(
        ", with a sync",
        &Load { warm_up: Duration::ZERO, counted: plan.counted / 4, ..load }.run()?,
    );
    let status = sync.join().map_err(|_| "the sync panicked")??;
    if status["line"]["state"] != "up" {
        return Err(format!("the center did not reach central: {}", status["line"]).into());
    }
    memory("resident after it", center.child.id(), "VmRSS", 128)?;
    memory("most that was resident", center.child.id(), "VmHWM", 128)?;
    let program = std::fs::metadata(env!("CARGO_BIN_EXE_prereg-node"))?.len();
    let mib = program as f64 / f64::from(1 << 20);
    line("binary", &format!("{mib:.1} MiB"), Some(("25 MiB", mib <= 25.0)));
    center.stop()?;
    central.stop()
}

fn start(dir: &Path, name: &str) -> Result<Node, Fault> {
    Node::start(&dir.join(format!("{name}.toml")), &dir.join(format!("{name}.log")))
}

fn times(when: &str, answers: &Answers) {
    let budget = Duration::from_millis(20);
    let p99 = answers.within(990);
    line(&format!("{CLIENTS} clients{when}: p50"), &ms(answers.within(500)), None);
    // The budget is that of forms alone; with a sync it is the memory that has one.
    let kept = when.is_empty().then_some(("20 ms", p99 <= budget));
    line(&format!("{CLIENTS} clients{when}: p99"), &ms(p99), kept);
    line(&format!("{CLIENTS} clients{when}: p99.9"), &ms(answers.within(999)), None);
    let rate = format!("{:.0}/s of {}", answers.per_second(), answers.count());
    line(&format!("{CLIENTS} clients{when}: requests"), &rate, None);
}
