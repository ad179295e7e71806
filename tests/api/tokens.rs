//! Whose tokens count: those of this node until they are ended, and those of central's identity
//! provider, whether or not it can be reached.

use std::sync::OnceLock;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_SHA256};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use hyper::Method;
use jiff::SignedDuration;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use prereg_node::http::issuer::Settings;
use prereg_node::secrets::realm::Realm;
use serde_json::{Value, json};

use crate::support::{Elsewhere, Plan, Reply, Session, TestNode};

const LOGOUT: &str = "/preregistration/v1/login/invalidateToken";
const ISSUER: &str = "https://iam.example/auth/realms/mosip";

async fn log_out(node: &TestNode, headers: &[(&str, &str)]) -> Reply {
    node.send(Method::POST, LOGOUT, headers, "").await
}

async fn log_out_of(node: &TestNode, session: &Session) -> Reply {
    let cookie = format!("theme=dark; Authorization={}", session.token);
    log_out(node, &[("cookie", &cookie), ("content-type", "text/plain")]).await
}

#[tokio::test]
async fn who_logs_out_is_told_so_and_loses_the_cookie() {
    let node = TestNode::authority().await;
    let done = log_out_of(&node, &node.resident(0)).await;
    assert_eq!(done.json()["id"], "mosip.pre-registration.login.invalidate");
    let expected =
        json!({"message": "Token has been invalidated successfully", "status": "success"});
    assert_eq!(done.response(), expected);
    let cookie = done.header("set-cookie").unwrap();
    assert!(cookie.starts_with("Authorization=; Max-Age=0; Path=/;"), "{cookie}");
}

/// I1, I9
#[tokio::test]
async fn who_logged_out_is_out_everywhere_at_once_and_after_a_restart() {
    let mut node = TestNode::authority().await;
    let (gone, other) = (node.officer(), node.officer());
    assert_ne!(gone.token, other.token);
    let out = async |node: &TestNode| {
        let bearer = format!("Bearer {}", gone.token);
        let cookie = format!("Authorization={}", gone.token);
        for path in ["/preregistration/v1/applications", "/prefill/v1/forms/97465075291709"] {
            for header in [("cookie", cookie.as_str()), ("authorization", bearer.as_str())] {
                let reply = node.send(Method::GET, path, &[header], "").await;
                reply.is_rejected(401, "KER-ATH-401", "Invalid Token");
            }
        }
        let reply = node.get(&other, "/applications").await;
        assert_eq!(reply.codes(), ["PRG_PAM_APP_005"], "the other login goes on");
    };

    log_out_of(&node, &gone).await.response();
    out(&node).await;
    node.restart_after(SignedDuration::ZERO).await;
    out(&node).await;

    let again = log_out_of(&node, &gone).await;
    let text = "Token is not present in datastore, Please try with new token";
    again.is_refused("KER-ATH-008", text);
}

/// I7
#[tokio::test]
async fn a_clock_put_on_and_back_brings_no_ended_login_to_life() {
    let mut node = TestNode::authority().await;
    let (gone, another) = (node.officer(), node.officer());
    log_out_of(&node, &gone).await.response();
    node.wait(SignedDuration::from_hours(40));
    // Ending another one is when old ones are forgotten.
    let late = node.officer();
    log_out_of(&node, &late).await.response();
    node.wait(SignedDuration::from_hours(-40));
    for restarted in [false, true] {
        if restarted {
            node.restart_after(SignedDuration::ZERO).await;
        }
        let reply = node.get(&gone, "/applications").await;
        reply.is_rejected(401, "KER-ATH-401", "Invalid Token");
        assert_eq!(node.get(&another, "/applications").await.status, 200);
    }
}

#[tokio::test]
async fn a_logout_without_a_login_says_what_is_missing() {
    let node = TestNode::authority().await;
    log_out(&node, &[]).await.is_refused("KER-ATH-006", "Cookies are empty");
    for cookie in ["theme=dark", "Authorization=", "authorization=x.y.z"] {
        let reply = log_out(&node, &[("cookie", cookie)]).await;
        reply.is_refused("KER-ATH-007", "Token is not present in cookies");
    }
    for cookie in ["Authorization=x", "Authorization=x.y.z", "Authorization=e30.e30.e30"] {
        let reply = log_out(&node, &[("cookie", cookie)]).await;
        reply.is_refused("PRG_PAM_LGN_003", "Failed to invalidate the auth token");
    }
    let session = node.officer();
    let mut forged = session.clone();
    forged.token.truncate(session.token.len() - 8);
    let unknown = "Token is not present in datastore, Please try with new token";
    log_out_of(&node, &forged).await.is_refused("KER-ATH-008", unknown);
    node.wait(SignedDuration::from_hours(24));
    log_out_of(&node, &session).await.is_refused("KER-ATH-008", unknown);
}

