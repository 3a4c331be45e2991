//! The way of a body from the guest to the connection: bytes in their order, no more than fit, and then one end.

use super::HttpError;
use crate::ambient::Stopwatch;
use ::http::HeaderMap;
use bytes::{Bytes, BytesMut};
use http_body::Frame;
use std::future::poll_fn;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

/// How many bytes wait for the server at most. Ours: as much as one write to a socket takes.
pub(super) const CHANNEL_BYTES: usize = 64 << 10;

/// One body on its way.
pub(super) struct Channel(Mutex<State>);

struct State {
    queue: BytesMut,
    /// How many bytes were written in all.
    written: u64,
    declared: Option<u64>,
    end: Option<End>,
    /// Whether nobody reads it any more.
    is_closed: bool,
    reader: Option<Waker>,
    /// Who waits for the answer.
    watcher: Option<Waker>,
    writers: Vec<Waker>,
    /// When something was taken last, or the body ended.
    last_taken: Option<Stopwatch>,
    /// How long nothing may be taken.
    patience: Duration,
}

enum End {
    Finished(Option<HeaderMap>),
    Aborted(HttpError),
}

/// How far a body is, for who waits for the answer.
#[derive(Clone, Copy, Debug)]
pub(super) enum Progress {
    /// The guest has not written it to its end, and everything that it wrote was taken.
    WaitsForGuest,
    /// There is something that was not taken since then.
    WaitsForServer(Stopwatch),
    /// All of it was taken, at that time.
    Done(Stopwatch),
}

