//! Tokens of central's identity provider: JWT by RS256 with Keycloak's claims (`contract/payloads.md`
//! §3), checked without asking anybody, against the provider's public keys as they last came.
//!
//! The algorithm is pinned here and the key's family goes with it, so a token can neither leave its
//! signature out nor have a public key taken for a shared secret.

use std::collections::HashMap;
use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use jiff::Timestamp;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde::Deserialize;

use super::token::{self, Claims, Rejected};
use crate::domain::caller::Role;

/// The longest token that is taken; those with many roles have some kilobytes.
const LONGEST: usize = 16 * 1024;

/// More keys than any provider shows at once.
const MOST_KEYS: usize = 64;

/// Bytes of an RSA modulus at least: 2048 bits.
const SHORTEST: usize = 256;

/// Whose tokens count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Realm {
    /// The claim `iss`, such as `https://iam.example/auth/realms/mosip`.
    pub issuer: String,
    /// For whom a token must have been issued: its claim `azp`, or one of `aud`.
    pub clients: Vec<String>,
}

/// The public keys of a provider, by their ids.
#[derive(Default)]
pub struct KeySet(HashMap<String, DecodingKey>);

/// A text holds no key set that could be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it holds no RSA key for RS256 of at least 2048 bits")]
pub struct NoKeys;

/// Why a token does not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// It is signed by a key that is not in the set: an unknown one, or one not fetched yet.
    UnknownKey,
    /// As with tokens of this node.
    Rejected(Rejected),
}

#[derive(Deserialize)]
struct Keys {
    keys: Vec<Key>,
}

/// A key as providers show it; what other algorithms have is left out.
#[derive(Deserialize)]
struct Key {
    kty: String,
    kid: Option<String>,
    #[serde(rename = "use")]
    purpose: Option<String>,
    alg: Option<String>,
    n: Option<String>,
    e: Option<String>,
}

impl KeySet {
    /// Reads a JWK set. Keys for anything but RS256 signatures are left out.
    ///
    /// # Errors
    /// [`NoKeys`] if none is left.
    pub fn parse(json: &[u8]) -> Result<Self, NoKeys> {
        let set: Keys = serde_json::from_slice(json).map_err(|_| NoKeys)?;
        let keys: HashMap<_, _> =
            set.keys.into_iter().take(MOST_KEYS).filter_map(Key::usable).collect();
        if keys.is_empty() { Err(NoKeys) } else { Ok(Self(keys)) }
    }
}

impl fmt::Debug for KeySet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeySet({} keys)", self.0.len())
    }
}

impl Key {
    fn usable(self) -> Option<(String, DecodingKey)> {
        let is_for_signatures = self.kty == "RSA"
            && self.purpose.is_none_or(|purpose| purpose == "sig")
            && self.alg.is_none_or(|alg| alg == "RS256");
        let (n, e) = (BASE64.decode(self.n?).ok()?, BASE64.decode(self.e?).ok()?);
        let long_enough = n.iter().skip_while(|byte| **byte == 0).count() >= SHORTEST;
        let key = DecodingKey::from_rsa_raw_components(&n, &e);
        (is_for_signatures && long_enough).then_some((self.kid?, key))
    }
}

/// The claims that are read; what else there is says nothing here.
#[derive(Deserialize)]
struct Read {
    iss: String,
    sub: Option<String>,
    preferred_username: Option<String>,
    exp: i64,
    nbf: Option<i64>,
    azp: Option<String>,
    #[serde(default)]
    aud: Audience,
    typ: Option<String>,
    #[serde(default)]
    realm_access: Access,
}

#[derive(Default, Deserialize)]
#[serde(untagged)]
enum Audience {
    #[default]
    Nobody,
    One(String),
    Many(Vec<String>),
}

#[derive(Default, Deserialize)]
struct Access {
    #[serde(default)]
    roles: Vec<String>,
}

impl Realm {
    /// Tells whether `token` says that it is a provider's. Nothing is believed yet.
    #[must_use]
    pub fn is_meant(token: &str) -> bool {
        token.len() <= LONGEST
            && jsonwebtoken::decode_header(token).is_ok_and(|head| head.alg == Algorithm::RS256)
    }

    /// Returns what `token` says, if `keys` has its key and it still counts at `now`.
    ///
    /// # Errors
    /// [`Refused::UnknownKey`], for which it may help to fetch the keys again;
    /// [`Rejected::Expired`] only for a token that did count once.
    pub fn check(&self, keys: &KeySet, token: &str, now: Timestamp) -> Result<Claims, Refused> {
        let invalid = Refused::Rejected(Rejected::Invalid);
        if token.len() > LONGEST {
            return Err(invalid);
        }
        let head = jsonwebtoken::decode_header(token).map_err(|_| invalid)?;
        let kid = head.kid.ok_or(invalid)?;
        let key = keys.0.get(&kid).ok_or(Refused::UnknownKey)?;
        let mut rules = Validation::new(Algorithm::RS256);
        // Whom it is for is told by azp as often as by aud, and the time is the node's: see below.
        rules.validate_aud = false;
        rules.validate_exp = false;
        rules.set_required_spec_claims(&["exp", "iss"]);
        let read: Read = jsonwebtoken::decode(token, key, &rules).map_err(|_| invalid)?.claims;
        // Keycloak signs ID tokens with the same key; they are for the client alone.
        let is_access = read.typ.as_deref().is_none_or(|typ| typ.eq_ignore_ascii_case("bearer"));
        let user = read.preferred_username.as_ref().or(read.sub.as_ref());
        let user = user.filter(|user| !user.is_empty()).ok_or(invalid)?;
        if read.iss != self.issuer || !is_access || !self.admits(&read) {
            return Err(invalid);
        }
        let instant = |seconds| Timestamp::from_second(seconds).map_err(|_| invalid);
        let expires = instant(read.exp)?;
        if expires <= now {
            return Err(Refused::Rejected(Rejected::Expired));
        }
        if let Some(begins) = read.nbf
            && instant(begins)? > now
        {
            return Err(invalid);
        }
        Ok(Claims {
            user: user.clone(),
            roles: read.realm_access.roles.iter().filter_map(|name| Role::named(name)).collect(),
            digest: token::digest(token),
            expires,
        })
    }

    fn admits(&self, read: &Read) -> bool {
        let known = |client: &String| self.clients.contains(client);
        read.azp.as_ref().is_some_and(known)
            || match &read.aud {
                Audience::Nobody => false,
                Audience::One(client) => known(client),
                Audience::Many(clients) => clients.iter().any(known),
            }
    }
}

#[cfg(test)]
mod tests;
