//! The key that signs answers to registration clients: made once, kept in the replica, and so
//! encrypted and backed up with it. Its certificate stands beside the replica for operators.

use std::path::Path;

use crate::clock::Clock;
use crate::node::Error;
use crate::secrets::signature::{self, Made, Signer};
use crate::store::{self, Store};

/// The certificate's file in the node's folder.
const CERTIFICATE: &str = "signing.crt";

/// Returns what signs, made now if this node never had it, and writes its certificate out.
///
/// # Errors
/// No key can be made, or the replica failed. A file that cannot be written is logged.
pub(super) async fn signer(store: &Store, folder: &Path, clock: &Clock) -> Result<Signer, Error> {
    let made = match kept(store).await? {
        Some(made) => made,
        None => {
            let made = signature::make(clock.now())?;
            let (key, certificate) = (made.key.clone(), made.certificate.clone());
            store
                .write::<_, store::Error, _>(move |tx| store::signing::put(tx, &key, &certificate))
                .await?;
            kept(store).await?.unwrap_or(made)
        }
    };
    let signer = Signer::new(&made)?;
    let (path, pem) = (folder.join(CERTIFICATE), signer.certificate_pem());
    if std::fs::read(&path).ok().as_deref() != Some(pem.as_bytes())
        && let Err(error) = std::fs::write(&path, pem)
    {
        tracing::warn!(%error, "signing.crt could not be written");
    }
    Ok(signer)
}

async fn kept(store: &Store) -> Result<Option<Made>, store::Error> {
    let kept = store.read::<_, store::Error, _>(store::signing::find).await?;
    Ok(kept.map(|kept| Made { key: kept.key, certificate: kept.certificate }))
}
