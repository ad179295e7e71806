//! Data-sync service (`contract/endpoints.md` §6).

use hyper::Method;

use crate::http::route::{Endpoint as E, Route};
use crate::http::table::{STAFF, row};
use crate::wire::datasync;

/// Returns its rows.
pub(super) fn rows() -> Vec<Route> {
    vec![
        row(
            Method::POST,
            &["/preregistration/v1/sync"],
            E::SyncList,
            STAFF,
            Some(datasync::FETCH_IDS),
        )
        .takes::<datasync::FetchIds>(),
        row(
            Method::POST,
            &["/preregistration/v1/syncV2"],
            E::SyncListOfAllKinds,
            STAFF,
            Some(datasync::FETCH_IDS),
        )
        .takes::<datasync::FetchIds>(),
        row(
            Method::GET,
            &["/preregistration/v1/sync/{prid}"],
            E::Archive,
            STAFF,
            Some(datasync::FETCH),
        ),
    ]
}
