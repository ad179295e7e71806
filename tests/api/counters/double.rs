//! A double of the scan process: it speaks the protocol of the real one on a real socket, and sees
//! what a test tells it to see.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::Timestamp;
use prereg_node::domain::scan::{Camera, CameraState, Read, Source};
use prereg_node::scanner::decode::{Code, Decoder};
use prereg_node::scanner::socket::{
    Answer, Ask, Hello, Order, Preview, Report, receive_from, send_to,
};
use prereg_node::scanner::source::Unreadable;
use prereg_node::scanner::worker::Reading;
use tokio::io::AsyncWriteExt as _;
use tokio::net::unix::OwnedWriteHalf;
use tokio::net::{UnixListener, UnixStream};
use tokio::task::JoinHandle;

use crate::support::pause;

/// The double. When dropped it is gone, as a process that died.
pub(crate) struct Scan {
    seen: Arc<Mutex<Seen>>,
    accepting: JoinHandle<()>,
    path: PathBuf,
}

#[derive(Default)]
struct Seen {
    orders: Vec<Order>,
    asked: usize,
    /// The connection that takes what the cameras see.
    told: Option<OwnedWriteHalf>,
    talks: Vec<JoinHandle<()>>,
}

impl Scan {
    pub(crate) fn listen(path: &Path) -> Self {
        let listener = UnixListener::bind(path).unwrap();
        let seen = Arc::new(Mutex::new(Seen::default()));
        let all = Arc::clone(&seen);
        let accepting = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let talk = tokio::spawn(talk(stream, Arc::clone(&all)));
                all.lock().unwrap().talks.push(talk);
            }
        });
        Self { seen, accepting, path: path.to_owned() }
    }

    /// Tells `serve` something, as soon as it is there.
    pub(crate) async fn tell(&self, report: &Report) {
        for _ in 0..1000 {
            let told = self.seen.lock().unwrap().told.take();
            if let Some(mut to) = told {
                send_to(&mut to, report).await.unwrap();
                self.seen.lock().unwrap().told.get_or_insert(to);
                return;
            }
            pause(Duration::from_millis(10)).await;
        }
        panic!("serve does not come");
    }

    /// Says what is no message.
    pub(crate) async fn babble(&self) {
        self.tell(&Report::Alive).await;
        let mut to = self.seen.lock().unwrap().told.take().unwrap();
        to.write_all(b"\xff\xff\xff\xff\xffnonsense").await.unwrap();
    }

    pub(crate) async fn cameras(&self, names: &[&str]) {
        let camera = |(place, name): (usize, &&str)| Camera {
            name: (*name).to_owned(),
            path: format!("/dev/video{place}"),
            state: CameraState::Live,
            since: Timestamp::UNIX_EPOCH,
        };
        let all = names.iter().enumerate().map(camera).collect();
        self.tell(&Report::Cameras(all)).await;
    }

    /// Lets a camera see a code.
    pub(crate) async fn sees(&self, camera: &str, text: &str) {
        let source = Source::Camera(camera.to_owned());
        let (text, at) = (text.to_owned(), Timestamp::UNIX_EPOCH);
        self.tell(&Report::Read(Read { source, text, at })).await;
    }

    /// Lets a camera show what begins as a JPEG and goes on with `picture`.
    pub(crate) async fn shows(&self, camera: &str, picture: &[u8]) {
        let (camera, jpeg) = (camera.to_owned(), [b"\xff\xd8", picture].concat());
        self.tell(&Report::Preview(Preview { camera, jpeg })).await;
    }

    /// Waits for an order, and takes it out.
    pub(crate) async fn ordered(&self, is_it: impl Fn(&Order) -> bool) -> Order {
        for _ in 0..1000 {
            let place = self.seen.lock().unwrap().orders.iter().position(&is_it);
            if let Some(place) = place {
                return self.seen.lock().unwrap().orders.remove(place);
            }
            pause(Duration::from_millis(10)).await;
        }
        panic!("nobody orders that");
    }

    /// Returns how many questions about pictures came.
    pub(crate) fn asked(&self) -> usize {
        self.seen.lock().unwrap().asked
    }
}

impl Drop for Scan {
    fn drop(&mut self) {
        self.accepting.abort();
        let mut seen = self.seen.lock().unwrap();
        seen.talks.drain(..).for_each(|talk| talk.abort());
        seen.told = None;
        let _ = std::fs::remove_file(&self.path);
    }
}

async fn talk(stream: UnixStream, seen: Arc<Mutex<Seen>>) {
    let (mut from, mut to) = stream.into_split();
    let hello: Option<Order> = receive_from(&mut from).await.unwrap();
    assert_eq!(hello, Some(Order::Hello(Hello::ours())));
    if send_to(&mut to, &Report::Hello(Hello::ours())).await.is_err() {
        return;
    }
    let mut to = Some(to);
    while let Ok(Some(order)) = receive_from::<Order>(&mut from).await {
        match order {
            Order::Ask(ask) => {
                seen.lock().unwrap().asked += 1;
                let Some(to) = &mut to else { return };
                if send_to(to, &Report::Answer(answer(ask))).await.is_err() {
                    return;
                }
            }
            order => {
                let is_first = matches!(order, Order::Settings(_));
                let mut seen = seen.lock().unwrap();
                seen.orders.push(order);
                if let Some(to) = to.take().filter(|_| is_first) {
                    seen.told = Some(to);
                }
            }
        }
    }
}

/// A picture of this double is the texts of its codes, one on a line; one that begins with `!` cannot
/// be read.
fn answer(ask: Ask) -> Answer {
    let content = match &ask {
        Ask::Codes(content) | Ask::Opens(content) | Ask::Thumbnail { content, .. } => content,
    };
    if content.starts_with(b"!") {
        return Answer::Unreadable(Unreadable::Damaged("JPEG".into()));
    }
    match ask {
        Ask::Codes(content) => {
            let texts = String::from_utf8(content).unwrap();
            let code = |text: &str| Code { text: text.to_owned(), by: Decoder::Zxing };
            let codes = texts.lines().map(code).collect();
            Answer::Codes(Reading { codes, decoding: Duration::ZERO })
        }
        Ask::Opens(_) => Answer::Opens,
        Ask::Thumbnail { side, content } => {
            Answer::Thumbnail(format!("{side} of {} bytes", content.len()).into_bytes())
        }
    }
}
