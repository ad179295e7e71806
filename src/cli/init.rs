//! `prereg-node init`: makes identity, key, certificate and replica.

use std::error::Error;
use std::path::Path;

use crate::clock::Clock;
use crate::secrets::keyring::Unlock;
use crate::{entropy, node};

/// The configuration that is written where there is none yet.
const FIRST_CONFIG: &str = include_str!("first.toml");

/// Writes a first configuration where there is none yet: of a node that stands alone.
///
/// # Errors
/// A sentence for the operator.
pub fn first_config(config: &Path) -> Result<(), Box<dyn Error>> {
    if !config.exists() {
        // A try-out keeps everything beside its configuration.
        let text = match config.starts_with("/etc") {
            true => FIRST_CONFIG.to_owned(),
            false => FIRST_CONFIG.replace("/var/lib/prereg-node", "data"),
        };
        std::fs::write(config, text)
            .map_err(|error| format!("cannot write {}: {error}", config.display()))?;
        println!("wrote {}: read it, for it is a node that stands alone", config.display());
    }
    Ok(())
}

/// Makes the node that the configuration describes.
///
/// # Errors
/// A sentence for the operator.
pub fn run(config: &Path, settings: &node::Settings) -> Result<(), Box<dyn Error>> {
    node::init(settings, &Clock::system(), &entropy::System)?;
    println!("made a replica in {}", settings.folder.display());
    if let Unlock::File(identity) = &settings.unlock {
        println!(
            "its identity is in {}: whoever has this file and the disk can read everything",
            identity.display()
        );
    }
    if settings.recovery.is_empty() {
        println!("no recovery recipient is set: if the identity is lost, so is the data");
    }
    println!("next: prereg-node import --config {} FOLDER", config.display());
    Ok(())
}
