//! Pre-fill, for the programs at the counters.

use hyper::Method;

use crate::http::route::{Endpoint as E, Route};
use crate::http::table::{COUNTER, row};

/// What stands on a counter's screen.
const CURRENT: &str = "/prefill/v1/counters/{counterId}/current";

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
        row(
            Method::GET,
            &["/prefill/v1/forms/{prid}/documents/{documentId}/thumbnail"],
            E::Thumbnail,
            COUNTER,
            None,
        )
        .query(&["side"])
        .gives_file(&[400, 404, 415, 503]),
        row(Method::GET, &[CURRENT], E::CurrentForm, COUNTER, None).gives_plain(&[403, 404]),
        row(Method::DELETE, &[CURRENT], E::NextPerson, COUNTER, None).gives_plain(&[403, 404]),
        row(
            Method::GET,
            &["/prefill/v1/counters/{counterId}/events"],
            E::CounterEvents,
            COUNTER,
            None,
        )
        .gives_stream("text/event-stream", &[403, 404, 503]),
        row(Method::POST, &["/prefill/v1/counters/{counterId}/scans"], E::SendScan, COUNTER, None)
            .takes_scan()
            .gives_plain(&[400, 403, 404, 415, 429, 503]),
        row(Method::GET, &["/prefill/v1/counters/{counterId}/preview"], E::Preview, COUNTER, None)
            .query(&["camera"])
            .gives_stream("multipart/x-mixed-replace", &[403, 404, 503]),
    ]
}
