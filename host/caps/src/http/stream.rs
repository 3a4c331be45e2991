//! What HTTP is spoken over: a connection, with TLS or without.

use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};

/// A connection of either kind. One virtual call a read or write, and one type of everything above it.
pub(super) type Io = TokioIo<Box<dyn Stream>>;

pub(super) trait Stream: AsyncRead + AsyncWrite + Send + Sync + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Sync + Unpin> Stream for T {}

pub(super) fn io(stream: impl Stream + 'static) -> Io {
    TokioIo::new(Box::new(stream))
}
