//! HTTP by `wasi:http`, which every host of WASI 0.2 has.

use std::io;

use bench_net::{Peers, once};
use wasip2::http::outgoing_handler;
use wasip2::http::types::{Fields, IncomingResponse, OutgoingRequest, Scheme};
use wasip2::io::streams::StreamError;

/// What is read at once.
const PIECE: u64 = 64 * 1024;

/// All requests, one after the other.
pub(crate) fn requests(peers: &Peers) -> io::Result<f64> {
    let host = peers.http.to_string();
    once(|| (0..peers.requests).try_for_each(|_| one(&host)))
}

fn one(host: &str) -> io::Result<()> {
    let request = OutgoingRequest::new(Fields::new());
    let is_set = request.set_scheme(Some(&Scheme::Http)).is_ok()
        && request.set_authority(Some(host)).is_ok()
        && request.set_path_with_query(Some("/hello")).is_ok();
    if !is_set {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    let future = outgoing_handler::handle(request, None).map_err(failed)?;
    let response = loop {
        match future.get() {
            Some(once) => break once.map_err(|()| io::ErrorKind::Other)?.map_err(failed)?,
            None => future.subscribe().block(),
        }
    };
    read(&response)
}

fn read(response: &IncomingResponse) -> io::Result<()> {
    if response.status() != 200 {
        return Err(io::Error::other(response.status().to_string()));
    }
    let body = response.consume().map_err(|()| io::ErrorKind::Other)?;
    let stream = body.stream().map_err(|()| io::ErrorKind::Other)?;
    let mut total = 0;
    loop {
        match stream.blocking_read(PIECE) {
            Ok(piece) => total += piece.len(),
            Err(StreamError::Closed) if total > 0 => return Ok(()),
            Err(error) => return Err(failed(error)),
        }
    }
}

fn failed(error: impl std::fmt::Debug) -> io::Error {
    io::Error::other(format!("{error:?}"))
}
