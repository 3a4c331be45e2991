//! `wasi:random` 0.2 on [`caphost_caps::random`].

use super::convert::RefusalTrap;
use crate::bindings::wasi::random::{insecure, insecure_seed, random};
use crate::state::State;
use caphost_caps::random::RandomError;

impl random::Host for State {
    fn get_random_bytes(&mut self, length: u64) -> wasmtime::Result<Vec<u8>> {
        let mut bytes = self.zeroes(length)?;
        self.session.random().fill("wasi:random get-random-bytes", &mut bytes).map_err(trap)?;
        Ok(bytes)
    }

    fn get_random_u64(&mut self) -> wasmtime::Result<u64> {
        let mut bytes = [0; 8];
        self.session.random().fill("wasi:random get-random-u64", &mut bytes).map_err(trap)?;
        Ok(u64::from_le_bytes(bytes))
    }
}

impl insecure::Host for State {
    fn get_insecure_random_bytes(&mut self, length: u64) -> wasmtime::Result<Vec<u8>> {
        let mut bytes = self.zeroes(length)?;
        self.session.random().fill_insecure("wasi:random get-insecure-random-bytes", &mut bytes).map_err(trap)?;
        Ok(bytes)
    }

    fn get_insecure_random_u64(&mut self) -> wasmtime::Result<u64> {
        let mut bytes = [0; 8];
        self.session.random().fill_insecure("wasi:random get-insecure-random-u64", &mut bytes).map_err(trap)?;
        Ok(u64::from_le_bytes(bytes))
    }
}

impl insecure_seed::Host for State {
    fn insecure_seed(&mut self) -> wasmtime::Result<(u64, u64)> {
        self.session.random().insecure_seed("wasi:random insecure-seed").map_err(trap)
    }
}

impl State {
    /// A buffer of the length that the guest asks for, if that is within its limit: the functions have no error to answer with.
    fn zeroes(&self, length: u64) -> wasmtime::Result<Vec<u8>> {
        let limit = self.limiter.limits.host_allocation_bytes;
        match usize::try_from(length) {
            Ok(length) if length as u64 <= limit => Ok(vec![0; length]),
            _ => Err(wasmtime::format_err!(
                "the guest asked for {length} random bytes at once; at most {limit} are given"
            )),
        }
    }
}

fn trap(error: RandomError) -> wasmtime::Error {
    match error {
        RandomError::Denied(denied) => RefusalTrap(denied).into(),
        RandomError::Host(error) => error.into(),
    }
}
