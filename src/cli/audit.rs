//! `prereg-node audit`: whether the audit trail is what it was.

use std::error::Error;

use crate::admin::{self, Question};
use crate::cli::Config;
use crate::node;
use crate::services::audit::{self, Verdict};
use crate::store;

/// What to do with the trail.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// What.
    #[command(subcommand)]
    pub action: Action,
}

/// What can be done with the trail.
#[derive(Debug, clap::Subcommand)]
pub enum Action {
    /// Check that no record was changed, taken out or put in between
    Verify(Config),
}

/// Checks the trail of a node, whether it serves now or not.
///
/// # Errors
/// A sentence for the operator: the trail is broken, or could not be read.
pub fn verify(settings: &node::Settings) -> Result<(), Box<dyn Error>> {
    let verdict = match node::open_inline(settings) {
        Ok(store) => node::now_or_never(audit::verify(&store))?,
        Err(node::Error::Store(store::Error::InUse)) => asked(settings)?,
        Err(error) => return Err(error.into()),
    };
    match verdict {
        Verdict::Whole { records, gaps, before } => {
            println!("the audit trail is whole: {records} records");
            if before > 0 {
                println!("{before} before them were taken away under this node's signature");
            }
            if gaps > 0 {
                println!("{gaps} of them stand for records that were lost, and say how many");
            }
            Ok(())
        }
        Verdict::Broken { seq, fault } => {
            Err(format!("the audit trail is broken at record {seq}: {fault}").into())
        }
    }
}

/// Asks the node that serves now.
fn asked(settings: &node::Settings) -> Result<Verdict, Box<dyn Error>> {
    let answer = admin::ask(&settings.folder, Question::Audit)?;
    if let Some(error) = answer["error"].as_str() {
        return Err(error.into());
    }
    Ok(serde_json::from_value(answer)?)
}
