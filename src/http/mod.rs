//! What clients see.

pub mod audit;
pub mod auth;
pub mod body;
pub mod counters;
mod dispatch;
mod events;
pub mod flood;
mod forms;
mod handlers;
mod idle;
pub mod issuer;
pub mod logins;
pub mod openapi;
mod range;
pub mod reply;
pub mod room;
pub mod route;
pub mod says;
pub mod server;
pub mod stream;
pub mod table;
pub mod thumbnails;

use std::ops::Deref;
use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::{mpsc, oneshot, watch};
use zeroize::Zeroizing;

use crate::clock::Clock;
use crate::domain::line::{Fetched, Line};
use crate::domain::master::Master;
use crate::domain::picture::{Found, NotFound, Wanted};
use crate::domain::prid::Prid;
use crate::entropy::Entropy;
use crate::http::logins::Logins;
use crate::http::room::Room;
use crate::outside::captcha::Verifier;
use crate::outside::clamd::Clamd;
use crate::outside::delivery::Delivery;
use crate::secrets::signature::Signer;
use crate::services::Rules;
use crate::services::batch::Order;
use crate::services::master::Loaded;
use crate::store::Store;
use crate::typeset::Press;
use crate::wire::envelope::Window;

pub use dispatch::Dispatch;

/// A program that may log in with a secret: a center node at its authority, a program at a counter.
#[derive(Clone, Debug)]
pub struct Client {
    /// Its id.
    pub id: String,
    /// SHA-256 of its secret. The secret is drawn, not thought up, so a plain hash keeps it.
    pub secret: crate::domain::ids::Digest,
    /// In which roles it calls.
    pub roles: crate::domain::caller::Roles,
}

/// An application that is not here is asked for at central; the answer comes back on the channel.
pub type Ask = (Prid, oneshot::Sender<Fetched>);

/// A question about a picture or PDF for the process that decodes; the answer comes back on the
/// channel.
pub type AskPicture = (Wanted, Bytes, oneshot::Sender<Result<Found, NotFound>>);

/// Somebody wants to see what a camera sees, by its name; the pictures come on what comes back. They
/// are made until nobody holds it any more.
pub type AskLook = (String, oneshot::Sender<watch::Receiver<Bytes>>);

/// What handlers work with.
pub struct Parts {
    /// The replica.
    pub store: Store,
    /// The time.
    pub clock: Clock,
    /// Randomness.
    pub entropy: Arc<dyn Entropy>,
    /// What this node may decide.
    pub rules: Arc<Rules>,
    /// The country's master data; whoever replaces it in the replica puts the new one here.
    pub loaded: Arc<watch::Sender<Loaded>>,
    /// Signs answers to registration clients.
    pub signer: Arc<Signer>,
    /// Says which tokens count.
    pub logins: Logins,
    /// Whether captchas are asked for, where the node has its own mind of it.
    pub wants_captcha: Option<bool>,
    /// Who verifies captchas.
    pub captcha: Option<Verifier>,
    /// How many OTPs may leave.
    pub flood: flood::Flood,
    /// The key of the hashes of OTPs.
    pub otp_key: Zeroizing<[u8; 32]>,
    /// The way to the audit trail.
    pub trail: audit::Trail,
    /// How the line to upstream stands.
    pub line: watch::Receiver<Line>,
    /// Where to ask for an application that is not here; none on an authority.
    pub ask: Option<mpsc::Sender<Ask>>,
    /// What stands on the screens of the counters.
    pub counters: counters::Counters,
    /// Where to ask about pictures and PDFs.
    pub pictures: mpsc::Sender<AskPicture>,
    /// Where to ask for what a camera sees.
    pub looks: mpsc::Sender<AskLook>,
    /// Small pictures of documents.
    pub thumbnails: thumbnails::Thumbnails,
    /// Places for answers that go on.
    pub streams: stream::Streams,
    /// The virus scanner, where one is configured.
    pub virus_scan: Option<Clamd>,
    /// What slips are made with.
    pub press: Arc<Press>,
    /// How messages leave.
    pub delivery: Delivery,
    /// Where an administrator's orders to run a job go.
    pub jobs: mpsc::Sender<Order>,
    /// Programs that may log in with a secret.
    pub clients: Vec<Client>,
    /// The names this node goes by, besides those of the loopback.
    pub names: Vec<String>,
    /// Room for the bodies of all requests at once.
    pub room: Room,
    /// How far a request's day may be from today.
    pub window: Window,
}

/// What a handler works with; clones share it. Its master data is that of one moment, so that a
/// request sees the same from end to end while a new one comes in.
#[derive(Clone)]
pub struct Context {
    /// The country's master data.
    pub master: Arc<Master>,
    parts: Arc<Parts>,
}

impl Context {
    /// Takes the master data of now.
    #[must_use]
    pub fn new(parts: Arc<Parts>) -> Self {
        let master = Arc::clone(&parts.loaded.borrow().master);
        Self { master, parts }
    }
}

impl Deref for Context {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.parts
    }
}
