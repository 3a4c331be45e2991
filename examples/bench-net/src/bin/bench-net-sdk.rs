//! Times the network of caphost-sdk, as wasm and natively.

use std::io;
use std::process::ExitCode;

use bench_net::{Peers, Row, once, tcp};
use caphost_sdk::http;
use caphost_sdk::net::TcpStream;

const ROWS: &[Row] = &[
    Row { name: "tcp-echo", measure: echo },
    Row { name: "tcp-stream", measure: stream },
    Row { name: "http-kept-alive", measure: requests },
];

fn main() -> ExitCode {
    bench_net::main(ROWS)
}

fn echo(peers: &Peers) -> io::Result<f64> {
    tcp::echo(TcpStream::connect(peers.echo)?, peers)
}

fn stream(peers: &Peers) -> io::Result<f64> {
    tcp::read_all(TcpStream::connect(peers.source)?, peers)
}

fn requests(peers: &Peers) -> io::Result<f64> {
    let url = format!("http://{}/hello", peers.http);
    once(|| {
        (0..peers.requests).try_for_each(|_| {
            let response = http::get(&url)?;
            if !response.is_success() {
                return Err(io::Error::other(response.status().to_string()));
            }
            response.bytes().map(drop).map_err(io::Error::from)
        })
    })
}
