//! Words and rules that hold without a database: values in, values out.

pub mod ids;
pub mod prid;
