//! What the tests of a whole node share: a node over real HTTP on the loopback, in a folder of its
//! own, with a clock that is turned by hand, and what must hold of it at rest.

mod asserted;
mod client;
mod elsewhere;
mod log;
mod node;
mod rest;

pub(crate) use client::Reply;
pub(crate) use elsewhere::Elsewhere;
pub(crate) use log::logged;
pub(crate) use node::{
    Application, Plan, Session, TestNode, central_s_application, envelope, file, form, pause,
};
