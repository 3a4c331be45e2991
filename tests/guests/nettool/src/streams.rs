//! TCP: `connect`, `listen`, `accept`, and what is done with them.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream, ToSocketAddrs};
use std::time::Duration;

use crate::{Answer, Sockets, number, shown, unknown};

/// Bytes that are read when nothing says how many.
const PIECE: usize = 64 * 1024;

/// The operations on streams and listeners.
pub fn run(words: &[&str], sockets: &mut Sockets) -> Option<Answer> {
    let (name, rest) = words.get(1..)?.split_first()?;
    Some(match (*words.first()?, rest) {
        ("connect", [address]) => connect(sockets, name, || TcpStream::connect(address)),
        ("connect", [address, milliseconds]) => connect(sockets, name, || soon(address, milliseconds)),
        ("listen", [address]) => TcpListener::bind(address).map(|listener| {
            sockets.listeners.insert((*name).to_owned(), listener);
            String::new()
        }),
        ("accept", [listener]) => accept(sockets, name, listener),
        ("serve", [count]) => number(count).and_then(|count| serve(sockets, name, count)),
        ("port", []) => port(sockets, name),
        (operation, rest) => return sockets.streams.get(*name).map(|stream| on(stream, operation, rest))?,
    })
}

/// What is done with one stream.
fn on(stream: &TcpStream, operation: &str, rest: &[&str]) -> Option<Answer> {
    let mut stream = stream;
    Some(match (operation, rest) {
        ("write", words) => stream.write_all(words.join(" ").as_bytes()).map(|()| String::new()),
        ("answer", words) => answer(stream, &words.join(" ")),
        ("write-some", [count]) => number(count).and_then(|count| fill(stream, count)),
        ("send", [count]) => number(count).and_then(|count| pour(stream, count)),
        ("read", []) => read(stream, PIECE),
        ("read", [count]) => number(count).and_then(|count| read(stream, usize::try_from(count).unwrap_or(PIECE))),
        ("read-exact", [count]) => number(count).and_then(|count| read_exact(stream, count)),
        ("read-all", []) => {
            let mut bytes = Vec::new();
            stream.read_to_end(&mut bytes).map(|_| shown(&bytes))
        }
        ("shutdown", ["read"]) => stream.shutdown(Shutdown::Read).map(|()| String::new()),
        ("shutdown", ["write"]) => stream.shutdown(Shutdown::Write).map(|()| String::new()),
        ("shutdown", ["both"]) => stream.shutdown(Shutdown::Both).map(|()| String::new()),
        ("timeout", [milliseconds]) => number(milliseconds).and_then(|count| limit(stream, count)),
        ("nonblocking", [on]) => stream.set_nonblocking(*on == "on").map(|()| String::new()),
        ("nodelay", [on]) => {
            stream.set_nodelay(*on == "on").and_then(|()| stream.nodelay()).map(|is_on| is_on.to_string())
        }
        ("ttl", [hops]) => number(hops).and_then(|hops| {
            stream.set_ttl(u32::try_from(hops).unwrap_or(u32::MAX))?;
            stream.ttl().map(|hops| hops.to_string())
        }),
        ("peer", []) => stream.peer_addr().map(|address| address.to_string()),
        ("local", []) => stream.local_addr().map(|address| address.ip().to_string()),
        ("error", []) => stream.take_error().map(|error| format!("{:?}", error.map(|error| error.kind()))),
        _ => return None,
    })
}

/// As a server of HTTP/1.0.
fn answer(mut stream: &TcpStream, text: &str) -> Answer {
    write!(stream, "HTTP/1.0 200 OK\r\n\r\n{text}\n")?;
    stream.shutdown(Shutdown::Write)?;
    Ok(String::new())
}

fn connect(sockets: &mut Sockets, name: &str, dial: impl FnOnce() -> io::Result<TcpStream>) -> Answer {
    sockets.streams.insert(name.to_owned(), dial()?);
    Ok(String::new())
}

fn soon(address: &str, milliseconds: &str) -> io::Result<TcpStream> {
    let timeout = Duration::from_millis(number(milliseconds)?);
    let address = address.to_socket_addrs()?.next().ok_or_else(unknown)?;
    TcpStream::connect_timeout(&address, timeout)
}

fn accept(sockets: &mut Sockets, name: &str, listener: &str) -> Answer {
    let (stream, peer) = sockets.listeners.get(listener).ok_or_else(unknown)?.accept()?;
    sockets.streams.insert(name.to_owned(), stream);
    Ok(peer.ip().to_string())
}

/// Accepts so many connections, one after the other, and sends each what it sends.
fn serve(sockets: &Sockets, listener: &str, count: u64) -> Answer {
    let listener = sockets.listeners.get(listener).ok_or_else(unknown)?;
    let mut total = 0;
    for _ in 0..count {
        let (stream, _) = listener.accept()?;
        total += io::copy(&mut &stream, &mut &stream)?;
    }
    Ok(format!("{total} bytes"))
}

/// Whether the kernel gave a port; which one differs from run to run.
fn port(sockets: &Sockets, name: &str) -> Answer {
    let listener = sockets.listeners.get(name).ok_or_else(unknown)?;
    listener.local_addr().map(|address| if address.port() == 0 { "none".to_owned() } else { "some".to_owned() })
}

fn read(mut stream: &TcpStream, count: usize) -> Answer {
    let mut bytes = vec![0; count];
    let read = stream.read(&mut bytes)?;
    Ok(shown(bytes.get(..read).unwrap_or_default()))
}

fn read_exact(mut stream: &TcpStream, count: u64) -> Answer {
    let (mut buffer, mut total) = (vec![0; PIECE], 0_u64);
    while total < count {
        let wanted = usize::try_from(count - total).unwrap_or(PIECE).min(PIECE);
        match stream.read(buffer.get_mut(..wanted).unwrap_or_default())? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            read => total += read as u64,
        }
    }
    Ok(format!("{total} bytes"))
}

/// Writes so many bytes.
fn pour(mut stream: &TcpStream, count: u64) -> Answer {
    let (piece, mut left) = (vec![b'n'; PIECE], count);
    while left > 0 {
        let wanted = usize::try_from(left).unwrap_or(PIECE).min(PIECE);
        stream.write_all(piece.get(..wanted).unwrap_or_default())?;
        left -= wanted as u64;
    }
    Ok(format!("{count} bytes"))
}

/// Writes until nothing more goes, or so many bytes: the peer does not read. Whether there was an end.
fn fill(mut stream: &TcpStream, count: u64) -> Answer {
    let (piece, mut total) = (vec![b'f'; PIECE], 0);
    while total < count {
        match stream.write(&piece) {
            Ok(0) => return Ok("closed".to_owned()),
            Ok(written) => total += written as u64,
            Err(error) => return Err(error),
        }
    }
    Ok("all".to_owned())
}

fn limit(stream: &TcpStream, milliseconds: u64) -> Answer {
    let timeout = (milliseconds > 0).then(|| Duration::from_millis(milliseconds));
    stream.set_read_timeout(timeout)?;
    stream.set_write_timeout(timeout)?;
    Ok(String::new())
}
