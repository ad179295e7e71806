//! How many OTPs leave, and over which connections the cookie of a login goes.

use hyper::Method;
use jiff::SignedDuration;
use prereg_node::http::flood::Limits;
use serde_json::json;

use crate::support::{Reply, Session, TestNode};

const SEND: &str = "mosip.pre-registration.login.sendotp";
const FLOODING: (&str, &str) = ("PRE-REG-OTP-101", "Innumerous OTP requests received");

async fn send_otp(node: &TestNode, user: &str) -> Reply {
    let nobody = Session { user: String::new(), token: String::new() };
    node.call(&nobody, "/login/sendOtp", SEND, json!({"userId": user})).await
}

/// I11
#[tokio::test]
async fn codes_to_ever_new_numbers_leave_at_the_rate_the_country_pays_for() {
    let limits = Limits { per_minute: 2, ..Limits::default() };
    let node = TestNode::with(|plan| plan.settings.otp = limits).await;
    let phones: Vec<String> = (0..4).map(|number| node.resident(number).user).collect();

    send_otp(&node, &phones[0]).await.response();
    send_otp(&node, &phones[1]).await.response();
    send_otp(&node, &phones[2]).await.is_refused(FLOODING.0, FLOODING.1);
    assert_eq!(node.spooled(), 2);

    node.wait(SignedDuration::from_secs(30));
    send_otp(&node, &phones[2]).await.response();
    send_otp(&node, &phones[3]).await.is_refused(FLOODING.0, FLOODING.1);
}

/// Ends a login with these headers, and returns the cookie that is set.
async fn cookie_of_logout(node: &TestNode, headers: &[(&str, &str)]) -> String {
    let who = node.resident(0);
    let bearer = format!("Bearer {}", who.token);
    let headers = [headers, &[("authorization", bearer.as_str())]].concat();
    let path = "/preregistration/v1/login/invalidateToken";
    let reply = node.send(Method::POST, path, &headers, "").await;
    reply.response();
    reply.header("set-cookie").unwrap().to_owned()
}

#[tokio::test]
async fn a_cookie_is_kept_to_https_where_the_browser_came_by_it() {
    let node = TestNode::authority().await;
    let plain = cookie_of_logout(&node, &[]).await;
    assert!(!plain.contains("Secure") && plain.contains("; HttpOnly"), "{plain}");
    let behind_a_proxy = cookie_of_logout(&node, &[("x-forwarded-proto", "https")]).await;
    assert!(behind_a_proxy.contains("; Secure"), "{behind_a_proxy}");
    let spoken = cookie_of_logout(&node, &[("x-forwarded-proto", "http")]).await;
    assert!(!spoken.contains("Secure"), "{spoken}");
}
