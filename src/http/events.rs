//! The events of a counter, as a browser's `EventSource` reads them: what stands on its screen, and
//! each change of it. A reader that was away, or is slow, is told what is, and not all that was.

use std::time::Duration;

use serde_json::json;
use tokio::sync::watch;

use crate::domain::counter::{Outcome, Scanner};
use crate::http::Context;
use crate::http::counters::{self, Screen};
use crate::http::stream::Pen;

/// How long a stream is silent at most; a comment is sent then, which readers skip.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// Milliseconds after which a reader that was cut off comes again.
const RETRY: &str = "retry: 1000\n\n";

/// Writes the events of the counter at `place` until the stream ends. `last` is the id of the last
/// event that the reader has; `user` is who reads, for the audit trail.
pub(super) async fn write(
    cx: Context,
    place: usize,
    user: String,
    last: Option<String>,
    mut pen: Pen,
) {
    let mut screen = cx.counters.screen(place);
    let mut scanner = cx.counters.scanner();
    let mut told = Told::new(cx.counters.run);
    if told.is_known(last.as_deref(), &screen.borrow()) {
        told.news(&screen.borrow());
    }
    let mut cameras = None;
    let mut recorded = None;
    if !pen.write(RETRY).await {
        return;
    }
    loop {
        let now = screen.borrow_and_update().clone();
        let mut text = String::new();
        let reach = scanner.borrow_and_update().state;
        let seen = (reach, cx.counters.cameras(place));
        if cameras.as_ref() != Some(&seen) {
            text = told.event("cameras", &now, &json!({"scanner": seen.0, "cameras": seen.1}));
            cameras = Some(seen);
        }
        text.push_str(&told.news(&now));
        if !text.is_empty() && !pen.write(text).await {
            return;
        }
        let prid = now.form.map(|(_, form)| form.prid);
        if prid != recorded {
            if let Some(prid) = &prid {
                counters::record(&cx, prid, user.clone(), None);
            }
            recorded = prid;
        }
        let change = async {
            tokio::select! {
                () = changed(&mut screen) => {}
                () = changed(&mut scanner) => {}
            }
        };
        match pen.wait(HEARTBEAT, change).await {
            None => return,
            Some(None) if !pen.write(": alive\n\n").await => return,
            Some(_) => {}
        }
    }
}

async fn changed<T>(seen: &mut watch::Receiver<T>) {
    if seen.changed().await.is_err() {
        std::future::pending::<()>().await;
    }
}

/// What a reader has been told.
struct Told {
    run: u32,
    seq: u64,
    /// The last scan, by its number, and what was said of it.
    seen: Option<(u64, Outcome)>,
    /// The form, by the `seq` at which it became what it was.
    form: Option<u64>,
}

impl Told {
    fn new(run: u32) -> Self {
        Self { run, seq: 0, seen: None, form: None }
    }

    /// Tells whether a reader whose last event was `last` has seen all of `screen`. One who has seen
    /// something else does not know whether its form still stands: it is told that it is gone first.
    fn is_known(&mut self, last: Option<&str>, screen: &Screen) -> bool {
        let known = last == Some(&self.id(screen));
        if last.is_some() && !known {
            (self.seen, self.form) = (Some((0, Outcome::Looking)), Some(0));
        }
        known
    }

    /// Returns the events between what was told and `screen`.
    fn news(&mut self, screen: &Screen) -> String {
        let mut text = String::new();
        if self.seq == screen.seq && self.form != Some(0) {
            return text;
        }
        self.seq = screen.seq;
        let is_gone = self.form.is_some() && (screen.form.is_none() || self.form == Some(0));
        if is_gone || (self.seen.is_some() && screen.seen.is_none()) {
            text.push_str(&self.event("cleared", screen, &json!({})));
            (self.seen, self.form) = (None, None);
        }
        if let Some((number, seen)) = &screen.seen {
            let before = self.seen.as_ref().filter(|(before, _)| before == number);
            let place = json!({"at": seen.at, "source": seen.source});
            if before.is_none() {
                text.push_str(&self.event("scan", screen, &place));
            }
            if before.is_none_or(|(_, before)| *before != seen.outcome) {
                match &seen.outcome {
                    Outcome::Looking | Outcome::Form => {}
                    Outcome::Fetching => text.push_str(&self.event("fetching", screen, &place)),
                    Outcome::Miss { code, message } => {
                        let miss = json!({"code": code, "message": message});
                        text.push_str(&self.event("miss", screen, &miss));
                    }
                }
            }
            self.seen = Some((*number, seen.outcome.clone()));
        }
        if let Some((seq, form)) = &screen.form
            && self.form != Some(*seq)
        {
            // JSON as it is made here has no line break in it.
            let form = String::from_utf8_lossy(&form.json);
            text.push_str(&self.written("form", screen, &form));
        }
        self.form = screen.form.as_ref().map(|(seq, _)| *seq);
        text
    }

