use std::sync::OnceLock;

use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_SHA256};
use jsonwebtoken::{EncodingKey, Header};
use serde_json::{Value, json};

use super::*;

const ISSUER: &str = "https://iam.example/auth/realms/mosip";

/// Drawing a key takes a while, so there are two for all tests.
fn key(number: usize) -> &'static KeyPair {
    static KEYS: OnceLock<[KeyPair; 2]> = OnceLock::new();
    &KEYS.get_or_init(|| [(); 2].map(|()| KeyPair::generate(KeySize::Rsa2048).unwrap()))[number]
}

fn jwk(number: usize, kid: &str) -> Value {
    let public = key(number).public_key();
    json!({"kty": "RSA", "use": "sig", "alg": "RS256", "kid": kid,
           "n": BASE64.encode(public.modulus().big_endian_without_leading_zero()),
           "e": BASE64.encode(public.exponent().big_endian_without_leading_zero())})
}

fn keys() -> KeySet {
    KeySet::parse(json!({"keys": [jwk(0, "one")]}).to_string().as_bytes()).unwrap()
}

fn realm() -> Realm {
    let clients = vec!["mosip-reg-client".to_owned(), "mosip-prereg-client".to_owned()];
    Realm { issuer: ISSUER.to_owned(), clients }
}

fn claims() -> Value {
    json!({"iss": ISSUER, "sub": "8a2c", "preferred_username": "officer-7", "typ": "Bearer",
           "azp": "mosip-reg-client", "aud": "account", "iat": 1_000, "exp": 4_600,
           "realm_access": {"roles": ["REGISTRATION_OFFICER", "offline_access", "Default"]}})
}

fn with(name: &str, value: Value) -> Value {
    let mut claims = claims();
    claims[name] = value;
    claims
}

fn signed(number: usize, head: &Value, claims: &Value) -> String {
    let text = format!("{}.{}", encoded(head), encoded(claims));
    let mut signature = vec![0; key(number).public_modulus_len()];
    key(number)
        .sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), text.as_bytes(), &mut signature)
        .unwrap();
    format!("{text}.{}", BASE64.encode(signature))
}

fn encoded(value: &Value) -> String {
    BASE64.encode(value.to_string())
}

fn head() -> Value {
    json!({"alg": "RS256", "typ": "JWT", "kid": "one"})
}

fn check(token: &str, second: i64) -> Result<Claims, Refused> {
    realm().check(&keys(), token, Timestamp::from_second(second).unwrap())
}

const INVALID: Result<Claims, Refused> = Err(Refused::Rejected(Rejected::Invalid));

#[test]
fn a_token_of_the_provider_tells_user_and_roles_and_counts_until_the_second_it_expires() {
    let token = signed(0, &head(), &claims());
    assert!(Realm::is_meant(&token));
    let read = check(&token, 4_599).unwrap();
    assert_eq!(read.user, "officer-7");
    assert_eq!(read.roles.to_string(), "REGISTRATION_OFFICER");
    assert_eq!(check(&token, 4_600), Err(Refused::Rejected(Rejected::Expired)));

    let token = signed(0, &head(), &with("nbf", json!(2_000)));
    assert_eq!(check(&token, 1_999), INVALID);
    assert!(check(&token, 2_000).is_ok());
}

#[test]
fn a_token_is_for_one_of_the_clients_by_azp_or_by_aud() {
    let mut for_aud = with("aud", json!(["account", "mosip-prereg-client"]));
    for_aud["azp"] = json!("something-else");
    assert!(check(&signed(0, &head(), &for_aud), 2_000).is_ok());
    for (name, value) in [
        ("azp", json!("something-else")),
        ("azp", Value::Null),
        ("azp", json!("mosip-reg-client2")),
    ] {
        assert_eq!(check(&signed(0, &head(), &with(name, value)), 2_000), INVALID);
    }
}

