//! What a guest asks of a session, in neutral types: the calls of `caphost:host`, one function each.
//!
//! Both front doors call these, the bindings of a component and the SDK of a native program, so both give the same answers, the
//! same refusals and the same records. Nothing is decided here: each function names the call, does it on the session, and turns
//! what went wrong into the guest's one [`Error`].

pub mod capabilities;
pub mod db;
pub mod env;
mod error;
mod file;
pub mod fs;
pub mod http;
pub mod net;
pub mod random;
pub mod time;
pub mod websocket;

pub use self::error::{Error, Refused, Result};

use crate::session::Session;

/// The most that is allocated at once on the guest's behalf, in bytes: the operator picks it.
fn allocation_limit(session: &Session) -> u64 {
    session.gate().policy().limits().host_allocation_bytes
}
