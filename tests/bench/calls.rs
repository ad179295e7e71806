//! The busiest calls of the services, and what one needs to know of the answers to another.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use hyper::Method;
use prereg_node::clock::Clock;
use prereg_node::demo::{country, residents};
use prereg_node::domain::caller::Role;
use prereg_node::wire;
use serde_json::{Value, json};

use crate::nodes::{Fault, Tokens};

/// Applications of one resident: a family's.
const FAMILY: usize = 4;
/// Applications whose times are asked for at once.
const AT_ONCE: usize = 100;

/// A request.
pub(crate) struct Ask {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) token: String,
    pub(crate) body: Option<(&'static str, Vec<u8>)>,
    /// Whether its answer is of use later.
    pub(crate) keep: bool,
}

/// A client, the number of its request, and the answer.
pub(crate) type Answered = (usize, usize, Bytes);

/// What is known so far.
pub(crate) struct Calls {
    tokens: Tokens,
    officer: String,
    spool: PathBuf,
    document: Vec<u8>,
    otps: Mutex<HashMap<String, String>>,
    /// Of each client the applications that it made, and whose they are.
    made: Mutex<HashMap<usize, Vec<(String, String)>>>,
    seats: Mutex<Vec<[String; 3]>>,
    taken: AtomicUsize,
}

impl Calls {
    pub(crate) fn new(tokens: Tokens, spool: &Path) -> Self {
        Self {
            officer: tokens.issue("officer-1", Role::RegistrationOfficer),
            tokens,
            spool: spool.to_owned(),
            document: residents::resident(0).documents[0].content(),
            otps: Mutex::default(),
            made: Mutex::default(),
            seats: Mutex::default(),
            taken: AtomicUsize::new(0),
        }
    }

    pub(crate) fn send_otp(&self, client: usize, round: usize) -> Option<Ask> {
        let request = json!({"userId": address(client, round)});
        Some(post("/login/sendOtp", "mosip.pre-registration.login.sendotp", &request, ""))
    }

    /// Reads the OTPs that were sent.
    pub(crate) fn read_otps(&self) -> Result<(), Fault> {
        let mut otps = self.otps.lock().map_err(|_| "poisoned")?;
        for entry in std::fs::read_dir(&self.spool)? {
            let letter: Value = serde_json::from_slice(&std::fs::read(entry?.path())?)?;
            let text = letter["text"].as_str().unwrap_or_default();
            let otp = text.split(|c: char| !c.is_ascii_digit()).find(|part| part.len() == 6);
            if let (Some(to), Some(otp)) = (letter["to"].as_str(), otp) {
                otps.insert(to.to_owned(), otp.to_owned());
            }
        }
        if otps.is_empty() { Err("no OTP was sent".into()) } else { Ok(()) }
    }

    pub(crate) fn validate_otp(&self, client: usize, round: usize) -> Option<Ask> {
        let user = address(client, round);
        let otp = self.otps.lock().ok()?.get(&user)?.clone();
        let request = json!({"userId": user, "otp": otp});
        Some(post("/login/validateOtp", "mosip.pre-registration.login.useridotp", &request, ""))
    }

    pub(crate) fn create(&self, client: usize, round: usize) -> Option<Ask> {
        let id = "mosip.pre-registration.demographic.create";
        let token = self.token(&family(client, round));
        let ask = post("/applications", id, &typed(client + round), &token);
        Some(Ask { keep: true, ..ask })
    }

    /// Keeps which applications were made.
    pub(crate) fn keep_made(&self, answers: Vec<Answered>) -> Result<(), Fault> {
        let mut made = self.made.lock().map_err(|_| "poisoned")?;
        for (client, round, body) in answers {
            let body: Value = serde_json::from_slice(&body)?;
            let prid =
                body["response"]["preRegistrationId"].as_str().ok_or("made without a PRID")?;
            made.entry(client).or_default().push((prid.to_owned(), family(client, round)));
        }
        Ok(())
    }

    pub(crate) fn update(&self, client: usize, round: usize) -> Option<Ask> {
        let (prid, user) = self.application(client, round)?;
        let id = "mosip.pre-registration.demographic.update";
        let request = typed(client + round + 1);
        let ask = post(&format!("/applications/{prid}"), id, &request, &self.token(&user));
        Some(Ask { method: Method::PUT, ..ask })
    }

    pub(crate) fn read(&self, client: usize, round: usize) -> Option<Ask> {
        let (prid, user) = self.application(client, round)?;
        Some(get(&format!("/applications/{prid}"), &self.token(&user)))
    }

    pub(crate) fn list(&self, client: usize, round: usize) -> Option<Ask> {
        let (_, user) = self.application(client, round)?;
        Some(get("/applications", &self.token(&user)))
    }

