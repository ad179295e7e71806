//! Grouped commits.

use prereg_node::store::{self, Error, Store};
use proptest::prelude::*;

use crate::{count, key, make, new, opened};

/// I1
#[tokio::test(flavor = "multi_thread")]
async fn many_writers_share_commits_and_each_finds_its_own_on_disk_when_answered() {
    let (folder, store) = opened();
    let before = *store.commits().borrow();
    let mut writers = tokio::task::JoinSet::new();
    for n in 0..400 {
        let store = store.clone();
        writers.spawn(async move {
            store.write::<_, Error, _>(move |tx| make(tx, n, "one of many")).await.unwrap();
            let prid = crate::prid(n);
            let found =
                store.read::<_, Error, _>(move |view| store::application::find(view, &prid)).await;
            assert!(found.unwrap().is_some(), "what was answered is there");
        });
    }
    while let Some(done) = writers.join_next().await {
        done.unwrap();
    }

    let commits = *store.commits().borrow() - before;
    assert!(commits < 200, "400 writes took {commits} commits");
    assert_eq!(count(&store).await, 400);
    drop(folder);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_write_that_fails_or_panics_takes_back_itself_alone() {
    let (_folder, store) = opened();
    let mut writers = tokio::task::JoinSet::new();
    for n in 0..60_u64 {
        let store = store.clone();
        writers.spawn(async move {
            let written = store.write::<_, Error, _>(move |tx| {
                make(tx, n, "one of many")?;
                match n % 3 {
                    0 => Ok(()),
                    1 => Err(Error::Row("a test")),
                    _ => panic!("a test"),
                }
            });
            match (n % 3, written.await) {
                (0, Ok(())) | (1, Err(Error::Row("a test"))) | (2, Err(Error::Panicked)) => {}
                (_, other) => panic!("{n}: {other:?}"),
            }
        });
    }
    while let Some(done) = writers.join_next().await {
        done.unwrap();
    }
    assert_eq!(count(&store).await, 20);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_reads_half_a_write() {
    let (_folder, store) = opened();
    let writing = tokio::spawn({
        let store = store.clone();
        async move {
            for n in 0..60 {
                let pair = store.write::<_, Error, _>(move |tx| {
                    make(tx, 2 * n, "left")?;
                    make(tx, 2 * n + 1, "right")
                });
                pair.await.unwrap();
            }
        }
    });
    while !writing.is_finished() {
        assert_eq!(count(&store).await % 2, 0);
    }
    writing.await.unwrap();
    assert_eq!(count(&store).await, 120);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 8, ..ProptestConfig::default() })]

    #[test]
    fn the_store_without_threads_answers_and_keeps_the_same(
        writes in prop::collection::vec((0_u64..12, 0_u8..3), 1..20)
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let after = |threads: bool| {
            let writes = writes.clone();
            runtime.block_on(async move {
                let (_folder, path) = new();
                let store = if threads { Store::open(&path, &key(7)) } else { Store::inline(&path, &key(7)) };
                let store = store.unwrap();
                let mut answers = Vec::new();
                for (n, kind) in writes {
                    let answer = store.write::<_, Error, _>(move |tx| {
                        make(tx, n, "either way")?;
                        if kind == 1 { Err(Error::Row("a test")) } else { Ok(n) }
                    });
                    answers.push(answer.await.map_err(|error| error.to_string()));
                }
                let all = store.read::<_, Error, _>(|view| store::application::made_by(view, "officer", 0, usize::MAX));
                (answers, all.await.unwrap())
            })
        };
        prop_assert_eq!(after(true), after(false));
    }
}