#[tokio::test]
async fn a_program_ends_its_login_by_the_header_it_calls_with() {
    let node = TestNode::authority().await;
    let session = node.counter();
    let bearer = format!("Bearer {}", session.token);
    log_out(&node, &[("authorization", &bearer)]).await.response();
    let reply = node.get(&session, "/prefill/v1/forms/97465075291709").await;
    reply.is_rejected(401, "KER-ATH-401", "Invalid Token");
}

/// Drawing a key takes a while, so there are two for all tests.
fn key(number: usize) -> &'static KeyPair {
    static KEYS: OnceLock<[KeyPair; 2]> = OnceLock::new();
    &KEYS.get_or_init(|| [(); 2].map(|()| KeyPair::generate(KeySize::Rsa2048).unwrap()))[number]
}

fn key_set(numbers: &[usize]) -> String {
    let jwk = |number: &usize| {
        let public = key(*number).public_key();
        json!({"kty": "RSA", "use": "sig", "alg": "RS256", "kid": format!("key-{number}"),
               "n": BASE64.encode(public.modulus().big_endian_without_leading_zero()),
               "e": BASE64.encode(public.exponent().big_endian_without_leading_zero())})
    };
    json!({"keys": numbers.iter().map(jwk).collect::<Vec<_>>()}).to_string()
}

fn claims(node: &TestNode) -> Value {
    let now = node.now().as_second();
    json!({"iss": ISSUER, "sub": "8a2c", "preferred_username": "officer-7", "typ": "Bearer",
           "azp": "mosip-reg-client", "aud": "account", "iat": now, "exp": now + 3600,
           "realm_access": {"roles": ["REGISTRATION_OFFICER", "offline_access"]}})
}

fn issued(number: usize, claims: &Value) -> Session {
    let head = json!({"alg": "RS256", "typ": "JWT", "kid": format!("key-{number}")});
    let text = format!("{}.{}", BASE64.encode(head.to_string()), BASE64.encode(claims.to_string()));
    let mut signature = vec![0; key(number).public_modulus_len()];
    key(number)
        .sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), text.as_bytes(), &mut signature)
        .unwrap();
    Session { user: "officer-7".into(), token: format!("{text}.{}", BASE64.encode(signature)) }
}

fn with_provider(url: &str) -> impl FnOnce(&mut Plan) {
    let keys_url = Some(url.to_owned());
    move |plan| {
        let clients = vec!["mosip-reg-client".to_owned()];
        let realm = Realm { issuer: ISSUER.to_owned(), clients };
        plan.settings.identity_provider =
            Some(Settings { realm, keys_url, keys_file: None, ca: None });
    }
}

/// Asks until the keys are there, which are fetched in the background.
async fn is_let_in(node: &TestNode, session: &Session) -> bool {
    for _ in 0..2_000 {
        if node.get(session, "/applications/97465075291709").await.status == 200 {
            return true;
        }
    }
    false
}

#[tokio::test]
async fn a_token_of_central_s_provider_counts_with_its_user_and_roles() {
    let provider = Elsewhere::saying(&key_set(&[0])).await;
    let node = TestNode::with(with_provider(&provider.url)).await;
    let application = node.given_application().await;
    let officer = issued(0, &claims(&node));
    assert!(is_let_in(&node, &officer).await);

    let read = node.get(&officer, &format!("/applications/{}", application.prid)).await;
    assert_eq!(read.response()["preRegistrationId"], application.prid);
    let upload = node.upload(&officer, &application.prid, json!({}), "a.pdf", b"").await;
    upload.is_rejected(403, "KER-ATH-403", "Forbidden");
    node.wait(SignedDuration::from_hours(1));
    let late = node.get(&officer, "/applications").await;
    late.is_rejected(401, "KER-ATH-402", "Token expired");
}

#[tokio::test]
async fn a_token_of_the_provider_counts_with_the_provider_gone_even_after_a_restart() {
    let provider = Elsewhere::saying(&key_set(&[0])).await;
    let mut node = TestNode::with(with_provider(&provider.url)).await;
    assert!(is_let_in(&node, &issued(0, &claims(&node))).await);

    drop(provider);
    node.restart_after(SignedDuration::ZERO).await;
    node.wait(SignedDuration::from_hours(24 * 30));

    let officer = issued(0, &claims(&node));
    let reply = node.get(&officer, "/applications").await;
    assert_eq!(reply.codes(), ["PRG_PAM_APP_005"]);
    log_out_of(&node, &officer).await.response();
    let reply = node.get(&officer, "/applications").await;
    reply.is_rejected(401, "KER-ATH-401", "Invalid Token");
}