    fn event(&self, name: &str, screen: &Screen, data: &serde_json::Value) -> String {
        self.written(name, screen, &data.to_string())
    }

    fn written(&self, name: &str, screen: &Screen, data: &str) -> String {
        format!("event: {name}\nid: {}\ndata: {data}\n\n", self.id(screen))
    }

    fn id(&self, screen: &Screen) -> String {
        format!("{:08x}-{}", self.run, screen.seq)
    }
}

/// What is told of the cameras.
pub(super) fn scanner(cx: &Context, place: usize) -> Scanner {
    let state = cx.counters.scanner().borrow().state;
    Scanner { state, cameras: cx.counters.cameras(place) }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::domain::counter::Seen;
    use crate::domain::prid::Prid;
    use crate::http::counters::Form;

    fn screen(seq: u64, seen: Option<(u64, Outcome)>, form: Option<u64>) -> Screen {
        let at = Timestamp::UNIX_EPOCH;
        let prid = Prid::parse("97465075291709").unwrap();
        let mut screen = Screen::default();
        screen.seq = seq;
        screen.seen = seen.map(|(n, outcome)| (n, Seen { at, source: None, outcome }));
        screen.form = form.map(|seq| (seq, Form { prid, json: format!("{{{seq}}}").into() }));
        screen
    }

    fn names(text: &str) -> Vec<&str> {
        text.lines().filter_map(|line| line.strip_prefix("event: ")).collect()
    }

    fn miss() -> Outcome {
        Outcome::Miss { code: "PFL-005", message: "No.".into() }
    }

    #[test]
    fn each_step_from_code_to_form_is_an_event() {
        let mut told = Told::new(1);
        let mut news = |screen: &Screen| names(&told.news(screen)).join(" ");
        assert_eq!(news(&screen(0, None, None)), "");
        assert_eq!(news(&screen(1, Some((1, Outcome::Looking)), None)), "scan");
        assert_eq!(news(&screen(2, Some((1, Outcome::Fetching)), None)), "fetching");
        assert_eq!(news(&screen(3, Some((1, Outcome::Form)), Some(3))), "form");
        assert_eq!(news(&screen(3, Some((1, Outcome::Form)), Some(3))), "");
        // A code that is not an acknowledgement leaves the form.
        assert_eq!(news(&screen(4, Some((4, miss())), Some(3))), "scan miss");
        // Documents came.
        assert_eq!(news(&screen(5, Some((4, miss())), Some(5))), "form");
        // Another person's code takes the screen.
        assert_eq!(news(&screen(6, Some((6, Outcome::Looking)), None)), "cleared scan");
        assert_eq!(news(&screen(7, None, None)), "cleared");
    }

    #[test]
    fn a_slow_reader_is_told_what_is_and_not_what_was() {
        let mut told = Told::new(1);
        let mut news = |screen: &Screen| names(&told.news(screen)).join(" ");
        assert_eq!(news(&screen(9, Some((7, Outcome::Form)), Some(9))), "scan form");
        assert_eq!(news(&screen(20, Some((18, Outcome::Form)), Some(20))), "scan form");
    }

    #[test]
    fn a_reader_that_comes_back_is_told_all_that_is_unless_it_knows() {
        let now = screen(5, Some((3, Outcome::Form)), Some(5));
        let come = |last: Option<&str>, now: &Screen| {
            let mut told = Told::new(0xab);
            if told.is_known(last, now) {
                told.news(now);
            }
            names(&told.news(now)).join(" ")
        };
        assert_eq!(come(None, &now), "scan form");
        assert_eq!(come(Some("000000ab-5"), &now), "");
        assert_eq!(come(Some("000000ab-4"), &now), "cleared scan form");
        // After a restart of the node nothing of before counts.
        assert_eq!(come(Some("000000aa-5"), &now), "cleared scan form");
        assert_eq!(come(Some("000000aa-5"), &screen(0, None, None)), "cleared");
    }
}
