//! Ports that nobody listens on.

use std::io;
use std::net::{Ipv4Addr, TcpListener};

/// Returns two ports that are free now, as those above them are: one for each node of a demo.
pub(crate) fn for_two_nodes() -> io::Result<[u16; 2]> {
    loop {
        let [one, other] = [pair()?, pair()?];
        if one.abs_diff(other) > 1 {
            return Ok([one, other]);
        }
    }
}

/// Returns a port that is free, as the one above it is.
fn pair() -> io::Result<u16> {
    loop {
        let lower = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let port = lower.local_addr()?.port();
        if port < u16::MAX && TcpListener::bind((Ipv4Addr::LOCALHOST, port + 1)).is_ok() {
            return Ok(port);
        }
    }
}
