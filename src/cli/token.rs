//! `prereg-node token`: a login token for trials.

use std::error::Error;
use std::time::Duration;

use crate::cli::Config;
use crate::clock::Clock;
use crate::domain::caller::{Role, Roles};
use crate::entropy;
use crate::node;

/// Whose token.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Which node.
    #[command(flatten)]
    pub config: Config,
    /// The user id
    #[arg(long, value_name = "ID")]
    pub user: String,
    /// The role, such as INDIVIDUAL, REGISTRATION_OFFICER or COUNTER
    #[arg(long, value_name = "ROLE")]
    pub role: String,
    /// How long it is good for
    #[arg(long, value_name = "M", default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..=1440))]
    pub minutes: u64,
}

/// Prints a token for the cookie `Authorization`.
///
/// # Errors
/// A sentence; always, unless the node is a trial.
pub fn run(args: &Args, settings: &node::Settings) -> Result<(), Box<dyn Error>> {
    println!("{}", issue(args, settings)?);
    Ok(())
}

fn issue(args: &Args, settings: &node::Settings) -> Result<String, Box<dyn Error>> {
    if settings.spool.is_none() {
        return Err("tokens are printed only for a node with [demo] in its configuration".into());
    }
    let role = Role::named(&args.role).ok_or_else(|| format!("there is no role {}", args.role))?;
    let life = Duration::from_secs(args.minutes * 60);
    let key = node::token_key(settings)?;
    let (roles, now) = (Roles::of(&[role]), Clock::system().now());
    Ok(key.issue(&args.user, roles, now, life, &entropy::System))
}
