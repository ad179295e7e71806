//! The messages as they pass: whole, cut off, too long, and not messages at all.

use std::fmt::Debug;
use std::time::Duration;

use jiff::Timestamp;
use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::domain::scan::{CameraState, Source};
use crate::scanner::decode::{Code, Decoder};

fn order() -> impl Strategy<Value = Order> {
    let names = || vec(".{0,40}", 0..MAX_SOURCES);
    let folders = vec((".{0,20}", ".{0,40}"), 0..MAX_SOURCES).prop_map(|folders| {
        folders.into_iter().map(|(name, path)| Folder { name, path }).collect()
    });
    let settings = (proptest::option::of(names()), names(), folders)
        .prop_map(|(cameras, keys, folders)| Settings { cameras, keys, folders });
    let content = || vec(any::<u8>(), 0..300);
    prop_oneof![
        any::<u32>().prop_map(|version| Order::Hello(Hello { version })),
        settings.prop_map(Order::Settings),
        (".{0,40}", any::<bool>()).prop_map(|(camera, on)| Order::Look(Look { camera, on })),
        content().prop_map(|content| Order::Ask(Ask::Codes(content))),
        content().prop_map(|content| Order::Ask(Ask::Opens(content))),
        (1..=MAX_THUMBNAIL, content())
            .prop_map(|(side, content)| Order::Ask(Ask::Thumbnail { side, content })),
    ]
}

fn report() -> impl Strategy<Value = Report> {
    use CameraState::{Busy, Denied, Live, Lost, Opening, Stalled, Unusable};
    let at = || (0_i64..4_000_000_000_000).prop_map(|ms| Timestamp::from_millisecond(ms).unwrap());
    let state =
        proptest::sample::select(vec![Opening, Live, Busy, Stalled, Lost, Denied, Unusable]);
    let camera = (r"\PC{0,40}", r"\PC{0,40}", state, at())
        .prop_map(|(name, path, state, since)| Camera { name, path, state, since });
    let source = prop_oneof![
        r"\PC{0,40}".prop_map(Source::Camera),
        r"\PC{0,40}".prop_map(Source::Keys),
        r"\PC{0,40}".prop_map(Source::Folder),
    ];
    let picture = || vec(any::<u8>(), 0..300);
    let codes = vec(".{0,60}", 0..5).prop_map(|texts| {
        let codes = texts.into_iter().map(|text| Code { text, by: Decoder::Rqrr }).collect();
        Answer::Codes(Reading { codes, decoding: Duration::from_micros(1500) })
    });
    let answer = prop_oneof![
        codes,
        Just(Answer::Opens),
        picture().prop_map(Answer::Thumbnail),
        Just(Answer::Unreadable(Unreadable::HugePage(20_000, 3))),
        ".{0,40}".prop_map(|what| Answer::Unreadable(Unreadable::Damaged(what))),
    ];
    prop_oneof![
        any::<u32>().prop_map(|version| Report::Hello(Hello { version })),
        vec(camera, 0..MAX_SOURCES).prop_map(Report::Cameras),
        (source, ".{0,60}", at()).prop_map(|(source, text, at)| Report::Read(Read {
            source,
            text,
            at
        })),
        (r"\PC{0,40}", picture()).prop_map(|(camera, picture)| {
            Report::Preview(Preview { camera, jpeg: [&JPEG[..], &picture].concat() })
        }),
        answer.prop_map(Report::Answer),
        Just(Report::Alive),
    ]
}

fn written<M: Message>(message: &M) -> Vec<u8> {
    let mut bytes = Vec::new();
    send(&mut bytes, message).unwrap();
    bytes
}

/// Reads `bytes` to their end, from a thread that waits and from a task that does not, and checks
/// that both see the same.
fn all<M: Message + PartialEq + Debug>(bytes: &[u8]) -> Result<Vec<M>, ErrorKind> {
    let mut from = bytes;
    let mut messages = Vec::new();
    let waiting = loop {
        match receive::<M>(&mut from) {
            Ok(Some(message)) => messages.push(message),
            Ok(None) => break Ok(messages),
            Err(why) => break Err(why.kind()),
        }
    };
    let task = async {
        let mut from = bytes;
        let mut messages = Vec::new();
        loop {
            match receive_from::<M>(&mut from).await {
                Ok(Some(message)) => messages.push(message),
                Ok(None) => break Ok(messages),
                Err(why) => break Err(why.kind()),
            }
        }
    };
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    assert_eq!(runtime.block_on(task), waiting);
    waiting
}

proptest! {
    #[test]
    fn every_message_comes_out_as_it_went_in(
        orders in vec(order(), 0..5),
        reports in vec(report(), 0..5),
    ) {
        prop_assert_eq!(all::<Order>(&orders.iter().flat_map(written).collect::<Vec<_>>()), Ok(orders));
        let bytes: Vec<u8> = reports.iter().flat_map(written).collect();
        prop_assert_eq!(all::<Report>(&bytes), Ok(reports));
    }

    #[test]
    fn a_message_that_is_cut_off_is_an_error(report in report(), keep in any::<prop::sample::Index>()) {
        let bytes = written(&report);
        let keep = keep.index(bytes.len() - 1) + 1;
        prop_assert_eq!(all::<Report>(&bytes[..keep.min(bytes.len() - 1).max(1)]), Err(ErrorKind::UnexpectedEof));
    }

    /// I11
    #[test]
    fn anything_else_is_a_message_or_an_error_and_never_a_panic(
        kind in any::<u8>(),
        bytes in vec(any::<u8>(), 0..400),
    ) {
        let _ = all::<Order>(&bytes);
        let _ = all::<Report>(&bytes);
        for kind in [kind, b'h', b's', b'l', b'c', b'o', b't', b'v', b'r', b'p', b'u', b'a'] {
            if let Ok(order) = Order::decode(kind, bytes.clone()) {
                prop_assert_eq!(all(&written(&order)), Ok(vec![order]));
            }
            if let Ok(report) = Report::decode(kind, bytes.clone()) {
                prop_assert_eq!(all(&written(&report)), Ok(vec![report]));
            }
        }
    }
}

