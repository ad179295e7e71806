//! What is fuzzed: the parsers of what cameras, neighbours and strangers send. Each of `frame`, `picture`
//! and `socket` has a `check`, which takes any bytes and panics if the program does with them what it
//! must not, and `seeds`, good inputs to begin with. `scripts/fuzz` gives them to libFuzzer;
//! `tests/scan/hostile.rs` has a short go at them in every run of the tests, by the whole program.
#![allow(dead_code, reason = "only what parses is taken from the program's files")]

// The files below are the program's own; they and what is fuzzed name it as everybody else does.
extern crate self as prereg_node;

#[path = "../../../../src/clock.rs"]
pub mod clock;
pub mod domain;
pub mod entropy;
pub mod scanner;

#[path = "../../../support/pdf.rs"]
mod pdf;
#[path = "../../../support/photo.rs"]
mod photo;

pub mod begin;
pub mod frame;
pub mod panics;
pub mod picture;
pub mod socket;
