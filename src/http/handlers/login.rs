//! Login: OTPs for residents, the end of a login, the configuration that a login page reads, and the
//! login of a program with its secret.

use std::time::Duration;

use hyper::StatusCode;
use hyper::header::{COOKIE, HeaderValue, SET_COOKIE};
use jiff::Timestamp;
use zeroize::Zeroizing;

use crate::domain::caller::{Role, Roles};
use crate::domain::ids::Digest;
use crate::domain::message::{Channel, Message};
use crate::http::Context;
use crate::http::auth::{self, COOKIE_NAME};
use crate::http::dispatch::Call;
use crate::http::handlers::captcha::verify;
use crate::http::handlers::{Faults, answered, opened, unread};
use crate::http::logins::REMEMBERED;
use crate::http::reply::{self, Reply};
use crate::http::server::Peer;
use crate::secrets::hash;
use crate::secrets::token::is_readable;
use crate::services::login::{self, Error, Sending};
use crate::services::master::{self, Loaded};
use crate::services::{captcha, published};
use crate::wire::captcha::SOLVED;
use crate::wire::envelope::{Fault, Request};
use crate::wire::login::{ClientSecret, Done, SendOtp, ValidateOtp};

/// How long a token is good for; `prereg.auth.jwt.token.expiration`.
const TOKEN_LIFE: Duration = Duration::from_secs(3600);

/// `POST /login/sendOtp`: sends an OTP to a phone number or an e-mail address.
pub(in crate::http) async fn send_otp(cx: &Context, mut call: Call) -> Reply {
    let request: SendOtp = match opened(cx, &mut call, Faults::All).await {
        Ok(request) => request,
        Err(reply) => return *reply,
    };
    answered(cx, call.id, send(cx, call.peer, request.user_id, None).await.map(done))
}

/// `POST /login/sendOtp/langcode`: the same, in the language of the form.
pub(in crate::http) async fn send_otp_in(cx: &Context, mut call: Call) -> Reply {
    let request: SendOtp = match opened(cx, &mut call, Faults::All).await {
        Ok(request) => request,
        Err(reply) => return *reply,
    };
    answered(cx, call.id, send(cx, call.peer, request.user_id, request.lang_code).await.map(done))
}

/// `POST /login/sendOtpWithCaptcha`: the same to who solved a captcha, where one is asked for.
pub(in crate::http) async fn send_otp_with_captcha(cx: &Context, mut call: Call) -> Reply {
    let request: SendOtp = match opened(cx, &mut call, Faults::AllButId).await {
        Ok(request) => request,
        Err(reply) => return *reply,
    };
    let now = cx.clock.now();
    let with_captcha = captcha::is_on(&cx.master, cx.wants_captcha);
    if with_captcha
        && let Err(error) = verify(cx, request.captcha_token, captcha::Error::NoTokenAtLogin).await
    {
        return reply::refused(call.id, &error, now);
    }
    let sent = match send(cx, call.peer, request.user_id, request.lang_code).await {
        Ok(sent) => sent,
        Err(error) => return reply::refused(call.id, &error, now),
    };
    let message = if with_captcha { format!("{SOLVED} and {sent}") } else { sent.to_owned() };
    let body = Done { message, status: "success".into() };
    // Central never looks at it, nor does this node; only its being there is the contract's.
    let life = login::otp_life(&cx.master).as_secs() / 60;
    let secure = secure(&call);
    let cookie = format!("canAuthorise=true; Max-Age={life}; Path=/{secure}; HttpOnly");
    with_cookie(reply::ok(call.id, body, now), &cookie)
}

