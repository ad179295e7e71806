//! The specification of the services: a whole node over HTTP, a file for each service. Codes and texts
//! are the wire contract's, letter for letter.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "../support/mod.rs"]
mod support;

mod applications;
mod appointments;
mod audit;
mod availability;
mod batch;
mod booking;
mod cancel;
mod captcha;
mod catalog;
mod changes;
mod counters;
mod datasync;
mod demographic;
mod document;
mod envelopes;
mod flood;
mod health;
mod limits;
mod login;
mod notification;
mod portal;
mod prefill;
mod qrcode;
mod routes;
mod seats;
mod slip;
mod tokens;
mod transliteration;
mod validation;
