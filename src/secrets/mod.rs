//! Keys and certificates: what opens the replica, what proves a login, what the LAN trusts.

mod file;
pub mod hash;
pub mod keyring;
pub mod signature;
pub mod tls;
pub mod token;
