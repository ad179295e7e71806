//! What is recorded of a call, by one table from endpoint to event (`contract/rules.md` §14): made
//! after the answer and in this place alone. The records go down a channel; a request never waits for
//! them, and never fails for them.

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use http_body_util::BodyExt as _;
use jiff::Timestamp;
use serde_json::Value;
use tokio::sync::mpsc;

use crate::domain::audit::{Event, Happening, Module, Subject, Told};
use crate::domain::ids::CenterId;
use crate::http::dispatch::Call;
use crate::http::flood::{Flood, Limits};
use crate::http::reply::{Of, Refused, Reply, Unrecorded, Who};
use crate::http::route::{Endpoint, query_value};
use crate::http::{Context, auth};

pub(super) const DEMOGRAPHIC: Module = Module("DEM");
const DOCUMENT: Module = Module("DOC");
const BOOKING: Module = Module("BOOK");
const DATA_SYNC: Module = Module("DAT");
const NOTIFY: Module = Module("NOTIFY");
const LOGIN: Module = Module("AUTHENTICATION");

/// How long the trail is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Records that are kept; older ones are taken away under the node's signature. A record takes some
    /// 400 bytes, and a resident makes some twenty.
    pub keep: u64,
    /// Refusals of who had not logged in that are recorded in a minute. What is more is counted, so
    /// that nobody without a login can push the records of others out of the trail.
    pub refusals_per_minute: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Self { keep: 10_000_000, refusals_per_minute: 10 }
    }
}

/// The way to the audit trail.
pub struct Trail {
    to: mpsc::Sender<Happening>,
    lost: Arc<AtomicU64>,
    nobody: Flood,
}

impl Trail {
    /// Sends records to `to`; `lost` counts those that find it full, and refusals of nobody beyond
    /// their share.
    #[must_use]
    pub fn new(to: mpsc::Sender<Happening>, lost: Arc<AtomicU64>, settings: Settings) -> Self {
        let per_minute = settings.refusals_per_minute;
        let nobody = Flood::new(Limits { per_minute, per_address: per_minute });
        Self { to, lost, nobody }
    }

