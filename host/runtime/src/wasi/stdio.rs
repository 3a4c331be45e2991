//! `wasi:cli/{stdin,stdout,stderr}` and the terminal interfaces 0.2 on [`caphost_caps::stdio`].

use super::input_stream::InputStream;
use super::io::{StreamFailure, StreamResult};
use super::output_stream::{OutputStream, Sink};
use crate::bindings::wasi::cli::{
    stderr, stdin, stdout, terminal_input, terminal_output, terminal_stderr, terminal_stdin, terminal_stdout,
};
use crate::limiter::LimitReached;
use crate::state::State;
use caphost_caps::stdio::{Output, OutputError};
use caphost_policy::Limits;
use wasmtime::component::Resource;

/// That a standard stream is a terminal; there is nothing to do with it.
#[expect(unreachable_pub, reason = "the generated bindings re-export it")]
pub struct Terminal;

impl stdin::Host for State {
    fn get_stdin(&mut self) -> wasmtime::Result<Resource<InputStream>> {
        Ok(self.table.push(InputStream::Standard(self.stdin.clone()))?)
    }
}

impl stdout::Host for State {
    fn get_stdout(&mut self) -> wasmtime::Result<Resource<OutputStream>> {
        Ok(self.table.push(StandardOutput::stream(self.stdout.clone(), &self.limiter.limits))?)
    }
}

impl stderr::Host for State {
    fn get_stderr(&mut self) -> wasmtime::Result<Resource<OutputStream>> {
        Ok(self.table.push(StandardOutput::stream(self.stderr.clone(), &self.limiter.limits))?)
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

/// Standard output or error, within the limit on output.
pub(crate) struct StandardOutput {
    output: Output,
    limit: LimitReached,
}

impl StandardOutput {
    fn stream(output: Output, limits: &Limits) -> OutputStream {
        OutputStream::new(Sink::Standard(Self { output, limit: LimitReached::output(limits) }))
    }

    /// Writes what goes without waiting; answers how much.
    pub(crate) fn write(&self, bytes: &[u8]) -> StreamResult<usize> {
        let mut written = 0;
        while let Some(rest) = bytes.get(written..).filter(|rest| !rest.is_empty()) {
            match self.output.write(rest) {
                Ok(0) => break,
                Ok(length) => written += length,
                Err(OutputError::Limit(_)) => return Err(StreamFailure::Trap(self.limit.clone().into())),
                Err(OutputError::Io(error)) if error.kind() == std::io::ErrorKind::BrokenPipe => {
                    return Err(StreamFailure::Closed);
                }
                Err(OutputError::Io(error)) => return Err(StreamFailure::Failed(error.into())),
            }
        }
        Ok(written)
    }

    pub(crate) fn capacity(&self) -> usize {
        self.output.capacity()
    }

    pub(crate) async fn ready(&self) {
        self.output.ready().await;
    }
}
