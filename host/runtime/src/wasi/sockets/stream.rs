//! Connections as wasi:io streams. A read or write is one direct call on the socket: no task, no thread, no buffer between. Only
//! what a full socket did not take of a write that was permitted is kept, and sent in the background: the guest has let go of it.

use crate::state::OnDeny;
use crate::tasks::Spawner;
use crate::wasi::io::{StreamFailure, StreamResult};
use caphost_caps::net::{How, NetError, TcpStream};
use rustix::io::Errno;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;

/// Bytes that one read or write moves at most; the guest picks the number, this bounds what the host allocates for it.
const MAX_CHUNK_BYTES: usize = 64 * 1024;

/// Reads a connection.
#[expect(unreachable_pub, reason = "the generated bindings re-export it")]
pub struct SocketReader {
    stream: TcpStream,
    on_deny: OnDeny,
}

impl SocketReader {
    pub(crate) fn new(stream: TcpStream, on_deny: OnDeny) -> Self {
        Self { stream, on_deny }
    }

    /// Reads what is there; nothing when nothing has come yet.
    pub(crate) fn read(&mut self, size: usize) -> StreamResult<Vec<u8>> {
        match self.stream.try_read_vec(size.min(MAX_CHUNK_BYTES)) {
            Ok(data) if data.is_empty() && size > 0 => Err(StreamFailure::Closed),
            Ok(data) => Ok(data),
            Err(NetError::WouldBlock) => Ok(Vec::new()),
            Err(error) => Err(StreamFailure::of_socket(error, self.on_deny)),
        }
    }

    pub(crate) async fn ready(&self) {
        self.stream.readable().await;
    }
}

/// Writes a connection. Dropping it ends that direction, once all of it is sent.
pub(crate) struct SocketWriter {
    outgoing: Arc<Outgoing>,
    on_deny: OnDeny,
}

impl SocketWriter {
    pub(crate) fn new(outgoing: Arc<Outgoing>, on_deny: OnDeny) -> Self {
        Self { outgoing, on_deny }
    }

    /// Writes what goes without waiting; answers how much.
    pub(crate) fn write(&self, bytes: &[u8]) -> StreamResult<usize> {
        self.outgoing.write(bytes).map_err(|error| self.failure(error))
    }

    /// Has `rest`, which a write did not take, sent as soon as it goes.
    pub(crate) fn send_later(&self, rest: &[u8]) -> StreamResult<()> {
        self.outgoing.send_later(rest.to_vec()).map_err(|error| self.failure(error))
    }

    /// Whether everything that was written is with the system.
    pub(crate) fn is_drained(&self) -> bool {
        self.outgoing.is_drained()
    }

    /// Fails with what happened to an earlier write, once.
    pub(crate) fn check(&self) -> StreamResult<()> {
        self.outgoing.check().map_err(|error| self.failure(error))
    }

    /// How many bytes a write is sure to take now; 0 is to wait.
    pub(crate) fn capacity(&self) -> usize {
        if self.is_drained() && self.outgoing.stream.is_writable() { MAX_CHUNK_BYTES } else { 0 }
    }

    pub(crate) async fn drained(&self) {
        self.outgoing.drained().await;
    }

    pub(crate) async fn ready(&self) {
        self.drained().await;
        self.outgoing.stream.writable().await;
    }

    fn failure(&self, error: NetError) -> StreamFailure {
        StreamFailure::of_socket(error, self.on_deny)
    }
}

impl Drop for SocketWriter {
    fn drop(&mut self) {
        // Where it is refused, the connection is closed already.
        let _ = self.outgoing.end();
    }
}

/// The direction of a connection that leads out. The stream has it, and the socket, which can end it.
pub(crate) struct Outgoing {
    stream: TcpStream,
    spawner: Spawner,
    state: Mutex<OutgoingState>,
    drained: Notify,
}

struct OutgoingState {
    progress: Progress,
    /// Whether a task waits to send more.
    has_task: bool,
}

/// What became of the writes.
enum Progress {
    /// All of them are with the system.
    Drained,
    /// Of the last one there is a rest.
    Sending(Rest),
    /// The last one failed, which the guest has yet to hear.
    Failed(NetError),
    /// Nothing more is written.
    Ended,
}

