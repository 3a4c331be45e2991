//! How long a call waits.

use crate::guest::{Error, Result};
use crate::net::NetError;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::Poll;
use std::time::Duration;
use tokio::runtime::Handle;

/// How long calls of one kind wait; none: as long as it takes.
#[derive(Default)]
pub(in crate::guest) struct Timeout {
    /// 0 is none.
    nanoseconds: AtomicU64,
}

/// A time that the guest gives.
pub(in crate::guest) fn given(nanoseconds: Option<u64>) -> Result<Option<Duration>> {
    match nanoseconds {
        Some(0) => Err(Error::InvalidInput("a time of nothing: to wait for ever is to give none".to_owned())),
        nanoseconds => Ok(nanoseconds.map(Duration::from_nanos)),
    }
}

impl Timeout {
    pub(in crate::guest) fn set(&self, nanoseconds: Option<u64>) -> Result<()> {
        given(nanoseconds)?;
        self.nanoseconds.store(nanoseconds.unwrap_or(0), Ordering::Relaxed);
        Ok(())
    }

    /// Waits for `call`, which its first poll may end without any clock.
    pub(in crate::guest) async fn within<T, E: From<NetError>>(
        &self,
        call: impl Future<Output = std::result::Result<T, E>>,
    ) -> std::result::Result<T, E> {
        match self.nanoseconds.load(Ordering::Relaxed) {
            0 => call.await,
            nanoseconds => {
                let mut call = pin!(call);
                if let Poll::Ready(outcome) = poll_fn(|context| Poll::Ready(call.as_mut().poll(context))).await {
                    return outcome;
                }
                // To give up a wait takes a clock.
                Handle::try_current().map_err(|_| NetError::NotSupported)?;
                let limit = Duration::from_nanos(nanoseconds);
                tokio::time::timeout(limit, call).await.unwrap_or(Err(NetError::TimedOut.into()))
            }
        }
    }
}
