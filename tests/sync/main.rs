//! Simulations of a center node and its central: the real engine and a real replica, a scripted
//! central, and a clock that is turned by hand.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod central;
mod line;
mod properties;
mod seats;
mod world;
