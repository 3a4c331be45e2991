//! Times `std::net` and, as wasm, `wasi:http`.

#[cfg_attr(target_os = "wasi", path = "http_wasi.rs")]
#[cfg_attr(not(target_os = "wasi"), path = "http_std.rs")]
mod http;

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::process::ExitCode;

use bench::measure;
use bench_net::{Peers, Row, once};

/// What a round trip carries.
const MESSAGE: usize = 64;
/// What is read at once.
const PIECE: usize = 64 * 1024;

const ROWS: &[Row] = &[
    Row { name: "tcp-echo", measure: echo },
    Row { name: "tcp-stream", measure: stream },
    Row { name: "http-kept-alive", measure: http::requests },
];

fn main() -> ExitCode {
    bench_net::main(ROWS)
}

/// One message, there and back, on a connection that is open.
fn echo(peers: &Peers) -> io::Result<f64> {
    let mut stream = TcpStream::connect(peers.echo)?;
    stream.set_nodelay(true)?;
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
fn stream(peers: &Peers) -> io::Result<f64> {
    let mut stream = TcpStream::connect(peers.source)?;
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
