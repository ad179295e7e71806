//! A whole node of the made-up country.

use std::ffi::OsString;
use std::fs::{self, Permissions};
use std::net::{Ipv4Addr, SocketAddr};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, mpsc};
use std::thread::JoinHandle;
use std::time::Duration;

use hyper::Method;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use prereg_node::clock::Clock;
use prereg_node::demo::{country, residents};
use prereg_node::domain::application::{Application as Record, Kind as Purpose};
use prereg_node::domain::audit;
use prereg_node::domain::caller::{Role, Roles};
use prereg_node::domain::ids::CenterId;
use prereg_node::domain::master::{Kind, Row};
use prereg_node::domain::prid::Prid;
use prereg_node::domain::status::{Lifecycle, Status};
use prereg_node::entropy::Seeded;
use prereg_node::http::{self, flood};
use prereg_node::node::{self, Scanning, Settings};
use prereg_node::secrets::keyring::Unlock;
use prereg_node::secrets::token::TokenKey;
use prereg_node::services::{self, Rules, booking, perform};
use prereg_node::store::{self, Tx};
use prereg_node::typeset::{Paper, Press, WordBook};
use prereg_node::wire::envelope::Window;
use prereg_node::{entropy, logging, wire};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::oneshot;

use super::asserted::Asked;
use super::client::{Reply, send};
use super::{log, rest};

/// When every test begins: a Monday, on which the centers are open.
const NOW: &str = "2026-11-23T08:00:11.204Z";

/// The paths of the services stand below this.
const SERVICES: &str = "/preregistration/v1";

/// The PRID of an application that central made.
const CENTRAL_S: &str = "97465075291709";

