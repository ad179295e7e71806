//! The node's own login tokens: JWT by HS256, with the claims of `contract/payloads.md` §3 and an
//! id, so that a token can be revoked.

use std::fmt;
use std::time::Duration;

use jiff::Timestamp;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::domain::caller::{Caller, Roles};
use crate::domain::ids::Digest;
use crate::entropy::Entropy;

/// A cookie is at most 4 KiB; what is longer is no token of ours.
pub(super) const LONGEST: usize = 4096;

const SCOPE: &str = "pre-registration";
const AUDIENCE: &str = "prereg-node";
/// The claim holds the path of the login call, whichever call it was.
const ISSUER: &str = "/preregistration/v1/login/validateOtp";

/// The key that signs and checks; wiped from memory when dropped.
pub struct TokenKey {
    signing: EncodingKey,
    checking: DecodingKey,
    rules: Validation,
}

/// What a valid token says.
#[derive(Clone, PartialEq, Eq)]
pub struct Claims {
    /// The user id as typed at login.
    pub user: String,
    /// What the caller may be.
    pub roles: Roles,
    /// What it is known by once it is revoked: a digest of all that its signature covers.
    pub digest: Digest,
    /// The first instant at which it no longer counts.
    pub expires: Timestamp,
}

impl Claims {
    /// Returns who asks.
    #[must_use]
    pub fn caller(&self) -> Caller {
        Caller { user: self.user.clone(), roles: self.roles }
    }
}

/// Leaves the user out (I8).
impl fmt::Debug for Claims {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Claims(.., {}, until {})", self.roles, self.expires)
    }
}

/// Why a token does not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Rejected {
    /// It is not one of ours, or was changed.
    #[error("Invalid Token")]
    Invalid,
    /// It was ours, once.
    #[error("Token expired")]
    Expired,
}

#[derive(Serialize)]
struct Body<'a> {
    #[serde(rename = "userId")]
    user_id: &'a str,
    user_name: &'a str,
    sub: &'a str,
    roles: &'a str,
    scope: &'a str,
    aud: &'a str,
    iss: &'a str,
    iat: i64,
    exp: i64,
    jti: &'a str,
}

/// The claims that are read back; the rest repeats them or is the same in every token.
#[derive(Deserialize)]
struct Read {
    sub: String,
    roles: String,
    exp: i64,
}

impl TokenKey {
    /// Takes 32 random bytes that no other purpose uses.
    #[must_use]
    pub fn new(bytes: &Zeroizing<[u8; 32]>) -> Self {
        // The algorithm is ours, not the token's, to choose.
        let mut rules = Validation::new(Algorithm::HS256);
        rules.set_audience(&[AUDIENCE]);
        rules.set_required_spec_claims(&["exp", "aud", "sub"]);
        // The library would ask the system's clock; `check` compares with the instant it is handed.
        rules.validate_exp = false;
        Self {
            signing: EncodingKey::from_secret(&bytes[..]),
            checking: DecodingKey::from_secret(&bytes[..]),
            rules,
        }
    }

    /// Issues a token for `user` that counts for `lifetime`, to whole seconds. It has an id drawn for
    /// it, so that no two are equal and ending one ends no other.
    #[must_use]
    pub fn issue(
        &self,
        user: &str,
        roles: Roles,
        now: Timestamp,
        lifetime: Duration,
        entropy: &dyn Entropy,
    ) -> String {
        let jti = uuid::Builder::from_random_bytes(entropy.bytes()).into_uuid().simple();
        let iat = now.as_second();
        let lifetime = i64::try_from(lifetime.as_secs()).unwrap_or(i64::MAX);
        let body = Body {
            user_id: user,
            user_name: user,
            sub: user,
            roles: &roles.to_string(),
            scope: SCOPE,
            aud: AUDIENCE,
            iss: ISSUER,
            iat,
            exp: iat.saturating_add(lifetime),
            jti: &jti.to_string(),
        };
        jsonwebtoken::encode(&Header::new(Algorithm::HS256), &body, &self.signing)
            .expect("text and numbers are JSON, and HMAC takes any key")
    }

    /// Returns what `token` says, if it is ours and still counts at `now`.
    ///
    /// # Errors
    /// [`Rejected::Expired`] only for a token that was ours; everything else is
    /// [`Rejected::Invalid`].
    pub fn check(&self, token: &str, now: Timestamp) -> Result<Claims, Rejected> {
        if token.len() > LONGEST {
            return Err(Rejected::Invalid);
        }
        let read: Read = jsonwebtoken::decode(token, &self.checking, &self.rules)
            .map_err(|_| Rejected::Invalid)?
            .claims;
        let instant = |seconds| Timestamp::from_second(seconds).map_err(|_| Rejected::Invalid);
        let expires = instant(read.exp)?;
        if expires <= now {
            return Err(Rejected::Expired);
        }
        Ok(Claims {
            user: read.sub,
            roles: Roles::parse(&read.roles),
            digest: digest(token),
            expires,
        })
    }
}

/// Tells whether `token` has the form of one; whose it is, and whether it counts, is not looked at.
#[must_use]
pub fn is_readable(token: &str) -> bool {
    token.split('.').count() == 3 && jsonwebtoken::decode_header(token).is_ok()
}

/// Returns the digest of what the signature of `token` covers: of the signature itself several
/// spellings may count.
pub(super) fn digest(token: &str) -> Digest {
    Digest::of(token.rsplit_once('.').map_or(token, |(signed, _)| signed).as_bytes())
}

