//! The program's parsers. Each names others here as it does in the program, so whatever one uses stands
//! here too; tests/house.rs looks.

#[path = "../../../../src/scanner/decode.rs"]
pub mod decode;
#[path = "../../../../src/scanner/finder.rs"]
mod finder;
#[path = "../../../../src/scanner/fit.rs"]
mod fit;
#[path = "../../../../src/scanner/frame.rs"]
pub mod frame;
#[path = "../../../../src/scanner/live.rs"]
pub mod live;
#[path = "../../../../src/scanner/luma.rs"]
pub mod luma;
#[path = "../../../../src/scanner/pdf.rs"]
mod pdf;
#[path = "../../../../src/scanner/render.rs"]
pub mod render;
#[path = "../../../../src/scanner/socket.rs"]
pub mod socket;
#[path = "../../../../src/scanner/source.rs"]
pub mod source;
#[path = "../../../../src/scanner/stock.rs"]
mod stock;
#[path = "../../../../src/scanner/view.rs"]
mod view;
#[path = "../../../../src/scanner/worker.rs"]
pub mod worker;
