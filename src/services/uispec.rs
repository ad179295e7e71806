//! UI specifications: which form the portal shows.

use serde_json::Value;

use crate::domain::master::Kind as Of;
use crate::domain::ui_spec::UiSpec;
use crate::services::{Coded, Kind};
use crate::store::{self, View};

/// The domain whose specifications are served; the master data service has those of others too.
const DOMAIN: &str = "pre-registration";

/// Why there is no UI specification to give.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is none of that version.
    #[error("Failed to fetch the ui spec")]
    None,
    /// The replica failed.
    #[error("Failed to fetch the ui spec")]
    Store(#[from] store::Error),
}

impl Coded for Error {
    fn code(&self) -> &'static str {
        "PRG_APP_003"
    }

    fn kind(&self) -> Kind {
        match self {
            Self::None => Kind::Refused,
            Self::Store(_) => Kind::Internal,
        }
    }
}

/// Returns the specifications that are kept, the latest version first, each with `jsonSpec` as an
/// object.
///
/// # Errors
/// [`Error::None`], or the replica's failure.
pub fn all(view: &View<'_>) -> Result<Vec<Value>, Error> {
    let rows = store::master::of(view, Of::UiSpec)?;
    let is_ours = |content: &Value| content.get("domain").is_none_or(|domain| domain == DOMAIN);
    let mut specs: Vec<Value> = rows
        .iter()
        .filter(|row| is_ours(&row.content))
        .filter_map(|row| Some(UiSpec::parse(&row.content).ok()?.content().clone()))
        .collect();
    specs.sort_by(|one, other| number(other, "version").total_cmp(&number(one, "version")));
    if specs.is_empty() { Err(Error::None) } else { Ok(specs) }
}

/// Returns the latest specification of that version of its own and of the id-schema; 0 is any.
///
/// # Errors
/// [`Error::None`], or the replica's failure.
pub fn latest(view: &View<'_>, version: f64, schema: f64) -> Result<Value, Error> {
    let fits = |spec: &Value, member, wanted: f64| {
        wanted == 0.0 || number(spec, member).total_cmp(&wanted).is_eq()
    };
    let mut specs = all(view)?.into_iter();
    specs
        .find(|spec| fits(spec, "version", version) && fits(spec, "idSchemaVersion", schema))
        .ok_or(Error::None)
}

/// Returns a version: a decimal number, though some spell it as text.
fn number(spec: &Value, member: &str) -> f64 {
    match spec.get(member) {
        Some(Value::String(text)) => text.parse().unwrap_or(0.0),
        Some(number) => number.as_f64().unwrap_or(0.0),
        None => 0.0,
    }
}
