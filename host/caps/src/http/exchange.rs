//! One request and the head of its answer: how long each stage may take, and what an end before the answer means.

use super::channel::{Channel, Progress};
use super::{HttpError, OutgoingBody, Timeouts};
use crate::ambient::Stopwatch;
use futures_util::task::AtomicWaker;
use hyper::client::conn::TrySendError;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::time::{Sleep, sleep};

/// How many interim answers (1xx) may precede one. Stops a server that sends nothing else; honest ones send one or two. Over HTTP/2
/// nobody counts them: there they end by time, like whatever else is no answer.
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

/// The interim answers that came, and who is told when they have no end: a connection that moves by itself wakes nobody for them.
#[derive(Default)]
struct Interim {
    count: AtomicU32,
    watcher: AtomicWaker,
}

impl Interim {
    fn note(&self) {
        if self.count.fetch_add(1, Ordering::Relaxed) == MAX_INTERIM {
            self.watcher.wake();
        }
    }

    /// Whether there were more than there may be.
    fn have_no_end(&self, context: &Context<'_>) -> bool {
        self.watcher.register(context.waker());
        self.count.load(Ordering::Relaxed) > MAX_INTERIM
    }
}

/// Watches over the wait for the head of an answer.
pub(super) struct Waiting {
    timeouts: Timeouts,
    channel: Option<Arc<Channel>>,
    began: Stopwatch,
    sleep: Pin<Box<Sleep>>,
    interim: Arc<Interim>,
}

impl Waiting {
    /// Begins with the sending of `message`.
    pub(super) fn new(message: &mut Message, timeouts: Timeouts) -> Self {
        let channel = message.body().channel().cloned();
        if let Some(channel) = &channel {
            channel.set_patience(timeouts.between_bytes);
        }
        let interim = Arc::<Interim>::default();
        let counter = Arc::clone(&interim);
        hyper::ext::on_informational(message, move |_| counter.note());
        Self { timeouts, channel, began: Stopwatch::start(), sleep: Box::pin(sleep(timeouts.shorter())), interim }
    }

    /// Ready when it took too long, or the peer does not come to the point.
    pub(super) fn poll(&mut self, context: &mut Context<'_>) -> Poll<HttpError> {
        if self.interim.have_no_end(context) {
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
