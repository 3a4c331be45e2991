//! Rules compiled for deciding: the cost of a decision is the length of what is asked for, never the number of rules.
//!
//! Paths have one trie per capability that holds the rules of all layers, because a cursor into it must stay a small value.
//! The other shapes have one matcher per layer and capability.

mod address;
mod cursor;
mod dns;
mod excepted;
mod fold;
mod http;
mod layer;
mod map;
mod name;
mod net;
mod net_excepted;
mod order;
mod path;
mod peers;
mod ports;
mod slot;
mod table;

pub(crate) use address::class_of_block;
pub use cursor::PathCursor;
pub(crate) use layer::Matchers;
pub(crate) use map::Map;
pub(crate) use order::Layer;
