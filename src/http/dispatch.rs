//! The way of a request: route -> caller -> access -> handler, one match.

use std::sync::Arc;

use hyper::body::Incoming;
use hyper::header::{ALLOW, CONTENT_TYPE, HeaderMap, HeaderValue};
use hyper::{Method, Request, StatusCode};

use crate::domain::application::Kind as Purpose;
use crate::domain::caller::{Caller, Roles};
use crate::http::body::{self, Limits};
use crate::http::reply::{self, Reply};
use crate::http::room::Share;
use crate::http::route::{Endpoint, Found, Route, Router, Who};
use crate::http::server::Peer;
use crate::http::table::table;
use crate::http::{Context, Parts, audit, auth, handlers};
use crate::secrets::token::Rejected;
use crate::services::Family;
use crate::services::document::size_limit;
use crate::wire::envelope::Fault;

/// Bytes of a JSON body at most: a hundred times the largest identity seen.
const JSON_BODY: usize = 1024 * 1024;

/// The same where anybody may call: a captcha's token is the largest thing anybody sends, and has two
/// kibibytes.
const JSON_OF_ANYBODY: usize = 16 * 1024;

/// Bytes in memory for a byte of JSON once it is taken apart, at the worst: many small objects.
const JSON_TREE: usize = 32;

/// Bytes of a path and of a query at most: an address of ours is far shorter, and a document's name
/// is in the body.
const PATH: usize = 1024;
const QUERY: usize = 4096;

/// Answers requests.
#[derive(Clone)]
pub struct Dispatch {
    parts: Arc<Parts>,
    router: Arc<Router>,
}

/// A request whose caller may call, with what its path and query say.
pub(super) struct Call {
    pub(super) caller: Caller,
    /// Where it comes from.
    pub(super) peer: Peer,
    /// The values of the path's parameters.
    pub(super) path: Vec<String>,
    pub(super) query: Option<String>,
    /// The id of request and answer; empty outside the envelope of pre-registration.
    pub(super) id: &'static str,
    /// By which spelling of its path it came.
    pub(super) family: Family,
    pub(super) headers: HeaderMap,
    body: Option<Incoming>,
    /// Bytes of JSON that the caller may send.
    largest: usize,
    /// The room that the body takes until the request is answered.
    share: Share,
}

impl Call {
    /// Returns the value of `name` in the query.
    pub(super) fn query(&self, name: &str) -> Option<String> {
        crate::http::route::query_value(self.query.as_deref(), name)
    }

    /// Returns every value of `name` in the query.
    pub(super) fn query_all(&self, name: &str) -> Vec<String> {
        crate::http::route::query_values(self.query.as_deref(), name)
    }

    /// Returns the headers.
    pub(super) fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// Reads the body, of at most a mebibyte, and makes room for what it is taken apart into.
    pub(super) async fn json(&mut self) -> Result<bytes::Bytes, body::Error> {
        let body = self.body.take().ok_or(body::Error::Broken)?;
        let bytes = body::read(body, &Limits::of(self.largest), &mut self.share).await?;
        self.share.hold(bytes.len() * JSON_TREE)?;
        Ok(bytes)
    }

    /// Gives back the room that the parts of a body of `bytes` took, now that it is of its type: what
    /// anybody may send is a few texts then. Others' lists and identities go on taking it.
    pub(super) fn took_apart(&mut self, bytes: usize) {
        if self.largest == JSON_OF_ANYBODY {
            self.share.shrink(bytes);
        }
    }

    /// Reads the body, of at most so many bytes, as it is.
    pub(super) async fn bytes(&mut self, most: usize) -> Result<bytes::Bytes, body::Error> {
        let body = self.body.take().ok_or(body::Error::Broken)?;
        body::read(body, &Limits::of(most), &mut self.share).await
    }

