//! The demo: a made-up country and its residents.

pub mod country;
pub mod residents;
