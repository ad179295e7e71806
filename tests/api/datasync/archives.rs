//! The archive of an application, in clear for staff, and the signature of what clients fetch.

use std::io::{Cursor, Read as _};

use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use prereg_node::demo::residents::resident;
use prereg_node::domain::application::Application as Record;
use prereg_node::domain::document::Document;
use prereg_node::domain::ids::{CenterId, DocumentId};
use prereg_node::domain::slot::{Appointment, Slot};
use prereg_node::domain::status::{Lifecycle, Status};
use serde_json::{Value, json};
use zip::ZipArchive;

use super::{LIST, range};
use crate::support::{Application, Reply, TestNode, central_s_application, file};

const NO_APPLICATION: (&str, &str) =
    ("PRG_PAM_APP_005", "No data found for the requested pre-registration id");
const NO_APPOINTMENT: (&str, &str) = ("PRG_BOOK_RCI_013", "booking data not found");

async fn archive(node: &TestNode, prid: &str) -> Reply {
    node.get(&node.officer(), &format!("/sync/{prid}")).await
}

/// Returns the entries of the ZIP in an answer, and the identity in it.
fn unpacked(answer: &Value) -> (Vec<(String, Vec<u8>)>, Value) {
    let zip = STANDARD.decode(answer["zip-bytes"].as_str().unwrap()).unwrap();
    let mut archive = ZipArchive::new(Cursor::new(zip)).unwrap();
    let mut entries = Vec::new();
    let mut identity = Value::Null;
    for at in 0..archive.len() {
        let mut entry = archive.by_index(at).unwrap();
        let name = entry.name().unwrap().into_owned();
        let mut content = Vec::new();
        entry.read_to_end(&mut content).unwrap();
        if name == "ID.json" {
            identity = serde_json::from_slice(&content).unwrap();
        } else {
            entries.push((name, content));
        }
    }
    (entries, identity)
}

/// Returns central's word for an application with an appointment at the demo's center.
fn booked(status: Status) -> Record {
    let slot = Slot {
        center: CenterId::new("10001"),
        day: jiff::civil::date(2026, 11, 30),
        starts: jiff::civil::time(9, 0, 0, 0),
        ends: jiff::civil::time(9, 15, 0, 0),
    };
    let mut application = central_s_application(9, status);
    application.appointment = Some(Appointment { slot, booking_rev: 0 });
    application
}

async fn center_with(application: Record) -> (TestNode, Application) {
    let node = TestNode::with(|plan| {
        plan.cut_off_center(0);
        plan.holds(application);
    })
    .await;
    let held = node.central_s(9);
    (node, held)
}

#[tokio::test]
async fn an_archive_holds_the_identity_and_the_documents() {
    for lifecycle in [Lifecycle::V1_1, Lifecycle::V1_2] {
        let node = TestNode::with(|plan| plan.settings.rules.lifecycle = lifecycle).await;
        let to = node.given_application_of(0).await;
        let papers = resident(0).documents;
        for paper in &papers {
            let request = json!({"docCatCode": paper.category, "docTypCode": paper.document_type,
                                 "langCode": "fra", "refNumber": paper.ref_number});
            let (name, content) = (&paper.file_name, paper.content());
            node.upload(&to.by, &to.prid, request, name, &content).await.response();
        }
        let path = format!("/applications/status/{}?statusCode=Pending_Appointment", to.prid);
        node.put(&to.by, &path).await.response();
        node.book(&to, "2026-11-30", "09:00").await.response();

        let reply = archive(&node, &to.prid).await;

        assert_eq!(reply.json()["id"], "mosip.pre-registration.datasync.fetch");
        let mut answer = reply.response();
        let (entries, identity) = unpacked(&answer);
        answer["zip-bytes"] = json!(null);
        assert_eq!(
            answer,
            json!({"pre-registration-id": to.prid, "registration-client-id": "10001",
                   "appointment-date": "2026-11-30", "from-time-slot": "09:00",
                   "to-time-slot": "09:15", "zip-filename": to.prid, "zip-bytes": null})
        );
        let mut identity = identity["identity"].as_object().unwrap().clone();
        assert_eq!(entries.len(), papers.len());
        for paper in &papers {
            let name = format!("{}_{}", paper.category, paper.file_name);
            let entry = entries.iter().find(|(entry, _)| *entry == name).expect("an entry each");
            assert_eq!(entry.1, paper.content());
            let field = match paper.category {
                "POA" => "proofOfAddress",
                "POI" => "proofOfIdentity",
                "POR" => "proofOfRelationship",
                _ => continue,
            };
            let described = identity.remove(field).unwrap();
            let (stem, extension) = name.rsplit_once('.').unwrap();
            assert_eq!(described["value"], stem);
            assert_eq!(described["format"], extension);
            assert_eq!(described["refNumber"], json!(paper.ref_number));
            assert_ne!(described["type"], json!(paper.document_type), "its name in French");
        }
        assert_eq!(Value::Object(identity), json!(resident(0).identity));
    }
}