/// Sends an OTP and returns the message that says so.
async fn send(
    cx: &Context,
    from: Peer,
    user: Option<String>,
    language: Option<String>,
) -> Result<&'static str, Error> {
    let user = user.unwrap_or_default();
    let now = cx.clock.now();
    if !cx.flood.admits(from.addr.ip(), now) {
        if cx.flood.is_to_be_said(now) {
            tracing::warn!("more OTPs are asked for than may leave");
        }
        return Err(Error::Flooding);
    }
    let (parts, to) = (cx.clone(), user.clone());
    let Sending { message, hash } = cx
        .store
        .write(move |tx| {
            let (language, entropy) = (language.as_deref(), &*parts.entropy);
            login::send_otp(tx, &to, language, &terms(&parts), entropy, now)
        })
        .await?;
    if let Err(error) = deliver(cx, &message).await {
        let parts = cx.clone();
        cx.store.write(move |tx| login::withdraw_otp(tx, &user, &hash, &parts.otp_key)).await?;
        return Err(error);
    }
    Ok(match message.channel {
        Channel::Sms => "Sms Request Sent",
        Channel::Email => "Email Request submitted",
    })
}

fn terms(cx: &Context) -> login::Terms<'_> {
    login::Terms { key: &cx.otp_key, master: &cx.master, rules: &cx.rules }
}

fn done(message: &'static str) -> Done {
    Done { message: message.into(), status: "success".into() }
}

/// Sends an OTP at once: it is good for minutes, so that one which waits is none.
async fn deliver(cx: &Context, message: &Message) -> Result<(), Error> {
    let sent = cx.delivery.send(message, cx.clock.now(), &*cx.entropy).await;
    sent.map_err(|failure| {
        tracing::warn!(channel = message.channel.name(), %failure, "an OTP was not sent");
        Error::NotSent
    })
}

/// `POST /login/validateOtp`: tries an OTP; the right one sets the cookie `Authorization`.
pub(in crate::http) async fn validate_otp(cx: &Context, mut call: Call) -> Reply {
    let request: ValidateOtp = match opened(cx, &mut call, Faults::All).await {
        Ok(request) => request,
        Err(reply) => return *reply,
    };
    let now = cx.clock.now();
    let Some(user) = request.user_id else {
        return reply::refused(call.id, &Error::UserId, now);
    };
    let tried = user.clone();
    let otp = request.otp.map(Zeroizing::new);
    let parts = cx.clone();
    let verdict = cx
        .store
        .write(move |tx| {
            let otp = otp.as_ref().map(|otp| otp.as_str());
            login::try_otp(tx, &tried, otp, &terms(&parts), now)
        })
        .await;
    match verdict.and_then(login::judged) {
        Ok(()) => {
            let reply = reply::ok(call.id, done("VALIDATION_SUCCESSFUL"), now);
            with_token(cx, reply, &user, Roles::of(&[Role::Individual]), secure(&call))
        }
        Err(error) => reply::refused(call.id, &error, now),
    }
}

/// `POST /login/invalidateToken`: ends a login, on every route and for good.
pub(in crate::http) async fn invalidate(cx: &Context, call: Call) -> Reply {
    let now = cx.clock.now();
    let headers = call.headers();
    let ended = match auth::token(headers) {
        Some(token) => end(cx, token, now).await,
        None if headers.contains_key(COOKIE) => Err(Error::NoToken),
        None => Err(Error::NoCookies),
    };
    match ended {
        Ok(()) => {
            let reply = reply::ok(call.id, done("Token has been invalidated successfully"), now);
            let secure = secure(&call);
            with_cookie(reply, &format!("{COOKIE_NAME}=; Max-Age=0; Path=/{secure}; HttpOnly"))
        }
        Err(error) => reply::refused(call.id, &error, now),
    }
}

async fn end(cx: &Context, token: &str, now: Timestamp) -> Result<(), Error> {
    let claims = cx
        .logins
        .check(token, now)
        .map_err(|_| if is_readable(token) { Error::UnknownToken } else { Error::NotAToken })?;
    let (digest, expires) = (claims.digest, claims.expires);
    // In this order no moment is left in which the replica alone knows it.
    cx.logins.revoke(&claims, now);
    let ended = cx.store.write(move |tx| login::end(tx, &digest, expires, now - REMEMBERED)).await;
    ended.inspect_err(|_| cx.logins.take_back(&claims))
}

