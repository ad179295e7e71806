//! Transliteration service (`contract/endpoints.md` §8).

use hyper::Method;

use crate::http::route::{Endpoint as E, Route};
use crate::http::table::{STAFF_AND_RESIDENT, row};
use crate::wire::transliteration::{Done, TRANSLITERATE, Wanted};

/// Returns its rows.
pub(super) fn rows() -> Vec<Route> {
    vec![
        row(
            Method::POST,
            &["/preregistration/v1/transliteration/transliterate"],
            E::Transliterate,
            STAFF_AND_RESIDENT,
            Some(TRANSLITERATE),
        )
        .takes::<Wanted>()
        .gives::<Done>(),
    ]
}
