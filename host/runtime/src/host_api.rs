//! `caphost:host` on [`caphost_caps::guest`]. Each function looks up, calls and converts; what it may do is decided below.

mod capabilities;
pub(crate) mod convert;
pub(crate) mod db;
mod env;
mod file;
mod fs;
pub(crate) mod http;
mod net;
mod random;
pub(crate) mod refusing;
mod time;
mod websocket;
