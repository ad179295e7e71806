//! The QR code service: `contract/payloads.md` §10 (Q1), `contract/rules.md` §13.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use prereg_node::scanner::worker;
use serde_json::{Value, json};

use crate::support::{Reply, TestNode};

const PATH: &str = "/qrCode/generate";
const ID: &str = "mosip.pre-registration.qrcode.generate";
const PRID: &str = "37802950913289";

async fn drawn(node: &TestNode, request: Value) -> Reply {
    node.call(&node.resident(0), PATH, ID, request).await
}

fn png(reply: &Reply) -> Vec<u8> {
    STANDARD.decode(reply.response()["qrcode"].as_str().unwrap()).unwrap()
}

/// Returns the width that a PNG names in its header.
fn width(png: &[u8]) -> u32 {
    assert_eq!(png[1..4], *b"PNG");
    u32::from_be_bytes(png[16..20].try_into().unwrap())
}

#[tokio::test]
async fn a_code_of_58_pixels_says_the_prid_to_every_reader() {
    let node = TestNode::authority().await;
    for request in [json!(PRID), json!({"value": PRID}), json!(37_802_950_913_289_u64)] {
        let png = png(&drawn(&node, request).await);
        assert_eq!(width(&png), 58);
        let read = worker::read(png).unwrap();
        let texts: Vec<_> = read.codes.iter().map(|code| code.text.as_str()).collect();
        assert_eq!(texts, [PRID]);
    }
}

#[tokio::test]
async fn what_version_1_has_no_room_for_is_no_code() {
    let node = TestNode::authority().await;
    for long in ["1".repeat(42), "A".repeat(26), "a".repeat(18), "https://x.example/1".into()] {
        let reply = drawn(&node, json!(long)).await;
        reply.is_refused("PRG_QRC_002", "Failed to generate QR code");
    }
    for fits in ["1".repeat(41), "A".repeat(25), "a".repeat(17), "م".repeat(8)] {
        let read = worker::read(png(&drawn(&node, json!(fits)).await)).unwrap();
        assert_eq!(read.codes[0].text, fits);
    }
}

#[tokio::test]
async fn a_country_with_a_larger_version_gets_larger_pictures() {
    let node = TestNode::with(|plan| plan.set("qrversion", "V3")).await;
    assert_eq!(width(&png(&drawn(&node, json!(PRID)).await)), 74);
}

#[tokio::test]
async fn every_fault_of_the_envelope_is_told_and_an_empty_text_is_one() {
    let node = TestNode::authority().await;
    let reply = node.post(&node.resident(0), PATH, &json!({"request": ""})).await;
    let all = [
        ("PRG_PAM_CORE_003", "Invalid request time"),
        ("PRG_PAM_CORE_002", "Request version is invalid"),
        ("PRG_PAM_CORE_004", "Request body is invalid"),
        ("PRG_PAM_CORE_001", "Request id is invalid"),
    ];
    assert_eq!(reply.errors(), all.map(|(code, text)| (code.to_owned(), text.to_owned())));
    for nothing in [json!(""), json!(null), json!({"value": ""})] {
        drawn(&node, nothing).await.is_refused("PRG_PAM_CORE_004", "Request body is invalid");
    }
    for wrong in [json!([1, 2]), json!({"text": PRID}), json!(true)] {
        drawn(&node, wrong).await.is_rejected(200, "PRG_CORE_REQ_015", "JSON parse error");
    }
    let mut stale = crate::support::envelope(ID, node.now(), json!(PRID));
    stale["requesttime"] = json!("2026-11-22T23:59:59.999Z");
    let reply = node.post(&node.resident(0), PATH, &stale).await;
    reply.is_refused("PRG_CORE_REQ_013", "Request date should be current date");
}
