//! Slips as counters print them. What is on a page is read back with the decoder of `scan`.

use std::ops::ControlFlow;
use std::time::Duration;

use prereg_node::domain::audit::Record;
use prereg_node::scanner::{decode, source};
use serde_json::json;

use crate::support::{Reply, TestNode};

async fn slips(node: &TestNode, query: &str) -> Reply {
    node.get(&node.counter(), &format!("/prefill/v1/slips?{query}")).await
}

/// Returns the code of each page, drawn with 100 dots to an inch.
fn codes(file: &Reply) -> Vec<String> {
    let mut codes = Vec::new();
    source::pictures(file.body.to_vec(), &mut |page| {
        // The longer side of A4, of which the page is drawn with 1800 dots.
        let shrunk = |side: usize| side * 1169 / 1800;
        let page = page.scaled(shrunk(page.width()), shrunk(page.height()));
        let found = decode::codes(&page, Duration::from_secs(5));
        codes.push(found.into_iter().map(|code| code.text).collect::<Vec<_>>().join(" "));
        ControlFlow::Continue(())
    })
    .unwrap();
    codes
}

/// Leaves a file to look at where `PREREG_WRITE_SLIP` names a folder.
fn leave(name: &str, file: &Reply) {
    if let Some(folder) = std::env::var_os("PREREG_WRITE_SLIP") {
        let path = std::path::Path::new(&folder).join(name).with_extension("pdf");
        std::fs::write(path, &file.body).unwrap();
    }
}

#[tokio::test]
async fn each_application_has_a_page_with_its_code() {
    let node = TestNode::authority().await;
    let mut prids = Vec::new();
    for number in [0, 1, 2] {
        prids.push(node.given_application_of(number).await.prid);
    }
    let query: Vec<_> = prids.iter().map(|prid| format!("prid={prid}")).collect();

    let file = slips(&node, &query.join("&")).await;

    assert_eq!(file.status, 200, "{file:?}");
    assert_eq!(file.header("content-type"), Some("application/pdf"));
    assert_eq!(file.header("content-disposition"), Some("inline; filename=\"slips.pdf\""));
    assert_eq!(file.header("cache-control"), Some("no-store"));
    assert_eq!(codes(&file), prids);
    // Named twice, it has one page; by commas, it is the same.
    let again = slips(&node, &format!("prid={},{}&prid={}", prids[0], prids[1], prids[0])).await;
    assert_eq!(codes(&again), prids[..2]);
}

#[tokio::test]
async fn a_slip_is_made_in_every_language_and_on_every_paper() {
    let node = TestNode::authority().await;
    let application = node.given_appointment("2026-11-30", "09:30").await;
    let prid = &application.prid;
    for paper in ["a4", "a5", "letter"] {
        for languages in ["eng", "fra", "ara", "eng,fra,ara", "ara,eng,fra", ""] {
            let file =
                slips(&node, &format!("prid={prid}&languages={languages}&paper={paper}")).await;
            assert_eq!(file.status, 200, "{languages} {paper}: {file:?}");
            assert_eq!(codes(&file), [prid.as_str()], "{languages} {paper}");
            leave(&format!("{paper}-{}", languages.replace(',', "-")), &file);
        }
    }
    let file = slips(&node, &format!("prid={prid}")).await;
    let name = format!("inline; filename=\"{prid}.pdf\"");
    assert_eq!(file.header("content-disposition"), Some(name.as_str()));
    // Nothing in it is drawn by chance.
    assert_eq!(file.body, slips(&node, &format!("prid={prid}&paper=A4")).await.body);
}

#[tokio::test]
async fn a_slip_without_an_appointment_is_made_as_well() {
    let node = TestNode::authority().await;
    let application = node.given_application().await;
    let with_none = slips(&node, &format!("prid={}", application.prid)).await;
    assert_eq!(codes(&with_none), [application.prid.as_str()]);
    leave("none", &with_none);
    node.book(&application, "2026-11-30", "09:30").await.response();
    let booked = slips(&node, &format!("prid={}", application.prid)).await;
    assert_ne!(booked.body, with_none.body);
}

#[tokio::test]
async fn a_slip_of_a_walk_in_that_central_does_not_know_bears_the_number_of_this_node() {
    let node = TestNode::cut_off_center(1).await;
    let application = node.given_appointment("2026-11-30", "09:00").await;
    let file = slips(&node, &format!("prid={}&languages=eng,fra,ara", application.prid)).await;
    assert_eq!(codes(&file), [application.prid.as_str()]);
    leave("only-here", &file);
}

#[tokio::test]
async fn what_is_asked_wrongly_is_refused_with_a_sentence() {
    let node = TestNode::authority().await;
    let prid = node.given_application().await.prid;
    let many: Vec<_> = (0..21).map(|n| format!("prid={}", 10_000_000_000_000_u64 + n)).collect();
    for (query, status, code) in [
        ("", 400, "PFL-017"),
        ("prid=", 400, "PFL-017"),
        (many.join("&").as_str(), 400, "PFL-017"),
        ("prid=123", 400, "PFL-001"),
        ("prid=97465075291709", 404, "PFL-003"),
        (format!("prid={prid}&prid=97465075291790").as_str(), 404, "PFL-002"),
        (format!("prid={prid}&languages=xyz").as_str(), 400, "PFL-018"),
        (format!("prid={prid}&languages=eng,fra,ara,xyz").as_str(), 400, "PFL-018"),
        (format!("prid={prid}&paper=a3").as_str(), 400, "PFL-019"),
    ] {
        let reply = slips(&node, query).await;
        assert_eq!((reply.status, &reply.json()["code"]), (status, &json!(code)), "{query}");
        assert!(reply.json()["message"].as_str().unwrap().ends_with('.'), "{reply:?}");
    }
}

#[tokio::test]
async fn whose_slips_were_handed_out_is_recorded_one_by_one() {
    let mut node = TestNode::authority().await;
    let mut query = String::new();
    for number in [0, 1, 2] {
        query += &format!("prid={}&", node.given_application_of(number).await.prid);
    }
    assert_eq!(slips(&node, &query).await.status, 200);
    // Nothing was handed out, so nobody is named.
    assert_eq!(slips(&node, &format!("{query}prid=97465075291790")).await.status, 404);

    let records = node.stopped_and_audited();
    let (made, read): (Vec<_>, Vec<_>) =
        records.iter().partition(|record| record.event == "PRE_407");
    let subjects = |records: &[&Record]| {
        let mut subjects: Vec<_> = records.iter().map(|one| one.subject.clone()).collect();
        subjects.sort();
        subjects
    };
    assert_eq!(made.len(), 3);
    assert_eq!(subjects(&read[..3]), subjects(&made));
    assert!(read[..3].iter().all(|record| record.event == "PRE_401" && record.module == "DEM"));
    assert_eq!(read.len(), 4);
    assert!(!subjects(&made).contains(&read[3].subject));
}

/// I10
#[tokio::test]
async fn a_center_that_cannot_ask_central_says_so_and_makes_no_slip() {
    let node = TestNode::cut_off_center(0).await;
    let reply = slips(&node, "prid=97465075291709").await;
    assert_eq!((reply.status, &reply.json()["code"]), (404, &json!("PFL-004")));
}
