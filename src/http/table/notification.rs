//! Notification service (`contract/endpoints.md` §8).

use hyper::Method;

use crate::domain::caller::Role::{Individual, PreRegistrationAdmin, RegistrationOfficer};
use crate::http::route::{Endpoint as E, Route, Who};
use crate::http::says::Part;
use crate::http::table::row;
use crate::wire::notification::{ATTACHMENT, Done, LANGUAGE, NOTIFY, Notice, Notices, REQUEST};

const OFFICER_TOO: Who = Who::Roles(&[RegistrationOfficer, Individual, PreRegistrationAdmin]);
const RESIDENT_AND_ADMIN: Who = Who::Roles(&[Individual, PreRegistrationAdmin]);

/// Returns its rows.
pub(super) fn rows() -> Vec<Route> {
    let one =
        || vec![Part::enveloped::<Notice>(REQUEST), Part::text(LANGUAGE), Part::file(ATTACHMENT)];
    let all = || vec![Part::enveloped::<Notices>(REQUEST), Part::text(LANGUAGE)];
    vec![
        row(
            Method::POST,
            &["/preregistration/v1/notification/notify"],
            E::Notify,
            OFFICER_TOO,
            Some(NOTIFY),
        )
        .form(one())
        .gives::<Done>(),
        row(
            Method::POST,
            &["/preregistration/v1/notification"],
            E::NotifyInEachLanguage,
            RESIDENT_AND_ADMIN,
            Some(NOTIFY),
        )
        .form(all())
        .gives::<Done>(),
        row(
            Method::POST,
            &["/preregistration/v1/internal/notification"],
            E::NotifyOfJob,
            RESIDENT_AND_ADMIN,
            Some(NOTIFY),
        )
        .form(one())
        .gives::<Done>(),
    ]
}
