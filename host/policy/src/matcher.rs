//! Rules compiled for deciding: the cost of a decision is the length of what is asked for, never the number of rules.
//!
//! Paths have one trie per capability that holds the rules of all layers, because a cursor into it must stay a small value.
//! The other shapes have one matcher per layer and capability.

mod address;
mod dns;
mod fold;
mod http;
mod layer;
mod map;
mod name;
mod net;
mod path;
mod peers;
mod ports;
mod slot;
mod table;

pub(crate) use layer::{Layer, Matchers};
pub use path::PathCursor;
