//! A connection that speaks HTTP/2, for several requests at a time. Its tasks end with it.

use super::exchange::{Failed, Message, Waiting};
use super::fields::MAX_SECTION_BYTES;
use super::{HttpError, OutgoingBody};
use crate::http::stream::Io;
use hyper::body::Incoming;
use hyper::client::conn::http2::{Builder, SendRequest};
use hyper::rt::Executor;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::Poll;
use tokio::task::JoinSet;

/// How many requests go over one connection at a time; more go over another.
const MAX_STREAMS: usize = 16;

/// How many bytes of one answer a peer may send before the guest reads them.
const STREAM_WINDOW: u32 = 512 << 10;

/// The same of all answers of a connection: as much as they can have together. If it were less, answers that a guest does not read
/// would keep those from coming that it waits for.
const CONNECTION_WINDOW: u32 = STREAM_WINDOW * MAX_STREAMS as u32;

/// How many bytes of one request wait to be sent.
const SEND_BUFFER: usize = 256 << 10;

/// A connection that speaks HTTP/2. Dropping it closes it, whatever is on its way.
pub(super) struct Http2 {
    sender: SendRequest<OutgoingBody>,
    /// Held for its end.
    _tasks: Arc<Mutex<JoinSet<()>>>,
}

/// Where hyper spawns to. Weak: the tasks hold it, and must not hold themselves.
#[derive(Clone)]
struct Spawner(Weak<Mutex<JoinSet<()>>>);

impl<F: Future<Output = ()> + Send + 'static> Executor<F> for Spawner {
    fn execute(&self, future: F) {
        // When the owner has gone, nobody waits for it either.
        if let Some(tasks) = self.0.upgrade() {
            let mut tasks = lock(&tasks);
            while tasks.try_join_next().is_some() {}
            tasks.spawn(future);
        }
    }
}

fn lock(tasks: &Mutex<JoinSet<()>>) -> MutexGuard<'_, JoinSet<()>> {
    tasks.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Http2 {
    pub(super) async fn open(io: Io) -> Result<Self, HttpError> {
        let tasks = Arc::new(Mutex::new(JoinSet::new()));
        let spawner = Spawner(Arc::downgrade(&tasks));
        let mut builder = Builder::new(spawner.clone());
        builder.initial_stream_window_size(STREAM_WINDOW).initial_connection_window_size(CONNECTION_WINDOW);
        let section = u32::try_from(MAX_SECTION_BYTES).unwrap_or(u32::MAX);
        builder.max_header_list_size(section).max_send_buf_size(SEND_BUFFER);
        let (sender, connection) = builder.handshake(io).await.map_err(|error| HttpError::of_head(&error))?;
        spawner.execute(async { drop(connection.await) });
        Ok(Self { sender, _tasks: tasks })
    }

    /// Sends a request, and waits for the head of its answer.
    pub(super) async fn exchange(
        &self,
        message: Message,
        mut waiting: Waiting,
    ) -> Result<hyper::Response<Incoming>, Failed> {
        let mut sender = self.sender.clone();
        let mut response = pin!(sender.try_send_request(message));
        poll_fn(|context| match response.as_mut().poll(context) {
            Poll::Ready(outcome) => Poll::Ready(outcome.map_err(Failed::from)),
            Poll::Pending => waiting.poll(context).map(|error| Err(Failed::Broken(error))),
        })
        .await
    }

    pub(super) fn is_closed(&self) -> bool {
        self.sender.is_closed()
    }

    /// Whether nobody shares it but who keeps it.
    pub(super) fn is_idle(self: &Arc<Self>) -> bool {
        Arc::strong_count(self) == 1
    }

    /// Whether another request may go over it; it is shared by those that do, and by who keeps it.
    pub(super) fn has_room(self: &Arc<Self>) -> bool {
        Arc::strong_count(self) <= MAX_STREAMS
    }
}
