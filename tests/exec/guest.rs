//! The guest: it does what its arguments say, one after the other, and prints a line for each.
#![expect(clippy::print_stdout, reason = "standard output is what the test reads")]

use std::env;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::process::{Command, ExitCode};

use anyhow::{Context, bail};
use caphost_caps::ambient::HostAuthority;
use caphost_caps::handover::{DESCRIPTOR, Handover};
use caphost_caps::{Session, guest};
use rustix::io_uring::{io_uring_params, io_uring_setup};
use rustix::net::{self, AddressFamily, SocketType, ipproto};
use tokio::runtime::Builder;

/// Numbers of descriptors that are looked for.
const NUMBERS: std::ops::Range<u32> = 0..64;

/// Runs the operations.
pub(crate) fn run(operations: &[String]) -> ExitCode {
    for operation in operations {
        let words: Vec<&str> = operation.split(' ').collect();
        match answer(&words) {
            Ok(answer) => println!("{operation}: {answer}"),
            Err(error) => println!("{operation}: failed: {error:#}"),
        }
    }
    ExitCode::SUCCESS
}

fn answer(words: &[&str]) -> anyhow::Result<String> {
    match *words {
        ["sdk", ref words @ ..] => sdk(words),
        ["std", ref words @ ..] => Ok(std(words)),
        ["environment"] => Ok(format!("{:?}", env::vars().collect::<Vec<_>>())),
        ["descriptors"] => Ok(format!("{:?}", NUMBERS.filter(|number| is_open(*number)).collect::<Vec<_>>())),
        ["descriptor", "overwrite"] => Ok(io(handed_over()?.write_all(b"caphost handover 1\n{}"))),
        ["descriptor", "cut"] => Ok(io(handed_over()?.set_len(0))),
        ["handover"] => Ok(match Handover::receive(HostAuthority::claim())? {
            Some(handover) => format!("{} in {}", handover.subject, handover.working_directory.display()),
            None => "none".to_owned(),
        }),
        ["network"] => network(),
        ["child", ref operation @ ..] => child(&operation.join(" ")),
        ["say", word] => Ok(word.to_owned()),
        _ => bail!("no such operation"),
    }
}

/// Through the session that was handed over.
fn sdk(words: &[&str]) -> anyhow::Result<String> {
    let handover = Handover::receive(HostAuthority::claim())?.context("nothing was handed over")?;
    let session = handover.builder(Box::new(|_| {})).build(HostAuthority::claim())?;
    Ok(match *words {
        ["environment"] => format!("{:?}", guest::env::list(&session)),
        ["variable", name] => format!("{:?}", guest::env::get(&session, name).map_err(kind)),
        ["read", path] => format!("{:?}", guest::fs::read_file(&session, path).map(text).map_err(kind)),
        ["write", path] => format!("{:?}", guest::fs::write_file(&session, path, b"sdk").map_err(kind)),
        ["connect", host, port] => format!("{:?}", wait(echo(&session, host, port.parse()?))?.map_err(kind)),
        ["fetch", url] => format!("{:?}", wait(fetch(&session, url))?.map(text).map_err(kind)),
        ["sql", name, ref words @ ..] => {
            format!("{:?}", wait(sql(&session, name, &words.join(" ")))?.map_err(kind))
        }
        _ => bail!("no such operation"),
    })
}

/// The rows of a query, or how many another statement changed.
async fn sql(session: &Session, name: &str, sql: &str) -> Result<String, guest::Error> {
    let connection = guest::db::open(session, name).await?;
    if sql.starts_with("select") {
        return connection.query(sql, &[]).await.map(|table| format!("{:?}", table.rows));
    }
    connection.execute(sql, &[]).await.map(|changed| format!("{changed} changed"))
}

/// Says hello to a peer, and hears what it says back.
async fn echo(session: &Session, host: &str, port: u16) -> Result<String, guest::Error> {
    let stream = guest::net::connect(session, host, port, None).await?;
    stream.write(b"hello").await?;
    stream.read(5).await.map(text)
}