/// `GET /login/config`: what every client may know of the country's configuration.
pub(in crate::http) fn config(cx: &Context, call: &Call) -> Reply {
    let captcha = captcha::is_on(&cx.master, cx.wants_captcha);
    answered(cx, call.id, published::config(&cx.master, captcha))
}

/// `GET /login/refreshconfig`: reads the replica's master data again, if it has changed.
pub(in crate::http) async fn refresh(cx: &Context, call: Call) -> Reply {
    let known = cx.loaded.borrow().version;
    let newer = cx.store.read(move |view| master::newer(view, Some(known))).await;
    answered(
        cx,
        call.id,
        newer.map(|newer| take(cx, newer)).map_err(|error| {
            tracing::error!(%error, "the master data of the replica cannot be used");
            published::Error::NoConfig
        }),
    )
}

fn take(cx: &Context, newer: Option<Loaded>) -> &'static str {
    if let Some(newer) = newer {
        cx.loaded.send_if_modified(|loaded| {
            let is_newer = newer.version > loaded.version;
            if is_newer {
                *loaded = newer;
            }
            is_newer
        });
    }
    "success"
}

/// `POST /v1/authmanager/authenticate/clientidsecretkey`: logs a program in, as central's
/// authentication manager does (`contract/masterdata.md` §6.6): a center node at its authority, a
/// program at a counter of this node.
pub(in crate::http) async fn client(cx: &Context, mut call: Call) -> Reply {
    let now = cx.clock.now();
    let bytes = match call.json().await {
        Ok(bytes) => bytes,
        Err(error) => return unread(call.id, error, now),
    };
    let refuse = |status, code, text| reply::rejected(status, None, Fault::new(code, text), now);
    let Ok(request) = Request::parse(&bytes) else {
        return refuse(StatusCode::OK, "KER-ATH-018", "Bad Request");
    };
    let Ok(body) = request.body::<ClientSecret<'_>>() else {
        return refuse(StatusCode::OK, "KER-ATH-018", "Bad Request");
    };
    let given = Digest::of(body.secret_key.as_bytes());
    let client = cx.clients.iter().find(|client| {
        // Both are compared, so that the time does not tell which ids exist.
        hash::equal(client.secret.as_bytes(), given.as_bytes()) & (client.id == body.client_id)
    });
    let Some(client) = client else {
        return refuse(StatusCode::UNAUTHORIZED, "KER-ATH-401", "Authentication Failed");
    };
    let done = Done {
        message: "Clientid and Token combination had been validated successfully".into(),
        status: "Success".into(),
    };
    let reply = reply::ok(call.id, done, now);
    // Center nodes speak plain HTTP to the loopback in trials: the cookie is theirs to keep safe.
    with_token(cx, reply, &client.id, client.roles, "")
}

/// Returns what a cookie says of the connections it may go over. One that is `Secure` is lost to a
/// portal over plain HTTP; a proxy before this node says how it was asked itself.
fn secure(call: &Call) -> &'static str {
    let proxied = call.headers.get("x-forwarded-proto").map(HeaderValue::as_bytes);
    if call.peer.tls || proxied == Some(b"https") { "; Secure" } else { "" }
}

fn with_token(cx: &Context, reply: Reply, user: &str, roles: Roles, secure: &str) -> Reply {
    let token = cx.logins.own.issue(user, roles, cx.clock.now(), TOKEN_LIFE, &*cx.entropy);
    with_cookie(reply, &format!("{COOKIE_NAME}={token}; Path=/{secure}; HttpOnly"))
}

fn with_cookie(mut reply: Reply, cookie: &str) -> Reply {
    let cookie = HeaderValue::from_str(cookie).expect("base64, numbers and our own words");
    reply.headers_mut().append(SET_COOKIE, cookie);
    reply
}