/// What a full socket has not taken yet.
struct Rest {
    bytes: Vec<u8>,
    sent: usize,
    /// Whether nothing comes after it.
    is_last: bool,
}

impl Outgoing {
    pub(crate) fn new(stream: TcpStream, spawner: Spawner) -> Arc<Self> {
        let state = Mutex::new(OutgoingState { progress: Progress::Drained, has_task: false });
        Arc::new(Self { stream, spawner, state, drained: Notify::new() })
    }

    /// Where the writes are, after another attempt to send what is left of them.
    fn state(&self) -> MutexGuard<'_, OutgoingState> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if let Progress::Sending(rest) = &mut state.progress
            && let Some(outcome) = self.send(rest)
        {
            let is_last = rest.is_last;
            state.progress = match outcome {
                _ if is_last => Progress::Ended,
                Ok(()) => Progress::Drained,
                Err(error) => Progress::Failed(error),
            };
            if is_last {
                // A connection that is gone has ended both of its directions.
                let _ = self.stream.shutdown(How::Write);
            }
            self.drained.notify_waiters();
        }
        state
    }

    /// Sends what goes without waiting; answers once nothing is left, or nothing goes any more.
    fn send(&self, rest: &mut Rest) -> Option<Result<(), NetError>> {
        while let Some(left) = rest.bytes.get(rest.sent..).filter(|left| !left.is_empty()) {
            match self.stream.try_write(left) {
                Ok(length) => rest.sent += length,
                Err(NetError::WouldBlock) => return None,
                Err(error) => return Some(Err(error)),
            }
        }
        Some(Ok(()))
    }

    fn is_drained(&self) -> bool {
        !matches!(self.state().progress, Progress::Sending(_))
    }

    fn check(&self) -> Result<(), NetError> {
        let progress = &mut self.state().progress;
        match *progress {
            Progress::Drained | Progress::Sending(Rest { is_last: false, .. }) => Ok(()),
            Progress::Ended | Progress::Sending(Rest { is_last: true, .. }) => Err(NetError::Closed),
            Progress::Failed(error) => {
                *progress = Progress::Ended;
                Err(error)
            }
        }
    }

    fn write(&self, bytes: &[u8]) -> Result<usize, NetError> {
        self.check()?;
        let mut written = 0;
        while let Some(rest) = bytes.get(written..).filter(|rest| !rest.is_empty()) {
            match self.stream.try_write(rest) {
                Ok(length) => written += length,
                Err(NetError::WouldBlock) => break,
                Err(error) => return Err(error),
            }
        }
        Ok(written)
    }

    fn send_later(self: &Arc<Self>, bytes: Vec<u8>) -> Result<(), NetError> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.progress = Progress::Sending(Rest { bytes, sent: 0, is_last: false });
        if !state.has_task {
            if self.spawner.spawn(Arc::clone(self).send_rests()).is_err() {
                state.progress = Progress::Ended;
                return Err(NetError::Os(Errno::CANCELED));
            }
            state.has_task = true;
        }
        Ok(())
    }

    /// Sends until there is no rest.
    async fn send_rests(self: Arc<Self>) {
        while self.has_rest() {
            self.stream.writable().await;
        }
    }

    /// Whether there is one; if not, the task that asks is over.
    fn has_rest(&self) -> bool {
        let mut state = self.state();
        state.has_task = matches!(state.progress, Progress::Sending(_));
        state.has_task
    }

    /// Ends this direction, once all of it is sent.
    ///
    /// # Errors
    /// A refusal when the grant has ended: then it has ended too.
    pub(crate) fn end(&self) -> Result<(), NetError> {
        let progress = &mut self.state().progress;
        match progress {
            Progress::Sending(rest) => rest.is_last = true,
            Progress::Ended => {}
            Progress::Drained | Progress::Failed(_) => {
                *progress = Progress::Ended;
                self.stream.shutdown(How::Write)?;
            }
        }
        Ok(())
    }

    async fn drained(&self) {
        loop {
            let changed = self.drained.notified();
            if self.is_drained() {
                return;
            }
            changed.await;
        }
    }
}

#[cfg(test)]
pub(crate) mod tests;
