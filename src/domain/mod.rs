//! Words and rules that hold without a database: values in, values out.

pub mod application;
pub mod apply;
pub mod audit;
pub mod caller;
pub mod counter;
pub mod document;
pub mod form;
pub mod id_schema;
pub mod identity;
pub mod ids;
pub mod job;
pub mod line;
pub mod master;
pub mod message;
pub mod operation;
pub mod otp;
pub mod pattern;
pub mod picture;
pub mod prid;
pub mod scan;
pub mod seats;
pub mod slot;
pub mod status;
pub mod ui_spec;
