//! How operations travel: what `sync` asks of the other end, whatever its protocol.

pub mod mosip;

use std::future::Future;

use jiff::civil::Date;

use crate::domain::application::Application;
use crate::domain::document::Document;
use crate::domain::identity::Identity;
use crate::domain::ids::{CenterId, DocumentId};
use crate::domain::prid::Prid;
use crate::domain::status::Status;

/// Why a call brought no answer that can be used. The sentences name no person and no secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// It is certain that the other end did not get the call.
    #[error("{0}")]
    NotSent(String),
    /// The call was sent, and no answer came that can be understood: nobody knows what it did.
    #[error("{0}")]
    Unanswered(String),
    /// The other end understood the call and said no.
    #[error("{sentence}")]
    Refused {
        /// Its code.
        code: String,
        /// Its text.
        sentence: String,
    },
    /// The other end does not take this node's account: trying again by itself is no use.
    #[error("{0}")]
    Credential(String),
    /// The other end's applications have statuses that this node's lifecycle does not know: until the
    /// configuration is right, nothing may be sent there.
    #[error(
        "central has another lifecycle than this node; set `lifecycle` in the configuration to \
         central's"
    )]
    Lifecycle,
    /// The other end asks to wait this many seconds.
    #[error("upstream asks to wait {0} seconds")]
    Busy(u32),
}

/// The code for knowing none of the applications that were taken over.
pub const NONE_CONSUMED: &str = "PRG_DATA_SYNC_011";

/// A line of the other end's list: a PRID, and a value that changes when the application does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// The other end's PRID.
    pub prid: Prid,
    /// Its value, as a text: it is compared, not read.
    pub value: String,
}

/// The other end of a line.
pub trait Carrier: Send + Sync + 'static {
    /// Returns the applications with an appointment at `center` from `first` to `last`; none is an
    /// answer too.
    fn list(
        &self,
        center: &CenterId,
        first: Date,
        last: Date,
    ) -> impl Future<Output = Result<Vec<Listed>, Failure>> + Send;

    /// Returns for each of `prids` when it was updated last, as a text; PRIDs that the other end
    /// does not know are left out.
    fn updated(
        &self,
        prids: &[Prid],
    ) -> impl Future<Output = Result<Vec<(Prid, String)>, Failure>> + Send;

    /// Returns the application, documents (without digest or size) and appointment included; none
    /// where the other end does not have it.
    fn record(
        &self,
        prid: &Prid,
    ) -> impl Future<Output = Result<Option<Application>, Failure>> + Send;

    /// Returns the content of a document.
    fn content(
        &self,
        prid: &Prid,
        document: &DocumentId,
    ) -> impl Future<Output = Result<Vec<u8>, Failure>> + Send;

    /// Makes an application; returns the PRID that the other end drew for it.
    fn create(
        &self,
        language: &str,
        identity: &Identity,
    ) -> impl Future<Output = Result<Prid, Failure>> + Send;

    /// Returns the PRIDs of all that this node's account made at the other end: for looking up
    /// whether a create whose answer was lost had arrived.
    fn made(&self) -> impl Future<Output = Result<Vec<Prid>, Failure>> + Send;

    /// Returns the identity of an application that this node's account made; none where the other
    /// end does not have it.
    fn made_identity(
        &self,
        prid: &Prid,
    ) -> impl Future<Output = Result<Option<Identity>, Failure>> + Send;

    /// Uploads a document to an application that this node's account made; returns the id the other
    /// end gave it.
    fn attach(
        &self,
        prid: &Prid,
        document: &Document,
        content: Vec<u8>,
    ) -> impl Future<Output = Result<DocumentId, Failure>> + Send;

    /// Returns the documents of an application that this node's account made, without digests.
    fn attached(&self, prid: &Prid) -> impl Future<Output = Result<Vec<Document>, Failure>> + Send;

    /// Gives an application that this node's account made this identity, whole; a second time changes
    /// nothing.
    fn update(
        &self,
        prid: &Prid,
        language: &str,
        identity: &Identity,
    ) -> impl Future<Output = Result<(), Failure>> + Send;

    /// Takes a document away from an application that this node's account made.
    fn remove(
        &self,
        prid: &Prid,
        document: &DocumentId,
    ) -> impl Future<Output = Result<(), Failure>> + Send;

    /// Gives the document of `category` a reference number, whoever made the application; a second
    /// time changes nothing.
    fn refer(
        &self,
        prid: &Prid,
        category: &str,
        ref_number: &str,
    ) -> impl Future<Output = Result<(), Failure>> + Send;

    /// Sets the status of an application that this node's account made; a second time changes
    /// nothing.
    fn set_status(
        &self,
        prid: &Prid,
        status: Status,
    ) -> impl Future<Output = Result<(), Failure>> + Send;

    /// Deletes an application that this node's account made.
    fn delete(&self, prid: &Prid) -> impl Future<Output = Result<(), Failure>> + Send;

    /// Tells that the registration processor has taken these over, whoever made them; a second time
    /// changes nothing, and what the other end does not know is left out. Knowing none of them is
    /// refused with [`NONE_CONSUMED`].
    fn consumed(&self, prids: &[Prid]) -> impl Future<Output = Result<(), Failure>> + Send;
}
