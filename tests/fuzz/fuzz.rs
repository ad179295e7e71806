//! Asks the interface with made-up requests: schemathesis reads the description that the node serves
//! and sends what it allows and what it forbids. No answer may be a failure of the node, nor other
//! than the description says.
//!
//! `scripts/test` runs it, which puts the environment of Python up. `--cases` says how many requests
//! there are to be for each operation at least; with `--seconds` they go on for that long.

#[path = "../support/nodes.rs"]
mod nodes;
#[path = "../support/ports.rs"]
mod ports;

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::Duration;

use hyper::Method;
use prereg_node::config;
use prereg_node::demo::{country, residents};
use prereg_node::domain::caller::Role;
use serde_json::{Map, Value, json};

use crate::nodes::{Client, Fault, Node, Tokens};

/// Seconds after which it ends whatever happens.
const LONGEST: u32 = 1800;

/// How many residents of the demo lend their PRIDs.
const RESIDENTS: usize = 20;

fn main() -> ExitCode {
    match fuzz() {
        Ok(()) => ExitCode::SUCCESS,
        Err(fault) => {
            eprintln!("fuzz: {fault}");
            ExitCode::FAILURE
        }
    }
}

fn fuzz() -> Result<(), Fault> {
    let (mut cases, mut seconds, mut python) = (10_u32, None::<u32>, None);
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        let mut value = || args.next().ok_or(format!("{arg} wants a value"));
        match arg.as_str() {
            "--bench" => {}
            "--cases" => cases = value()?.parse()?,
            "--seconds" => seconds = Some(value()?.parse()?),
            "--python" => python = Some(PathBuf::from(value()?)),
            _ => return Err("usage: fuzz [--cases N] [--seconds N] --python BIN-FOLDER".into()),
        }
    }
    let python = python.ok_or("--python must name the folder of schemathesis")?;

    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let dir = tempfile::tempdir()?;
    runtime.block_on(nodes::prepare(dir.path()))?;
    let config = dir.path().join("central.toml");
    let settings = config::read(&config)?;
    let tokens = Tokens::of(&settings)?;
    let log = dir.path().join("central.log");
    let mut node = Node::start(&config, &log)?;
    runtime.block_on(node.healthy("/health/ready", Duration::from_secs(60)))?;

    let at = format!("http://{}", settings.http);
    let fetching = async || {
        let mut client = Client::connect(settings.http, "").await?;
        let path = "/preregistration/v1/openapi.json";
        let (_, description) = client.send(Method::GET, path, None).await?;
        let mut prids = Vec::new();
        for number in 0..RESIDENTS {
            let token = tokens.issue(&residents::resident(number).phone, Role::Individual);
            let mut client = Client::connect(settings.http, &token).await?;
            let path = "/preregistration/v1/applications";
            let (_, body) = client.send(Method::GET, path, None).await?;
            let body: Value = serde_json::from_slice(&body)?;
            let all = body["response"]["basicDetails"].as_array().cloned().unwrap_or_default();
            prids.extend(all.iter().map(|one| one["preRegistrationId"].clone()));
        }
        Ok::<_, Fault>((description, prids))
    };
    let (description, prids) = runtime.block_on(fetching())?;
    if prids.is_empty() {
        return Err("no resident of the demo has an application".into());
    }
    let file = dir.path().join("openapi.json");
    std::fs::write(&file, description)?;
    run(Command::new(python.join("openapi-spec-validator")).arg(&file))?;

    let user = |role: Role| match role {
        Role::Individual => residents::resident(0).phone,
        role => role.name().to_lowercase(),
    };
    let tokens: Map<String, Value> = Role::ALL
        .into_iter()
        .map(|role| (role.name().to_owned(), json!(tokens.issue(&user(role), role))))
        .collect();
    let here = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz");
    let asked = run(Command::new("timeout")
        .arg(seconds.map_or(LONGEST, |seconds| seconds.saturating_add(60)).to_string())
        .arg(python.join("schemathesis"))
        .args(["--config-file"])
        .arg(here.join("schemathesis.toml"))
        .arg("run")
        .arg(&file)
        .args(["--url", &at, "--max-examples", &cases.to_string()])
        .args(seconds.map(|seconds| format!("--max-time={seconds}")))
        .args(["--seed", "1"])
        .current_dir(dir.path())
        .env("PYTHONPATH", &here)
        .env("SCHEMATHESIS_HOOKS", "hooks")
        .env("FUZZ_TOKENS", Value::from(tokens).to_string())
        .env("FUZZ_PRIDS", Value::from(prids).to_string())
        .env("FUZZ_CENTER", country::CENTER));

    runtime.block_on(node.healthy("/health/ready", Duration::from_secs(10)))?;
    node.stop()?;
    let logged = std::fs::read_to_string(&log)?;
    let failures: Vec<&str> =
        logged.lines().filter(|line| line.contains("panicked") || line.contains("ERROR")).collect();
    if !failures.is_empty() {
        return Err(format!("the node logged failures:\n{}", failures.join("\n")).into());
    }
    asked
}

fn run(command: &mut Command) -> Result<(), Fault> {
    let status = command.status().map_err(|error| {
        format!("cannot run {}: {error}", command.get_program().to_string_lossy())
    })?;
    if status.success() {
        Ok(())
    } else {
        Err(format!("{} ended with {status}", command.get_program().to_string_lossy()).into())
    }
}
