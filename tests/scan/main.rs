//! The scanner on pictures as they come: photographed, printed, damaged, hostile.

#[path = "../support/pdf.rs"]
mod pdf;
#[path = "../support/photo.rs"]
mod photo;

mod cameras;
mod daemon;
mod damage;
mod files;
mod hostile;
mod pictures;
mod program;
mod sources;
