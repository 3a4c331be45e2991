//! The door of a native guest: the capability layer itself, under the session of the process or of this thread.

mod convert;
pub(crate) mod db;
mod file;
pub(crate) mod http;
mod net;
mod refusals;
pub(crate) mod session;
mod wait;
pub(crate) mod websocket;

pub(crate) use self::file::File;
pub(crate) use self::net::{TcpListener, TcpStream, UdpSocket, resolve};

use self::session::with;
use crate::error::Result;
use crate::fs::{Entry, FileTimes, Metadata};
use crate::time::SystemTime;
use caphost_caps::guest::{capabilities, env, fs, random, time};

pub(crate) fn read_file(path: &str) -> Result<Vec<u8>> {
    Ok(with(|session| fs::read_file(session, path))?)
}

pub(crate) fn write_file(path: &str, contents: &[u8]) -> Result<()> {
    Ok(with(|session| fs::write_file(session, path, contents))?)
}

pub(crate) fn append_file(path: &str, contents: &[u8]) -> Result<()> {
    Ok(with(|session| fs::append_file(session, path, contents))?)
}

pub(crate) fn list_directory(path: &str) -> Result<Vec<Entry>> {
    let entries = with(|session| fs::list_directory(session, path))?;
    Ok(entries.into_iter().map(|entry| Entry { name: entry.name, file_type: entry.file_type.into() }).collect())
}

pub(crate) fn create_directory(path: &str) -> Result<()> {
    Ok(with(|session| fs::create_directory(session, path))?)
}

pub(crate) fn remove_directory(path: &str) -> Result<()> {
    Ok(with(|session| fs::remove_directory(session, path))?)
}

pub(crate) fn remove_file(path: &str) -> Result<()> {
    Ok(with(|session| fs::remove_file(session, path))?)
}

pub(crate) fn rename(from: &str, to: &str) -> Result<()> {
    Ok(with(|session| fs::rename(session, from, to))?)
}

pub(crate) fn copy(from: &str, to: &str) -> Result<u64> {
    with(|session| wait::block_on(fs::copy(session, from, to)))
}

pub(crate) fn hard_link(from: &str, to: &str) -> Result<()> {
    Ok(with(|session| fs::hard_link(session, from, to))?)
}

pub(crate) fn symlink(target: &str, path: &str) -> Result<()> {
    Ok(with(|session| fs::symlink(session, target, path))?)
}

pub(crate) fn read_link(path: &str) -> Result<String> {
    Ok(with(|session| fs::read_link(session, path))?)
}

pub(crate) fn metadata(path: &str) -> Result<Metadata> {
    Ok(with(|session| fs::metadata(session, path))?.into())
}

pub(crate) fn symlink_metadata(path: &str) -> Result<Metadata> {
    Ok(with(|session| fs::symlink_metadata(session, path))?.into())
}

pub(crate) fn set_times(path: &str, times: FileTimes) -> Result<()> {
    Ok(with(|session| fs::set_times(session, path, times.into()))?)
}

pub(crate) fn variable(name: &str) -> Result<Option<String>> {
    Ok(with(|session| env::get(session, name))?)
}

pub(crate) fn variables() -> Result<Vec<(String, String)>> {
    Ok(with(|session| env::list(session)))
}

pub(crate) fn set_variable(name: &str, value: &str) -> Result<()> {
    Ok(with(|session| env::set(session, name, value))?)
}

pub(crate) fn remove_variable(name: &str) -> Result<()> {
    Ok(with(|session| env::remove(session, name))?)
}

pub(crate) fn wall_time() -> Result<SystemTime> {
    Ok(convert::since_epoch(with(|session| time::now(session))?))
}

pub(crate) fn monotonic() -> Result<u64> {
    Ok(with(|session| time::monotonic(session))?)
}

pub(crate) fn resolution() -> u64 {
    with(|session| time::resolution(session))
}

pub(crate) fn sleep(nanoseconds: u64) -> Result<()> {
    with(|session| wait::block_on(time::sleep(session, nanoseconds)))
}

pub(crate) fn random_bytes(length: usize) -> Result<Vec<u8>> {
    Ok(with(|session| random::bytes(session, length as u64))?)
}

pub(crate) fn fill_random(buffer: &mut [u8]) -> Result<()> {
    Ok(with(|session| random::fill(session, buffer))?)
}

pub(crate) fn random_number() -> Result<u64> {
    Ok(with(|session| random::number(session))?)
}

pub(crate) fn has(capability: &str) -> bool {
    with(|session| capabilities::has(session, capability))
}

pub(crate) fn require(capability: &str) -> Result<()> {
    Ok(with(|session| capabilities::require(session, capability))?)
}

pub(crate) fn grants() -> Vec<String> {
    with(|session| capabilities::list(session))
}

pub(crate) fn give_up(capability: &str) -> Result<()> {
    Ok(with(|session| capabilities::drop(session, capability))?)
}
