//! With an empty policy the host makes no system call on the guest's behalf that opens, looks up, connects, tells time or
//! draws random bytes. `strace` sees what the host does between two lines that the guest prints. (Reading a clock through the
//! vDSO is no system call: that it is not read is pinned by the spec case `functions/clocks`, where two runs print the same.)

use std::io::Write;
use std::process::Command;
use std::{fs, io};

use caphost_tests::process::{self, Input};
use caphost_tests::programs::Programs;

/// What the guest does between its marks; each function once, none of them granted.
const OPERATIONS: &[&str] = &[
    "get-directories",
    "open-at f dir:/ data/a.txt read",
    "open-at f dir:/ data/a.txt read write create truncate",
    "open-at f dir:/ ../etc/passwd read follow",
    "stat-at dir:/ data/a.txt follow",
    "stat dir:/",
    "readlink-at dir:/ data/link",
    "read-directory l dir:/",
    "create-directory-at dir:/ new",
    "remove-directory-at dir:/ data",
    "unlink-file-at dir:/ data/a.txt",
    "rename-at dir:/ data/a.txt dir:/ b.txt",
    "link-at dir:/ data/a.txt dir:/ b.txt",
    "symlink-at dir:/ data/a.txt b.txt",
    "set-times-at dir:/ data/a.txt now now",
    "set-times dir:/ now now",
    "set-size dir:/ 0",
    "sync dir:/",
    "sync-data dir:/",
    "advise dir:/ 0 0 normal",
    "read dir:/ 5 0",
    "write dir:/ 0 x",
    "read-via-stream s dir:/ 0",
    "write-via-stream s dir:/ 0",
    "append-via-stream s dir:/",
    "metadata-hash dir:/ dir:/",
    "metadata-hash-at dir:/ data/a.txt data/a.txt",
    "get-flags dir:/",
    "get-type dir:/",
    "is-same-object dir:/ dir:/",
    "get-environment",
    "get-arguments",
    "initial-cwd",
    "monotonic-clock.now",
    "monotonic-clock.resolution",
    "subscribe-duration d 1000",
    "pollable.block d",
    "subscribe-instant i 1000",
    "pollable.block i",
    "get-insecure-random-bytes 8",
    "get-insecure-random-u64",
    "insecure-seed",
];

/// The same for sockets: what reaches nobody, and each way out.
const SOCKETS: &[&str] = &[
    "instance-network.instance-network",
    "tcp-create-socket.create-tcp-socket s ipv4",
    "tcp-create-socket.create-tcp-socket t ipv6",
    "udp-create-socket.create-udp-socket u ipv4",
    "tcp-socket.set-listen-backlog-size s 10",
    "tcp-socket.finish-connect s",
    "tcp-socket.start-listen s",
    "tcp-socket.accept s a",
    "udp-socket.finish-bind u",
    "udp-socket.stream u",
    "tcp-socket.start-connect s 127.0.0.1:9",
];

/// The other ways out: each ends its trace, since what is refused is reported.
const REFUSED: &[&str] = &[
    "tcp-socket.start-connect t [::1]:9",
    "tcp-socket.start-bind s 127.0.0.1:0",
    "tcp-socket.hop-limit s",
    "udp-socket.start-bind u 0.0.0.0:0",
    "udp-socket.unicast-hop-limit u",
    "ip-name-lookup.resolve-addresses n localhost",
    "ip-name-lookup.resolve-addresses n example.com",
];

/// Functions that cannot answer with an error: the refusal ends the guest.
const TRAPS: &[&str] = &["wall-clock.now", "wall-clock.resolution", "get-random-bytes 8", "get-random-u64"];

/// Beginnings of the names of system calls that no guest may cause without a grant.
const BANNED: &str = "open creat socket connect bind stat lstat fstat newfstatat access faccessat readlink getdents getcwd \
    chdir mkdir rmdir mknod unlink rename link symlink truncate ftruncate utime futimesat chmod fchmod chown \
    fchown getrandom clock_gettime clock_getres gettimeofday time execve sync fsync fdatasync fadvise64";
/// Names that begin like a banned one and are none.
const HARMLESS: &[&str] = &["timer_settime", "timer_create", "timerfd_settime", "timerfd_create", "times"];

const BEGIN: &str = "say BEGIN";
const END: &str = "say END";

