//! Login by OTP, and the login of a program with its secret.

use jiff::SignedDuration;
use prereg_node::demo::residents::resident;
use prereg_node::domain::caller::{Role, Roles};
use prereg_node::domain::ids::Digest;
use prereg_node::domain::status::Lifecycle;
use prereg_node::http::Client;
use prereg_node::node::Sms;
use prereg_node::outside::sms;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::support::{Reply, Session, TestNode, envelope, logged};

const SEND: &str = "mosip.pre-registration.login.sendotp";
const VALIDATE: &str = "mosip.pre-registration.login.useridotp";

async fn send_otp(node: &TestNode, user: &str) -> Reply {
    node.call(&nobody(), "/login/sendOtp", SEND, json!({"userId": user})).await
}

async fn try_otp(node: &TestNode, user: &str, otp: Value) -> Reply {
    let request = json!({"userId": user, "otp": otp});
    node.call(&nobody(), "/login/validateOtp", VALIDATE, request).await
}

fn nobody() -> Session {
    Session { user: String::new(), token: String::new() }
}

/// Notes the resident of that number, and returns their phone number.
fn phone(node: &TestNode, number: usize) -> String {
    node.resident(number).user
}

async fn given_otp(node: &TestNode, user: &str) -> String {
    send_otp(node, user).await.response();
    otp_in(&node.message_to(user))
}

fn otp_in(message: &Value) -> String {
    let text = message["text"].as_str().unwrap();
    let otp = text.split(|c: char| !c.is_ascii_digit()).find(|part| part.len() == 6);
    otp.expect("a message has an OTP of six digits").to_owned()
}

fn another_than(otp: &str) -> Value {
    json!(if otp == "000000" { "111111" } else { "000000" })
}

/// Returns the token of an answer's cookie.
fn token(reply: &Reply) -> &str {
    let cookie = reply.header("set-cookie").unwrap();
    cookie.strip_prefix("Authorization=").unwrap().split(';').next().unwrap()
}

#[tokio::test]
async fn a_resident_logs_in_with_the_otp_that_came_by_sms() {
    let node = TestNode::authority().await;
    let phone = phone(&node, 0);

    let sent = send_otp(&node, &phone).await;
    assert_eq!(sent.json()["id"], SEND);
    assert_eq!(sent.response(), json!({"message": "Sms Request Sent", "status": "success"}));
    let message = node.message_to(&phone);
    assert_eq!((&message["channel"], &message["subject"]), (&json!("sms"), &json!("")));

    let done = try_otp(&node, &phone, json!(otp_in(&message))).await;
    assert_eq!(done.response(), json!({"message": "VALIDATION_SUCCESSFUL", "status": "success"}));
    let cookie = done.header("set-cookie").unwrap();
    assert!(cookie.ends_with("; Path=/; HttpOnly"), "{cookie}");
    assert!(!cookie.contains("Max-Age") && !cookie.contains("Expires"), "{cookie}");

    let session = Session { user: phone, token: token(&done).to_owned() };
    let listed = node.get(&session, "/applications").await;
    listed.is_refused("PRG_PAM_APP_005", "No record found for the requested user id");
}

#[tokio::test]
async fn an_otp_goes_by_email_to_who_gives_an_address() {
    let node = TestNode::authority().await;
    node.resident(3);
    let address = resident(3).email;

    let sent = send_otp(&node, &address).await;

    let expected = json!({"message": "Email Request submitted", "status": "success"});
    assert_eq!(sent.response(), expected);
    let message = node.message_to(&address);
    assert_eq!(message["channel"], "email");
    assert_eq!(message["subject"], "Your pre-registration code");
    try_otp(&node, &address, json!(otp_in(&message))).await.response();
}

#[tokio::test]
async fn a_token_counts_for_an_hour_in_the_cookie_and_as_a_bearer() {
    let node = TestNode::authority().await;
    let phone = phone(&node, 0);
    let otp = given_otp(&node, &phone).await;
    let done = try_otp(&node, &phone, json!(otp)).await;
    let bearer = format!("Bearer {}", token(&done));
    let path = "/preregistration/v1/applications";
    let ask = async || node.send(hyper::Method::GET, path, &[("authorization", &bearer)], "").await;

    node.wait(SignedDuration::from_secs(3598));
    assert_eq!(ask().await.error_code().as_deref(), Some("PRG_PAM_APP_005"));
    node.wait(SignedDuration::from_secs(2));
    ask().await.is_rejected(401, "KER-ATH-402", "Token expired");
}

