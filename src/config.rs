//! The configuration: one TOML file, parsed once into [`node::Settings`]. A key it does not know is
//! an error, for a mistyped one would be a setting that silently is not made.

mod counters;
mod outgoing;
mod slip;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use jiff::tz::TimeZone;
use serde::Deserialize;
use zeroize::Zeroizing;

use crate::carrier::mosip::Account;
use crate::domain::caller::Roles;
use crate::domain::ids::{CenterId, Digest};
use crate::domain::status::Lifecycle;
use crate::http::{Client, audit, flood, issuer};
use crate::logging;
use crate::node::{self, Upstream};
use crate::outside::clamd::Clamd;
use crate::outside::{captcha, web};
use crate::secrets::file;
use crate::secrets::keyring::{Recipient, Unlock};
use crate::secrets::realm::Realm;
use crate::services::Rules;
use crate::sync::Pace;
use crate::wire::envelope::Window;

/// Why the configuration cannot be used. Each text is a sentence for the operator.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file cannot be read.
    #[error("cannot read {path}: {1}", path = .0.display())]
    Unreadable(PathBuf, #[source] std::io::Error),
    /// It is not what is expected, at that line.
    #[error("{path}, line {1}: {2}", path = .0.display())]
    Malformed(PathBuf, usize, String),
    /// A secret cannot be used.
    #[error(transparent)]
    Secret(#[from] file::NoSecret),
    /// A value is none of those that are possible.
    #[error("{path}: {1}", path = .0.display())]
    Value(PathBuf, String),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    /// Where replica, keys and certificate are; relative to the file's own folder.
    folder: PathBuf,
    #[serde(default)]
    names: Vec<String>,
    /// Days before and after today that a request's time may name.
    #[serde(default)]
    request_days: u16,
    #[serde(default)]
    listen: Listen,
    country: Country,
    /// Which statuses applications have; a center node has its central's.
    #[serde(default)]
    lifecycle: Lifecycle,
    center: Option<Center>,
    upstream: Option<UpstreamFile>,
    #[serde(default)]
    key: Key,
    captcha: Option<CaptchaFile>,
    #[serde(default)]
    otp: flood::Limits,
    #[serde(default)]
    audit: audit::Settings,
    identity_provider: Option<IdentityProviderFile>,
    #[serde(default)]
    log: logging::Settings,
    #[serde(default, rename = "client")]
    clients: Vec<ClientFile>,
    virus_scan: Option<VirusScan>,
    scan: Option<counters::Scan>,
    #[serde(default, rename = "counter")]
    counters: Vec<counters::CounterFile>,
    mail: Option<outgoing::Mail>,
    sms: Option<outgoing::Sms>,
    #[serde(default)]
    slip: slip::Slip,
    demo: Option<Demo>,
}

#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Listen {
    http: SocketAddr,
    https: Option<SocketAddr>,
}

