//! Master data, UI specifications and what the portal has recorded (`contract/endpoints.md` §9: P1, U1,
//! U2, A1).

use hyper::Method;

use crate::domain::caller::Role;
use crate::http::route::{Endpoint as E, Route, Who};
use crate::http::table::{STAFF_AND_RESIDENT, row};
use crate::wire::audit::LogAudit;
use crate::wire::masterdata::ApplicantRequest;

/// Who has a token at all: the contract has no rule of roles here.
const WHOEVER_LOGGED_IN: Who = Who::Roles(&Role::ALL);

/// Returns its rows.
pub(super) fn rows() -> Vec<Route> {
    const MASTER_DATA: &[&str] = &["/preregistration/v1/proxy/masterdata/{*masterData}"];
    vec![
        row(
            Method::GET,
            &["/preregistration/v1/uispec/latest"],
            E::UiSpec,
            STAFF_AND_RESIDENT,
            None,
        )
        .query(&["version", "identitySchemaVersion"]),
        row(Method::GET, &["/preregistration/v1/uispec/all"], E::UiSpecs, STAFF_AND_RESIDENT, None)
            .query(&["pageNumber", "pageSize"]),
        row(Method::GET, MASTER_DATA, E::MasterData, WHOEVER_LOGGED_IN, None).query(&[
            "pageNumber",
            "pageSize",
            "langCode",
            "languages",
            "name",
            "sortBy",
            "orderBy",
        ]),
        row(Method::POST, MASTER_DATA, E::ApplicantType, WHOEVER_LOGGED_IN, None)
            .takes::<ApplicantRequest>(),
        row(Method::POST, &["/preregistration/v1/logAudit"], E::LogAudit, STAFF_AND_RESIDENT, None)
            .takes::<LogAudit>(),
    ]
}