#[tokio::test]
async fn an_otp_serves_once_and_only_the_user_it_was_sent_to() {
    let node = TestNode::authority().await;
    let (one, other) = (phone(&node, 0), phone(&node, 1));
    let otp = given_otp(&node, &one).await;
    let none = "Validation can't be performed against this key. Generate OTP first.";

    try_otp(&node, &other, json!(otp)).await.is_refused("KER-OTV-005", none);
    try_otp(&node, &one, json!(otp)).await.response();
    try_otp(&node, &one, json!(otp)).await.is_refused("KER-OTV-005", none);
}

#[tokio::test]
async fn a_new_otp_replaces_the_one_before() {
    let node = TestNode::authority().await;
    let phone = phone(&node, 0);
    let first = given_otp(&node, &phone).await;
    let second = given_otp(&node, &phone).await;
    assert_ne!(first, second);

    let tried = try_otp(&node, &phone, json!(first)).await;
    tried.is_refused("PRG_PAM_LGN_013", "VALIDATION_UNSUCCESSFUL");
    try_otp(&node, &phone, json!(second)).await.response();
}

#[tokio::test]
async fn a_wrong_otp_sets_no_cookie() {
    let node = TestNode::authority().await;
    let phone = phone(&node, 0);
    let otp = given_otp(&node, &phone).await;

    let tried = try_otp(&node, &phone, another_than(&otp)).await;

    tried.is_refused("PRG_PAM_LGN_013", "VALIDATION_UNSUCCESSFUL");
    assert_eq!(tried.header("set-cookie"), None);
}

#[tokio::test]
async fn a_right_otp_that_comes_after_three_minutes_has_expired_and_is_used_up() {
    let node = TestNode::authority().await;
    let phone = phone(&node, 0);
    let otp = given_otp(&node, &phone).await;
    node.wait(SignedDuration::from_secs(181));

    let late = try_otp(&node, &phone, json!(otp)).await;
    let text = "OTP has expired - Please regenerate OTP and try again after sometime";
    late.is_refused("PRE-REG-OTP-402", text);
    assert_eq!(try_otp(&node, &phone, json!(otp)).await.codes(), ["KER-OTV-005"]);
}

#[tokio::test]
async fn a_fourth_otp_within_the_country_s_minute_is_flooding() {
    let node = TestNode::authority().await;
    let phone = phone(&node, 0);
    for _ in 0..3 {
        send_otp(&node, &phone).await.response();
    }

    let fourth = send_otp(&node, &phone).await;
    fourth.is_refused("PRE-REG-OTP-101", "Innumerous OTP requests received");
    for path in ["/login/sendOtp/langcode", "/login/sendOtpWithCaptcha"] {
        let another = node.call(&nobody(), path, SEND, json!({"userId": phone})).await;
        another.is_refused("PRE-REG-OTP-101", "Innumerous OTP requests received");
    }
    node.wait(SignedDuration::from_secs(61));
    send_otp(&node, &phone).await.response();
}

#[tokio::test]
async fn a_country_sets_how_long_the_flooding_window_is() {
    let node = TestNode::with(|plan| plan.set("otp.request.flooding.duration", "5")).await;
    let phone = phone(&node, 0);
    for _ in 0..3 {
        send_otp(&node, &phone).await.response();
    }

    node.wait(SignedDuration::from_secs(61));
    assert_eq!(send_otp(&node, &phone).await.codes(), ["PRE-REG-OTP-101"]);
    node.wait(SignedDuration::from_mins(4));
    send_otp(&node, &phone).await.response();
}