impl Default for Listen {
    fn default() -> Self {
        Self {
            http: SocketAddr::from(([127, 0, 0, 1], 8080)),
            https: Some(SocketAddr::from(([0, 0, 0, 0], 8443))),
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Country {
    zone: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Center {
    id: CenterId,
    #[serde(default)]
    local_kiosks: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct UpstreamFile {
    url: String,
    ca: Option<PathBuf>,
    reader: AccountFile,
    writer: AccountFile,
    #[serde(default = "usual_seconds")]
    every_seconds: u64,
    #[serde(default = "usual_unsure")]
    unsure_seconds: u64,
    #[serde(default = "usual_back")]
    days_back: u16,
    #[serde(default = "usual_ahead")]
    days_ahead: u16,
}

fn usual_seconds() -> u64 {
    Pace::default().every.as_secs()
}

fn usual_unsure() -> u64 {
    Pace::default().unsure.as_secs()
}

fn usual_back() -> u16 {
    Pace::default().days_back
}

fn usual_ahead() -> u16 {
    Pace::default().days_ahead
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AccountFile {
    client: String,
    /// A file with the secret alone in it: a secret does not stand in a file that people copy.
    secret_file: PathBuf,
    #[serde(default = "usual_app")]
    app: String,
}

fn usual_app() -> String {
    "prereg".into()
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Key {
    /// The file with the node's age identity.
    identity: Option<PathBuf>,
    /// The systemd credential with it.
    credential: Option<String>,
    /// Public age keys of the authority, to which the database key is encrypted besides.
    recovery: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ClientFile {
    id: String,
    secret_sha256: String,
    roles: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct VirusScan {
    /// Where clamd listens: `host:port`, or the path of its socket.
    address: String,
    #[serde(default = "usual_scan")]
    timeout_seconds: u16,
}

/// Longer than clamd takes for the largest document, shorter than a portal waits.
fn usual_scan() -> u16 {
    20
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CaptchaFile {
    /// In the place of the country's property.
    enabled: Option<bool>,
    #[serde(default = "usual_verifier")]
    verify_url: String,
    secret_file: Option<PathBuf>,
    ca: Option<PathBuf>,
}

fn usual_verifier() -> String {
    "https://www.google.com/recaptcha/api/siteverify".into()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct IdentityProviderFile {
    issuer: String,
    #[serde(default = "usual_clients")]
    clients: Vec<String>,
    keys_url: Option<String>,
    keys_file: Option<PathBuf>,
    ca: Option<PathBuf>,
}

/// Central's own `auth.server.admin.allowed.audience`.
fn usual_clients() -> Vec<String> {
    ["mosip-regproc-client", "mosip-prereg-client", "mosip-admin-client", "mosip-reg-client"]
        .map(str::to_owned)
        .to_vec()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Demo {
    spool: PathBuf,
}

/// Reads the configuration at `path`. Paths in it are relative to its folder.
///
/// # Errors
/// [`Error`], a sentence that names the file and the place in it.
pub fn read(path: &Path) -> Result<node::Settings, Error> {
    let text =
        std::fs::read_to_string(path).map_err(|error| Error::Unreadable(path.into(), error))?;
    let file: File = toml::from_str(&text).map_err(|error| malformed(path, &text, &error))?;
    settings(path, file)
}

/// Makes one line of what the parser says in several.
fn malformed(path: &Path, text: &str, error: &toml::de::Error) -> Error {
    let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
    let line = before.matches('\n').count() + 1;
    Error::Malformed(path.into(), line, error.message().replace('\n', ", "))
}

fn settings(path: &Path, file: File) -> Result<node::Settings, Error> {
    let wrong = |text: String| Error::Value(path.into(), text);
    let base = path.parent().unwrap_or(Path::new("."));
    let folder = base.join(&file.folder);
    let zone = TimeZone::get(&file.country.zone).map_err(|_| {
        wrong(format!("country.zone: there is no time zone {:?}", file.country.zone))
    })?;
    let upstream = match file.upstream {
        Some(upstream) => Some(upstream_settings(path, base, upstream)?),
        None => None,
    };
    if upstream.is_some() && file.center.is_none() {
        return Err(wrong(
            "a node with an [upstream] stands in a center: name it in [center]".into(),
        ));
    }
    let unlock = match (file.key.identity, file.key.credential) {
        (Some(_), Some(_)) => {
            return Err(wrong("key: give either an identity or a credential".into()));
        }
        (None, Some(name)) => Unlock::Credential(name),
        (Some(file), None) => Unlock::File(base.join(file)),
        (None, None) => Unlock::File(folder.join("node.identity")),
    };
    let recovery = file
        .key
        .recovery
        .iter()
        .map(|text| {
            text.parse::<Recipient>().map_err(|error| wrong(format!("key.recovery: {error}")))
        })
        .collect::<Result<_, _>>()?;
    let clients = file
        .clients
        .into_iter()
        .map(|client| {
            let secret = Digest::parse(&client.secret_sha256).ok_or_else(|| {
                wrong(format!("client {}: secret_sha256 is 64 hexadecimal letters", client.id))
            })?;
            let roles = Roles::parse(&client.roles.join(","));
            if roles.iter().count() != client.roles.len() {
                return Err(wrong(format!("client {}: a role in it does not exist", client.id)));
            }
            Ok(Client { id: client.id, secret, roles })
        })
        .collect::<Result<_, _>>()?;
    let virus_scan = match file.virus_scan {
        Some(scan) => Some(Clamd {
            address: scan
                .address
                .parse()
                .map_err(|error| wrong(format!("virus_scan.address: {error}")))?,
            patience: Duration::from_secs(scan.timeout_seconds.max(1).into()),
        }),
        None => None,
    };
    let mut log = file.log;
    log.folder = log.folder.map(|folder| base.join(folder));
    let (center, local_kiosks) =
        file.center.map_or((None, 0), |center| (Some(center.id), center.local_kiosks));
    Ok(node::Settings {
        rules: Rules {
            authority: upstream.is_none(),
            center,
            local_kiosks,
            zone,
            lifecycle: file.lifecycle,
        },
        http: file.listen.http,
        https: file.listen.https,
        names: file.names,
        window: Window { days: file.request_days },
        upstream,
        captcha: file.captcha.map(|captcha| captcha_settings(path, base, captcha)).transpose()?,
        identity_provider: file
            .identity_provider
            .map(|provider| provider_settings(path, base, provider))
            .transpose()?,
        unlock,
        recovery,
        log,
        clients,
        virus_scan,
        otp: file.otp,
        audit: file.audit,
        scanning: counters::scanning(path, base, file.scan, file.counters)?,
        mail: file.mail.map(|mail| mail.settings(path, base)).transpose()?,
        sms: file.sms.map(|sms| sms.settings(path, base)).transpose()?,
        press: Arc::new(file.slip.press(base)?),
        spool: file.demo.map(|demo| base.join(demo.spool)),
        folder,
    })
}

fn upstream_settings(path: &Path, base: &Path, file: UpstreamFile) -> Result<Upstream, Error> {
    let account = |account: AccountFile| {
        Ok::<_, Error>(Account {
            client_id: account.client,
            secret: secret(&base.join(account.secret_file))?,
            app_id: account.app,
        })
    };
    if file.every_seconds == 0 {
        return Err(Error::Value(path.into(), "upstream.every_seconds is at least 1".into()));
    }
    Ok(Upstream {
        url: file.url,
        ca: file.ca.map(|ca| base.join(ca)),
        reader: account(file.reader)?,
        writer: account(file.writer)?,
        pace: Pace {
            every: Duration::from_secs(file.every_seconds),
            days_back: file.days_back,
            days_ahead: file.days_ahead,
            unsure: Duration::from_secs(file.unsure_seconds),
        },
    })
}

fn captcha_settings(
    path: &Path,
    base: &Path,
    file: CaptchaFile,
) -> Result<captcha::Settings, Error> {
    let wrong = |text: String| Error::Value(path.into(), text);
    web::check(&file.verify_url).map_err(|bad| wrong(format!("captcha.verify_url: {bad}")))?;
    if file.secret_file.is_none() && file.enabled != Some(false) {
        return Err(wrong(
            "captcha: name the verifier's secret_file, or say enabled = false".into(),
        ));
    }
    let secret = file.secret_file.map(|secret| self::secret(&base.join(secret))).transpose()?;
    Ok(captcha::Settings {
        wanted: file.enabled,
        verifier: secret.map(|secret| (file.verify_url, secret)),
        ca: file.ca.map(|ca| base.join(ca)),
    })
}

fn provider_settings(
    path: &Path,
    base: &Path,
    file: IdentityProviderFile,
) -> Result<issuer::Settings, Error> {
    let wrong = |text: String| Error::Value(path.into(), format!("identity_provider.{text}"));
    if file.clients.is_empty() {
        return Err(wrong("clients: name at least one".into()));
    }
    let url = match (file.keys_url, &file.keys_file) {
        (None, Some(_)) => None,
        (Some(url), _) => Some(url),
        // Where Keycloak has them.
        (None, None) => {
            Some(format!("{}/protocol/openid-connect/certs", file.issuer.trim_end_matches('/')))
        }
    };
    if let Some(url) = &url {
        web::check(url).map_err(|bad| wrong(format!("keys_url: {bad}")))?;
        // Whoever answers there says who is an officer here.
        if !url.starts_with("https://") && !web::is_this_machine(url) {
            return Err(wrong("keys_url: keys come over https:// or from this machine".into()));
        }
    }
    Ok(issuer::Settings {
        realm: Realm { issuer: file.issuer, clients: file.clients },
        keys_url: url,
        keys_file: file.keys_file.map(|keys| base.join(keys)),
        ca: file.ca.map(|ca| base.join(ca)),
    })
}

/// Reads a file with a secret alone in it.
fn secret(path: &Path) -> Result<Zeroizing<String>, Error> {
    Ok(file::secret(path)?)
}
