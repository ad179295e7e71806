//! The status of an application (`contract/rules.md` §7.1).

use std::fmt;

/// Which statuses there are, and what may follow which (`contract/rules.md` §7). A node has one of
/// the two, never a mixture.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Lifecycle {
    /// The user's own contract: applications begin as pending, a cancelled one may be booked again.
    #[default]
    #[serde(rename = "1.1")]
    V1_1,
    /// Today's release: applications begin as incomplete, and a booked one is closed to changes.
    #[serde(rename = "1.2")]
    V1_2,
}

impl Lifecycle {
    /// Returns the status of an application that was just made.
    #[must_use]
    pub fn first(self) -> Status {
        match self {
            Self::V1_1 => Status::PendingAppointment,
            Self::V1_2 => Status::ApplicationIncomplete,
        }
    }

    /// Returns the status of an application whose appointment was cancelled.
    #[must_use]
    pub fn after_cancel(self) -> Status {
        match self {
            Self::V1_1 => Status::PendingAppointment,
            Self::V1_2 => Status::Cancelled,
        }
    }

    /// Returns the status of an application in `status` from which a mandatory document was taken
    /// away; in 1.2 a pending one is incomplete then (`contract/rules.md` §7.1).
    #[must_use]
    pub fn without_mandatory_document(self, status: Status) -> Status {
        match (self, status) {
            (Self::V1_2, Status::PendingAppointment) => Status::ApplicationIncomplete,
            _ => status,
        }
    }

    /// Tells whether the lifecycle has that status at all (`contract/rules.md` §7.1): a node that is
    /// told another has been set to the wrong one.
    #[must_use]
    pub fn knows(self, status: Status) -> bool {
        match status {
            Status::ApplicationIncomplete | Status::Cancelled | Status::Prefetched => {
                self == Self::V1_2
            }
            Status::PendingAppointment | Status::Booked | Status::Expired | Status::Consumed => {
                true
            }
        }
    }

    /// Tells whether an application becomes pending only with all its mandatory documents, as in
    /// 1.2 (`contract/rules.md` §7.2, D7).
    #[must_use]
    pub fn demands_documents(self) -> bool {
        self == Self::V1_2
    }

    /// Tells whether the identity data may be changed (`contract/rules.md` §7.2, D2): in 1.1 always,
    /// in 1.2 until there is an appointment. What is consumed is no longer here in either.
    #[must_use]
    pub fn allows_update(self, status: Status) -> bool {
        match self {
            Self::V1_1 => status != Status::Consumed,
            Self::V1_2 => !status.is_closed() && status != Status::Consumed,
        }
    }

    /// Tells whether a document may be put in, its category having one already or not
    /// (`contract/rules.md` §7.2, F1, F2 and F7): in 1.2 one that is there stands once there is an
    /// appointment, and what is missing may still come.
    #[must_use]
    pub fn allows_document(self, status: Status, category_exists: bool) -> bool {
        match self {
            Self::V1_1 => true,
            Self::V1_2 => !(status.is_closed() && category_exists),
        }
    }

    /// Tells whether an appointment may be made (`contract/rules.md` §7.2, B2 and B3): from pending,
    /// from booked to move it, from expired to replace it, and in 1.2 from cancelled.
    #[must_use]
    pub fn allows_booking(self, status: Status) -> bool {
        match status {
            Status::PendingAppointment | Status::Booked | Status::Expired => true,
            Status::Cancelled => self == Self::V1_2,
            Status::ApplicationIncomplete | Status::Consumed | Status::Prefetched => false,
        }
    }

    /// Tells whether an application in `status`, if it cannot be cancelled, has nothing to cancel
    /// yet (`contract/rules.md` §7.2, B4): the answer differs from that of one that is past it.
    #[must_use]
    pub fn awaits_booking(self, status: Status) -> bool {
        match self {
            Self::V1_1 => status == Status::PendingAppointment,
            Self::V1_2 => {
                matches!(status, Status::PendingAppointment | Status::ApplicationIncomplete)
            }
        }
    }

    /// Tells whether the application may be deleted (`contract/rules.md` §7.2, D6): in 1.1 while
    /// pending or booked, in 1.2 unless it expired. What is consumed is no longer here in either.
    #[must_use]
    pub fn allows_delete(self, status: Status) -> bool {
        match self {
            Self::V1_1 => matches!(status, Status::PendingAppointment | Status::Booked),
            Self::V1_2 => !matches!(status, Status::Expired | Status::Consumed),
        }
    }
}

