//! Times the network of caphost-sdk, as wasm and natively.

use std::io::{self, Read, Write};
use std::process::ExitCode;

use bench::measure;
use bench_net::{Peers, Row, once};
use caphost_sdk::http;
use caphost_sdk::net::TcpStream;

const MESSAGE: usize = 64;
const PIECE: usize = 64 * 1024;

const ROWS: &[Row] = &[
    Row { name: "tcp-echo", measure: echo },
    Row { name: "tcp-stream", measure: stream },
    Row { name: "http-kept-alive", measure: requests },
];

fn main() -> ExitCode {
    bench_net::main(ROWS)
}

fn connect(address: std::net::SocketAddr) -> io::Result<TcpStream> {
    Ok(TcpStream::connect(address)?)
}

fn echo(peers: &Peers) -> io::Result<f64> {
    let mut stream = connect(peers.echo)?;
    let mut answer = [0; MESSAGE];
    measure::median_ns(
        peers.time,
        Box::new(move || {
            stream.write_all(&[b'e'; MESSAGE])?;
            stream.read_exact(&mut answer)
        }),
    )
}

fn stream(peers: &Peers) -> io::Result<f64> {
    let mut stream = connect(peers.source)?;
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
