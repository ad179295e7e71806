//! What central says of an application, turned into the words of the domain. Whatever does not fit
//! is one sentence that quotes nothing.

use std::collections::BTreeSet;

use jiff::Timestamp;

use crate::carrier::Failure;
use crate::domain::application::{Application, Kind};
use crate::domain::document::Document;
use crate::domain::ids::{CenterId, DocumentId};
use crate::domain::prid::Prid;
use crate::domain::slot::{Appointment, Slot};
use crate::domain::status::Status;
use crate::wire::{booking, date, demographic, document};

/// Returns the PRID that `text` is.
pub(super) fn prid(name: &str, text: &str) -> Result<Prid, Failure> {
    Prid::parse(text).map_err(|_| unfit(name, "names something that is not a pre-registration id"))
}

/// Returns the application that `record` tells of, without documents and appointment.
pub(super) fn application(
    name: &str,
    asked: &Prid,
    record: demographic::Record,
) -> Result<Application, Failure> {
    if prid(name, &record.pre_registration_id)? != *asked {
        return Err(unfit(name, "is about another application"));
    }
    let time = |text: &str| instant(text).ok_or_else(|| unfit(name, "has a time that is none"));
    let created_at = time(&record.created_date_time)?;
    // Today's central does not always say who changed an application.
    let updated_at = record.updated_date_time.as_deref().map_or(Ok(created_at), time)?;
    let updated_by = record.updated_by.unwrap_or_else(|| record.created_by.clone());
    Ok(Application {
        prid: asked.clone(),
        kind: Kind::New,
        language: record.lang_code,
        identity: record.demographic_details.identity,
        status: Status::parse(&record.status_code)
            .ok_or_else(|| unfit(name, "has a status that is not known here"))?,
        created_by: record.created_by,
        created_at,
        updated_by,
        updated_at,
        documents: Vec::new(),
        appointment: None,
        booking_rev: 0,
        extra: record.extra,
    })
}

/// Returns the documents that `all` lists, at most one of each category.
pub(super) fn documents(name: &str, all: document::AllMetadata) -> Result<Vec<Document>, Failure> {
    let (mut ids, mut categories) = (BTreeSet::new(), BTreeSet::new());
    let one = |entry: document::Metadata| {
        if !ids.insert(entry.document_id.clone()) || !categories.insert(entry.doc_cat_code.clone())
        {
            return Err(unfit(name, "lists a document or a category twice"));
        }
        Ok(Document {
            id: document_id(name, entry.document_id)?,
            category: entry.doc_cat_code,
            kind: entry.doc_typ_code,
            name: entry.doc_name,
            language: entry.lang_code,
            ref_number: entry.ref_number,
            extra: entry.extra,
            digest: None,
            size: None,
        })
    };
    all.documents.into_iter().map(one).collect()
}

/// Returns the document id that `text` is. It becomes a part of paths, so it may hold nothing that
/// means something there.
pub(super) fn document_id(name: &str, text: String) -> Result<DocumentId, Failure> {
    if is_sound(&text) {
        Ok(DocumentId::new(text))
    } else {
        Err(unfit(name, "names something that is not a document's id"))
    }
}

/// Tells whether an id can stand in a path as it is.
pub(super) fn is_sound(id: &str) -> bool {
    (1..=64).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
}

/// Returns the appointment that `booked` tells of.
pub(super) fn appointment(
    name: &str,
    booked: booking::Appointment,
) -> Result<Appointment, Failure> {
    let day = date::parse_date(&booked.appointment_date);
    let from = date::parse_time(&booked.time_slot_from);
    let to = date::parse_time(&booked.time_slot_to);
    let (Some(day), Some(starts), Some(ends)) = (day, from, to) else {
        return Err(unfit(name, "has an appointment at a time that is none"));
    };
    let center = CenterId::new(booked.registration_center_id);
    // Central does not count its bookings.
    Ok(Appointment { slot: Slot { center, day, starts, ends }, booking_rev: 0 })
}

/// Returns `text` if it can be a value that lists compare: short and printable.
pub(super) fn mark(name: &str, text: String) -> Result<String, Failure> {
    if text.len() <= 64 && text.bytes().all(|b| b.is_ascii_graphic() || b == b' ') {
        Ok(text)
    } else {
        Err(unfit(name, "has a time that is none"))
    }
}

/// Reads a time with a zone, or without one as UTC.
fn instant(text: &str) -> Option<Timestamp> {
    let local = text.strip_suffix('Z').unwrap_or(text);
    date::parse_instant_without_zone(local).or_else(|| text.parse().ok())
}

fn unfit(name: &str, what: &str) -> Failure {
    Failure::Unanswered(format!("{name}: central's answer {what}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_read_with_a_zone_and_without() {
        let then: Timestamp = "2026-11-20T06:25:00.262Z".parse().unwrap();
        for text in [
            "2026-11-20T06:25:00.262Z",
            "2026-11-20T06:25:00.262",
            "2026-11-20T06:25:00.262+00:00",
            "2026-11-20T08:25:00.262+02:00",
        ] {
            assert_eq!(instant(text), Some(then), "{text}");
        }
        assert_eq!(instant("2026-11-20T06:25Z"), "2026-11-20T06:25:00Z".parse().ok());
        for text in ["", "Z", "yesterday", "2026-13-20T06:25:00.262Z", "2026-11-20"] {
            assert_eq!(instant(text), None, "{text}");
        }
    }

    #[test]
    fn an_id_that_would_leave_its_place_in_a_path_is_none() {
        assert!(is_sound("d4585c1e-91b1-11e9-a605-eb637a690b50"));
        for id in ["", "..", "a/b", "a?b", "a%2fb", "a b", &"a".repeat(65)] {
            assert!(!is_sound(id), "{id}");
        }
    }
}
