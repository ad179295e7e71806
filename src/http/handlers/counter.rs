//! A counter: what stands on its screen, what happens at it, what is sent to it, and what its
//! cameras see.

use std::time::Duration;

use bytes::Bytes;
use hyper::StatusCode;
use hyper::header::{CONTENT_TYPE, ETAG, HeaderValue, IF_NONE_MATCH, RETRY_AFTER};
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::sync::{oneshot, watch};

use crate::domain::caller::{Role, Roles};
use crate::domain::counter::{Reach, Seen};
use crate::domain::ids::Digest;
use crate::domain::picture::{Found, NotFound, Wanted};
use crate::domain::scan::{Camera, CameraState, Scanned};
use crate::http::dispatch::Call;
use crate::http::handlers::unread;
use crate::http::reply::{self, Of, Reply, Unrecorded};
use crate::http::stream::Pen;
use crate::http::{Context, counters, events, forms};
use crate::services::prefill::{Error, Refused};

/// Bytes of a picture at most.
const PICTURE: usize = 2 * 1024 * 1024;
/// Bytes of a typed text with its JSON at most.
const TEXT: usize = 16 * 1024;
/// How long a question about a picture may take, its wait for others included.
const PATIENCE: Duration = Duration::from_secs(12);
/// How long a preview whose camera sends nothing stands still, or shows nothing at all. Less than a
/// connection may be idle, or it would be cut off.
const STILL: Duration = Duration::from_secs(20);
/// How a preview is sent: each picture in the place of the one before.
const PREVIEW: &str = "multipart/x-mixed-replace; boundary=picture";

/// Who may ask for any counter.
const STAFF: &[Role] =
    &[Role::RegistrationOfficer, Role::RegistrationSupervisor, Role::RegistrationAdmin];

/// The answer of `GET counters/{counterId}/current`, its form left out.
#[derive(Serialize)]
struct Current<'a> {
    counter: &'a str,
    name: Option<&'a str>,
    scanner: Reach,
    cameras: Vec<Camera>,
    scan: Option<&'a Seen>,
}

/// `GET /prefill/v1/counters/{counterId}/current`: what stands on its screen.
pub(in crate::http) async fn current(cx: &Context, call: &Call) -> Reply {
    let place = match place(cx, call) {
        Ok(place) => place,
        Err(reply) => return *reply,
    };
    let mut screen = cx.counters.glance(place);
    let shown = screen.form.take();
    let form = match &shown {
        // As it is now, and not as it was when it was scanned.
        Some((seq, shown)) => match forms::here(cx, shown.prid.clone()).await {
            Ok(Some(form)) => Some(form),
            Ok(None) => {
                cx.counters.withdraw(place, *seq);
                screen.seen = None;
                None
            }
            Err(error) => {
                let error = Error::from(error);
                return reply::plain_refusal(StatusCode::INTERNAL_SERVER_ERROR, &error);
            }
        },
        None => None,
    };
    let counter = cx.counters.counter(place);
    let scanner = events::scanner(cx, place);
    let head = Current {
        counter: counter.id.as_str(),
        name: counter.name.as_deref(),
        scanner: scanner.state,
        cameras: scanner.cameras,
        scan: screen.seen.as_ref().map(|(_, seen)| seen),
    };
    let mut body = serde_json::to_vec(&head).expect("it has text keys and no failing parts");
    body.pop();
    body.extend_from_slice(b",\"form\":");
    body.extend_from_slice(form.as_deref().unwrap_or(b"null"));
    body.push(b'}');
    let told = shown.filter(|_| form.is_some()).map(|(_, form)| form.prid);
    let tag = format!("\"{}\"", Digest::of(&body));
    let known = call.headers().get(IF_NONE_MATCH).is_some_and(|known| known == tag.as_str());
    let mut reply = if known {
        reply::json(StatusCode::NOT_MODIFIED, Vec::new())
    } else {
        reply::json(StatusCode::OK, body)
    };
    if let Ok(tag) = HeaderValue::try_from(tag) {
        reply.headers_mut().insert(ETAG, tag);
    }
    match told.filter(|_| !known) {
        Some(prid) => drop(reply.extensions_mut().insert(Of(vec![prid.to_string()]))),
        None => drop(reply.extensions_mut().insert(Unrecorded)),
    }
    reply
}

