//! Captchas, and the login that asks for one.

use hyper::Method;
use jiff::SignedDuration;
use prereg_node::outside::captcha::Settings;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use crate::support::{Elsewhere, Plan, Reply, Session, TestNode, envelope, logged};

const VALIDATE: &str = "mosip.pre-registration.captcha.id.validate";
const SEND: &str = "mosip.pre-registration.login.sendotp";
const SOLVED: &str =
    r#"{"success": true, "challenge_ts": "2026-11-23T07:59:58Z", "hostname": "x"}"#;
const NOT_SOLVED: &str = r#"{"success": false, "error-codes": ["invalid-input-response"]}"#;

fn nobody() -> Session {
    Session { user: String::new(), token: String::new() }
}

/// Has captchas verified by `url`, as the country wants it.
fn verified_at(url: &str) -> impl FnOnce(&mut Plan) {
    let url = url.to_owned();
    move |plan| {
        plan.set("mosip.preregistration.captcha.enable", "true");
        let verifier = Some((url, Zeroizing::new("the verifier's secret".to_owned())));
        plan.settings.captcha = Some(Settings { wanted: None, verifier, ca: None });
    }
}

async fn validate(node: &TestNode, token: Value) -> Reply {
    let request = json!({"captchaToken": token});
    node.call(&nobody(), "/captcha/validatecaptcha", VALIDATE, request).await
}

async fn send_otp(node: &TestNode, user: &str, token: Value) -> Reply {
    let request = json!({"userId": user, "langCode": "eng", "captchaToken": token});
    node.call(&nobody(), "/login/sendOtpWithCaptcha", SEND, request).await
}

#[tokio::test]
async fn a_captcha_is_verified_by_whom_the_node_is_told_to_ask() {
    let verifier = Elsewhere::saying(SOLVED).await;
    let node = TestNode::with(verified_at(&verifier.url)).await;

    let solved = validate(&node, json!("03AGd&x")).await;

    let expected = json!({"success": true, "message": " Captcha successfully verified"});
    assert_eq!(solved.response(), expected);
    assert_eq!(solved.json()["id"], VALIDATE);
    assert_eq!(solved.json()["responsetime"], "2026-11-23T07:59:58.000Z");
    assert_eq!(verifier.seen(), ["secret=the%20verifier%27s%20secret&response=03AGd%26x"]);

    verifier.say(200, NOT_SOLVED);
    validate(&node, json!("x")).await.is_refused("PRG-PAM-005", "Invalid Captcha entered");
}

#[tokio::test]
async fn the_service_is_found_at_each_of_its_paths_and_by_each_name_of_the_token() {
    let verifier = Elsewhere::saying(SOLVED).await;
    let node = TestNode::with(verified_at(&verifier.url)).await;
    for path in ["/captcha/validatecaptcha", "/v1/captcha/validatecaptcha"] {
        for name in ["captchaToken", "captcha_token"] {
            let mut request = json!({});
            request[name] = json!("a-token");
            node.call(&nobody(), path, VALIDATE, request).await.response();
        }
    }
    assert_eq!(verifier.seen().len(), 4);
}

#[tokio::test]
async fn without_a_token_nobody_is_asked() {
    let verifier = Elsewhere::saying(SOLVED).await;
    let node = TestNode::with(verified_at(&verifier.url)).await;
    let text = "Invalid request , Request can't be null or empty";
    for blank in [json!(null), json!(""), json!("  ")] {
        validate(&node, blank).await.is_refused("PRG-PAM-006", text);
    }
    let reply = node.call(&nobody(), "/captcha/validatecaptcha", VALIDATE, json!({})).await;
    reply.is_refused("PRG-PAM-006", text);
    assert!(verifier.seen().is_empty());
}

