//! Captcha: C1, and what L3 asks of it.

use crate::http::Context;
use crate::http::auth;
use crate::http::dispatch::Call;
use crate::http::handlers::{Faults, opened};
use crate::http::reply::{self, Reply};
use crate::outside::captcha::Solved;
use crate::services::captcha::{self, Error};
use crate::wire::captcha::{SOLVED, Validate, Validated};

/// `POST /captcha/validatecaptcha`: tells whether a captcha was solved.
pub(in crate::http) async fn validate(cx: &Context, mut call: Call) -> Reply {
    let now = cx.clock.now();
    // None is asked for; one that is sent all the same has to count.
    if let Some(token) = auth::token(call.headers())
        && let Err(rejected) = cx.logins.check(token, now)
    {
        return reply::no_login(rejected, now);
    }
    let request: Validate = match opened(cx, &mut call, Faults::All).await {
        Ok(request) => request,
        Err(reply) => return *reply,
    };
    match verify(cx, request.captcha_token, Error::NoToken).await {
        Ok(solved) => {
            let body = Validated { success: true, message: SOLVED.to_owned() };
            // The contract has the verifier's time in the place of the answer's.
            reply::ok(call.id, body, solved.posed_at.unwrap_or(now))
        }
        Err(error) => reply::refused(call.id, &error, now),
    }
}

/// Asks whether the captcha that gave `token` was solved; where captchas are off it was. Without a
/// token it is `missing`.
pub(super) async fn verify(
    cx: &Context,
    token: Option<String>,
    missing: Error,
) -> Result<Solved, Error> {
    let token = token.filter(|token| !token.trim().is_empty()).ok_or(missing)?;
    if !captcha::is_on(&cx.master, cx.wants_captcha) {
        return Ok(Solved { posed_at: None });
    }
    let Some(verifier) = &cx.captcha else {
        return Err(Error::Unknown("no [captcha] is configured".into()));
    };
    match verifier.verify(token.trim()).await {
        Ok(Some(solved)) => Ok(solved),
        Ok(None) => Err(Error::NotSolved),
        Err(failure) => Err(Error::Unknown(failure.into())),
    }
}
