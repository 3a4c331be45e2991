//! Secrets of the host, for headers that it adds to requests.

use super::HostAuthority;
use rustix::fs::OFlags;
use std::fs::OpenOptions;
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// A variable of the host; `None` when it is not set, or is no text.
pub(crate) fn variable(name: &str, _: HostAuthority) -> Option<String> {
    // Of a name that no variable can have, the system makes a panic.
    let is_name = !name.is_empty() && !name.contains(['=', '\0']);
    std::env::var_os(name).filter(|_| is_name).and_then(|value| value.into_string().ok())
}

/// The text of a file, of `limit` bytes and the end of a line at most.
pub(crate) fn file(path: &Path, limit: usize, _: HostAuthority) -> io::Result<String> {
    let flags = i32::try_from((OFlags::NONBLOCK | OFlags::NOCTTY).bits()).map_err(io::Error::other)?;
    let file = OpenOptions::new().read(true).custom_flags(flags).open(path)?;
    if !file.metadata()?.is_file() {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    let limit = limit as u64 + 2;
    let mut text = String::new();
    file.take(limit + 1).read_to_string(&mut text)?;
    if text.len() as u64 > limit { Err(io::ErrorKind::FileTooLarge.into()) } else { Ok(text) }
}
