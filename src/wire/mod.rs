//! How MOSIP spells things: bodies, envelope, dates.
//!
//! A body prints as nothing (there is no `Debug` on it), for most hold what is personal. A member
//! that a request may lack is an `Option`, so that the service says what is missing in its own words;
//! in an answer `None` is written as `null`, never left out.

pub mod application;
pub mod audit;
pub mod batch;
pub mod booking;
pub mod captcha;
pub mod datasync;
pub mod date;
pub mod demographic;
pub mod document;
pub mod envelope;
pub mod login;
pub mod masterdata;
pub mod masterfolder;
pub mod notification;
pub mod qrcode;
pub mod transliteration;
