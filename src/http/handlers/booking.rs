//! Booking service: B2, B5, B6.

use crate::domain::ids::CenterId;
use crate::domain::slot::Appointment;
use crate::http::Context;
use crate::http::dispatch::Call;
use crate::http::handlers::{Faults, answered, opened, prid};
use crate::http::reply::Reply;
use crate::services::booking::{self, Error, Wish};
use crate::store::slot::Free;
use crate::wire::booking as spelled;
use crate::wire::date;

/// `POST /appointment/{preRegistrationId}`: books a slot, or moves an appointment.
pub(in crate::http) async fn book(cx: &Context, mut call: Call) -> Reply {
    let request: spelled::Book = match opened(cx, &mut call, Faults::All).await {
        Ok(request) => request,
        Err(reply) => return *reply,
    };
    let prid = match prid(cx, &call, &Error::NoApplication) {
        Ok(prid) => prid,
        Err(reply) => return *reply,
    };
    let day = request.appointment_date.unwrap_or_default();
    let read_day = date::parse_date(&day);
    let wish = Wish {
        center: request.registration_center_id.unwrap_or_default(),
        date: (day, read_day),
        from: request.time_slot_from.as_deref().and_then(date::parse_time),
        to: request.time_slot_to.as_deref().and_then(date::parse_time),
    };
    let now = cx.clock.now();
    let (parts, caller) = (cx.clone(), call.caller);
    let booked = cx
        .store
        .write(move |tx| {
            let (master, rules) = (&parts.master, &parts.rules);
            booking::book(tx, &prid, &wish, &caller, master, rules, &*parts.entropy, now)
        })
        .await;
    let told = booked
        .map(|_| spelled::BookDone { booking_message: "Appointment booked successfully".into() });
    answered(cx, call.id, told)
}

/// `GET /appointment/{preRegistrationId}`: fetches an appointment.
pub(in crate::http) async fn find(cx: &Context, call: Call) -> Reply {
    let prid = match prid(cx, &call, &Error::NoApplication) {
        Ok(prid) => prid,
        Err(reply) => return *reply,
    };
    let caller = call.caller;
    let found = cx.store.read(move |view| booking::find(view, &prid, &caller)).await;
    answered(cx, call.id, found.map(|found| appointment(&found)))
}

/// Spells an appointment as B5 and D5 do.
pub(super) fn appointment(appointment: &Appointment) -> spelled::Appointment {
    spelled::Appointment {
        registration_center_id: appointment.slot.center.to_string(),
        appointment_date: date::date(appointment.slot.day),
        time_slot_from: date::minutes(appointment.slot.starts),
        time_slot_to: date::minutes(appointment.slot.ends),
    }
}

/// `GET /appointment/availability/{registrationCenterId}`: lists the free slots of a center.
pub(in crate::http) async fn availability(cx: &Context, call: Call) -> Reply {
    let center = CenterId::new(call.path.first().map_or("", String::as_str));
    let (parts, asked, now) = (cx.clone(), center.clone(), cx.clock.now());
    let found = cx
        .store
        .read(move |view| booking::availability(view, &asked, &parts.master, &parts.rules, now))
        .await;
    let told = found.map(|slots| spelled::Availability {
        reg_center_id: center.to_string(),
        center_details: days(&slots),
    });
    answered(cx, call.id, told)
}

/// Groups slots by day; full slots, and days without a free one, are left out. A day of one slot
/// counts as a holiday, as upstream has it (`contract/rules.md` §8.4).
fn days(slots: &[Free]) -> Vec<spelled::Day> {
    slots
        .chunk_by(|one, next| one.slot.day == next.slot.day)
        .map(|day| spelled::Day {
            date: date::date(day[0].slot.day),
            time_slots: day
                .iter()
                .filter(|free| free.seats > 0)
                .map(|free| spelled::TimeSlot {
                    from_time: date::seconds(free.slot.starts),
                    to_time: date::seconds(free.slot.ends),
                    availability: free.seats,
                })
                .collect(),
            holiday: day.len() == 1,
        })
        .filter(|day| !day.time_slots.is_empty())
        .collect()
}
