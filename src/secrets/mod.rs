//! Keys and certificates: what opens the replica, what proves a login, what the LAN trusts.

pub mod file;
pub mod hash;
pub mod keyring;
pub mod realm;
pub mod signature;
pub mod tls;
pub mod token;
