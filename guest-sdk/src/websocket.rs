//! WebSockets, as client and as server.
//!
//! To connect takes `websocket.connect` of the URL's host and port, or of its origin (`wss://chat.example.com`); to listen takes
//! `websocket.listen` of the address and the port.
//!
//! # Examples
//! A client:
//! ```no_run
//! use caphost_sdk::websocket::{self, Message};
//!
//! let chat = websocket::connect("wss://chat.example.com/room")?;
//! chat.send("hello")?;
//! while let Some(message) = chat.receive()? {
//!     if let Message::Text(text) = message {
//!         println!("{text}");
//!     }
//! }
//! # Ok::<_, caphost_sdk::Error>(())
//! ```
//!
//! A server that sends back what it is told:
//! ```no_run
//! use caphost_sdk::websocket::{Listener, Message};
//!
//! let listener = Listener::options().path("/echo").bind("127.0.0.1:8080")?;
//! loop {
//!     let (connection, _) = listener.accept()?;
//!     while let Some(message) = connection.receive()? {
//!         if matches!(message, Message::Text(_) | Message::Binary(_)) {
//!             connection.send(message)?;
//!         }
//!     }
//! }
//! # #[expect(unreachable_code, reason = "it serves for ever")]
//! # Ok::<_, caphost_sdk::Error>(())
//! ```

mod connection;
mod listener;
mod message;
mod options;

pub use self::connection::Connection;
pub use self::listener::Listener;
pub use self::message::{CloseFrame, Message};
pub use self::options::{ConnectOptions, ListenOptions};

use crate::error::Result;

/// Opens a connection to a URL with the scheme `ws` or `wss`. How, is for [`ConnectOptions`].
///
/// # Errors
/// As [`ConnectOptions::connect`].
pub fn connect(url: impl AsRef<str>) -> Result<Connection> {
    ConnectOptions::new().connect(url)
}
