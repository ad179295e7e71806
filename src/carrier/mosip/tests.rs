//! The carrier against a central that says whatever bytes a test wants.

mod central;
mod changes;
mod failures;
mod records;

use std::sync::Arc;
use std::time::Duration;

use jiff::civil;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use self::central::{Central, Say, Seen, good, token};
use super::{Account, BadAddress, Limits, Mosip, Settings};
use crate::carrier::{Carrier as _, Failure};
use crate::domain::document::Document;
use crate::domain::identity::Identity;
use crate::domain::ids::{CenterId, DocumentId};
use crate::domain::prid::Prid;
use crate::entropy::Seeded;

const LOG_IN: &str = "POST /v1/authmanager/authenticate/clientidsecretkey";
const CREATE: &str = "POST /preregistration/v1/applications";
const D3: &str = "GET /preregistration/v1/applications/46537143845798";
const BELOW: &str = "GET /preregistration/v1/applications/prereg/46537143845798";

fn settings(url: &str) -> Settings {
    let account = |name: &str| Account {
        client_id: name.to_owned(),
        secret: Zeroizing::new("hush".to_owned()),
        app_id: "prereg".to_owned(),
    };
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let tls = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(rustls::RootCertStore::empty())
        .with_no_client_auth();
    Settings {
        url: url.to_owned(),
        reader: account("the-reader"),
        writer: account("the-writer"),
        tls: Arc::new(tls),
        limits: Limits {
            connect: Duration::from_millis(500),
            stall: Duration::from_millis(500),
            slowest: 1_000,
            answer: 100_000,
            document: 1_000_000,
        },
        now: Arc::new(|| "2026-11-22T07:24:47.605Z".parse().unwrap()),
        entropy: Arc::new(Seeded::new(1)),
    }
}

/// Starts a central that logs everybody in and does what `script` says with the rest.
async fn given(
    script: impl Fn(&Seen, usize) -> Say + Clone + Send + Sync + 'static,
) -> (Central, Mosip) {
    let central = Central::start(move |seen: &Seen, before| {
        if seen.line.starts_with(LOG_IN) {
            Say::Keep(token(&format!("t{before}")))
        } else {
            script(seen, before)
        }
    })
    .await;
    let mosip = Mosip::new(settings(&central.url)).unwrap();
    (central, mosip)
}

/// Starts a central that answers everything but log-ins with `bytes` and closes.
async fn given_bytes(bytes: impl Into<Vec<u8>>) -> (Central, Mosip) {
    let bytes = bytes.into();
    given(move |_, _| Say::Bytes(bytes.clone())).await
}

fn prid() -> Prid {
    Prid::parse("46537143845798").unwrap()
}

fn identity() -> Identity {
    serde_json::from_value(json!({"fullName": [{"language": "eng", "value": "Puja Thakur"}],
                                  "phone": "9886442073"}))
    .unwrap()
}

fn document() -> Document {
    Document {
        id: DocumentId::new("local"),
        category: "POA".into(),
        kind: "RNC".into(),
        name: "rental.pdf".into(),
        language: "eng".into(),
        ref_number: None,
        extra: serde_json::Map::new(),
        digest: None,
        size: None,
    }
}

fn record() -> Value {
    json!({
        "preRegistrationId": "46537143845798", "createdBy": "8754462073",
        "createdDateTime": "2026-11-20T06:25:00.262Z", "updatedBy": "8754462073",
        "updatedDateTime": "2026-11-20T06:30:37.900Z", "statusCode": "Booked",
        "langCode": "eng", "demographicDetails": {"identity": identity()},
    })
}

async fn list(mosip: &Mosip) -> Result<Vec<crate::carrier::Listed>, Failure> {
    let day = civil::date(2026, 11, 22);
    mosip.list(&CenterId::new("10001"), day, day).await
}