    /// Reads the body as a document with its request.
    pub(super) async fn upload(&mut self, bytes: usize) -> Result<body::Upload, body::Error> {
        let content_type = self.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let body = self.body.take().ok_or(body::Error::Broken)?;
        body::upload(content_type, body, &Limits::of(bytes), &mut self.share).await
    }

    /// Reads the body as a form of at most so many bytes and returns the parts of these names.
    pub(super) async fn parts<const N: usize>(
        &mut self,
        bytes: usize,
        names: [&str; N],
    ) -> Result<[Option<bytes::Bytes>; N], body::Error> {
        let content_type = self.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let body = self.body.take().ok_or(body::Error::Broken)?;
        body::parts(content_type, body, names, &Limits::of(bytes), &mut self.share).await
    }
}

impl Dispatch {
    /// Answers with the routes of the table.
    #[must_use]
    pub fn new(parts: Arc<Parts>) -> Self {
        Self { parts, router: Arc::new(Router::new(table())) }
    }

    /// Answers one request.
    pub async fn answer(self, request: Request<Incoming>, peer: Peer) -> Reply {
        let cx = Context::new(Arc::clone(&self.parts));
        let now = cx.clock.now();
        let (head, body) = request.into_parts();
        let reject = |status: StatusCode, code: &'static str, text: &'static str| {
            reply::rejected(status, None, Fault::new(code, text), now)
        };
        if !auth::is_for(&cx.names, &head.headers, &head.uri) {
            return reject(StatusCode::MISDIRECTED_REQUEST, "KER-ATH-403", "Forbidden");
        }
        if !auth::is_own_page(&cx.names, &head.method, &head.headers) {
            return reject(StatusCode::FORBIDDEN, "KER-ATH-403", "Forbidden");
        }
        if head.uri.path().len() > PATH || head.uri.query().is_some_and(|q| q.len() > QUERY) {
            return reject(StatusCode::URI_TOO_LONG, "KER-414", "URI Too Long");
        }
        let (route, path) = match self.router.find(&head.method, head.uri.path()) {
            Found::Row(route, path) => (route, path),
            Found::OtherMethods(methods) => return other_methods(&methods, reject),
            Found::Nothing => return reject(StatusCode::NOT_FOUND, "KER-404", "Not Found"),
        };
        let caller = match admitted(&cx, route, &head.headers, peer) {
            Ok(caller) => caller,
            Err(barred) => {
                let (reply, who) = match barred {
                    Barred::Token(rejected) => (reply::no_login(rejected, now), None),
                    Barred::Role(user) => {
                        (reject(StatusCode::FORBIDDEN, "KER-ATH-403", "Forbidden"), user)
                    }
                };
                audit::barred(&cx.trail, &reply, who, now);
                return reply;
            }
        };
        let call = Call {
            caller,
            peer,
            path,
            query: head.uri.query().map(str::to_owned),
            id: route.id.unwrap_or_default(),
            family: family(head.uri.path()),
            headers: head.headers,
            body: Some(body),
            largest: if matches!(route.who, Who::Anybody) { JSON_OF_ANYBODY } else { JSON_BODY },
            share: cx.room.share(),
        };
        let pending = audit::pending(&cx, route.endpoint, &call);
        let mut reply = handle(route.endpoint, &cx, call).await;
        if is_signed(route) {
            reply = reply::signed(reply, &cx.signer).await;
        }
        match pending {
            Some(pending) => audit::recorded(&cx.trail, pending, reply).await,
            None => reply,
        }
    }
}

fn admitted(
    cx: &Context,
    route: &Route,
    headers: &HeaderMap,
    peer: Peer,
) -> Result<Caller, Barred> {
    let nobody = Caller { user: String::new(), roles: Roles::NONE };
    match route.who {
        Who::Anybody => Ok(nobody),
        Who::ThisMachine if peer.addr.ip().to_canonical().is_loopback() => Ok(nobody),
        Who::ThisMachine => Err(Barred::Role(None)),
        Who::Roles(_) => {
            let caller =
                auth::caller(headers, &cx.logins, cx.clock.now()).map_err(Barred::Token)?;
            if route.who.admits(caller.roles) {
                Ok(caller)
            } else {
                Err(Barred::Role(Some(caller.user)))
            }
        }
    }
}

