//! Document service (`contract/endpoints.md` §4).

use hyper::Method;

use crate::http::route::{Endpoint as E, Route};
use crate::http::says::Part;
use crate::http::table::{RESIDENT, STAFF_AND_RESIDENT, row};
use crate::wire::document;

/// Returns its rows.
pub(super) fn rows() -> Vec<Route> {
    vec![
        row(
            Method::POST,
            &["/preregistration/v1/documents/{prid}"],
            E::UploadDocument,
            RESIDENT,
            Some(document::UPLOAD),
        )
        .form(vec![
            Part::enveloped::<document::Upload>(document::REQUEST_PART),
            Part::file(document::FILE_PART),
        ]),
        row(
            Method::PUT,
            &["/preregistration/v1/documents/{prid}"],
            E::CopyDocument,
            RESIDENT,
            Some(document::COPY),
        )
        .query(&["catCode", "sourcePreId"]),
        row(
            Method::GET,
            &["/preregistration/v1/documents/preregistration/{prid}"],
            E::ListDocuments,
            STAFF_AND_RESIDENT,
            Some(document::FETCH_METADATA),
        ),
        row(
            Method::GET,
            &["/preregistration/v1/documents/{documentId}"],
            E::FetchDocument,
            STAFF_AND_RESIDENT,
            Some(document::FETCH_CONTENT),
        )
        .query(&["preRegistrationId"]),
        row(
            Method::DELETE,
            &["/preregistration/v1/documents/preregistration/{prid}"],
            E::DeleteDocuments,
            RESIDENT,
            Some(document::DELETE),
        ),
        row(
            Method::DELETE,
            &["/preregistration/v1/documents/{documentId}"],
            E::DeleteDocument,
            RESIDENT,
            Some(document::DELETE_ONE),
        )
        .query(&["preRegistrationId"]),
        row(
            Method::PUT,
            &["/preregistration/v1/documents/document/{documentId}"],
            E::ReferDocument,
            STAFF_AND_RESIDENT,
            Some(document::REFER),
        )
        .query(&["preRegistrationId", "refNumber"]),
    ]
}
