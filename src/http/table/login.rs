//! Login and captcha: no token is asked for, for there is none yet.

use std::collections::BTreeMap;

use hyper::Method;

use crate::http::route::{Endpoint as E, Route, Who};
use crate::http::table::row;
use crate::wire::{captcha, login};

/// Returns its rows.
pub(super) fn rows() -> Vec<Route> {
    vec![
        row(
            Method::POST,
            &["/preregistration/v1/login/sendOtp"],
            E::SendOtp,
            Who::Anybody,
            Some(login::SEND_OTP),
        )
        .takes::<login::SendOtp>()
        .gives::<login::Done>(),
        row(
            Method::POST,
            &["/preregistration/v1/login/sendOtp/langcode"],
            E::SendOtpInLanguage,
            Who::Anybody,
            Some(login::SEND_OTP),
        )
        .takes::<login::SendOtp>()
        .gives::<login::Done>(),
        row(
            Method::POST,
            &["/preregistration/v1/login/sendOtpWithCaptcha"],
            E::SendOtpWithCaptcha,
            Who::Anybody,
            Some(login::SEND_OTP),
        )
        .takes::<login::SendOtp>()
        .gives::<login::Done>(),
        row(
            Method::POST,
            &["/preregistration/v1/login/validateOtp"],
            E::ValidateOtp,
            Who::Anybody,
            Some(login::VALIDATE_OTP),
        )
        .takes::<login::ValidateOtp>()
        .gives::<login::Done>(),
        row(
            Method::POST,
            &["/preregistration/v1/login/invalidateToken"],
            E::InvalidateToken,
            Who::Anybody,
            Some(login::INVALIDATE),
        )
        .gives::<login::Done>(),
        row(
            Method::GET,
            &["/preregistration/v1/login/config"],
            E::PublishedConfig,
            Who::Anybody,
            Some(login::CONFIG),
        )
        .gives::<BTreeMap<String, String>>(),
        row(
            Method::GET,
            &["/preregistration/v1/login/refreshconfig"],
            E::RefreshConfig,
            Who::Anybody,
            Some(login::CONFIG),
        )
        .gives::<String>(),
        row(Method::POST, &[login::CLIENT_SECRET], E::ClientLogin, Who::Anybody, None)
            .takes::<login::ClientSecret<'_>>()
            .gives::<login::Done>(),
        row(
            Method::POST,
            &["/preregistration/v1/captcha/validatecaptcha", "/v1/captcha/validatecaptcha"],
            E::ValidateCaptcha,
            Who::Anybody,
            Some(captcha::VALIDATE),
        )
        .takes::<captcha::Validate>()
        .gives::<captcha::Validated>(),
    ]
}
