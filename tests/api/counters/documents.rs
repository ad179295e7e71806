//! The documents of a form: small pictures, and ranges of the file.

use hyper::Method;
use prereg_node::demo::residents::resident;
use serde_json::json;

use super::Center;
use crate::support::{Application, Reply, central_s_application};

/// Uploads a paper of the resident; returns its path and content.
async fn given_paper(center: &Center) -> (Application, String, Vec<u8>) {
    let node = &center.node;
    let application = node.given_application().await;
    let paper = resident(application.resident).documents.into_iter().next().unwrap();
    let request = json!({"docCatCode": paper.category, "docTypCode": paper.document_type,
                         "langCode": "eng", "refNumber": paper.ref_number});
    let (by, prid) = (&application.by, &application.prid);
    let content = paper.content();
    node.upload(by, prid, request, &paper.file_name, &content).await.response();
    let form = node.get(&center.token(1), &format!("/prefill/v1/forms/{prid}")).await.json();
    let href = form["documents"][0]["href"].as_str().unwrap().to_owned();
    (application, href, content)
}

async fn with(center: &Center, path: &str, name: &str, value: &str) -> Reply {
    let cookie = format!("Authorization={}", center.token(1).token);
    let headers = [("cookie", cookie.as_str()), (name, value)];
    center.node.send(Method::GET, path, &headers, "").await
}

#[tokio::test]
async fn a_document_is_drawn_small_once_and_kept() {
    let center = Center::new().await;
    let (_, href, content) = given_paper(&center).await;
    let asked = center.scan().asked();
    for (query, side) in [("", 256), ("?side=256", 256), ("?side=64", 64)] {
        let reply = center.node.get(&center.token(1), &format!("{href}/thumbnail{query}")).await;
        assert_eq!(reply.status, 200, "{reply:?}");
        assert_eq!(reply.header("content-type"), Some("image/jpeg"));
        assert_eq!(reply.header("content-security-policy"), Some("sandbox"));
        assert_eq!(reply.body, format!("{side} of {} bytes", content.len()));
        let tag = reply.header("etag").unwrap().to_owned();
        let path = format!("{href}/thumbnail{query}");
        assert_eq!(with(&center, &path, "if-none-match", &tag).await.status, 304);
    }
    assert_eq!(center.scan().asked() - asked, 2, "once for each size");
    for side in ["", "15", "1025", "x", "-1"] {
        let reply =
            center.node.get(&center.token(1), &format!("{href}/thumbnail?side={side}")).await;
        assert_eq!((reply.status, &reply.json()["code"]), (400, &json!("PFL-014")), "{side}");
    }
}

#[tokio::test]
async fn a_thumbnail_that_cannot_be_had_is_refused_with_a_sentence() {
    let mut center = Center::new().await;
    let (application, href, _) = given_paper(&center).await;
    let small = |href: &str| format!("{href}/thumbnail");
    let form = format!("/prefill/v1/forms/{}", application.prid);
    let reply = center.node.get(&center.token(1), &small(&format!("{form}/documents/none"))).await;
    assert_eq!((reply.status, &reply.json()["code"]), (404, &json!("PRG_PAM_DOC_022")));
    center.scan = None;
    let reply = center.node.get(&center.token(1), &small(&href)).await;
    assert_eq!((reply.status, &reply.json()["code"]), (503, &json!("PFL-011")));
}

#[tokio::test]
async fn a_document_that_is_still_coming_is_neither_shown_nor_drawn() {
    use prereg_node::domain::document::Document;
    use prereg_node::domain::ids::DocumentId;
    use prereg_node::domain::status::Status;

    let mut record = central_s_application(0, Status::Booked);
    record.documents.push(Document {
        id: DocumentId::new("d-1"),
        category: "POI".into(),
        kind: "VIC".into(),
        name: "card.pdf".into(),
        language: "eng".into(),
        ref_number: None,
        extra: serde_json::Map::new(),
        digest: None,
        size: None,
    });
    let center = Center::with(|plan| {
        plan.cut_off_center(0);
        plan.holds(record);
    })
    .await;
    let href = format!("/prefill/v1/forms/{}/documents/d-1", super::NOBODY_S);
    for path in [href.clone(), format!("{href}/thumbnail")] {
        let reply = center.node.get(&center.token(1), &path).await;
        assert_eq!((reply.status, &reply.json()["code"]), (404, &json!("PRG_PAM_DOC_005")));
    }
}

#[tokio::test]
async fn a_document_comes_in_ranges() {
    let center = Center::new().await;
    let (_, href, content) = given_paper(&center).await;
    let length = content.len();
    let whole = center.node.get(&center.token(1), &href).await;
    assert_eq!((whole.status, whole.header("accept-ranges")), (200, Some("bytes")));
    let tag = whole.header("etag").unwrap();

    let part = with(&center, &href, "range", "bytes=10-19").await;
    assert_eq!((part.status, &part.body[..]), (206, &content[10..20]));
    assert_eq!(part.header("content-range").unwrap(), format!("bytes 10-19/{length}"));
    assert_eq!(part.header("content-type"), whole.header("content-type"));
    assert_eq!(with(&center, &href, "range", "bytes=-5").await.body, content[length - 5..]);

    let beyond = with(&center, &href, "range", &format!("bytes={length}-")).await;
    assert_eq!((beyond.status, &beyond.json()["code"]), (416, &json!("PFL-016")));
    assert_eq!(beyond.header("content-range").unwrap(), format!("bytes */{length}"));

    assert_eq!(with(&center, &href, "range", "bytes=0-1,4-5").await.body, content);
    assert_eq!(with(&center, &href, "if-none-match", tag).await.status, 304);
    let cookie = format!("Authorization={}", center.token(1).token);
    for (known, status) in [(tag, 206), ("\"other\"", 200)] {
        let headers = [("cookie", cookie.as_str()), ("range", "bytes=0-1"), ("if-range", known)];
        let reply = center.node.send(Method::GET, &href, &headers, "").await;
        assert_eq!(reply.status, status, "{known}");
    }
}
