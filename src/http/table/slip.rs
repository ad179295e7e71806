//! Slips, for counters to print.

use hyper::Method;

use crate::http::route::{Endpoint as E, Route};
use crate::http::table::{COUNTER, row};

/// Returns its rows.
pub(super) fn rows() -> Vec<Route> {
    vec![
        row(Method::GET, &["/prefill/v1/slips"], E::Slips, COUNTER, None)
            .query(&["prid", "languages", "paper"])
            .gives_file(&[400, 404, 500]),
    ]
}
