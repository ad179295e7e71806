//! Confirmed + operations -> view, by one pure function. Nothing else makes a view.

use crate::domain::application::Application;
use crate::domain::operation::{Change, Operation};
use crate::domain::slot::Appointment;
use crate::domain::status::Status;

/// Returns the application as this node shows it: what upstream last said, with every operation of
/// this node laid over it that upstream's word does not have in it yet, oldest first.
///
/// `operations` are those of one application, in the order they were made. Nothing comes out where
/// neither upstream nor an operation ever made it. Applying twice gives the same as once.
#[must_use]
pub fn apply(confirmed: Option<&Application>, operations: &[Operation]) -> Option<Application> {
    let mut view = confirmed.cloned();
    for operation in operations.iter().filter(|operation| operation.shows()) {
        view = match (&operation.change, view) {
            (Change::Create { purpose, language, identity, status }, None) => Some(Application {
                prid: operation.prid.clone(),
                kind: *purpose,
                language: language.clone(),
                identity: identity.clone(),
                status: *status,
                created_by: operation.actor.clone(),
                created_at: operation.made_at,
                updated_by: operation.actor.clone(),
                updated_at: operation.made_at,
                documents: Vec::new(),
                appointment: None,
                booking_rev: 0,
                extra: serde_json::Map::new(),
            }),
            (Change::Delete, _) => None,
            (change, Some(mut view)) => {
                lay_over(&mut view, change, operation);
                Some(view)
            }
            (_, None) => None, // Never made, or deleted: nothing to lay it over.
        };
    }
    view
}

