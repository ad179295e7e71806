//! prereg-node keeps MOSIP pre-registration working in a registration center when the line to the
//! country's central installation does not.

pub mod clock;
pub mod domain;
pub mod entropy;
