//! The bodies of requests and responses, as the guest holds them.

use super::convert::{about, fields_of, map_of};
use super::{Fields, Response};
use crate::guest::{Error, Result};
use crate::http::{self, BodySender, HttpError};
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

/// The most that one read of a body gives, in bytes.
pub const MAX_READ_BYTES: u64 = 1 << 20;

/// The body of a request, as it is written. To drop it before [`OutgoingBody::finish`] breaks the request off.
pub struct OutgoingBody {
    sender: BodySender,
    /// The request, which moves while the body is written, and its outcome.
    exchange: Mutex<Exchange>,
    url: Arc<str>,
}

/// A request that is on its way.
pub(super) type Going = Pin<Box<dyn Future<Output = std::result::Result<http::Response, HttpError>> + Send>>;

enum Exchange {
    Going(Going),
    Answered(Box<http::Response>),
    Failed(HttpError),
    Over,
}

/// The body of a response. To drop it before its end gives up the rest.
#[derive(Debug)]
pub struct IncomingBody {
    body: http::IncomingBody,
    url: Arc<str>,
}

impl OutgoingBody {
    /// Begins the request, as far as it goes without waiting.
    pub(super) async fn begin(sender: BodySender, going: Going, url: Arc<str>) -> Result<Self> {
        let body = Self { sender, exchange: Mutex::new(Exchange::Going(going)), url };
        let failure = poll_fn(|context| {
            body.drive(context);
            Poll::Ready(body.failure())
        });
        match failure.await {
            Some(error) => Err(about(&body.url)(error)),
            None => Ok(body),
        }
    }

    /// Writes all of this. Waits while the server takes no more.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] when the request would be longer than was said; what the request failed with meanwhile.
    pub async fn write(&mut self, contents: &[u8]) -> Result<()> {
        let mut write = pin!(self.sender.write(contents));
        let written = poll_fn(|context| {
            self.drive(context);
            write.as_mut().poll(context)
        });
        match written.await {
            Ok(()) => Ok(()),
            Err(error) => Err(about(&self.url)(self.reason(error).await)),
        }
    }

    /// Ends the body, with these trailers, and waits for the head of the response.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] when the body is shorter than was said; as [`fetch`](super::fetch).
    pub async fn finish(self, trailers: Fields) -> Result<Response> {
        let url = Arc::clone(&self.url);
        let ended = map_of(trailers).and_then(|map| self.sender.finish(map).map_err(about(&url)));
        // A request that failed or was answered before needs no end.
        if let (Err(error), Exchange::Going(_)) = (ended, &*lock(&self.exchange)) {
            return Err(error);
        }
        let answered = poll_fn(|context| {
            self.drive(context);
            let mut exchange = lock(&self.exchange);
            match std::mem::replace(&mut *exchange, Exchange::Over) {
                Exchange::Answered(response) => Poll::Ready(Ok(*response)),
                Exchange::Failed(error) => Poll::Ready(Err(error)),
                Exchange::Over => Poll::Ready(Err(HttpError::Over)),
                going @ Exchange::Going(_) => {
                    *exchange = going;
                    Poll::Pending
                }
            }
        });
        Ok(Response::new(answered.await.map_err(about(&url))?, url))
    }

    /// Moves the request.
    fn drive(&self, context: &mut Context<'_>) {
        let mut exchange = lock(&self.exchange);
        if let Exchange::Going(future) = &mut *exchange
            && let Poll::Ready(outcome) = future.as_mut().poll(context)
        {
            *exchange = match outcome {
                Ok(response) => Exchange::Answered(Box::new(response)),
                Err(error) => Exchange::Failed(error),
            };
        }
    }

    /// What a write failed with. That nobody reads the body any more has a reason, which says more: the request comes to its end with
    /// it, perhaps a moment later.
    async fn reason(&self, error: HttpError) -> HttpError {
        if error == HttpError::ConnectionTerminated {
            poll_fn(|context| {
                self.drive(context);
                if matches!(&*lock(&self.exchange), Exchange::Going(_)) { Poll::Pending } else { Poll::Ready(()) }
            })
            .await;
        }
        self.failure().unwrap_or(error)
    }

    fn failure(&self) -> Option<HttpError> {
        match &*lock(&self.exchange) {
            Exchange::Failed(error) => Some(error.clone()),
            Exchange::Going(_) | Exchange::Answered(_) | Exchange::Over => None,
        }
    }
}

impl IncomingBody {
    pub(super) fn new(body: http::IncomingBody, url: Arc<str>) -> Self {
        Self { body, url }
    }

    pub(super) async fn read_to_end(mut self, limit: usize) -> Result<Vec<u8>> {
        Ok(self.body.read_to_end(limit).await.map_err(about(&self.url))?.into())
    }

    /// Waits for something, and reads up to `length` bytes; none at the end. At most 1 MiB at once.
    ///
    /// # Errors
    /// A refusal when the grant has ended; what else kept the rest from coming.
    ///
    /// # Cancel safety
    /// Safe: what was not answered was not read.
    pub async fn read(&mut self, length: u64) -> Result<Vec<u8>> {
        let length = usize::try_from(length.min(MAX_READ_BYTES)).unwrap_or(usize::MAX);
        if length == 0 {
            return Ok(Vec::new());
        }
        Ok(self.body.read(length).await.map_err(about(&self.url))?.into())
    }

    /// As [`IncomingBody::read`], into a buffer of the caller's; how many bytes, 0 at the end.
    ///
    /// # Errors
    /// As [`IncomingBody::read`].
    ///
    /// # Cancel safety
    /// As [`IncomingBody::read`].
    pub async fn read_into(&mut self, buffer: &mut [u8]) -> Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        let bytes = self.body.read(buffer.len()).await.map_err(about(&self.url))?;
        for (place, byte) in buffer.iter_mut().zip(&bytes) {
            *place = *byte;
        }
        Ok(bytes.len())
    }

    /// The trailers, once the body has been read to its end.
    ///
    /// # Errors
    /// [`Error::WouldBlock`] before.
    pub fn trailers(&self) -> Result<Fields> {
        let trailers = self.body.trailers().map_err(about(&self.url))?;
        trailers.map(fields_of).ok_or(Error::WouldBlock)
    }
}

fn lock(exchange: &Mutex<Exchange>) -> MutexGuard<'_, Exchange> {
    exchange.lock().unwrap_or_else(PoisonError::into_inner)
}
