//! The tests of a granted network: what the kernel lets through, what it refuses, and what the note says that it cannot tell.

use std::fs;
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::Command;

use anyhow::ensure;
use caphost_peers::log::Log;
use caphost_peers::settings::{Peer, Ready, Settings};
use caphost_peers::start;
use tokio::runtime::{Builder, Runtime};

use crate::place::{Place, Said, not_run};

/// What is refused without a grant of the network, and where another use of it is granted.
const TCP: &str = "std socket tcp";
const UDP: &str = "std datagram 127.0.0.1:0";
const LISTEN: &str = "std listen 127.0.0.1:0";
const LISTEN_UNBOUND: &str = "std listen-unbound";

/// Two servers that nobody accepts from, of which one is granted.
struct Servers {
    granted: TcpListener,
    other: TcpListener,
}

impl Servers {
    fn new() -> anyhow::Result<Self> {
        Ok(Self { granted: TcpListener::bind("127.0.0.1:0")?, other: TcpListener::bind("127.0.0.1:0")? })
    }

    fn grant(&self) -> anyhow::Result<String> {
        Ok(format!("net.connect:{}", self.granted.local_addr()?))
    }

    /// Connecting to each of them.
    fn operations(&self) -> anyhow::Result<[String; 2]> {
        let operation = |address: SocketAddr| format!("std connect {address}");
        Ok([operation(self.granted.local_addr()?), operation(self.other.local_addr()?)])
    }
}

/// The answers of a program under `caphost exec` with these grants; `None` where the kernel has no Landlock or no filter.
fn run(place: &Place, allow: &str, operations: &[&str]) -> anyhow::Result<Option<Said>> {
    let Some(note) = place.landlock("the test of a granted network")? else { return Ok(None) };
    if !note.is_without_network || !note.enforces("TCP") {
        return not_run("the test of a granted network needs a kernel with seccomp, and with Landlock for TCP")
            .map(|()| None);
    }
    let said = place.run(place.exec(&["--allow", allow])?, operations)?;
    ensure!(said.outcome.ending() == "exit 0", "{said:?}");
    Ok(Some(said))
}

/// All of `operations` must be refused, and the note must end so.
fn refused(said: &Said, operations: &[&str]) -> anyhow::Result<()> {
    let answers: Vec<_> = operations.iter().map(|operation| (*operation, "PermissionDenied")).collect();
    said.answers(&answers)
}

pub(crate) fn connect() -> anyhow::Result<()> {
    let (place, servers) = (Place::new()?, Servers::new()?);
    let [granted, other] = servers.operations()?;
    let free = place.run(place.guest(Command::new(std::env::current_exe()?)), &[&granted, &other])?;
    free.answers(&[(&granted, "done"), (&other, "done")])?;
    let operations = [&granted, &other, TCP, LISTEN, LISTEN_UNBOUND, UDP];
    let Some(said) = run(&place, &servers.grant()?, &operations)? else { return Ok(()) };
    said.answers(&[(&granted, "done"), (TCP, "done")])?;
    refused(&said, &[&other, LISTEN, LISTEN_UNBOUND, UDP])?;
    ensure!(said.note().ends_with("; network: TCP without listening only, by seccomp"), "{said:?}");
    // All ports are granted.
    let Some(said) = run(&place, "net.connect", &operations)? else { return Ok(()) };
    said.answers(&[(&granted, "done"), (&other, "done")])?;
    refused(&said, &[LISTEN, LISTEN_UNBOUND])
}

pub(crate) fn listen() -> anyhow::Result<()> {
    let (place, servers) = (Place::new()?, Servers::new()?);
    let [connect, _] = servers.operations()?;
    let free = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
    let (bound, unbound) = (format!("net.listen:{free}"), format!("std listen {free}"));
    let Some(said) = run(&place, &bound, &[&unbound, LISTEN, &connect, UDP])? else { return Ok(()) };
    said.answers(&[(&unbound, "done")])?;
    refused(&said, &[LISTEN, &connect, UDP])?;
    ensure!(said.note().ends_with("; network: TCP only, by seccomp"), "{said:?}");
    let Some(said) = run(&place, "net.listen:127.0.0.1:0", &[&unbound, LISTEN])? else { return Ok(()) };
    said.answers(&[(LISTEN, "done")])?;
    refused(&said, &[&unbound])
}