/// `GET /prefill/v1/counters/{counterId}/events`: what happens at it, as it happens.
pub(in crate::http) fn events(cx: &Context, call: &Call) -> Reply {
    let place = match place(cx, call) {
        Ok(place) => place,
        Err(reply) => return *reply,
    };
    let last = call.headers().get("last-event-id").and_then(|id| id.to_str().ok());
    let last = last.map(str::to_owned);
    let Ok((pen, body)) = cx.streams.open(cx.counters.streams(place)) else { return no_place() };
    tokio::spawn(events::write(cx.clone(), place, call.caller.user.clone(), last, pen));
    let mut reply = reply::streamed(StatusCode::OK, "text/event-stream", body);
    // For a proxy that would gather it.
    reply.headers_mut().insert("x-accel-buffering", HeaderValue::from_static("no"));
    reply
}

/// A text that a hand scanner typed into a program.
#[derive(Deserialize)]
struct Typed {
    text: String,
}

/// `POST /prefill/v1/counters/{counterId}/scans`: a text that was typed, or a picture that a
/// browser's camera took.
pub(in crate::http) async fn scan(cx: &Context, mut call: Call) -> Reply {
    let place = match place(cx, &call) {
        Ok(place) => place,
        Err(reply) => return *reply,
    };
    let media_type = call.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    let media_type = media_type.map(|kind| kind.split(';').next().unwrap_or_default().trim());
    let is_picture = match media_type {
        Some("application/json") => false,
        Some("image/jpeg" | "image/png") => true,
        _ => return refused(StatusCode::UNSUPPORTED_MEDIA_TYPE, Refused::NotAScan),
    };
    let body = match call.bytes(if is_picture { PICTURE } else { TEXT }).await {
        Ok(body) => body,
        Err(error) => return unread(call.id, error, cx.clock.now()),
    };
    if !cx.counters.admits(place) {
        return later(refused(StatusCode::TOO_MANY_REQUESTS, Refused::TooFast));
    }
    let texts = if is_picture {
        match ask(cx, Wanted::Codes, body).await {
            Ok(Found::Codes(texts)) => texts,
            Err(NotFound::NoProcess) => {
                return later(refused(StatusCode::SERVICE_UNAVAILABLE, Refused::NoScanner));
            }
            Ok(_) | Err(_) => return refused(StatusCode::BAD_REQUEST, Refused::NotAPicture),
        }
    } else {
        match serde_json::from_slice::<Typed>(&body) {
            Ok(typed) => vec![typed.text],
            Err(_) => return refused(StatusCode::BAD_REQUEST, Refused::NotAScan),
        }
    };
    let best = texts.iter().min_by_key(|text| match Scanned::of(text) {
        Scanned::Application(_) => 0,
        Scanned::Mistyped(_) => 1,
        Scanned::Foreign => 2,
    });
    let seen = best
        .and_then(|text| counters::take(cx, place, text, None, cx.clock.now(), &call.caller.user));
    let answer = json!({"codes": texts.len(), "scan": seen});
    reply::json(StatusCode::OK, answer.to_string().into_bytes())
}

/// `DELETE /prefill/v1/counters/{counterId}/current`: the next person.
pub(in crate::http) fn next(cx: &Context, call: &Call) -> Reply {
    let place = match place(cx, call) {
        Ok(place) => place,
        Err(reply) => return *reply,
    };
    cx.counters.clear(place);
    let id = cx.counters.counter(place).id.as_str();
    let answer = json!({"counter": id, "scan": null, "form": null});
    reply::json(StatusCode::OK, answer.to_string().into_bytes())
}

/// `GET /prefill/v1/counters/{counterId}/preview?camera=`: what a camera of it sees, for as long as
/// somebody looks; without a name the first that sends pictures.
pub(in crate::http) async fn preview(cx: &Context, call: &Call) -> Reply {
    let place = match place(cx, call) {
        Ok(place) => place,
        Err(reply) => return *reply,
    };
    let scanner = events::scanner(cx, place);
    if scanner.state != Reach::Up {
        cx.counters.glance(place);
        return later(refused(StatusCode::SERVICE_UNAVAILABLE, Refused::NoScanner));
    }
    let cameras = &scanner.cameras;
    let camera = match call.query("camera") {
        Some(name) => cameras.iter().find(|camera| camera.name == name || camera.path == name),
        None => cameras
            .iter()
            .find(|camera| camera.state == CameraState::Live)
            .or_else(|| cameras.first()),
    };
    let Some(camera) = camera else { return refused(StatusCode::NOT_FOUND, Refused::NoCamera) };
    let Ok((pen, body)) = cx.streams.open(cx.counters.streams(place)) else { return no_place() };
    let (to, frames) = oneshot::channel();
    let asked = cx.looks.try_send((camera.name.clone(), to)).is_ok();
    let frames = if asked { frames.await.ok() } else { None };
    let Some(frames) = frames else {
        return later(refused(StatusCode::SERVICE_UNAVAILABLE, Refused::NoScanner));
    };
    tokio::spawn(show(frames, pen, STILL));
    reply::streamed(StatusCode::OK, PREVIEW, body)
}

