//! The capability layer: what a guest does is done here, by whoever holds a permit for it.
//!
//! A [`Session`] is one running guest's authority. It is made from a [`Policy`](caphost_policy::Policy), and everything that a
//! guest can reach hangs from it: [`FileSystem`](fs::FileSystem), [`Environment`](env::Environment), [`Clocks`](time::Clocks),
//! [`Random`](random::Random) and [`Network`](net::Network). Each of them asks the [`Gate`] before it acts; the gate's answer is a [`Permit`], which no one else
//! can make, or a [`Denied`], which tells the guest no more than it may know. What the operator sees of it is a [`Refusal`].
//!
//! [`guest`] holds the calls of our own interface on a session, for every front door that has it.
//!
//! The layer knows no WIT, no wasmtime and no command line: the same calls serve a component and a native program. It touches the
//! host's paths, environment, sockets, clocks and entropy in one module, [`ambient`].

pub mod ambient;
mod audit;
mod clock;
pub mod db;
pub mod env;
mod escape;
pub mod fs;
mod gate;
pub mod guest;
pub mod handover;
pub mod http;
mod live;
mod meter;
pub mod net;
pub mod random;
mod refusal;
mod request;
mod revocation;
mod session;
pub mod stdio;
pub mod time;
pub mod tls;
pub mod websocket;

pub use audit::{AuditLog, AuditSettings, AuditSink, OnAuditError, Provenance, Rotation, TroubleObserver};
pub use clock::{ClockHand, SessionClock};
pub use escape::{Escaped, escape};
pub use gate::{Gate, Observer, Permit};
pub use refusal::{Denied, Refusal, Remedy};
pub use request::{Asked, Inside, Obstacle, Place, Request, Target};
pub use revocation::Revoker;
pub use session::{Session, SessionBuilder, SessionError};
