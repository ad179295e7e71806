//! prereg-node keeps MOSIP pre-registration working in a registration center when the line to the
//! country's central installation does not.
//!
//! ```text
//! main -> { config  cli  demo } -> node -> { http  sync  batch  admin } -> services -> { store  secrets } -> domain
//!                                  node -> scanner -> domain      sync -> carrier -> { secrets  wire } -> domain
//!                                  http -> wire, outside
//! clock and entropy are held by http, sync, batch and scanner; all else is handed values
//! ```
//!
//! A request goes `http::server` -> `http::dispatch` (route, caller, access) -> handler -> service ->
//! store, and back once. What was done here is recorded as an operation (`services::perform`), which
//! `sync` carries to upstream; what upstream says comes back through `sync::intake`.

pub mod admin;
pub mod batch;
pub mod carrier;
pub mod cli;
pub mod clock;
pub mod config;
pub mod demo;
pub mod domain;
pub mod entropy;
pub mod http;
pub mod logging;
pub mod node;
pub mod outside;
pub mod scanner;
pub mod secrets;
pub mod services;
pub mod store;
pub mod sync;
pub mod typeset;
pub mod wire;
