//! Times TCP and HTTP from inside the guest: one source, built for wasm32-wasip2 and natively.
//!
//! `NAME ECHO SOURCE HTTP [--millis N] [--bytes N] [--requests N] [ROW]…` prints a line `row nanoseconds` for each row. The first
//! three are addresses: of a server that sends back what it gets, of one that sends so many bytes and ends, and of an HTTP server.
//! `cargo xtask bench` starts them, and runs the program under each host in turn.

pub mod tcp;

use std::io;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::time::{Duration, Instant};

/// Whom a row talks to, and how much.
#[derive(Clone, Debug)]
pub struct Peers {
    /// Sends back what it gets.
    pub echo: SocketAddr,
    /// Sends [`Peers::bytes`] and ends.
    pub source: SocketAddr,
    /// Answers `GET /hello`.
    pub http: SocketAddr,
    /// How long a row that repeats is measured.
    pub time: Duration,
    /// The length of the stream.
    pub bytes: u64,
    /// The number of requests.
    pub requests: u32,
}

/// A row: what is timed, under a name; in nanoseconds.
pub struct Row {
    /// As the harness and the table call it.
    pub name: &'static str,
    /// Measures it.
    pub measure: fn(&Peers) -> io::Result<f64>,
}

/// The program, with these rows.
pub fn main(rows: &[Row]) -> ExitCode {
    match run(rows, std::env::args().skip(1).collect()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(rows: &[Row], arguments: Vec<String>) -> io::Result<()> {
    let (peers, wanted) = options(&arguments)?;
    for row in rows {
        if wanted.is_empty() || wanted.iter().any(|name| name == row.name) {
            println!("{} {:.1}", row.name, (row.measure)(&peers)?);
        }
    }
    Ok(())
}

fn options(arguments: &[String]) -> io::Result<(Peers, Vec<String>)> {
    let usage = || io::Error::other("usage: ECHO SOURCE HTTP [--millis N] [--bytes N] [--requests N] [ROW]…");
    let [echo, source, http, rest @ ..] = arguments else { return Err(usage()) };
    let address = |text: &String| text.parse().map_err(|_| usage());
    let time = Duration::from_millis(40);
    let (echo, source, http) = (address(echo)?, address(source)?, address(http)?);
    let mut peers = Peers { echo, source, http, time, bytes: 1 << 30, requests: 10_000 };
    let (mut wanted, mut rest) = (Vec::new(), rest.iter());
    while let Some(word) = rest.next() {
        let mut number = || rest.next().and_then(|text| text.parse::<u64>().ok()).ok_or_else(usage);
        match word.as_str() {
            "--millis" => peers.time = Duration::from_millis(number()?),
            "--bytes" => peers.bytes = number()?,
            "--requests" => peers.requests = u32::try_from(number()?).map_err(|_| usage())?,
            _ => wanted.push(word.clone()),
        }
    }
    Ok((peers, wanted))
}

/// Nanoseconds that `work` takes, once.
///
/// # Errors
/// Those of `work`.
pub fn once(work: impl FnOnce() -> io::Result<()>) -> io::Result<f64> {
    let started = Instant::now();
    work()?;
    Ok(started.elapsed().as_nanos() as f64)
}
