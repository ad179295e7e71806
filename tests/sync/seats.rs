//! What the line means for a center's own seats.

use jiff::SignedDuration;
use prereg_node::domain::operation::{Change, Outcome};
use prereg_node::domain::slot::Offered;
use prereg_node::services::perform;
use prereg_node::store;

use crate::world::{World, center, slot};

/// I6
#[test]
fn the_seat_of_a_deleted_application_is_kept_until_central_has_deleted_it_too() {
    for refuses in [false, true] {
        World::run(async |world| {
            let prid = world.walk_in("W").await;
            let seat = Offered { slot: slot(7), seats: 1 };
            world
                .write(move |tx| {
                    store::slot::open(tx, std::slice::from_ref(&seat))?;
                    store::slot::take(tx, &seat.slot)
                })
                .await;
            world.perform(prid.clone(), Change::Book { slot: slot(7), booking_rev: 0 }).await;
            world.until_quiet().await;
            world.central.state().is_down = true;

            world.delete(&prid).await;

            assert_eq!(world.shown(&prid).await, None);
            assert_eq!(sold(world).await, 1, "central may still refuse");
            if refuses {
                let (deleted, now) = (prid.clone(), world.clock.now());
                world
                    .write(move |tx| {
                        let pending = store::operation::pending(tx, &deleted)?;
                        let outcome = Outcome::Refused { code: "x".into(), sentence: "x".into() };
                        perform::settle(tx, pending.last().unwrap(), &outcome, now)
                    })
                    .await;
                let (shown, _) = world.shown(&prid).await.unwrap();
                assert_eq!(shown.appointment.unwrap().slot, slot(7));
                assert_eq!(sold(world).await, 1, "its holder is back");
            } else {
                world.central.state().is_down = false;
                world.pass(SignedDuration::from_hours(2), SignedDuration::from_secs(30)).await;
                assert!(world.named_at_central("W").is_empty());
                assert_eq!(sold(world).await, 0);
            }
        });
    }
}

async fn sold(world: &World) -> u32 {
    let day = slot(7).day;
    let on_sale = world.read(move |view| store::slot::on_sale(view, &center(), day, day)).await;
    on_sale.iter().map(|one| one.sold).sum()
}
