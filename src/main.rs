//! Picks the command and exits with its code.

use std::error::Error;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use clap::{Parser, Subcommand};
use prereg_node::admin::Question;
use prereg_node::clock::Clock;
use prereg_node::{cli, config, demo, entropy, logging, node, scanner};
use rustix::process::{DumpableBehavior, set_dumpable_behavior};
use tokio::signal::unix::{SignalKind, signal};

/// What systemd does not restart for: the configuration has to be mended first (`EX_CONFIG`).
const MISCONFIGURED: u8 = 78;

/// Keeps MOSIP pre-registration working in a registration center when the line to central does not.
#[derive(Debug, Parser)]
#[command(version, about, arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Make the node's identity, database key, certificate and an empty replica
    Init(cli::Config),
    /// Load master data from a folder of CSV and JSON files
    Import(cli::import::Args),
    /// Serve: the node itself
    Serve(ServeArgs),
    /// Show how a running node stands: line, age of the data, what is pending, what was refused
    Status(cli::Config),
    /// Check the audit trail
    Audit(cli::audit::Args),
    /// Synchronise a running node with its upstream now, and show how it stands then
    Sync(cli::Config),
    /// Read codes in pictures, in PDFs and before cameras, in a process that has neither key nor network
    Scan(scanner::Arguments),
    /// Print a login token (only for a node with [demo] in its configuration)
    Token(cli::token::Args),
    /// Run a central node and a center node with a made-up country and its residents
    Demo(demo::Args),
}

#[derive(Debug, clap::Args)]
struct ServeArgs {
    #[command(flatten)]
    config: cli::Config,
    /// Stop when standard input ends, for a program that starts a node and must not leave it behind
    #[arg(long)]
    stop_with_input: bool,
}

fn main() -> ExitCode {
    match run(Cli::parse().command) {
        Ok(code) => code,
        Err(error) => failed(&*error),
    }
}

fn run(command: Command) -> Result<ExitCode, Box<dyn Error>> {
    match command {
        Command::Init(args) => {
            cli::init::first_config(&args.config)?;
            cli::init::run(&args.config, &config::read(&args.config)?)?;
        }
        Command::Import(args) => cli::import::run(&args, &config::read(&args.config.config)?)?,
        Command::Serve(args) => return Ok(serve(&args)),
        Command::Status(args) => {
            cli::status::run(&config::read(&args.config)?, Question::Status)?;
        }
        Command::Audit(args) => {
            let cli::audit::Action::Verify(config) = args.action;
            cli::audit::verify(&config::read(&config.config)?)?;
        }
        Command::Sync(args) => cli::status::run(&config::read(&args.config)?, Question::Sync)?,
        Command::Scan(args) => return Ok(scanner::run(&args)),
        Command::Token(args) => cli::token::run(&args, &config::read(&args.config.config)?)?,
        Command::Demo(args) => {
            let read = |path: &Path| Ok(config::read(path)?);
            with_runtime(demo::run(&args, read))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn failed(error: &dyn Error) -> ExitCode {
    // One sentence, whoever it comes from.
    eprintln!("prereg-node: {}", error.to_string().trim_end());
    ExitCode::FAILURE
}

fn with_runtime(
    work: impl Future<Output = Result<(), Box<dyn Error>>>,
) -> Result<(), Box<dyn Error>> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(work)
}

fn serve(args: &ServeArgs) -> ExitCode {
    let settings = match config::read(&args.config.config) {
        Ok(settings) => settings,
        Err(error) => {
            failed(&error);
            return ExitCode::from(MISCONFIGURED);
        }
    };
    let _logging = match logging::start(&settings.log) {
        Ok(guard) => guard,
        Err(error) => {
            failed(&error);
            return ExitCode::from(MISCONFIGURED);
        }
    };
    // A core file would hold the key, and so would what a debugger sees.
    if let Err(error) = set_dumpable_behavior(DumpableBehavior::NotDumpable) {
        tracing::warn!(%error, "core dumps could not be switched off");
    }
    let stop_with_input = args.stop_with_input;
    let served = with_runtime(async move {
        let told = |addresses: &node::Addresses| {
            tracing::info!(http = %addresses.http, https = ?addresses.https, "serving");
            println!("http {}", addresses.http);
            if let Some(https) = addresses.https {
                println!("https {https}");
            }
        };
        let stop = stopped(stop_with_input)?;
        node::serve(settings, Clock::system(), Arc::new(entropy::System), told, stop).await?;
        Ok(())
    });
    match served {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => failed(&*error),
    }
}

/// Completes when somebody asks this process to end.
fn stopped(with_input: bool) -> std::io::Result<impl Future<Output = ()>> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        let input = async {
            if !with_input {
                std::future::pending::<()>().await;
            }
            // A read cannot be given up, so it has a thread of its own that ends with the process.
            let (ended, end) = tokio::sync::oneshot::channel();
            std::thread::spawn(move || {
                let _ = std::io::copy(&mut std::io::stdin(), &mut std::io::sink());
                let _ = ended.send(());
            });
            let _ = end.await;
        };
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
            () = input => {}
        }
    })
}
