//! Which tokens count: the node's own and those of central's identity provider, less those that
//! were ended. A check reads no database.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use jiff::{SignedDuration, Timestamp};
use tokio::sync::{mpsc, watch};

use crate::domain::ids::Digest;
use crate::secrets::realm::{KeySet, Realm, Refused};
use crate::secrets::token::{Claims, Rejected, TokenKey};

/// How long an ended login is remembered after it would have ended by itself: a clock that was put
/// on and back again within a day brings none of them to life (I7).
pub const REMEMBERED: SignedDuration = SignedDuration::from_hours(24);

/// Checks tokens.
pub struct Logins {
    /// The key of the node's own tokens.
    pub own: TokenKey,
    provider: Option<Provider>,
    revoked: RwLock<HashMap<Digest, Timestamp>>,
}

/// Central's identity provider.
pub struct Provider {
    /// Whose tokens count.
    pub realm: Realm,
    /// Its keys as they last came.
    pub keys: watch::Receiver<Arc<KeySet>>,
    /// Tells that a token names a key that is not among them.
    pub unknown: mpsc::Sender<()>,
}

impl Logins {
    /// Takes what the replica knows of ended logins.
    #[must_use]
    pub fn new(
        own: TokenKey,
        provider: Option<Provider>,
        revoked: Vec<(Digest, Timestamp)>,
    ) -> Self {
        Self { own, provider, revoked: RwLock::new(revoked.into_iter().collect()) }
    }

    /// Returns what `token` says, if it still counts at `now`.
    ///
    /// # Errors
    /// [`Rejected`]; one that was ended is invalid.
    pub fn check(&self, token: &str, now: Timestamp) -> Result<Claims, Rejected> {
        let claims = match &self.provider {
            Some(provider) if Realm::is_meant(token) => provider.check(token, now)?,
            _ => self.own.check(token, now)?,
        };
        let revoked = self.revoked.read().unwrap_or_else(PoisonError::into_inner);
        if revoked.contains_key(&claims.digest) { Err(Rejected::Invalid) } else { Ok(claims) }
    }

    /// Ends the login of these claims from now on; it counts when it is in the replica as well (I1).
    pub fn revoke(&self, claims: &Claims, now: Timestamp) {
        let mut revoked = self.revoked.write().unwrap_or_else(PoisonError::into_inner);
        revoked.retain(|_, expires| *expires >= now - REMEMBERED);
        revoked.insert(claims.digest, claims.expires);
    }

    /// Takes the end of a login back that could not be written: who is told so may try again.
    pub fn take_back(&self, claims: &Claims) {
        let mut revoked = self.revoked.write().unwrap_or_else(PoisonError::into_inner);
        revoked.remove(&claims.digest);
    }
}

impl Provider {
    fn check(&self, token: &str, now: Timestamp) -> Result<Claims, Rejected> {
        let keys = Arc::clone(&self.keys.borrow());
        self.realm.check(&keys, token, now).map_err(|refused| match refused {
            Refused::Rejected(rejected) => rejected,
            Refused::UnknownKey => {
                // When one is waiting already, the keys are about to be fetched.
                let _ = self.unknown.try_send(());
                Rejected::Invalid
            }
        })
    }
}
