//! The queue of messages and the lane that empties it.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use prereg_node::batch::messages::{self, Parts};
use prereg_node::clock::Clock;
use prereg_node::domain::message::{Channel, Message};
use prereg_node::entropy::Seeded;
use prereg_node::outside::delivery::Delivery;
use prereg_node::outside::spool::Spool;
use prereg_node::store::message::{self, Counts};
use prereg_node::store::{Error, Store};
use tokio::sync::watch;
use zeroize::Zeroizing;

use crate::{key, new, opened, prid};

fn now() -> Timestamp {
    Timestamp::from_second(1_800_000_000).unwrap()
}

fn hours(hours: i64) -> SignedDuration {
    SignedDuration::from_hours(hours)
}

fn sms(text: &str) -> Message {
    Message {
        to: "6000000001".into(),
        channel: Channel::Sms,
        subject: String::new(),
        text: Zeroizing::new(text.into()),
    }
}

async fn queue(store: &Store, text: &str, until: Timestamp) {
    let message = sms(text);
    let put =
        move |tx: &prereg_node::store::Tx<'_>| message::put(tx, &prid(1), &message, until, now());
    store.write::<_, Error, _>(put).await.unwrap();
}

async fn counts(store: &Store, at: Timestamp) -> Counts {
    store.read::<_, Error, _>(move |view| message::counts(view, at)).await.unwrap()
}

async fn due(store: &Store, at: Timestamp) -> Vec<String> {
    let due = store.read::<_, Error, _>(move |view| message::due(view, Channel::Sms, at, 10)).await;
    due.unwrap().into_iter().map(|waiting| waiting.message.text.to_string()).collect()
}

/// Runs the lane for a moment, as a process that is killed after it.
async fn run_for_a_moment(store: &Store, clock: &Clock, spool: &Path) {
    let parts = Parts {
        store: store.clone(),
        delivery: Delivery::new(None, None, Some(Spool::new(spool.to_owned()))),
        clock: clock.clone(),
        entropy: Arc::new(Seeded::new(3)),
    };
    let stop = watch::Sender::new(false);
    let lane = messages::run(parts, stop.subscribe());
    assert!(tokio::time::timeout(Duration::from_millis(500), lane).await.is_err(), "it goes on");
}

/// I1
#[tokio::test(flavor = "multi_thread")]
async fn what_could_not_leave_leaves_after_a_kill_and_only_once() {
    let (folder, path) = new();
    let clock = Clock::simulated(now());
    let spool = folder.path().join("spool");
    let store = Store::open(&path, &key(7)).unwrap();
    queue(&store, "first", now() + hours(24)).await;
    run_for_a_moment(&store, &clock, &spool).await;
    assert_eq!(counts(&store, now()).await, Counts { waiting: 1, ..Counts::default() });
    drop(store);

    std::fs::create_dir(&spool).unwrap();
    let sent = || std::fs::read_dir(&spool).unwrap().count();
    let store = Store::open(&path, &key(7)).unwrap();
    run_for_a_moment(&store, &clock, &spool).await;
    assert_eq!(sent(), 0, "it is not yet time to try again");
    clock.set(now() + SignedDuration::from_secs(10));
    run_for_a_moment(&store, &clock, &spool).await;
    run_for_a_moment(&store, &clock, &spool).await;

    assert_eq!(sent(), 1);
    assert_eq!(counts(&store, now()).await, Counts { sent: 1, ..Counts::default() });
}

#[tokio::test(flavor = "multi_thread")]
async fn the_content_of_what_is_settled_goes_at_once_and_the_row_after_a_week() {
    let (_folder, store) = opened();
    queue(&store, "sent", now() + hours(1)).await;
    queue(&store, "refused", now() + hours(1)).await;
    store.write::<_, Error, _>(|tx| message::sent(tx, 1, now())).await.unwrap();
    store.write::<_, Error, _>(|tx| message::refused(tx, 2, now())).await.unwrap();

    let (one, other) = (sms("sent"), sms("refused"));
    let waits = store.read::<_, Error, _>(move |view| {
        Ok((message::waits(view, &prid(1), &one)?, message::waits(view, &prid(1), &other)?))
    });
    assert_eq!(waits.await.unwrap(), (false, false));
    let settled = Counts { sent: 1, refused: 1, ..Counts::default() };
    for (wait, left) in [(hours(7 * 24 - 1), settled), (hours(7 * 24), Counts::default())] {
        let at = now() + wait;
        store.write::<_, Error, _>(move |tx| message::prune(tx, at)).await.unwrap();
        assert_eq!(counts(&store, at).await, left);
    }
}

/// I7
#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_was_wrong_for_a_while_costs_no_message() {
    let (_folder, store) = opened();
    queue(&store, "notice", now() + hours(2)).await;
    let ahead = now() + hours(20);
    store.write::<_, Error, _>(move |tx| message::prune(tx, ahead)).await.unwrap();
    assert_eq!(due(&store, ahead).await, [""; 0]);
    assert_eq!(counts(&store, ahead).await, Counts { dropped: 1, ..Counts::default() });

    assert_eq!(due(&store, now()).await, ["notice"]);
    let far = now() + hours(24 * 365);
    store.write::<_, Error, _>(move |tx| message::failed(tx, 1, far)).await.unwrap();
    assert_eq!(due(&store, now()).await, ["notice"], "nothing waits for a year");

    let past = now() + hours(27);
    store.write::<_, Error, _>(move |tx| message::prune(tx, past)).await.unwrap();
    assert_eq!(due(&store, now()).await, [""; 0]);
    assert_eq!(counts(&store, now()).await, Counts { dropped: 1, ..Counts::default() });
}
