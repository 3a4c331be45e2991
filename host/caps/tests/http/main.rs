//! HTTP requests: each rule beside its control, against servers that behave and peers that do not.

#![expect(clippy::expect_used, reason = "a test fails by panic")]

#[path = "../support/mod.rs"]
mod support;

mod bodies;
mod floods;
mod gate;
mod guest;
mod hostile;
mod messages;
mod peer;
mod pool;
mod secrets;
mod tls;
mod world;
