//! Booking service (`contract/endpoints.md` §5).

use hyper::Method;

use crate::domain::caller::Role::{
    Individual, PreRegistrationAdmin, RegistrationOfficer, RegistrationSupervisor,
};
use crate::http::route::{Endpoint as E, Route, Who};
use crate::http::table::{RESIDENT, STAFF_AND_RESIDENT, STAFF_RESIDENT_ADMIN, row};
use crate::wire::booking;

const RESIDENT_OR_ADMIN: Who = Who::Roles(&[Individual, PreRegistrationAdmin]);

/// Returns its rows.
pub(super) fn rows() -> Vec<Route> {
    vec![
        row(
            Method::GET,
            &[
                "/preregistration/v1/appointment/availability/{centerId}",
                "/preregistration/v1/applications/appointment/slots/availability/{centerId}",
            ],
            E::Availability,
            RESIDENT,
            Some(booking::AVAILABILITY),
        ),
        row(
            Method::POST,
            &[
                "/preregistration/v1/appointment/{prid}",
                "/preregistration/v1/applications/appointment/{prid}",
            ],
            E::Book,
            RESIDENT,
            Some(booking::BOOK),
        )
        .takes::<booking::Book>(),
        row(
            Method::GET,
            &[
                "/preregistration/v1/appointment/{prid}",
                "/preregistration/v1/applications/appointment/{prid}",
            ],
            E::FetchAppointment,
            STAFF_RESIDENT_ADMIN,
            Some(booking::FETCH),
        ),
        row(
            Method::POST,
            &["/preregistration/v1/appointment", "/preregistration/v1/applications/appointment"],
            E::BookMany,
            RESIDENT,
            Some(booking::BOOK),
        )
        .takes::<booking::BookMany>(),
        row(
            Method::PUT,
            &[
                "/preregistration/v1/appointment/{prid}",
                "/preregistration/v1/applications/appointment/{prid}",
            ],
            E::CancelAppointment,
            RESIDENT_OR_ADMIN,
            Some(booking::CANCEL),
        ),
        row(
            Method::GET,
            &["/preregistration/v1/appointment/preRegistrationId/{centerId}"],
            E::BookedIds,
            STAFF_AND_RESIDENT,
            Some(booking::IDS),
        )
        .query(&["from_date", "to_date", "fromDate", "toDate"]),
        row(
            Method::GET,
            &["/preregistration/v1/appointment/registrationCenterId/{centerId}"],
            E::BookedTimes,
            STAFF_AND_RESIDENT,
            Some(booking::IDS),
        )
        .query(&["from_date", "to_date", "fromDate", "toDate"]),
        row(
            Method::DELETE,
            &["/preregistration/v1/appointment", "/preregistration/v1/applications/appointment"],
            E::DeleteAppointment,
            RESIDENT_OR_ADMIN,
            Some(booking::DELETE),
        )
        .query(&["preRegistrationId"]),
        row(
            Method::PUT,
            &["/preregistration/v1/batch/appointment/{prid}"],
            E::CancelByBatch,
            Who::Roles(&[PreRegistrationAdmin, RegistrationSupervisor]),
            Some(booking::CANCEL),
        ),
        row(
            Method::PUT,
            &["/preregistration/v1/internal/applications/appointment/{prid}"],
            E::CancelByPortal,
            Who::Roles(&[RegistrationOfficer, Individual, PreRegistrationAdmin]),
            Some(booking::CANCEL),
        ),
    ]
}
