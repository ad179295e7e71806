//! Master data: replaced as a whole, or not at all.

use std::sync::Arc;

use jiff::Timestamp;

use crate::domain::master::{Inconsistent, Master, Row};
use crate::store::{self, Tx, View};

/// Master data that was loaded, and which of the replica's it is.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// Grows with every replacement.
    pub version: i64,
    /// What there is.
    pub master: Arc<Master>,
}

/// Why master data was not replaced.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It does not add up.
    #[error("master data is not consistent: {0}")]
    Inconsistent(#[from] Inconsistent),
    /// It would lose too much to be taken without a person's yes.
    #[error("{0}; nothing was replaced. If that is meant, say so with --yes")]
    Loses(String),
    /// There is none yet.
    #[error("there is no master data yet; load some with `prereg-node import`")]
    None,
    /// The replica failed.
    #[error(transparent)]
    Store(#[from] store::Error),
}

/// Replaces all master data by `rows`. Losing a center, or more than a tenth of the rows, needs
/// `confirmed`, a person's yes.
///
/// # Errors
/// [`Error::Inconsistent`] or [`Error::Loses`], and nothing is replaced; or the replica's failure.
pub fn replace(
    tx: &Tx<'_>,
    rows: &[Row],
    confirmed: bool,
    now: Timestamp,
) -> Result<Master, Error> {
    let next = Master::from_rows(rows.iter().cloned())?;
    let before = store::master::all(tx)?;
    if !before.is_empty() && !confirmed {
        if rows.len() * 10 < before.len() * 9 {
            let lost = before.len() - rows.len();
            return Err(Error::Loses(format!("it would lose {lost} of {} rows", before.len())));
        }
        let old = Master::from_rows(before)?;
        if let Some(lost) = old.centers().find(|center| next.center(&center.id).is_none()) {
            return Err(Error::Loses(format!("it would lose center {}", lost.id)));
        }
    }
    store::master::replace(tx, rows, now)?;
    Ok(next)
}

/// Returns the master data of the replica.
///
/// # Errors
/// [`Error::None`] before the first import, or the replica's failure.
pub fn load(view: &View<'_>) -> Result<Master, Error> {
    let rows = store::master::all(view)?;
    if rows.is_empty() {
        return Err(Error::None);
    }
    Ok(Master::from_rows(rows)?)
}

/// Returns the master data of the replica and its version, unless `known` is that version: nothing
/// is read then, for real tables are large and anybody may ask for this.
///
/// # Errors
/// As [`load`].
pub fn newer(view: &View<'_>, known: Option<i64>) -> Result<Option<Loaded>, Error> {
    let version = store::master::version(view)?;
    if known == Some(version) {
        return Ok(None);
    }
    Ok(Some(Loaded { version, master: Arc::new(load(view)?) }))
}
