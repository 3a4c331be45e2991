//! The body of an answer, as it comes.

use super::loan::Loan;
use super::{HttpError, fields};
use ::http::HeaderMap;
use bytes::{Bytes, BytesMut};
use http_body::{Body, Frame};
use hyper::body::Incoming;
use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::{Context, Poll, Waker, ready};
use std::time::Duration;
use tokio::time::{Sleep, sleep};

/// The most of a body that is read and thrown away for the sake of what stands behind it, in bytes.
const MAX_DISCARDED: u64 = 64 << 20;

/// The body of an answer. To drop it before its end gives up the rest.
pub struct IncomingBody {
    open: Option<Box<Open>>,
    /// What was received and not taken.
    left: Bytes,
    trailers: HeaderMap,
    failure: Option<HttpError>,
    patience: Patience,
}

/// The part of a body that is still to come.
struct Open {
    body: Incoming,
    loan: Loan,
}

/// How long a peer may send nothing while it is waited for.
struct Patience {
    limit: Duration,
    sleep: Option<Pin<Box<Sleep>>>,
    is_waiting: bool,
}

impl IncomingBody {
    pub(super) fn new(body: Incoming, mut loan: Loan, between_bytes: Duration) -> Self {
        let patience = Patience { limit: between_bytes, sleep: None, is_waiting: false };
        let mut this = Self { open: None, left: Bytes::new(), trailers: HeaderMap::new(), failure: None, patience };
        if body.is_end_stream() {
            // Most of what there is to know of the end is known once the connection has moved.
            loan.drive(&mut Context::from_waker(Waker::noop()));
            loan.give_back();
        } else {
            this.open = Some(Box::new(Open { body, loan }));
        }
        this
    }

    /// Reads up to `length` bytes of what is there: nothing yet is `None`, the end is empty.
    ///
    /// # Errors
    /// Why no more of it comes, each time; a refusal when the grant has ended.
    pub fn try_read(&mut self, length: usize) -> Result<Option<Bytes>, HttpError> {
        match self.poll_fill(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(filled) => filled.map(|()| Some(self.take(length))),
            Poll::Pending => Ok(None),
        }
    }

    /// Waits until [`IncomingBody::try_read`] answers something.
    ///
    /// # Cancel safety
    /// Safe: nothing is lost.
    pub async fn readable(&mut self) {
        // What went wrong is told by the read.
        let _ = poll_fn(|context| self.poll_wait(context)).await;
    }

    /// Reads up to `length` bytes, once there is something; none at the end.
    ///
    /// # Errors
    /// As [`IncomingBody::try_read`]; [`HttpError::ReadTimeout`] when the server sends nothing for longer than the request allows.
    ///
    /// # Cancel safety
    /// Safe: what was not answered was not read.
    pub async fn read(&mut self, length: usize) -> Result<Bytes, HttpError> {
        poll_fn(|context| self.poll_wait(context)).await?;
        Ok(self.take(length))
    }

    /// Reads all of it.
    ///
    /// # Errors
    /// Those of [`IncomingBody::read`]; [`HttpError::ResponseBodySize`] for more than `limit` bytes.
    ///
    /// # Cancel safety
    /// Not safe: what was read is lost.
    pub async fn read_to_end(&mut self, limit: usize) -> Result<Bytes, HttpError> {
        let first = self.read(usize::MAX).await?;
        let second = if first.is_empty() { Bytes::new() } else { self.read(usize::MAX).await? };
        if second.is_empty() {
            // A body that came at once is not copied.
            return if first.len() > limit { Err(HttpError::ResponseBodySize) } else { Ok(first) };
        }
        let mut whole = BytesMut::with_capacity(first.len() + second.len());
        whole.extend_from_slice(&first);
        let mut piece = second;
        while !piece.is_empty() {
            if whole.len() + piece.len() > limit {
                return Err(HttpError::ResponseBodySize);
            }
            whole.extend_from_slice(&piece);
            piece = self.read(usize::MAX).await?;
        }
        Ok(whole.freeze())
    }

    /// The trailers, once the body is read to its end; `None` before.
    ///
    /// # Errors
    /// Why the body did not come to its end.
    pub fn trailers(&self) -> Result<Option<&HeaderMap>, HttpError> {
        match (&self.failure, self.is_at_end()) {
            (Some(error), _) => Err(error.clone()),
            (None, is_at_end) => Ok(is_at_end.then_some(&self.trailers)),
        }
    }

