//! The body of a request: whole, or written in pieces while it is sent. Invariant: a server reads either all of the body that was
//! said, or a broken request; never a shorter body that looks whole.

use super::fields::check_trailers;
use super::{Channel, HttpError};
use ::http::{HeaderMap, Method};
use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

/// The largest piece of a whole body that is handed on at once, in bytes.
const PIECE_BYTES: usize = 64 << 10;

/// How long a request by `GET` and the like waits to learn whether a body comes at all. A guest that takes such a body usually ends
/// it at once; only one that waits for the answer first meets this bound.
const WAIT_FOR_FIRST_PIECE: Duration = Duration::from_millis(200);

/// The body of a request, as the host sends it.
pub struct OutgoingBody(Kind);

enum Kind {
    Whole(Bytes),
    Pieces(Arc<Channel>),
}

/// The guest's end of a body that is written in pieces. To drop it before [`BodySender::finish`] breaks the request off.
///
/// Holds 64 KiB that the server did not take yet; who writes more waits.
pub struct BodySender(Arc<Channel>);

impl OutgoingBody {
    /// No body.
    pub fn empty() -> Self {
        Self::whole(Bytes::new())
    }

    /// A body that is there.
    pub fn whole(bytes: impl Into<Bytes>) -> Self {
        Self(Kind::Whole(bytes.into()))
    }

    /// A body that will be written: of so many bytes, or, without a number, of as many as are written.
    pub fn pieces(length: Option<u64>) -> (BodySender, Self) {
        let channel = Arc::new(Channel::new(length));
        (BodySender(Arc::clone(&channel)), Self(Kind::Pieces(channel)))
    }

    /// How long it will be, where that was said.
    pub(super) fn length(&self) -> Option<u64> {
        match &self.0 {
            Kind::Whole(bytes) => Some(bytes.len() as u64),
            Kind::Pieces(channel) => channel.declared(),
        }
    }

    /// The channel that it comes by, unless it is there as a whole.
    pub(super) fn channel(&self) -> Option<&Arc<Channel>> {
        match &self.0 {
            Kind::Whole(_) => None,
            Kind::Pieces(channel) => Some(channel),
        }
    }

    /// Whether anything of it was written.
    pub(super) fn has_begun(&self) -> bool {
        match &self.0 {
            Kind::Whole(bytes) => !bytes.is_empty(),
            Kind::Pieces(channel) => !channel.is_drained(),
        }
    }

    /// The same body, as a whole if all of it was written already: what is known to be short needs no task of its own.
    ///
    /// For methods whose bodies mean nothing to most servers, waits a moment until it is known whether there is one.
    pub(super) async fn settled(self, method: &Method) -> Self {
        let Kind::Pieces(channel) = &self.0 else { return self };
        let is_usual = !matches!(*method, Method::GET | Method::HEAD | Method::DELETE | Method::OPTIONS);
        if !is_usual && channel.declared().is_none() {
            // When the time is over HTTP/1.1 has it sent without a body, and who writes to it is told.
            let _ = tokio::time::timeout(WAIT_FOR_FIRST_PIECE, channel.begun()).await;
        }
        match channel.take_whole() {
            Some(bytes) => Self::whole(bytes),
            None => self,
        }
    }
}

impl Body for OutgoingBody {
    type Data = Bytes;
    type Error = HttpError;

    fn poll_frame(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, HttpError>>> {
        match &mut self.get_mut().0 {
            Kind::Whole(bytes) if bytes.is_empty() => Poll::Ready(None),
            Kind::Whole(bytes) => Poll::Ready(Some(Ok(Frame::data(bytes.split_to(bytes.len().min(PIECE_BYTES)))))),
            Kind::Pieces(channel) => channel.poll_frame(context),
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.0 {
            Kind::Whole(bytes) => bytes.is_empty(),
            Kind::Pieces(channel) => channel.is_at_end(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.0 {
            Kind::Whole(bytes) => SizeHint::with_exact(bytes.len() as u64),
            Kind::Pieces(channel) => channel.left().map_or_else(SizeHint::default, SizeHint::with_exact),
        }
    }
}

impl Drop for OutgoingBody {
    fn drop(&mut self) {
        if let Kind::Pieces(channel) = &self.0 {
            channel.close();
        }
    }
}

impl fmt::Debug for OutgoingBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OutgoingBody").field("length", &self.length()).finish_non_exhaustive()
    }
}

impl BodySender {
    /// How many bytes [`BodySender::try_write`] takes now; none while the server has to catch up, or when it is over.
    pub fn capacity(&self) -> usize {
        self.0.capacity()
    }

    /// Whether nobody reads the body any more: the answer came without it, or the request failed.
    pub fn is_closed(&self) -> bool {
        self.0.is_closed()
    }

    /// Whether everything that was written was taken on.
    pub fn is_flushed(&self) -> bool {
        self.0.is_drained()
    }

    /// Writes as much as goes without waiting; how many bytes.
    ///
    /// # Errors
    /// [`HttpError::RequestBodySize`] for more than was said, of which nothing is written; [`HttpError::ConnectionTerminated`] when
    /// nobody reads it any more.
    pub fn try_write(&self, bytes: &[u8]) -> Result<usize, HttpError> {
        self.0.write(bytes)
    }

    /// Waits until [`BodySender::try_write`] takes something or fails. It may be waited for in several places.
    ///
    /// # Errors
    /// [`HttpError::WriteTimeout`] when the server takes nothing for longer than the request allows; the request is broken off.
    ///
    /// # Cancel safety
    /// Safe: nothing is written.
    pub async fn ready(&self) -> Result<(), HttpError> {
        self.0.until_taken(Channel::poll_capacity).await
    }

    /// Waits until everything that was written was taken on.
    ///
    /// # Errors
    /// As [`BodySender::ready`]; [`HttpError::ConnectionTerminated`] when nobody reads it any more.
    ///
    /// # Cancel safety
    /// Safe.
    pub async fn flushed(&self) -> Result<(), HttpError> {
        self.0.until_taken(Channel::poll_drained).await?;
        if self.is_flushed() { Ok(()) } else { Err(HttpError::ConnectionTerminated) }
    }

    /// Writes all of `bytes`.
    ///
    /// # Errors
    /// Those of [`BodySender::try_write`] and [`BodySender::ready`].
    ///
    /// # Cancel safety
    /// Not safe: a part may have been written.
    pub async fn write(&self, bytes: &[u8]) -> Result<(), HttpError> {
        self.0.check_length(bytes.len())?;
        let mut rest = bytes;
        while !rest.is_empty() {
            match self.try_write(rest)? {
                0 => self.ready().await?,
                written => rest = rest.get(written..).unwrap_or_default(),
            }
        }
        Ok(())
    }

    /// Ends the body. Does not wait. Over HTTP/1.1 only those trailers are sent that the header `Trailer` announced.
    ///
    /// # Errors
    /// [`HttpError::RequestBodySize`] when it is shorter than was said, and those of trailers: the request is then broken off.
    /// [`HttpError::Over`] the second time.
    pub fn finish(&self, trailers: HeaderMap) -> Result<(), HttpError> {
        let checked = check_trailers(&trailers);
        if checked.is_err() {
            self.0.abort(HttpError::RequestAborted);
        }
        checked?;
        self.0.finish(trailers)
    }
}

impl Drop for BodySender {
    fn drop(&mut self) {
        self.0.abort(HttpError::RequestAborted);
    }
}

impl fmt::Debug for BodySender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BodySender").field("capacity", &self.capacity()).finish_non_exhaustive()
    }
}
