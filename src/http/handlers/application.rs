//! Application service of today's release: A2 to A9.

use crate::domain::application::{Application, Kind};
use crate::domain::status::Status;
use crate::http::Context;
use crate::http::dispatch::Call;
use crate::http::handlers::{Faults, answered, demographic, opened, prid};
use crate::http::reply::{self, Reply};
use crate::services::Rules;
use crate::services::application::{self, Error};
use crate::store::overview::Overview;
use crate::wire::application::{
    ALL, AllApplications, Booked, BothLists, CreateOther, CreatedOther, DeletedOther, Entity,
    booking_type, parse_booking_type,
};
use crate::wire::date;

/// `GET /applications`: lists the caller's own applications: with `type` those of a kind, in the
/// shape of today's release; without, in both shapes at once.
pub(in crate::http) async fn list(cx: &Context, call: Call) -> Reply {
    let rules = &cx.rules;
    let all = |own: &[Overview]| AllApplications {
        all_applications: own
            .iter()
            .map(|one| entity(one, one.shown_as.to_string(), rules))
            .collect(),
    };
    if let Some(word) = call.query("type") {
        let Some(kind) = parse_booking_type(&word) else {
            return reply::refused(ALL, &Error::UnknownKind, cx.clock.now());
        };
        let own = cx.store.read(move |view| application::own(view, Some(kind), &call.caller)).await;
        return answered(cx, ALL, own.map(|own| all(&own)));
    }
    let index = call.query("pageIndex");
    let (parts, caller, at) = (cx.clone(), call.caller, index.clone());
    let both = cx
        .store
        .read(move |view| application::both_lists(view, at.as_deref(), &caller, &parts.master))
        .await;
    let told = both.map(|(page, own)| BothLists {
        basic: demographic::all_basic(&page, index, &cx.master),
        all: all(&own),
    });
    answered(cx, call.id, told)
}

/// `GET /applications/bookings/{regCenterId}?appointmentDate=&appointmentToDate=`: lists the
/// appointments of a center; without a last day those of the first.
pub(in crate::http) async fn at_center(cx: &Context, call: Call) -> Reply {
    let center = call.path.first().cloned().unwrap_or_default();
    let first = call.query("appointmentDate").unwrap_or_default();
    let last = call.query("appointmentToDate").filter(|text| !text.trim().is_empty());
    let first = date::parse_date(first.trim());
    let last = last.map_or(first, |text| date::parse_date(text.trim()));
    let (days, caller, rules) = (first.zip(last), call.caller, cx.rules.clone());
    let found = cx
        .store
        .read(move |view| application::at_center(view, &center, days, &caller, &rules))
        .await;
    answered(cx, call.id, found.map(|found| found.iter().map(booked).collect::<Vec<_>>()))
}

/// `POST /applications/lostuin` and `POST /applications/updateregistration`: makes an application
/// without data.
pub(in crate::http) async fn create(cx: &Context, mut call: Call, kind: Kind) -> Reply {
    let request: CreateOther = match opened(cx, &mut call, Faults::All).await {
        Ok(request) => request,
        Err(reply) => return *reply,
    };
    let language = request.lang_code.unwrap_or_default();
    let (parts, caller, now) = (cx.clone(), call.caller, cx.clock.now());
    let made = cx
        .store
        .write(move |tx| {
            let (master, rules) = (&parts.master, &parts.rules);
            let entropy = &*parts.entropy;
            application::create(tx, kind, &language, &caller, master, rules, entropy, now)
        })
        .await;
    answered(cx, call.id, made.map(created))
}

/// `DELETE /applications/lostuin/{applicationId}` and
/// `DELETE /applications/updateregistration/{applicationId}`: deletes an application without data.
pub(in crate::http) async fn delete(cx: &Context, call: Call, kind: Kind) -> Reply {
    let prid = match prid(cx, &call, &Error::NoApplication) {
        Ok(prid) => prid,
        Err(reply) => return *reply,
    };
    let (parts, now) = (cx.clone(), cx.clock.now());
    let (at, caller) = (prid.clone(), call.caller.clone());
    let gone = cx
        .store
        .write(move |tx| {
            let (rules, entropy) = (&parts.rules, &*parts.entropy);
            application::delete(tx, &at, kind, &caller, rules, entropy, now)
        })
        .await;
    let told = gone.map(|()| DeletedOther {
        application_id: prid.to_string(),
        deleted_by: call.caller.user,
        deleted_date_time: date::instant_with_offset(now),
    });
    answered(cx, call.id, told)
}

fn created(application: Application) -> CreatedOther {
    CreatedOther {
        application_id: application.prid.to_string(),
        created_by: application.created_by,
        created_date_time: date::instant(application.created_at),
        updated_by: application.updated_by,
        updated_date_time: date::instant(application.updated_at),
        application_status_code: progress(application.status),
        booking_status_code: application.status.to_string(),
        lang_code: application.language,
        booking_type: booking_type(application.kind).into(),
    }
}

/// Spells an application as A2 and A5 do, under this PRID.
pub(super) fn entity(of: &Overview, application_id: String, rules: &Rules) -> Entity {
    let slot = of.appointment.as_ref().map(|held| &held.slot);
    Entity {
        application_id,
        booking_type: booking_type(of.kind).into(),
        booking_status_code: of.status.to_string(),
        application_status_code: progress(of.status),
        appointment_date: slot.map(|slot| date::date(slot.day)),
        booking_date: of.booked_at.map(|at| date::date(rules.today(at))),
        registration_center_id: slot.map(|slot| slot.center.to_string()),
        slot_from_time: slot.map(|slot| date::seconds(slot.starts)),
        slot_to_time: slot.map(|slot| date::seconds(slot.ends)),
        contact_info: of.created_by.clone(),
        cr_by: of.created_by.clone(),
        cr_dtime: date::instant_without_zone(of.created_at),
        upd_by: of.updated_by.clone(),
        upd_dtime: date::instant_without_zone(of.updated_at),
    }
}

fn booked(of: &Overview) -> Booked {
    let slot = of.appointment.as_ref().map(|held| &held.slot);
    Booked {
        application_id: of.shown_as.to_string(),
        application_status_code: progress(of.status),
        booking_status_code: of.status.to_string(),
        appointment_date: slot.map(|slot| date::date(slot.day)),
        slot_from_time: slot.map(|slot| date::minutes(slot.starts)),
        slot_to_time: slot.map(|slot| date::minutes(slot.ends)),
        cr_by: of.created_by.clone(),
        cr_dtime: date::instant_without_zone(of.created_at),
        registration_center_id: slot.map(|slot| slot.center.to_string()),
        booking_type: booking_type(of.kind).into(),
    }
}

/// Returns today's release's second status: submitted is what may book, or could once
/// (`contract/rules.md` §7.1).
fn progress(status: Status) -> String {
    let word = if status == Status::ApplicationIncomplete { "DRAFT" } else { "SUBMITTED" };
    word.to_owned()
}
