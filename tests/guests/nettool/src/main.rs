//! An ordinary program on `std::net`: every argument is one operation, and prints a line, `OPERATION -> ok …` or
//! `OPERATION -> err KIND`. The part before the arrow is written before the call is made.
//!
//! `nettool 'connect a 127.0.0.1:7' 'write a hello' 'read a 5' 'close a'`: sockets are named by their first argument.
//! An operation that fails does not end the program.

mod datagrams;
mod many;
mod streams;

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::net::{TcpListener, TcpStream, ToSocketAddrs, UdpSocket};
use std::time::Duration;

/// What an operation answers.
type Answer = io::Result<String>;

/// The sockets that are open, by name.
#[derive(Default)]
struct Sockets {
    streams: BTreeMap<String, TcpStream>,
    listeners: BTreeMap<String, TcpListener>,
    datagrams: BTreeMap<String, UdpSocket>,
}

fn main() {
    let mut sockets = Sockets::default();
    for text in std::env::args().skip(1) {
        print!("{text} ->");
        io::stdout().flush().expect("stdout takes what is said");
        let words: Vec<&str> = text.split(' ').collect();
        let families = [general, streams::run, datagrams::run, many::run];
        match families.iter().find_map(|family| family(&words, &mut sockets)) {
            Some(Ok(answer)) if answer.is_empty() => println!(" ok"),
            Some(Ok(answer)) => println!(" ok {answer}"),
            Some(Err(error)) => println!(" err {:?}", error.kind()),
            None => println!(" no such operation, or no such socket"),
        }
    }
}

/// Operations that need no socket.
fn general(words: &[&str], sockets: &mut Sockets) -> Option<Answer> {
    Some(match *words {
        ["lookup", host] => lookup(host),
        ["lookup-count", host] => (host, 0).to_socket_addrs().map(|addresses| addresses.count().to_string()),
        ["sleep", milliseconds] => number(milliseconds).map(|count| {
            std::thread::sleep(Duration::from_millis(count));
            String::new()
        }),
        ["line"] => line(),
        ["close", name] => {
            let closed = sockets.streams.remove(name).is_some()
                || sockets.listeners.remove(name).is_some()
                || sockets.datagrams.remove(name).is_some();
            if closed { Ok(String::new()) } else { Err(unknown()) }
        }
        _ => return None,
    })
}

/// The addresses of a name, in their order.
fn lookup(host: &str) -> Answer {
    let addresses: Vec<_> = (host, 0).to_socket_addrs()?.map(|address| address.ip().to_string()).collect();
    Ok(addresses.join(" "))
}

/// Waits for a line of standard input: a test can look at the host meanwhile.
fn line() -> Answer {
    let mut line = String::new();
    io::stdin().read_line(&mut line)?;
    Ok(line.trim_end().to_owned())
}

fn number(text: &str) -> io::Result<u64> {
    text.parse().map_err(|_| io::Error::new(io::ErrorKind::InvalidInput, "no number"))
}

fn unknown() -> io::Error {
    io::Error::new(io::ErrorKind::NotFound, "no socket of that name")
}

/// Bytes that came in: short ones as they are, others by their number.
fn shown(bytes: &[u8]) -> String {
    if bytes.len() <= 200 { bytes.escape_ascii().to_string() } else { format!("({} bytes)", bytes.len()) }
}
