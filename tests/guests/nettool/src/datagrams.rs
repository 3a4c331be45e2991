//! UDP: `udp NAME ADDRESS`, and what is done with it.

use std::io::ErrorKind;
use std::net::UdpSocket;
use std::time::Duration;

use crate::{Answer, Sockets, number, shown};

/// How often a socket is looked at.
const PERIOD_MS: u64 = 10;

/// The operations on datagrams.
pub fn run(words: &[&str], sockets: &mut Sockets) -> Option<Answer> {
    let (name, rest) = words.get(1..)?.split_first()?;
    if let ("udp", [address]) = (*words.first()?, rest) {
        return Some(UdpSocket::bind(address).map(|socket| {
            sockets.datagrams.insert((*name).to_owned(), socket);
            String::new()
        }));
    }
    let socket = sockets.datagrams.get(*name)?;
    Some(match (*words.first()?, rest) {
        ("udp-connect", [address]) => socket.connect(address).map(|()| String::new()),
        ("udp-send", words) => socket.send(words.join(" ").as_bytes()).map(|sent| format!("{sent} bytes")),
        ("udp-send-to", [address, words @ ..]) => {
            socket.send_to(words.join(" ").as_bytes(), address).map(|sent| format!("{sent} bytes"))
        }
        ("udp-send-big", [address, count]) => number(count).and_then(|count| {
            let datagram = vec![b'u'; usize::try_from(count).unwrap_or_default()];
            socket.send_to(&datagram, address).map(|sent| format!("{sent} bytes"))
        }),
        ("udp-receive", []) => receive(socket),
        ("udp-answer", []) => answer(socket),
        ("udp-wait", [milliseconds]) => number(milliseconds).and_then(|count| wait(socket, count)),
        _ => return None,
    })
}

fn receive(socket: &UdpSocket) -> Answer {
    let mut buffer = vec![0; 65_535];
    let (count, sender) = socket.recv_from(&mut buffer)?;
    Ok(format!("{} from {}", shown(buffer.get(..count).unwrap_or_default()), sender.ip()))
}

/// As [`receive`], but for so long only: WASI has no timeouts on datagrams.
fn wait(socket: &UdpSocket, milliseconds: u64) -> Answer {
    socket.set_nonblocking(true)?;
    let mut answer = receive(socket);
    for _ in 0..milliseconds / PERIOD_MS {
        match &answer {
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                std::thread::sleep(Duration::from_millis(PERIOD_MS));
                answer = receive(socket);
            }
            _ => break,
        }
    }
    socket.set_nonblocking(false)?;
    answer
}

/// Receives a datagram, and sends it back.
fn answer(socket: &UdpSocket) -> Answer {
    let mut buffer = vec![0; 65_535];
    let (count, sender) = socket.recv_from(&mut buffer)?;
    let datagram = buffer.get(..count).unwrap_or_default();
    socket.send_to(datagram, sender)?;
    Ok(shown(datagram))
}
