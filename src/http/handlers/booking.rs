//! Booking service: B1 to B11.

use std::collections::BTreeMap;

use jiff::civil::Date;
use uuid::Builder;

use crate::domain::ids::CenterId;
use crate::domain::prid::Prid;
use crate::domain::slot::Appointment;
use crate::http::Context;
use crate::http::dispatch::Call;
use crate::http::handlers::{Faults, answered, opened};
use crate::http::reply::{self, Reply};
use crate::services::Family;
use crate::services::booking::{self, Deadline, Error, Wish};
use crate::store::application::Booked;
use crate::store::slot::Free;
use crate::wire::booking as spelled;
use crate::wire::date;
use crate::wire::envelope::Fault;

/// Bookings of one request at most; a family books for itself.
const MOST_AT_ONCE: usize = 100;

/// `POST /appointment/{preRegistrationId}`: books a slot, or moves an appointment.
pub(in crate::http) async fn book(cx: &Context, mut call: Call) -> Reply {
    let request: spelled::Book = match opened(cx, &mut call, Faults::All).await {
        Ok(request) => request,
        Err(reply) => return *reply,
    };
    let wish = wish(call.path.first().cloned().unwrap_or_default(), request);
    let now = cx.clock.now();
    let (parts, caller, family) = (cx.clone(), call.caller, call.family);
    let booked = cx
        .store
        .write(move |tx| {
            let (master, rules) = (&parts.master, &parts.rules);
            booking::book(tx, &wish, &caller, master, rules, &*parts.entropy, now)
        })
        .await;
    answered(cx, call.id, booked.map(|_| done()).map_err(|error| error.on(family)))
}

/// `POST /appointment`: books several slots, all or none.
pub(in crate::http) async fn book_all(cx: &Context, mut call: Call) -> Reply {
    let request: spelled::BookMany = match opened(cx, &mut call, Faults::All).await {
        Ok(request) => request,
        Err(reply) => return *reply,
    };
    let asked = request.booking_request.unwrap_or_default();
    let now = cx.clock.now();
    if asked.is_empty() || asked.len() > MOST_AT_ONCE {
        let fault = Fault::new("PRG_PAM_CORE_004", "Request body is invalid");
        return reply::faults(call.id, &[fault], now);
    }
    let wishes: Vec<Wish> = asked
        .into_iter()
        .map(|one| wish(one.pre_registration_id.unwrap_or_default(), one.slot))
        .collect();
    let (parts, caller, family) = (cx.clone(), call.caller, call.family);
    let booked = cx
        .store
        .write(move |tx| {
            let (master, rules) = (&parts.master, &parts.rules);
            booking::book_all(tx, &wishes, &caller, master, rules, &*parts.entropy, now)
        })
        .await;
    let told = booked.map(|booked| spelled::BookManyDone {
        booking_status_response: booked.iter().map(|_| done()).collect(),
    });
    answered(cx, call.id, told.map_err(|error| error.on(family)))
}

fn wish(prid: String, asked: spelled::Book) -> Wish {
    let day = asked.appointment_date.unwrap_or_default();
    let read_day = date::parse_date(&day);
    Wish {
        prid,
        center: asked.registration_center_id.unwrap_or_default(),
        date: (day, read_day),
        from: asked.time_slot_from.as_deref().and_then(date::parse_time),
        to: asked.time_slot_to.as_deref().and_then(date::parse_time),
    }
}

fn done() -> spelled::BookDone {
    spelled::BookDone { booking_message: "Appointment booked successfully".into() }
}

/// `PUT /appointment/{preRegistrationId}`: cancels an appointment.
pub(in crate::http) async fn cancel(cx: &Context, call: Call) -> Reply {
    cancel_with(cx, call, Deadline::Counts).await
}

/// `PUT /batch/appointment/{preRegistrationId}`: cancels an appointment, however late it is.
pub(in crate::http) async fn cancel_by_batch(cx: &Context, call: Call) -> Reply {
    cancel_with(cx, call, Deadline::Waived).await
}

async fn cancel_with(cx: &Context, call: Call, deadline: Deadline) -> Reply {
    let now = cx.clock.now();
    let prid = match prid(call.path.first(), Error::NoPrid) {
        Ok(prid) => prid,
        Err(error) => return reply::refused(call.id, &error, now),
    };
    let (parts, caller, family) = (cx.clone(), call.caller, call.family);
    let cancelled = cx
        .store
        .write(move |tx| {
            let (master, rules) = (&parts.master, &parts.rules);
            booking::cancel(tx, &prid, deadline, &caller, master, rules, &*parts.entropy, now)
        })
        .await;
    let told = cancelled.map(|()| spelled::Cancelled {
        transaction_id: Builder::from_random_bytes(cx.entropy.bytes()).into_uuid().to_string(),
        message: "Appointment for the selected application has been successfully cancelled".into(),
    });
    answered(cx, call.id, told.map_err(|error| error.on(family)))
}

