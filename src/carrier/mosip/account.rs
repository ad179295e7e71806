//! An account at central: how it logs in, and the token it got for that.

use std::borrow::Cow;
use std::fmt;

use bytes::Bytes;
use hyper::header::{HeaderMap, HeaderValue, SET_COOKIE};
use hyper::{Method, StatusCode};
use jiff::Timestamp;
use tokio::sync::Mutex;
use zeroize::Zeroizing;

use super::body;
use super::client::{Answer, Call, Client, Effect, status_sentence};
use crate::carrier::Failure;
use crate::wire::login;

/// The longest token that is taken; those of an identity provider have some kilobytes.
const LONGEST: usize = 16 * 1024;

/// An account that a program logs in with.
#[derive(Clone)]
pub struct Account {
    /// Such as `mosip-prereg-client`.
    pub client_id: String,
    /// Its secret.
    pub secret: Zeroizing<String>,
    /// Such as `prereg`.
    pub app_id: String,
}

impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Account").field("client_id", &self.client_id).finish_non_exhaustive()
    }
}

/// An account and the token it holds, taken at the first call and whenever central wants a new one.
pub(super) struct Session {
    /// What the account is called in sentences.
    name: &'static str,
    account: Account,
    /// The whole `Cookie` header. Held while logging in, so that many calls make one log-in.
    cookie: Mutex<Option<HeaderValue>>,
}

impl Session {
    pub(super) fn new(name: &'static str, account: Account) -> Self {
        Self { name, account, cookie: Mutex::new(None) }
    }

    /// Makes `call` with a token; where central answers 401, once more with a new one. A call that
    /// was answered so has done nothing at central, even if it would have changed something.
    ///
    /// # Errors
    /// Those of [`Client::send`], and [`Failure::Credential`].
    pub(super) async fn call(
        &self,
        client: &Client,
        call: &Call,
        now: Timestamp,
    ) -> Result<Answer, Failure> {
        let cookie = self.cookie(client, None, now).await?;
        let answer = client.send(call, Some(&cookie), now).await?;
        if answer.status != StatusCode::UNAUTHORIZED {
            return self.admitted(call, &cookie, answer).await;
        }
        let cookie = self.cookie(client, Some(&cookie), now).await?;
        let answer = client.send(call, Some(&cookie), now).await?;
        self.admitted(call, &cookie, answer).await
    }

    async fn admitted(
        &self,
        call: &Call,
        cookie: &HeaderValue,
        answer: Answer,
    ) -> Result<Answer, Failure> {
        if !matches!(answer.status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) {
            return Ok(answer);
        }
        // A role that the account gets meanwhile is in a new token only.
        let mut held = self.cookie.lock().await;
        if held.as_ref() == Some(cookie) {
            *held = None;
        }
        let status = answer.status.as_u16();
        Err(Failure::Credential(format!(
            "{}: central does not let the {} account do this (status {status})",
            call.name, self.name
        )))
    }

    /// Returns the `Cookie` header to call with, another than `refused`.
    async fn cookie(
        &self,
        client: &Client,
        refused: Option<&HeaderValue>,
        now: Timestamp,
    ) -> Result<HeaderValue, Failure> {
        let mut held = self.cookie.lock().await;
        if let Some(cookie) = held.as_ref().filter(|cookie| Some(*cookie) != refused) {
            return Ok(cookie.clone());
        }
        *held = None;
        let cookie = self.log_in(client, now).await.map_err(|failure| match failure {
            // Without a token the call proper has not left.
            Failure::Unanswered(sentence) => Failure::NotSent(sentence),
            Failure::Refused { code, sentence } => Failure::Credential(format!(
                "central refuses to log the {} account in: {code} {sentence}",
                self.name
            )),
            other => other,
        })?;
        *held = Some(cookie.clone());
        Ok(cookie)
    }

    async fn log_in(&self, client: &Client, now: Timestamp) -> Result<HeaderValue, Failure> {
        let request = login::ClientSecret {
            client_id: Cow::Borrowed(&self.account.client_id),
            secret_key: Cow::Borrowed(&self.account.secret),
            app_id: Cow::Borrowed(&self.account.app_id),
        };
        let body = Zeroizing::new(body::kernel_question("", &request, now));
        let call = Call {
            name: "log-in",
            method: Method::POST,
            path: login::CLIENT_SECRET.to_owned(),
            effect: Effect::Writes,
            content_type: Some(HeaderValue::from_static("application/json")),
            body: Bytes::from_owner(body),
            largest: client.limits.answer,
        };
        let answer = client.send(&call, None, now).await?;
        match answer.status {
            StatusCode::OK => {}
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
                return Err(Failure::Credential(format!(
                    "central refuses to log the {} account in (status {})",
                    self.name,
                    answer.status.as_u16()
                )));
            }
            status => {
                return Err(Failure::Unanswered(format!("log-in: {}", status_sentence(status))));
            }
        }
        body::answer::<serde::de::IgnoredAny>(call.name, &answer.body)?;
        token(&answer.headers).ok_or_else(|| {
            Failure::Unanswered("log-in: central's answer has no token in it".to_owned())
        })
    }
}

/// Returns the token that an answer sets, as the header to send it back with.
fn token(headers: &HeaderMap) -> Option<HeaderValue> {
    let value = headers.get_all(SET_COOKIE).iter().find_map(|header| {
        let pair = header.as_bytes().split(|byte| *byte == b';').next()?.trim_ascii();
        pair.strip_prefix(login::COOKIE.as_bytes())?.strip_prefix(b"=")
    })?;
    let fits = |byte: &u8| byte.is_ascii_graphic() && !b"\",;\\".contains(byte);
    if value.is_empty() || value.len() > LONGEST || !value.iter().all(fits) {
        return None;
    }
    // An owner that is wiped when the last copy of the header goes.
    let cookie = Zeroizing::new([login::COOKIE.as_bytes(), b"=", value].concat());
    let mut cookie = HeaderValue::from_maybe_shared(Bytes::from_owner(cookie)).ok()?;
    cookie.set_sensitive(true);
    Some(cookie)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cookie_of(set: &[&'static str]) -> Option<HeaderValue> {
        let mut headers = HeaderMap::new();
        for value in set {
            headers.append(SET_COOKIE, HeaderValue::from_static(value));
        }
        token(&headers)
    }

    #[test]
    fn the_token_is_the_value_of_its_cookie_alone() {
        let jwt = cookie_of(&["a=b; Path=/", "Authorization=ey.J.x; Path=/; Secure; HttpOnly"]);
        assert_eq!(jwt.unwrap().as_bytes(), b"Authorization=ey.J.x");
        for none in ["Authorization=", "Authorization=a b", "Authorization", "authorization2=x"] {
            assert_eq!(cookie_of(&[none]), None, "{none}");
        }
        assert_eq!(cookie_of(&[]), None);
    }

    #[test]
    fn neither_an_account_nor_a_token_prints_its_secret() {
        let account = Account {
            client_id: "prereg-reader".into(),
            secret: Zeroizing::new("hush".into()),
            app_id: "prereg".into(),
        };
        assert!(!format!("{account:?}").contains("hush"));
        assert!(!format!("{:?}", cookie_of(&["Authorization=hush"])).contains("hush"));
    }
}
