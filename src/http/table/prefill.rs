//! Pre-fill, for the programs at the counters.

use hyper::Method;

use crate::http::route::{Endpoint as E, Route};
use crate::http::table::{COUNTER, row};

/// Returns its rows.
pub(super) fn rows() -> Vec<Route> {
    vec![
        row(Method::GET, &["/prefill/v1/forms/{prid}"], E::Form, COUNTER, None)
            .gives_plain(&[400, 404]),
        row(
            Method::GET,
            &["/prefill/v1/forms/{prid}/documents/{documentId}"],
            E::FormDocument,
            COUNTER,
            None,
        )
        .gives_file(&[400, 404]),
    ]
}