/// Tells whether registration clients check the signature of an answer: those of data-sync (`contract/rules.md` §9.4).
fn is_signed(route: &Route) -> bool {
    route.id.is_some_and(|id| id.starts_with("mosip.pre-registration.datasync."))
}

/// Returns the family of a path that is in the table.
fn family(path: &str) -> Family {
    let below = path.strip_prefix("/preregistration/v1").unwrap_or(path);
    let portal = ["/applications/appointment", "/applications/prereg", "/internal/"];
    if portal.iter().any(|start| below.starts_with(start)) { Family::Portal } else { Family::Own }
}

enum Barred {
    Token(Rejected),
    /// The caller, by user id where one has logged in, may not call this.
    Role(Option<String>),
}

async fn handle(endpoint: Endpoint, cx: &Context, call: Call) -> Reply {
    let document = size_limit(&cx.master);
    match endpoint {
        Endpoint::SendOtp => handlers::login::send_otp(cx, call).await,
        Endpoint::ValidateOtp => handlers::login::validate_otp(cx, call).await,
        Endpoint::SendOtpInLanguage => handlers::login::send_otp_in(cx, call).await,
        Endpoint::SendOtpWithCaptcha => handlers::login::send_otp_with_captcha(cx, call).await,
        Endpoint::InvalidateToken => handlers::login::invalidate(cx, call).await,
        Endpoint::PublishedConfig => handlers::login::config(cx, &call),
        Endpoint::RefreshConfig => handlers::login::refresh(cx, call).await,
        Endpoint::ClientLogin => handlers::login::client(cx, call).await,
        Endpoint::ValidateCaptcha => handlers::captcha::validate(cx, call).await,

        Endpoint::CreateApplication => handlers::demographic::create(cx, call).await,
        Endpoint::UpdateApplication => handlers::demographic::update(cx, call).await,
        Endpoint::ReadAnyApplication => handlers::demographic::read_any(cx, call).await,
        Endpoint::ReadApplication => handlers::demographic::read(cx, call).await,
        Endpoint::ApplicationStatus => handlers::demographic::status(cx, call).await,
        Endpoint::SetApplicationStatus => handlers::demographic::set_status(cx, call).await,
        Endpoint::ListBoth => handlers::application::list(cx, call).await,
        Endpoint::ListApplications => handlers::demographic::list(cx, call).await,
        Endpoint::DeleteApplication => handlers::demographic::delete(cx, call).await,
        Endpoint::UpdatedTimes => handlers::demographic::updated_times(cx, call).await,
        Endpoint::ApplicationConfig => handlers::demographic::config(cx, &call),
        Endpoint::ApplicationInfo => handlers::demographic::info(cx, call).await,
        Endpoint::ApplicationsAtCenter => handlers::application::at_center(cx, call).await,
        Endpoint::CreateLostUin => handlers::application::create(cx, call, Purpose::LostUin).await,
        Endpoint::DeleteLostUin => handlers::application::delete(cx, call, Purpose::LostUin).await,
        Endpoint::CreateUpdateRegistration => {
            handlers::application::create(cx, call, Purpose::Update).await
        }
        Endpoint::DeleteUpdateRegistration => {
            handlers::application::delete(cx, call, Purpose::Update).await
        }

        Endpoint::UploadDocument => handlers::document::upload(cx, call, document).await,
        Endpoint::CopyDocument => handlers::document::copy(cx, call).await,
        Endpoint::ListDocuments => handlers::document::all(cx, call).await,
        Endpoint::FetchDocument => handlers::document::content(cx, call).await,
        Endpoint::DeleteDocuments => handlers::document::delete_all(cx, call).await,
        Endpoint::DeleteDocument => handlers::document::delete(cx, call).await,
        Endpoint::ReferDocument => handlers::document::refer(cx, call).await,

        Endpoint::Availability => handlers::booking::availability(cx, call).await,
        Endpoint::Book => handlers::booking::book(cx, call).await,
        Endpoint::FetchAppointment => handlers::booking::find(cx, call).await,
        Endpoint::BookMany => handlers::booking::book_all(cx, call).await,
        Endpoint::CancelAppointment => handlers::booking::cancel(cx, call).await,
        Endpoint::CancelByBatch => handlers::booking::cancel_by_batch(cx, call).await,
        Endpoint::CancelByPortal => handlers::booking::cancel(cx, call).await,
        Endpoint::DeleteAppointment => handlers::booking::remove(cx, call).await,
        Endpoint::BookedIds => handlers::booking::ids(cx, call).await,
        Endpoint::BookedTimes => handlers::booking::times(cx, call).await,
        Endpoint::SyncAvailability => handlers::batch::availability(cx, call).await,
        Endpoint::TellConsumed => handlers::batch::told(cx, call).await,
        Endpoint::ExpireAppointments => handlers::batch::expired(cx, call).await,
        Endpoint::MoveConsumed => handlers::batch::consumed(cx, call).await,

        Endpoint::SyncList => handlers::datasync::list(cx, call).await,
        Endpoint::SyncListOfAllKinds => handlers::datasync::list_all_kinds(cx, call).await,
        Endpoint::Archive => handlers::datasync::archive(cx, call).await,

        Endpoint::MasterData => handlers::proxy::get(cx, call).await,
        Endpoint::ApplicantType => handlers::proxy::post(cx, call).await,
        Endpoint::UiSpec => handlers::uispec::latest(cx, call).await,
        Endpoint::UiSpecs => handlers::uispec::all(cx, call).await,

        Endpoint::LogAudit => handlers::log_audit::log(cx, call).await,

        Endpoint::DrawCode => handlers::qrcode::generate(cx, call).await,
        Endpoint::Notify => handlers::notification::in_one_language(cx, call).await,
        Endpoint::NotifyInEachLanguage => handlers::notification::in_each_language(cx, call).await,
        Endpoint::NotifyOfJob => handlers::notification::of_a_job(cx, call).await,
        Endpoint::Transliterate => handlers::transliteration::transliterate(cx, call).await,

        Endpoint::Form => handlers::prefill::form(cx, call).await,
        Endpoint::FormDocument => handlers::prefill::document(cx, call).await,
        Endpoint::Thumbnail => handlers::prefill::thumbnail(cx, call).await,
        Endpoint::CurrentForm => handlers::counter::current(cx, &call).await,
        Endpoint::CounterEvents => handlers::counter::events(cx, &call),
        Endpoint::SendScan => handlers::counter::scan(cx, call).await,
        Endpoint::NextPerson => handlers::counter::next(cx, &call),
        Endpoint::Preview => handlers::counter::preview(cx, &call).await,
        Endpoint::Slips => handlers::slip::slips(cx, call).await,

        Endpoint::Live => handlers::health::live(),
        Endpoint::Ready => handlers::health::ready(cx).await,
        Endpoint::Describe => handlers::openapi::describe(),
    }
}

fn other_methods(
    methods: &[Method],
    reject: impl Fn(StatusCode, &'static str, &'static str) -> Reply,
) -> Reply {
    let mut reply = reject(StatusCode::METHOD_NOT_ALLOWED, "KER-405", "Method Not Allowed");
    let names: Vec<&str> = methods.iter().map(Method::as_str).collect();
    if let Ok(allow) = HeaderValue::from_str(&names.join(", ")) {
        reply.headers_mut().insert(ALLOW, allow);
    }
    reply
}
