//! Slips, for counters to print.

use std::sync::Arc;

use hyper::StatusCode;
use hyper::header::{CONTENT_DISPOSITION, HeaderValue};
use tokio::sync::Semaphore;

use crate::domain::prid::Prid;
use crate::http::Context;
use crate::http::dispatch::Call;
use crate::http::forms;
use crate::http::reply::{self, Of, Reply};
use crate::services::slip::{self, Error};
use crate::services::{Coded as _, Kind, prefill};
use crate::typeset::Slip;

/// Files that are typeset at once: each keeps a core busy.
static TURNS: Semaphore = Semaphore::const_new(2);

/// `GET /prefill/v1/slips?prid=…&prid=…&languages=eng,ara&paper=a4`: a PDF with a page for each
/// application. Applications that are not here are fetched from central.
pub(in crate::http) async fn slips(cx: &Context, call: Call) -> Reply {
    let texts = call.query_all("prid");
    let texts: Vec<&str> =
        texts.iter().flat_map(|text| text.split(',')).filter(|text| !text.is_empty()).collect();
    if !(1..=slip::MOST).contains(&texts.len()) {
        return refused(&Error::Count);
    }
    let mut prids = Vec::new();
    for text in texts {
        match prefill::parse(text) {
            Ok(prid) if prids.contains(&prid) => {}
            Ok(prid) => prids.push(prid),
            Err(error) => return reply::plain_refusal(StatusCode::BAD_REQUEST, &error),
        }
    }
    let (languages, paper) = match (
        slip::languages(call.query("languages").as_deref(), &cx.master),
        slip::paper(call.query("paper").as_deref(), cx.press.paper),
    ) {
        (Ok(languages), Ok(paper)) => (languages, paper),
        (Err(error), _) | (_, Err(error)) => return refused(&error),
    };
    let mut slips = match here(cx, &prids, &languages).await {
        Ok(slips) => slips,
        Err(error) => return refused(&error),
    };
    // In one go for all, so that twenty strangers take no longer than one.
    if let Some(missing) = slips.iter().position(Option::is_none) {
        let asked = forms::fetched(cx, &prids[missing..]).await;
        slips = match here(cx, &prids, &languages).await {
            Ok(slips) => slips,
            Err(error) => return refused(&error),
        };
        if let Some(missing) = slips.iter().position(Option::is_none) {
            let line = cx.line.borrow().clone();
            let asked = asked.contains(&prids[missing]) || cx.rules.authority;
            let miss = prefill::miss(&prids[missing], &line, asked, cx.clock.now());
            return reply::plain_refusal(StatusCode::NOT_FOUND, &miss);
        }
    }
    let slips: Vec<Slip> = slips.into_iter().flatten().collect();
    let press = Arc::clone(&cx.press);
    let turn = TURNS.acquire().await;
    let made = tokio::task::spawn_blocking(move || press.pdf(&slips, paper)).await;
    drop(turn);
    let Ok(Ok(file)) = made else { return refused(&Error::NotMade) };
    let mut reply = reply::content(StatusCode::OK, "application/pdf", file);
    let name = match prids.as_slice() {
        [prid] => format!("inline; filename=\"{prid}.pdf\""),
        _ => "inline; filename=\"slips.pdf\"".to_owned(),
    };
    if let Ok(name) = HeaderValue::try_from(name) {
        reply.headers_mut().insert(CONTENT_DISPOSITION, name);
    }
    reply.extensions_mut().insert(Of(prids.iter().map(Prid::to_string).collect()));
    reply
}

/// Reads the slips of `prids`, all at one moment; `None` for an application that is not here.
async fn here(
    cx: &Context,
    prids: &[Prid],
    languages: &[String],
) -> Result<Vec<Option<Slip>>, Error> {
    let (parts, now) = (cx.clone(), cx.clock.now());
    let (prids, languages) = (prids.to_vec(), languages.to_vec());
    cx.store
        .read(move |view| {
            let (words, master, rules) = (&parts.press.words, &parts.master, &parts.rules);
            prids
                .iter()
                .map(|prid| slip::slip(view, prid, &languages, words, master, rules, now))
                .collect()
        })
        .await
}

fn refused(error: &Error) -> Reply {
    let status = match error.kind() {
        Kind::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        Kind::Refused => StatusCode::BAD_REQUEST,
    };
    reply::plain_refusal(status, error)
}