impl Channel {
    pub(super) fn new(declared: Option<u64>) -> Self {
        Self(Mutex::new(State {
            queue: BytesMut::new(),
            written: 0,
            declared,
            end: None,
            is_closed: false,
            reader: None,
            watcher: None,
            writers: Vec::new(),
            last_taken: None,
            patience: super::Timeouts::default().between_bytes,
        }))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn declared(&self) -> Option<u64> {
        self.state().declared
    }

    /// Says how long the server may take nothing; the request begins.
    pub(super) fn set_patience(&self, patience: Duration) {
        let mut state = self.state();
        state.patience = patience;
        state.last_taken = Some(Stopwatch::start());
    }

    // The guest's side

    pub(super) fn capacity(&self) -> usize {
        self.state().capacity()
    }

    pub(super) fn is_closed(&self) -> bool {
        self.state().is_closed
    }

    pub(super) fn is_drained(&self) -> bool {
        self.state().queue.is_empty()
    }

    /// Whether so many bytes more are within what was said.
    pub(super) fn check_length(&self, more: usize) -> Result<(), HttpError> {
        self.state().check_length(more)
    }

    pub(super) fn write(&self, bytes: &[u8]) -> Result<usize, HttpError> {
        let mut state = self.state();
        state.check_length(bytes.len())?;
        if state.end.is_some() {
            return Err(HttpError::Over);
        }
        if state.is_closed {
            return Err(HttpError::ConnectionTerminated);
        }
        let part = bytes.get(..state.capacity()).unwrap_or(bytes);
        if state.queue.is_empty() {
            state.last_taken = state.last_taken.map(|_| Stopwatch::start());
        }
        state.queue.extend_from_slice(part);
        state.written += part.len() as u64;
        state.wake_reader();
        Ok(part.len())
    }

    pub(super) fn finish(&self, trailers: HeaderMap) -> Result<(), HttpError> {
        let mut state = self.state();
        if state.end.is_some() {
            return Err(HttpError::Over);
        }
        let is_whole = state.declared.is_none_or(|declared| declared == state.written);
        let trailers = Some(trailers).filter(|trailers| !trailers.is_empty());
        state.end = Some(if is_whole { End::Finished(trailers) } else { End::Aborted(HttpError::RequestAborted) });
        state.note_end();
        state.wake_reader();
        if is_whole { Ok(()) } else { Err(HttpError::RequestBodySize(state.written)) }
    }

    /// Breaks the request off, unless the body is at its end.
    pub(super) fn abort(&self, why: HttpError) {
        let mut state = self.state();
        if state.end.is_none() {
            state.end = Some(End::Aborted(why));
            state.queue.clear();
            state.wake_reader();
        }
    }

    /// Ready when something can be written, or never will be.
    pub(super) fn poll_capacity(&self, context: &Context<'_>) -> Poll<()> {
        self.state().poll_writer(context, |state| state.capacity() > 0 || state.is_over())
    }

    /// Ready when everything was taken, or never will be.
    pub(super) fn poll_drained(&self, context: &Context<'_>) -> Poll<()> {
        self.state().poll_writer(context, |state| state.queue.is_empty() || state.is_over())
    }

    /// Waits as `poll` says, as long as the server takes something now and then.
    pub(super) async fn until_taken(&self, poll: fn(&Self, &Context<'_>) -> Poll<()>) -> Result<(), HttpError> {
        loop {
            let ready = poll_fn(|context| poll(self, context));
            match tokio::time::timeout(self.patience_left(), ready).await {
                Ok(()) => return Ok(()),
                Err(_) if self.patience_left() > Duration::ZERO => {}
                Err(_) => {
                    self.abort(HttpError::WriteTimeout);
                    return Err(HttpError::WriteTimeout);
                }
            }
        }
    }

    /// Before the request begins nothing is taken, and it waits as long as it has to.
    fn patience_left(&self) -> Duration {
        let state = self.state();
        state.last_taken.map_or(state.patience, |since| state.patience.saturating_sub(since.elapsed()))
    }

    // The connection's side

    pub(super) fn poll_frame(&self, context: &Context<'_>) -> Poll<Option<Result<Frame<Bytes>, HttpError>>> {
        let mut state = self.state();
        if !state.queue.is_empty() {
            let bytes = state.queue.split().freeze();
            state.last_taken = Some(Stopwatch::start());
            state.wake_writers();
            return Poll::Ready(Some(Ok(Frame::data(bytes))));
        }
        match &mut state.end {
            Some(End::Finished(trailers)) => Poll::Ready(trailers.take().map(|trailers| Ok(Frame::trailers(trailers)))),
            Some(End::Aborted(why)) => Poll::Ready(Some(Err(why.clone()))),
            None => {
                state.reader = Some(context.waker().clone());
                Poll::Pending
            }
        }
    }

    pub(super) fn is_at_end(&self) -> bool {
        let state = self.state();
        state.queue.is_empty() && matches!(state.end, Some(End::Finished(None)))
    }

    /// How many bytes are still to be taken, where the length was said.
    pub(super) fn left(&self) -> Option<u64> {
        let state = self.state();
        let taken = state.written - state.queue.len() as u64;
        state.declared.map(|declared| declared.saturating_sub(taken))
    }

    /// Waits until something was written, or the body ended.
    pub(super) async fn begun(&self) {
        poll_fn(|context| {
            let mut state = self.state();
            if !state.queue.is_empty() || state.end.is_some() {
                return Poll::Ready(());
            }
            state.reader = Some(context.waker().clone());
            Poll::Pending
        })
        .await;
    }

    /// All of the body, if it is at its end and nothing of it was taken yet.
    pub(super) fn take_whole(&self) -> Option<Bytes> {
        let mut state = self.state();
        let is_whole = matches!(state.end, Some(End::Finished(None))) && state.written == state.queue.len() as u64;
        is_whole.then(|| {
            state.wake_writers();
            state.queue.split().freeze()
        })
    }

    /// Nobody reads it any more.
    pub(super) fn close(&self) {
        let mut state = self.state();
        state.is_closed = true;
        state.wake_writers();
    }

    /// Ready when the body was broken off. A connection that cannot send does not ask for it, and does not find out.
    pub(super) fn poll_aborted(&self, context: &Context<'_>) -> Poll<HttpError> {
        let mut state = self.state();
        if let Some(End::Aborted(why)) = &state.end {
            return Poll::Ready(why.clone());
        }
        state.watcher = Some(context.waker().clone());
        Poll::Pending
    }

    pub(super) fn progress(&self) -> Progress {
        let state = self.state();
        let since = state.last_taken.unwrap_or_else(Stopwatch::start);
        match (&state.end, state.queue.is_empty()) {
            (_, false) if !state.is_closed => Progress::WaitsForServer(since),
            (None, _) if !state.is_closed => Progress::WaitsForGuest,
            _ => Progress::Done(since),
        }
    }
}

impl State {
    fn capacity(&self) -> usize {
        if self.is_over() { 0 } else { CHANNEL_BYTES - self.queue.len().min(CHANNEL_BYTES) }
    }

    fn is_over(&self) -> bool {
        self.is_closed || self.end.is_some()
    }

    fn check_length(&self, more: usize) -> Result<(), HttpError> {
        let after = self.written.saturating_add(more as u64);
        match self.declared {
            Some(declared) if after > declared => Err(HttpError::RequestBodySize(after)),
            _ => Ok(()),
        }
    }

    /// An answer may take its time from here on.
    fn note_end(&mut self) {
        if self.queue.is_empty() {
            self.last_taken = self.last_taken.map(|_| Stopwatch::start());
        }
    }

    fn poll_writer(&mut self, context: &Context<'_>, is_ready: fn(&Self) -> bool) -> Poll<()> {
        if is_ready(self) {
            return Poll::Ready(());
        }
        if !self.writers.iter().any(|waker| waker.will_wake(context.waker())) {
            self.writers.push(context.waker().clone());
        }
        Poll::Pending
    }

    fn wake_reader(&mut self) {
        self.reader.take().into_iter().for_each(Waker::wake);
        if self.end.is_some() {
            self.watcher.take().into_iter().for_each(Waker::wake);
        }
    }

    fn wake_writers(&mut self) {
        self.writers.drain(..).for_each(Waker::wake);
    }
}
