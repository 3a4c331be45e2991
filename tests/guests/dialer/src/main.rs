//! An ordinary program that wants the network: `dialer connect|listen|send ADDRESS`, `dialer resolve HOST`.

use std::io;
use std::net::{TcpListener, TcpStream, ToSocketAddrs, UdpSocket};
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match dial(&words) {
        Ok(said) => {
            println!("{said}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("dialer: {:?}", error.kind());
            ExitCode::FAILURE
        }
    }
}

fn dial(words: &[&str]) -> io::Result<String> {
    match *words {
        ["connect", address] => TcpStream::connect(address).map(|_| "connected".to_owned()),
        ["listen", address] => TcpListener::bind(address).map(|_| "listening".to_owned()),
        ["resolve", host] => (host, 80).to_socket_addrs().map(|addresses| format!("{} addresses", addresses.count())),
        ["send", address] => {
            let socket = UdpSocket::bind("127.0.0.1:0")?;
            socket.send_to(b"hello", address).map(|sent| format!("{sent} bytes sent"))
        }
        _ => Err(io::Error::other("usage: dialer connect|listen|resolve|send WHERE")),
    }
}
