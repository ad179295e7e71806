//! What the line costs, and what it may do to nobody.

use jiff::SignedDuration;
use prereg_node::domain::line::{Fetched, State};
use prereg_node::domain::operation::Outcome;
use prereg_node::domain::prid::Prid;
use prereg_node::domain::status::Status;
use prereg_node::store;
use tokio::sync::oneshot;

use crate::central::{Fault, REFUSAL};
use crate::world::{World, ago, identity, paper, slot};

#[test]
fn a_round_without_changes_costs_two_requests_for_each_hundred_listed() {
    World::run(async |world| {
        for n in 0..130 {
            world.at_central(&format!("R{n}"), n % 5);
        }
        // One that has an own seat here and is not listed any more, and one that left the window.
        let gone = world.at_central("gone", 1);
        let moved = world.at_central("moved", 1);
        world.until_quiet().await;
        world.central.state().cancel(&gone);
        world.central.state().book(&moved, slot(40));
        world.until_quiet().await;
        world.assert_equal(&gone).await;
        world.assert_equal(&moved).await;
        world.central.forget_calls();

        world.pass(SignedDuration::from_mins(30), SignedDuration::from_secs(1)).await;

        let calls = world.central.state().calls.clone();
        assert_eq!(calls.values().sum::<u32>(), 6 * 3, "{calls:?}");
    });
}

/// I11
#[test]
fn a_week_without_a_line_costs_few_calls_and_then_heals() {
    World::run(async |world| {
        let theirs = world.at_central("R", 1);
        world.until_quiet().await;
        world.central.state().is_down = true;
        let ours = world.walk_in("W").await;
        world.attach(&ours, "POI", b"%PDF-ours").await;
        world.central.forget_calls();

        world.pass(SignedDuration::from_hours(24 * 7), SignedDuration::from_secs(30)).await;

        assert!(world.central.calls() < 7 * 24 * 6 + 60, "{} calls", world.central.calls());
        assert_eq!(world.line().state, State::Down);
        let age = ago(world.clock.now(), world.line().complete_at.unwrap());
        assert!(age > SignedDuration::from_hours(167), "I10: the age is told: {age}");
        let ms = world.commits();
        assert!(ms < 3_000, "{ms} commits");
        world.central.state().book(&theirs, slot(8));
        world.central.state().is_down = false;
        world.until_quiet().await;
        world.assert_equal(&theirs).await;
        assert_eq!(world.named_at_central("W").len(), 1);
        world.assert_equal(&world.named_at_central("W")[0]).await;
    });
}

/// I3
#[test]
fn a_record_that_comes_as_garbage_delays_no_other_and_is_not_called_complete() {
    World::run(async |world| {
        let bad = world.at_central("bad", 0);
        let good = world.at_central("good", 1);
        world.central.state().garbles.insert(bad.clone());
        world.pass_secs(60).await;

        world.assert_equal(&good).await;
        assert_eq!(world.line().state, State::Up);
        assert_eq!(world.line().complete_at, None, "I10");
        world.central.forget_calls();
        world.pass(SignedDuration::from_hours(2), SignedDuration::from_secs(1)).await;
        assert!(world.central.state().calls["record"] < 40, "{:?}", world.central.state().calls);

        world.central.state().garbles.clear();
        world.until_quiet().await;
        world.assert_equal(&bad).await;
    });
}

/// I10
#[test]
fn a_central_of_another_lifecycle_is_sent_nothing_and_that_shows() {
    World::run(async |world| {
        let theirs = world.at_central("R", 1);
        world.until_quiet().await;
        {
            let mut central = world.central.state();
            central.cancel(&theirs);
            central.held.get_mut(&theirs).unwrap().application.status = Status::Cancelled;
        }
        world.until_quiet().await;
        let ours = world.walk_in("W").await;
        world.attach(&ours, "POI", b"%PDF-ours").await;
        let more = world.at_central("S", 2);
        world.pass(SignedDuration::from_mins(30), SignedDuration::from_secs(1)).await;

        assert!(world.named_at_central("W").is_empty());
        assert_eq!(world.line().state, State::Mismatch);
        assert!(world.line().failure.is_some_and(|why| why.contains("`lifecycle`")));
        // What central says comes in all the same.
        world.assert_equal(&theirs).await;
        world.assert_equal(&more).await;

        world.central.state().book(&theirs, slot(3));
        world.until_quiet().await;
        assert_eq!(world.line().state, State::Up);
        assert_eq!(world.named_at_central("W").len(), 1);
    });
}

