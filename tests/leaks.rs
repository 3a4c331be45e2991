//! Connections that end well and badly leave nothing behind in the host: its descriptors and threads are counted before and after,
//! while the guest still runs.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use caphost_tests::case::Case;
use caphost_tests::peers::Peers;
use caphost_tests::programs::Programs;

/// How long the host may take to close what a guest has given up.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long the first round's connections are given to be closed.
const SETTLED: Duration = Duration::from_millis(300);
/// How often each round does what it does.
const TIMES: usize = 40;

/// The peers, as a case names them.
const CASE: &str = "why = 'nothing is left behind'
[peers]
echo = {}
reset = {}
close = {}
silent = {}
source = {}
http = {}
hostile = {}
udp-echo = {}
[[step]]
args = ['--version']
";

/// The operation of either guest that waits for a line.
const WAIT: &str = "line";

/// What is done in a round of `nettool`.
const STREAMS: &[&str] = &[
    "connect a 127.0.0.1:{echo}",
    "write a hello",
    "read a 5",
    "close a",
    "connect b 127.0.0.1:{reset}",
    "write b x",
    "read b",
    "close b",
    "connect c 127.0.0.1:{close}",
    "read c",
    "close c",
    "connect d 127.0.0.1:{silent}",
    "close d",
    "connect e 127.0.0.1:{source}",
    "read-exact e 100000",
    "close e",
    "connect f 127.0.0.1:1",
    "lookup localhost",
    "listen l 127.0.0.1:0",
    "close l",
    "udp u 127.0.0.1:0",
    "udp-send-to u 127.0.0.1:{udp-echo} hello",
    "udp-wait u 1000",
    "close u",
];

/// What is done in a round of `webtool`.
const REQUESTS: &[&str] = &[
    "get http://127.0.0.1:{http}/hello",
    "get http://127.0.0.1:{hostile}/short-body",
    "get http://127.0.0.1:{hostile}/reset",
    "get http://127.0.0.1:{hostile}/no-answer",
    "get http://127.0.0.1:{hostile}/two-lengths",
    "get http://127.0.0.1:{hostile}/slow-head 20",
    "get http://127.0.0.1:{hostile}/slow-body 20",
    "get http://127.0.0.1:{silent}/ 20",
    "get https://127.0.0.1:{silent}/ 20",
    "get https://127.0.0.1:{http}/hello",
    "part http://127.0.0.1:{hostile}/pour-body 10",
    "unfinished http://127.0.0.1:{http}/take 5 hel",
    "upload http://127.0.0.1:{http}/take 200000",
    "ws-within ws://127.0.0.1:{silent}/ 20",
    "ws ws://127.0.0.1:{hostile}/no-answer",
    "ws ws://127.0.0.1:{http}/hello",
];

#[test]
fn sockets_leave_nothing_behind() -> anyhow::Result<()> {
    nothing_is_left("nettool", STREAMS)
}

#[test]
fn requests_leave_nothing_behind() -> anyhow::Result<()> {
    nothing_is_left("webtool", REQUESTS)
}

/// The control: what is kept open is seen.
#[test]
fn what_is_kept_is_counted() -> anyhow::Result<()> {
    let is_kept = |before: &Held, held: &Held| held.descriptors.len() >= before.descriptors.len() + 20;
    let (before, after) = counts("nettool", &[], &["hold 127.0.0.1:{echo} 20"], is_kept)?;
    ensure!(is_kept(&before, &after), "{before:?}, then {after:?}");
    Ok(())
}

/// A round first, which opens what the host opens once; then many.
fn nothing_is_left(guest: &str, round: &[&str]) -> anyhow::Result<()> {
    let is_gone = |before: &Held, held: &Held| {
        held.descriptors.len() <= before.descriptors.len() && held.threads <= before.threads + SPARE_THREADS
    };
    let (before, after) = counts(guest, round, &round.repeat(TIMES), is_gone)?;
    ensure!(is_gone(&before, &after), "{before:?}, then {after:?}");
    Ok(())
}

/// Threads of a pool that come and go by themselves.
const SPARE_THREADS: usize = 2;

/// What the host process holds.
#[derive(Clone, Debug)]
struct Held {
    /// What each descriptor is.
    descriptors: Vec<String>,
    threads: usize,
}

impl Held {
    fn by(child: &Child) -> anyhow::Result<Self> {
        let folder = format!("/proc/{}", child.id());
        let mut descriptors = Vec::new();
        for entry in fs::read_dir(format!("{folder}/fd"))? {
            // One that is closed meanwhile is none.
            let Ok(target) = fs::read_link(entry?.path()) else { continue };
            descriptors.push(target.to_string_lossy().into_owned());
        }
        descriptors.sort();
        Ok(Self { descriptors, threads: fs::read_dir(format!("{folder}/task"))?.count() })
    }
}

/// What the host holds after `first`, and after `then`, once that is enough or nothing more is to be expected.
fn counts(
    guest: &str,
    first: &[&str],
    then: &[&str],
    is_enough: impl Fn(&Held, &Held) -> bool,
) -> anyhow::Result<(Held, Held)> {
    let programs = Programs::find()?;
    let folder = tempfile::tempdir()?;
    let peers = Peers::start(&Case::parse(CASE)?, folder.path(), &programs)?.context("no peers")?;
    let mut command = programs.command(programs.caphost(), folder.path());
    command.args(["run", "--allow", "net"]).arg(programs.component(guest)?);
    let operations = [first, &[WAIT], then, &[WAIT]].concat();
    command.args(operations.iter().map(|operation| peers.fill(operation)));
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
    let mut guest = Guest { input: child.stdin.take(), output: child.stdout.take().map(BufReader::new) };
    guest.wait_for(WAIT)?;
    std::thread::sleep(SETTLED);
    let before = Held::by(&child)?;
    guest.go_on()?;
    guest.wait_for(WAIT)?;
    let begun = Instant::now();
    let mut after = Held::by(&child)?;
    while !is_enough(&before, &after) && begun.elapsed() < PATIENCE {
        std::thread::sleep(SETTLED / 10);
        after = Held::by(&child)?;
    }
    guest.go_on()?;
    guest.drain()?;
    ensure!(child.wait()?.success(), "the guest failed");
    Ok((before, after))
}

/// The streams of a running guest.
struct Guest {
    input: Option<ChildStdin>,
    output: Option<BufReader<ChildStdout>>,
}

impl Guest {
    /// Reads until the guest begins `operation`.
    fn wait_for(&mut self, operation: &str) -> anyhow::Result<()> {
        let output = self.output.as_mut().context("no output")?;
        let mark = format!("{operation} ->");
        let mut line = Vec::new();
        while line != mark.as_bytes() {
            let mut byte = [0];
            std::io::Read::read_exact(output, &mut byte).context("the guest ended")?;
            if byte == *b"\n" { line.clear() } else { line.push(byte[0]) }
        }
        Ok(())
    }

    fn go_on(&mut self) -> anyhow::Result<()> {
        Ok(writeln!(self.input.as_mut().context("no input")?)?)
    }

    fn drain(&mut self) -> anyhow::Result<()> {
        let mut line = String::new();
        while self.output.as_mut().context("no output")?.read_line(&mut line)? > 0 {}
        Ok(())
    }
}
