//! Changes to applications that are at central already: D2, D6, D7, F6, F7 and S5.
//!
//! Each may be made twice and takes effect once; what is there no more was deleted before.

use std::fmt::Write as _;

use hyper::{Method, StatusCode};
use serde::de::IgnoredAny;
use serde_json::Value;

use super::account::Session;
use super::client::{Call, Effect};
use super::{BASE, Mosip, body, found, record};
use crate::carrier::Failure;
use crate::domain::identity::Identity;
use crate::domain::ids::DocumentId;
use crate::domain::prid::Prid;
use crate::domain::status::Status;
use crate::wire::{batch, demographic};

/// Returns the body of D1 and D2.
pub(super) fn typed(language: &str, identity: &Identity) -> demographic::Create {
    // Today's central fails without a list of required fields. What the form demands was checked when
    // it was filled in, so the list is what is there.
    let fields = identity.members().keys().cloned().collect();
    demographic::Create {
        lang_code: Some(language.to_owned()),
        demographic_details: Some(demographic::Sent {
            identity: Value::Object(identity.members().clone()),
        }),
        required_fields: Some(fields),
    }
}

impl Mosip {
    /// Calls D2.
    pub(super) async fn put_identity(
        &self,
        prid: &Prid,
        language: &str,
        identity: &Identity,
    ) -> Result<(), Failure> {
        let question =
            body::question(demographic::UPDATE, &typed(language, identity), (self.now)());
        let path = format!("{BASE}{}/{prid}", self.place().path());
        let call = self.post("update", path, Effect::Writes, question);
        self.change(&self.writer, Call { method: Method::PUT, ..call }).await
    }

    /// Calls D6.
    pub(super) async fn delete_application(&self, prid: &Prid) -> Result<(), Failure> {
        let path = format!("{BASE}{}/{prid}", self.place().path());
        self.change(&self.writer, self.bare("delete", Method::DELETE, path)).await
    }

    /// Calls D7.
    pub(super) async fn put_status(&self, prid: &Prid, status: Status) -> Result<(), Failure> {
        let place = self.place().path();
        let path = format!("{BASE}{place}/status/{prid}?statusCode={status}");
        self.change(&self.writer, self.bare("status", Method::PUT, path)).await
    }

    /// Calls F6.
    pub(super) async fn delete_document(
        &self,
        prid: &Prid,
        document: &DocumentId,
    ) -> Result<(), Failure> {
        const NAME: &str = "remove";
        if !record::is_sound(document.as_str()) {
            return Err(Failure::Refused {
                code: "PRG_PAM_DOC_022".into(),
                sentence: "Central cannot be asked for a document with this id.".into(),
            });
        }
        let path = format!("{BASE}/documents/{document}?preRegistrationId={prid}");
        self.change(&self.writer, self.bare(NAME, Method::DELETE, path)).await
    }

    /// Calls F7 for the document of `category`; staff may, whoever made the application.
    pub(super) async fn put_reference(
        &self,
        prid: &Prid,
        category: &str,
        ref_number: &str,
    ) -> Result<(), Failure> {
        const NAME: &str = "reference";
        let held = self.documents(&self.reader, prid).await?;
        let Some(document) = held.iter().find(|held| held.category == category) else {
            return Err(Failure::Refused {
                code: "PRG_PAM_DOC_005".into(),
                sentence: "Central does not have this document.".into(),
            });
        };
        let (id, number) = (&document.id, percent(ref_number));
        let path =
            format!("{BASE}/documents/document/{id}?preRegistrationId={prid}&refNumber={number}");
        self.change(&self.reader, self.bare(NAME, Method::PUT, path)).await
    }

    /// Calls S5.
    pub(super) async fn post_consumed(&self, prids: &[Prid]) -> Result<(), Failure> {
        const NAME: &str = "consumed";
        let pre_registration_ids = Some(prids.iter().map(ToString::to_string).collect());
        let request = batch::ConsumedIds { pre_registration_ids };
        let question = body::question(batch::STORE, &request, (self.now)());
        let path = format!("{BASE}/sync/consumedPreRegIds");
        let call = self.post(NAME, path, Effect::Writes, question);
        let bytes = self.ask(&self.reader, &call).await?;
        body::answer::<IgnoredAny>(NAME, &bytes).map(drop)
    }

    fn bare(&self, name: &'static str, method: Method, path: String) -> Call {
        Call { method, effect: Effect::Writes, ..self.get(name, path) }
    }

    async fn change(&self, session: &Session, call: Call) -> Result<(), Failure> {
        let answer = self.call(session, &call).await?;
        // Older releases do not have every call: asking again would never help. What stands before a
        // central that is just being started says much the same, and then it would.
        if matches!(answer.status, StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED)
            && body::is_of_a_service(&answer.body, call.path.split('?').next().unwrap_or_default())
        {
            return Err(Failure::Refused {
                code: "KER-404".into(),
                sentence: "Central's release does not take this change.".into(),
            });
        }
        let bytes = found(call.name, answer)?;
        body::answer::<IgnoredAny>(call.name, &bytes).map(drop)
    }
}

/// Spells a text for a query.
fn percent(text: &str) -> String {
    let mut spelled = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            spelled.push(char::from(byte));
        } else {
            write!(spelled, "%{byte:02X}").expect("writing to a text does not fail");
        }
    }
    spelled
}