#[test]
fn nothing_is_touched_on_behalf_of_a_guest_without_grants() -> anyhow::Result<()> {
    let Some(trace) = Trace::start()? else { return Ok(()) };
    let calls = trace.calls(&[], OPERATIONS)?;
    assert_eq!(banned(&calls), Vec::<&str>::new(), "all operations, no grant");
    for operation in TRAPS {
        let calls = trace.calls(&[], &[operation])?;
        assert_eq!(banned(&calls), Vec::<&str>::new(), "`{operation}`, no grant");
    }
    Ok(())
}

#[test]
fn no_socket_is_made_for_a_guest_without_grants() -> anyhow::Result<()> {
    let Some(trace) = Trace::start()? else { return Ok(()) };
    let made = SOCKETS.split_last().map_or(SOCKETS, |(_, made)| made);
    for operation in SOCKETS.last().into_iter().chain(REFUSED) {
        let calls = trace.calls_of("sockets", &[], &[made, &[operation]].concat())?;
        assert_eq!(banned(&calls), Vec::<&str>::new(), "`{operation}`, no grant");
    }
    let calls = trace.calls_of("sockets", &["--allow", "net.connect"], SOCKETS)?;
    assert!(banned(&calls).iter().any(|call| call.starts_with("connect(")), "control: {calls:#?}");
    Ok(())
}

#[test]
fn the_same_open_with_a_grant_is_seen() -> anyhow::Result<()> {
    let Some(trace) = Trace::start()? else { return Ok(()) };
    let calls = trace.calls(&["--allow", "fs.read:./data"], &["open-at f dir:/ data/a.txt read"])?;
    let opens = banned(&calls).into_iter().filter(|call| call.contains("open") && call.contains("a.txt")).count();
    assert!(opens > 0, "{calls:#?}");
    Ok(())
}

fn banned(calls: &[String]) -> Vec<&str> {
    let is_banned = |name: &str| BANNED.split(' ').any(|banned| name.starts_with(banned)) && !HARMLESS.contains(&name);
    calls.iter().map(String::as_str).filter(|call| is_banned(call.split('(').next().unwrap_or_default())).collect()
}

struct Trace {
    programs: Programs,
    folder: tempfile::TempDir,
}

impl Trace {
    /// Prepares; says so where there is no `strace` that works.
    fn start() -> anyhow::Result<Option<Self>> {
        let works = Command::new("strace")
            .args(["-o", "/dev/null", "true"])
            .output()
            .is_ok_and(|output| output.status.success());
        if !works {
            // Past the test harness, which would swallow it.
            let _ =
                writeln!(io::stderr(), "NOT RUN: the strace test needs a working `strace` (apt-get install strace)");
            return Ok(None);
        }
        let folder = tempfile::tempdir()?;
        fs::create_dir(folder.path().join("data"))?;
        fs::write(folder.path().join("data/a.txt"), "hello")?;
        Ok(Some(Self { programs: Programs::find()?, folder }))
    }

    /// The system calls of `caphost run` between the guest's two marks; up to the refusal, if the guest never comes to its second one.
    fn calls(&self, options: &[&str], operations: &[&str]) -> anyhow::Result<Vec<String>> {
        self.calls_of("probe", options, operations)
    }

    fn calls_of(&self, guest: &str, options: &[&str], operations: &[&str]) -> anyhow::Result<Vec<String>> {
        let log = self.folder.path().join("strace.log");
        let mut command = self.programs.command("strace".as_ref(), self.folder.path());
        command.args(["-f", "-s", "200", "-o"]).arg(&log).arg(self.programs.caphost()).arg("run").args(options);
        command.arg(self.programs.component(guest)?).arg(BEGIN).args(operations).arg(END);
        let outcome = process::run(command, Input::Text(""), process::HANG)?;
        let log = fs::read_to_string(log)?;
        let window = window(&log);
        assert!(!window.is_empty(), "the guest's marks are not in the trace: {outcome:#?}");
        Ok(window)
    }
}

/// The calls between the marks, without the number of the thread.
fn window(log: &str) -> Vec<String> {
    let calls = log.lines().filter_map(|line| line.split_once(' ')).map(|(_, call)| call.trim_start().to_owned());
    let is_output = |call: &str| call.starts_with("write(") || call.starts_with("writev(");
    let begins = |call: &String| !(is_output(call) && call.contains("ok BEGIN"));
    let ends = |call: &String| !(is_output(call) && (call.contains(END) || call.contains("error[")));
    calls.skip_while(begins).take_while(ends).collect()
}
