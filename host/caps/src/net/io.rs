//! A connection as a stream of bytes, for protocols that are spoken on it.

use super::error::{NetError, NetResult};
use super::stream::{How, TcpStream};
use std::io;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, Interest, ReadBuf};
use tokio::task::coop::consume_budget;

/// The most that is read at once, in bytes: what is read into is zeroed first.
const MAX_READ_BYTES: usize = 64 * 1024;

/// A connection as a stream of bytes: counted, and at its end when its grant is. Then each call fails, with the [`NetError`] inside
/// of its error.
pub struct TcpIo(TcpStream);

impl TcpStream {
    /// The connection as a stream of bytes.
    pub fn into_io(self) -> TcpIo {
        TcpIo(self)
    }
}

impl TcpIo {
    /// The connection.
    pub fn stream(&self) -> &TcpStream {
        &self.0
    }

    fn poll<T>(
        &self,
        context: &mut Context<'_>,
        interest: Interest,
        mut attempt: impl FnMut(&TcpStream) -> NetResult<T>,
    ) -> Poll<io::Result<T>> {
        // A peer that never stops must not keep others of the thread from their turn.
        ready!(pin!(consume_budget()).poll(context));
        loop {
            match attempt(&self.0) {
                Err(NetError::WouldBlock) => ready!(self.0.socket().poll_changed(context, interest))?,
                outcome => return Poll::Ready(outcome.map_err(io::Error::from)),
            }
        }
    }
}

impl AsyncRead for TcpIo {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let length = buffer.remaining().min(MAX_READ_BYTES);
        let room = buffer.initialize_unfilled_to(length);
        let read = ready!(self.poll(context, Interest::READABLE, |stream| stream.try_read(room)))?;
        buffer.advance(read);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for TcpIo {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.poll(context, Interest::WRITABLE, |stream| stream.try_write(bytes))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        // Nothing is kept back.
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(self.0.shutdown(How::Write).map_err(io::Error::from))
    }
}
