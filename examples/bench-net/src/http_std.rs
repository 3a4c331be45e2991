//! HTTP/1.1 by hand, on one connection: the least that it can cost.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpStream;

use bench_net::{Peers, once};

/// All requests, one after the other.
pub(crate) fn requests(peers: &Peers) -> io::Result<f64> {
    let stream = TcpStream::connect(peers.http)?;
    stream.set_nodelay(true)?;
    let mut reader = BufReader::new(stream.try_clone()?);
    let request = format!("GET /hello HTTP/1.1\r\nhost: {}\r\n\r\n", peers.http);
    once(|| (0..peers.requests).try_for_each(|_| one(&request, &stream, &mut reader)))
}

fn one(request: &str, mut stream: &TcpStream, reader: &mut BufReader<TcpStream>) -> io::Result<()> {
    stream.write_all(request.as_bytes())?;
    let (mut line, mut length) = (String::new(), None);
    reader.read_line(&mut line)?;
    if !line.starts_with("HTTP/1.1 200 ") {
        return Err(io::Error::other(line));
    }
    while line != "\r\n" {
        line.clear();
        reader.read_line(&mut line)?;
        let value = line.strip_prefix("content-length:").and_then(|value| value.trim().parse::<usize>().ok());
        length = value.or(length);
    }
    let mut body = vec![0; length.ok_or_else(|| io::Error::other("no length"))?];
    reader.read_exact(&mut body)
}