#[tokio::test]
async fn the_tenth_wrong_otp_freezes_the_user_for_half_an_hour() {
    let node = TestNode::authority().await;
    let phone = phone(&node, 0);
    let otp = given_otp(&node, &phone).await;
    for _ in 0..9 {
        let tried = try_otp(&node, &phone, another_than(&otp)).await;
        assert_eq!(tried.codes(), ["PRG_PAM_LGN_013"]);
    }

    let tenth = try_otp(&node, &phone, another_than(&otp)).await;
    tenth.is_refused("PRE-REG-OTP-409", "Otp validation attempt exceeded");
    assert_eq!(try_otp(&node, &phone, json!(otp)).await.codes(), ["KER-OTV-005"]);
    node.wait(SignedDuration::from_mins(29));
    let frozen = send_otp(&node, &phone).await;
    frozen.is_refused("PRE-REG-OTP-405", "Missing Input Parameter - %s");
    for path in ["/login/sendOtp/langcode", "/login/sendOtpWithCaptcha"] {
        let frozen = node.call(&nobody(), path, SEND, json!({"userId": phone})).await;
        frozen.is_refused("PRE-REG-OTP-405", "Missing Input Parameter - %s");
    }
    node.wait(SignedDuration::from_mins(2));
    let otp = given_otp(&node, &phone).await;
    try_otp(&node, &phone, json!(otp)).await.response();
}

/// I9
#[tokio::test]
async fn a_new_otp_brings_no_new_tries() {
    let node = TestNode::authority().await;
    let phone = phone(&node, 0);
    for _ in 0..3 {
        let otp = given_otp(&node, &phone).await;
        for _ in 0..3 {
            let tried = try_otp(&node, &phone, another_than(&otp)).await;
            assert_eq!(tried.codes(), ["PRG_PAM_LGN_013"]);
        }
        node.wait(SignedDuration::from_secs(100));
    }
    let otp = given_otp(&node, &phone).await;
    let tenth = try_otp(&node, &phone, another_than(&otp)).await;
    tenth.is_refused("PRE-REG-OTP-409", "Otp validation attempt exceeded");
    let frozen = send_otp(&node, &phone).await;
    frozen.is_refused("PRE-REG-OTP-405", "Missing Input Parameter - %s");
    node.wait(SignedDuration::from_mins(31));
    for _ in 0..2 {
        // A right one ends the count.
        let otp = given_otp(&node, &phone).await;
        for _ in 0..9 {
            assert_eq!(
                try_otp(&node, &phone, another_than(&otp)).await.codes(),
                ["PRG_PAM_LGN_013"]
            );
        }
        try_otp(&node, &phone, json!(otp)).await.response();
    }
}

/// I11
#[tokio::test]
async fn today_s_release_counts_wrong_tries_over_several_otps_too() {
    let node = TestNode::with(of_today).await;
    let phone = phone(&node, 0);
    for _ in 0..2 {
        let otp = given_otp(&node, &phone).await;
        for _ in 0..5 {
            assert_eq!(
                try_otp(&node, &phone, another_than(&otp)).await.codes(),
                ["PRG_PAM_LGN_013"]
            );
        }
        node.wait(SignedDuration::from_secs(181));
    }
    let otp = given_otp(&node, &phone).await;
    assert_eq!(try_otp(&node, &phone, another_than(&otp)).await.codes(), ["PRE-REG-OTP-409"]);
}

/// A gateway for SMS that answers when it is told to.
struct SlowGateway {
    listener: TcpListener,
}

impl SlowGateway {
    async fn start() -> Self {
        Self { listener: TcpListener::bind("127.0.0.1:0").await.unwrap() }
    }

    fn settings(&self) -> Option<Sms> {
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        Some(Sms {
            gateway: sms::Settings {
                url: format!("http://{}/send", self.listener.local_addr().unwrap()),
                form: sms::Form::Query,
                parameters: vec![pair("to", "{to}"), pair("text", "{text}")],
                headers: Vec::new(),
                secret: Default::default(),
                success: String::new(),
            },
            ca: None,
        })
    }

    /// Returns the next request with what it asks for.
    async fn next(&self) -> (TcpStream, String) {
        let (mut stream, _) = self.listener.accept().await.unwrap();
        let mut head = vec![0; 4096];
        let length = stream.read(&mut head).await.unwrap();
        head.truncate(length);
        (stream, String::from_utf8(head).unwrap())
    }
}

async fn answer(mut stream: TcpStream, status: &str) {
    let answer = format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
    stream.write_all(answer.as_bytes()).await.unwrap();
}

