//! How the line to upstream and what waits for it stand: the truth on the screen (I10).

use jiff::Timestamp;
use serde::Serialize;

/// How the line stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// This node has no upstream: it is the authority.
    Authority,
    /// Nothing was tried yet since the start.
    #[default]
    Unknown,
    /// The last try reached upstream.
    Up,
    /// The last try did not.
    Down,
    /// Upstream refuses this node's account: somebody has to act.
    Refused,
    /// Upstream has another lifecycle than this node, so nothing is sent: somebody has to act.
    Mismatch,
}

impl State {
    /// Tells whether upstream answers, be it that it may not be sent anything.
    #[must_use]
    pub fn is_reached(self) -> bool {
        matches!(self, Self::Up | Self::Refused | Self::Mismatch)
    }

    /// Returns its word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Authority => "authority",
            Self::Unknown => "unknown",
            Self::Up => "up",
            Self::Down => "down",
            Self::Refused => "refused",
            Self::Mismatch => "mismatch",
        }
    }
}

/// The line, as the synchronisation sees it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Line {
    /// How it stands.
    pub state: State,
    /// Why, while it is not up; a sentence.
    pub failure: Option<String>,
    /// When upstream was last reached.
    pub reached_at: Option<Timestamp>,
    /// When all that upstream lists was last here in full: the age of the data.
    pub complete_at: Option<Timestamp>,
}

/// What asking central for one application came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fetched {
    /// It is in the replica now.
    Here,
    /// Central does not have it.
    Nowhere,
    /// Central could not be asked.
    Unasked,
}
