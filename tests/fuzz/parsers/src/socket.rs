//! The wire between `serve` and `scan`, in both directions.

use std::fmt::Debug;
use std::io;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use prereg_node::domain::scan::{Camera, CameraState, Read, Source};
use prereg_node::scanner::decode::{Code, Decoder};
use prereg_node::scanner::socket::{
    Answer, Ask, Folder, Hello, Look, Message, Order, Preview, Report, Settings, receive,
    receive_from, send,
};
use prereg_node::scanner::source::Unreadable;
use prereg_node::scanner::worker::Reading;

/// Reads `data` as either end would. What is read must survive being sent, and whoever waits for a
/// message must read what a task reads.
pub fn check(data: &[u8]) {
    read_as::<Order>(data);
    read_as::<Report>(data);
    // The payload alone, so that its kind need not agree with a length.
    if let Some((kind, payload)) = data.split_first() {
        if let Ok(order) = Order::decode(*kind, payload.to_vec()) {
            survives(&order);
        }
        if let Ok(report) = Report::decode(*kind, payload.to_vec()) {
            survives(&report);
        }
    }
}

fn read_as<M: Message + PartialEq + Debug>(data: &[u8]) {
    let (mut waiting, mut task) = (data, data);
    loop {
        let message = receive::<M>(&mut waiting);
        let same = at_once(receive_from::<M>(&mut task));
        match (message, same) {
            (Ok(Some(message)), Ok(Some(same))) => {
                assert_eq!(message, same, "a task reads something else");
                survives(&message);
            }
            (Ok(None), Ok(None)) => return,
            (Err(why), Err(same)) => {
                assert_eq!(why.kind(), same.kind(), "a task fails in another way");
                return;
            }
            (message, same) => panic!("{message:?}, but a task reads {same:?}"),
        }
        assert_eq!(waiting, task, "a task reads on at another place");
    }
}

/// Sends `message` and reads it again.
fn survives<M: Message + PartialEq + Debug>(message: &M) {
    let mut wire = Vec::new();
    // JSON has several spellings; ours may be too long where the shortest was not.
    if send(&mut wire, message).is_err() {
        assert!(wire.is_empty(), "half a message was sent");
        return;
    }
    let mut rest = wire.as_slice();
    let again = receive::<M>(&mut rest).expect("what was sent is a message");
    assert_eq!(again.as_ref(), Some(message), "it says something else at the other end");
    assert!(rest.is_empty(), "something stands behind it");
}

/// Returns what `future` gives, which never waits: bytes in memory are there.
fn at_once<T>(future: impl Future<Output = io::Result<T>>) -> io::Result<T> {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("it waits for bytes that are there"),
    }
}

/// Returns a message of each kind, and all of them in a row.
pub fn seeds() -> Vec<Vec<u8>> {
    let name = || "Counter 1".to_owned();
    let at = "2026-11-22T09:00:00.123Z".parse().expect("it is a time");
    let read = |source| Report::Read(Read { source, text: "97465075291709".to_owned(), at });
    let settings = Settings {
        cameras: Some(vec![name(), "/dev/video0".to_owned()]),
        keys: vec!["Hand scanner".to_owned()],
        folders: vec![Folder { name: name(), path: "/srv/slips".to_owned() }],
    };
    let code = Code { text: "97465075291709".to_owned(), by: Decoder::Zxing };
    let reading = Reading { codes: vec![code], decoding: std::time::Duration::from_micros(1500) };
    let states = [CameraState::Live, CameraState::Busy, CameraState::Stalled, CameraState::Lost];
    let camera = |state| Camera { name: name(), path: "/dev/video0".to_owned(), state, since: at };
    let content = || b"\xff\xd8\xff\xd9".to_vec();
    let orders = [
        Order::Hello(Hello::ours()),
        Order::Settings(settings),
        Order::Settings(Settings::default()),
        Order::Look(Look { camera: name(), on: true }),
        Order::Ask(Ask::Codes(content())),
        Order::Ask(Ask::Opens(b"%PDF-1.4".to_vec())),
        Order::Ask(Ask::Thumbnail { side: 256, content: content() }),
    ];
    let reports = [
        Report::Hello(Hello::ours()),
        Report::Cameras(states.map(camera).to_vec()),
        read(Source::Camera(name())),
        read(Source::Keys("Hand scanner".to_owned())),
        read(Source::Folder("slips".to_owned())),
        Report::Preview(Preview { camera: name(), jpeg: content() }),
        Report::Answer(Answer::Codes(reading)),
        Report::Answer(Answer::Opens),
        Report::Answer(Answer::Thumbnail(content())),
        Report::Answer(Answer::Unreadable(Unreadable::Damaged("PDF".to_owned()))),
        Report::Answer(Answer::Unreadable(Unreadable::HugePage(99_999, 1))),
        Report::Alive,
    ];
    let mut seeds: Vec<Vec<u8>> = orders.iter().map(written).collect();
    seeds.extend(reports.iter().map(written));
    let (orders, reports) = seeds.split_at(orders.len());
    let rows = [orders.concat(), reports.concat()];
    // And as kind and payload, without the length.
    let bare: Vec<_> = seeds.iter().map(|seed| [&seed[..1], &seed[5..]].concat()).collect();
    seeds.extend(rows);
    seeds.extend(bare);
    seeds
}

fn written(message: &impl Message) -> Vec<u8> {
    let mut wire = Vec::new();
    send(&mut wire, message).expect("it is short enough");
    wire
}