#[tokio::test]
async fn an_otp_that_fails_late_takes_no_newer_one_with_it() {
    let gateway = SlowGateway::start().await;
    let node = TestNode::with(|plan| plan.settings.sms = gateway.settings()).await;
    let phone = phone(&node, 0);

    let late = async {
        let (first, _) = gateway.next().await;
        let newer = async {
            let (second, asked) = gateway.next().await;
            answer(second, "200 OK").await;
            asked
        };
        let (sent, asked) = tokio::join!(send_otp(&node, &phone), newer);
        sent.response();
        answer(first, "500 Oh").await;
        asked
    };
    let (failed, asked) = tokio::join!(send_otp(&node, &phone), late);

    assert_eq!(failed.codes(), ["PRG_AUTH_001"]);
    let line = asked.lines().next().unwrap().to_owned();
    try_otp(&node, &phone, json!(otp_in(&json!({"text": line})))).await.response();
}

/// I11
#[tokio::test]
async fn who_waits_for_an_otp_takes_no_room_from_others() {
    let gateway = SlowGateway::start().await;
    let node = TestNode::with(|plan| plan.settings.sms = gateway.settings()).await;
    let padded = |number: usize| {
        let request = json!({"userId": format!("6{number:09}"), "langCode": "x".repeat(15_000)});
        let body = envelope(SEND, node.now(), request);
        let node = &node;
        async move { node.post(&nobody(), "/login/sendOtp", &body).await }
    };
    // Taken apart they would take all the room there is and more.
    let all = futures_util::future::join_all((0..140).map(padded));
    let others = async {
        let mut held = Vec::new();
        for _ in 0..140 {
            held.push(gateway.next().await);
        }
        let who = node.resident(1);
        let large = json!({"langCode": "x".repeat(1_000_000)});
        let id = "mosip.pre-registration.demographic.create";
        node.call(&who, "/applications", id, large).await
    };
    let reply = tokio::select! {
        reply = others => reply,
        _ = all => panic!("they were answered before all of them waited"),
    };
    assert_eq!(reply.codes(), ["PRG_CORE_REQ_014"]);
}

#[tokio::test]
async fn who_is_neither_phone_nor_address_gets_no_otp() {
    let node = TestNode::authority().await;
    let longest = format!("{}@example.org", "x".repeat(400));
    for user in ["", "12", "0907654778", "nobody", "a@b", "6000000000 ", longest.as_str()] {
        let sent = send_otp(&node, user).await;
        sent.is_refused("PRG_PAM_LGN_008", "Invalid Request userId received");
        let tried = try_otp(&node, user, json!("123456")).await;
        tried.is_refused("KER-ATH-003", "User Detail doesn't exist.");
    }
    for path in ["/login/sendOtp", "/login/sendOtp/langcode", "/login/sendOtpWithCaptcha"] {
        let sent = node.call(&nobody(), path, SEND, json!({})).await;
        sent.is_refused("PRG_PAM_LGN_008", "Invalid Request userId received");
    }
    let request = json!({"otp": "123456"});
    let tried = node.call(&nobody(), "/login/validateOtp", VALIDATE, request).await;
    tried.is_refused("PRG_PAM_LGN_008", "Invalid Request userId received");
}

#[tokio::test]
async fn an_address_longer_than_a_user_id_may_be_gets_no_otp() {
    let node = TestNode::authority().await;
    let long = format!("{}@example.org", "x".repeat(60));
    for path in ["/login/sendOtp", "/login/sendOtp/langcode", "/login/sendOtpWithCaptcha"] {
        let sent = node.call(&nobody(), path, SEND, json!({"userId": long})).await;
        sent.is_refused("KER-OTG-001", "Key length should be in the range of 3-64.");
    }
}

#[tokio::test]
async fn every_form_of_sending_an_otp_sends_it() {
    let node = TestNode::authority().await;
    for (number, path) in
        ["/sendOtp", "/sendOtp/langcode", "/sendOtpWithCaptcha"].iter().enumerate()
    {
        let phone = phone(&node, number);
        let request = json!({"userId": phone, "langCode": "eng", "captchaToken": null});
        let sent = node.call(&nobody(), &format!("/login{path}"), SEND, request).await;
        assert_eq!(sent.response(), json!({"message": "Sms Request Sent", "status": "success"}));
        assert_eq!(sent.json()["id"], SEND);
        let otp = otp_in(&node.message_to(&phone));
        try_otp(&node, &phone, json!(otp)).await.response();
    }
}

