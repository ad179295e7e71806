//! Pure: what an answer means, and what then. No clock, no network, no randomness of its own.

use jiff::{SignedDuration, Timestamp};

use crate::carrier::Failure;
use crate::domain::application::Application;
use crate::domain::operation::Outcome;
use crate::store::listing::Listing;

/// The first wait after a failure, and the longest, in milliseconds.
const FIRST_MS: i64 = 2_000;
const LONGEST_MS: i64 = 600_000;

/// The code for a request whose date is not central's.
const WRONG_DAY: &str = "PRG_CORE_REQ_013";

/// What becomes of an operation after an attempt to send it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// It has its outcome.
    Settle(Outcome),
    /// It certainly did not arrive: send it again at this time.
    RetryAt(Timestamp),
    /// Nobody knows: look at the other end at this time.
    CheckAt(Timestamp),
}

/// Decides what becomes of an operation whose sending failed, `attempts` counting the failures with
/// this one.
///
/// `jitter` is 0 to 255, uniform; it adds up to half the wait, so that centers that lost one line
/// don't come back as one.
#[must_use]
pub fn after_failure(attempts: u32, failure: &Failure, now: Timestamp, jitter: u8) -> Action {
    let later = now + wait(attempts, jitter);
    match failure {
        Failure::NotSent(_) | Failure::Credential(_) | Failure::Lifecycle => Action::RetryAt(later),
        // A gateway may say so of a call that went through.
        Failure::Busy(seconds) => Action::CheckAt(asked_for(*seconds, later, now)),
        Failure::Unanswered(_) => Action::CheckAt(later),
        // Its request was not looked at.
        Failure::Refused { code, .. } if code == WRONG_DAY => Action::RetryAt(later),
        // It broke down over it, and may have taken it before that.
        Failure::Refused { code, .. } if is_passing(code) => Action::CheckAt(later),
        Failure::Refused { code, sentence } => {
            Action::Settle(Outcome::Refused { code: code.clone(), sentence: sentence.clone() })
        }
    }
}

/// Returns when something that failed is tried again, `attempts` counting the failures with this one.
#[must_use]
pub fn again_at(attempts: u32, failure: &Failure, now: Timestamp, jitter: u8) -> Timestamp {
    let later = now + wait(attempts, jitter);
    match failure {
        Failure::Busy(seconds) => asked_for(*seconds, later, now),
        _ => later,
    }
}

/// Returns when it is looked again for something that upstream took and does not show, `absences`
/// counting the looks with this one: from some seconds to an hour and a half.
#[must_use]
pub fn look_again_at(absences: u32, now: Timestamp, jitter: u8) -> Timestamp {
    now + wait(absences, jitter) * 6
}

/// Returns how long to wait after so many failures: twice as long each time, up to ten minutes, and
/// up to half of that again by `jitter`.
#[must_use]
pub fn wait(attempts: u32, jitter: u8) -> SignedDuration {
    let doublings = attempts.saturating_sub(1).min(16);
    let ms = (FIRST_MS << doublings).min(LONGEST_MS);
    SignedDuration::from_millis(ms + ms * i64::from(jitter) / 510)
}

/// Waits as long as the other end asks, a day at most.
fn asked_for(seconds: u32, later: Timestamp, now: Timestamp) -> Timestamp {
    later.max(now + SignedDuration::from_secs(i64::from(seconds).min(86_400)))
}

/// Tells whether `failure` means that the line itself is of no use now, so that trying the next
/// record is none either.
#[must_use]
pub fn ends_round(failure: &Failure) -> bool {
    matches!(
        failure,
        Failure::NotSent(_) | Failure::Credential(_) | Failure::Lifecycle | Failure::Busy(_)
    )
}