pub(crate) fn datagrams() -> anyhow::Result<()> {
    let place = Place::new()?;
    let Some(said) = run(&place, "net.udp:127.0.0.1:9", &[UDP, TCP])? else { return Ok(()) };
    said.answers(&[(UDP, "done")])?;
    refused(&said, &[TCP])?;
    ensure!(said.note().ends_with("; network: UDP only, by seccomp"), "{said:?}");
    let Some(said) = run(&place, "net.connect:api.example.com:443", &[UDP, TCP, LISTEN])? else { return Ok(()) };
    said.answers(&[(UDP, "done"), (TCP, "done")])?;
    refused(&said, &[LISTEN])?;
    ensure!(said.note().contains("port 53 of any host and every UDP port of this one"), "{said:?}");
    let Some(said) = run(&place, "net.connect:10.0.0.1:443", &[UDP, TCP])? else { return Ok(()) };
    said.answers(&[(TCP, "done")])?;
    refused(&said, &[UDP])
}

pub(crate) fn other_sockets() -> anyhow::Result<()> {
    let place = Place::new()?;
    let other = ["std socket mptcp", "std socket netlink", "std socket ping", "std socket packet", "std ring"];
    let operations = [&other[..], &[TCP, UDP, LISTEN, LISTEN_UNBOUND, "std socket tcp6", "std pair"]].concat();
    let Some(said) = run(&place, "net", &operations)? else { return Ok(()) };
    refused(&said, &other)?;
    let done: Vec<_> = operations.iter().skip(other.len()).map(|operation| (*operation, "done")).collect();
    said.answers(&done)?;
    ensure!(said.note().ends_with("; network: TCP and UDP only, by seccomp"), "{said:?}");
    Ok(())
}

pub(crate) fn readable() -> anyhow::Result<()> {
    let place = Place::new()?;
    let operation = "std read /etc/hosts";
    ensure!(fs::metadata("/etc/hosts").is_ok(), "no `/etc/hosts`");
    let Some(said) = run(&place, "time", &[operation])? else { return Ok(()) };
    said.answers(&[(operation, "Err(PermissionDenied)")])?;
    let Some(said) = run(&place, "net.connect:10.0.0.1:443", &[operation, "std read /etc/passwd"])? else {
        return Ok(());
    };
    ensure!(said.outcome.stdout.text.contains("std read /etc/hosts: Ok("), "{said:?}");
    said.answers(&[("std read /etc/passwd", "Err(PermissionDenied)")])
}

pub(crate) fn gaps() -> anyhow::Result<()> {
    let place = Place::new()?;
    let with = |options: &[&str]| place.run(place.exec(options)?, &["say ran"]);
    let Some(_) = run(&place, "net", &["say ran"])? else { return Ok(()) };
    let require = |options: &[&str]| with(&[options, &["--require-landlock"]].concat());
    require(&["--allow", "net"])?.answers(&[("say ran", "ran")])?;
    require(&["--allow", "net.connect,net.udp"])?.answers(&[("say ran", "ran")])?;
    let narrower: [(&[&str], &str); 5] = [
        (
            &["--allow", "net.listen:127.0.0.1:8080"],
            "the hosts of `127.0.0.1:8080`, for the kernel knows ports at most",
        ),
        (
            &["--allow", "net", "--deny", "net:private"],
            "the deny rules on `private`, for the kernel knows ports at most",
        ),
        (&["--allow", "net.connect"], "port 53 of any host and every UDP port of this one"),
        (&["--allow", "net.listen:127.0.0.1:1-99"], "the ports of the network grants, which are more than 64"),
        (&["--allow", "websocket.listen"], "TCP that is no WebSocket"),
    ];
    for (options, gap) in narrower {
        require(options)?.refused(gap)?;
        let said = with(options)?;
        said.answers(&[("say ran", "ran")])?;
        ensure!(said.note().contains(gap), "{said:?}");
    }
    Ok(())
}