#[tokio::test]
async fn the_form_s_language_is_that_of_the_message_and_an_unknown_one_the_country_s_first() {
    let node = TestNode::authority().await;
    let phone = phone(&node, 0);
    for (language, beginning) in [
        (json!("fra"), "est votre code"),
        (json!("ara"), "هو رمزك"),
        (json!("xyz"), "is your code"),
        (json!(null), "is your code"),
    ] {
        for path in ["/login/sendOtp/langcode", "/login/sendOtpWithCaptcha"] {
            let request = json!({"userId": phone, "langCode": language});
            node.call(&nobody(), path, SEND, request).await.response();
            let text = node.message_to(&phone)["text"].as_str().unwrap().to_owned();
            assert!(text.contains(beginning), "{language} {path}");
            node.wait(SignedDuration::from_secs(61));
        }
    }
}

#[tokio::test]
async fn a_login_with_a_captcha_does_not_look_at_the_id_of_its_envelope() {
    let node = TestNode::authority().await;
    let phone = phone(&node, 0);
    let request = json!({"userId": phone});
    let sent = node.call(&nobody(), "/login/sendOtpWithCaptcha", "", request).await;
    assert_eq!(sent.response()["message"], "Sms Request Sent");
    assert_eq!(sent.json()["id"], SEND);
    let cookie = sent.header("set-cookie").unwrap();
    assert!(cookie.starts_with("canAuthorise="), "{cookie}");

    let told = node.post(&nobody(), "/login/sendOtpWithCaptcha", &json!({})).await.codes();
    assert_eq!(told, ["PRG_PAM_CORE_003", "PRG_PAM_CORE_002", "PRG_PAM_CORE_004"]);
}

fn of_today(plan: &mut crate::support::Plan) {
    plan.settings.rules.lifecycle = Lifecycle::V1_2;
}

#[tokio::test]
async fn today_s_release_sends_no_second_otp_while_the_first_is_good() {
    let node = TestNode::with(of_today).await;
    let phone = phone(&node, 0);
    let otp = given_otp(&node, &phone).await;

    for path in ["/login/sendOtp", "/login/sendOtp/langcode", "/login/sendOtpWithCaptcha"] {
        let again = node.call(&nobody(), path, SEND, json!({"userId": phone})).await;
        again.is_refused(
            "PRE-REG-OTP-408",
            "OTP is already sent - Please use the Sent OTP or try again after sometime",
        );
    }
    try_otp(&node, &phone, json!(otp)).await.response();
    given_otp(&node, &phone).await;
    node.wait(SignedDuration::from_secs(181));
    given_otp(&node, &phone).await;
}

#[tokio::test]
async fn today_s_release_bears_ten_wrong_tries_and_not_an_eleventh() {
    let node = TestNode::with(of_today).await;
    let phone = phone(&node, 0);
    let otp = given_otp(&node, &phone).await;
    for _ in 0..10 {
        let tried = try_otp(&node, &phone, another_than(&otp)).await;
        tried.is_refused("PRG_PAM_LGN_013", "VALIDATION_UNSUCCESSFUL");
    }
    let eleventh = try_otp(&node, &phone, another_than(&otp)).await;
    eleventh.is_refused("PRE-REG-OTP-409", "Otp validation attempt exceeded");
    let tried = try_otp(&node, &phone, json!(otp)).await;
    tried.is_refused(
        "KER-OTV-005",
        "Validation can't be performed against this key. Generate OTP first.",
    );
}

#[tokio::test]
async fn an_otp_that_could_not_be_sent_stands_in_nobody_s_way() {
    let node = TestNode::with(|plan| {
        of_today(plan);
        plan.settings.spool = None;
    })
    .await;
    let phone = phone(&node, 0);
    for _ in 0..2 {
        let sent = send_otp(&node, &phone).await;
        sent.is_refused("PRG_AUTH_001", "OTP failed to send through a specified channel");
    }
}

#[tokio::test]
async fn the_time_in_a_message_is_that_of_the_country_s_zone_for_messages() {
    let node = TestNode::with(|plan| {
        plan.set("mosip.notification.timezone", "GMT+05:30");
        plan.template("otp-sms-template", Some("$otp $date $time ${validTime}"));
    })
    .await;
    let phone = phone(&node, 0);
    send_otp(&node, &phone).await.response();
    let message = node.message_to(&phone);
    let text = message["text"].as_str().unwrap();
    assert!(text.ends_with(" 23-11-2026 13:30:11 3"), "{text}");
}

