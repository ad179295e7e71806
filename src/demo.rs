//! The demo: a central node and a center node of a made-up country, with its residents; and the main
//! job from end to end.

pub mod country;
mod elsewhere;
mod once;
mod processes;
pub mod residents;
mod seed;
mod talk;

use std::error::Error;
use std::path::{Path, PathBuf};

use crate::demo::processes::Nodes;
use crate::demo::seed::Place;
use crate::domain::ids::CenterId;
use crate::node;

/// How to run the demo.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The folder for both nodes; what an earlier demo left in it is thrown away
    #[arg(long)]
    pub dir: PathBuf,
    /// The center's port for plain HTTP on the loopback; HTTPS is on the port above it
    #[arg(long, default_value_t = 8080)]
    pub center_port: u16,
    /// Central's port for plain HTTP on the loopback; HTTPS is on the port above it
    #[arg(long, default_value_t = 9080)]
    pub central_port: u16,
    /// Do the main job and end
    #[arg(long)]
    pub once: bool,
    /// Which lifecycle applications have, at both nodes
    #[arg(long, default_value = "1.1", value_parser = ["1.1", "1.2"])]
    pub lifecycle: String,
    /// Master data of this folder in the place of the made-up country
    #[arg(long, value_name = "FOLDER")]
    pub data: Option<PathBuf>,
}

/// Reads a node's configuration; `main` knows how.
pub type ReadConfig = fn(&Path) -> Result<node::Settings, Box<dyn Error>>;

/// Prepares the demo's folder and starts nothing: both nodes with their master data, and at central
/// the residents. Returns the id of the demo's center.
///
/// # Errors
/// A sentence on what went wrong.
pub async fn prepare(args: &Args, read_config: ReadConfig) -> Result<CenterId, Box<dyn Error>> {
    Ok(prepared(args, read_config).await?.1)
}

async fn prepared(
    args: &Args,
    read_config: ReadConfig,
) -> Result<(Place, CenterId), Box<dyn Error>> {
    let place = Place::new(&args.dir, args.center_port, args.central_port, read_config)?;
    let center = seed::prepare(&place, args.data.as_deref(), &args.lifecycle).await?;
    Ok((place, center))
}

/// Runs the demo until it is done, or somebody ends it.
///
/// # Errors
/// A sentence on what went wrong.
pub async fn run(args: &Args, read_config: ReadConfig) -> Result<(), Box<dyn Error>> {
    let (place, center) = prepared(args, read_config).await?;
    let mut nodes = Nodes::new(&place);
    nodes.start_central().await?;
    nodes.start_center().await?;
    println!("central    http://{}  https port {}", place.central, place.central.port() + 1);
    println!("center     http://{}  https port {}", place.center, place.center.port() + 1);
    println!("center id  {center}");
    println!("folder     {}", place.dir.display());
    println!("OTPs and messages appear in {}", place.spool().display());
    if args.once {
        once::main_job(&place, &mut nodes).await?;
    } else {
        println!("the center's data is complete; ctrl-c ends both nodes");
        tokio::select! {
            ended = tokio::signal::ctrl_c() => ended?,
            ended = nodes.wait() => return Err(ended),
        }
    }
    nodes.stop().await;
    Ok(())
}
