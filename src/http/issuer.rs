//! Keeps the keys of central's identity provider fresh in the background. Without a line the last
//! ones count: an officer's token is good at a center that nobody can reach.

use std::path::PathBuf;
use std::sync::Arc;

use jiff::SignedDuration;
use tokio::sync::{mpsc, watch};

use crate::clock::Clock;
use crate::entropy::Entropy;
use crate::http::logins::Provider;
use crate::outside::web::{Limits, Web};
use crate::secrets::realm::{KeySet, NoKeys, Realm};
use crate::secrets::tls;
use crate::store::{self, Store};

/// How long keys are good enough.
const FRESH: SignedDuration = SignedDuration::from_hours(1);
/// Between two attempts at least, however many tokens name a key that is not there.
const PAUSE: SignedDuration = SignedDuration::from_mins(1);

/// Central's identity provider, whose tokens count here.
#[derive(Clone)]
pub struct Settings {
    /// Whose tokens, and for whom.
    pub realm: Realm,
    /// Where its keys are fetched; nowhere, if they are in a file only.
    pub keys_url: Option<String>,
    /// Its keys until some were fetched.
    pub keys_file: Option<PathBuf>,
    /// A certificate to trust besides the system's.
    pub ca: Option<PathBuf>,
}

/// Why its tokens cannot be checked. Each text is a sentence for the operator.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file with its keys cannot be read.
    #[error("cannot read {path}: {1}", path = .0.display())]
    Unreadable(PathBuf, #[source] std::io::Error),
    /// The file holds no keys.
    #[error("{path}: {1}", path = .0.display())]
    NoKeys(PathBuf, #[source] NoKeys),
    /// What the node trusts.
    #[error(transparent)]
    Tls(#[from] tls::Error),
    /// The replica.
    #[error(transparent)]
    Store(#[from] store::Error),
}

/// Returns what checks its tokens, and the lane that keeps its keys fresh if they are fetched.
///
/// # Errors
/// [`Error`]. That there are no keys yet is none.
pub async fn prepare(
    settings: Settings,
    store: &Store,
    clock: &Clock,
    entropy: &Arc<dyn Entropy>,
) -> Result<(Provider, Option<Issuer>), Error> {
    let name = settings.realm.issuer.clone();
    let kept = store
        .read::<_, store::Error, _>(move |view| store::login::keys(view, &name))
        .await?
        .and_then(|keys| KeySet::parse(keys.as_bytes()).ok());
    let keys = match (kept, settings.keys_file) {
        // With nowhere to fetch them, the file is what an operator keeps up to date.
        (Some(kept), _) if settings.keys_url.is_some() => kept,
        (_, Some(path)) => {
            let text =
                std::fs::read(&path).map_err(|error| Error::Unreadable(path.clone(), error))?;
            KeySet::parse(&text).map_err(|none| Error::NoKeys(path, none))?
        }
        (kept, None) => kept.unwrap_or_default(),
    };
    let keys = Arc::new(watch::Sender::new(Arc::new(keys)));
    let (tell, unknown) = mpsc::channel(1);
    let checks = Provider { realm: settings.realm, keys: keys.subscribe(), unknown: tell };
    let Some(url) = settings.keys_url else { return Ok((checks, None)) };
    let tls = Arc::new(tls::client_config(settings.ca.as_deref())?);
    let lane = Issuer {
        name: checks.realm.issuer.clone(),
        url,
        web: Web::new(&tls, Limits::default()),
        store: store.clone(),
        clock: clock.clone(),
        entropy: Arc::clone(entropy),
        keys,
        unknown,
    };
    Ok((checks, Some(lane)))
}

/// What the lane works with.
pub struct Issuer {
    /// Who issues.
    name: String,
    /// Where its keys are.
    url: String,
    /// Calls it.
    web: Web,
    /// Where its keys are kept.
    store: Store,
    /// The time.
    clock: Clock,
    /// Randomness, so that centers that lost one line don't come back as one.
    entropy: Arc<dyn Entropy>,
    /// Where its keys are put for checks.
    keys: Arc<watch::Sender<Arc<KeySet>>>,
    /// Tells that a token named an unknown key.
    unknown: mpsc::Receiver<()>,
}

impl Issuer {
    /// Fetches the keys now, whenever they are an hour old and when a token names an unknown one,
    /// until `stop` says so.
    pub async fn run(mut self, mut stop: watch::Receiver<bool>) {
        let mut failures = 0;
        loop {
            let tried = tokio::select! {
                tried = self.refresh() => tried,
                _ = stop.wait_for(|stopped| *stopped) => return,
            };
            failures = match tried {
                Ok(()) => 0,
                Err(why) => {
                    tracing::warn!(%why, "the identity provider's keys were not fetched; the last ones count");
                    failures + 1
                }
            };
            let began = self.clock.now();
            let wait = wait(failures, self.entropy.below(256));
            let due = async {
                tokio::select! {
                    () = self.clock.sleep_until(began + wait) => {}
                    Some(()) = self.unknown.recv() => self.clock.sleep_until(began + PAUSE).await,
                }
            };
            tokio::select! {
                () = due => {}
                _ = stop.wait_for(|stopped| *stopped) => return,
            }
            // What was asked for meanwhile is answered by this round.
            while self.unknown.try_recv().is_ok() {}
        }
    }

    async fn refresh(&self) -> Result<(), String> {
        let answer = self.web.get(&self.url, &[]).await.map_err(|failure| failure.to_string())?;
        if !answer.status.is_success() {
            return Err(format!("it answered with status {}", answer.status.as_u16()));
        }
        let keys = KeySet::parse(&answer.body).map_err(|none| none.to_string())?;
        let text = String::from_utf8(answer.body.to_vec()).map_err(|error| error.to_string())?;
        let (name, now) = (self.name.clone(), self.clock.now());
        let kept = self.store.write::<_, store::Error, _>(move |tx| {
            if store::login::keys(tx, &name)?.as_deref() != Some(text.as_str()) {
                store::login::put_keys(tx, &name, &text, now)?;
            }
            Ok(())
        });
        // Keys that cannot be kept are still good until the next start.
        let kept = kept.await;
        self.keys.send_replace(Arc::new(keys));
        kept.map_err(|error| error.to_string())
    }
}

/// Returns how long to wait after so many failures in a row: a minute, doubled up to an hour, and
/// up to half of it more; `jitter` is 0 to 255.
fn wait(failures: u32, jitter: u64) -> SignedDuration {
    let wait = match failures {
        0 => FRESH,
        failures => (PAUSE * (1 << (failures - 1).min(6))).min(FRESH),
    };
    let jitter = i64::try_from(jitter).unwrap_or(255);
    wait + SignedDuration::from_millis(i64::try_from(wait.as_millis()).unwrap_or(0) / 512 * jitter)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_fails_waits_longer_each_time_up_to_an_hour_and_a_half() {
        let minutes = |failures, jitter| wait(failures, jitter).as_secs() / 60;
        assert_eq!([1, 2, 3, 7, 1000].map(|failures| minutes(failures, 0)), [1, 2, 4, 60, 60]);
        assert_eq!((minutes(0, 0), minutes(0, 255), minutes(1000, 255)), (60, 89, 89));
    }
}