/// Where an application stands. The codes of both lifecycles are known, for a node relays what its
/// upstream says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub enum Status {
    /// Lifecycle 1.2: created, a mandatory document is missing.
    #[serde(rename = "Application_Incomplete")]
    ApplicationIncomplete,
    /// May book.
    #[serde(rename = "Pending_Appointment")]
    PendingAppointment,
    /// Has an appointment.
    Booked,
    /// The day of the appointment has passed.
    Expired,
    /// Taken over by registration; final.
    Consumed,
    /// Lifecycle 1.2: the appointment was cancelled.
    Cancelled,
    /// Lifecycle 1.2: downloaded by a registration client without an appointment.
    Prefetched,
}

impl Status {
    const ALL: [Self; 7] = [
        Self::ApplicationIncomplete,
        Self::PendingAppointment,
        Self::Booked,
        Self::Expired,
        Self::Consumed,
        Self::Cancelled,
        Self::Prefetched,
    ];

    /// Returns the code as the wire spells it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ApplicationIncomplete => "Application_Incomplete",
            Self::PendingAppointment => "Pending_Appointment",
            Self::Booked => "Booked",
            Self::Expired => "Expired",
            Self::Consumed => "Consumed",
            Self::Cancelled => "Cancelled",
            Self::Prefetched => "Prefetched",
        }
    }

    /// Returns the status whose code is `code`, letter case included; nothing for another text.
    #[must_use]
    pub fn parse(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == code)
    }

    /// Tells whether there is or was an appointment, or a registration client has a copy: what
    /// lifecycle 1.2 closes to changes.
    fn is_closed(self) -> bool {
        matches!(self, Self::Booked | Self::Expired | Self::Cancelled | Self::Prefetched)
    }

    /// Tells whether an application in this status has an appointment or had one that took place or
    /// was missed; in the others there is none to speak of.
    #[must_use]
    pub fn has_appointment(self) -> bool {
        matches!(self, Self::Booked | Self::Expired | Self::Consumed)
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_matched_with_its_letter_case() {
        for status in Status::ALL {
            assert_eq!(Status::parse(status.as_str()), Some(status));
            assert_eq!(serde_json::to_value(status).unwrap(), status.as_str());
        }
        assert_eq!(Status::parse("booked"), None);
    }

    /// Every line is a status: who allows what, in 1.1 and in 1.2.
    #[test]
    fn each_lifecycle_allows_what_its_contract_says() {
        use Lifecycle::{V1_1, V1_2};
        use Status::{
            ApplicationIncomplete, Booked, Cancelled, Consumed, Expired, PendingAppointment,
            Prefetched,
        };
        let table = [
            // status, known, update, replace a document, book, delete
            (ApplicationIncomplete, "-x", "xx", "xx", "--", "-x"),
            (PendingAppointment, "xx", "xx", "xx", "xx", "xx"),
            (Booked, "xx", "x-", "x-", "xx", "xx"),
            (Expired, "xx", "x-", "x-", "xx", "--"),
            (Consumed, "xx", "--", "xx", "--", "--"),
            (Cancelled, "-x", "x-", "x-", "-x", "-x"),
            (Prefetched, "-x", "x-", "x-", "--", "-x"),
        ];
        let both = |rule: &dyn Fn(Lifecycle) -> bool| -> String {
            [V1_1, V1_2].map(|lifecycle| if rule(lifecycle) { 'x' } else { '-' }).iter().collect()
        };
        for (status, known, update, replace, book, delete) in table {
            assert_eq!(both(&|l| l.knows(status)), known, "{status} is known");
            assert_eq!(both(&|l| l.allows_update(status)), update, "{status} allows an update");
            assert_eq!(both(&|l| l.allows_document(status, true)), replace, "{status} replaces");
            assert_eq!(both(&|l| l.allows_document(status, false)), "xx", "{status} adds");
            assert_eq!(both(&|l| l.allows_booking(status)), book, "{status} allows booking");
            assert_eq!(both(&|l| l.allows_delete(status)), delete, "{status} allows deletion");
        }
        assert_eq!(both(&|l| l.awaits_booking(ApplicationIncomplete)), "-x");
        assert_eq!(both(&|l| l.awaits_booking(PendingAppointment)), "xx");
        assert_eq!(both(&|l| l.awaits_booking(Cancelled)), "--");
    }

    #[test]
    fn a_pending_application_without_a_mandatory_document_is_incomplete_in_1_2() {
        let after = |lifecycle: Lifecycle, status| lifecycle.without_mandatory_document(status);
        let pending = Status::PendingAppointment;
        assert_eq!(after(Lifecycle::V1_1, pending), pending);
        assert_eq!(after(Lifecycle::V1_2, pending), Status::ApplicationIncomplete);
        assert_eq!(after(Lifecycle::V1_2, Status::Booked), Status::Booked);
    }
}