/// Tells whether a refusal is about central's own state, or this node's clock, and not about what was
/// sent: then it is sent again.
#[must_use]
pub fn is_passing(code: &str) -> bool {
    matches!(
        code,
        WRONG_DAY
            | "PRG_CORE_REQ_016" // an unhandled exception
            | "PRG_CORE_REQ_021"
            | "PRG_CORE_REQ_022"
            | "PRG_PAM_CORE_010"
            | "PRG_PAM_CORE_011"
            | "PRG_PAM_CORE_012"
            | "PRG_PAM_APP_002"
            | "PRG_PAM_APP_018"
            | "PRG_PAM_APP_020"
            | "PRG_PAM_APP_021" // the PRID was taken meanwhile: central draws another
            | "PRG_PAM_DOC_009"
            | "PRG_PAM_DOC_010"
            | "PRG_PAM_DOC_012"
            | "PRG_APP_009"
            | "KER-IOV-001"
            | "KER-IOV-002"
            | "KER-IOV-006"
            | "KER-IOV-007"
    )
}

/// Tells whether a record that looks as before may hide another content of a document: upstream lists
/// a new value, says that the data was not updated, and describes everything as it did.
#[must_use]
pub fn may_hide_content(listing: &Listing, before: &Application, after: &Application) -> bool {
    let listed_anew = listing.fetched_listed.is_some() && listing.listed != listing.fetched_listed;
    listed_anew
        && listing.updated == listing.fetched_updated
        && before.identity == after.identity
        && before.status == after.status
        && before.appointment.as_ref().map(|held| &held.slot)
            == after.appointment.as_ref().map(|held| &held.slot)
        && before.documents.len() == after.documents.len()
        && before
            .documents
            .iter()
            .zip(&after.documents)
            .all(|(one, other)| one.is_described_as(other))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn now() -> Timestamp {
        Timestamp::from_second(1_800_000_000).unwrap()
    }

    fn refused(code: &str) -> Failure {
        Failure::Refused { code: code.into(), sentence: "No".into() }
    }

    /// I2
    #[test]
    fn only_what_certainly_never_arrived_is_sent_again_without_a_look() {
        let later = now() + wait(1, 0);
        let after = |failure| after_failure(1, &failure, now(), 0);
        assert_eq!(after(Failure::NotSent("down".into())), Action::RetryAt(later));
        assert_eq!(after(Failure::Unanswered("cut".into())), Action::CheckAt(later));
    }

    /// I3
    #[test]
    fn a_refusal_of_the_content_is_final_and_one_of_the_day_is_not() {
        let after = |code| after_failure(1, &refused(code), now(), 0);
        let outcome = Outcome::Refused { code: "KER-IOV-004".into(), sentence: "No".into() };
        assert_eq!(after("KER-IOV-004"), Action::Settle(outcome));
        assert!(matches!(after("PRG_CORE_REQ_013"), Action::RetryAt(_)));
    }

    /// I2
    #[test]
    fn what_central_broke_down_over_is_looked_for_before_it_is_sent_again() {
        for code in ["PRG_CORE_REQ_016", "PRG_PAM_APP_002", "PRG_PAM_DOC_012"] {
            let after = after_failure(1, &refused(code), now(), 0);
            assert!(matches!(after, Action::CheckAt(_)), "{code}");
        }
    }

    #[test]
    fn who_is_asked_to_wait_waits_that_long() {
        let after = |seconds| after_failure(1, &Failure::Busy(seconds), now(), 0);
        assert_eq!(after(90), Action::CheckAt(now() + SignedDuration::from_secs(90)));
        assert_eq!(after(u32::MAX), Action::CheckAt(now() + SignedDuration::from_hours(24)));
    }

    proptest! {
        #[test]
        fn a_wait_grows_to_its_cap_and_jitter_adds_at_most_half(attempts in 0_u32..100, jitter: u8) {
            let plain = wait(attempts, 0);
            prop_assert!(plain <= SignedDuration::from_mins(10));
            prop_assert!(plain >= SignedDuration::from_secs(2));
            prop_assert!(wait(attempts + 1, 0) >= plain);
            prop_assert!(wait(attempts, jitter) >= plain);
            prop_assert!(wait(attempts, jitter) <= plain + plain / 2);
        }
    }
}
