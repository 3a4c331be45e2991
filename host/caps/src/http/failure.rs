//! What went wrong on a connection, in our words: the one table of hyper's errors.

use super::HttpError;
use crate::net::NetError;
use rustix::io::Errno;
use std::error::Error;
use std::io;

/// How many causes deep an error is looked into.
const MAX_DEPTH: usize = 8;

impl HttpError {
    /// What a request, or the head of its answer, failed with.
    pub(super) fn of_head(error: &hyper::Error) -> Self {
        if let Some(cause) = causes(error).find_map(of_cause) {
            return cause;
        }
        match error {
            // Said by a method for servers only.
            error if error.is_parse() && error.to_string().contains("too large") => Self::ResponseHeaderSectionSize,
            error if error.is_parse() => Self::Protocol("the head of the answer cannot be read"),
            error if error.is_incomplete_message() => Self::ResponseIncomplete,
            error if is_detected(error) => Self::Protocol("a frame of HTTP/2 is not as it should be"),
            _ => Self::ConnectionTerminated,
        }
    }

    /// What the body of an answer failed with.
    pub(super) fn of_body(error: &hyper::Error) -> Self {
        match causes(error).find_map(of_cause) {
            Some(Self::ConnectionTerminated) | None if !is_detected(error) => Self::ResponseIncomplete,
            Some(cause) => cause,
            None => Self::Protocol("a frame of HTTP/2 is not as it should be"),
        }
    }
}

/// An error and what caused it.
fn causes<'a>(error: &'a hyper::Error) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    let next = |cause: &&'a (dyn Error + 'static)| (*cause).source();
    std::iter::successors(error.source(), next).take(MAX_DEPTH)
}

fn of_cause(cause: &(dyn Error + 'static)) -> Option<HttpError> {
    if let Some(ours) = cause.downcast_ref::<HttpError>() {
        return Some(ours.clone());
    }
    let error = cause.downcast_ref::<io::Error>()?;
    let inside = error.get_ref();
    if let Some(net) = inside.and_then(|inside| inside.downcast_ref::<NetError>()) {
        return Some((*net).into());
    }
    if inside.is_some_and(|inside| inside.is::<rustls::Error>()) {
        return Some(HttpError::TlsProtocol("the server broke the rules of TLS"));
    }
    match (error.kind(), Errno::from_io_error(error)) {
        (_, Some(errno)) => Some(errno.into()),
        (io::ErrorKind::UnexpectedEof, None) => Some(HttpError::ResponseIncomplete),
        // The reader of chunks says no more of it than a text.
        (io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput, None) if error.to_string().contains("trailer") => {
            Some(HttpError::ResponseTrailerSectionSize)
        }
        (io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput, None) => {
            Some(HttpError::Protocol("the body of the answer cannot be read"))
        }
        _ => None,
    }
}

/// Whether HTTP/2 found the peer to be at fault; its errors have no more than a text.
fn is_detected(error: &hyper::Error) -> bool {
    causes(error).any(|cause| cause.to_string().contains("error detected"))
}