#[test]
fn an_address_is_http_or_https_with_a_host_and_nothing_after_the_path() {
    for url in ["http://127.0.0.1:8080", "https://central.example/mosip/"] {
        assert!(Mosip::new(settings(url)).is_ok(), "{url}");
    }
    for url in ["", "central", "ftp://central", "https://u:p@central", "https://central?x=1", "/x"]
    {
        assert_eq!(Mosip::new(settings(url)).err(), Some(BadAddress), "{url}");
    }
}

#[tokio::test]
async fn each_account_logs_in_once_and_calls_with_its_own_token() {
    let (central, mosip) = given(|seen, _| {
        Say::Keep(match seen.line.as_str() {
            CREATE => good(&json!({"preRegistrationId": "46537143845798"})),
            _ => good(&json!({"preRegistrationIds": {}})),
        })
    })
    .await;

    for _ in 0..2 {
        assert_eq!(list(&mosip).await, Ok(vec![]));
        assert_eq!(mosip.create("eng", &identity()).await, Ok(prid()));
    }

    let logins = central.seen(LOG_IN);
    assert_eq!(logins.len(), 2);
    assert_eq!(
        logins[1].json(),
        json!({"id": "", "version": "1.0", "requesttime": "2026-11-22T07:24:47.605Z",
               "metadata": {},
               "request": {"clientId": "the-writer", "secretKey": "hush", "appId": "prereg"}})
    );
    assert!(!logins[1].head.to_lowercase().contains("cookie"));
    for seen in central.seen("POST /preregistration/v1/sync") {
        assert!(seen.head.contains("cookie: Authorization=t0"), "{}", seen.head);
        assert_eq!(seen.json()["requesttime"], "2026-11-22T07:24:47.605Z");
    }
    for seen in central.seen(CREATE) {
        assert!(seen.head.contains("cookie: Authorization=t1"), "{}", seen.head);
        assert_eq!(seen.json()["request"]["requiredFields"], json!(["fullName", "phone"]));
    }
}

#[tokio::test]
async fn many_calls_at_once_make_one_log_in() {
    let (central, mosip) = given_bytes(good(&json!({"preRegistrationIds": {}}))).await;

    let (a, b, c) = tokio::join!(list(&mosip), list(&mosip), list(&mosip));

    assert!(a.is_ok() && b.is_ok() && c.is_ok());
    assert_eq!(central.seen(LOG_IN).len(), 1);
}

#[tokio::test]
async fn a_token_that_central_no_longer_takes_is_replaced_and_the_call_made_again() {
    let (central, mosip) = given(|seen, _| {
        Say::Bytes(if seen.head.contains("Authorization=t0") {
            central::http("401 Unauthorized", central::JSON, "{}")
        } else {
            good(&json!({"preRegistrationId": "46537143845798"}))
        })
    })
    .await;

    assert_eq!(mosip.create("eng", &identity()).await, Ok(prid()));
    assert_eq!(mosip.create("eng", &identity()).await, Ok(prid()));

    assert_eq!((central.seen(CREATE).len(), central.seen(LOG_IN).len()), (3, 2));
}

/// I2
#[tokio::test]
async fn a_create_has_a_connection_that_nothing_was_sent_on_before() {
    let (central, mosip) = given(|seen, _| {
        Say::Keep(match seen.line.as_str() {
            CREATE => good(&json!({"preRegistrationId": "46537143845798"})),
            _ => good(&json!({"preRegistrationIds": {}})),
        })
    })
    .await;

    for _ in 0..2 {
        list(&mosip).await.unwrap();
        mosip.create("eng", &identity()).await.unwrap();
    }

    let of = |line| central.seen(line).iter().map(|seen| seen.connection).collect::<Vec<_>>();
    let lists = of("POST /preregistration/v1/sync");
    assert_eq!(lists[0], lists[1], "reads share a connection");
    for create in of(CREATE) {
        let used: Vec<_> =
            central.seen("").into_iter().filter(|seen| seen.connection == create).collect();
        assert_eq!(used.len(), 1, "a create came on a connection that was used");
    }
}
