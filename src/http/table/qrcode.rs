//! QR code service (`contract/endpoints.md` §8).

use hyper::Method;

use crate::http::route::{Endpoint as E, Route};
use crate::http::table::{RESIDENT, row};
use crate::wire::qrcode::{Code, Drawn, GENERATE};

/// Returns its rows.
pub(super) fn rows() -> Vec<Route> {
    vec![
        row(
            Method::POST,
            &["/preregistration/v1/qrCode/generate"],
            E::DrawCode,
            RESIDENT,
            Some(GENERATE),
        )
        .takes::<Drawn>()
        .gives::<Code>(),
    ]
}
