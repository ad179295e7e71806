//! The program's parsers.

#[path = "../../../../src/scanner/decode.rs"]
pub mod decode;
#[path = "../../../../src/scanner/luma.rs"]
pub mod luma;
#[path = "../../../../src/scanner/pdf.rs"]
mod pdf;
#[path = "../../../../src/scanner/socket.rs"]
pub mod socket;
#[path = "../../../../src/scanner/source.rs"]
pub mod source;
#[path = "../../../../src/scanner/worker.rs"]
pub mod worker;
