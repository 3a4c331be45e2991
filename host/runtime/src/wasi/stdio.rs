//! `wasi:cli/{stdin,stdout,stderr}` and the terminal interfaces 0.2 on [`caphost_caps::stdio`].

use crate::bindings::wasi::cli::{
    stderr, stdin, stdout, terminal_input, terminal_output, terminal_stderr, terminal_stdin, terminal_stdout,
};
use crate::limiter::LimitReached;
use crate::state::State;
use bytes::Bytes;
use caphost_caps::stdio::{Input, InputRead, Output, OutputError};
use caphost_policy::Limits;
use wasmtime::component::Resource;
use wasmtime_wasi_io::poll::Pollable;
use wasmtime_wasi_io::streams::{
    DynInputStream, DynOutputStream, InputStream, OutputStream, StreamError, StreamResult,
};

/// That a standard stream is a terminal; there is nothing to do with it.
#[expect(unreachable_pub, reason = "the generated bindings re-export it")]
pub struct Terminal;

impl stdin::Host for State {
    fn get_stdin(&mut self) -> wasmtime::Result<Resource<DynInputStream>> {
        Ok(self.table.push(Box::new(StdinStream(self.stdin.clone())) as DynInputStream)?)
    }
}

impl stdout::Host for State {
    fn get_stdout(&mut self) -> wasmtime::Result<Resource<DynOutputStream>> {
        let stream = StdoutStream::new(self.stdout.clone(), &self.limiter.limits);
        Ok(self.table.push(Box::new(stream) as DynOutputStream)?)
    }
}

impl stderr::Host for State {
    fn get_stderr(&mut self) -> wasmtime::Result<Resource<DynOutputStream>> {
        let stream = StdoutStream::new(self.stderr.clone(), &self.limiter.limits);
        Ok(self.table.push(Box::new(stream) as DynOutputStream)?)
    }
}

impl terminal_stdin::Host for State {
    fn get_terminal_stdin(&mut self) -> wasmtime::Result<Option<Resource<Terminal>>> {
        self.terminal(self.stdin.is_terminal())
    }
}

impl terminal_stdout::Host for State {
    fn get_terminal_stdout(&mut self) -> wasmtime::Result<Option<Resource<Terminal>>> {
        self.terminal(self.stdout.is_terminal())
    }
}

impl terminal_stderr::Host for State {
    fn get_terminal_stderr(&mut self) -> wasmtime::Result<Option<Resource<Terminal>>> {
        self.terminal(self.stderr.is_terminal())
    }
}

impl State {
    fn terminal(&mut self, is_terminal: bool) -> wasmtime::Result<Option<Resource<Terminal>>> {
        Ok(if is_terminal { Some(self.table.push(Terminal)?) } else { None })
    }
}

impl terminal_input::Host for State {}

impl terminal_input::HostTerminalInput for State {
    fn drop(&mut self, terminal: Resource<Terminal>) -> wasmtime::Result<()> {
        self.table.delete(terminal)?;
        Ok(())
    }
}

impl terminal_output::Host for State {}

impl terminal_output::HostTerminalOutput for State {
    fn drop(&mut self, terminal: Resource<Terminal>) -> wasmtime::Result<()> {
        self.table.delete(terminal)?;
        Ok(())
    }
}

struct StdinStream(Input);

#[async_trait::async_trait]
impl InputStream for StdinStream {
    fn read(&mut self, size: usize) -> StreamResult<Bytes> {
        match self.0.read(size) {
            Ok(InputRead::Data(data)) => Ok(data.into()),
            Ok(InputRead::NotReady) => Ok(Bytes::new()),
            Ok(InputRead::End) => Err(StreamError::Closed),
            Err(error) => Err(StreamError::LastOperationFailed(error.into())),
        }
    }

    async fn blocking_read(&mut self, size: usize) -> StreamResult<Bytes> {
        loop {
            let data = self.read(size)?;
            if !data.is_empty() || size == 0 {
                return Ok(data);
            }
            self.0.ready().await;
        }
    }
}

#[async_trait::async_trait]
impl Pollable for StdinStream {
    async fn ready(&mut self) {
        self.0.ready().await;
    }
}

/// Output that a full pipe did not take yet waits in `pending`; no more is accepted until it is gone.
struct StdoutStream {
    output: Output,
    pending: Bytes,
    limit: LimitReached,
}

impl StdoutStream {
    fn new(output: Output, limits: &Limits) -> Self {
        Self { output, pending: Bytes::new(), limit: LimitReached::output(limits) }
    }

    /// Writes as much of what is pending as goes without waiting.
    fn write_pending(&mut self) -> StreamResult<()> {
        while !self.pending.is_empty() {
            match self.output.write(&self.pending) {
                Ok(0) => return Ok(()),
                Ok(written) => drop(self.pending.split_to(written)),
                Err(OutputError::Limit(_)) => return Err(StreamError::Trap(self.limit.clone().into())),
                Err(OutputError::Io(error)) if error.kind() == std::io::ErrorKind::BrokenPipe => {
                    self.pending.clear();
                    return Err(StreamError::Closed);
                }
                Err(OutputError::Io(error)) => {
                    self.pending.clear();
                    return Err(StreamError::LastOperationFailed(error.into()));
                }
            }
        }
        Ok(())
    }
}

#[async_trait::async_trait]
impl OutputStream for StdoutStream {
    fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
        if !self.pending.is_empty() {
            return Err(StreamError::trap("write without a check-write that permitted it"));
        }
        self.pending = bytes;
        self.write_pending()
    }

    fn flush(&mut self) -> StreamResult<()> {
        self.write_pending()
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        self.write_pending()?;
        Ok(if self.pending.is_empty() { self.output.capacity() } else { 0 })
    }

    async fn blocking_write_and_flush(&mut self, bytes: Bytes) -> StreamResult<()> {
        self.write(bytes)?;
        loop {
            self.write_pending()?;
            if self.pending.is_empty() {
                return Ok(());
            }
            self.output.ready().await;
        }
    }
}

#[async_trait::async_trait]
impl Pollable for StdoutStream {
    async fn ready(&mut self) {
        self.output.ready().await;
    }
}
