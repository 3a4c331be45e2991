//! The other end of the wire: who a guest talks to in the tests.
//!
//! A [`settings::Settings`] names peers of several [`settings::Kind`]s; [`start()`] binds them and says on which ports they
//! are: a name server ([`dns`]) whose answers change, are mixed, or never come; HTTP servers by hyper, over TLS or
//! without ([`http`]), with certificates of an [`authority`] of their own; an HTTP server written to do harm ([`hostile`]);
//! plain TCP and UDP ([`tcp`], [`udp`]); a WebSocket server in Python ([`websocket`]).
//!
//! What reaches them is written down ([`log`]), so that a test can say what did *not*.
//!
//! The program `peers` reads settings from standard input and serves until it ends; `peers connect` is a plain client.
//! Peers bind loopback addresses, or those of a network namespace of their own ([`netns`]).

pub mod authority;
pub mod client;
pub mod dns;
pub mod hostile;
pub mod http;
pub mod listen;
pub mod log;
pub mod netns;
pub mod records;
pub mod settings;
mod start;
pub mod tcp;
pub mod udp;
pub mod websocket;

pub use start::start;
