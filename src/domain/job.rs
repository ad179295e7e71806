//! The jobs of a node, and what it knows of each.

use jiff::Timestamp;

/// Something that is done each night, or when an administrator says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Job {
    /// Seats follow master data.
    Availability,
    /// Appointments whose day has passed expire.
    Expired,
    /// Applications that registration took over are moved away.
    Consumed,
    /// The audit trail is kept to its length.
    Trail,
}

impl Job {
    /// The jobs of an authority, in the order in which they are run.
    pub const OF_AN_AUTHORITY: [Self; 4] =
        [Self::Expired, Self::Consumed, Self::Availability, Self::Trail];

    /// The jobs of a center node, which cancels, notifies and expires nothing by itself.
    pub const OF_A_CENTER: [Self; 2] = [Self::Availability, Self::Trail];

    /// Returns its name, in the replica and in the log.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Availability => "availability",
            Self::Expired => "expired",
            Self::Consumed => "consumed",
            Self::Trail => "trail",
        }
    }
}

/// How a job went so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Past {
    /// When it was last tried, or left out on purpose.
    pub tried_at: Timestamp,
    /// When it last went well.
    pub ran_at: Option<Timestamp>,
    /// How often it failed since.
    pub failures: u32,
}
