//! Calls that may wait, made by a thread that may not go on before they end.

use crate::error::{Error, Result};
use caphost_caps::guest;
use std::io;
use std::panic::resume_unwind;
use std::pin::pin;
use std::sync::OnceLock;
use std::task::{Context, Poll, Waker};
use std::thread;
use tokio::runtime::{Builder, Handle, Runtime};

/// Finishes a call that is not expected to wait.
pub(super) fn poll_once<T: Send>(call: impl Future<Output = guest::Result<T>> + Send) -> Result<T> {
    let mut call = pin!(call);
    match call.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
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
