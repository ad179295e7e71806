//! Builds every part of serve, wires their channels, starts and stops them in order.

mod counters;
mod signing;

use std::future::Future;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use zeroize::Zeroizing;

use crate::carrier::mosip::{self, Account, Mosip};
use crate::clock::Clock;
use crate::domain::line::{Line, State};
use crate::entropy::Entropy;
use crate::http::audit::{self, Trail};
use crate::http::flood::{self, Flood};
use crate::http::issuer;
use crate::http::logins::Logins;
use crate::http::room::Room;
use crate::http::server::{self, Listener};
use crate::http::stream::Streams;
use crate::http::thumbnails::Thumbnails;
use crate::http::{Client, Dispatch, Parts};
use crate::outside::captcha::{self, Verifier};
use crate::outside::clamd::Clamd;
use crate::outside::delivery::Delivery;
use crate::outside::sms::{self, Gateway};
use crate::outside::smtp::{self, MailServer};
use crate::outside::spool::Spool;
use crate::outside::web::{self, Web};
use crate::secrets::keyring::{self, Identity, Recipient, Unlock};
use crate::secrets::token::TokenKey;
use crate::secrets::{signature, tls};
use crate::services::{self, Rules};
use crate::store::{self, Store};
use crate::sync::{self, Pace};
use crate::typeset::Press;
use crate::wire::envelope::Window;
use crate::{admin, batch, http, logging};

pub use counters::Scanning;

/// The replica's file in the node's folder.
const REPLICA: &str = "replica.db";
/// The database key, encrypted to the node's identity.
const KEY: &str = "replica.key.age";
/// The certificate for HTTPS, and its key.
const CERTIFICATE: &str = "tls.crt";
const CERTIFICATE_KEY: &str = "tls.key";
/// Calls that may wait to be recorded in the audit trail; what comes then is counted.
const UNRECORDED: usize = 4096;
/// Questions that may wait for the synchronisation.
const WAITING: usize = 64;

/// What a node is.
#[derive(Clone)]
pub struct Settings {
    /// Where replica, keys and certificate are.
    pub folder: PathBuf,
    /// Where the node's identity comes from.
    pub unlock: Unlock,
    /// To whom the database key is encrypted besides.
    pub recovery: Vec<Recipient>,
    /// The names the node goes by.
    pub names: Vec<String>,
    /// Where this machine's programs find it.
    pub http: SocketAddr,
    /// Where the LAN finds it.
    pub https: Option<SocketAddr>,
    /// What it may decide.
    pub rules: Rules,
    /// How far a request's day may be from today.
    pub window: Window,
    /// Whom it synchronises with; an authority with nobody.
    pub upstream: Option<Upstream>,
    /// How captchas are verified.
    pub captcha: Option<captcha::Settings>,
    /// How many OTPs may leave.
    pub otp: flood::Limits,
    /// How long the audit trail is.
    pub audit: audit::Settings,
    /// Who else issues tokens that count.
    pub identity_provider: Option<issuer::Settings>,
    /// What is logged, and where.
    pub log: logging::Settings,
    /// Programs that may log in with a secret.
    pub clients: Vec<Client>,
    /// The virus scanner that documents are shown to, where the country wants that.
    pub virus_scan: Option<Clamd>,
    /// Who reads codes and opens documents, and for which counters.
    pub scanning: Scanning,
    /// The mail server that e-mails leave by.
    pub mail: Option<smtp::Settings>,
    /// The gateway that SMS leave by.
    pub sms: Option<Sms>,
    /// What slips are made with.
    pub press: Arc<Press>,
    /// Where messages go in a trial; also what makes a node a trial.
    pub spool: Option<PathBuf>,
}

/// A gateway for SMS, and whom its certificate may be from.
#[derive(Clone)]
pub struct Sms {
    /// How it is called.
    pub gateway: sms::Settings,
    /// A certificate to trust besides the system's.
    pub ca: Option<PathBuf>,
}

/// Whom a center node synchronises with.
#[derive(Clone)]
pub struct Upstream {
    /// Its address, such as `https://central.example`.
    pub url: String,
    /// A certificate to trust besides the system's.
    pub ca: Option<PathBuf>,
    /// The account that reads: staff, never INDIVIDUAL.
    pub reader: Account,
    /// The account that writes: INDIVIDUAL only.
    pub writer: Account,
    /// When to ask.
    pub pace: Pace,
}