/// I3
#[test]
fn a_writing_account_that_is_refused_keeps_nothing_from_coming_in() {
    World::run(async |world| {
        let theirs = world.at_central("R", 1);
        world.central.state().attach(&theirs, &paper("POI"), b"%PDF-1".to_vec());
        world.central.state().refuses_writer = true;
        let ours = world.walk_in("W").await;
        world.pass_secs(60).await;

        assert_eq!(world.line().state, State::Refused);
        assert!(world.line().complete_at.is_some());
        world.assert_equal(&theirs).await;
        world.central.forget_calls();
        world.pass(SignedDuration::from_hours(2), SignedDuration::from_secs(5)).await;
        assert!(world.central.calls() < 120, "{:?}", world.central.state().calls);

        world.central.state().refuses_writer = false;
        world.until_quiet().await;
        assert_eq!(world.line().state, State::Up);
        assert_eq!(world.named_at_central("W").len(), 1);
        assert!(world.shown(&ours).await.is_some());
    });
}

#[test]
fn who_is_asked_to_wait_an_hour_makes_no_call_for_an_hour() {
    World::run(async |world| {
        for n in 0..6 {
            let prid = world.at_central(&format!("R{n}"), 1);
            world.central.state().attach(&prid, &paper("POI"), b"%PDF-1".to_vec());
        }
        world.central.state().faults.push_back(Fault::Busy(3_600));
        world.pass_secs(10).await;
        assert_eq!(world.central.calls(), 1);
        world.walk_in("W").await;

        world.pass(SignedDuration::from_mins(59), SignedDuration::from_secs(1)).await;
        assert_eq!(world.central.calls(), 1);

        world.pass(SignedDuration::from_mins(2), SignedDuration::from_secs(1)).await;
        assert!(world.central.calls() > 10, "{:?}", world.central.state().calls);
    });
}

/// I1
#[test]
fn what_upstream_took_and_does_not_show_stays_and_is_asked_for_ever_more_seldom() {
    World::run(async |world| {
        let ours = world.walk_in("W").await;
        world.attach(&ours, "POI", b"%PDF-ours").await;
        world.settle().await;
        world.pass_secs(1).await;
        let theirs = world.named_at_central("W")[0].clone();
        world.central.state().held.remove(&theirs);
        world.central.forget_calls();

        world.pass(SignedDuration::from_hours(6), SignedDuration::from_secs(5)).await;

        let calls = world.central.state().calls.clone();
        assert!(calls.get("record").copied().unwrap_or(0) < 40, "{calls:?}");
        let (_, contents) = world.shown(&ours).await.unwrap();
        assert_eq!(contents, [("POI".to_owned(), Some(b"%PDF-ours".to_vec()))]);
    });
}

#[test]
fn somebody_at_a_counter_is_answered_while_a_long_round_is_under_way() {
    World::run(async |world| {
        let wanted = world.at_central("wanted", 30);
        for n in 0..90 {
            world.at_central(&format!("R{n}"), 1);
        }
        // Two calls for the list, then records of which each takes its time.
        world.central.state().faults.extend([Fault::Stalls(0, true); 2]);
        world.central.state().faults.extend([Fault::Stalls(20, true); 4]);
        world.pass_secs(1).await;
        let (to, mut answer) = oneshot::channel();
        world.asks().send((wanted.clone(), to)).await.unwrap();
        world.pass_secs(1).await;

        assert_eq!(answer.try_recv(), Ok(Fetched::Here));
        assert_eq!(world.line().complete_at, None, "the round is still under way");
        world.assert_equal(&wanted).await;
    });
}

#[test]
fn a_nudge_is_answered_when_what_was_made_here_has_arrived_with_its_documents() {
    World::run(async |world| {
        world.until_quiet().await;
        world.central.state().is_down = true;
        let ours = world.walk_in("W").await;
        for category in ["POI", "POA"] {
            world.attach(&ours, category, b"%PDF-ours").await;
        }
        world.pass(SignedDuration::from_hours(3), SignedDuration::from_secs(5)).await;
        world.central.state().is_down = false;
        let (to, mut answer) = oneshot::channel();
        world.nudges().send(to).await.unwrap();
        world.settle().await;

        let line = answer.try_recv().expect("no time has to pass");
        assert_eq!(line.state, State::Up);
        let theirs = world.named_at_central("W")[0].clone();
        assert_eq!(world.central.state().held[&theirs].contents.len(), 2);
        assert_eq!(open(world, &ours).await, 0);
    });
}

/// I7
#[test]
fn a_clock_that_is_put_back_a_year_stops_nothing() {
    World::run(async |world| {
        world.at_central("R", 1);
        let bad = world.at_central("bad", 1);
        world.central.state().garbles.insert(bad.clone());
        world.pass_secs(30).await;
        world.clock.set(world.clock.now() + SignedDuration::from_hours(2));
        world.settle().await;

        world.clock.set("2026-11-22T06:00:00Z".parse().unwrap());
        world.central.state().garbles.clear();
        let ours = world.walk_in("W").await;
        world.pass(SignedDuration::from_mins(7), SignedDuration::from_secs(1)).await;

        assert_eq!(world.named_at_central("W").len(), 1);
        assert_eq!(open(world, &ours).await, 0);
        world.assert_equal(&bad).await;
    });
}

