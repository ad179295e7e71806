//! Login: L1 and L4 for residents, and the login of a program with its secret.

use std::time::Duration;

use hyper::StatusCode;
use hyper::header::{HeaderValue, SET_COOKIE};
use uuid::Builder;
use zeroize::Zeroizing;

use crate::domain::caller::{Role, Roles};
use crate::domain::ids::Digest;
use crate::domain::message::{Channel, Message};
use crate::http::Context;
use crate::http::auth::COOKIE_NAME;
use crate::http::dispatch::Call;
use crate::http::handlers::{Faults, answered, opened, unread};
use crate::http::reply::{self, Reply};
use crate::secrets::hash;
use crate::services::login::{self, Error};
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
    answered(cx, call.id, send(cx, request.user_id.unwrap_or_default()).await)
}

async fn send(cx: &Context, user: String) -> Result<Done, Error> {
    let now = cx.clock.now();
    let parts = cx.clone();
    let message = cx
        .store
        .write(move |tx| {
            login::send_otp(tx, &user, &parts.otp_key, &parts.master, &*parts.entropy, now)
        })
        .await?;
    deliver(cx, &message).await?;
    let message = match message.channel {
        Channel::Sms => "Sms Request Sent",
        Channel::Email => "Email Request submitted",
    };
    Ok(Done { message: message.into(), status: "success".into() })
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
    let user = request.user_id.unwrap_or_default();
    let tried = user.clone();
    let otp = request.otp.map(Zeroizing::new);
    let now = cx.clock.now();
    let parts = cx.clone();
    let verdict = cx
        .store
        .write(move |tx| {
            let otp = otp.as_ref().map(|otp| otp.as_str());
            login::try_otp(tx, &tried, otp, &parts.otp_key, &parts.master, now)
        })
        .await;
    let done = Done { message: "VALIDATION_SUCCESSFUL".into(), status: "success".into() };
    match verdict.and_then(login::judged) {
        Ok(()) => {
            let reply = reply::ok(call.id, done, now);
            with_token(cx, reply, &user, Roles::of(&[Role::Individual]), "; Secure")
        }
        Err(error) => reply::refused(call.id, &error, now),
    }
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

fn with_token(cx: &Context, mut reply: Reply, user: &str, roles: Roles, secure: &str) -> Reply {
    let jti = Builder::from_random_bytes(cx.entropy.bytes()).into_uuid().simple().to_string();
    let token = cx.tokens.issue(user, roles, cx.clock.now(), TOKEN_LIFE, &jti);
    let cookie = format!("{COOKIE_NAME}={token}; Path=/{secure}; HttpOnly");
    match HeaderValue::from_str(&cookie) {
        Ok(cookie) => {
            reply.headers_mut().insert(SET_COOKIE, cookie);
            reply
        }
        Err(_) => reply::refused("", &Error::NotSent, cx.clock.now()),
    }
}