    /// Throws away what is left of the body, as far as the timeouts and 64 MiB allow; the trailers.
    ///
    /// # Errors
    /// Those of [`IncomingBody::read`]; [`HttpError::ResponseBodySize`] when too much is left.
    ///
    /// # Cancel safety
    /// Safe: the body is given up with the future.
    pub async fn finish(mut self) -> Result<HeaderMap, HttpError> {
        let mut discarded = 0_u64;
        loop {
            let length = self.read(usize::MAX).await?.len() as u64;
            if length == 0 {
                return Ok(std::mem::take(&mut self.trailers));
            }
            discarded += length;
            if discarded > MAX_DISCARDED {
                return Err(HttpError::ResponseBodySize);
            }
        }
    }

    /// Whether all of it was read.
    pub fn is_at_end(&self) -> bool {
        self.open.is_none() && self.left.is_empty() && self.failure.is_none()
    }

    fn take(&mut self, length: usize) -> Bytes {
        self.left.split_to(length.min(self.left.len()))
    }

    /// As [`IncomingBody::poll_fill`], and not for longer than the peer has.
    fn poll_wait(&mut self, context: &mut Context<'_>) -> Poll<Result<(), HttpError>> {
        if let Poll::Ready(filled) = self.poll_fill(context) {
            return Poll::Ready(filled);
        }
        ready!(self.patience.poll(context));
        self.open.iter().for_each(|open| open.loan.give_up());
        Poll::Ready(Err(self.fail(HttpError::ReadTimeout)))
    }

    /// Ready when there is something, or the end.
    fn poll_fill(&mut self, context: &mut Context<'_>) -> Poll<Result<(), HttpError>> {
        if let Some(error) = &self.failure {
            return Poll::Ready(Err(error.clone()));
        }
        if let Some(Err(error)) = self.open.as_ref().map(|open| open.loan.check()) {
            return Poll::Ready(Err(self.fail(error)));
        }
        while let Some(open) = self.open.as_mut().filter(|_| self.left.is_empty()) {
            match ready!(open.poll_frame(context)) {
                Some(Ok(frame)) => self.accept(frame)?,
                Some(Err(error)) => {
                    let error = open.loan.explain(HttpError::of_body(&error));
                    return Poll::Ready(Err(self.fail(error)));
                }
                None => self.end(context),
            }
        }
        Poll::Ready(Ok(()))
    }

    fn accept(&mut self, frame: Frame<Bytes>) -> Result<(), HttpError> {
        self.patience.is_waiting = false;
        match frame.into_data() {
            Ok(data) => self.left = data,
            Err(frame) => {
                let mut trailers = frame.into_trailers().unwrap_or_default();
                if !fields::is_within_bounds(&trailers) {
                    return Err(self.fail(HttpError::ResponseTrailerSectionSize));
                }
                fields::strip(&mut trailers);
                self.trailers = trailers;
            }
        }
        Ok(())
    }

    fn end(&mut self, context: &mut Context<'_>) {
        if let Some(open) = self.open.take() {
            let Open { mut loan, body } = *open;
            drop(body);
            loan.drive(context);
            loan.give_back();
        }
    }

    /// Gives the rest up.
    fn fail(&mut self, error: HttpError) -> HttpError {
        self.open = None;
        self.left = Bytes::new();
        self.failure = Some(error.clone());
        error
    }
}

impl Open {
    /// The next piece. The connection moves only where there is none yet.
    fn poll_frame(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        if let Poll::Ready(frame) = Pin::new(&mut self.body).poll_frame(context) {
            return Poll::Ready(frame);
        }
        self.loan.drive(context);
        Pin::new(&mut self.body).poll_frame(context)
    }
}

impl Patience {
    /// Ready when the limit is over since the wait began.
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let limit = self.limit;
        let timer = self.sleep.get_or_insert_with(|| Box::pin(sleep(limit)));
        if !self.is_waiting {
            self.is_waiting = true;
            timer.set(sleep(limit));
        }
        timer.as_mut().poll(context)
    }
}

impl fmt::Debug for IncomingBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IncomingBody").field("is_at_end", &self.is_at_end()).finish_non_exhaustive()
    }
}
