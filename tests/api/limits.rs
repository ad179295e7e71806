//! Requests that are broken, huge, deep or slow: each is an answer, and the node goes on (I11).

use std::net::SocketAddr;
use std::time::Duration;

use hyper::Method;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{interval, timeout};

use crate::support::{Reply, TestNode, envelope, pause};

const CREATE: &str = "mosip.pre-registration.demographic.create";

async fn create(node: &TestNode, body: impl Into<Vec<u8>>) -> Reply {
    let cookie = format!("Authorization={}", node.resident(0).token);
    let headers = [("cookie", cookie.as_str()), ("content-type", "application/json")];
    node.send(Method::POST, "/preregistration/v1/applications", &headers, body).await
}

#[tokio::test]
async fn what_is_not_json_is_a_parse_error() {
    let node = TestNode::authority().await;
    for body in
        [&b""[..], b"{", b"null", b"[]", b"\xff\xfe", b"{}{}", b"<xml/>", b"{\"id\":\"\x00\"}"]
    {
        let reply = create(&node, body).await;
        reply.is_rejected(200, "PRG_CORE_REQ_015", "JSON parse error");
        assert_eq!(reply.json()["id"], Value::Null);
    }
}

/// I11
#[tokio::test]
async fn json_of_ten_thousand_levels_is_a_parse_error() {
    let node = TestNode::authority().await;
    let (open, close) = ("[".repeat(10_000), "]".repeat(10_000));
    for body in [format!("{{\"request\":{open}{close}}}"), format!("{{\"request\":{open}"), open] {
        create(&node, body).await.is_rejected(200, "PRG_CORE_REQ_015", "JSON parse error");
    }
    let objects = format!("{{\"request\":{}1{}}}", "{\"a\":".repeat(10_000), "}".repeat(10_000));
    create(&node, objects).await.is_rejected(200, "PRG_CORE_REQ_015", "JSON parse error");
}

/// I11
#[tokio::test]
async fn a_body_of_two_megabytes_is_too_large() {
    let node = TestNode::authority().await;
    let text = "x".repeat(2_000_000);
    let body = envelope(CREATE, node.now(), json!({"langCode": text})).to_string();

    let reply = create(&node, body).await;

    reply.is_rejected(413, "PRG_CORE_REQ_015", "the request is too large");
    let within = envelope(CREATE, node.now(), json!({"langCode": "x".repeat(1_000_000)}));
    assert_eq!(create(&node, within.to_string()).await.codes(), ["PRG_CORE_REQ_014"]);
}

/// I11
#[tokio::test]
async fn a_body_of_a_gigabyte_is_refused_before_it_comes() {
    let node = TestNode::authority().await;
    let mut stream = TcpStream::connect(node.at).await.unwrap();
    let head = "POST /preregistration/v1/login/sendOtp HTTP/1.1\r\nhost: localhost\r\n\
                content-length: 1073741824\r\n\r\n{";
    stream.write_all(head.as_bytes()).await.unwrap();

    let answer = timeout(Duration::from_secs(3), status(&mut stream)).await;

    assert_eq!(answer.expect("nobody waits for the rest"), "413");
}

/// I11
#[tokio::test]
async fn bodies_that_are_too_much_together_are_asked_to_come_again() {
    let node = TestNode::authority().await;
    let mut held = JoinSet::new();
    let (sent, mut all) = mpsc::channel(40);
    for _ in 0..40 {
        held.spawn(hold_a_megabyte(node.at, node.resident(1).token, sent.clone()));
    }
    for _ in 0..40 {
        all.recv().await.unwrap();
    }
    // What is taken apart takes more room than its bytes.
    let large =
        envelope(CREATE, node.now(), json!({"langCode": "x".repeat(1_000_000)})).to_string();
    let small = envelope(CREATE, node.now(), json!({"langCode": "x"})).to_string();

    let mut reply = create(&node, large.clone()).await;
    // The last of the megabytes may still be on their way.
    for _ in 0..50 {
        if reply.status == 503 {
            break;
        }
        reply = create(&node, large.clone()).await;
    }

    assert_eq!(reply.header("retry-after"), Some("1"), "{reply:?}");
    reply.is_rejected(503, "PRG_CORE_REQ_015", "there is no room for the request now");
    assert_eq!(create(&node, small).await.codes(), ["PRG_CORE_REQ_014"]);
    held.shutdown().await;
    for _ in 0..50 {
        reply = create(&node, large.clone()).await;
        if reply.status != 503 {
            break;
        }
    }
    assert_eq!(reply.codes(), ["PRG_CORE_REQ_014"], "the room was given back");
}

