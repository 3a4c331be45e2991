//! Audit logs, read. Invariant: a log is a foreign file: no line of it is longer in memory than [`MAX_LINE_BYTES`], and nothing in it
//! is believed that its chain of hashes does not bear.
//!
//! [`Chain`] checks the lines of a log, file by file; [`in_order`] puts its files in order; [`Line`] is what a line says. [`Usage`]
//! collects what was allowed, and writes the least manifest that allows it.
//!
//! The hashes hold no secret: whoever can write all files of a log can write another one. A log proves something to whom its last hash
//! was told.

mod chain;
mod fault;
mod line;
mod lines;
mod parts;
mod provenance;
mod usage;

pub use chain::{Chain, Ending, Totals};
pub use fault::{Fault, Problem};
pub use line::{Content, Decision, End, Header, Line, Record};
pub use lines::{LineEnd, Lines, MAX_LINE_BYTES, RawLine};
pub use parts::{Part, in_order};
pub use usage::{Frame, LearnScope, MAX_USES, Usage};

pub(crate) use provenance::provenance;
