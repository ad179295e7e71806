//! Who applies at central, and who walks in at the center.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use hyper::{Method, StatusCode};
use jiff::SignedDuration;
use prereg_node::clock::{Clock, Stopwatch};
use prereg_node::demo::country;
use prereg_node::demo::residents::{self, Paper, Resident};
use prereg_node::domain::caller::Role;
use prereg_node::node::Settings;
use prereg_node::wire::{booking, date, demographic, document};
use serde_json::{Value, json};

use crate::nodes::{Client, Fault, Tokens};

/// Applications that central takes in before each kill.
const NEWS: usize = 6;
/// Walk-ins before each kill, at most.
const AT_MOST: usize = 8;
/// How long walk-ins wait for the center to answer at all.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(10);
/// The first of each, by number: nobody whom the demo knows, and no two alike.
const FIRST_NEWS: usize = 10_000;
const FIRST_WALK_IN: usize = 5_000;

/// The national portal.
pub(crate) struct Portal {
    at: SocketAddr,
    tokens: Tokens,
    next: usize,
}

impl Portal {
    pub(crate) fn new(settings: &Settings) -> Result<Self, Fault> {
        Ok(Self { at: settings.http, tokens: Tokens::of(settings)?, next: FIRST_NEWS })
    }

    /// Lets some residents apply, upload all their papers and book at the center.
    pub(crate) async fn take_in(&mut self) -> Result<(), Fault> {
        for _ in 0..NEWS {
            let resident = residents::resident(self.next);
            self.next += 1;
            let token = self.tokens.issue(&resident.phone, Role::Individual);
            let mut client = Client::connect(self.at, &token).await?;
            let prid = create(&mut client, &resident).await?;
            for paper in &resident.documents {
                attach(&mut client, &prid, &resident, paper).await?;
            }
            book(&mut client, &prid).await?;
        }
        Ok(())
    }
}

/// Somebody who walked in, and what the center acknowledged.
#[derive(Clone)]
pub(crate) struct WalkIn {
    pub(crate) resident: Resident,
    /// The PRID that the center answered with.
    pub(crate) prid: String,
    /// Whether it said that it has the first of their papers.
    pub(crate) has_paper: bool,
}

/// Everybody who walked in; clones share them.
#[derive(Clone)]
pub(crate) struct WalkIns {
    at: SocketAddr,
    tokens: Arc<Tokens>,
    known: Arc<Mutex<Known>>,
}

#[derive(Default)]
struct Known {
    acknowledged: Vec<WalkIn>,
    /// How many came whose application was not acknowledged.
    unanswered: usize,
}

impl WalkIns {
    pub(crate) fn new(settings: &Settings) -> Result<Self, Fault> {
        let tokens = Arc::new(Tokens::of(settings)?);
        Ok(Self { at: settings.http, tokens, known: Arc::default() })
    }

    /// Lets people walk in until the center is gone. Whose paper was not acknowledged the last time
    /// hands it in again first, as at a counter that comes back.
    pub(crate) async fn come(self) -> Result<(), Fault> {
        if !self.center_is_up().await {
            return Ok(());
        }
        let waiting: Vec<usize> = {
            let known = self.known();
            let all = known.acknowledged.iter().enumerate();
            all.filter(|(_, walk_in)| !walk_in.has_paper).map(|(at, _)| at).collect()
        };
        for at in waiting {
            if self.hand_in(at).await.is_err() {
                return Ok(());
            }
        }
        for _ in 0..AT_MOST {
            let number = {
                let known = self.known();
                FIRST_WALK_IN + known.acknowledged.len() + known.unanswered
            };
            let resident = residents::resident(number);
            let at = match self.apply(&resident).await {
                Ok(prid) => {
                    let mut known = self.known();
                    known.acknowledged.push(WalkIn { resident, prid, has_paper: false });
                    known.acknowledged.len() - 1
                }
                Err(_) => {
                    self.known().unanswered += 1;
                    return Ok(());
                }
            };
            if self.hand_in(at).await.is_err() {
                return Ok(());
            }
        }
        Ok(())
    }

    async fn center_is_up(&self) -> bool {
        let (clock, waited) = (Clock::system(), Stopwatch::start());
        let mut was_up = false;
        while waited.elapsed() < PATIENCE {
            match Client::connect(self.at, "").await {
                Ok(_) if was_up => return true,
                Ok(_) => was_up = true,
                // Killed before anybody came.
                Err(_) if was_up => return false,
                Err(_) => {}
            }
            clock.sleep_until(clock.now() + SignedDuration::from_millis(2)).await;
        }
        false
    }

    async fn apply(&self, resident: &Resident) -> Result<String, Fault> {
        create(&mut self.client(resident).await?, resident).await
    }