/// What is written into the replica before the node starts.
type Before = Box<dyn FnMut(&Tx<'_>) -> Result<(), store::Error> + Send>;

/// What differs from the master data of the made-up country.
type Difference = Box<dyn FnOnce(&mut Vec<Row>)>;

/// What a node is to be.
pub(crate) struct Plan {
    pub(crate) settings: Settings,
    differences: Vec<Difference>,
    before: Option<Before>,
}

impl Plan {
    /// Makes the node one that stands in the demo's center and cannot reach central, with so many
    /// kiosks of its own.
    pub(crate) fn cut_off_center(&mut self, kiosks: u32) {
        self.settings.rules.authority = false;
        self.settings.rules.center = Some(CenterId::new(country::CENTER));
        self.settings.rules.local_kiosks = kiosks;
    }

    /// Sets a property of the country, or adds it.
    pub(crate) fn set(&mut self, key: &str, value: &str) {
        let (key, value) = (key.to_owned(), value.to_owned());
        self.master(move |rows| {
            let is_it = |row: &&mut Row| row.kind == Kind::Property && row.content["key"] == *key;
            match rows.iter_mut().find(is_it) {
                Some(row) => row.content["value"] = json!(value),
                None => rows.push(Row {
                    kind: Kind::Property,
                    code: key.clone(),
                    language: String::new(),
                    content: json!({"key": key, "value": value}),
                }),
            }
        });
    }

    /// Changes the country's master data.
    pub(crate) fn master(&mut self, change: impl FnOnce(&mut Vec<Row>) + 'static) {
        self.differences.push(Box::new(change));
    }

    /// Sets what a template of the country says, or takes it away.
    pub(crate) fn template(&mut self, code: &str, text: Option<&str>) {
        let (code, text) = (code.to_owned(), text.map(str::to_owned));
        self.master(move |rows| {
            let is_it = |row: &Row| row.kind == Kind::Template && row.code == code;
            match &text {
                None => rows.retain(|row| !is_it(row)),
                Some(text) => {
                    for row in rows.iter_mut().filter(|row| is_it(row)) {
                        row.content["fileText"] = json!(text);
                    }
                }
            }
        });
    }

    /// Puts central's word for an application into the replica.
    pub(crate) fn holds(&mut self, application: Record) {
        self.before = Some(Box::new(move |tx| {
            perform::confirm(tx, application.clone(), &[], false, NOW.parse().unwrap()).map(drop)
        }));
    }
}

/// A node that serves. When dropped it is stopped, and what must hold at rest is checked.
pub(crate) struct TestNode {
    pub(crate) clock: Clock,
    pub(crate) at: SocketAddr,
    settings: Settings,
    tokens: TokenKey,
    folder: TempDir,
    running: Option<(oneshot::Sender<()>, JoinHandle<()>)>,
    people: AtomicUsize,
    prids: Mutex<Vec<String>>,
}

/// Somebody who has logged in.
#[derive(Clone)]
pub(crate) struct Session {
    pub(crate) user: String,
    pub(crate) token: String,
}

/// An application that was made for a test.
#[derive(Clone)]
pub(crate) struct Application {
    pub(crate) prid: String,
    /// The resident who made it.
    pub(crate) by: Session,
    /// The resident's number in the made-up country.
    pub(crate) resident: usize,
}

impl TestNode {
    /// Starts an authority.
    pub(crate) async fn authority() -> Self {
        Self::with(|_| ()).await
    }

    /// Starts a node in the demo's center, which cannot reach central, with kiosks of its own.
    pub(crate) async fn cut_off_center(kiosks: u32) -> Self {
        Self::with(|plan| plan.cut_off_center(kiosks)).await
    }

    /// Starts an authority, or what `change` makes of it.
    pub(crate) async fn with(change: impl FnOnce(&mut Plan)) -> Self {
        log::start();
        let folder = tempfile::tempdir().unwrap();
        let mut plan =
            Plan { settings: settings(folder.path()), differences: Vec::new(), before: None };
        change(&mut plan);
        fs::create_dir(folder.path().join("spool")).unwrap();
        prepare(&mut plan);

        let clock = Clock::simulated(NOW.parse().unwrap());
        let tokens = node::token_key(&plan.settings).unwrap();
        let (at, running) = start(plan.settings.clone(), clock.clone(), 2).await;
        Self {
            clock,
            at,
            settings: plan.settings,
            tokens,
            folder,
            running: Some(running),
            people: AtomicUsize::new(0),
            prids: Mutex::new(Vec::new()),
        }
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Returns which statuses its applications have.
    pub(crate) fn lifecycle(&self) -> Lifecycle {
        self.settings.rules.lifecycle
    }

    /// Turns the clock on.
    pub(crate) fn wait(&self, time: SignedDuration) {
        self.clock.set(self.now() + time);
    }

    /// Stops the node and starts it again, with what `change` makes of the country's master data.
    pub(crate) async fn restart_with(&mut self, change: impl FnOnce(&mut Vec<Row>)) {
        self.stop();
        let mut rows = country::rows();
        change(&mut rows);
        let now = self.now();
        write(&self.settings, move |tx| services::master::replace(tx, &rows, true, now).map(drop));
        self.start_again().await;
    }

    /// Stops the node and starts it again that much later.
    pub(crate) async fn restart_after(&mut self, time: SignedDuration) {
        self.stop();
        self.wait(time);
        self.start_again().await;
    }

    async fn start_again(&mut self) {
        // What is drawn after a start was not drawn before it.
        static SEED: AtomicU64 = AtomicU64::new(1000);
        let seed = SEED.fetch_add(1, Ordering::Relaxed);
        let (at, running) = start(self.settings.clone(), self.clock.clone(), seed).await;
        (self.at, self.running) = (at, Some(running));
    }

    /// Returns the session of `user` in `roles`, which lasts a day.
    pub(crate) fn session(&self, user: &str, roles: &[Role]) -> Session {
        let day = Duration::from_secs(24 * 3600);
        let token = self.tokens.issue(user, Roles::of(roles), self.now(), day, &entropy::System);
        Session { user: user.to_owned(), token }
    }

    pub(crate) fn resident(&self, number: usize) -> Session {
        self.people.fetch_max(number + 1, Ordering::Relaxed);
        self.session(&residents::resident(number).phone, &[Role::Individual])
    }

    pub(crate) fn officer(&self) -> Session {
        self.session("officer-7", &[Role::RegistrationOfficer])
    }

    pub(crate) fn admin(&self) -> Session {
        self.session("admin-1", &[Role::PreRegistrationAdmin])
    }

    pub(crate) fn counter(&self) -> Session {
        self.session("counter-3", &[Role::Counter])
    }

    /// Sends a request as it is; paths are whole.
    pub(crate) async fn send(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<Vec<u8>>,
    ) -> Reply {
        let lifecycle = self.settings.rules.lifecycle;
        let asked = Asked { method, path: path.to_owned(), lifecycle };
        send(self.at, asked, headers, body.into()).await
    }

    /// Gets `path`: below the services, unless it belongs to another part of the node.
    pub(crate) async fn get(&self, who: &Session, path: &str) -> Reply {
        let cookie = format!("Authorization={}", who.token);
        self.send(Method::GET, &whole(path), &[("cookie", &cookie)], "").await
    }

    /// Posts some JSON to `path`, which is read as in [`TestNode::get`].
    pub(crate) async fn post(&self, who: &Session, path: &str, body: &Value) -> Reply {
        let cookie = format!("Authorization={}", who.token);
        let headers = [("cookie", cookie.as_str()), ("content-type", "application/json")];
        self.send(Method::POST, &whole(path), &headers, body.to_string()).await
    }

    /// Puts nothing to `path`, which is read as in [`TestNode::get`].
    pub(crate) async fn put(&self, who: &Session, path: &str) -> Reply {
        let cookie = format!("Authorization={}", who.token);
        self.send(Method::PUT, &whole(path), &[("cookie", &cookie)], "").await
    }

    /// Deletes `path`, which is read as in [`TestNode::get`].
    pub(crate) async fn delete(&self, who: &Session, path: &str) -> Reply {
        let cookie = format!("Authorization={}", who.token);
        self.send(Method::DELETE, &whole(path), &[("cookie", &cookie)], "").await
    }

    /// Posts `request` to `path` in a sound envelope of the operation `id`.
    pub(crate) async fn call(&self, who: &Session, path: &str, id: &str, request: Value) -> Reply {
        self.post(who, path, &envelope(id, self.now(), request)).await
    }

    /// Uploads a file to `prid`. `request` goes into a sound envelope.
    pub(crate) async fn upload(
        &self,
        who: &Session,
        prid: &str,
        request: Value,
        name: &str,
        content: &[u8],
    ) -> Reply {
        let request = envelope("mosip.pre-registration.document.upload", self.now(), request);
        let parts = [
            form("Document request", None, request.to_string().as_bytes()),
            form("file", Some(name), content),
        ];
        self.upload_parts(who, prid, &parts).await
    }

    /// Uploads a form of these parts.
    pub(crate) async fn upload_parts(&self, who: &Session, prid: &str, parts: &[Vec<u8>]) -> Reply {
        self.post_form(who, &format!("/documents/{prid}"), parts).await
    }

    /// Posts a form of these parts to `path`, which is read as in [`TestNode::get`].
    pub(crate) async fn post_form(&self, who: &Session, path: &str, parts: &[Vec<u8>]) -> Reply {
        let mut body = parts.concat();
        body.extend_from_slice(b"--a-boundary--\r\n");
        let cookie = format!("Authorization={}", who.token);
        let content_type = "multipart/form-data; boundary=a-boundary";
        let headers = [("cookie", cookie.as_str()), ("content-type", content_type)];
        self.send(Method::POST, &whole(path), &headers, body).await
    }

    /// Lets the next resident make an application.
    pub(crate) async fn given_application(&self) -> Application {
        let number = self.people.fetch_add(1, Ordering::Relaxed);
        self.given_application_of(number).await
    }

    /// Lets the resident of that number make an application.
    pub(crate) async fn given_application_of(&self, number: usize) -> Application {
        let resident = residents::resident(number);
        let by = self.resident(number);
        let reply = self
            .call(
                &by,
                "/applications",
                "mosip.pre-registration.demographic.create",
                json!({"langCode": resident.language,
                       "demographicDetails": {"identity": resident.identity}}),
            )
            .await;
        let prid = reply.response()["preRegistrationId"].as_str().unwrap().to_owned();
        self.prids.lock().unwrap().push(prid.clone());
        Application { prid, by, resident: number }
    }

    /// Lets the next resident make an application and book a slot of a quarter of an hour at the
    /// demo's center, such as `("2026-11-30", "09:00")`.
    pub(crate) async fn given_appointment(&self, day: &str, from: &str) -> Application {
        let application = self.given_application().await;
        self.book(&application, day, from).await.response();
        application
    }

    /// Returns the application of [`central_s_application`].
    pub(crate) fn central_s(&self, number: usize) -> Application {
        Application { prid: CENTRAL_S.to_owned(), by: self.resident(number), resident: number }
    }

    /// Books a slot of a quarter of an hour at the demo's center.
    pub(crate) async fn book(&self, application: &Application, day: &str, from: &str) -> Reply {
        let starts = wire::date::parse_time(from).unwrap();
        let ends = wire::date::seconds(starts + SignedDuration::from_mins(15));
        self.call(
            &application.by,
            &format!("/appointment/{}", application.prid),
            "mosip.pre-registration.booking.book",
            json!({"registration_center_id": country::CENTER, "appointment_date": day,
                   "time_slot_from": from, "time_slot_to": ends}),
        )
        .await
    }

    /// Returns the status of an application.
    pub(crate) async fn status_of(&self, application: &Application) -> String {
        let path = format!("/applications/status/{}", application.prid);
        let reply = self.get(&application.by, &path).await;
        reply.response()["statusCode"].as_str().unwrap().to_owned()
    }

    /// Takes the one message to `user` out of the spool.
    #[track_caller]
    pub(crate) fn message_to(&self, user: &str) -> Value {
        for entry in fs::read_dir(self.folder.path().join("spool")).unwrap() {
            let path = entry.unwrap().path();
            let letter: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
            if letter["to"] == user {
                fs::remove_file(path).unwrap();
                return letter;
            }
        }
        panic!("no message to this user");
    }

    /// Waits until `count` messages are in the spool, takes them out, and returns them by channel.
    pub(crate) async fn messages(&self, count: usize) -> Vec<Value> {
        let spool = self.folder.path().join("spool");
        let letters = || -> Vec<_> {
            let files = fs::read_dir(&spool).unwrap().map(|entry| entry.unwrap().path());
            files.filter(|path| path.extension().is_some_and(|kind| kind == "json")).collect()
        };
        for _ in 0..100 {
            if letters().len() >= count {
                break;
            }
            pause(Duration::from_millis(50)).await;
        }
        let mut messages: Vec<Value> = Vec::new();
        for path in letters() {
            messages.push(serde_json::from_slice(&fs::read(&path).unwrap()).unwrap());
            fs::remove_file(path).unwrap();
        }
        assert_eq!(messages.len(), count, "{messages:?}");
        messages.sort_by_key(|letter| letter["channel"].as_str().unwrap().to_owned());
        messages
    }

    /// Returns how many messages are in the spool.
    pub(crate) fn spooled(&self) -> usize {
        fs::read_dir(self.folder.path().join("spool")).unwrap().count()
    }

    fn secrets(&self) -> Vec<String> {
        let mut secrets = self.prids.lock().unwrap().clone();
        for number in 0..self.people.load(Ordering::Relaxed) {
            let resident = residents::resident(number);
            secrets.extend([resident.name.clone(), resident.phone.clone(), resident.email.clone()]);
            secrets.extend(resident.identity.values("fullName").map(|(_, name)| name.to_owned()));
        }
        secrets
    }

    /// Stops the node and returns its audit trail.
    pub(crate) fn stopped_and_audited(&mut self) -> Vec<audit::Record> {
        self.stop();
        rest::audit_trail(&self.settings)
    }

    fn stop(&mut self) {
        let Some((stop, thread)) = self.running.take() else { return };
        let _ = stop.send(());
        let ended = thread.join();
        if !std::thread::panicking() {
            ended.expect("the node ended well");
        }
    }
}

impl Drop for TestNode {
    fn drop(&mut self) {
        self.stop();
        if std::thread::panicking() {
            return;
        }
        rest::the_audit_trail_is_whole(&self.settings);
        rest::nothing_is_in_clear(&self.settings.folder, &self.secrets());
        rest::every_sold_seat_is_held_by_an_application(&self.settings);
    }
}

/// Returns an application as central tells it: of the resident of that number, under the PRID on the
/// demo's slip.
pub(crate) fn central_s_application(number: usize, status: Status) -> Record {
    let resident = residents::resident(number);
    let made_at = NOW.parse().unwrap();
    Record {
        prid: Prid::parse(CENTRAL_S).unwrap(),
        kind: Purpose::New,
        language: resident.language.to_owned(),
        identity: resident.identity,
        status,
        created_by: resident.phone.clone(),
        created_at: made_at,
        updated_by: resident.phone,
        updated_at: made_at,
        documents: Vec::new(),
        appointment: None,
        booking_rev: 0,
        extra: serde_json::Map::new(),
    }
}

/// Waits in real time, for what a node does by itself.
pub(crate) async fn pause(time: Duration) {
    let _ = tokio::time::timeout(time, std::future::pending::<()>()).await;
}

/// Returns a sound envelope around `request`.
pub(crate) fn envelope(id: &str, now: Timestamp, request: Value) -> Value {
    let mut envelope = json!({"id": id, "version": "1.0", "requesttime": wire::date::instant(now)});
    envelope["request"] = request;
    envelope
}

/// Returns a part of a form.
pub(crate) fn form(name: &str, file_name: Option<&str>, content: &[u8]) -> Vec<u8> {
    let file_name = file_name.map_or_else(String::new, |name| format!("; filename=\"{name}\""));
    let mut part = format!(
        "--a-boundary\r\nContent-Disposition: form-data; name=\"{name}\"{file_name}\r\n\r\n"
    )
    .into_bytes();
    part.extend_from_slice(content);
    part.extend_from_slice(b"\r\n");
    part
}

/// Returns a PDF of `size` bytes, by its beginning.
pub(crate) fn file(size: usize) -> Vec<u8> {
    let mut content = b"%PDF-1.4\n".to_vec();
    content.resize(size, b' ');
    content
}

fn whole(path: &str) -> String {
    let is_other = ["/prefill/", "/health/", "/v1/"].iter().any(|part| path.starts_with(part));
    if is_other { path.to_owned() } else { format!("{SERVICES}{path}") }
}

fn settings(folder: &Path) -> Settings {
    let own = folder.join("node");
    Settings {
        unlock: Unlock::File(own.join("node.identity")),
        folder: own,
        recovery: Vec::new(),
        names: vec!["node.center.example".to_owned()],
        http: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
        https: None,
        rules: Rules {
            authority: true,
            center: None,
            local_kiosks: 0,
            zone: TimeZone::UTC,
            lifecycle: Lifecycle::default(),
        },
        window: Window::default(),
        upstream: None,
        captcha: None,
        identity_provider: None,
        log: logging::Settings::default(),
        clients: Vec::new(),
        virus_scan: None,
        otp: flood::Limits { per_minute: 100_000, per_address: 100_000 },
        audit: http::audit::Settings { refusals_per_minute: 100_000, ..Default::default() },
        scanning: Scanning::by_child(env!("CARGO_BIN_EXE_prereg-node")),
        mail: None,
        sms: None,
        press: Arc::new(Press::new(None, WordBook::default(), Paper::A4)),
        spool: Some(folder.join("spool")),
    }
}

/// What a node has on disk before it starts: the names of its files and their content.
type Files = Vec<(OsString, Vec<u8>)>;

/// Returns the files of a node of the country with nobody in it. They are made once and copied, for
/// whose key it is makes no difference to any test.
fn empty_node() -> &'static Files {
    static FILES: OnceLock<Files> = OnceLock::new();
    FILES.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let settings = settings(folder.path());
        let clock = Clock::simulated(NOW.parse().unwrap());
        node::init(&settings, &clock, &Seeded::new(1)).unwrap();
        let rows = country::rows();
        write(&settings, move |tx| {
            services::master::replace(tx, &rows, true, NOW.parse().unwrap()).map(drop)
        });
        files(&settings.folder)
    })
}

