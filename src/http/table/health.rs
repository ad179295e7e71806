//! Health, for monitoring on this machine.

use hyper::Method;

use crate::http::route::{Endpoint as E, Route, Who};
use crate::http::table::row;

/// Returns its rows.
pub(super) fn rows() -> Vec<Route> {
    vec![
        row(Method::GET, &["/health/live"], E::Live, Who::ThisMachine, None).gives_plain(&[]),
        row(Method::GET, &["/health/ready"], E::Ready, Who::ThisMachine, None).gives_plain(&[503]),
    ]
}