/// I11
#[test]
fn a_length_that_is_announced_beyond_its_limit_is_refused_before_a_byte_of_it_comes() {
    for kind in 0..=u8::MAX {
        let mut bytes = vec![kind];
        let beyond = Order::longest(kind).map_or(0, |longest| longest + 1);
        bytes.extend(u32::try_from(beyond).unwrap().to_le_bytes());
        assert_eq!(all::<Order>(&bytes), Err(ErrorKind::InvalidData), "{kind}");
        let beyond = Report::longest(kind).map_or(0, |longest| longest + 1);
        bytes.truncate(1);
        bytes.extend(u32::try_from(beyond).unwrap().to_le_bytes());
        assert_eq!(all::<Report>(&bytes), Err(ErrorKind::InvalidData), "{kind}");
    }
}

/// I11
#[test]
fn more_sources_than_are_watched_are_refused() {
    let settings = |count: usize| {
        let cameras = (0..count).map(|n| n.to_string()).collect();
        written(&Order::Settings(Settings { cameras: Some(cameras), ..Settings::default() }))
    };
    assert!(all::<Order>(&settings(MAX_SOURCES)).is_ok());
    assert_eq!(all::<Order>(&settings(MAX_SOURCES + 1)), Err(ErrorKind::InvalidData));
    let long = Settings { keys: vec!["k".repeat(MAX_NAME + 1)], ..Settings::default() };
    assert_eq!(all::<Order>(&written(&Order::Settings(long))), Err(ErrorKind::InvalidData));
}

/// I11
#[test]
fn what_is_told_has_a_short_text_a_plain_name_and_a_picture_where_one_is_due() {
    let at = Timestamp::UNIX_EPOCH;
    let read = |name: &str, length: usize| {
        let source = Source::Camera(name.to_owned());
        Report::Read(Read { source, text: "1".repeat(length), at })
    };
    let camera = |name: &str, path: &str| {
        let (name, path) = (name.to_owned(), path.to_owned());
        Report::Cameras(vec![Camera { name, path, state: CameraState::Live, since: at }])
    };
    let preview = |name: &str, jpeg: &[u8]| {
        Report::Preview(Preview { camera: name.to_owned(), jpeg: jpeg.to_vec() })
    };
    let long = "n".repeat(MAX_NAME + 1);
    for (report, taken) in [
        (read("Front", MAX_TEXT), true),
        (read("Front", MAX_TEXT + 1), false),
        (read("Front\nERROR", 1), false),
        (read(&long, 1), false),
        (camera("Front", "/dev/video0"), true),
        (camera("Fr\u{1b}[2Jont", "/dev/video0"), false),
        (camera("Front", "/dev/video0\n"), false),
        (camera(&long, "/dev/video0"), false),
        (preview("Front", b"\xff\xd8\xff"), true),
        (preview("Front", b"<script>"), false),
        (preview("Front", b""), false),
        (preview("\r", b"\xff\xd8\xff"), false),
    ] {
        assert_eq!(all::<Report>(&written(&report)).is_ok(), taken, "{report:?}");
    }
}

#[test]
fn what_the_other_end_would_refuse_is_not_begun() {
    let preview = Preview { camera: "c".to_owned(), jpeg: vec![0; 2 * MIB] };
    let mut bytes = Vec::new();
    let refused = send(&mut bytes, &Report::Preview(preview)).unwrap_err();
    assert_eq!((refused.kind(), bytes.len()), (ErrorKind::InvalidInput, 0));
}

#[test]
fn a_thumbnail_of_no_size_or_a_huge_one_is_not_asked_for() {
    for (side, taken) in [(0, false), (1, true), (MAX_THUMBNAIL, true), (MAX_THUMBNAIL + 1, false)]
    {
        let asked = Order::decode(b't', side.to_le_bytes().to_vec());
        assert_eq!(asked.is_ok(), taken, "{side}");
    }
}

#[test]
fn ends_of_two_versions_part_and_a_greeting_may_say_more_later() {
    assert!(Hello::ours().check().is_ok());
    let theirs = Report::decode(b'h', br#"{"version":2,"since":"2031"}"#.to_vec()).unwrap();
    let Report::Hello(theirs) = theirs else { panic!("{theirs:?}") };
    assert_eq!(theirs.check().unwrap_err().kind(), ErrorKind::Unsupported);
}

/// I8
#[test]
fn what_was_read_and_what_is_asked_about_is_not_printed() {
    let code = Code { text: "97465075291709".to_owned(), by: Decoder::Zxing };
    let reading = Reading { codes: vec![code], decoding: Duration::ZERO };
    let printed = format!(
        "{:?} {:?}",
        Report::Answer(Answer::Codes(reading)),
        Order::Ask(Ask::Codes(b"97465075291709".to_vec()))
    );
    assert!(!printed.contains("9746") && !printed.contains("57, 55"), "{printed}");
}
