//! The notification service: N1, N2 and N3.

use hyper::StatusCode;

use crate::domain::prid::Prid;
use crate::http::Context;
use crate::http::body::Error as BodyError;
use crate::http::dispatch::Call;
use crate::http::handlers::unread;
use crate::http::reply::{self, Of, Reply};
use crate::services::notification::{self, Error, Notice};
use crate::wire::date;
use crate::wire::envelope::{Answer, Request, VERSION};
use crate::wire::notification as spelled;

/// Bytes of a form at most: the acknowledgement in it is a page.
const FORM: usize = 4 << 20;

/// `POST /notification/notify`: tells of an appointment, or of its end, in one language.
pub(in crate::http) async fn in_one_language(cx: &Context, call: Call) -> Reply {
    let read = |request: &Request, language: Option<String>| {
        let notice = request.body().map_err(|_| Error::NotJson)?;
        // Who names none has chosen none of those that there are.
        let language = language.ok_or(Error::Language)?;
        Ok(vec![notice_in(Some(language), notice)])
    };
    notify(cx, call, read).await
}

/// `POST /internal/notification`: the same for jobs, which may leave the language to the application.
pub(in crate::http) async fn of_a_job(cx: &Context, call: Call) -> Reply {
    let read = |request: &Request, language: Option<String>| {
        let notice = request.body().map_err(|_| Error::NotJson)?;
        Ok(vec![notice_in(language, notice)])
    };
    notify(cx, call, read).await
}

/// `POST /notification`: tells of an appointment in several languages at once.
pub(in crate::http) async fn in_each_language(cx: &Context, call: Call) -> Reply {
    let read = |request: &Request, languages: Option<String>| {
        let mut notices: spelled::Notices = request.body().map_err(|_| Error::NotJson)?;
        let mut told = Vec::new();
        // In the order that the caller chose; what it did not name comes after.
        for language in languages.as_deref().unwrap_or("").split(',').map(str::trim) {
            if let Some(notice) = notices.remove(language) {
                told.push(notice_in(Some(language.to_owned()), notice));
            }
        }
        told.extend(
            notices.into_iter().map(|(language, notice)| notice_in(Some(language), notice)),
        );
        Ok(told)
    };
    notify(cx, call, read).await
}

async fn notify(
    cx: &Context,
    mut call: Call,
    read: impl Fn(&Request, Option<String>) -> Result<Vec<Notice>, Error>,
) -> Reply {
    let now = cx.clock.now();
    let parts = match call.parts(FORM, [spelled::REQUEST, spelled::LANGUAGE]).await {
        Ok(parts) => parts,
        Err(BodyError::BadForm) => return reply::refused(call.id, &Error::NotJson, now),
        Err(error) => return unread(call.id, error, now),
    };
    let [request, language] = parts.map(Option::unwrap_or_default);
    let Ok(request) = Request::parse(&request) else {
        return reply::refused(call.id, &Error::NotJson, now);
    };
    if let Some(fault) = request.findings(call.id, cx.window, now).into_iter().next() {
        return reply::faults(call.id, &[fault], now);
    }
    let language = String::from_utf8_lossy(&language).trim().to_owned();
    let notices = match read(&request, Some(language).filter(|language| !language.is_empty())) {
        Ok(notices) => notices,
        Err(error) => return reply::refused(call.id, &error, now),
    };
    let about = notices.first().and_then(|notice| Prid::parse(notice.prid.as_deref()?).ok());
    let (parts, caller) = (cx.clone(), call.caller);
    let queued = cx
        .store
        .write(move |tx| {
            notification::notify(tx, &notices, &caller, &parts.master, &parts.rules, now)
        })
        .await;
    let mut reply = match queued {
        Ok(()) => {
            let answer = Answer {
                id: Some(call.id),
                version: Some(VERSION),
                responsetime: date::instant_without_zone(now),
                metadata: None,
                response: Some(spelled::Done { message: spelled::DONE }),
                errors: None,
            };
            reply::json(StatusCode::OK, answer.to_bytes())
        }
        Err(error) => reply::refused(call.id, &error, now),
    };
    if let Some(prid) = about {
        reply.extensions_mut().insert(Of(vec![prid.to_string()]));
    }
    reply
}

fn notice_in(language: Option<String>, notice: spelled::Notice) -> Notice {
    Notice {
        language,
        prid: notice.pre_registration_id,
        name: notice.name,
        date: notice.appointment_date,
        time: notice.appointment_time,
        phone: notice.mob_num,
        email: notice.email_id,
        additional: notice.additional_recipient == Some(true),
        cancelled: notice.is_batch,
    }
}
