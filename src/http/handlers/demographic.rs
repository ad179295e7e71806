//! Demographic service: D1 to D10.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use crate::domain::application::Application;
use crate::domain::identity::Identity;
use crate::domain::master::Master;
use crate::domain::prid::Prid;
use crate::http::Context;
use crate::http::dispatch::Call;
use crate::http::handlers::{Faults, answered, booking, document, opened, prid};
use crate::http::reply::{self, Reply};
use crate::services::application::{self, Found};
use crate::services::demographic::{self, Error, New, Page};
use crate::wire::demographic::{
    AllBasic, Basic, BasicMetadata, Config, Create, Created, Dates, Deleted, Details, Info, Record,
    RetrieveDate, STATUS_NOT_UPDATED, STATUS_UPDATED, StatusAnswer, Updated,
};
use crate::wire::document::AllMetadata;
use crate::wire::{application as entity, date};

/// `POST /applications`: makes an application.
pub(in crate::http) async fn create(cx: &Context, mut call: Call) -> Reply {
    let new = match sent(cx, &mut call).await {
        Ok(new) => new,
        Err(reply) => return *reply,
    };
    let (parts, caller, now) = (cx.clone(), call.caller, cx.clock.now());
    let made = cx
        .store
        .write(move |tx| demographic::create(tx, &new, &caller, &parts.rules, &*parts.entropy, now))
        .await;
    answered(cx, call.id, made.map(created))
}

