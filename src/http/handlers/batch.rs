//! Batch service: J1, J2 and B1; and S5, which tells what the second of them is to do.

use tokio::sync::oneshot;
use uuid::Builder;

use crate::domain::job::Job;
use crate::http::Context;
use crate::http::dispatch::Call;
use crate::http::handlers::{Faults, answered, opened};
use crate::http::reply::Reply;
use crate::services::batch::{self, Error};
use crate::store;
use crate::wire::batch::{ConsumedIds, Stored};

/// `GET /appointment/availability/sync`: makes seats follow master data.
pub(in crate::http) async fn availability(cx: &Context, call: Call) -> Reply {
    let done = ordered(cx, Job::Availability).await;
    answered(cx, call.id, done.map(|()| "MASTER_DATA_SYNCED_SUCCESSFULLY"))
}

/// `PUT /batch/expiredStatus`: lets appointments expire.
pub(in crate::http) async fn expired(cx: &Context, call: Call) -> Reply {
    let done = ordered(cx, Job::Expired).await;
    let text = "Registration appointment status updated to expired successfully";
    answered(cx, call.id, done.map(|()| text))
}

/// `PUT /batch/consumedStatus`: moves away what registration has taken over.
pub(in crate::http) async fn consumed(cx: &Context, call: Call) -> Reply {
    let done = ordered(cx, Job::Consumed).await;
    answered(cx, call.id, done.map(|()| "Demographic status to consumed updated successfully"))
}

/// Has a job run where jobs run, and waits for how it went.
async fn ordered(cx: &Context, job: Job) -> Result<(), Error> {
    let stopping = || Error::Store(store::Error::Closed);
    let (answer, done) = oneshot::channel();
    cx.jobs.send((job, answer)).await.map_err(|_| stopping())?;
    done.await.unwrap_or_else(|_| Err(stopping()))
}

/// `POST /sync/consumedPreRegIds`: notes what registration has taken over.
pub(in crate::http) async fn told(cx: &Context, mut call: Call) -> Reply {
    let request: ConsumedIds = match opened(cx, &mut call, Faults::First).await {
        Ok(request) => request,
        Err(reply) => return *reply,
    };
    let prids = request.pre_registration_ids.unwrap_or_default();
    let (parts, now) = (cx.clone(), cx.clock.now());
    let noted = cx.store.write(move |tx| batch::consumed(tx, &prids, &parts.rules, now)).await;
    let told = noted.map(|noted| Stored {
        transaction_id: Builder::from_random_bytes(cx.entropy.bytes()).into_uuid().to_string(),
        count_of_stored_pre_reg_ids: noted.len().to_string(),
        count_of_pre_reg_ids: noted.len().to_string(),
        pre_registration_ids: noted.iter().map(ToString::to_string).collect(),
    });
    answered(cx, call.id, told)
}
