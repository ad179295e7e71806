//! A replica of many applications, made as the synchronisation would have, only in larger portions.

use std::path::Path;

use jiff::civil::time;
use jiff::{Timestamp, ToSpan as _};
use prereg_node::clock::Clock;
use prereg_node::demo::{country, residents};
use prereg_node::domain::application::{Application, Kind};
use prereg_node::domain::document::Document;
use prereg_node::domain::ids::{CenterId, Digest, DocumentId};
use prereg_node::domain::prid::Prid;
use prereg_node::domain::slot::{Appointment, Slot};
use prereg_node::domain::status::Status;
use prereg_node::entropy::Seeded;
use prereg_node::services::perform;
use prereg_node::store::line::Rounds;
use prereg_node::store::{self, Tx};
use prereg_node::{config, node};

use crate::nodes::Fault;

/// Applications put in by one transaction.
const PORTION: usize = 500;
/// Contents of documents that differ.
const CONTENTS: usize = 6;
/// Days that the appointments are spread over: far more than a center has in its replica.
const DAYS: usize = 60;
/// Keeps the PRIDs apart from those of the demo's residents.
const SEED: u64 = 2_000_000;

/// Returns the PRID of the application number `i`.
pub(crate) fn prid(i: usize) -> Prid {
    Prid::draw(&Seeded::new(SEED + i as u64))
}

/// Puts `applications` into the replica of the center in `dir`.
pub(crate) async fn fill(dir: &Path, applications: usize) -> Result<(), Fault> {
    let store = node::open_inline(&config::read(&dir.join("center.toml"))?)?;
    let now = Clock::system().now();
    let contents: Vec<_> =
        (0..CONTENTS).map(|i| residents::resident(i).documents[0].content()).collect();
    for first in (0..applications).step_by(PORTION) {
        let contents = contents.clone();
        let last = (first + PORTION).min(applications);
        store.write(move |tx| put(tx, first..last, &contents, now)).await?;
    }
    let rounds = Rounds { complete_at: Some(now), ..Rounds::default() };
    store.write::<_, store::Error, _>(move |tx| store::line::put(tx, &rounds)).await?;
    Ok(())
}

fn put(
    tx: &Tx<'_>,
    numbers: std::ops::Range<usize>,
    contents: &[Vec<u8>],
    now: Timestamp,
) -> Result<(), store::Error> {
    let held = contents
        .iter()
        .map(|content| Ok((store::blob::put(tx, content)?, content.len() as u64)))
        .collect::<Result<Vec<_>, store::Error>>()?;
    for i in numbers {
        perform::confirm(tx, application(i, &held, now), &[], false, now)?;
    }
    Ok(())
}

/// Returns the application of the resident number `i`, all its documents here.
fn application(i: usize, held: &[(Digest, u64)], now: Timestamp) -> Application {
    let resident = residents::resident(i);
    let documents = resident.documents.iter().enumerate().map(|(place, paper)| {
        let (digest, size) = held[(i + place) % held.len()];
        Document {
            id: DocumentId::new(format!("00000000-0000-4000-8000-{:012}", 4 * i + place)),
            category: paper.category.to_owned(),
            kind: paper.document_type.to_owned(),
            name: paper.file_name.clone(),
            language: resident.language.to_owned(),
            ref_number: paper.ref_number.clone(),
            extra: serde_json::Map::new(),
            digest: Some(digest),
            size: Some(size),
        }
    });
    let starts = time(9, 0, 0, 0);
    let slot = Slot {
        center: CenterId::new(country::CENTER),
        day: now
            .to_zoned(jiff::tz::TimeZone::UTC)
            .date()
            .saturating_add(((i % DAYS) as i64).days()),
        starts,
        ends: starts.wrapping_add(15.minutes()),
    };
    Application {
        prid: prid(i),
        kind: Kind::New,
        language: resident.language.to_owned(),
        documents: documents.collect(),
        identity: resident.identity,
        status: Status::Booked,
        created_by: resident.phone.clone(),
        created_at: now,
        updated_by: resident.phone,
        updated_at: now,
        appointment: Some(Appointment { slot, booking_rev: 1 }),
        booking_rev: 1,
        extra: serde_json::Map::new(),
    }
}