/// Lays one change over an application that is there. One that was made upon an older appointment or
/// another status is stale and changes nothing.
fn lay_over(view: &mut Application, change: &Change, operation: &Operation) {
    match change {
        Change::Update { language, set, removed } => {
            view.language.clone_from(language);
            view.identity = view.identity.with(set, removed);
        }
        Change::Attach { document } => {
            let place = view.documents.iter().position(|d| d.category == document.category);
            match place {
                Some(place) => view.documents[place] = document.clone(),
                None => view.documents.push(document.clone()),
            }
            return; // Documents do not count as a change of the data.
        }
        Change::Remove { category } => {
            view.documents.retain(|document| document.category != *category);
            return;
        }
        Change::Refer { category, ref_number } => {
            for document in view.documents.iter_mut().filter(|d| d.category == *category) {
                document.ref_number = Some(ref_number.clone());
            }
            return;
        }
        Change::Book { slot, booking_rev } if *booking_rev >= view.booking_rev => {
            view.booking_rev = booking_rev + 1;
            view.appointment =
                Some(Appointment { slot: slot.clone(), booking_rev: view.booking_rev });
            view.status = Status::Booked;
        }
        Change::Cancel { booking_rev, status } if *booking_rev >= view.booking_rev => {
            view.booking_rev = booking_rev + 1;
            view.appointment = None;
            view.status = *status;
        }
        Change::SetStatus { from, to } if *from == view.status => {
            view.status = *to;
            if *to == Status::Expired {
                view.booking_rev += 1;
            }
        }
        Change::Create { .. }
        | Change::Book { .. }
        | Change::Cancel { .. }
        | Change::SetStatus { .. }
        | Change::Delete => return,
    }
    view.updated_by.clone_from(&operation.actor);
    view.updated_at = operation.made_at;
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::application::Kind;
    use crate::domain::document::Document;
    use crate::domain::identity::Identity;
    use crate::domain::ids::{CenterId, DocumentId};
    use crate::domain::operation::{Origin, Outcome};
    use crate::domain::prid::Prid;
    use crate::domain::slot::Slot;

    fn operation(seq: i64, change: Change, outcome: Option<Outcome>, covered: bool) -> Operation {
        let id = uuid::Uuid::from_u128(seq.unsigned_abs().into());
        Operation {
            id,
            origin: Origin { node: id, epoch: id, seq },
            prid: Prid::parse("97465075291709").unwrap(),
            change,
            base: 0,
            actor: "officer".into(),
            made_at: jiff::Timestamp::from_second(seq).unwrap(),
            outcome,
            covered,
        }
    }

    fn create() -> Change {
        Change::Create {
            purpose: Kind::New,
            language: "eng".into(),
            identity: Identity::new(serde_json::Map::new()),
            status: Status::PendingAppointment,
        }
    }

    fn attach(category: &str, name: &str) -> Change {
        let document = Document {
            id: DocumentId::new(category),
            category: category.into(),
            kind: "passport".into(),
            name: name.into(),
            language: "eng".into(),
            ref_number: None,
            extra: serde_json::Map::new(),
            digest: None,
            size: None,
        };
        Change::Attach { document }
    }

    fn book(booking_rev: u32) -> Change {
        let slot = Slot {
            center: CenterId::new("10001"),
            day: jiff::civil::date(2026, 11, 23),
            starts: jiff::civil::time(9, 0, 0, 0),
            ends: jiff::civil::time(9, 15, 0, 0),
        };
        Change::Book { slot, booking_rev }
    }

    fn refused() -> Option<Outcome> {
        Some(Outcome::Refused { code: "KER-IOV-004".into(), sentence: "No".into() })
    }

    fn kept() -> Option<Outcome> {
        Some(Outcome::KeptHere { why: "ours".into() })
    }

    fn names(view: &Application) -> Vec<&str> {
        view.documents.iter().map(|document| document.name.as_str()).collect()
    }

    /// I1
    #[test]
    fn a_refused_walk_in_stays_with_its_papers_and_a_refused_booking_does_not() {
        let operations = [
            operation(1, create(), refused(), false),
            operation(2, attach("POI", "a.pdf"), refused(), false),
            operation(3, book(0), refused(), false),
        ];
        let view = apply(None, &operations).unwrap();
        assert_eq!(names(&view), ["a.pdf"]);
        assert_eq!(view.status, Status::PendingAppointment);
    }

    #[test]
    fn an_accepted_change_is_laid_over_until_it_is_covered_and_a_kept_one_for_good() {
        let confirmed = apply(None, &[operation(1, create(), None, false)]);
        let accepted =
            |covered| [operation(2, attach("POI", "a.pdf"), Some(Outcome::Accepted), covered)];
        assert_eq!(names(&apply(confirmed.as_ref(), &accepted(false)).unwrap()), ["a.pdf"]);
        assert!(names(&apply(confirmed.as_ref(), &accepted(true)).unwrap()).is_empty());
        let view = apply(confirmed.as_ref(), &[operation(3, book(0), kept(), false)]).unwrap();
        assert_eq!((view.status, view.booking_rev), (Status::Booked, 1));
    }

    #[test]
    fn a_booking_upon_an_older_appointment_is_stale() {
        let mut confirmed = apply(None, &[operation(1, create(), None, false)]).unwrap();
        confirmed.booking_rev = 2;
        let view = apply(Some(&confirmed), &[operation(2, book(1), kept(), false)]).unwrap();
        assert_eq!(view, confirmed);
    }

    #[test]
    fn an_appointment_that_was_moved_meanwhile_is_not_cancelled() {
        let cancel = |booking_rev| Change::Cancel { booking_rev, status: Status::Cancelled };
        let booked = [operation(1, create(), None, false), operation(2, book(0), None, false)];
        let view = apply(None, &booked);
        let stale = apply(view.as_ref(), &[operation(3, cancel(0), None, false)]);
        assert_eq!(stale, view);
        let cancelled = apply(view.as_ref(), &[operation(3, cancel(1), None, false)]).unwrap();
        assert_eq!((cancelled.status, cancelled.appointment), (Status::Cancelled, None));
        assert_eq!(cancelled.booking_rev, 2);
    }

    #[test]
    fn a_status_is_set_in_the_place_of_the_one_it_names_and_no_other() {
        let set = |from, to| operation(3, Change::SetStatus { from, to }, None, false);
        let view = apply(None, &[operation(1, create(), None, false)]);
        let stale = apply(view.as_ref(), &[set(Status::Booked, Status::Expired)]);
        assert_eq!(stale, view);
        let expired = set(Status::PendingAppointment, Status::Expired);
        let view = apply(view.as_ref(), &[expired]).unwrap();
        assert_eq!((view.status, view.booking_rev), (Status::Expired, 1));
    }

    #[test]
    fn an_update_changes_the_members_it_names_and_a_refused_deletion_deletes_nothing() {
        let members = |value: serde_json::Value| value.as_object().unwrap().clone();
        let update = Change::Update {
            language: "fra".into(),
            set: members(serde_json::json!({"phone": "1"})),
            removed: vec!["email".into()],
        };
        let mut before = apply(None, &[operation(1, create(), None, false)]).unwrap();
        before.identity = Identity::new(members(serde_json::json!({"email": "e", "city": "c"})));
        let operations = [operation(2, update, None, false)];
        let view = apply(Some(&before), &operations).unwrap();
        let expected = members(serde_json::json!({"city": "c", "phone": "1"}));
        assert_eq!((view.identity.members(), view.language.as_str()), (&expected, "fra"));

        let delete = |outcome| [operation(2, Change::Delete, outcome, false)];
        assert_eq!(apply(Some(&before), &delete(None)), None);
        assert_eq!(apply(Some(&before), &delete(refused())), Some(before));
    }

    #[test]
    fn the_last_document_of_a_category_stands() {
        let operations = [
            operation(1, create(), None, false),
            operation(2, attach("POI", "a.pdf"), None, false),
            operation(3, attach("POA", "b.pdf"), None, false),
            operation(4, attach("POI", "c.pdf"), None, false),
        ];
        assert_eq!(names(&apply(None, &operations).unwrap()), ["c.pdf", "b.pdf"]);
        assert_eq!(apply(None, &operations[1..]), None, "nothing ever made it");
        let view = apply(None, &operations);
        let refer = Change::Refer { category: "POA".into(), ref_number: "N1".into() };
        let view = apply(view.as_ref(), &[operation(5, refer, None, false)]);
        assert_eq!(view.as_ref().unwrap().documents[1].ref_number.as_deref(), Some("N1"));
        let remove = Change::Remove { category: "POI".into() };
        let view = apply(view.as_ref(), &[operation(6, remove, None, false)]);
        assert_eq!(names(&view.unwrap()), ["b.pdf"]);
    }

    proptest! {
        /// I2
        #[test]
        fn applying_twice_gives_the_same_as_once(
            steps in prop::collection::vec((0_u8..3, 0_u8..3, 0_u32..3, any::<bool>()), 0..12)
        ) {
            let mut operations = vec![operation(1, create(), None, false)];
            for (seq, (kind, outcome, rev, covered)) in (2..).zip(steps) {
                let change = match kind {
                    0 => attach("POI", &format!("{seq}.pdf")),
                    1 => attach("POA", &format!("{seq}.pdf")),
                    _ => book(rev),
                };
                let outcome = match outcome {
                    0 => None,
                    1 => kept(),
                    _ => Some(Outcome::Accepted),
                };
                operations.push(operation(seq, change, outcome, covered));
            }
            let once = apply(None, &operations);
            // A booking names the revision it was made upon, so a second time it is stale.
            let twice = apply(once.as_ref(), &operations);
            let documents = |view: &Option<Application>| view.clone().unwrap().documents;
            prop_assert_eq!(documents(&once), documents(&twice));
            let stale = operations.iter().all(|operation| match &operation.change {
                Change::Book { booking_rev, .. } => {
                    *booking_rev < once.as_ref().unwrap().booking_rev || !operation.shows()
                }
                _ => true,
            });
            if stale {
                prop_assert_eq!(once, twice);
            }
        }
    }
}