    async fn hand_in(&self, at: usize) -> Result<(), Fault> {
        let WalkIn { resident, prid, .. } = self.known().acknowledged[at].clone();
        let mut client = self.client(&resident).await?;
        attach(&mut client, &prid, &resident, &resident.documents[0]).await?;
        self.known().acknowledged[at].has_paper = true;
        Ok(())
    }

    async fn client(&self, resident: &Resident) -> Result<Client, Fault> {
        let token = self.tokens.issue(&resident.phone, Role::Individual);
        Client::connect(self.at, &token).await
    }

    /// Says how many came.
    pub(crate) fn line(&self) -> String {
        let known = self.known();
        let papers = known.acknowledged.iter().filter(|walk_in| walk_in.has_paper).count();
        format!(
            "walk-ins so far: {} acknowledged, {papers} with their paper; {} unanswered",
            known.acknowledged.len(),
            known.unanswered
        )
    }

    /// Returns those whose application was acknowledged.
    pub(crate) fn into_all(self) -> Vec<WalkIn> {
        self.known().acknowledged.clone()
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn create(client: &mut Client, resident: &Resident) -> Result<String, Fault> {
    let request = json!({
        "langCode": resident.language,
        "demographicDetails": {"identity": resident.identity},
    });
    let body = envelope(demographic::CREATE, &request);
    let path = "/preregistration/v1/applications";
    let made = response(client.send(Method::POST, path, Some(("application/json", body))).await?)?;
    Ok(made["preRegistrationId"].as_str().ok_or("no number was drawn")?.to_owned())
}

async fn attach(
    client: &mut Client,
    prid: &str,
    resident: &Resident,
    paper: &Paper,
) -> Result<(), Fault> {
    let request = document::Upload {
        doc_cat_code: Some(paper.category.into()),
        doc_typ_code: Some(paper.document_type.into()),
        lang_code: Some(resident.language.into()),
        ref_number: paper.ref_number.clone(),
    };
    let boundary = "trial-boundary-5d0a7e";
    let disposition = "Content-Disposition: form-data; name=";
    let mut body =
        format!("--{boundary}\r\n{disposition}\"{}\"\r\n\r\n", document::REQUEST_PART).into_bytes();
    body.extend(envelope(document::UPLOAD, &serde_json::to_value(request)?));
    let head = format!(
        "\r\n--{boundary}\r\n{disposition}\"{}\"; filename=\"{}\"\r\nContent-Type: {}\r\n\r\n",
        document::FILE_PART,
        paper.file_name,
        paper.media_type
    );
    body.extend(head.into_bytes());
    body.extend(paper.content());
    body.extend(format!("\r\n--{boundary}--\r\n").into_bytes());
    let path = format!("/preregistration/v1/documents/{prid}");
    let content_type = format!("multipart/form-data; boundary={boundary}");
    response(client.send(Method::POST, &path, Some((&content_type, body))).await?)?;
    Ok(())
}

/// Books the first free seat that the center lists.
async fn book(client: &mut Client, prid: &str) -> Result<(), Fault> {
    let path = format!("/preregistration/v1/appointment/availability/{}", country::CENTER);
    let listed = response(client.send(Method::GET, &path, None).await?)?;
    let listed: booking::Availability = serde_json::from_value(listed)?;
    let (day, slot) = listed
        .center_details
        .iter()
        .find_map(|day| Some((day, day.time_slots.iter().find(|slot| slot.availability > 0)?)))
        .ok_or("the center has no free seat")?;
    let request = booking::Book {
        registration_center_id: Some(country::CENTER.into()),
        appointment_date: Some(day.date.clone()),
        time_slot_from: Some(slot.from_time.clone()),
        time_slot_to: Some(slot.to_time.clone()),
    };
    let body = envelope(booking::BOOK, &serde_json::to_value(request)?);
    let path = format!("/preregistration/v1/appointment/{prid}");
    response(client.send(Method::POST, &path, Some(("application/json", body))).await?)?;
    Ok(())
}

fn envelope(id: &str, request: &Value) -> Vec<u8> {
    let now = date::instant(Clock::system().now());
    json!({"id": id, "version": "1.0", "requesttime": now, "request": request})
        .to_string()
        .into_bytes()
}

/// Returns `response` of an answer in the MOSIP envelope.
fn response((status, body): (StatusCode, Bytes)) -> Result<Value, Fault> {
    let mut body: Value =
        serde_json::from_slice(&body).map_err(|_| format!("answered with {status}"))?;
    match &body["errors"] {
        Value::Null => Ok(body["response"].take()),
        errors => Err(format!("answered {errors}").into()),
    }
}