/// Returns the files of an authority that has the coming days on sale.
fn authority() -> &'static Files {
    static FILES: OnceLock<Files> = OnceLock::new();
    FILES.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let settings = settings(folder.path());
        put(empty_node(), &settings.folder);
        open_days(&settings);
        files(&settings.folder)
    })
}

fn files(folder: &Path) -> Files {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    entries.map(|entry| (entry.file_name(), fs::read(entry.path()).unwrap())).collect()
}

fn put(files: &Files, folder: &Path) {
    fs::create_dir(folder).unwrap();
    for (name, content) in files {
        fs::write(folder.join(name), content).unwrap();
    }
    let identity = folder.join("node.identity");
    fs::set_permissions(identity, Permissions::from_mode(0o600)).unwrap();
}

/// Puts the node of the plan on disk.
fn prepare(plan: &mut Plan) {
    let settings = &plan.settings;
    if settings.rules.authority && plan.differences.is_empty() {
        put(authority(), &settings.folder);
    } else {
        put(empty_node(), &settings.folder);
        if !plan.differences.is_empty() {
            let mut rows = country::rows();
            plan.differences.drain(..).for_each(|change| change(&mut rows));
            write(settings, move |tx| {
                services::master::replace(tx, &rows, true, NOW.parse().unwrap()).map(drop)
            });
        }
        open_days(settings);
    }
    if let Some(mut before) = plan.before.take() {
        write(settings, move |tx| before(tx).map_err(Into::into));
    }
}

