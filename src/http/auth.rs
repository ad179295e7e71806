//! Who calls: token to caller, and what a browser may be made to send.

use hyper::header::{AUTHORIZATION, COOKIE, HOST, HeaderMap, ORIGIN};
use hyper::{Method, Uri};
use jiff::Timestamp;

use crate::domain::caller::Caller;
use crate::http::logins::Logins;
use crate::secrets::token::Rejected;

/// The cookie that holds the token, as MOSIP has it.
pub const COOKIE_NAME: &str = "Authorization";

/// Returns who calls.
///
/// # Errors
/// [`Rejected::Invalid`] without a token or with one that does not count here, [`Rejected::Expired`].
pub fn caller(headers: &HeaderMap, logins: &Logins, now: Timestamp) -> Result<Caller, Rejected> {
    let token = token(headers).ok_or(Rejected::Invalid)?;
    Ok(logins.check(token, now)?.caller())
}

/// Returns the token that a request bears, from its cookie or as a bearer.
#[must_use]
pub fn token(headers: &HeaderMap) -> Option<&str> {
    let cookie = headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(name, _)| *name == COOKIE_NAME)
        .map(|(_, value)| value.trim());
    let bearer = headers
        .get(AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.strip_prefix("Bearer "))
        .map(str::trim);
    cookie.or(bearer).filter(|token| !token.is_empty())
}

/// Tells whether the request was meant for this node: a page elsewhere that has its own name
/// resolved to this address does not name it.
#[must_use]
pub fn is_for(names: &[String], headers: &HeaderMap, uri: &Uri) -> bool {
    let host = match uri.authority() {
        Some(authority) => Some(authority.as_str()),
        None => headers.get(HOST).and_then(|value| value.to_str().ok()),
    };
    host.is_some_and(|host| is_known(names, host))
}

/// Tells whether a write that bears a cookie comes from a page of this node, or from no page at all.
#[must_use]
pub fn is_own_page(names: &[String], method: &Method, headers: &HeaderMap) -> bool {
    if method.is_safe() || !headers.contains_key(COOKIE) {
        return true;
    }
    let site = headers.get("sec-fetch-site").map(|value| value.as_bytes());
    if !matches!(site, None | Some(b"same-origin" | b"none")) {
        return false;
    }
    let Some(origin) = headers.get(ORIGIN) else { return true };
    let origin = origin.to_str().unwrap_or_default();
    origin.split_once("://").is_some_and(|(_, host)| is_known(names, host))
}

fn is_known(names: &[String], host: &str) -> bool {
    let host = match host.strip_prefix('[') {
        Some(v6) => v6.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    ["localhost", "127.0.0.1", "::1"].contains(&host)
        || names.iter().any(|name| name.eq_ignore_ascii_case(host))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(k, v)| (k.parse().unwrap(), v.parse().unwrap())).collect()
    }

    #[test]
    fn the_token_comes_in_the_cookie_or_the_header() {
        assert_eq!(token(&headers(&[("cookie", "a=b; Authorization=x.y.z")])), Some("x.y.z"));
        assert_eq!(token(&headers(&[("authorization", "Bearer x.y.z")])), Some("x.y.z"));
        assert_eq!(token(&headers(&[("cookie", "Authorization=")])), None);
        assert_eq!(token(&headers(&[("authorization", "Basic abc")])), None);
    }

    /// I9
    #[test]
    fn a_request_for_another_name_is_not_for_this_node() {
        let names = ["node.center.example".to_owned()];
        let at = |host| is_for(&names, &headers(&[("host", host)]), &Uri::from_static("/"));
        assert!(at("localhost:8080") && at("[::1]:8080") && at("Node.center.example:8443"));
        assert!(!at("evil.example") && !at("localhost.evil.example"));
        assert!(!is_for(&names, &HeaderMap::new(), &Uri::from_static("/")));
    }

    /// I9
    #[test]
    fn a_page_of_somebody_else_cannot_write_with_the_cookie() {
        let names = ["node.center.example".to_owned()];
        let own = |pairs: &[_]| is_own_page(&names, &Method::POST, &headers(pairs));
        let cookie = ("cookie", "Authorization=x");
        assert!(own(&[cookie]));
        assert!(own(&[cookie, ("origin", "https://node.center.example:8443")]));
        assert!(!own(&[cookie, ("origin", "https://evil.example")]));
        assert!(!own(&[cookie, ("origin", "null")]));
        assert!(!own(&[cookie, ("sec-fetch-site", "cross-site")]));
        assert!(own(&[("origin", "https://evil.example")]));
    }
}