#[tokio::test]
async fn a_verifier_that_does_not_answer_is_never_taken_for_a_yes() {
    let verifier = Elsewhere::saying(SOLVED).await;
    let node = TestNode::with(verified_at(&verifier.url)).await;
    let phone = node.resident(0).user;
    for (status, text) in [
        (500, SOLVED),
        (302, SOLVED),
        (200, "<html>"),
        (200, "{}"),
        (200, r#"{"success": "true"}"#),
    ] {
        verifier.say(status, text);
        let unknown = "Captcha could not be validated";
        validate(&node, json!("x")).await.is_refused("PRE-REG-CAP-102", unknown);
        send_otp(&node, &phone, json!("x")).await.is_refused("PRE-REG-CAP-102", unknown);
    }
    drop(verifier);
    assert_eq!(validate(&node, json!("x")).await.codes(), ["PRE-REG-CAP-102"]);
    assert!(!logged().contains("the verifier's secret"));
}

#[tokio::test]
async fn where_captchas_are_off_any_token_is_good_and_nobody_is_asked() {
    let verifier = Elsewhere::saying(NOT_SOLVED).await;
    let node = TestNode::with(|plan| {
        verified_at(&verifier.url)(plan);
        // The node has its own mind of it.
        plan.settings.captcha.as_mut().unwrap().wanted = Some(false);
    })
    .await;
    let expected = json!({"success": true, "message": " Captcha successfully verified"});
    assert_eq!(validate(&node, json!("any")).await.response(), expected);
    let published = node.get(&nobody(), "/login/config").await.response();
    assert_eq!(published["mosip.preregistration.captcha.enable"], "false");
    assert!(verifier.seen().is_empty());
}

#[tokio::test]
async fn a_country_that_wants_captchas_gets_no_login_from_a_node_without_a_verifier() {
    let node =
        TestNode::with(|plan| plan.set("mosip.preregistration.captcha.enable", "true")).await;
    let phone = node.resident(0).user;
    let sent = send_otp(&node, &phone, json!("x")).await;
    sent.is_refused("PRE-REG-CAP-102", "Captcha could not be validated");
    let published = node.get(&nobody(), "/login/config").await.response();
    assert_eq!(published["mosip.preregistration.captcha.enable"], "true");
}

/// I9
#[tokio::test]
async fn a_login_token_is_not_asked_for_and_counts_if_it_is_sent() {
    let node = TestNode::authority().await;
    let path = "/captcha/validatecaptcha";
    let request = || json!({"captchaToken": "x"});
    let forged = Session { user: String::new(), token: "x.y.z".into() };
    let reply = node.call(&forged, path, VALIDATE, request()).await;
    reply.is_rejected(401, "KER-ATH-401", "Invalid Token");
    let resident = node.resident(0);
    node.call(&resident, path, VALIDATE, request()).await.response();
    node.wait(SignedDuration::from_hours(24));
    let reply = node.call(&resident, path, VALIDATE, request()).await;
    reply.is_rejected(401, "KER-ATH-402", "Token expired");
}

#[tokio::test]
async fn an_envelope_s_faults_and_a_broken_body_are_told() {
    let node = TestNode::authority().await;
    let path = "/captcha/validatecaptcha";
    let all = [
        ("PRG_PAM_CORE_003", "Invalid request time"),
        ("PRG_PAM_CORE_002", "Request version is invalid"),
        ("PRG_PAM_CORE_004", "Request body is invalid"),
        ("PRG_PAM_CORE_001", "Request id is invalid"),
    ];
    let reply = node.post(&nobody(), path, &json!({})).await;
    assert_eq!(reply.errors(), all.map(|(code, text)| (code.to_owned(), text.to_owned())));
    let mut stale = envelope(VALIDATE, node.now(), json!({"captchaToken": "x"}));
    stale["requesttime"] = json!("2026-11-22T23:59:59.999Z");
    let reply = node.post(&nobody(), path, &stale).await;
    reply.is_refused("PRG_CORE_REQ_013", "Request date should be current date");
    let whole = format!("/preregistration/v1{path}");
    let reply = node.send(Method::POST, &whole, &[], "{").await;
    reply.is_rejected(200, "PRG_CORE_REQ_015", "JSON parse error");
}

#[tokio::test]
async fn a_login_with_a_solved_captcha_sends_the_otp_and_says_both() {
    let verifier = Elsewhere::saying(SOLVED).await;
    let node = TestNode::with(verified_at(&verifier.url)).await;
    let phone = node.resident(0).user;

    let sent = send_otp(&node, &phone, json!("03AGd")).await;

    let message = " Captcha successfully verified and Sms Request Sent";
    assert_eq!(sent.response(), json!({"message": message, "status": "success"}));
    let cookie = sent.header("set-cookie").unwrap();
    assert!(cookie.starts_with("canAuthorise=") && cookie.contains("; Max-Age=3;"), "{cookie}");
    node.message_to(&phone);
}

#[tokio::test]
async fn a_login_without_a_solved_captcha_sends_nothing() {
    let verifier = Elsewhere::saying(NOT_SOLVED).await;
    let node = TestNode::with(verified_at(&verifier.url)).await;
    let phone = node.resident(0).user;
    for blank in [json!(null), json!(""), json!(" ")] {
        let sent = send_otp(&node, &phone, blank).await;
        sent.is_refused("PRE-REG-CAP-101", "Captcha token is empty");
    }
    let sent = send_otp(&node, &phone, json!("x")).await;
    sent.is_refused("PRG-PAM-005", "Invalid Captcha entered");
    assert_eq!(sent.header("set-cookie"), None);
    assert_eq!(node.spooled(), 0);
}