fn open_days(settings: &Settings) {
    let rules = settings.rules.clone();
    write(settings, move |tx| {
        let master = services::master::load(tx)?;
        let (system, entropy) = (services::batch::system(), Seeded::new(3));
        Ok(booking::open_days(tx, &system, &master, &rules, &entropy, NOW.parse().unwrap())?)
    });
}

/// Writes into the replica of a node that does not run.
fn write(
    settings: &Settings,
    work: impl FnMut(&Tx<'_>) -> Result<(), services::master::Error> + Send + 'static,
) {
    let store = node::open_inline(settings).unwrap();
    futures_util::FutureExt::now_or_never(store.write(work)).unwrap().unwrap();
}

/// Starts a node on a thread of its own, so that a test that blocks does not stop it.
async fn start(
    settings: Settings,
    clock: Clock,
    seed: u64,
) -> (SocketAddr, (oneshot::Sender<()>, JoinHandle<()>)) {
    let (stop, stopped) = oneshot::channel();
    let (started, address) = mpsc::channel();
    let thread = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap();
        let entropy = Arc::new(Seeded::new(seed));
        let started = move |addresses: &node::Addresses| started.send(addresses.http).unwrap();
        let stop = async {
            let _ = stopped.await;
        };
        runtime.block_on(node::serve(settings, clock, entropy, started, stop)).unwrap();
    });
    let address = address.recv_timeout(Duration::from_secs(30)).expect("the node starts");
    (address, (stop, thread))
}