/// Peers of the kinds that a program talks to through the SDK.
fn peers(folder: &Path) -> anyhow::Result<(Runtime, Ready)> {
    let peer = |records: &[&str]| Peer {
        records: records.iter().map(|record| (*record).to_owned()).collect(),
        ..Peer::default()
    };
    let dns = peer(&["api.test A 127.0.0.1", "long.test A truncated 127.0.0.1", "other.test A 127.0.0.1"]);
    let peers = [("dns", dns), ("https", peer(&[])), ("echo", peer(&[]))];
    let settings = Settings {
        folder: folder.to_owned(),
        peers: peers.into_iter().map(|(name, peer)| (name.to_owned(), peer)).collect(),
        ..Settings::default()
    };
    let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let ready = runtime.block_on(start(&settings, &Log::default()))?;
    Ok((runtime, ready))
}

pub(crate) fn sdk() -> anyhow::Result<()> {
    let place = Place::new()?;
    let (_runtime, Ready { ports, authority, .. }) = peers(place.root())?;
    let [dns, echo, https] = ["dns", "echo", "https"].map(|name| ports.get(name).copied().unwrap_or_default());
    let server = format!("127.0.0.1:{dns}");
    let allow = format!("net.connect:api.test:{echo},net.connect:long.test:{echo},net.connect:127.0.0.1:{echo}");
    let options = ["--dns", &server, "--allow", &allow];
    let operations = ["api", "long", "other"].map(|name| format!("sdk connect {name}.test {echo}"));
    let [api, long, other] = operations.each_ref().map(String::as_str);
    let said = place.run(place.exec(&options)?, &[api, long, other])?;
    // The answer of the second is too long for a datagram, and the third is not granted.
    said.answers(&[(api, "Ok(\"hello\")"), (long, "Ok(\"hello\")"), (other, "Err(\"Denied\")")])?;

    let rule = format!("https://127.0.0.1:{https}/headers authorization: Bearer {{env:API_TOKEN}}");
    let (root, options) = (authority.to_string_lossy(), ["--allow-http", &rule]);
    let [headers, other] = ["headers", "hello"].map(|path| format!("sdk fetch https://127.0.0.1:{https}/{path}"));
    let fetch = |options: &[&str]| -> anyhow::Result<Said> {
        let mut command = place.exec(options)?;
        command.env("API_TOKEN", "secret");
        place.run(command, &[&headers, &other])
    };
    let said = fetch(&[&options[..], &["--tls-root", &root]].concat())?;
    ensure!(said.outcome.stdout.text.contains("authorization: Bearer secret"), "{said:?}");
    said.answers(&[(&other, "Err(\"Denied\")")])?;
    // The platform does not know who signed the server's certificate.
    let said = fetch(&options)?;
    said.answers(&[(&headers, "Err(\"Tls\")"), (&other, "Err(\"Denied\")")])
}

pub(crate) fn settings() -> anyhow::Result<()> {
    let place = Place::new()?;
    fs::write(place.root().join("key"), "of the file\n")?;
    let rule = |header: &str| format!("https://api.example.com authorization: {header}");
    let (env, file) = (rule("Bearer {env:API_TOKEN}"), rule("{file:./key}"));
    let mut command = place.exec(&["--dns", "192.0.2.1:5353", "--allow-http", &env, "--allow-http", &file])?;
    command.env("API_TOKEN", "of-the-variable");
    let said = place.run(command, &["network", "environment", "sdk variable API_TOKEN"])?;
    said.answers(&[
        ("network", "Some(192.0.2.1:5353), 0 roots, secrets [\"of the file\", \"of-the-variable\"]"),
        ("environment", "[]"),
        ("sdk variable API_TOKEN", "Err(\"Denied\")"),
    ])?;
    ensure!(!said.outcome.stderr.text.contains("of-the-variable"), "{said:?}");
    let without = place.run(place.exec(&[])?, &["network"])?;
    without.answers(&[("network", "None, 0 roots, secrets []")])
}
