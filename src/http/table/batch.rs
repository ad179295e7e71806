//! Batch service (`contract/endpoints.md` §7), and what belongs to it of §5 and §6.

use hyper::Method;

use crate::domain::caller::Role::{
    PreRegistrationAdmin, RegistrationAdmin, RegistrationOfficer, RegistrationProcessor,
    RegistrationSupervisor,
};
use crate::http::route::{Endpoint as E, Route, Who};
use crate::http::table::row;
use crate::wire::batch;

const ADMIN: Who = Who::Roles(&[PreRegistrationAdmin]);

/// Returns its rows.
pub(super) fn rows() -> Vec<Route> {
    vec![
        row(
            Method::GET,
            &["/preregistration/v1/appointment/availability/sync"],
            E::SyncAvailability,
            ADMIN,
            Some(batch::AVAILABILITY_SYNC),
        ),
        row(
            Method::POST,
            &["/preregistration/v1/sync/consumedPreRegIds"],
            E::TellConsumed,
            Who::Roles(&[
                RegistrationOfficer,
                RegistrationSupervisor,
                RegistrationAdmin,
                RegistrationProcessor,
            ]),
            Some(batch::STORE),
        ),
        row(
            Method::PUT,
            &["/preregistration/v1/batch/expiredStatus"],
            E::ExpireAppointments,
            ADMIN,
            Some(batch::EXPIRED),
        ),
        row(
            Method::PUT,
            &["/preregistration/v1/batch/consumedStatus"],
            E::MoveConsumed,
            ADMIN,
            Some(batch::CONSUMED),
        ),
    ]
}
