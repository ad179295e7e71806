//! The description of the interface, for whoever writes a client.

use hyper::Method;

use crate::http::openapi::PATH;
use crate::http::route::{Endpoint as E, Route, Who};
use crate::http::table::row;

/// Returns its row.
pub(super) fn rows() -> Vec<Route> {
    vec![row(Method::GET, &[PATH], E::Describe, Who::Anybody, None).gives_plain(&[])]
}
