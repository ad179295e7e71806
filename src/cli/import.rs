//! `prereg-node import`: loads master data from a folder.

use std::error::Error;
use std::path::PathBuf;

use crate::cli::Config;
use crate::clock::Clock;
use crate::node;
use crate::services::master;
use crate::wire::masterfolder;

/// What to import, and where to.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Which node.
    #[command(flatten)]
    pub config: Config,
    /// The folder, with master/, spec/ and config/ in it
    #[arg(value_name = "FOLDER")]
    pub folder: PathBuf,
    /// Replace it even if a center or more than a tenth of the rows is lost
    #[arg(long)]
    pub yes: bool,
}

/// Replaces the master data of a node that does not serve now.
///
/// # Errors
/// A sentence for the operator; nothing was replaced then.
pub fn run(args: &Args, settings: &node::Settings) -> Result<(), Box<dyn Error>> {
    let rows = masterfolder::read_folder(&args.folder)?;
    let (count, yes, now) = (rows.len(), args.yes, Clock::system().now());
    let store = node::open_inline(settings)?;
    let master = node::now_or_never(store.write(move |tx| master::replace(tx, &rows, yes, now)))?;
    println!("loaded {count} rows, {} centers", master.centers().count());
    Ok(())
}
