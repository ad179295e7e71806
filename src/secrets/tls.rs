//! Certificates: the one the node shows to the LAN, and those it trusts upstream.
//!
//! Every configuration names aws-lc-rs as its provider, so nothing depends on what the process
//! installed as its default, or when.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::{Timestamp, ToSpan as _, civil, tz::TimeZone};
use rcgen::{CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, KeyPair};
use rcgen::{KeyUsagePurpose, date_time_ymd};
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use zeroize::Zeroizing;

use super::file::{self, Unreadable};
use crate::entropy::Entropy;

/// Permissions of those who are neither owner nor group; a key may belong to a group of servers.
const STRANGERS: u32 = 0o007;

/// How long a certificate made here is good.
const YEARS: i64 = 10;

/// Makes a self-signed certificate for `names` (host names or addresses) and writes it to
/// `certificate`, its key to `key` with mode 0600. Neither file may exist.
///
/// It counts from the day before `now`, for the counters' clocks are not the node's.
///
/// # Errors
/// [`Error::Exists`], [`Error::Name`] or [`Error::Io`]; no file is left behind.
pub fn create(
    certificate: &Path,
    key: &Path,
    names: &[String],
    entropy: &dyn Entropy,
    now: Timestamp,
) -> Result<(), Error> {
    if certificate.exists() {
        return Err(Error::Exists(certificate.into()));
    }
    let (certificate_pem, key_pem) = self_signed(names, now)?;
    write_new(key, key_pem.as_bytes(), 0o600, entropy)?;
    write_new(certificate, certificate_pem.as_bytes(), 0o644, entropy).inspect_err(|_| {
        // Without its certificate the key is of no use, and would be in the way next time.
        let _ = std::fs::remove_file(key);
    })
}

