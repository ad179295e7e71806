//! The commands: one file for each but `serve`, `scan` and `demo`. What they have to be told of the
//! node comes as its settings; `main` has read them.

pub mod audit;
pub mod import;
pub mod init;
pub mod status;
pub mod token;

use std::path::PathBuf;

/// Which configuration.
#[derive(Debug, clap::Args)]
pub struct Config {
    /// The configuration file
    #[arg(long, value_name = "FILE", default_value = "/etc/prereg-node/node.toml")]
    pub config: PathBuf,
}
