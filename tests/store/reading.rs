//! Reads: bounded, and never the end of a reader.

use std::time::Duration;

use prereg_node::store::Error;

use crate::{count, make, opened};

#[tokio::test(flavor = "multi_thread")]
async fn a_read_that_is_given_up_or_panics_loses_no_reader() {
    let (_folder, store) = opened();
    store.write::<_, Error, _>(|tx| make(tx, 1, "the only one")).await.unwrap();
    for _ in 0..12 {
        let store = store.clone();
        let slow = store.read::<(), Error, _>(|_| {
            std::thread::sleep(Duration::from_millis(20));
            Ok(())
        });
        // Given up at its first wait, as a request is whose caller has gone.
        assert!(futures_util::FutureExt::now_or_never(slow).is_none());
        let panics = store.read::<(), Error, _>(|_| panic!("a test")).await;
        assert!(matches!(panics, Err(Error::Panicked)), "{panics:?}");
    }
    assert_eq!(count(&store).await, 1);
}
