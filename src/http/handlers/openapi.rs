//! The description of the interface.

use std::sync::LazyLock;

use bytes::Bytes;
use hyper::StatusCode;

use crate::http::openapi;
use crate::http::reply::{self, Reply};
use crate::http::table::table;

/// It is the same for all nodes of a version.
static DESCRIPTION: LazyLock<Bytes> =
    LazyLock::new(|| openapi::describe(&table()).to_string().into());

/// `GET /openapi.json`: describes all that is served.
pub(in crate::http) fn describe() -> Reply {
    reply::json(StatusCode::OK, DESCRIPTION.to_vec())
}
