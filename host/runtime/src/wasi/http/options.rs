//! `wasi:http/types.request-options` 0.2: the timeouts of one request.

use crate::bindings::wasi::http::types::HostRequestOptions;
use crate::state::State;
use wasmtime::component::Resource;

/// How many nanoseconds each stage of a request may take, as the guest says; the host's own bounds hold beside it.
#[derive(Clone, Copy, Debug, Default)]
#[expect(unreachable_pub, reason = "the generated bindings re-export it")]
pub struct RequestOptions {
    pub(super) connect: Option<u64>,
    pub(super) first_byte: Option<u64>,
    pub(super) between_bytes: Option<u64>,
}

type Options = Resource<RequestOptions>;

/// The interface's error of a setter: that the timeout is not supported, which all are.
type Supported = wasmtime::Result<Result<(), ()>>;

impl HostRequestOptions for State {
    fn new(&mut self) -> wasmtime::Result<Options> {
        Ok(self.table.push(RequestOptions::default())?)
    }

    fn connect_timeout(&mut self, options: Options) -> wasmtime::Result<Option<u64>> {
        Ok(self.table.get(&options)?.connect)
    }

    fn set_connect_timeout(&mut self, options: Options, duration: Option<u64>) -> Supported {
        self.table.get_mut(&options)?.connect = duration;
        Ok(Ok(()))
    }

    fn first_byte_timeout(&mut self, options: Options) -> wasmtime::Result<Option<u64>> {
        Ok(self.table.get(&options)?.first_byte)
    }

    fn set_first_byte_timeout(&mut self, options: Options, duration: Option<u64>) -> Supported {
        self.table.get_mut(&options)?.first_byte = duration;
        Ok(Ok(()))
    }

    fn between_bytes_timeout(&mut self, options: Options) -> wasmtime::Result<Option<u64>> {
        Ok(self.table.get(&options)?.between_bytes)
    }

    fn set_between_bytes_timeout(&mut self, options: Options, duration: Option<u64>) -> Supported {
        self.table.get_mut(&options)?.between_bytes = duration;
        Ok(Ok(()))
    }

    fn drop(&mut self, options: Options) -> wasmtime::Result<()> {
        self.table.delete(options)?;
        Ok(())
    }
}
