//! A guest that takes as much as it can get.

use std::io::{self, Read, Write};
use std::net::TcpStream;

use crate::{Answer, Sockets, number};

/// The operations that are done many times.
pub fn run(words: &[&str], sockets: &mut Sockets) -> Option<Answer> {
    Some(match *words {
        ["open-close", address, count] => number(count).and_then(|count| one_by_one(address, count)),
        ["hold", address, count] => number(count).and_then(|count| hold(sockets, address, count)),
        ["drop-all"] => {
            let count = sockets.streams.len();
            sockets.streams.clear();
            Ok(format!("{count} closed"))
        }
        ["get", address, path, count] => number(count).and_then(|count| get(address, path, count)),
        _ => return None,
    })
}

/// Connects, says a word, hears it again, closes: so many times.
fn one_by_one(address: &str, count: u64) -> Answer {
    for _ in 0..count {
        let mut stream = TcpStream::connect(address)?;
        stream.write_all(b"word")?;
        let mut word = [0; 4];
        stream.read_exact(&mut word)?;
    }
    Ok(format!("{count} connections"))
}

/// Opens so many connections at once, and keeps them. How many there are, and what came then.
fn hold(sockets: &mut Sockets, address: &str, count: u64) -> Answer {
    for number in 0..count {
        match TcpStream::connect(address) {
            Ok(stream) => sockets.streams.insert(format!("held-{number}"), stream),
            Err(error) => return Ok(format!("{number} held, then {:?}", error.kind())),
        };
    }
    Ok(format!("{count} held"))
}

/// A request of HTTP/1.1 written by hand, so many times, each on a connection of its own. The last status and length.
fn get(address: &str, path: &str, count: u64) -> Answer {
    let mut last = String::new();
    for _ in 0..count {
        let mut stream = TcpStream::connect(address)?;
        write!(stream, "GET {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n")?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer)?;
        let text = String::from_utf8_lossy(&answer);
        let (head, body) = text.split_once("\r\n\r\n").ok_or(io::ErrorKind::UnexpectedEof)?;
        last = format!("{}, {} bytes", head.lines().next().unwrap_or_default(), body.len());
    }
    Ok(last)
}
