#![doc = include_str!("../README.md")]
#![deny(unsafe_code)]

pub mod capabilities;
pub mod db;
pub mod env;
mod error;
pub mod fs;
pub mod http;
#[cfg(not(target_family = "wasm"))]
pub mod native;
pub mod net;
pub mod random;
mod sys;
pub mod time;
pub mod websocket;

pub use self::error::{Error, ErrorKind, Result};
