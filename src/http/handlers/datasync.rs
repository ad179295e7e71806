//! Data-sync service: S1 to S3. S4, the archive sealed to a machine, is S3 and a key.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::civil::Date;
use uuid::Builder;

use crate::domain::application::Kind;
use crate::domain::ids::CenterId;
use crate::http::Context;
use crate::http::dispatch::Call;
use crate::http::handlers::{Faults, answered, opened_as, prid};
use crate::http::reply::{self, Reply};
use crate::services::datasync::{self, Error};
use crate::store::application::Booked;
use crate::wire::datasync::{
    Applications, Appointed, Archive, FETCH_IDS, FETCH_IDS_TOO, FetchIds, Ids,
};
use crate::wire::date;

/// `POST /sync`: lists what a registration client is to fetch.
pub(in crate::http) async fn list(cx: &Context, mut call: Call) -> Reply {
    let (center, first, last) = match range(cx, &mut call).await {
        Ok(range) => range,
        Err(reply) => return *reply,
    };
    let rules = cx.rules.clone();
    let listed = cx.store.write(move |tx| datasync::list(tx, &center, first, last, &rules)).await;
    let told = listed.map(|listed| Ids {
        transaction_id: Some(
            Builder::from_random_bytes(cx.entropy.bytes()).into_uuid().to_string(),
        ),
        count_of_pre_reg_ids: listed.len().to_string(),
        pre_registration_ids: listed
            .into_iter()
            .map(|(prid, value)| (prid.to_string(), date::local_millis(value)))
            .collect(),
    });
    answered(cx, call.id, told)
}

/// `POST /syncV2`: lists applications of every kind with the time of their appointment.
pub(in crate::http) async fn list_all_kinds(cx: &Context, mut call: Call) -> Reply {
    let (center, first, last) = match range(cx, &mut call).await {
        Ok(range) => range,
        Err(reply) => return *reply,
    };
    let rules = cx.rules.clone();
    let listed = cx
        .store
        .read(move |view| datasync::appointed(view, &center, first, last, None, &rules))
        .await;
    let told =
        listed.map(|list| Applications { applications: list.iter().map(appointed).collect() });
    answered(cx, call.id, told)
}

fn appointed(booked: &Booked) -> Appointed {
    Appointed {
        application_id: booked.listed_as.to_string(),
        appointment_dt_time: date::local_millis(booked.appointment.start()),
        booking_type: match booked.kind {
            Kind::New => "NEW_PREREGISTRATION",
            Kind::LostUin => "LOST_FORGOTTEN_UIN",
            Kind::Update => "UPDATE_REGISTRATION",
        },
    }
}

/// Reads which center and which days are asked for.
async fn range(cx: &Context, call: &mut Call) -> Result<(CenterId, Date, Date), Box<Reply>> {
    let ids = [FETCH_IDS, FETCH_IDS_TOO];
    let request: FetchIds = opened_as(cx, call, Faults::First, &ids).await?;
    let first = request.from_date.as_deref().and_then(date::parse_date);
    let last = match request.to_date.as_deref() {
        None | Some("") => first,
        Some(text) => date::parse_date(text),
    };
    let center = CenterId::new(request.registration_center_id.unwrap_or_default());
    match (first, last) {
        (Some(first), Some(last)) => Ok((center, first, last)),
        _ => Err(Box::new(reply::refused(call.id, &Error::Date, cx.clock.now()))),
    }
}

/// `GET /sync/{preRegistrationId}`: the archive of an application, in clear, for staff.
pub(in crate::http) async fn archive(cx: &Context, call: Call) -> Reply {
    let prid = match prid(cx, &call, &Error::NoApplication) {
        Ok(prid) => prid,
        Err(reply) => return *reply,
    };
    let master = cx.master.clone();
    let found = cx.store.read(move |view| datasync::archive(view, &prid, &master)).await;
    let told = found.map(|archive| {
        let slot = archive.appointment.slot;
        Archive {
            pre_registration_id: archive.prid.to_string(),
            registration_client_id: Some(slot.center.to_string()),
            appointment_date: Some(date::date(slot.day)),
            from_time_slot: Some(date::minutes(slot.starts)),
            to_time_slot: Some(date::minutes(slot.ends)),
            zip_filename: archive.prid.to_string(),
            zip_bytes: STANDARD.encode(archive.zip),
        }
    });
    answered(cx, call.id, told)
}
