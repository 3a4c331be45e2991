//! One request and the head of its answer: how long each stage may take, and what an end before the answer means.

use super::channel::{Channel, Progress};
use super::{HttpError, OutgoingBody, Timeouts};
use crate::ambient::Stopwatch;
use hyper::client::conn::TrySendError;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::time::{Sleep, sleep};

/// How many interim answers (1xx) may precede one. Stops a server that sends nothing else; honest ones send one or two.
const MAX_INTERIM: u32 = 32;

/// A request as it goes to a connection.
pub(super) type Message = hyper::Request<OutgoingBody>;

/// Why there is no head of an answer.
pub(super) enum Failed {
    /// The connection was at its end before anything of the request was sent: here it is.
    NotSent(Box<Message>),
    /// It broke.
    Broken(HttpError),
}

impl From<TrySendError<Message>> for Failed {
    fn from(mut error: TrySendError<Message>) -> Self {
        match error.take_message() {
            Some(message) => Self::NotSent(Box::new(message)),
            None => Self::Broken(HttpError::of_head(error.error())),
        }
    }
}

/// Watches over the wait for the head of an answer.
pub(super) struct Waiting {
    timeouts: Timeouts,
    channel: Option<Arc<Channel>>,
    began: Stopwatch,
    sleep: Pin<Box<Sleep>>,
    interim: Arc<AtomicU32>,
}

impl Waiting {
    /// Begins with the sending of `message`.
    pub(super) fn new(message: &mut Message, timeouts: Timeouts) -> Self {
        let channel = message.body().channel().cloned();
        if let Some(channel) = &channel {
            channel.set_patience(timeouts.between_bytes);
        }
        let interim = Arc::<AtomicU32>::default();
        let counter = Arc::clone(&interim);
        hyper::ext::on_informational(message, move |_| {
            counter.fetch_add(1, Ordering::Relaxed);
        });
        Self { timeouts, channel, began: Stopwatch::start(), sleep: Box::pin(sleep(timeouts.shorter())), interim }
    }

    /// Ready when it took too long, or the peer does not come to the point.
    pub(super) fn poll(&mut self, context: &mut Context<'_>) -> Poll<HttpError> {
        if self.interim.load(Ordering::Relaxed) > MAX_INTERIM {
            return Poll::Ready(HttpError::Protocol("interim answers have no end"));
        }
        if let Some(Poll::Ready(why)) = self.channel.as_ref().map(|channel| channel.poll_aborted(context)) {
            return Poll::Ready(why);
        }
        loop {
            ready!(self.sleep.as_mut().poll(context));
            match self.left() {
                Ok(left) => self.sleep.set(sleep(left)),
                Err(error) => return Poll::Ready(error),
            }
        }
    }

    /// How long until it is to be looked at again; or what has taken too long.
    fn left(&self) -> Result<Duration, HttpError> {
        let progress = self.channel.as_ref().map_or(Progress::Done(self.began), |channel| channel.progress());
        let (limit, since, error) = match progress {
            Progress::WaitsForGuest => return Ok(self.timeouts.shorter()),
            Progress::WaitsForServer(since) => (self.timeouts.between_bytes, since, HttpError::WriteTimeout),
            Progress::Done(since) => (self.timeouts.first_byte, since, HttpError::ResponseTimeout),
        };
        let left = limit.saturating_sub(since.elapsed());
        if left > Duration::ZERO { Ok(left) } else { Err(error) }
    }
}