/// Sends a megabyte of a body and tells so, and goes on with as much as keeps the connection.
async fn hold_a_megabyte(at: SocketAddr, token: String, sent: mpsc::Sender<()>) {
    let mut stream = TcpStream::connect(at).await.unwrap();
    let head = format!(
        "POST /preregistration/v1/applications HTTP/1.1\r\nhost: localhost\r\n\
         authorization: Bearer {token}\r\ncontent-length: 1048576\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(&[b' '; 1_000_000]).await.unwrap();
    sent.send(()).await.unwrap();
    let mut tick = interval(Duration::from_secs(1));
    while stream.write_all(&[b' '; 1200]).await.is_ok() {
        tick.tick().await;
    }
}

/// I11
#[tokio::test]
async fn who_has_no_login_cannot_send_much() {
    let node = TestNode::authority().await;
    for (path, id) in [
        ("/login/sendOtp", "mosip.pre-registration.login.sendotp"),
        ("/login/validateOtp", "mosip.pre-registration.login.useridotp"),
        ("/captcha/validatecaptcha", "mosip.pre-registration.captcha.id.validate"),
    ] {
        let send = async |letters| {
            let request = json!({"userId": "x".repeat(letters)});
            let body = envelope(id, node.now(), request).to_string();
            node.send(Method::POST, &format!("/preregistration/v1{path}"), &[], body).await
        };
        send(16 * 1024).await.is_rejected(413, "PRG_CORE_REQ_015", "the request is too large");
        assert_eq!(send(15 * 1024).await.status, 200);
    }
}

/// I9
#[tokio::test]
async fn who_hangs_up_after_asking_is_recorded_all_the_same() {
    let mut node = TestNode::authority().await;
    let mut made = Vec::new();
    for _ in 0..5 {
        let one = node.given_application().await;
        ask_and_hang_up(
            &node,
            &format!("DELETE /preregistration/v1/applications/{}", one.prid),
            &one.by.token,
        )
        .await;
        made.push(one);
    }
    for one in &made {
        let path = format!("/applications/{}", one.prid);
        until(async || node.get(&one.by, &path).await.error_code().is_some()).await;
    }
    let records = node.stopped_and_audited();
    let deleted = records.iter().filter(|record| record.event == "PRE_403").count();
    assert_eq!(deleted, 5);
}

/// I9
#[tokio::test]
async fn who_hangs_up_after_logging_out_is_out() {
    let node = TestNode::authority().await;
    for number in 0..5 {
        let who = node.resident(number);
        let path = "POST /preregistration/v1/login/invalidateToken";
        ask_and_hang_up(&node, path, &who.token).await;
        until(async || node.get(&who, "/applications").await.status == 401).await;
    }
}

/// Sends a request without a body, and closes the connection before an answer can come.
async fn ask_and_hang_up(node: &TestNode, line: &str, token: &str) {
    let mut stream = TcpStream::connect(node.at).await.unwrap();
    let head =
        format!("{line} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {token}\r\n\r\n");
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.shutdown().await.unwrap();
}

/// Waits until `is_so`, for a time in which any node gets it done.
async fn until(is_so: impl AsyncFn() -> bool) {
    for _ in 0..100 {
        if is_so().await {
            return;
        }
        pause(Duration::from_millis(50)).await;
    }
    panic!("it did not come about");
}

/// I11
#[tokio::test]
async fn a_path_or_a_query_beyond_reason_leads_nowhere() {
    let node = TestNode::authority().await;
    let who = node.resident(0);
    let long = |letters| "1".repeat(letters);
    for path in [
        format!("/applications/{}", long(1_100)),
        format!("/applications?pageIndex={}", long(4_200)),
        format!("/nowhere/{}", long(1_100)),
    ] {
        node.get(&who, &path).await.is_rejected(414, "KER-414", "URI Too Long");
    }
    let within = node.get(&who, &format!("/applications/{}", long(900))).await;
    assert_eq!(within.codes(), ["PRG_PAM_APP_005"]);
}

/// Returns the status of the answer that comes on a stream.
async fn status(stream: &mut TcpStream) -> String {
    let mut answer = [0; 12];
    match stream.read_exact(&mut answer).await {
        Ok(_) => String::from_utf8_lossy(&answer[9..]).into_owned(),
        // Cut off without a word.
        Err(_) => "cut".to_owned(),
    }
}

/// I11
#[tokio::test]
async fn a_head_beyond_its_limit_is_refused() {
    let node = TestNode::authority().await;
    let long = "x".repeat(40_000);
    let reply = node.send(Method::GET, "/health/live", &[("x-long", &long)], "").await;
    assert_eq!(reply.status, 431);
    assert_eq!(node.send(Method::GET, "/health/live", &[], "").await.status, 200);
}

/// I11
#[tokio::test]
async fn a_body_that_comes_a_byte_at_a_time_is_answered_and_hung_up_on() {
    let node = TestNode::authority().await;
    let mut stream = TcpStream::connect(node.at).await.unwrap();
    let head = "POST /preregistration/v1/login/sendOtp HTTP/1.1\r\nhost: localhost\r\n\
                content-length: 10000\r\n\r\n";
    stream.write_all(head.as_bytes()).await.unwrap();
    let (mut reading, mut writing) = stream.split();
    let drip = async {
        let mut tick = interval(Duration::from_millis(200));
        loop {
            tick.tick().await;
            if writing.write_all(b" ").await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    };
    let answer = async {
        let mut answer = vec![0; 32];
        reading.read_exact(&mut answer).await.unwrap();
        String::from_utf8(answer).unwrap()
    };
    let answer = timeout(Duration::from_secs(15), async {
        tokio::select! {
            answer = answer => answer,
            () = drip => unreachable!("it never ends"),
        }
    });
    let answer = answer.await.expect("the node gives up well before half a minute");
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
}

/// I11
#[tokio::test]
async fn a_connection_that_breaks_off_in_a_body_harms_no_other() {
    let node = TestNode::authority().await;
    for _ in 0..20 {
        let mut stream = TcpStream::connect(node.at).await.unwrap();
        let head = "POST /preregistration/v1/login/sendOtp HTTP/1.1\r\nhost: localhost\r\n\
                    content-length: 1000\r\n\r\n{\"id\"";
        stream.write_all(head.as_bytes()).await.unwrap();
    }
    for garbage in ["\0\0\0\0\r\n\r\n", "GET\r\n\r\n", "GET / HTTP/9.9\r\n\r\n"] {
        let mut stream = TcpStream::connect(node.at).await.unwrap();
        stream.write_all(garbage.as_bytes()).await.unwrap();
    }
    assert_eq!(node.send(Method::GET, "/health/ready", &[], "").await.status, 200);
}

/// I11
#[tokio::test]
async fn texts_of_every_script_and_none_come_back_as_they_were_sent() {
    let node = TestNode::authority().await;
    let who = node.resident(0);
    let mut identity =
        serde_json::to_value(prereg_node::demo::residents::resident(0).identity).unwrap();
    for text in ["O’Néill \"x\" \\ </script>", "пу́тник", "ﷺ ١٢٣", "👩‍👩‍👧", "a\u{202e}b"]
    {
        identity["addressLine1"] = json!([{"language": "eng", "value": text}]);
        let request = json!({"langCode": "eng", "demographicDetails": {"identity": identity}});
        let made = node.call(&who, "/applications", CREATE, request).await.response();
        let path = format!("/applications/{}", made["preRegistrationId"].as_str().unwrap());
        let read = node.get(&who, &path).await.response();
        assert_eq!(read["demographicDetails"]["identity"]["addressLine1"][0]["value"], text);
    }
}