/// Sends pictures as they come. One that comes while the last is still on its way is dropped for the
/// one after it. When nothing comes for `still`, the last one is sent again; where there is none, the
/// stream ends, and who looks may come again.
async fn show(mut frames: watch::Receiver<Bytes>, mut pen: Pen, still: Duration) {
    loop {
        let jpeg = frames.borrow_and_update().clone();
        let is_blank = jpeg.is_empty();
        if !is_blank {
            let mut part = format!(
                "--picture\r\nContent-Type: image/jpeg\r\nContent-Length: {}\r\n\r\n",
                jpeg.len()
            )
            .into_bytes();
            part.extend_from_slice(&jpeg);
            part.extend_from_slice(b"\r\n");
            if !pen.write(part).await {
                return;
            }
        }
        match pen.wait(still, frames.changed()).await {
            Some(None) if is_blank => return,
            Some(None | Some(Ok(()))) => {}
            None | Some(Some(Err(_))) => return,
        }
    }
}

/// Asks the process that decodes.
pub(super) async fn ask(cx: &Context, wanted: Wanted, content: Bytes) -> Result<Found, NotFound> {
    let (to, answer) = oneshot::channel();
    cx.pictures.try_send((wanted, content, to)).map_err(|_| NotFound::NoProcess)?;
    match tokio::time::timeout(PATIENCE, answer).await {
        Ok(Ok(answer)) => answer,
        Ok(Err(_)) | Err(_) => Err(NotFound::NoProcess),
    }
}

/// Returns the counter that is called, if the caller may call it.
fn place(cx: &Context, call: &Call) -> Result<usize, Box<Reply>> {
    let id = call.path.first().map_or("", String::as_str);
    let Some(place) = cx.counters.place(id) else {
        return Err(Box::new(refused(StatusCode::NOT_FOUND, Refused::NoCounter)));
    };
    let is_staff = call.caller.roles.meets(Roles::of(STAFF));
    if !is_staff && !cx.counters.is_of(place, &call.caller.user) {
        return Err(Box::new(refused(StatusCode::FORBIDDEN, Refused::OtherCounter)));
    }
    Ok(place)
}

pub(super) fn refused(status: StatusCode, why: Refused) -> Reply {
    reply::plain_refusal(status, &why)
}

/// Says that the call may work a second later.
pub(super) fn later(mut reply: Reply) -> Reply {
    reply.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("1"));
    reply
}

fn no_place() -> Reply {
    later(refused(StatusCode::SERVICE_UNAVAILABLE, Refused::TooManyStreams))
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt as _;

    use super::*;
    use crate::http::stream::{Share, Streams};

    const STILL: Duration = Duration::from_millis(1);

    #[tokio::test]
    async fn a_preview_without_a_picture_ends_before_it_is_cut_off() {
        let (_stop, stopped) = watch::channel(false);
        let (pen, body) = Streams::new(stopped).open(&Share::default()).unwrap();
        let (_camera, frames) = watch::channel(Bytes::new());
        show(frames, pen, STILL).await;
        assert_eq!(body.collect().await.unwrap().to_bytes(), "");
    }

    #[tokio::test]
    async fn the_picture_of_a_camera_that_sends_no_more_is_sent_again_and_again() {
        let (_stop, stopped) = watch::channel(false);
        let (pen, mut body) = Streams::new(stopped).open(&Share::default()).unwrap();
        let (_camera, frames) = watch::channel(Bytes::from_static(b"jpeg"));
        let showing = tokio::spawn(show(frames, pen, STILL));
        for _ in 0..3 {
            let part = body.frame().await.unwrap().unwrap().into_data().unwrap();
            assert!(part.ends_with(b"\r\n\r\njpeg\r\n"), "{part:?}");
        }
        drop(body);
        showing.await.unwrap();
    }
}
