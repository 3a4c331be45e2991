//! What a WebSocket is spoken over: a connection, with TLS or without.

use crate::net::TcpStream;
use std::fmt;
use tokio::io::{AsyncRead, AsyncWrite};

/// A connection of either kind.
pub(super) type Io = Box<dyn Stream>;

pub(super) trait Stream: AsyncRead + AsyncWrite + Send + Sync + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Sync + Unpin> Stream for T {}

impl fmt::Debug for dyn Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Stream")
    }
}

/// Has small messages sent at once: nobody waits for a second one.
pub(super) fn set_no_delay(stream: &TcpStream) {
    // A connection that is gone says so when it is used.
    let _ = stream.options().and_then(|options| options.set_no_delay(true));
}