impl fmt::Debug for TokenKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenKey(..)")
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
    use serde_json::{Value, json};

    use super::*;
    use crate::domain::caller::Role;
    use crate::entropy::Seeded;

    const HOUR: Duration = Duration::from_secs(3600);

    fn key(byte: u8) -> TokenKey {
        TokenKey::new(&Zeroizing::new([byte; 32]))
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(seconds).unwrap()
    }

    fn issued() -> String {
        key(1).issue("8907654778", Roles::of(&[Role::Individual]), at(1_000), HOUR, &Seeded::new(1))
    }

    fn part(token: &str, at: usize) -> Value {
        let part = token.split('.').nth(at).unwrap();
        serde_json::from_slice(&BASE64.decode(part).unwrap()).unwrap()
    }

    #[test]
    fn a_token_carries_the_claims_of_the_contract() {
        let claims = part(&issued(), 1);
        for name in ["userId", "user_name", "sub"] {
            assert_eq!(claims[name], "8907654778");
        }
        assert_eq!(claims["roles"], "INDIVIDUAL");
        assert_eq!(claims["iss"], "/preregistration/v1/login/validateOtp");
        assert_eq!((&claims["iat"], &claims["exp"]), (&json!(1_000), &json!(4_600)));
        assert!(claims["scope"].is_string() && claims["aud"].is_string());
        assert_eq!(part(&issued(), 0)["alg"], "HS256");
    }

    #[test]
    fn a_token_counts_until_the_second_it_expires_by_the_instant_handed_in() {
        let claims = key(1).check(&issued(), at(4_599)).unwrap();
        assert_eq!(claims.caller().user, "8907654778");
        assert!(claims.caller().is_individual());
        assert_eq!(claims.expires, at(4_600));

        assert_eq!(key(1).check(&issued(), at(4_600)), Err(Rejected::Expired));
        assert!(key(1).check(&issued(), at(0)).is_ok());
    }

    #[test]
    fn two_tokens_of_one_user_and_second_are_not_the_same_login() {
        let (entropy, key) = (Seeded::new(1), key(1));
        let issue = || key.issue("8907654778", Roles::NONE, at(1_000), HOUR, &entropy);
        let digest = |token: &str| key.check(token, at(1_000)).unwrap().digest;
        let (one, other) = (issue(), issue());
        assert_ne!(digest(&one), digest(&other));
        assert_eq!(digest(&one), digest(&one));
    }

    /// I9
    #[test]
    fn a_token_under_another_key_is_invalid_and_never_merely_expired() {
        assert_eq!(key(2).check(&issued(), at(1_000)), Err(Rejected::Invalid));
        assert_eq!(key(2).check(&issued(), at(9_000)), Err(Rejected::Invalid));
    }

    /// I9
    #[test]
    fn no_changed_letter_of_a_token_passes() {
        let good = issued();
        for at_byte in 0..good.len() {
            let mut bad = good.clone().into_bytes();
            bad[at_byte] = if bad[at_byte] == b'A' { b'B' } else { b'A' };
            let bad = String::from_utf8(bad).unwrap();
            // The last letter of a base64 text has bits that say nothing.
            if at_byte + 1 == good.len() {
                continue;
            }
            assert_eq!(key(1).check(&bad, at(1_000)), Err(Rejected::Invalid), "byte {at_byte}");
        }
    }

    /// I9
    #[test]
    fn a_token_cannot_choose_its_algorithm() {
        let claims = issued().split('.').nth(1).unwrap().to_owned();
        for alg in ["none", "None", "HS384", "RS256", ""] {
            let header = BASE64.encode(json!({"alg": alg, "typ": "JWT"}).to_string());
            for signature in ["", "AAAA"] {
                let token = format!("{header}.{claims}.{signature}");
                assert_eq!(key(1).check(&token, at(1_000)), Err(Rejected::Invalid), "{alg}");
            }
        }
        let rules = jsonwebtoken::Header::new(Algorithm::HS512);
        let signed = EncodingKey::from_secret(&[1; 32]);
        let other = jsonwebtoken::encode(&rules, &part(&issued(), 1), &signed).unwrap();
        assert_eq!(key(1).check(&other, at(1_000)), Err(Rejected::Invalid));
    }

    #[test]
    fn what_is_no_token_is_invalid() {
        for text in ["", ".", "..", "a.b.c", "Bearer x", &"A".repeat(10_000)] {
            assert_eq!(key(1).check(text, at(1_000)), Err(Rejected::Invalid));
        }
        let signed = EncodingKey::from_secret(&[1; 32]);
        for claims in [
            json!({"sub": "x", "roles": "", "iat": 1, "jti": "", "aud": AUDIENCE}),
            json!({"sub": "x", "roles": "", "iat": 1, "jti": "", "aud": "other", "exp": 9_000}),
            json!({"sub": "x", "roles": "", "iat": 1, "jti": "", "aud": AUDIENCE, "exp": -1e99}),
            json!({"sub": "x", "roles": "", "iat": 1, "jti": "", "aud": AUDIENCE, "exp": i64::MAX}),
        ] {
            let token = jsonwebtoken::encode(&Header::default(), &claims, &signed).unwrap();
            assert_eq!(key(1).check(&token, at(1_000)), Err(Rejected::Invalid), "{claims}");
        }
    }

    /// I8
    #[test]
    fn a_debug_print_of_claims_names_nobody() {
        let claims = key(1).check(&issued(), at(1_000)).unwrap();
        assert!(!format!("{claims:?} {:?}", key(1)).contains("8907654778"));
    }
}