#[tokio::test]
async fn a_country_without_a_text_for_otps_sends_none() {
    let node = TestNode::with(|plan| plan.template("otp-sms-template", None)).await;
    let phone = phone(&node, 0);
    let sent = send_otp(&node, &phone).await;
    sent.is_refused("PRE-REG-OTP-405", "Missing Input Parameter - TEMPLATE");
    assert_eq!(node.spooled(), 0);
}

#[tokio::test]
async fn a_browser_reads_the_country_s_configuration_before_it_logs_in() {
    let node = TestNode::with(|plan| {
        plan.set("mosip.optional-languages", "ara,fra,eng,ara");
        plan.set("mosip.preregistration.captcha.secretkey", "nobody's business");
        plan.set("mosip.preregistration.captcha.sitekey", "${prereg.captcha.site.key}");
        plan.set("preregistration.ui.version", "1.2.0");
        plan.set("preregistration.contact.phone", " ");
    })
    .await;

    let reply = node.get(&nobody(), "/login/config").await;

    assert_eq!(reply.json()["id"], "mosip.pre-registration.login.config");
    let published = reply.response();
    for (key, value) in [
        ("mosip.mandatory-languages", "eng"),
        ("mosip.optional-languages", "ara,fra"),
        ("mosip.min-languages.count", "1"),
        ("mosip.max-languages.count", "3"),
        ("mosip.left_to_right_orientation", "eng,fra"),
        ("mosip.preregistration.captcha.enable", "false"),
        ("mosip.login.mode", "email,mobile"),
        ("mosip.kernel.otp.default-length", "6"),
        ("mosip.kernel.otp.expiry-time", "180"),
        ("mosip.id.validation.identity.phone.length", "10"),
        ("mosip.primary-language", "eng"),
        ("mosip.supported-languages", "eng,ara,fra"),
        ("preregistration.ui.version", "1.2.0"),
        ("mosip.notificationtype", "SMS|EMAIL"),
    ] {
        assert_eq!(published[key], value, "{key}");
    }
    let published = published.as_object().unwrap();
    assert!(published.values().all(Value::is_string));
    for unset in ["mosip.preregistration.captcha.sitekey", "preregistration.contact.phone"] {
        assert!(!published.contains_key(unset), "{unset}");
    }
    assert!(!published.keys().any(|key| key.contains("secret") || key.contains("template")));
}

#[tokio::test]
async fn the_counts_of_languages_fit_the_languages_there_are() {
    for (mandatory, optional, min, max, expected) in [
        ("eng", "ara,fra", "0", "9", ["1", "3"]),
        ("eng,ara", "fra", "1", "1", ["2", "2"]),
        (" ", "ara,fra", "0", " ", ["1", "1"]),
        ("eng", " ", "5", "2", ["1", "1"]),
        ("eng", "ara,fra", "x", "2", ["1", "2"]),
    ] {
        let node = TestNode::with(|plan| {
            plan.set("mosip.mandatory-languages", mandatory);
            plan.set("mosip.optional-languages", optional);
            plan.set("mosip.min-languages.count", min);
            plan.set("mosip.max-languages.count", max);
        })
        .await;
        let published = node.get(&nobody(), "/login/config").await.response();
        let counts = ["mosip.min-languages.count", "mosip.max-languages.count"];
        assert_eq!(counts.map(|key| published[key].as_str().unwrap()), expected, "{mandatory}");
    }
}

#[tokio::test]
async fn a_country_that_names_no_languages_publishes_nothing() {
    let node = TestNode::with(|plan| {
        for key in ["mandatory", "optional", "supported"] {
            plan.set(&format!("mosip.{key}-languages"), " ");
        }
    })
    .await;
    let reply = node.get(&nobody(), "/login/config").await;
    reply.is_refused("PRG_PAM_LGN_015", "mosip language properties not defined");
}

#[tokio::test]
async fn the_configuration_is_read_again_when_somebody_says_so() {
    let node = TestNode::authority().await;
    for _ in 0..2 {
        let reply = node.get(&nobody(), "/login/refreshconfig").await;
        assert_eq!(reply.response(), "success");
        assert_eq!(reply.json()["id"], "mosip.pre-registration.login.config");
    }
    node.get(&nobody(), "/login/config").await.response();
}

