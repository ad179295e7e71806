//! What the node does: one file for each service, each function one transaction's work.

pub mod application;
pub mod archive;
pub mod audit;
pub mod batch;
pub mod booking;
pub mod captcha;
pub mod catalog;
pub mod datasync;
pub mod demographic;
pub mod document;
pub mod login;
pub mod master;
pub mod notification;
pub mod perform;
pub mod prefill;
pub mod published;
pub mod qrcode;
pub mod seat;
pub mod slip;
pub mod transliteration;
pub mod uispec;

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::{Offset, TimeZone};

use crate::domain::identity::Finding;
use crate::domain::ids::CenterId;
use crate::domain::master::Master;
use crate::domain::status::Lifecycle;

/// What a node may decide, from its configuration.
#[derive(Clone, Debug)]
pub struct Rules {
    /// Whether this node is the authority: it has no upstream, and what it does is final.
    pub authority: bool,
    /// The center it stands in; an authority has none.
    pub center: Option<CenterId>,
    /// Kiosks that central does not know of, whose seats a center node sells itself.
    pub local_kiosks: u32,
    /// The country's time zone.
    pub zone: TimeZone,
    /// Which statuses applications have.
    pub lifecycle: Lifecycle,
}

impl Rules {
    /// Returns the day and time that the country's clocks show at `now`.
    #[must_use]
    pub fn local(&self, now: Timestamp) -> DateTime {
        now.to_zoned(self.zone.clone()).datetime()
    }

    /// Returns the country's date at `now`.
    #[must_use]
    pub fn today(&self, now: Timestamp) -> Date {
        self.local(now).date()
    }

    /// Returns the zone in which messages tell the time: the country's property, `GMT+05:30` or an
    /// IANA name, or else the country's own.
    #[must_use]
    pub fn zone_of_messages(&self, master: &Master) -> TimeZone {
        let name = master.property("mosip.notification.timezone");
        name.and_then(|name| fixed_zone(name).or_else(|| TimeZone::get(name).ok()))
            .unwrap_or_else(|| self.zone.clone())
    }
}

/// Reads `GMT+05:30` or `UTC-3`.
fn fixed_zone(name: &str) -> Option<TimeZone> {
    let offset = name.strip_prefix("GMT").or_else(|| name.strip_prefix("UTC"))?;
    let (sign, clock) = match offset.strip_prefix('-') {
        Some(clock) => (-1, clock),
        None => (1, offset.strip_prefix('+')?),
    };
    let (hours, minutes) = clock.split_once(':').unwrap_or((clock, "0"));
    let (hours, minutes): (u8, u8) = (hours.parse().ok()?, minutes.parse().ok()?);
    let seconds = sign * (i32::from(hours) * 3600 + i32::from(minutes) * 60);
    Some(TimeZone::fixed(Offset::from_seconds(seconds).ok()?))
}

/// By which spelling of its path a call came. Where the contract's texts differ, the family decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// The user's own contract: `/appointment`, `/applications`.
    Own,
    /// Today's portal: `/applications/appointment`, `/applications/prereg`.
    Portal,
}

/// Whose fault an error is, and so what is logged of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The caller's: an answer, no log line.
    Refused,
    /// The node's: logged once, where it is answered.
    Internal,
}

/// An error that the wire has a code for. Its text is the wire's message.
pub trait Coded: std::error::Error {
    /// Returns the wire's code.
    fn code(&self) -> &'static str;

    /// Returns whose fault it is.
    fn kind(&self) -> Kind {
        Kind::Refused
    }

    /// Returns the findings it stands for; empty if it is one error with one code.
    fn findings(&self) -> &[Finding] {
        &[]
    }
}
