//! The SDK natively, under sessions of the tests' own. As components the same calls are compared in the parity tests.

#![expect(
    clippy::disallowed_methods,
    clippy::expect_used,
    reason = "a test makes its folder by path, and fails by panic"
)]

mod against_std;
mod db;
mod errors;
mod files;
mod handover;
mod http;
mod network;
mod refusals;
mod sessions;
#[path = "../support/mod.rs"]
mod support;
mod time;
mod waiting;
mod websocket;
