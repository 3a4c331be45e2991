//! Whom the scenarios of the network talk to. The parity tests start them there, on ports that the system gives to nobody by itself.

/// The address of every peer, and of nobody else.
pub const ADDRESS: &str = "127.77.1.1";
/// The name of that address.
pub const NAME: &str = "peer.test";

/// TCP: sends back what it gets.
pub const ECHO: &str = "127.77.1.1:27071";
/// The port of that.
pub const ECHO_PORT: u16 = 27071;
/// TCP: lets in, and says nothing.
pub const SILENT: &str = "127.77.1.1:27072";
/// UDP: sends back what it gets.
pub const UDP_ECHO: &str = "127.77.1.1:27073";
/// TCP: sends [`SOURCE_BYTES`], and closes.
pub const SOURCE: &str = "127.77.1.1:27074";
/// TCP: lets in, and closes.
pub const CLOSING: &str = "127.77.1.1:27075";
/// TCP: lets in, and resets.
pub const RESETTING: &str = "127.77.1.1:27076";
/// Nobody is there.
pub const NOBODY: &str = "127.77.1.1:27077";
/// What [`SOURCE`] sends.
pub const SOURCE_BYTES: u64 = 300_000;

/// HTTP.
pub const HTTP: &str = "http://127.77.1.1:27080";
/// The same by its name.
pub const HTTP_BY_NAME: &str = "http://peer.test:27080";
/// HTTP over TLS, by its name.
pub const HTTPS: &str = "https://peer.test:27081";
/// HTTP over TLS, with a certificate that nobody trusts.
pub const UNTRUSTED: &str = "https://peer.test:27082";
/// WebSockets: sends back what it gets.
pub const WEBSOCKET: &str = "ws://127.77.1.1:27083";

/// Where somebody tries to open WebSockets again and again: at a path that is none, and at `/chat`, where they say hello and wait for an answer.
pub const CALLED: &str = "127.0.0.1:27091";

/// What is asked for in the middle of a scenario through std, and is always refused.
pub const CHECKPOINT: &str = "127.77.9.9:9";
