//! Picks the command and exits with its code.

fn main() {}