#[tokio::test]
async fn an_archive_is_of_an_application_that_is_here_and_has_an_appointment() {
    let node = TestNode::authority().await;
    for prid in ["97465075291709", "x"] {
        archive(&node, prid).await.is_refused(NO_APPLICATION.0, NO_APPLICATION.1);
    }
    let application = node.given_application().await;
    let without = archive(&node, &application.prid).await;
    without.is_refused(NO_APPOINTMENT.0, NO_APPOINTMENT.1);
    node.book(&application, "2026-11-30", "09:00").await.response();
    archive(&node, &application.prid).await.response();
}

#[tokio::test]
async fn a_missed_appointment_is_still_fetched_and_a_consumed_application_is_not() {
    let (node, held) = center_with(booked(Status::Expired)).await;
    let answer = archive(&node, &held.prid).await.response();
    assert_eq!(answer["appointment-date"], "2026-11-30");
    let (node, held) = center_with(booked(Status::Consumed)).await;
    archive(&node, &held.prid).await.is_refused(NO_APPLICATION.0, NO_APPLICATION.1);
}

#[tokio::test]
async fn there_is_no_archive_before_every_document_has_come() {
    let mut application = booked(Status::Booked);
    application.documents = vec![Document {
        id: DocumentId::new("6f036ecf-91b3-11e9-a605-cd68a2d40011"),
        category: "POI".into(),
        kind: "VIC".into(),
        name: "identity.pdf".into(),
        language: "eng".into(),
        ref_number: None,
        extra: serde_json::Map::new(),
        digest: None,
        size: None,
    }];
    let (node, held) = center_with(application).await;
    let reply = archive(&node, &held.prid).await;
    reply.is_refused("PRG_DATA_SYNC_006", "unable to fetch the document");
}

/// Checks the signature of an answer as a registration client does, and returns the certificate that
/// it was checked with.
#[track_caller]
fn signed(reply: &Reply) -> Vec<u8> {
    let jws = reply.header("response-signature").expect("a signature");
    let [header, "", signature] = jws.split('.').collect::<Vec<_>>()[..] else {
        panic!("no detached JWS: {jws}");
    };
    let parsed: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(header).unwrap()).unwrap();
    assert_eq!(parsed["alg"], "RS256");
    let certificate = STANDARD.decode(parsed["x5c"][0].as_str().unwrap()).unwrap();
    // How the public key of a certificate begins: 2048 bits.
    let begins = [0x30, 0x82, 0x01, 0x0a, 0x02, 0x82, 0x01, 0x01, 0x00];
    let at = certificate.windows(begins.len()).position(|part| part == begins).unwrap();
    let key = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, &certificate[at..at + 270]);
    // A client checks what it would write itself of what it has parsed.
    let again = serde_json::to_vec(&reply.json()).unwrap();
    let message = format!("{header}.{}", URL_SAFE_NO_PAD.encode(again));
    key.verify(message.as_bytes(), &URL_SAFE_NO_PAD.decode(signature).unwrap()).unwrap();
    certificate
}

#[tokio::test]
async fn what_clients_fetch_is_signed_by_this_node() {
    let node = TestNode::authority().await;
    let application = node.given_appointment("2026-11-30", "09:00").await;
    let request = json!({"docCatCode": "POI", "docTypCode": "VIC", "langCode": "eng"});
    let (by, prid) = (&application.by, &application.prid);
    node.upload(by, prid, request, "a.pdf", &file(300_000)).await.response();
    let officer = node.officer();
    let days = range("2026-11-24", "2026-11-30");

    let list = node.call(&officer, "/sync", LIST, days.clone()).await;
    let all = node.call(&officer, "/syncV2", LIST, days).await;
    let fetched = archive(&node, &application.prid).await;
    let refused = archive(&node, "97465075291709").await;

    let certificate = signed(&list);
    for reply in [&all, &fetched, &refused] {
        assert_eq!(signed(reply), certificate);
    }
    let path = format!("/applications/{}", application.prid);
    assert_eq!(node.get(&officer, &path).await.header("response-signature"), None);
}
