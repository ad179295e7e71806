//! The commands as an operator meets them: what cannot be done ends with one plain sentence and a code
//! that is not zero, and changes nothing.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "../support/ports.rs"]
mod ports;

mod audit;
mod demo;
mod folder;
mod import;
mod init;
mod serve;
mod token;
