//! Booking service (`contract/endpoints.md` §5).

use hyper::Method;

use crate::http::route::{Endpoint as E, Route};
use crate::http::table::{RESIDENT, STAFF_RESIDENT_ADMIN, row};
use crate::wire::booking;

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
        ),
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
    ]
}