/// The body of a response.
async fn fetch(session: &Session, url: &str) -> Result<Vec<u8>, guest::Error> {
    let request = guest::http::Request { method: "GET".to_owned(), url: url.to_owned(), ..Default::default() };
    guest::http::fetch(session, request, Vec::new()).await.map(|response| response.body)
}

/// On one thread, as the SDK does it.
fn wait<T>(future: impl Future<Output = T>) -> io::Result<T> {
    Ok(Builder::new_current_thread().enable_all().build()?.block_on(future))
}

/// What was handed over beside the policy.
fn network() -> anyhow::Result<String> {
    let Handover { network, secrets, .. } =
        Handover::receive(HostAuthority::claim())?.context("nothing was handed over")?;
    let mut values: Vec<_> = secrets.iter().map(|(_, value)| value.to_owned()).collect();
    values.sort();
    Ok(format!("{:?}, {} roots, secrets {values:?}", network.name_server, network.tls_roots.len()))
}

/// Past it, with the standard library alone.
fn std(words: &[&str]) -> String {
    match *words {
        ["read", path] => format!("{:?}", fs::read(path).map(text).map_err(|error| error.kind())),
        ["list", path] => io(fs::read_dir(path)),
        ["write", path] => io(fs::write(path, "std")),
        ["remove", path] => io(fs::remove_file(path)),
        ["rename", from, to] => io(fs::rename(from, to)),
        ["run", program] => io(Command::new(program).output()),
        ["connect", address] => io(TcpStream::connect(address)),
        ["listen", address] => io(TcpListener::bind(address)),
        ["datagram", address] => io(UdpSocket::bind(address)),
        ["pair"] => io(UnixStream::pair()),
        ["ring"] => io(ring()),
        ["socket", family] => io(socket(family)),
        // `listen` chooses a port where none was bound.
        ["listen-unbound"] => io(socket("tcp").and_then(|socket| Ok(net::listen(socket, 1)?))),
        _ => "no such operation".to_owned(),
    }
}

fn socket(family: &str) -> io::Result<OwnedFd> {
    let (family, kind, protocol) = match family {
        "tcp" => (AddressFamily::INET, SocketType::STREAM, None),
        "tcp6" => (AddressFamily::INET6, SocketType::STREAM, None),
        "mptcp" => (AddressFamily::INET, SocketType::STREAM, Some(ipproto::MPTCP)),
        "netlink" => (AddressFamily::NETLINK, SocketType::RAW, None),
        "ping" => (AddressFamily::INET, SocketType::DGRAM, Some(ipproto::ICMP)),
        "packet" => (AddressFamily::PACKET, SocketType::RAW, None),
        "unix" => (AddressFamily::UNIX, SocketType::STREAM, None),
        _ => return Err(io::ErrorKind::InvalidInput.into()),
    };
    Ok(net::socket(family, kind, protocol)?)
}

fn ring() -> io::Result<OwnedFd> {
    let mut parameters = io_uring_params::default();
    // SAFETY: the ring is closed at once; nothing is ever put into it, and no memory of ours is registered with it.
    Ok(unsafe { io_uring_setup(1, &mut parameters) }?)
}

fn io<T>(outcome: io::Result<T>) -> String {
    outcome.map_or_else(|error| format!("{:?}", error.kind()), |_| "done".to_owned())
}

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8_lossy(&bytes).into_owned()
}

/// `Denied(Refused { … })` without what is in it.
fn kind(error: guest::Error) -> String {
    format!("{error:?}").split(['(', ' ']).next().unwrap_or_default().to_owned()
}

fn is_open(number: u32) -> bool {
    fs::read_link(format!("/proc/self/fd/{number}")).is_ok()
}

/// The file on the descriptor, opened for writing.
fn handed_over() -> anyhow::Result<File> {
    let path = format!("/proc/self/fd/{DESCRIPTOR}");
    OpenOptions::new().write(true).open(path).context("it cannot even be opened")
}

/// This program once more, as a child of the guest.
fn child(operation: &str) -> anyhow::Result<String> {
    let output = Command::new(env::current_exe()?).args([super::GUEST, operation]).output()?;
    Ok(text(output.stdout).trim_end().to_owned())
}