/// I9
#[tokio::test]
async fn nobody_makes_a_token_of_the_provider_without_its_private_key() {
    let provider = Elsewhere::saying(&key_set(&[0])).await;
    let node = TestNode::with(with_provider(&provider.url)).await;
    let sound = claims(&node);
    assert!(is_let_in(&node, &issued(0, &sound)).await);
    let refused = async |token: String| {
        let reply = node.get(&Session { user: String::new(), token }, "/applications").await;
        reply.is_rejected(401, "KER-ATH-401", "Invalid Token");
    };

    let body = BASE64.encode(sound.to_string());
    for alg in ["none", "HS256", "RS512"] {
        let head = BASE64.encode(json!({"alg": alg, "kid": "key-0"}).to_string());
        refused(format!("{head}.{body}.")).await;
        refused(format!("{head}.{body}.AAAA")).await;
    }
    let modulus = key(0).public_key().modulus().big_endian_without_leading_zero().to_vec();
    for secret in [modulus, key_set(&[0]).into_bytes()] {
        let mut head = Header::new(Algorithm::HS256);
        head.kid = Some("key-0".to_owned());
        refused(jsonwebtoken::encode(&head, &sound, &EncodingKey::from_secret(&secret)).unwrap())
            .await;
    }
    for (name, value) in [
        ("iss", json!("https://iam.example/auth/realms/other")),
        ("azp", json!("another-client")),
        ("typ", json!("ID")),
    ] {
        let mut wrong = sound.clone();
        wrong[name] = value;
        refused(issued(0, &wrong).token).await;
    }
    // Another key under the name of the good one.
    let other = issued(1, &sound).token.replacen(
        &BASE64.encode(json!({"alg": "RS256", "typ": "JWT", "kid": "key-1"}).to_string()),
        &BASE64.encode(json!({"alg": "RS256", "typ": "JWT", "kid": "key-0"}).to_string()),
        1,
    );
    refused(other).await;
    let without = TestNode::authority().await;
    let reply = without.get(&issued(0, &sound), "/applications").await;
    reply.is_rejected(401, "KER-ATH-401", "Invalid Token");
}

/// I11
#[tokio::test]
async fn an_unknown_key_has_the_keys_fetched_at_most_once_a_minute() {
    let provider = Elsewhere::saying(&key_set(&[0])).await;
    let node = TestNode::with(with_provider(&provider.url)).await;
    assert!(is_let_in(&node, &issued(0, &claims(&node))).await);
    assert_eq!(provider.seen().len(), 1);
    provider.say(200, &key_set(&[0, 1]));
    let new = issued(1, &claims(&node));
    for _ in 0..20 {
        let reply = node.get(&new, "/applications").await;
        reply.is_rejected(401, "KER-ATH-401", "Invalid Token");
    }
    assert_eq!(provider.seen().len(), 1);

    node.wait(SignedDuration::from_mins(1));

    assert!(is_let_in(&node, &new).await);
    assert_eq!(provider.seen().len(), 2);
}

#[tokio::test]
async fn keys_that_are_none_change_nothing_and_keys_that_are_withdrawn_count_no_more() {
    let provider = Elsewhere::saying(&key_set(&[0])).await;
    let node = TestNode::with(with_provider(&provider.url)).await;
    let old = issued(0, &claims(&node));
    assert!(is_let_in(&node, &old).await);
    let asked = async |times: usize| {
        for _ in 0..2_000 {
            if provider.seen().len() >= times {
                return;
            }
            node.get(&old, "/applications").await;
        }
        panic!("the keys were not fetched {times} times");
    };

    provider.say(200, "<html>");
    node.wait(SignedDuration::from_mins(90));
    asked(2).await;
    let still = issued(0, &claims(&node));
    assert_eq!(node.get(&still, "/applications").await.status, 200);

    provider.say(200, &key_set(&[1]));
    node.wait(SignedDuration::from_mins(2));
    assert!(is_let_in(&node, &issued(1, &claims(&node))).await);
    let reply = node.get(&still, "/applications").await;
    reply.is_rejected(401, "KER-ATH-401", "Invalid Token");
}
