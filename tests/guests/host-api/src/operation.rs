//! Arguments of operations as what the functions take, and their answers as text.

use std::borrow::Cow;

use words::{Failure, Operation, describe};

use crate::bindings::caphost::host::types::{Datetime, Error, Refusal};

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Code(describe_error(&error))
    }
}

/// What `~N` is below: no slice of a 32-bit guest is as long.
const MAX_FILLING: usize = 1 << 31;

/// Arguments that may be written by their length.
pub(crate) trait Filled {
    /// The argument at `index` as bytes; `~N` is so many of them.
    fn bytes(&self, index: usize) -> Result<Cow<'_, [u8]>, Failure>;

    /// The argument at `index` as a text; `~N` is so many letters.
    fn text(&self, index: usize) -> Result<String, Failure>;
}

impl Filled for Operation<'_> {
    fn bytes(&self, index: usize) -> Result<Cow<'_, [u8]>, Failure> {
        let word = self.word(index)?;
        let Some(length) = word.strip_prefix('~') else { return Ok(Cow::Borrowed(word.as_bytes())) };
        match length.parse() {
            Ok(length) if length < MAX_FILLING => Ok(zeroes(length)),
            _ => Err(Failure::Usage(format!("`{word}` is no length"))),
        }
    }

    fn text(&self, index: usize) -> Result<String, Failure> {
        let word = self.word(index)?;
        match word.strip_prefix('~').map(str::parse) {
            None => Ok(word.to_owned()),
            Some(Ok(length)) if length < MAX_FILLING => Ok("x".repeat(length)),
            Some(_) => Err(Failure::Usage(format!("`{word}` is no length"))),
        }
    }
}

/// So many zeroes: new memory holds them, and takes no room on the host until it is written to.
#[cfg(target_family = "wasm")]
fn zeroes(length: usize) -> Cow<'static, [u8]> {
    const PAGE: usize = 64 * 1024;
    let start = core::arch::wasm32::memory_grow(0, length.div_ceil(PAGE));
    assert_ne!(start, usize::MAX, "there is memory left");
    // SAFETY: the pages were made by this call, belong to nobody else, and are never written to or given back.
    Cow::Borrowed(unsafe { std::slice::from_raw_parts((start * PAGE) as *const u8, length) })
}

#[cfg(not(target_family = "wasm"))]
fn zeroes(length: usize) -> Cow<'static, [u8]> {
    Cow::Owned(vec![0; length])
}

/// The argument at `index` as a time in nanoseconds; `-` is none.
pub(crate) fn timeout(operation: &Operation<'_>, index: usize) -> Result<Option<u64>, Failure> {
    if operation.word(index)? == "-" { Ok(None) } else { operation.number(index).map(Some) }
}

/// A point in time as `SECONDS.NANOSECONDS`.
pub(crate) fn describe_time(time: &Datetime) -> String {
    format!("{}.{:09}", time.seconds, time.nanoseconds)
}

fn describe_error(error: &Error) -> String {
    let refused = |case: &str, refusal: &Refusal| {
        let Refusal { capability, resource, code } = refusal;
        format!("{case} {capability} {code} {}", describe(resource.as_bytes()))
    };
    match error {
        Error::Denied(refusal) => refused("denied", refusal),
        Error::Expired(refusal) => refused("expired", refusal),
        Error::Revoked(refusal) => refused("revoked", refusal),
        Error::Quota(refusal) => refused("quota", refusal),
        Error::InvalidInput(why) => format!("invalid-input {why:?}"),
        Error::Io(why) => format!("io {why:?}"),
        Error::NotFound => "not-found".into(),
        Error::AlreadyExists => "already-exists".into(),
        Error::NotADirectory => "not-a-directory".into(),
        Error::IsADirectory => "is-a-directory".into(),
        Error::DirectoryNotEmpty => "directory-not-empty".into(),
        Error::BadHandle => "bad-handle".into(),
        Error::TooLarge => "too-large".into(),
        Error::CrossDevice => "cross-device".into(),
        Error::LinkLoop => "link-loop".into(),
        Error::StorageFull => "storage-full".into(),
        Error::ReadOnly => "read-only".into(),
        Error::WouldBlock => "would-block".into(),
        Error::Interrupted => "interrupted".into(),
        Error::Unsupported => "unsupported".into(),
        Error::NameUnresolvable => "name-unresolvable".into(),
        Error::ConnectionRefused => "connection-refused".into(),
        Error::ConnectionReset => "connection-reset".into(),
        Error::Closed => "closed".into(),
        Error::AddressInUse => "address-in-use".into(),
        Error::AddressNotAvailable => "address-not-available".into(),
        Error::Unreachable => "unreachable".into(),
        Error::TimedOut => "timed-out".into(),
        Error::Tls(why) => format!("tls {why:?}"),
        Error::Protocol(why) => format!("protocol {why:?}"),
        Error::Sql(error) => format!("sql {} {:?}", error.code, error.message),
    }
}
