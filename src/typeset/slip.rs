//! What stands on a slip.

use std::sync::Arc;

use jiff::civil::{Date, DateTime, Time};

use super::words::Words;

/// A person's slip: one page.
#[derive(Clone, Debug)]
pub struct Slip {
    /// The application's number: what the code says.
    pub number: String,
    /// Modules of a side of the code.
    pub side: usize,
    /// Its modules by row, dark ones true; `side` × `side` of them, without a border.
    pub modules: Vec<bool>,
    /// The person's name in each language it was given in, and whether that runs from right to left.
    pub names: Vec<(String, bool)>,
    /// Whether only this center knows the number.
    pub only_here: bool,
    /// Day and time of the appointment, by the country's clock.
    pub appointment: Option<(Date, Time)>,
    /// When the slip was made, by the country's clock.
    pub made_at: DateTime,
    /// What is said in each language, one to three; the first decides which way the page runs.
    pub columns: Vec<Column>,
}

/// What a slip says in one language.
#[derive(Clone, Debug)]
pub struct Column {
    /// The language, ISO 639-2.
    pub language: String,
    /// Whether it runs from right to left.
    pub right_to_left: bool,
    /// Its labels.
    pub words: Arc<Words>,
    /// The center's name; empty where there is no center.
    pub center: String,
    /// Its address.
    pub address: String,
    /// Its telephone number.
    pub phone: String,
    /// The documents to bring.
    pub bring: Vec<String>,
}