/// Why a node cannot be made or started. Each text is a sentence for the operator.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The identity or the database key.
    #[error(transparent)]
    Key(#[from] keyring::Error),
    /// The replica.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// The master data.
    #[error(transparent)]
    Master(#[from] services::master::Error),
    /// The certificate.
    #[error(transparent)]
    Tls(#[from] tls::Error),
    /// The key that signs answers.
    #[error(transparent)]
    Signing(#[from] signature::Error),
    /// A port.
    #[error(transparent)]
    Bind(#[from] server::BindError),
    /// The upstream's address.
    #[error(transparent)]
    Upstream(#[from] mosip::BadAddress),
    /// The mail server.
    #[error(transparent)]
    Mail(#[from] smtp::BadSettings),
    /// The gateway for SMS.
    #[error(transparent)]
    Sms(#[from] sms::BadSettings),
    /// The keys of the identity provider.
    #[error(transparent)]
    Issuer(#[from] issuer::Error),
    /// The node's folder.
    #[error("cannot use {path}: {1}", path = .0.display())]
    Folder(PathBuf, #[source] std::io::Error),
}

/// Makes identity, key, certificate and an empty replica. What is there already stays as it is: a
/// folder with any of them is refused before anything is written.
///
/// # Errors
/// Why not; a part that was made before the failure is left, and named by the next try.
pub fn init(settings: &Settings, clock: &Clock, entropy: &dyn Entropy) -> Result<(), Error> {
    let folder = &settings.folder;
    let in_folder = |error| Error::Folder(folder.clone(), error);
    if folder.join(REPLICA).exists() {
        return Err(store::Error::Exists.into());
    }
    if let Some(part) = [KEY, CERTIFICATE, CERTIFICATE_KEY]
        .map(|part| folder.join(part))
        .into_iter()
        .find(|part| part.exists())
    {
        return Err(keyring::Error::Exists(part).into());
    }
    private_folder(folder).map_err(in_folder)?;
    let identity = match &settings.unlock {
        Unlock::File(path) if !path.exists() => Identity::create(path, entropy)?,
        unlock => Identity::load(unlock)?,
    };
    let key = keyring::create_key(&folder.join(KEY), &identity, &settings.recovery, entropy)?;
    let key = store::Key::new(Zeroizing::new(*key.expose()));
    Store::create(&folder.join(REPLICA), &key)?;
    if settings.https.is_some() {
        let mut names = vec!["localhost".to_owned()];
        names.extend(settings.names.iter().cloned());
        let (certificate, key) = (folder.join(CERTIFICATE), folder.join(CERTIFICATE_KEY));
        tls::create(&certificate, &key, &names, entropy, clock.now())?;
    }
    let store = Store::inline(&folder.join(REPLICA), &key)?;
    let id = |entropy: &dyn Entropy| uuid::Builder::from_random_bytes(entropy.bytes()).into_uuid();
    let (node, epoch) = (id(entropy), id(entropy));
    now_or_never(store.write(move |tx| store::operation::name_node(tx, node, epoch)))?;
    now_or_never(signing::signer(&store, folder, clock)).map(drop)
}

/// Opens the replica of a node that does not serve now, without threads.
///
/// # Errors
/// A key or a replica that cannot be used; nothing is changed.
pub fn open_inline(settings: &Settings) -> Result<Store, Error> {
    let key = key(settings)?;
    Ok(Store::inline(&settings.folder.join(REPLICA), &key)?)
}

/// Returns what the inline store's write or read comes to; it is done when first polled.
///
/// # Errors
/// What the work answers.
pub fn now_or_never<T, E: From<store::Error>>(
    work: impl Future<Output = Result<T, E>>,
) -> Result<T, E> {
    futures_util::FutureExt::now_or_never(work).unwrap_or_else(|| Err(store::Error::Closed.into()))
}

/// Returns the key of the node's tokens, for a command that issues one while no serve is running or
/// beside it: it is derived from the database key, so the replica stays closed.
///
/// # Errors
/// A key that cannot be used.
pub fn token_key(settings: &Settings) -> Result<TokenKey, Error> {
    Ok(TokenKey::new(&derived(&key(settings)?, b"tokens")))
}

fn key(settings: &Settings) -> Result<store::Key, Error> {
    let identity = Identity::load(&settings.unlock)?;
    let key = keyring::open_key(&settings.folder.join(KEY), &identity)?;
    Ok(store::Key::new(Zeroizing::new(*key.expose())))
}

fn derived(key: &store::Key, purpose: &[u8]) -> Zeroizing<[u8; 32]> {
    Zeroizing::new(crate::secrets::hash::keyed(key.bytes(), &[purpose]))
}

fn private_folder(folder: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

/// Where a node that has started is found.
#[derive(Clone, Debug)]
pub struct Addresses {
    /// Plain HTTP, for this machine.
    pub http: SocketAddr,
    /// HTTPS, for the LAN.
    pub https: Option<SocketAddr>,
}

/// Serves until `stop` completes. `started` hears the addresses once everything listens.
///
/// # Errors
/// Why it cannot start; then nothing was changed and nothing listens.
pub async fn serve(
    settings: Settings,
    clock: Clock,
    entropy: Arc<dyn Entropy>,
    started: impl FnOnce(&Addresses),
    stop: impl Future<Output = ()>,
) -> Result<(), Error> {
    let key = key(&settings)?;
    let delivery = delivery(&settings)?;
    // The ports first: whoever cannot have them leaves the replica untouched.
    let mut listeners = vec![Listener::bind(settings.http, None).await?];
    if let Some(https) = settings.https {
        let tls = tls::server_config(
            &settings.folder.join(CERTIFICATE),
            &settings.folder.join(CERTIFICATE_KEY),
        )?;
        listeners.push(Listener::bind(https, Some(tls)).await?);
    }
    let addresses = addresses(&listeners).map_err(|e| Error::Folder(settings.folder.clone(), e))?;
    let store = Store::open(&settings.folder.join(REPLICA), &key)?;
    let (own, otp_key) = (TokenKey::new(&derived(&key, b"tokens")), derived(&key, b"otp"));
    let pseudonyms = services::audit::Key::new(derived(&key, b"audit"));
    drop(key);
    let loaded = store.read(|view| services::master::newer(view, None)).await?;
    let loaded = Arc::new(watch::Sender::new(loaded.ok_or(services::master::Error::None)?));
    let signer = Arc::new(signing::signer(&store, &settings.folder, &clock).await?);
    let rules = Arc::new(settings.rules.clone());
    let (line, line_seen) = watch::channel(line_at_start(&store, &rules).await?);

    let stopping = watch::Sender::new(false);
    let mut lanes = JoinSet::new();
    let mut ask = None;
    let mut nudge = None;
    if let (Some(upstream), Some(center)) = (settings.upstream, rules.center.clone()) {
        let (asks, asked) = mpsc::channel(WAITING);
        let (nudges, nudged) = mpsc::channel(1);
        let parts = sync::Parts {
            carrier: Arc::new(carrier(&upstream, &clock, &entropy)?),
            store: store.clone(),
            clock: clock.clone(),
            entropy: Arc::clone(&entropy),
            rules: Arc::clone(&rules),
            center,
            pace: upstream.pace,
            line,
        };
        lanes.spawn(sync::run(parts, asked, nudged, stopping.subscribe()));
        (ask, nudge) = (Some(asks), Some(nudges));
    }
    let revoked = store.read::<_, store::Error, _>(store::login::revoked).await?;
    let mut provider = None;
    if let Some(settings) = settings.identity_provider {
        let (checks, lane) = issuer::prepare(settings, &store, &clock, &entropy).await?;
        if let Some(lane) = lane {
            lanes.spawn(lane.run(stopping.subscribe()));
        }
        provider = Some(checks);
    }
    let (jobs, ordered) = mpsc::channel(WAITING);
    let batch = batch::Parts {
        store: store.clone(),
        loaded: loaded.subscribe(),
        rules: Arc::clone(&rules),
        clock: clock.clone(),
        entropy: Arc::clone(&entropy),
        signer: Arc::clone(&signer),
        trail: settings.audit.keep,
    };
    lanes.spawn(batch::run(batch, ordered, stopping.subscribe()));
    let wired = counters::wire(settings.scanning, &mut lanes, stopping.subscribe(), &*entropy);
    let commands = admin::serve(
        settings.folder.clone(),
        store.clone(),
        (line_seen.clone(), wired.scanner),
        nudge,
        clock.clone(),
        stopping.subscribe(),
    );
    lanes.spawn(async {
        if let Err(error) = commands.await {
            tracing::error!(%error, "commands cannot reach this node");
        }
    });
    let messages = batch::messages::Parts {
        store: store.clone(),
        delivery: delivery.clone(),
        clock: clock.clone(),
        entropy: Arc::clone(&entropy),
    };
    lanes.spawn(batch::messages::run(messages, stopping.subscribe()));
    lanes.spawn(watchdog(store.clone(), clock.clone()));
    let (happened, happenings) = mpsc::channel(UNRECORDED);
    let lost = Arc::new(AtomicU64::new(0));
    lanes.spawn(batch::audit::run(
        store.clone(),
        pseudonyms,
        happenings,
        Arc::clone(&lost),
        clock.clone(),
        stopping.subscribe(),
    ));

    let ending = watch::Sender::new(false);
    let parts = Arc::new(Parts {
        store,
        clock,
        entropy,
        rules,
        loaded,
        signer,
        logins: Logins::new(own, provider, revoked),
        wants_captcha: settings.captcha.as_ref().and_then(|captcha| captcha.wanted),
        captcha: settings.captcha.map(verifier).transpose()?.flatten(),
        flood: Flood::new(settings.otp),
        otp_key,
        trail: Trail::new(happened, lost, settings.audit),
        line: line_seen,
        ask,
        counters: wired.counters,
        pictures: wired.pictures,
        looks: wired.looks,
        thumbnails: Thumbnails::default(),
        streams: Streams::new(ending.subscribe()),
        virus_scan: settings.virus_scan,
        press: settings.press,
        delivery,
        jobs,
        clients: settings.clients,
        names: settings.names,
        room: Room::default(),
        window: settings.window,
    });
    lanes.spawn(http::counters::run(Arc::clone(&parts), wired.reads, stopping.subscribe()));
    let dispatch = Dispatch::new(parts);
    started(&addresses);
    notify(&[sd_notify::NotifyState::Ready]);
    server::serve(
        listeners,
        move |request, peer| dispatch.clone().answer(request, peer),
        server::Limits::default(),
        async {
            stop.await;
            ending.send_replace(true);
            notify(&[sd_notify::NotifyState::Stopping]);
        },
    )
    .await;
    // Requests are done; what the other lanes have under way, the next start finishes.
    stopping.send_replace(true);
    let ended = async { while lanes.join_next().await.is_some() {} };
    if tokio::time::timeout(Duration::from_secs(2), ended).await.is_err() {
        lanes.shutdown().await;
    }
    Ok(())
}

async fn line_at_start(store: &Store, rules: &Rules) -> Result<Line, store::Error> {
    let rounds = store.read::<_, store::Error, _>(store::line::find).await?;
    let state = if rules.authority { State::Authority } else { State::Unknown };
    Ok(Line { state, failure: rounds.failure, reached_at: None, complete_at: rounds.complete_at })
}

fn carrier(upstream: &Upstream, clock: &Clock, entropy: &Arc<dyn Entropy>) -> Result<Mosip, Error> {
    let clock = clock.clone();
    let settings = mosip::Settings {
        url: upstream.url.clone(),
        reader: upstream.reader.clone(),
        writer: upstream.writer.clone(),
        tls: Arc::new(tls::client_config(upstream.ca.as_deref())?),
        limits: mosip::Limits::default(),
        now: Arc::new(move || clock.now()),
        entropy: Arc::clone(entropy),
    };
    Ok(Mosip::new(settings)?)
}

/// Makes the ways out for messages, of which none is tried now.
fn delivery(settings: &Settings) -> Result<Delivery, Error> {
    let mail = settings.mail.as_ref().map(MailServer::new).transpose()?;
    let sms = match &settings.sms {
        Some(sms) => {
            let web = web(sms.ca.as_deref())?;
            Some(Gateway::new(sms.gateway.clone(), web)?)
        }
        None => None,
    };
    Ok(Delivery::new(mail, sms, settings.spool.clone().map(Spool::new)))
}

fn verifier(captcha: captcha::Settings) -> Result<Option<Verifier>, Error> {
    let Some((url, secret)) = captcha.verifier else { return Ok(None) };
    Ok(Some(Verifier::new(web(captcha.ca.as_deref())?, url, secret)))
}

fn web(ca: Option<&Path>) -> Result<Web, Error> {
    Ok(Web::new(&Arc::new(tls::client_config(ca)?), web::Limits::default()))
}

fn addresses(listeners: &[Listener]) -> std::io::Result<Addresses> {
    Ok(Addresses {
        http: listeners[0].addr()?,
        https: listeners.get(1).map(Listener::addr).transpose()?,
    })
}

/// Tells systemd that the node lives as long as its runtime turns and its writer answers; that the
/// disk is full, or the line is down, is an answer.
async fn watchdog(store: Store, clock: Clock) {
    let Some(limit) = sd_notify::watchdog_enabled() else { return };
    let every =
        jiff::SignedDuration::try_from(limit / 3).unwrap_or(jiff::SignedDuration::from_secs(10));
    loop {
        match store.write::<_, store::Error, _>(|_| Ok(())).await {
            Err(store::Error::Closed) => return,
            Ok(()) | Err(_) => notify(&[sd_notify::NotifyState::Watchdog]),
        }
        clock.sleep_until(clock.now() + every).await;
    }
}

/// Tells systemd, where it is systemd that started the node.
fn notify(states: &[sd_notify::NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        tracing::debug!(%error, "systemd was not told");
    }
}