/// Reads what D1 and D2 send, and checks it.
async fn sent(cx: &Context, call: &mut Call) -> Result<New, Box<Reply>> {
    let request: Create = opened(cx, call, Faults::All).await?;
    let now = cx.clock.now();
    let refused = |error: &Error| Box::new(reply::refused(call.id, error, now));
    let identity = match request.demographic_details.map(|details| details.identity) {
        Some(Value::Object(members)) => Identity::new(members),
        Some(Value::Null) | None => Identity::default(),
        Some(_) => return Err(refused(&Error::Unreadable)),
    };
    let new = New {
        language: request.lang_code.unwrap_or_default(),
        identity,
        required: request.required_fields,
    };
    demographic::check(&new, &cx.master, now).map_err(|error| refused(&error))?;
    Ok(new)
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

/// Returns the PRID in the path; a blank one is a parameter that is missing.
fn asked(cx: &Context, call: &Call) -> Result<Prid, Box<Reply>> {
    let is_blank = call.path.first().is_none_or(|text| text.trim().is_empty());
    prid(cx, call, if is_blank { &Error::NoIds } else { &Error::NoApplication })
}

/// `PUT /applications/{preRegistrationId}`: changes the data of an application.
pub(in crate::http) async fn update(cx: &Context, mut call: Call) -> Reply {
    let new = match sent(cx, &mut call).await {
        Ok(new) => new,
        Err(reply) => return *reply,
    };
    let prid = match asked(cx, &call) {
        Ok(prid) => prid,
        Err(reply) => return *reply,
    };
    let (parts, caller, now) = (cx.clone(), call.caller, cx.clock.now());
    let at = prid.clone();
    let changed = cx
        .store
        .write(move |tx| {
            let (rules, entropy) = (&parts.rules, &*parts.entropy);
            demographic::update(tx, &at, &new, &caller, rules, entropy, now)
        })
        .await;
    let told = changed.map(|application| Updated {
        pre_registration_id: prid.to_string(),
        created_date_time: date::instant(application.created_at),
        updated_date_time: date::instant(application.updated_at),
        status_code: application.status.to_string(),
        lang_code: application.language,
        demographic_details: Details { identity: application.identity },
    });
    answered(cx, call.id, told)
}

/// `DELETE /applications/{preRegistrationId}`: deletes an application.
pub(in crate::http) async fn delete(cx: &Context, call: Call) -> Reply {
    let prid = match asked(cx, &call) {
        Ok(prid) => prid,
        Err(reply) => return *reply,
    };
    let (parts, now) = (cx.clone(), cx.clock.now());
    let (at, caller) = (prid.clone(), call.caller.clone());
    let gone = cx
        .store
        .write(move |tx| demographic::delete(tx, &at, &caller, &parts.rules, &*parts.entropy, now))
        .await;
    let told = gone.map(|()| Deleted {
        pre_registration_id: prid.to_string(),
        deleted_by: call.caller.user,
        deleted_date_time: date::instant_with_offset(now),
    });
    answered(cx, call.id, told)
}

/// `GET /applications/{id}`: reads an application of any kind, each in the shape of its service.
pub(in crate::http) async fn read_any(cx: &Context, call: Call) -> Reply {
    let prid = match asked(cx, &call) {
        Ok(prid) => prid,
        Err(reply) => return *reply,
    };
    let (caller, at) = (call.caller, prid.clone());
    let now = cx.clock.now();
    match cx.store.read(move |view| application::read(view, &at, &caller)).await {
        Ok(Found::Record(found)) => reply::ok(call.id, record(*found, prid.to_string()), now),
        Ok(Found::Other(found)) => {
            let told = super::application::entity(&found, prid.to_string(), &cx.rules);
            reply::ok(entity::DETAIL, told, now)
        }
        Err(error) => reply::refused(call.id, &error, now),
    }
}

/// `GET /applications/prereg/{preRegistrationId}`: reads an application with data.
pub(in crate::http) async fn read(cx: &Context, call: Call) -> Reply {
    let prid = match asked(cx, &call) {
        Ok(prid) => prid,
        Err(reply) => return *reply,
    };
    let (caller, at) = (call.caller, prid.clone());
    let found = cx.store.read(move |view| demographic::read(view, &at, &caller)).await;
    answered(cx, call.id, found.map(|application| record(application, prid.to_string())))
}

/// `GET /applications/prereg/info/{preregistrationId}`: reads an application with what is known of
/// its documents.
pub(in crate::http) async fn info(cx: &Context, call: Call) -> Reply {
    let is_blank = call.path.first().is_none_or(|text| text.trim().is_empty());
    let missing = if is_blank { Error::NoId } else { Error::NoApplication };
    let prid = match prid(cx, &call, &missing) {
        Ok(prid) => prid,
        Err(reply) => return *reply,
    };
    let (caller, at) = (call.caller, prid.clone());
    let found = cx.store.read(move |view| demographic::read(view, &at, &caller)).await;
    let told = found.map(|application| {
        let documents: Vec<_> = application.documents.iter().map(document::metadata).collect();
        Info {
            demographic_response: record(application, prid.to_string()),
            documents_meta_data: (!documents.is_empty()).then_some(AllMetadata { documents }),
        }
    });
    answered(cx, call.id, told)
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

/// `GET /applications/status/{preRegistrationId}`: reads the status of an application of any kind.
pub(in crate::http) async fn status(cx: &Context, call: Call) -> Reply {
    let prid = match asked(cx, &call) {
        Ok(prid) => prid,
        Err(reply) => return *reply,
    };
    let (caller, at) = (call.caller, prid.clone());
    let found = cx.store.read(move |view| application::status(view, &at, &caller)).await;
    let told = found.map(|status| StatusAnswer {
        pre_registration_id: prid.to_string(),
        status_code: status.to_string(),
    });
    answered(cx, call.id, told)
}

/// `PUT /applications/status/{preRegistrationId}?statusCode=`: sets the status of an application.
pub(in crate::http) async fn set_status(cx: &Context, call: Call) -> Reply {
    let prid = match asked(cx, &call) {
        Ok(prid) => prid,
        Err(reply) => return *reply,
    };
    let code = call.query("statusCode").unwrap_or_default();
    let (parts, caller, now) = (cx.clone(), call.caller, cx.clock.now());
    let set = cx
        .store
        .write(move |tx| {
            let (master, rules) = (&parts.master, &parts.rules);
            demographic::set_status(tx, &prid, &code, &caller, master, rules, &*parts.entropy, now)
        })
        .await;
    match set {
        Err(error @ Error::NoDocuments) => {
            reply::refused_with(call.id, STATUS_NOT_UPDATED, &error, now)
        }
        set => answered(cx, call.id, set.map(|()| STATUS_UPDATED)),
    }
}

/// `GET /applications/prereg`: lists the caller's own applications with data.
pub(in crate::http) async fn list(cx: &Context, call: Call) -> Reply {
    let index = call.query("pageIndex");
    let (parts, caller, at) = (cx.clone(), call.caller, index.clone());
    let found = cx
        .store
        .read(move |view| demographic::list(view, at.as_deref(), &caller, &parts.master))
        .await;
    answered(cx, call.id, found.map(|page| all_basic(&page, index, &cx.master)))
}

/// Spells a page as D5 does.
pub(super) fn all_basic(page: &Page, index: Option<String>, master: &Master) -> AllBasic {
    // Without an index the counters of the page stay 0, as upstream has it.
    let on_page = index.as_ref().map_or(0, |_| page.applications.len());
    AllBasic {
        total_records: page.total.to_string(),
        no_of_records: on_page.to_string(),
        page_index: index.unwrap_or_else(|| "0".into()),
        basic_details: page.applications.iter().map(|(prid, a)| basic(prid, a, master)).collect(),
    }
}

fn basic(prid: &Prid, application: &Application, master: &Master) -> Basic {
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
        pre_registration_id: prid.to_string(),
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

/// `GET /applications/config`: the schema that identities obey.
pub(in crate::http) fn config(cx: &Context, call: &Call) -> Reply {
    let told = Config { id_schema: cx.master.id_schema().json().clone() };
    reply::ok(call.id, told, cx.clock.now())
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
