//! How domain types are spelled in columns: instants as ms UTC, days and times as they read, the
//! rest as the words of their own.

use jiff::Timestamp;
use jiff::civil::{Date, Time};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::domain::application::Kind;
use crate::domain::ids::Digest;
use crate::domain::status::Status;
use crate::store::Error;

pub(super) fn ms(at: Timestamp) -> i64 {
    at.as_millisecond()
}

pub(super) fn instant(ms: i64) -> Result<Timestamp, Error> {
    Timestamp::from_millisecond(ms).map_err(|_| Error::Row("an instant"))
}

pub(super) fn day(day: Date) -> String {
    day.to_string()
}

pub(super) fn parse_day(text: &str) -> Result<Date, Error> {
    text.parse().map_err(|_| Error::Row("a day"))
}

pub(super) fn time(time: Time) -> String {
    time.strftime("%H:%M:%S").to_string()
}

pub(super) fn parse_time(text: &str) -> Result<Time, Error> {
    text.parse().map_err(|_| Error::Row("a time"))
}

pub(super) fn digest(bytes: &[u8]) -> Result<Digest, Error> {
    bytes.try_into().map(Digest::from_bytes).map_err(|_| Error::Row("a digest"))
}

pub(super) fn json<T: Serialize>(value: &T) -> String {
    serde_json::to_string(value).expect("domain types have text keys and no failing parts")
}

pub(super) fn parse_json<T: DeserializeOwned>(text: &str) -> Result<T, Error> {
    serde_json::from_str(text).map_err(|_| Error::Row("a JSON column"))
}

pub(super) fn status(text: &str) -> Result<Status, Error> {
    Status::parse(text).ok_or(Error::Row("a status"))
}

pub(super) fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::New => "new",
        Kind::LostUin => "lost_uin",
        Kind::Update => "update",
    }
}

pub(super) fn parse_kind(text: &str) -> Result<Kind, Error> {
    match text {
        "new" => Ok(Kind::New),
        "lost_uin" => Ok(Kind::LostUin),
        "update" => Ok(Kind::Update),
        _ => Err(Error::Row("a kind")),
    }
}