/// I9
#[test]
fn a_token_of_another_realm_or_for_another_purpose_does_not_count() {
    for (name, value) in [
        ("iss", json!("https://iam.example/auth/realms/other")),
        ("iss", Value::Null),
        ("typ", json!("ID")),
        ("typ", json!("Refresh")),
        ("exp", Value::Null),
        ("exp", json!("4600")),
        ("preferred_username", json!("")),
    ] {
        let token = signed(0, &head(), &with(name, value));
        assert_eq!(check(&token, 2_000), INVALID, "{name}");
    }
}

/// I9
#[test]
fn a_token_under_another_key_or_with_a_changed_letter_does_not_count() {
    assert_eq!(check(&signed(1, &head(), &claims()), 2_000), INVALID);
    let token = signed(0, &head(), &claims());
    let (body, signature) = token.rsplit_once('.').unwrap();
    for at in (0..body.len()).step_by(7) {
        let mut bad = body.as_bytes().to_vec();
        bad[at] = if bad[at] == b'A' { b'B' } else { b'A' };
        let bad = format!("{}.{signature}", String::from_utf8(bad).unwrap());
        assert!(bad == token || check(&bad, 2_000).is_err(), "byte {at}");
    }
    assert_eq!(check(&format!("{body}."), 2_000), INVALID);
    assert_eq!(check(&format!("{body}.AAAA"), 2_000), INVALID);
}

/// I9
#[test]
fn a_token_of_a_key_that_is_not_there_asks_for_the_keys() {
    let head = json!({"alg": "RS256", "kid": "two"});
    assert_eq!(check(&signed(0, &head, &claims()), 2_000), Err(Refused::UnknownKey));
    let head = json!({"alg": "RS256"});
    assert_eq!(check(&signed(0, &head, &claims()), 2_000), INVALID);
}

/// I9
#[test]
fn a_token_cannot_choose_its_algorithm_nor_take_the_public_key_for_a_secret() {
    let body = encoded(&claims());
    for alg in ["none", "None", "HS256", "RS384", "PS256", "ES256"] {
        let head = encoded(&json!({"alg": alg, "kid": "one"}));
        for signature in ["", "AAAA"] {
            let token = format!("{head}.{body}.{signature}");
            assert!(!Realm::is_meant(&token), "{alg}");
            assert_eq!(check(&token, 2_000), INVALID, "{alg}");
        }
    }
    let public = key(0).public_key();
    let modulus = public.modulus().big_endian_without_leading_zero().to_vec();
    let der = public.as_der().unwrap().as_ref().to_vec();
    for secret in [modulus, der] {
        let mut head = Header::new(Algorithm::HS256);
        head.kid = Some("one".to_owned());
        let token = jsonwebtoken::encode(&head, &claims(), &EncodingKey::from_secret(&secret));
        assert_eq!(check(&token.unwrap(), 2_000), INVALID);
    }
}

#[test]
fn a_key_set_is_what_is_good_for_signatures_in_it_or_nothing() {
    let of = |keys: Value| KeySet::parse(json!({"keys": keys}).to_string().as_bytes());
    let changed = |name: &str, value: Value| {
        let mut jwk = jwk(0, "one");
        jwk[name] = value;
        json!([jwk])
    };
    for none in [
        json!([]),
        changed("use", json!("enc")),
        changed("alg", json!("RSA-OAEP")),
        changed("alg", json!("HS256")),
        changed("kty", json!("oct")),
        changed("kid", Value::Null),
        changed("n", json!(BASE64.encode([255; 128]))),
        changed("n", json!("not base64!")),
    ] {
        assert_eq!(of(none.clone()).err(), Some(NoKeys), "{none}");
    }
    for text in ["", "[]", "{}", "{\"keys\":{}}", "<html>"] {
        assert_eq!(KeySet::parse(text.as_bytes()).err(), Some(NoKeys));
    }
    let mixed = json!([{"kty": "EC", "crv": "P-256", "x": "", "y": ""}, jwk(1, "two")]);
    assert_eq!(format!("{:?}", of(mixed).unwrap()), "KeySet(1 keys)");
}
