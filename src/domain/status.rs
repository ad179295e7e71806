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

    /// Tells whether an appointment may be made: from pending, from booked to move it, from expired
    /// to replace it (lifecycle 1.1), and from cancelled (1.2).
    #[must_use]
    pub fn allows_booking(self) -> bool {
        matches!(self, Self::PendingAppointment | Self::Booked | Self::Expired | Self::Cancelled)
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
}
