//! The processes of a running server.

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Sender};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use rustix::process::{Pid, Signal, kill_process};

/// How long a server may take to begin or to end.
const PATIENCE: Duration = Duration::from_secs(60);
/// How often it is looked at meanwhile.
const TICK: Duration = Duration::from_millis(5);

/// A server process, and those that it started. To drop it ends them.
#[derive(Debug)]
pub(crate) struct Server {
    child: Child,
    /// As long as it is there, the thread lives whose end would be the server's.
    _life: Sender<()>,
}

impl Server {
    /// Starts `command`, and waits until the server of the cluster in `data` takes connections.
    pub(crate) fn start(command: Command, data: &Path, log: &Path) -> anyhow::Result<Self> {
        let mut server = Self::spawn(command)?;
        let begin = Instant::now();
        while !is_ready(data) {
            if let Some(status) = server.child.try_wait()? {
                bail!("the server ended with {status}: {}", fs::read_to_string(log).unwrap_or_default());
            }
            if begin.elapsed() > PATIENCE {
                bail!("the server does not begin: {}", fs::read_to_string(log).unwrap_or_default());
            }
            thread::sleep(TICK);
        }
        Ok(server)
    }

    /// A process gets its parent-death signal when the *thread* ends that started it; a test's does so before others' tests.
    fn spawn(mut command: Command) -> anyhow::Result<Self> {
        let (started, child) = mpsc::channel();
        let (life, end) = mpsc::channel::<()>();
        command.stdin(Stdio::null()).stdout(Stdio::null());
        thread::spawn(move || {
            let _ = started.send(command.spawn());
            let _ = end.recv();
        });
        let child = child.recv()?.context("failed to start the server")?;
        Ok(Self { child, _life: life })
    }

    /// Sends a signal to the server and to every process that it started, if it has not ended.
    pub(crate) fn signal_all(&mut self, signal: Signal) -> anyhow::Result<()> {
        if self.child.try_wait()?.is_some() {
            // Its number may be somebody else's by now.
            return Ok(());
        }
        let server = Pid::from_child(&self.child);
        // Stopped, it starts no more of them and collects none: each number stays that of its process.
        kill_process(server, Signal::STOP)?;
        for process in children(server)? {
            // It may have ended by itself.
            let _ = kill_process(process, signal);
        }
        Ok(kill_process(server, signal)?)
    }

    /// Ends all of it without a word, and waits for that.
    pub(crate) fn kill(&mut self) -> anyhow::Result<()> {
        if self.child.try_wait()?.is_none() {
            self.signal_all(Signal::KILL)?;
            self.child.wait()?;
        }
        Ok(())
    }

    /// Ends it in order; connections are cut off.
    pub(crate) fn stop(&mut self) -> anyhow::Result<()> {
        self.end(Signal::INT)
    }

    fn end(&mut self, signal: Signal) -> anyhow::Result<()> {
        let begin = Instant::now();
        if self.child.try_wait()?.is_none() {
            self.signal_all(Signal::CONT)?;
            kill_process(Pid::from_child(&self.child), signal)?;
        }
        while self.child.try_wait()?.is_none() {
            if begin.elapsed() > PATIENCE {
                return self.kill();
            }
            thread::sleep(TICK);
        }
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.end(Signal::QUIT);
    }
}

/// The server says in a file of its own when it takes connections.
fn is_ready(data: &Path) -> bool {
    let text = fs::read_to_string(data.join("postmaster.pid")).unwrap_or_default();
    text.lines().nth(7).is_some_and(|status| status.trim() == "ready")
}

/// The processes whose parent is `parent`.
fn children(parent: Pid) -> anyhow::Result<Vec<Pid>> {
    let parent = parent.as_raw_nonzero().to_string();
    let numbers = fs::read_dir("/proc")?.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<i32>().ok());
    let is_child = |number: &i32| {
        let stat = fs::read_to_string(format!("/proc/{number}/stat")).unwrap_or_default();
        // The name in parentheses may hold anything; behind it stand the state and the parent.
        let parents = stat.rsplit_once(')').and_then(|(_, rest)| rest.split_whitespace().nth(1));
        parents == Some(parent.as_str())
    };
    Ok(numbers.filter(is_child).filter_map(Pid::from_raw).collect())
}