/// Reads a certificate chain and its key, both PEM, into what the listener needs for HTTP/2 and
/// HTTP/1.1.
///
/// # Errors
/// One sentence for the operator: which file, and what is the matter with it.
pub fn server_config(certificate: &Path, key: &Path) -> Result<Arc<ServerConfig>, Error> {
    let chain = certificates(certificate)?;
    let key_pem = file::read(key, STRANGERS).map_err(|error| Error::reading(key, error))?;
    let key_der = PrivateKeyDer::from_pem_slice(&key_pem).map_err(|_| Error::NoKey(key.into()))?;
    let mut config = ServerConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .expect("the provider has suites for TLS 1.2 and 1.3")
        .with_no_client_auth()
        .with_single_cert(chain, key_der)
        .map_err(|error| Error::Unfit(certificate.into(), error))?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

/// Returns what the node trusts when it calls upstream: the system's roots and those in `extra`,
/// the country's own authority. It offers no protocols; the HTTP client adds what it speaks.
///
/// # Errors
/// One sentence for the operator: `extra` cannot be used, or there is nothing to trust at all.
pub fn client_config(extra: Option<&Path>) -> Result<ClientConfig, Error> {
    let mut roots = RootCertStore::empty();
    // A system without roots, or with a broken one among them, is no reason to stop: with none in
    // the end, or with the one that was needed, connecting says so.
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if let Some(extra) = extra {
        for certificate in certificates(extra)? {
            roots.add(certificate).map_err(|error| Error::Unfit(extra.into(), error))?;
        }
    }
    if roots.is_empty() {
        return Err(Error::NothingToTrust);
    }
    Ok(ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .expect("the provider has suites for TLS 1.2 and 1.3")
        .with_root_certificates(roots)
        .with_no_client_auth())
}

/// Why there is no TLS. Each text is a sentence for the operator.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A name is neither a host name nor an address.
    #[error("{0} is neither a host name nor an address")]
    Name(String),
    /// There is one already, and it is never overwritten.
    #[error("{} exists already and is left as it is", .0.display())]
    Exists(PathBuf),
    /// The file holds no certificate.
    #[error("{} holds no certificate in PEM", .0.display())]
    NoCertificate(PathBuf),
    /// The file holds no key.
    #[error("{} holds no private key in PEM", .0.display())]
    NoKey(PathBuf),
    /// Others may read the key.
    #[error("{} may be read by others; allow only its owner (chmod 600)", .0.display())]
    Permissions(PathBuf),
    /// Certificate and key cannot be used, or not together.
    #[error("{path} cannot be used: {1}", path = .0.display())]
    Unfit(PathBuf, #[source] rustls::Error),
    /// The certificate could not be made.
    #[error("no certificate could be made: {0}")]
    Unmade(#[source] rcgen::Error),
    /// Neither the system nor the configuration names a root.
    #[error("there are no trusted root certificates; install ca-certificates or name a CA file")]
    NothingToTrust,
    /// The system refused.
    #[error("{path}: {1}", path = .0.display())]
    Io(PathBuf, #[source] io::Error),
}

impl Error {
    fn reading(path: &Path, error: Unreadable) -> Self {
        match error {
            Unreadable::TooOpen => Self::Permissions(path.into()),
            Unreadable::NotASecret => Self::NoCertificate(path.into()),
            Unreadable::Io(error) => Self::Io(path.into(), error),
        }
    }
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(aws_lc_rs::default_provider())
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, Error> {
    let pem = file::read(path, 0).map_err(|error| Error::reading(path, error))?;
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
    match chain {
        Ok(chain) if !chain.is_empty() => Ok(chain),
        _ => Err(Error::NoCertificate(path.into())),
    }
}

/// Returns certificate and key in PEM.
fn self_signed(names: &[String], now: Timestamp) -> Result<(String, Zeroizing<String>), Error> {
    for name in names {
        CertificateParams::new([name.clone()]).map_err(|_| Error::Name(name.clone()))?;
    }
    let mut params = CertificateParams::new(names).map_err(Error::Unmade)?;
    let today = now.to_zoned(TimeZone::UTC).date();
    let midnight = |day: civil::Date| {
        date_time_ymd(day.year().into(), day.month().unsigned_abs(), day.day().unsigned_abs())
    };
    params.not_before = midnight(today.saturating_sub(1.day()));
    params.not_after = midnight(today.saturating_add(YEARS.years()));
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, "prereg-node");
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let key = KeyPair::generate().map_err(Error::Unmade)?;
    let certificate = params.self_signed(&key).map_err(Error::Unmade)?;
    Ok((certificate.pem(), Zeroizing::new(key.serialize_pem())))
}

fn write_new(path: &Path, content: &[u8], mode: u32, entropy: &dyn Entropy) -> Result<(), Error> {
    file::write_new(path, content, mode, entropy).map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => Error::Exists(path.into()),
        _ => Error::Io(path.into(), error),
    })
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt as _;
    use std::time::Duration;

    use rustls::pki_types::{ServerName, UnixTime};
    use rustls::time_provider::TimeProvider;
    use rustls::{ClientConnection, ServerConnection};
    use tempfile::TempDir;

    use super::*;
    use crate::entropy::System;

    struct Made {
        _folder: TempDir,
        certificate: PathBuf,
        key: PathBuf,
    }

    fn now() -> Timestamp {
        "2026-11-22T07:24:48Z".parse().unwrap()
    }

    /// The clock of a client.
    #[derive(Debug)]
    struct At(Timestamp);

    impl TimeProvider for At {
        fn current_time(&self) -> Option<UnixTime> {
            let seconds = u64::try_from(self.0.as_second()).ok()?;
            Some(UnixTime::since_unix_epoch(Duration::from_secs(seconds)))
        }
    }

    fn make(names: &[&str]) -> Made {
        let folder = tempfile::tempdir().unwrap();
        let (certificate, key) = (folder.path().join("tls.crt"), folder.path().join("tls.key"));
        let names: Vec<_> = names.iter().map(|&name| name.to_owned()).collect();
        create(&certificate, &key, &names, &System, now()).unwrap();
        Made { _folder: folder, certificate, key }
    }

    /// Shakes hands in memory, as a client that trusts `trusted` and calls the node `name`.
    fn shake_hands(made: &Made, trusted: &Path, name: &'static str) -> Result<(), rustls::Error> {
        shake_hands_at(now(), made, trusted, name)
    }

    fn shake_hands_at(
        time: Timestamp,
        made: &Made,
        trusted: &Path,
        name: &'static str,
    ) -> Result<(), rustls::Error> {
        let server = server_config(&made.certificate, &made.key).unwrap();
        let mut client = client_config(Some(trusted)).unwrap();
        client.time_provider = Arc::new(At(time));
        let client = Arc::new(client);
        let mut server = ServerConnection::new(server).unwrap();
        let mut client =
            ClientConnection::new(client, ServerName::try_from(name).unwrap()).unwrap();
        while client.is_handshaking() || server.is_handshaking() {
            let mut wire = Vec::new();
            while client.wants_write() {
                client.write_tls(&mut wire).unwrap();
            }
            server.read_tls(&mut &wire[..]).unwrap();
            server.process_new_packets()?;
            let mut wire = Vec::new();
            while server.wants_write() {
                server.write_tls(&mut wire).unwrap();
            }
            client.read_tls(&mut &wire[..]).unwrap();
            client.process_new_packets()?;
        }
        Ok(())
    }

    #[test]
    fn a_client_that_trusts_the_certificate_connects_by_each_of_its_names_and_no_other() {
        let made = make(&["node.center.example", "127.0.0.1"]);
        for name in ["node.center.example", "127.0.0.1"] {
            shake_hands(&made, &made.certificate, name).unwrap();
        }
        assert!(shake_hands(&made, &made.certificate, "other.example").is_err());
    }

    #[test]
    fn a_certificate_counts_from_the_day_before_it_was_made_for_ten_years() {
        let made = make(&["node.example"]);
        for (time, counts) in [
            ("2026-11-20T23:59:59Z", false),
            ("2026-11-21T00:00:00Z", true),
            ("2036-11-21T23:59:59Z", true),
            ("2036-11-22T00:00:01Z", false),
        ] {
            let time_of_client = time.parse().unwrap();
            let shaken = shake_hands_at(time_of_client, &made, &made.certificate, "node.example");
            assert_eq!(shaken.is_ok(), counts, "{time}: {shaken:?}");
        }
    }

    #[test]
    fn a_client_that_trusts_another_certificate_does_not_connect() {
        let (made, other) = (make(&["node.example"]), make(&["node.example"]));
        assert!(shake_hands(&made, &other.certificate, "node.example").is_err());
    }

    #[test]
    fn neither_certificate_nor_key_is_ever_overwritten() {
        for kept in ["tls.crt", "tls.key"] {
            let folder = tempfile::tempdir().unwrap();
            let (certificate, key) = (folder.path().join("tls.crt"), folder.path().join("tls.key"));
            fs::write(folder.path().join(kept), "mine").unwrap();

            let names = ["localhost".to_owned()];
            let error =
                create(&certificate, &key, &names, &System, Timestamp::UNIX_EPOCH).unwrap_err();

            assert!(matches!(error, Error::Exists(_)), "{error}");
            assert_eq!(fs::read_to_string(folder.path().join(kept)).unwrap(), "mine");
            assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        }
    }

    #[test]
    fn a_key_is_for_its_owner_and_one_that_strangers_may_read_is_refused() {
        let made = make(&["localhost"]);
        assert_eq!(fs::metadata(&made.key).unwrap().permissions().mode() & 0o777, 0o600);

        fs::set_permissions(&made.key, fs::Permissions::from_mode(0o644)).unwrap();

        let error = server_config(&made.certificate, &made.key).unwrap_err();
        assert!(matches!(error, Error::Permissions(_)), "{error}");
    }

    #[test]
    fn a_certificate_with_anothers_key_is_refused() {
        let (made, other) = (make(&["localhost"]), make(&["localhost"]));
        let error = server_config(&made.certificate, &other.key).unwrap_err();
        assert!(matches!(error, Error::Unfit(..)), "{error}");
    }

    #[test]
    fn files_that_hold_something_else_are_named_in_the_error() {
        let made = make(&["localhost"]);
        let empty = made.certificate.with_extension("empty");
        fs::write(&empty, "").unwrap();
        fs::set_permissions(&empty, fs::Permissions::from_mode(0o600)).unwrap();

        let certificate = server_config(&empty, &made.key).unwrap_err();
        let key = server_config(&made.certificate, &empty).unwrap_err();
        let authority = client_config(Some(&empty)).unwrap_err();

        assert!(matches!(certificate, Error::NoCertificate(_)), "{certificate}");
        assert!(matches!(key, Error::NoKey(_)), "{key}");
        assert!(matches!(authority, Error::NoCertificate(_)), "{authority}");
    }

    #[test]
    fn a_name_no_certificate_can_bear_is_refused_before_anything_is_written() {
        let folder = tempfile::tempdir().unwrap();
        let (certificate, key) = (folder.path().join("tls.crt"), folder.path().join("tls.key"));
        let names = ["nöde".to_owned()];
        let error = create(&certificate, &key, &names, &System, Timestamp::UNIX_EPOCH).unwrap_err();
        assert!(matches!(error, Error::Name(_)), "{error}");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
