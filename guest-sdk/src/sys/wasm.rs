//! The door of a component: the imports of `caphost:host`.

mod bindings;
mod convert;
pub(crate) mod db;
mod file;
pub(crate) mod http;
mod net;
pub(crate) mod websocket;

pub(crate) use self::file::File;
pub(crate) use self::net::{TcpListener, TcpStream, UdpSocket, resolve};

use self::bindings::{capabilities, env, fs, random, time};
use crate::error::{Error, Result};
use crate::fs::{Entry, FileTimes, Metadata};
use crate::time::SystemTime;

pub(crate) fn read_file(path: &str) -> Result<Vec<u8>> {
    fs::read_file(path).map_err(Error::from)
}

pub(crate) fn write_file(path: &str, contents: &[u8]) -> Result<()> {
    fs::write_file(path, contents).map_err(Error::from)
}

pub(crate) fn append_file(path: &str, contents: &[u8]) -> Result<()> {
    fs::append_file(path, contents).map_err(Error::from)
}

pub(crate) fn list_directory(path: &str) -> Result<Vec<Entry>> {
    let entries = fs::list_directory(path)?;
    Ok(entries.into_iter().map(|entry| Entry { name: entry.name, file_type: entry.file_type.into() }).collect())
}

pub(crate) fn create_directory(path: &str) -> Result<()> {
    fs::create_directory(path).map_err(Error::from)
}

pub(crate) fn remove_directory(path: &str) -> Result<()> {
    fs::remove_directory(path).map_err(Error::from)
}

pub(crate) fn remove_file(path: &str) -> Result<()> {
    fs::remove_file(path).map_err(Error::from)
}

pub(crate) fn rename(from: &str, to: &str) -> Result<()> {
    fs::rename(from, to).map_err(Error::from)
}

pub(crate) fn copy(from: &str, to: &str) -> Result<u64> {
    fs::copy(from, to).map_err(Error::from)
}

pub(crate) fn hard_link(from: &str, to: &str) -> Result<()> {
    fs::hard_link(from, to).map_err(Error::from)
}

pub(crate) fn symlink(target: &str, path: &str) -> Result<()> {
    fs::symlink(target, path).map_err(Error::from)
}

pub(crate) fn read_link(path: &str) -> Result<String> {
    fs::read_link(path).map_err(Error::from)
}

pub(crate) fn metadata(path: &str) -> Result<Metadata> {
    Ok(fs::metadata(path)?.into())
}

pub(crate) fn symlink_metadata(path: &str) -> Result<Metadata> {
    Ok(fs::symlink_metadata(path)?.into())
}

pub(crate) fn set_times(path: &str, times: FileTimes) -> Result<()> {
    fs::set_times(path, times.accessed.into(), times.modified.into()).map_err(Error::from)
}

pub(crate) fn variable(name: &str) -> Result<Option<String>> {
    env::get(name).map_err(Error::from)
}

pub(crate) fn variables() -> Result<Vec<(String, String)>> {
    env::list().map_err(Error::from)
}

pub(crate) fn set_variable(name: &str, value: &str) -> Result<()> {
    env::set(name, value).map_err(Error::from)
}

pub(crate) fn remove_variable(name: &str) -> Result<()> {
    env::remove(name).map_err(Error::from)
}

pub(crate) fn wall_time() -> Result<SystemTime> {
    Ok(time::now()?.into())
}

pub(crate) fn monotonic() -> Result<u64> {
    time::monotonic().map_err(Error::from)
}

pub(crate) fn resolution() -> u64 {
    time::resolution()
}

pub(crate) fn sleep(nanoseconds: u64) -> Result<()> {
    time::sleep(nanoseconds).map_err(Error::from)
}

pub(crate) fn random_bytes(length: usize) -> Result<Vec<u8>> {
    random::bytes(length as u64).map_err(Error::from)
}

pub(crate) fn fill_random(buffer: &mut [u8]) -> Result<()> {
    // A host that keeps to the contract gives as many as it was asked for; of one that does not, no byte is made up.
    buffer.copy_from_slice(&random_bytes(buffer.len())?);
    Ok(())
}

pub(crate) fn random_number() -> Result<u64> {
    random::number().map_err(Error::from)
}

pub(crate) fn has(capability: &str) -> bool {
    capabilities::has(capability)
}

pub(crate) fn require(capability: &str) -> Result<()> {
    capabilities::require(capability).map_err(Error::from)
}

pub(crate) fn grants() -> Vec<String> {
    capabilities::list()
}

pub(crate) fn give_up(capability: &str) -> Result<()> {
    capabilities::drop(capability).map_err(Error::from)
}

/// Copies `bytes` to the start of `buffer`; how many went in.
fn fill(buffer: &mut [u8], bytes: &[u8]) -> usize {
    let length = bytes.len().min(buffer.len());
    buffer[..length].copy_from_slice(&bytes[..length]);
    length
}
