//! What is neither central nor resident: the ways out of the node for messages.

pub mod spool;
