//! `wasi:io/error` 0.2, and how a stream fails.

use super::convert::RefusalTrap;
use crate::bindings::wasi::io::{error, streams};
use crate::state::{OnDeny, State};
use caphost_caps::fs::FsError;
use caphost_caps::http::HttpError;
use caphost_caps::net::NetError;
use wasmtime::component::{Resource, ResourceTableError};

/// What went wrong on a stream; `filesystem-error-code` finds the code of a file's, `network-error-code` that of a connection's,
/// `http-error-code` that of a body's.
#[derive(Debug, thiserror::Error)]
#[expect(unreachable_pub, reason = "the generated bindings re-export it")]
pub enum IoError {
    /// On a file.
    #[error(transparent)]
    File(#[from] FsError),
    /// On a connection.
    #[error(transparent)]
    Socket(#[from] NetError),
    /// On the body of a request or response.
    #[error(transparent)]
    Http(#[from] HttpError),
    /// On a standard stream.
    #[error(transparent)]
    Standard(#[from] std::io::Error),
}

/// The error of a stream's function: one of the guest's, or a trap.
#[derive(Debug)]
pub(crate) enum StreamFailure {
    Closed,
    Failed(IoError),
    Trap(wasmtime::Error),
}

pub(crate) type StreamResult<T> = Result<T, StreamFailure>;

impl StreamFailure {
    /// The error of a file, or a trap where every refusal is one.
    #[cold]
    pub(crate) fn of_file(error: FsError, on_deny: OnDeny) -> Self {
        match error {
            FsError::Denied(denied) if on_deny == OnDeny::Trap => Self::Trap(RefusalTrap(denied).into()),
            error => Self::Failed(error.into()),
        }
    }

    /// The error of a connection, as [`StreamFailure::of_file`].
    #[cold]
    pub(crate) fn of_socket(error: NetError, on_deny: OnDeny) -> Self {
        match (error.denied(), error) {
            (Some(denied), _) if on_deny == OnDeny::Trap => Self::Trap(RefusalTrap(denied).into()),
            (None, NetError::Closed) => Self::Closed,
            (_, error) => Self::Failed(error.into()),
        }
    }

    /// The error of a body, as [`StreamFailure::of_file`].
    #[cold]
    pub(crate) fn of_http(error: HttpError, on_deny: OnDeny) -> Self {
        match error.denied() {
            Some(denied) if on_deny == OnDeny::Trap => Self::Trap(RefusalTrap(denied).into()),
            _ => Self::Failed(error.into()),
        }
    }
}

impl From<ResourceTableError> for StreamFailure {
    fn from(error: ResourceTableError) -> Self {
        Self::Trap(error.into())
    }
}

impl streams::Host for State {
    fn convert_stream_error(&mut self, failure: StreamFailure) -> wasmtime::Result<streams::StreamError> {
        match failure {
            StreamFailure::Closed => Ok(streams::StreamError::Closed),
            StreamFailure::Failed(error) => Ok(streams::StreamError::LastOperationFailed(self.table.push(error)?)),
            StreamFailure::Trap(error) => Err(error),
        }
    }
}

impl error::Host for State {}

impl error::HostError for State {
    fn to_debug_string(&mut self, error: Resource<IoError>) -> wasmtime::Result<String> {
        Ok(self.table.get(&error)?.to_string())
    }

    fn drop(&mut self, error: Resource<IoError>) -> wasmtime::Result<()> {
        self.table.delete(error)?;
        Ok(())
    }
}
