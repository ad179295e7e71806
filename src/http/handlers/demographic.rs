//! Demographic service: D1, D3, D4, D5, D8.

use std::collections::BTreeSet;

use serde_json::Map;

use crate::domain::application::Application;
use crate::domain::master::Master;
use crate::http::Context;
use crate::http::dispatch::Call;
use crate::http::handlers::{Faults, answered, booking, document, opened, prid};
use crate::http::reply::{self, Reply};
use crate::services::demographic::{self, Error, New, Page};
use crate::wire::date;
use crate::wire::demographic::{
    AllBasic, Basic, BasicMetadata, Create, Created, Dates, Details, Record, RetrieveDate,
    StatusAnswer,
};

/// Applications on a page, unless the country says otherwise.
const PAGE: usize = 20;

/// `POST /applications`: makes an application.
pub(in crate::http) async fn create(cx: &Context, mut call: Call) -> Reply {
    let request: Create = match opened(cx, &mut call, Faults::All).await {
        Ok(request) => request,
        Err(reply) => return *reply,
    };
    let new = New {
        language: request.lang_code.unwrap_or_default(),
        identity: request.demographic_details.map(|details| details.identity).unwrap_or_default(),
        required: request.required_fields,
    };
    let now = cx.clock.now();
    if let Err(error) = demographic::check(&new, &cx.master, now) {
        return reply::refused(call.id, &error, now);
    }
    let (parts, caller) = (cx.clone(), call.caller);
    let made = cx
        .store
        .write(move |tx| demographic::create(tx, &new, &caller, &parts.rules, &*parts.entropy, now))
        .await;
    answered(cx, call.id, made.map(created))
}

fn created(application: Application) -> Created {
    Created {
        pre_registration_id: application.prid.to_string(),
        created_date_time: date::instant(application.created_at),
        status_code: application.status.to_string(),
        lang_code: application.language,
        demographic_details: Details { identity: application.identity },
    }
}

/// `GET /applications/{preRegistrationId}`: reads an application.
pub(in crate::http) async fn read(cx: &Context, call: Call) -> Reply {
    let prid = match prid(cx, &call, &Error::NoApplication) {
        Ok(prid) => prid,
        Err(reply) => return *reply,
    };
    let caller = call.caller;
    let asked = prid.clone();
    let found = cx.store.read(move |view| demographic::read(view, &asked, &caller)).await;
    answered(cx, call.id, found.map(|application| record(application, prid.to_string())))
}

/// Spells an application as D3 does, under the PRID it was asked for by.
fn record(application: Application, pre_registration_id: String) -> Record {
    Record {
        pre_registration_id,
        created_by: application.created_by,
        created_date_time: date::instant(application.created_at),
        updated_by: Some(application.updated_by),
        updated_date_time: Some(date::instant(application.updated_at)),
        status_code: application.status.to_string(),
        lang_code: application.language,
        demographic_details: Details { identity: application.identity },
        extra: application.extra,
    }
}

/// `GET /applications/status/{preRegistrationId}`: reads the status of an application.
pub(in crate::http) async fn status(cx: &Context, call: Call) -> Reply {
    let prid = match prid(cx, &call, &Error::NoApplication) {
        Ok(prid) => prid,
        Err(reply) => return *reply,
    };
    let (caller, asked) = (call.caller, prid.clone());
    let found = cx.store.read(move |view| demographic::status(view, &asked, &caller)).await;
    let told = found.map(|status| StatusAnswer {
        pre_registration_id: prid.to_string(),
        status_code: status.to_string(),
    });
    answered(cx, call.id, told)
}

/// `GET /applications`: lists the caller's own applications.
pub(in crate::http) async fn list(cx: &Context, call: Call) -> Reply {
    let index = call.query("pageIndex");
    let size = cx
        .master
        .number("mosip.pregistration.pagesize")
        .and_then(|size| usize::try_from(size).ok())
        .filter(|size| *size > 0)
        .unwrap_or(PAGE);
    let (caller, asked) = (call.caller, index.clone());
    let found =
        cx.store.read(move |view| demographic::list(view, asked.as_deref(), size, &caller)).await;
    let told = found.map(|page: Page| {
        // Without an index the counters of the page stay 0, as upstream has it.
        let on_page = index.as_ref().map_or(0, |_| page.applications.len());
        AllBasic {
            total_records: page.total.to_string(),
            no_of_records: on_page.to_string(),
            page_index: index.unwrap_or_else(|| "0".into()),
            basic_details: page.applications.iter().map(|one| basic(one, &cx.master)).collect(),
        }
    });
    answered(cx, call.id, told)
}

fn basic(application: &Application, master: &Master) -> Basic {
    let text = |field: &str| application.identity.text(field).unwrap_or_default().to_owned();
    let mut names = Map::new();
    let mut languages = BTreeSet::new();
    for field in master.mapped("name").split(',').map(str::trim) {
        if let Some(value) = application.identity.get(field) {
            names.insert(field.to_owned(), value.clone());
        }
        languages.extend(application.identity.values(field).map(|(code, _)| code.to_owned()));
    }
    let of_address = application.documents.iter().find(|held| held.category == "POA");
    Basic {
        pre_registration_id: application.prid.to_string(),
        status_code: application.status.to_string(),
        booking_metadata: application.appointment.as_ref().map(booking::appointment),
        demographic_metadata: BasicMetadata {
            proof_of_address: of_address.map(document::metadata),
            postal_code: text("postalCode"),
            date_of_birth: text("dateOfBirth"),
            names,
        },
        data_capture_language: languages.into_iter().collect(),
    }
}

/// `POST /applications/updatedTime`: tells when applications were updated last.
pub(in crate::http) async fn updated_times(cx: &Context, mut call: Call) -> Reply {
    let request: RetrieveDate = match opened(cx, &mut call, Faults::All).await {
        Ok(request) => request,
        Err(reply) => return *reply,
    };
    let prids = request.pre_registration_ids.unwrap_or_default();
    let found = cx.store.read(move |view| demographic::updated_times(view, &prids)).await;
    let told = found.map(|times| -> Dates {
        times.into_iter().map(|(prid, at)| (prid, date::instant_without_zone(at))).collect()
    });
    answered(cx, call.id, told)
}
