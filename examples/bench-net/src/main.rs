//! Times `std::net` and, as wasm, `wasi:http`.

#[cfg_attr(target_os = "wasi", path = "http_wasi.rs")]
#[cfg_attr(not(target_os = "wasi"), path = "http_std.rs")]
mod http;

use std::io;
use std::net::TcpStream;
use std::process::ExitCode;

use bench_net::{Peers, Row, tcp};

const ROWS: &[Row] = &[
    Row { name: "tcp-echo", measure: echo },
    Row { name: "tcp-stream", measure: stream },
    Row { name: "http-kept-alive", measure: http::requests },
];

fn main() -> ExitCode {
    bench_net::main(ROWS)
}

fn echo(peers: &Peers) -> io::Result<f64> {
    let stream = TcpStream::connect(peers.echo)?;
    stream.set_nodelay(true)?;
    tcp::echo(stream, peers)
}

fn stream(peers: &Peers) -> io::Result<f64> {
    tcp::read_all(TcpStream::connect(peers.source)?, peers)
}