/// `DELETE /appointment?preRegistrationId=`: takes a booking away.
pub(in crate::http) async fn remove(cx: &Context, call: Call) -> Reply {
    let now = cx.clock.now();
    let blank = match call.family {
        Family::Own => Error::NoPrid,
        Family::Portal => Error::NothingToDelete,
    };
    let prid = match prid(call.query("preRegistrationId").as_ref(), blank) {
        Ok(prid) => prid,
        Err(error) => return reply::refused(call.id, &error, now),
    };
    let (parts, caller, asked, family) = (cx.clone(), call.caller, prid.clone(), call.family);
    let removed = cx
        .store
        .write(move |tx| booking::remove(tx, &asked, &caller, &parts.rules, &*parts.entropy, now))
        .await;
    let told = removed.map(|booker| spelled::Deleted {
        pre_registration_id: prid.to_string(),
        deleted_by: booker,
        deleted_date_time: date::instant_with_offset(now),
    });
    answered(cx, call.id, told.map_err(|error| error.on(family)))
}

/// `GET /appointment/{preRegistrationId}`: fetches an appointment.
pub(in crate::http) async fn find(cx: &Context, call: Call) -> Reply {
    let prid = match prid(call.path.first(), Error::NothingAsked) {
        Ok(prid) => prid,
        Err(error) => return reply::refused(call.id, &error, cx.clock.now()),
    };
    let caller = call.caller;
    let found = cx.store.read(move |view| booking::find(view, &prid, &caller)).await;
    answered(cx, call.id, found.map(|found| appointment(&found)))
}

/// Reads a PRID. A blank one is told as `blank`; a text that is none belongs to no application.
fn prid(text: Option<&String>, blank: Error) -> Result<Prid, Error> {
    let text = text.map_or("", String::as_str);
    if text.trim().is_empty() {
        return Err(blank);
    }
    Prid::parse(text).map_err(|_| Error::NoApplication)
}

/// `GET /appointment/preRegistrationId/{registrationCenterId}`: lists who has an appointment.
pub(in crate::http) async fn ids(cx: &Context, call: Call) -> Reply {
    let (id, center, booked) = booked(cx, call).await;
    let told = booked.map(|booked| spelled::BookedIds {
        registration_center_id: center.to_string(),
        pre_registration_ids: booked.iter().map(|one| one.listed_as.to_string()).collect(),
    });
    answered(cx, id, told)
}

/// `GET /appointment/registrationCenterId/{registrationCenterId}`: lists who has an appointment, and
/// when.
pub(in crate::http) async fn times(cx: &Context, call: Call) -> Reply {
    let (id, center, booked) = booked(cx, call).await;
    let time = |one: &Booked| {
        let slot = &one.appointment.slot;
        let (from_time, to_time) = (date::seconds(slot.starts), date::seconds(slot.ends));
        let times = spelled::Times { from_time, to_time };
        (one.listed_as.to_string(), BTreeMap::from([(date::date(slot.day), times)]))
    };
    let told = booked.map(|booked| spelled::BookedTimes {
        registration_center_id: center.to_string(),
        ids_with_appointment_date: booked.iter().map(time).collect(),
    });
    answered(cx, id, told)
}

async fn booked(cx: &Context, call: Call) -> (&'static str, CenterId, Result<Vec<Booked>, Error>) {
    let center = CenterId::new(call.path.first().map_or("", String::as_str));
    let (first, last) = match range(&call) {
        Ok(range) => range,
        Err(error) => return (call.id, center, Err(error)),
    };
    let (caller, asked, rules) = (call.caller, center.clone(), cx.rules.clone());
    let booked = cx
        .store
        .read(move |view| booking::booked(view, &asked, first, last, &caller, &rules))
        .await;
    (call.id, center, booked)
}

/// Reads the range of B7 and B8, whose names the documents and the services spell differently. One
/// day is asked for by its first date alone.
fn range(call: &Call) -> Result<(Date, Date), Error> {
    let text = |one: &str, other: &str| {
        let text = call.query(one).or_else(|| call.query(other)).unwrap_or_default();
        (!text.trim().is_empty()).then_some(text)
    };
    let read = |text: String| date::parse_date(&text).ok_or(Error::RangeDate);
    let first = text("from_date", "fromDate").ok_or(Error::RangeDate).and_then(read)?;
    let last = text("to_date", "toDate").map_or(Ok(first), read)?;
    Ok((first, last))
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
