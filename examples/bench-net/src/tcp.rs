//! The rows of TCP, for a stream of std and one of the SDK.

use std::io::{self, Read, Write};

use bench::measure;

use crate::{Peers, once};

/// What a round trip carries.
const MESSAGE: usize = 64;
/// What is read at once.
const PIECE: usize = 64 * 1024;

/// One message, there and back, on a connection that is open.
///
/// # Errors
/// Those of the stream.
pub fn echo(mut stream: impl Read + Write + 'static, peers: &Peers) -> io::Result<f64> {
    let mut answer = [0; MESSAGE];
    measure::median_ns(
        peers.time,
        Box::new(move || {
            stream.write_all(&[b'e'; MESSAGE])?;
            stream.read_exact(&mut answer)
        }),
    )
}

/// All of what the source sends.
///
/// # Errors
/// Those of the stream; when it is shorter or longer.
pub fn read_all(mut stream: impl Read, peers: &Peers) -> io::Result<f64> {
    let mut piece = vec![0; PIECE];
    once(|| {
        let mut total = 0;
        loop {
            match stream.read(&mut piece)? {
                0 if total == peers.bytes => return Ok(()),
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                length => total += length as u64,
            }
        }
    })
}