#[tokio::test]
async fn an_otp_that_is_empty_or_no_number_is_told_so() {
    let node = TestNode::authority().await;
    let phone = phone(&node, 0);
    for empty in [json!(null), json!("")] {
        let tried = try_otp(&node, &phone, empty).await;
        tried.is_refused("KER-OTV-003", "OTP can't be empty or null.");
    }
    for text in ["12345x", "-12345", "١٢٣٤٥٦"] {
        let tried = try_otp(&node, &phone, json!(text)).await;
        tried.is_refused(
            "KER-OTV-004",
            "OTP consists of only numeric characters. No other characters is allowed",
        );
    }
}

/// I8
#[tokio::test]
async fn a_node_without_a_way_to_send_says_so_and_logs_no_user() {
    let node = TestNode::with(|plan| plan.settings.spool = None).await;
    let phone = phone(&node, 0);

    let sent = send_otp(&node, &phone).await;

    sent.is_refused("PRG_AUTH_001", "OTP failed to send through a specified channel");
    let log = logged();
    assert!(log.contains("answered with a failure of this node"), "{log}");
}

#[tokio::test]
async fn every_fault_of_a_login_s_envelope_is_told_in_the_contract_s_order() {
    let node = TestNode::authority().await;
    let all = [
        ("PRG_PAM_CORE_003", "Invalid request time"),
        ("PRG_PAM_CORE_002", "Request version is invalid"),
        ("PRG_PAM_CORE_004", "Request body is invalid"),
        ("PRG_PAM_CORE_001", "Request id is invalid"),
    ];
    for path in ["/login/sendOtp", "/login/sendOtp/langcode", "/login/validateOtp"] {
        let reply = node.post(&nobody(), path, &json!({})).await;
        assert_eq!(reply.status, 200);
        let told = reply.errors();
        assert_eq!(told, all.map(|(code, text)| (code.to_owned(), text.to_owned())), "{path}");
    }
    let mut stale = envelope(SEND, node.now(), json!({"userId": "6000000000"}));
    stale["requesttime"] = json!("2026-11-22T23:59:59.999Z");
    let reply = node.post(&nobody(), "/login/sendOtp", &stale).await;
    reply.is_refused("PRG_CORE_REQ_013", "Request date should be current date");
}

fn client(plan: &mut crate::support::Plan) {
    plan.settings.clients = vec![Client {
        id: "center-10001-reader".into(),
        secret: Digest::of(b"a secret that was drawn"),
        roles: Roles::of(&[Role::RegistrationOfficer, Role::PreRegistrationAdmin]),
    }];
}

async fn client_login(node: &TestNode, id: &str, secret: &str) -> Reply {
    let request = json!({"clientId": id, "secretKey": secret, "appId": "prereg"});
    node.call(&nobody(), "/v1/authmanager/authenticate/clientidsecretkey", "any", request).await
}

#[tokio::test]
async fn a_program_logs_in_with_its_secret_and_calls_in_its_roles() {
    let node = TestNode::with(client).await;
    let application = node.given_application().await;

    let done = client_login(&node, "center-10001-reader", "a secret that was drawn").await;

    assert_eq!(
        done.response(),
        json!({"message": "Clientid and Token combination had been validated successfully",
               "status": "Success"})
    );
    let reader = Session { user: "reader".into(), token: token(&done).to_owned() };
    node.get(&reader, &format!("/applications/{}", application.prid)).await.response();
    let upload = node.upload(&reader, &application.prid, json!({}), "a.pdf", b"").await;
    upload.is_rejected(403, "KER-ATH-403", "Forbidden");
}

/// I9
#[tokio::test]
async fn a_program_with_a_wrong_secret_or_name_is_not_let_in() {
    let node = TestNode::with(client).await;
    for (id, secret) in [
        ("center-10001-reader", "a guess"),
        ("center-10001-reader", ""),
        ("somebody", "a secret that was drawn"),
        ("", ""),
    ] {
        let reply = client_login(&node, id, secret).await;
        reply.is_rejected(401, "KER-ATH-401", "Authentication Failed");
        assert_eq!(reply.header("set-cookie"), None);
    }
}
