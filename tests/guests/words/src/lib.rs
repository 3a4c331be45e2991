//! What the guests share whose arguments are operations: reading the words, the handles by name, the main loop.
//!
//! An operation is a function's name and its arguments, separated by spaces. Each prints one line, `OPERATION -> ok …` or
//! `OPERATION -> err CODE`, and the part before the arrow is written before the call is made.
//!
//! What touches `wasip2` is `#[inline]`: a guest that calls none of it, as `host-api`, links none of it. One object of `wasip2` would
//! bring its world, and with it newer versions of what std imports.

mod describe;
mod failure;
mod handles;
mod operation;
mod performing;
pub mod streams;

pub use describe::{describe, describe_case, done};
pub use failure::{Failure, Outcome};
pub use handles::Table;
pub use operation::{Decode, Operation, decode};
pub use performing::{Family, perform, perform_all};
