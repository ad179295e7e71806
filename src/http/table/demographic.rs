//! Demographic service (`contract/endpoints.md` §3).

use hyper::Method;

use crate::domain::caller::Role::{
    Individual, RegistrationAdmin, RegistrationOfficer, RegistrationProcessor,
    RegistrationSupervisor,
};
use crate::http::route::{Endpoint as E, Route, Who};
use crate::http::table::{STAFF_AND_RESIDENT, STAFF_RESIDENT_ADMIN, row};
use crate::wire::demographic;

/// Returns its rows.
pub(super) fn rows() -> Vec<Route> {
    vec![
        row(
            Method::POST,
            &["/preregistration/v1/applications", "/preregistration/v1/applications/prereg"],
            E::CreateApplication,
            STAFF_AND_RESIDENT,
            Some(demographic::CREATE),
        ),
        row(
            Method::GET,
            &[
                "/preregistration/v1/applications/{prid}",
                "/preregistration/v1/applications/prereg/{prid}",
            ],
            E::ReadApplication,
            STAFF_RESIDENT_ADMIN,
            Some(demographic::RETRIEVE),
        ),
        row(
            Method::GET,
            &[
                "/preregistration/v1/applications/status/{prid}",
                "/preregistration/v1/applications/prereg/status/{prid}",
            ],
            E::ApplicationStatus,
            STAFF_RESIDENT_ADMIN,
            Some(demographic::RETRIEVE_STATUS),
        ),
        row(
            Method::GET,
            &["/preregistration/v1/applications", "/preregistration/v1/applications/prereg"],
            E::ListApplications,
            STAFF_AND_RESIDENT,
            Some(demographic::RETRIEVE_BASIC),
        ),
        row(
            Method::POST,
            &[
                "/preregistration/v1/applications/updatedTime",
                "/preregistration/v1/applications/prereg/updatedTime",
            ],
            E::UpdatedTimes,
            Who::Roles(&[
                Individual,
                RegistrationOfficer,
                RegistrationSupervisor,
                RegistrationAdmin,
                RegistrationProcessor,
            ]),
            Some(demographic::RETRIEVE_DATE),
        ),
    ]
}
