//! WASI 0.2 on the capability layer. Each function looks up, calls and converts; what it may do is decided below.

pub(crate) mod cli;
pub(crate) mod clocks;
pub(crate) mod convert;
pub(crate) mod environment;
pub(crate) mod file_stream;
pub(crate) mod filesystem;
pub(crate) mod http;
pub(crate) mod input_stream;
pub(crate) mod io;
pub(crate) mod output_stream;
pub(crate) mod poll;
pub(crate) mod random;
pub(crate) mod sockets;
pub(crate) mod stdio;
