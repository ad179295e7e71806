//! Data-sync service: S1.

use uuid::Builder;

use crate::domain::ids::CenterId;
use crate::http::Context;
use crate::http::dispatch::Call;
use crate::http::handlers::{Faults, answered, opened};
use crate::http::reply::{self, Reply};
use crate::services::datasync::{self, Error};
use crate::wire::datasync::{FetchIds, Ids};
use crate::wire::date;

/// `POST /sync`: lists what a registration client is to fetch.
pub(in crate::http) async fn list(cx: &Context, mut call: Call) -> Reply {
    let request: FetchIds = match opened(cx, &mut call, Faults::First).await {
        Ok(request) => request,
        Err(reply) => return *reply,
    };
    let now = cx.clock.now();
    let from = request.from_date.as_deref().and_then(date::parse_date);
    let to = match request.to_date.as_deref() {
        None | Some("") => from,
        Some(text) => date::parse_date(text),
    };
    let (Some(from), Some(to)) = (from, to) else {
        return reply::refused(call.id, &Error::Date, now);
    };
    let center = CenterId::new(request.registration_center_id.unwrap_or_default());
    let listed = cx.store.write(move |tx| datasync::list(tx, &center, from, to)).await;
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
