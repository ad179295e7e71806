//! Signs answers to registration clients: a detached compact JWS by RS256 over the body, with the
//! certificate in its header, for today's clients check with that one (`contract/rules.md` §9.4 and
//! `contract/registration-client.md` §3.3; smaller keys than this and other algorithms they refuse).

use std::fmt;

use aws_lc_rs::digest;
use aws_lc_rs::rsa::KeyPair as RsaKeyPair;
use aws_lc_rs::signature::RSA_PKCS1_SHA256;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jiff::{Timestamp, ToSpan as _, civil, tz::TimeZone};
use rcgen::{
    CertificateParams, DistinguishedName, DnType, KeyPair, KeyUsagePurpose, PKCS_RSA_SHA256,
    RsaKeySize, date_time_ymd,
};
use zeroize::Zeroizing;

/// How long a certificate made here is good.
const YEARS: i64 = 20;
/// Bytes of a body that are spelled in base64 at once; of three bytes come four letters.
const PIECE: usize = 3 * 16 * 1024;

/// A key with its certificate, as they are kept.
pub struct Made {
    /// The RSA key in PKCS #8.
    pub key: Zeroizing<Vec<u8>>,
    /// The certificate in DER.
    pub certificate: Vec<u8>,
}

/// Why there is no signing key.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// None could be made.
    #[error("no key for signing could be made: {0}")]
    Unmade(#[from] rcgen::Error),
    /// What was kept is none.
    #[error("the key for signing is damaged")]
    Damaged,
}

/// Makes a key, and a certificate of it that counts from the day before `now`, for the clients' clocks
/// are not the node's.
///
/// # Errors
/// [`Error::Unmade`].
pub fn make(now: Timestamp) -> Result<Made, Error> {
    let today = now.to_zoned(TimeZone::UTC).date();
    let midnight = |day: civil::Date| {
        date_time_ymd(day.year().into(), day.month().unsigned_abs(), day.day().unsigned_abs())
    };
    let mut params = CertificateParams::new(Vec::<String>::new())?;
    params.not_before = midnight(today.saturating_sub(1.day()));
    params.not_after = midnight(today.saturating_add(YEARS.years()));
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, "prereg-node answers");
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    let key = KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048)?;
    let certificate = params.self_signed(&key)?.der().to_vec();
    Ok(Made { key: Zeroizing::new(key.serialize_der()), certificate })
}

/// Signs.
pub struct Signer {
    key: RsaKeyPair,
    /// The JWS header, as it stands before the first dot.
    header: String,
    certificate: Vec<u8>,
}

impl Signer {
    /// Takes a key and its certificate as [`make`] made them.
    ///
    /// # Errors
    /// [`Error::Damaged`].
    pub fn new(made: &Made) -> Result<Self, Error> {
        let key = RsaKeyPair::from_pkcs8(&made.key).map_err(|_| Error::Damaged)?;
        let certificate = STANDARD.encode(&made.certificate);
        let header = serde_json::json!({"alg": "RS256", "x5c": [certificate]}).to_string();
        let header = URL_SAFE_NO_PAD.encode(header);
        Ok(Self { key, header, certificate: made.certificate.clone() })
    }

    /// Returns the JWS of `body`, which does not stand in it.
    #[must_use]
    pub fn sign(&self, body: &[u8]) -> String {
        let mut signed = digest::Context::new(&digest::SHA256);
        signed.update(self.header.as_bytes());
        signed.update(b".");
        for piece in body.chunks(PIECE) {
            signed.update(URL_SAFE_NO_PAD.encode(piece).as_bytes());
        }
        let mut signature = vec![0; self.key.public_modulus_len()];
        self.key
            .sign_digest(&RSA_PKCS1_SHA256, &signed.finish(), &mut signature)
            .expect("the digest is the padding's own, and there is room for the signature");
        format!("{}..{}", self.header, URL_SAFE_NO_PAD.encode(signature))
    }

    /// Returns the certificate in PEM, for whoever tells clients to trust it.
    #[must_use]
    pub fn certificate_pem(&self) -> String {
        let text = STANDARD.encode(&self.certificate);
        let mut pem = "-----BEGIN CERTIFICATE-----\n".to_owned();
        for line in text.as_bytes().chunks(64) {
            pem.push_str(&String::from_utf8_lossy(line));
            pem.push('\n');
        }
        pem.push_str("-----END CERTIFICATE-----\n");
        pem
    }
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Signer(..)")
    }
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
    use rustls::pki_types::CertificateDer;
    use rustls::pki_types::pem::PemObject as _;
    use serde_json::Value;

    use super::*;

    fn made() -> Made {
        make("2026-11-23T08:00:00Z".parse().unwrap()).unwrap()
    }

    #[test]
    fn a_body_of_any_length_is_signed_over_its_base64() {
        let signer = Signer::new(&made()).unwrap();
        let public = UnparsedPublicKey::new(
            &RSA_PKCS1_2048_8192_SHA256,
            signer.key.public_key().as_ref().to_vec(),
        );
        for length in [0, 1, 2, 3, PIECE - 1, PIECE, PIECE + 1, 3 * PIECE + 2] {
            let body = vec![b'a'; length];
            let jws = signer.sign(&body);
            let [header, payload, signature] =
                jws.split('.').collect::<Vec<_>>().try_into().unwrap();
            assert_eq!(payload, "", "the body stands beside it, not in it");
            let signed = format!("{header}.{}", URL_SAFE_NO_PAD.encode(&body));
            let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
            public.verify(signed.as_bytes(), &signature).unwrap();
            assert!(public.verify(format!("{signed}x").as_bytes(), &signature).is_err());
        }
    }

    #[test]
    fn the_header_names_algorithm_and_certificate() {
        let (made, signer) = {
            let made = made();
            let signer = Signer::new(&made).unwrap();
            (made, signer)
        };
        let jws = signer.sign(b"{}");
        let header = URL_SAFE_NO_PAD.decode(jws.split('.').next().unwrap()).unwrap();
        let header: Value = serde_json::from_slice(&header).unwrap();
        assert_eq!(header["alg"], "RS256");
        assert_eq!(STANDARD.decode(header["x5c"][0].as_str().unwrap()).unwrap(), made.certificate);
        let pem = signer.certificate_pem();
        let read = CertificateDer::from_pem_slice(pem.as_bytes()).unwrap();
        assert_eq!(read.as_ref(), made.certificate);
    }

    /// I12
    #[test]
    fn what_is_no_key_is_damaged_and_a_debug_print_shows_none() {
        let made = made();
        let half = Zeroizing::new(made.key[..made.key.len() / 2].to_vec());
        let damaged = Made { key: half, certificate: made.certificate.clone() };
        assert!(matches!(Signer::new(&damaged), Err(Error::Damaged)));
        assert_eq!(format!("{:?}", Signer::new(&made).unwrap()), "Signer(..)");
    }
}
