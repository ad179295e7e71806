//! The route table: a file for each service, its rows in the order of the contract's list.

mod batch;
mod booking;
mod catalog;
mod datasync;
mod demographic;
mod document;
mod health;
mod login;
mod notification;
mod openapi;
mod prefill;
mod qrcode;
mod slip;
mod transliteration;

use hyper::Method;

use crate::domain::caller::Role::{
    Counter, Individual, PreRegistrationAdmin, RegistrationAdmin, RegistrationOfficer,
    RegistrationSupervisor,
};
use crate::http::route::{Endpoint, Route, Who};
use crate::http::says::Says;

const STAFF_AND_RESIDENT: Who =
    Who::Roles(&[Individual, RegistrationOfficer, RegistrationSupervisor, RegistrationAdmin]);
const STAFF_RESIDENT_ADMIN: Who = Who::Roles(&[
    Individual,
    RegistrationOfficer,
    RegistrationSupervisor,
    RegistrationAdmin,
    PreRegistrationAdmin,
]);
const RESIDENT: Who = Who::Roles(&[Individual]);
const STAFF: Who = Who::Roles(&[RegistrationOfficer, RegistrationSupervisor, RegistrationAdmin]);
const COUNTER: Who =
    Who::Roles(&[Counter, RegistrationOfficer, RegistrationSupervisor, RegistrationAdmin]);

/// Returns the whole table.
#[must_use]
pub fn table() -> Vec<Route> {
    [
        login::rows(),
        demographic::rows(),
        document::rows(),
        booking::rows(),
        batch::rows(),
        datasync::rows(),
        catalog::rows(),
        qrcode::rows(),
        notification::rows(),
        transliteration::rows(),
        prefill::rows(),
        slip::rows(),
        health::rows(),
        openapi::rows(),
    ]
    .concat()
}

/// Makes a row.
fn row(
    method: Method,
    paths: &'static [&'static str],
    endpoint: Endpoint,
    who: Who,
    id: Option<&'static str>,
) -> Route {
    Route { method, paths, endpoint, who, id, says: Says::default() }
}
