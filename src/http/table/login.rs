//! Login: no token is asked for, for there is none yet.

use hyper::Method;

use crate::http::route::{Endpoint as E, Route, Who};
use crate::http::table::row;
use crate::wire::login;

/// Returns its rows.
pub(super) fn rows() -> Vec<Route> {
    vec![
        row(
            Method::POST,
            &["/preregistration/v1/login/sendOtp"],
            E::SendOtp,
            Who::Anybody,
            Some(login::SEND_OTP),
        ),
        row(
            Method::POST,
            &["/preregistration/v1/login/validateOtp"],
            E::ValidateOtp,
            Who::Anybody,
            Some(login::VALIDATE_OTP),
        ),
        row(Method::POST, &[login::CLIENT_SECRET], E::ClientLogin, Who::Anybody, None),
    ]
}
