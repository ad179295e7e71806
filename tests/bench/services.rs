//! Measures the busiest calls of the services, each asked for by 50 clients at once over connections
//! that are kept: an authority of the demo, with what residents, officers and registration clients do,
//! in the order in which they do it. Writes are on disk before they are answered.
//!
//! `scripts/bench services` runs it. `--short` is a small one that finds faults and no figures.

mod calls;
mod figures;
#[path = "../support/nodes.rs"]
mod nodes;
#[path = "../support/ports.rs"]
mod ports;

use std::io::Write as _;
use std::process::ExitCode;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use prereg_node::clock::Stopwatch;
use prereg_node::config;
use tokio::task::JoinSet;

use crate::calls::{Ask, Calls};
use crate::figures::{Answers, head, line, memory, ms};
use crate::nodes::{Client, Fault, Node, Tokens};

const CLIENTS: usize = 50;

/// What a write on disk may take, and how many are to be done in a second.
const WRITE: (Duration, f64) = (Duration::from_millis(25), 500.0);

/// Finds what client `.0` asks for as its request number `.1`; none if there is nothing left.
type Next = Arc<dyn Fn(usize, usize) -> Option<Ask> + Send + Sync>;

fn main() -> ExitCode {
    match measure() {
        Ok(()) => ExitCode::SUCCESS,
        Err(fault) => {
            eprintln!("services: {fault}");
            ExitCode::FAILURE
        }
    }
}

fn measure() -> Result<(), Fault> {
    let mut counted = Duration::from_secs(5);
    for arg in std::env::args().skip(1) {
        match arg.as_str() {
            // Cargo's own word to a benchmark.
            "--bench" => {}
            "--short" => counted = Duration::from_millis(500),
            _ => return Err("usage: services [--short]".into()),
        }
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let dir = tempfile::tempdir()?;
    runtime.block_on(nodes::prepare(dir.path()))?;
    let config = dir.path().join("central.toml");
    // Fifty clients ask for more OTPs than any country pays for.
    let otps = "\n[otp]\nper_minute = 4_000_000_000\n";
    std::fs::OpenOptions::new().append(true).open(&config)?.write_all(otps.as_bytes())?;
    let settings = config::read(&config)?;
    let calls = Arc::new(Calls::new(Tokens::of(&settings)?, &dir.path().join("spool")));
    let mut node = Node::start(&config, &dir.path().join("central.log"))?;
    runtime.block_on(node.healthy("/health/ready", Duration::from_secs(60)))?;

    head();
    memory("resident before", node.child.id(), "VmRSS", 64)?;
    let run = |name: &str, budget: Option<(Duration, f64)>, next: Next| {
        let (answers, bodies) = runtime.block_on(ask(settings.http, counted, next))?;
        shown(name, &answers, budget);
        Ok::<_, Fault>(bodies)
    };
    let call = |of: fn(&Calls, usize, usize) -> Option<Ask>| -> Next {
        let calls = Arc::clone(&calls);
        Arc::new(move |client, round| of(&calls, client, round))
    };
    run("send OTP", None, call(Calls::send_otp))?;
    calls.read_otps()?;
    run("validate OTP", None, call(Calls::validate_otp))?;
    calls.keep_made(run("create", Some(WRITE), call(Calls::create))?)?;
    run("update", Some(WRITE), call(Calls::update))?;
    run("read", None, call(Calls::read))?;
    run("list", None, call(Calls::list))?;
    run("upload", None, call(Calls::upload))?;
    calls.keep_seats(&run("availability", None, call(Calls::availability))?)?;
    run("book", Some(WRITE), call(Calls::book))?;
    run("POST /sync", None, call(Calls::sync))?;
    run("updated times", None, call(Calls::updated_times))?;
    memory("resident after", node.child.id(), "VmRSS", 128)?;
    memory("most that was resident", node.child.id(), "VmHWM", 128)?;
    node.stop()
}

/// Lets every client ask one thing after the other for that long. Returns the times, and the bodies
/// of the answers with the client and its request they answer.
async fn ask(
    at: std::net::SocketAddr,
    counted: Duration,
    next: Next,
) -> Result<(Answers, Vec<calls::Answered>), Fault> {
    let mut clients = JoinSet::new();
    let bodies = Arc::new(Mutex::new(Vec::new()));
    let began = Stopwatch::start();
    for number in 0..CLIENTS {
        let (next, bodies) = (Arc::clone(&next), Arc::clone(&bodies));
        clients.spawn(async move {
            let mut client = Client::connect(at, "").await?;
            let mut times = Vec::new();
            for round in 0.. {
                if began.elapsed() >= counted {
                    break;
                }
                let Some(ask) = next(number, round) else { break };
                client.cookie = format!("Authorization={}", ask.token);
                let stopwatch = Stopwatch::start();
                let (status, body) = client.send(ask.method, &ask.path, ask.body).await?;
                times.push(stopwatch.elapsed());
                if status != 200 || !body.ends_with(b"\"errors\":null}") {
                    let body = String::from_utf8_lossy(&body[..body.len().min(300)]).into_owned();
                    return Err(format!("{} was answered with {status} {body}", ask.path).into());
                }
                if ask.keep {
                    let mut bodies = bodies.lock().map_err(|_| "a client panicked")?;
                    bodies.push((number, round, body));
                }
            }
            Ok::<_, Fault>(times)
        });
    }
    let mut times = Vec::new();
    while let Some(done) = clients.join_next().await {
        times.extend(done??);
    }
    let took = began.elapsed();
    let bodies = std::mem::take(&mut *bodies.lock().map_err(|_| "a client panicked")?);
    Ok((Answers::of(times, took), bodies))
}

fn shown(name: &str, answers: &Answers, budget: Option<(Duration, f64)>) {
    let (p99, rate) = (answers.within(990), answers.per_second());
    line(&format!("{name}: p50"), &ms(answers.within(500)), None);
    let kept = budget.map(|(most, _)| (format!("{} ms", most.as_millis()), p99 <= most));
    line(&format!("{name}: p99"), &ms(p99), kept.as_ref().map(|(text, kept)| (&**text, *kept)));
    let kept = budget.map(|(_, least)| (format!("{least}/s"), rate >= least));
    let rate = format!("{rate:.0}/s of {}", answers.count());
    line(&format!("{name}: requests"), &rate, kept.as_ref().map(|(text, kept)| (&**text, *kept)));
}
