//! With the real scan process: the program itself, started by the node or by hand.

use std::io::Cursor;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use hyper::Method;
use image::{GrayImage, ImageFormat, Luma, imageops};
use prereg_node::demo::residents::resident;
use prereg_node::domain::counter::Counters;
use prereg_node::node::Scanning;
use prereg_node::scanner::link::Way;
use qrcode::{EcLevel, QrCode, Version};
use serde_json::{Value, json};

use crate::support::{Reply, TestNode, pause};

const COUNTER: &str = "/prefill/v1/counters/1";

/// A photograph of the code of `text`.
fn photo(text: &str, format: ImageFormat) -> Vec<u8> {
    let code = QrCode::with_version(text, Version::Normal(1), EcLevel::L).unwrap();
    let colors = code.to_colors();
    let size = u32::try_from(code.width()).unwrap();
    let sheet = GrayImage::from_fn(size + 8, size + 8, |x, y| {
        let (x, y) = (x.wrapping_sub(4), y.wrapping_sub(4));
        let is_dark =
            x < size && y < size && colors[(y * size + x) as usize] == qrcode::Color::Dark;
        Luma([if is_dark { 20 } else { 230 }])
    });
    let mut file = Cursor::new(Vec::new());
    let photo = imageops::resize(&sheet, 290, 290, imageops::FilterType::Triangle);
    photo.write_to(&mut file, format).unwrap();
    file.into_inner()
}

async fn send(node: &TestNode, kind: &str, picture: Vec<u8>) -> Reply {
    let cookie = format!("Authorization={}", node.counter().token);
    let headers = [("cookie", cookie.as_str()), ("content-type", kind)];
    node.send(Method::POST, &format!("{COUNTER}/scans"), &headers, picture).await
}

/// Waits until the screen is as wanted, and returns it.
async fn shown(node: &TestNode, is_it: impl Fn(&Value) -> bool) -> Value {
    let mut screen = Value::Null;
    for _ in 0..600 {
        screen = node.get(&node.counter(), &format!("{COUNTER}/current")).await.json();
        if is_it(&screen) {
            return screen;
        }
        pause(Duration::from_millis(50)).await;
    }
    panic!("it stays {screen}");
}

#[tokio::test]
async fn a_picture_is_read_where_no_socket_is_configured() {
    let node = TestNode::authority().await;
    let application = node.given_application().await;
    for (kind, format) in [("image/png", ImageFormat::Png), ("image/jpeg", ImageFormat::Jpeg)] {
        let reply = send(&node, kind, photo(&application.prid, format)).await;
        assert_eq!((reply.status, &reply.json()["codes"]), (200, &json!(1)), "{reply:?}");
    }
    let screen = shown(&node, |screen| screen["form"] != Value::Null).await;
    assert_eq!(screen["form"]["prid"], json!(application.prid));
    let broken = send(&node, "image/png", b"no picture".to_vec()).await;
    assert_eq!((broken.status, &broken.json()["code"]), (400, &json!("PFL-010")));
}

#[tokio::test]
async fn the_node_starts_the_process_with_the_cameras_itself_when_a_counter_is_opened() {
    let node = TestNode::authority().await;
    shown(&node, |screen| screen["scanner"] == "up").await;
}

#[tokio::test]
async fn documents_are_drawn_small() {
    let node = TestNode::authority().await;
    let application = node.given_application().await;
    let (by, prid) = (&application.by, &application.prid);
    for paper in resident(application.resident).documents {
        let request = json!({"docCatCode": paper.category, "docTypCode": paper.document_type,
                             "langCode": "eng", "refNumber": paper.ref_number});
        node.upload(by, prid, request, &paper.file_name, &paper.content()).await.response();
    }
    let form = node.get(&node.counter(), &format!("/prefill/v1/forms/{prid}")).await.json();
    for document in form["documents"].as_array().unwrap() {
        let path = format!("{}/thumbnail?side=64", document["href"].as_str().unwrap());
        let reply = node.get(&node.counter(), &path).await;
        assert_eq!(reply.status, 200, "{reply:?}");
        let picture = image::load_from_memory(&reply.body).unwrap();
        assert_eq!(picture.width().max(picture.height()), 64);
    }
}

/// The program, started as an operator would.
fn start(socket: &Path) -> Child {
    Command::new(env!("CARGO_BIN_EXE_prereg-node"))
        .args(["scan", "--stop-with-input", "--socket"])
        .arg(socket)
        .stdin(Stdio::piped())
        .spawn()
        .unwrap()
}

#[tokio::test]
async fn a_process_that_is_killed_and_started_again_is_used_again() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("scan.sock");
    let mut scan = start(&socket);
    let node = TestNode::with(|plan| {
        plan.settings.scanning = Scanning {
            way: Way::Socket(socket.clone()),
            cameras: None,
            counters: Counters::default(),
        };
    })
    .await;
    let application = node.given_application().await;
    shown(&node, |screen| screen["scanner"] == "up").await;

    scan.kill().unwrap();
    scan.wait().unwrap();
    shown(&node, |screen| screen["scanner"] == "absent").await;
    let picture = || photo(&application.prid, ImageFormat::Png);
    assert_eq!(send(&node, "image/png", picture()).await.status, 503);

    let mut scan = start(&socket);
    shown(&node, |screen| screen["scanner"] == "up").await;
    assert_eq!(send(&node, "image/png", picture()).await.json()["codes"], json!(1));
    shown(&node, |screen| screen["form"]["prid"] == json!(application.prid)).await;
    scan.kill().unwrap();
    scan.wait().unwrap();
}
