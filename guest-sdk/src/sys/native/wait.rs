//! Calls that may wait, made by a thread that may not go on before they end.
//!
//! One runtime serves all threads of the process. Of those that wait, one watches the sockets of all and wakes the others; when its
//! own call ends, another one does. What runs beside a call (the handshake of a WebSocket that comes in) goes on while any thread
//! waits.

use crate::error::{Error, Result};
use caphost_caps::guest;
use std::io;
use std::panic::resume_unwind;
use std::pin::{Pin, pin};
use std::sync::OnceLock;
use std::task::{Context, Poll, Waker};
use std::thread;
use tokio::runtime::{Builder, Handle, Runtime};

/// Finishes a call that is not expected to wait.
pub(super) fn poll_once<T: Send>(call: impl Future<Output = guest::Result<T>> + Send) -> Result<T> {
    let mut call = pin!(call);
    match attempt(call.as_mut()) {
        Poll::Ready(outcome) => Ok(outcome?),
        Poll::Pending => block_on(call),
    }
}

/// Finishes a call on a socket, which may have something ready: then it costs no more than the call itself.
pub(super) fn finish<T: Send>(call: impl Future<Output = guest::Result<T>> + Send) -> Result<T> {
    let mut call = pin!(call);
    let runtime = runtime()?;
    let attempted = {
        // Sockets and timers belong to the runtime in whose context they are made.
        let _context = runtime.enter();
        attempt(call.as_mut())
    };
    match attempted {
        Poll::Ready(outcome) => Ok(outcome?),
        Poll::Pending => block_on(call),
    }
}

/// Waits for the end of a call. Like everything that blocks, not for the threads of an async runtime; it does work there.
pub(super) fn block_on<T: Send>(call: impl Future<Output = guest::Result<T>> + Send) -> Result<T> {
    let runtime = runtime()?;
    if Handle::try_current().is_err() {
        return Ok(runtime.block_on(call)?);
    }
    // A thread that serves one runtime cannot wait on another.
    let elsewhere = thread::scope(|scope| scope.spawn(|| runtime.block_on(call)).join());
    Ok(elsewhere.unwrap_or_else(|panic| resume_unwind(panic))?)
}

fn attempt<F: Future>(call: Pin<&mut F>) -> Poll<F::Output> {
    call.poll(&mut Context::from_waker(Waker::noop()))
}

/// What waits, for all threads of the process. Made by the first that has to.
fn runtime() -> Result<&'static Runtime> {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    if let Some(runtime) = RUNTIME.get() {
        return Ok(runtime);
    }
    let made = Builder::new_current_thread().enable_io().enable_time().build();
    let made = made.map_err(|error: io::Error| Error::from(error))?;
    Ok(RUNTIME.get_or_init(|| made))
}