    /// Sends what happened to be recorded, or counts it.
    pub(super) fn record(&self, happening: Happening) {
        let of_nobody = happening.actor.is_none() && happening.refused.is_some();
        // From wherever they come: a million addresses would fill the disk as well.
        let from = Ipv4Addr::LOCALHOST.into();
        let too_many = of_nobody && !self.nobody.admits(from, happening.at);
        if too_many || self.to.try_send(happening).is_err() {
            self.lost.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// Where the subject of a call is found.
#[derive(Clone, Copy)]
enum About {
    Nothing,
    Several,
    /// The application in the path.
    Path,
    /// The application in the query, as `preRegistrationId`.
    Query,
    /// The application that was made: this member of the answer.
    Answer(&'static str),
    /// The center in the path.
    Center,
}

/// Returns what a call of `endpoint` is in the audit trail; `None` for what is not recorded.
fn event(endpoint: Endpoint) -> Option<(Event, Module, About)> {
    use Endpoint as E;
    Some(match endpoint {
        E::SendOtp
        | E::SendOtpInLanguage
        | E::SendOtpWithCaptcha
        | E::ValidateOtp
        | E::InvalidateToken => (Event::Authentication, LOGIN, About::Nothing),

        E::CreateApplication => {
            (Event::Persist, DEMOGRAPHIC, About::Answer("/response/preRegistrationId"))
        }
        E::CreateLostUin | E::CreateUpdateRegistration => {
            (Event::Persist, DEMOGRAPHIC, About::Answer("/response/applicationId"))
        }
        E::UpdateApplication => (Event::Update, DEMOGRAPHIC, About::Path),
        E::DeleteApplication | E::DeleteLostUin | E::DeleteUpdateRegistration => {
            (Event::Delete, DEMOGRAPHIC, About::Path)
        }
        E::ListApplications | E::ListBoth => (Event::Retrieve, DEMOGRAPHIC, About::Several),

        E::CopyDocument => (Event::Copy, DOCUMENT, About::Path),
        E::DeleteDocuments => (Event::Delete, DOCUMENT, About::Path),
        E::DeleteDocument => (Event::Delete, DOCUMENT, About::Query),
        E::ReferDocument => (Event::Update, DOCUMENT, About::Query),
        E::UploadDocument => (Event::Upload, DOCUMENT, About::Path),
        E::ListDocuments => (Event::Retrieve, DOCUMENT, About::Path),
        E::FetchDocument => (Event::Retrieve, DOCUMENT, About::Query),

        E::Availability => (Event::Retrieve, BOOKING, About::Center),
        E::Book => (Event::Persist, BOOKING, About::Path),
        E::BookMany => (Event::Persist, BOOKING, About::Several),
        E::CancelAppointment | E::CancelByBatch | E::CancelByPortal => {
            (Event::Update, BOOKING, About::Path)
        }
        E::DeleteAppointment => (Event::Delete, BOOKING, About::Query),

        E::SyncList | E::SyncListOfAllKinds => (Event::Sync, DATA_SYNC, About::Several),
        E::TellConsumed => (Event::ReverseSync, Module("REV"), About::Several),

        E::SyncAvailability => (Event::Persist, BOOKING, About::Nothing),
        E::ExpireAppointments => (Event::Expired, Module("BAT"), About::Several),
        E::MoveConsumed => (Event::Consumed, Module("BAT"), About::Several),

        E::Archive => (Event::Sync, DATA_SYNC, About::Path),

        E::Notify | E::NotifyInEachLanguage | E::NotifyOfJob => {
            (Event::Notification, NOTIFY, About::Nothing)
        }

        E::LogAudit => (Event::Told, Module("PRE"), About::Nothing),

        // The contract knows no such call; a whole form is worth a record all the same.
        E::Form => (Event::Retrieve, DEMOGRAPHIC, About::Path),
        E::FormDocument | E::Thumbnail => (Event::Retrieve, DOCUMENT, About::Path),
        E::Slips => (Event::Retrieve, DEMOGRAPHIC, About::Several),
        // The application is the one on the counter's screen. What was scanned, and what a stream of
        // events tells, `http::counters` and `http::events` record themselves.
        E::CurrentForm => (Event::Retrieve, DEMOGRAPHIC, About::Nothing),

        _ => return None,
    })
}

/// What has to be known of a call before it is answered.
pub(super) struct Pending {
    happening: Happening,
    about: About,
}

/// Returns what will be recorded of `call`; `None` for what is not.
pub(super) fn pending(cx: &Context, endpoint: Endpoint, call: &Call) -> Option<Pending> {
    let (event, module, about) = event(endpoint)?;
    let actor = match call.caller.user.as_str() {
        // Who may come without a token may have one, such as somebody who logs out.
        "" => {
            auth::caller(&call.headers, &cx.logins, cx.clock.now()).ok().map(|caller| caller.user)
        }
        user => Some(user.to_owned()),
    };
    let path = || call.path.first().cloned().unwrap_or_default();
    let subject = match about {
        About::Nothing | About::Answer(_) => Subject::Nothing,
        About::Several => Subject::Several,
        About::Path => Subject::Application(path()),
        About::Query => query_value(call.query.as_deref(), "preRegistrationId")
            .map_or(Subject::Nothing, Subject::Application),
        About::Center if cx.master.center(&CenterId::new(path())).is_none() => Subject::Nothing,
        About::Center => Subject::Center(path()),
    };
    let at = cx.clock.now();
    let (refused, told) = (None, None);
    let happening = Happening { at, event, module, actor, subject, refused, told };
    Some(Pending { happening, about })
}

/// Records what `reply` says became of the call, once for each application that it is said to be about,
/// and returns it.
pub(super) async fn recorded(trail: &Trail, pending: Pending, mut reply: Reply) -> Reply {
    let Pending { mut happening, about } = pending;
    if reply.extensions_mut().remove::<Unrecorded>().is_some() {
        return reply;
    }
    happening.refused = reply.extensions().get::<Refused>().map(|Refused(code)| code.clone());
    if let Some(Who(user)) = reply.extensions_mut().remove() {
        happening.actor = Some(user);
    }
    let mut others = Vec::new();
    if let Some(Of(prids)) = reply.extensions_mut().remove() {
        others = prids;
        if let Some(prid) = others.pop() {
            happening.subject = Subject::Application(prid);
        }
    }
    happening.told = reply.extensions_mut().remove::<Told>();
    if let (About::Answer(member), None) = (about, &happening.refused) {
        let (head, body) = reply.into_parts();
        let bytes = match body.collect().await {
            Ok(body) => body.to_bytes(),
            Err(never) => match never {},
        };
        let body: Value = serde_json::from_slice(&bytes).unwrap_or_default();
        if let Some(made) = body.pointer(member).and_then(Value::as_str) {
            happening.subject = Subject::Application(made.to_owned());
        }
        reply = Reply::from_parts(head, bytes.into());
    }
    for prid in others {
        trail.record(Happening { subject: Subject::Application(prid), ..happening.clone() });
    }
    trail.record(happening);
    reply
}

/// Records that somebody was not let in, with the code they were told.
pub(super) fn barred(trail: &Trail, reply: &Reply, who: Option<String>, at: Timestamp) {
    trail.record(Happening {
        at,
        event: Event::Authentication,
        module: LOGIN,
        actor: who,
        subject: Subject::Nothing,
        refused: reply.extensions().get::<Refused>().map(|Refused(code)| code.clone()),
        told: None,
    });
}

#[cfg(test)]
mod tests {
    use hyper::Method;

    use super::*;
    use crate::http::table::table;

    #[test]
    fn every_call_that_changes_something_is_recorded() {
        // Those that ask in a body; and by the contract what sets a status leaves no record.
        let only_ask = [
            Endpoint::UpdatedTimes,
            Endpoint::ApplicantType,
            Endpoint::ClientLogin,
            Endpoint::DrawCode,
            Endpoint::Transliterate,
            Endpoint::ValidateCaptcha,
            Endpoint::SetApplicationStatus,
            // What was scanned is recorded where it is looked up, whoever sent it.
            Endpoint::SendScan,
            Endpoint::NextPerson,
        ];
        for route in table() {
            let changes = route.method != Method::GET && !only_ask.contains(&route.endpoint);
            assert!(!changes || event(route.endpoint).is_some(), "{:?}", route.endpoint);
        }
    }

    #[test]
    fn what_finds_the_channel_full_is_counted_and_nobody_waits() {
        let (to, mut from) = mpsc::channel(1);
        let lost = Arc::new(AtomicU64::new(0));
        let trail = Trail::new(to, Arc::clone(&lost), Settings::default());
        let happening = || Happening {
            at: jiff::Timestamp::UNIX_EPOCH,
            event: Event::Sync,
            module: DATA_SYNC,
            actor: None,
            subject: Subject::Several,
            refused: None,
            told: None,
        };
        for _ in 0..3 {
            trail.record(happening());
        }
        assert_eq!(lost.load(Ordering::Relaxed), 2);
        assert!(from.try_recv().is_ok() && from.try_recv().is_err());
    }

    /// I11
    #[test]
    fn who_knocks_without_a_login_is_counted_beyond_a_share_and_others_are_recorded_on() {
        let (to, mut from) = mpsc::channel(100);
        let lost = Arc::new(AtomicU64::new(0));
        let settings = Settings { refusals_per_minute: 3, ..Settings::default() };
        let trail = Trail::new(to, Arc::clone(&lost), settings);
        let knock = |actor: Option<&str>, refused: Option<&str>| Happening {
            at: Timestamp::UNIX_EPOCH,
            event: Event::Authentication,
            module: LOGIN,
            actor: actor.map(str::to_owned),
            subject: Subject::Nothing,
            refused: refused.map(str::to_owned),
            told: None,
        };
        for _ in 0..10 {
            trail.record(knock(None, Some("KER-ATH-401")));
        }
        assert_eq!(lost.load(Ordering::Relaxed), 7);
        trail.record(knock(Some("officer"), Some("PRG_PAM_APP_005")));
        trail.record(knock(None, None));
        assert_eq!(lost.load(Ordering::Relaxed), 7);
        assert_eq!(std::iter::from_fn(|| from.try_recv().ok()).count(), 5);
    }

    #[test]
    fn a_subject_stands_where_the_path_has_it() {
        for route in table() {
            let Some((_, _, about)) = event(route.endpoint) else { continue };
            for path in route.paths {
                let first = path.split('/').find(|part| part.starts_with('{'));
                match about {
                    About::Path => assert_eq!(first, Some("{prid}"), "{path}"),
                    About::Center => assert_eq!(first, Some("{centerId}"), "{path}"),
                    _ => assert!(
                        first.is_none_or(|first| ["{documentId}", "{counterId}"].contains(&first)),
                        "{path}"
                    ),
                }
            }
        }
    }
}