    pub(crate) fn upload(&self, client: usize, round: usize) -> Option<Ask> {
        let (prid, user) = self.application(client, round)?;
        let paper = &residents::resident(0).documents[0];
        let request = json!({"docCatCode": paper.category, "docTypCode": paper.document_type,
                             "langCode": "eng", "refNumber": null});
        let request = envelope("mosip.pre-registration.document.upload", &request);
        let mut form = format!(
            "--XX\r\nContent-Disposition: form-data; name=\"Document request\"\r\n\r\n{request}\r\n\
             --XX\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{}\"\r\n\r\n",
            paper.file_name
        )
        .into_bytes();
        form.extend_from_slice(&self.document);
        form.extend_from_slice(b"\r\n--XX--\r\n");
        Some(Ask {
            method: Method::POST,
            path: whole(&format!("/documents/{prid}")),
            token: self.token(&user),
            body: Some(("multipart/form-data; boundary=XX", form)),
            keep: false,
        })
    }

    pub(crate) fn availability(&self, _: usize, round: usize) -> Option<Ask> {
        let path = format!("/appointment/availability/{}", country::CENTER);
        Some(Ask { keep: round == 0, ..get(&path, &self.token("somebody@example.org")) })
    }

    /// Keeps which seats are to be had.
    pub(crate) fn keep_seats(&self, answers: &[Answered]) -> Result<(), Fault> {
        let (.., body) = answers.first().ok_or("nobody asked for seats")?;
        let body: Value = serde_json::from_slice(body)?;
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let mut seats = self.seats.lock().map_err(|_| "poisoned")?;
        for day in body["response"]["centerDetails"].as_array().ok_or("no days")? {
            for slot in day["timeSlots"].as_array().ok_or("no slots")? {
                let seat = [text(&day["date"]), text(&slot["fromTime"]), text(&slot["toTime"])];
                let free = usize::try_from(slot["availability"].as_u64().unwrap_or(0))?;
                seats.extend(std::iter::repeat_n(seat, free));
            }
        }
        Ok(())
    }

    pub(crate) fn book(&self, client: usize, round: usize) -> Option<Ask> {
        let (prid, user) = self.made.lock().ok()?.get(&client)?.get(round)?.clone();
        let taken = self.taken.fetch_add(1, Ordering::Relaxed);
        let [day, from, to] = self.seats.lock().ok()?.get(taken)?.clone();
        let request = json!({"registration_center_id": country::CENTER, "appointment_date": day,
                             "time_slot_from": from, "time_slot_to": to});
        let id = "mosip.pre-registration.booking.book";
        Some(post(&format!("/appointment/{prid}"), id, &request, &self.token(&user)))
    }

    pub(crate) fn sync(&self, _: usize, _: usize) -> Option<Ask> {
        let day = self.seats.lock().ok()?.first()?[0].clone();
        let request = json!({"registrationCenterId": country::CENTER, "fromDate": day,
                             "toDate": day});
        let id = "mosip.pre-registration.datasync.fetch.ids";
        Some(post("/sync", id, &request, &self.officer))
    }

    pub(crate) fn updated_times(&self, client: usize, round: usize) -> Option<Ask> {
        let made = self.made.lock().ok()?;
        let all = made.get(&client)?;
        let some = all.iter().cycle().skip(round % all.len()).take(AT_ONCE.min(all.len()));
        let prids: Vec<&String> = some.map(|(prid, _)| prid).collect();
        let request = json!({"pre_registration_ids": prids});
        let id = "mosip.pre-registration.demographic.retrieve.date";
        Some(post("/applications/updatedTime", id, &request, &self.officer))
    }

    /// Returns an application of the client, and whose it is.
    fn application(&self, client: usize, round: usize) -> Option<(String, String)> {
        let made = self.made.lock().ok()?;
        let all = made.get(&client)?;
        Some(all[round % all.len()].clone())
    }

    fn token(&self, user: &str) -> String {
        self.tokens.issue(user, Role::Individual)
    }
}

fn address(client: usize, round: usize) -> String {
    format!("resident-{client}-{round}@example.org")
}

fn family(client: usize, round: usize) -> String {
    address(client, round / FAMILY)
}

fn typed(number: usize) -> Value {
    let resident = residents::resident(number);
    json!({"langCode": resident.language, "demographicDetails": {"identity": resident.identity}})
}

fn get(path: &str, token: &str) -> Ask {
    let (path, token) = (whole(path), token.to_owned());
    Ask { method: Method::GET, path, token, body: None, keep: false }
}

fn post(path: &str, id: &str, request: &Value, token: &str) -> Ask {
    let body = Some(("application/json", envelope(id, request).into_bytes()));
    Ask { method: Method::POST, body, ..get(path, token) }
}

fn envelope(id: &str, request: &Value) -> String {
    let time = wire::date::instant(Clock::system().now());
    json!({"id": id, "version": "1.0", "requesttime": time, "request": request}).to_string()
}

fn whole(path: &str) -> String {
    format!("/preregistration/v1{path}")
}
