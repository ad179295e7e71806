//! What is neither central nor resident: the ways out of the node for messages and questions.

pub mod captcha;
pub mod clamd;
pub mod delivery;
pub mod sms;
pub mod smtp;
pub mod spool;
pub mod web;