/// I1, I7
#[test]
fn a_document_attached_after_the_clock_went_back_still_follows_its_application() {
    World::run(async |world| {
        let ours = world.walk_in("W").await;
        world.clock.set(world.clock.now() - SignedDuration::from_hours(1));
        world.attach(&ours, "POI", b"%PDF-ours").await;
        world.pass(SignedDuration::from_mins(7), SignedDuration::from_secs(1)).await;

        let theirs = world.named_at_central("W")[0].clone();
        assert_eq!(world.central.state().held[&theirs].contents.len(), 1);
        assert_eq!(open(world, &ours).await, 0);
    });
}

/// I10
#[test]
fn what_central_does_not_have_any_more_is_not_listed_to_clients() {
    World::run(async |world| {
        let prid = world.at_central("R", 1);
        world.pass_secs(30).await;
        world.central.state().held.remove(&prid);
        world.pass(SignedDuration::from_mins(7), SignedDuration::from_secs(1)).await;

        let gone = prid.clone();
        let confirmed = world.read(move |view| store::confirmed::find(view, &gone)).await;
        assert!(confirmed.expect("what is here stays").gone_at.is_some());
        let coming = world.read(store::document::count_coming).await;
        assert_eq!(coming, 0);
    });
}

/// I3
#[test]
fn what_central_refuses_stays_visible_and_is_refused_with_its_documents() {
    World::run(async |world| {
        world.central.state().refuses.insert("W".into());
        let ours = world.walk_in("W").await;
        world.attach(&ours, "POI", b"%PDF-ours").await;
        let other = world.walk_in("V").await;
        world.pass_secs(5).await;
        world.attach(&ours, "POA", b"%PDF-later").await;
        world.until_quiet().await;

        let here = ours.clone();
        let operations = world.read(move |view| store::operation::uncovered(view, &here)).await;
        assert_eq!(operations.len(), 3);
        for operation in operations {
            let code = match operation.outcome {
                Some(Outcome::Refused { code, .. }) => code,
                other => panic!("{other:?}"),
            };
            assert_eq!(code, REFUSAL);
        }
        let (shown, contents) = world.shown(&ours).await.unwrap();
        assert_eq!(shown.identity, identity("W"));
        assert_eq!(contents.len(), 2);
        assert_eq!(world.named_at_central("V").len(), 1);
        assert_eq!(open(world, &other).await, 0);
    });
}

/// I2
#[test]
fn a_walk_in_that_came_back_by_the_list_before_its_answer_is_one_application() {
    World::run(async |world| {
        world.until_quiet().await;
        let ours = world.walk_in("W").await;
        world.attach(&ours, "POI", b"%PDF-ours").await;
        world.central.state().faults.push_back(Fault::LostAfter);
        world.pass_secs(1).await;
        let theirs = world.named_at_central("W")[0].clone();
        world.central.state().book(&theirs, slot(1));
        // Fetched for a counter, before the engine looks whether its create had arrived.
        let (to, _answer) = oneshot::channel();
        world.asks().send((theirs.clone(), to)).await.unwrap();
        world.pass_secs(1).await;
        assert_eq!(world.read(store::application::count).await, 2);

        world.until_quiet().await;

        assert_eq!(world.read(store::application::count).await, 1);
        assert_eq!(world.shown(&ours).await, world.shown(&theirs).await);
        world.assert_equal(&theirs).await;
        assert!(!world.central.state().calls.contains_key("content"));
    });
}

/// I3
#[test]
fn what_registration_has_taken_over_is_told_to_central_by_central_s_prids() {
    World::run(async |world| {
        let theirs = world.at_central("R", 1);
        let ours = world.walk_in("W").await;
        world.until_quiet().await;
        let ours_there = world.named_at_central("W")[0].clone();
        world.central.state().book(&ours_there, slot(1));
        world.until_quiet().await;
        world.central.state().is_down = true;
        assert!(world.take_over(&theirs).await);
        assert!(world.take_over(&ours).await);
        world.pass_secs(600).await;
        assert!(world.central.state().consumed.is_empty());

        world.central.state().is_down = false;
        world.until_quiet().await;

        let told: Vec<Prid> = world.central.state().consumed.iter().cloned().collect();
        let mut expected = vec![theirs, ours_there];
        expected.sort();
        assert_eq!(told, expected);
        let calls = world.central.state().calls["consumed"];
        world.until_quiet().await;
        assert_eq!(world.central.state().calls["consumed"], calls, "it is told once");
    });
}

/// I3
#[test]
fn what_central_knows_nothing_of_is_told_once() {
    World::run(async |world| {
        let theirs = world.at_central("R", 1);
        world.until_quiet().await;
        assert!(world.take_over(&theirs).await);
        world.central.state().held.remove(&theirs);

        world.until_quiet().await;
        world.until_quiet().await;

        assert_eq!(world.central.state().calls["consumed"], 1);
    });
}

async fn open(world: &World, prid: &Prid) -> usize {
    let prid = prid.clone();
    world.read(move |view| Ok(store::operation::uncovered(view, &prid)?.len())).await
}
