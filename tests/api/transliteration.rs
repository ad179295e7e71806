//! The transliteration service: `contract/payloads.md` §10 (T1), `contract/rules.md` §13.

use serde_json::{Value, json};

use crate::support::{Reply, TestNode};

const PATH: &str = "/transliteration/transliterate";
const ID: &str = "mosip.pre-registration.transliteration.transliterate";

async fn written(node: &TestNode, request: Value) -> Reply {
    node.call(&node.resident(0), PATH, ID, request).await
}

fn wanted(from: &str, value: &str, to: &str) -> Value {
    json!({"from_field_lang": from, "from_field_value": value, "to_field_lang": to})
}

#[tokio::test]
async fn a_name_is_written_in_arabic_letters_as_in_the_users_example() {
    let node = TestNode::authority().await;
    let reply = written(&node, wanted("eng", "Kishan", "ara")).await;
    assert_eq!(
        reply.response(),
        json!({"from_field_lang": "eng", "from_field_value": "Kishan", "to_field_lang": "ara",
               "to_field_value": "كِسهَن"})
    );
}

#[tokio::test]
async fn the_other_ways_of_the_contract_s_table_are_open() {
    let node = TestNode::authority().await;
    for (from, value, to) in
        [("fra", "Hélène", "ara"), ("ara", "كِسهَن", "fra"), ("ara", "محمد", "eng")]
    {
        let reply = written(&node, wanted(from, value, to)).await;
        let there = reply.response()["to_field_value"].as_str().unwrap().to_owned();
        assert!(!there.is_empty() && there != value, "{there}");
        let is_latin = there.chars().any(|c| c.is_ascii_alphabetic());
        assert_eq!(is_latin, to != "ara", "{there}");
    }
}

#[tokio::test]
async fn a_pair_without_rules_and_a_language_the_country_lacks_are_unsupported() {
    let node = TestNode::authority().await;
    for (from, to) in [
        ("eng", "fra"),
        ("fra", "eng"),
        ("eng", "eng"),
        ("eng", "hin"),
        ("xyz", "ara"),
        ("ENG", "ara"),
    ] {
        let reply = written(&node, wanted(from, "Kishan", to)).await;
        reply.is_refused("PRG_TRL_APP_008", "Unsupported language");
    }
}

#[tokio::test]
async fn each_of_the_three_fields_is_needed() {
    let node = TestNode::authority().await;
    for request in [
        json!({}),
        wanted("", "Kishan", "ara"),
        wanted("eng", "", "ara"),
        wanted("eng", " ", "ara"),
        wanted("eng", "Kishan", ""),
        json!({"from_field_lang": null, "from_field_value": "Kishan", "to_field_lang": "ara"}),
    ] {
        let reply = written(&node, request).await;
        reply.is_refused("PRG_TRL_APP_002", "Incorrect mandatory Fields");
    }
}

/// I11
#[tokio::test]
async fn a_text_of_a_thousand_letters_is_written_and_a_longer_one_is_not() {
    let node = TestNode::authority().await;
    written(&node, wanted("eng", &"Kishan 123".repeat(100), "ara")).await.response();
    let reply = written(&node, wanted("eng", &"x".repeat(1_001), "ara")).await;
    reply.is_refused("PRG_TRL_APP_001", "Failed to transliterate");
}

#[tokio::test]
async fn every_fault_of_the_envelope_is_told() {
    let node = TestNode::authority().await;
    let reply = node.post(&node.officer(), PATH, &json!({})).await;
    let all = [
        ("PRG_PAM_CORE_003", "Invalid request time"),
        ("PRG_PAM_CORE_002", "Request version is invalid"),
        ("PRG_PAM_CORE_004", "Request body is invalid"),
        ("PRG_PAM_CORE_001", "Request id is invalid"),
    ];
    assert_eq!(reply.errors(), all.map(|(code, text)| (code.to_owned(), text.to_owned())));
    let reply = written(&node, json!([1])).await;
    reply.is_rejected(200, "PRG_CORE_REQ_015", "JSON parse error");
}
