//! The program's words for what is read.

#[path = "../../../../src/domain/prid.rs"]
pub mod prid;
#[path = "../../../../src/domain/scan.rs"]
pub mod scan;
