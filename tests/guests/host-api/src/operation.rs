//! One operation: a name and its arguments, with the conversions from and to text.

use std::borrow::Cow;

use crate::bindings::caphost::host::types::{Datetime, Error, Refusal};

/// What an operation answered: the text after `ok`, or why there is none.
pub(crate) type Outcome = Result<String, Failure>;

/// Why an operation has no value.
pub(crate) enum Failure {
    /// The host's own error, by the name of its case.
    Host(String),
    /// The call was not made: a handle that it needs was never opened.
    Skipped(String),
    /// The operation is written wrongly.
    Usage(String),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Host(describe_error(&error))
    }
}

/// What `~N` is below: no slice of a 32-bit guest is as long.
const MAX_FILLING: usize = 1 << 31;

/// An operation as written on the command line.
pub(crate) struct Operation {
    /// The function, by its interface or resource and its name.
    pub(crate) name: String,
    words: Vec<String>,
}

impl Operation {
    /// Splits at spaces, then decodes `%XX` and `''` in every word.
    pub(crate) fn parse(text: &str) -> Result<Self, Failure> {
        let mut words = text.split_ascii_whitespace();
        let name = words.next().ok_or_else(|| Failure::Usage("empty operation".into()))?.to_owned();
        Ok(Self { name, words: words.map(decode).collect::<Result<_, _>>()? })
    }

    /// The argument at `index`, counted from the one after the name.
    pub(crate) fn word(&self, index: usize) -> Result<&str, Failure> {
        self.words
            .get(index)
            .map(String::as_str)
            .ok_or_else(|| Failure::Usage(format!("`{}` needs {} arguments", self.name, index + 1)))
    }

    /// The argument at `index` as bytes; `~N` is so many of them.
    pub(crate) fn bytes(&self, index: usize) -> Result<Cow<'_, [u8]>, Failure> {
        let word = self.word(index)?;
        let Some(length) = word.strip_prefix('~') else { return Ok(Cow::Borrowed(word.as_bytes())) };
        match length.parse() {
            Ok(length) if length < MAX_FILLING => Ok(zeroes(length)),
            _ => Err(Failure::Usage(format!("`{word}` is no length"))),
        }
    }

    /// The argument at `index` as a text; `~N` is so many letters.
    pub(crate) fn text(&self, index: usize) -> Result<String, Failure> {
        let word = self.word(index)?;
        match word.strip_prefix('~').map(str::parse) {
            None => Ok(word.to_owned()),
            Some(Ok(length)) if length < MAX_FILLING => Ok("x".repeat(length)),
            Some(_) => Err(Failure::Usage(format!("`{word}` is no length"))),
        }
    }

    /// The argument at `index` as a number.
    pub(crate) fn number<N: std::str::FromStr>(&self, index: usize) -> Result<N, Failure> {
        let word = self.word(index)?;
        word.parse().map_err(|_| Failure::Usage(format!("`{word}` is not a number")))
    }

    /// The arguments from `index` on.
    pub(crate) fn rest(&self, index: usize) -> &[String] {
        self.words.get(index..).unwrap_or_default()
    }

    /// True if `word` is the last argument.
    pub(crate) fn ends_in(&self, word: &str) -> bool {
        self.words.last().is_some_and(|last| last == word)
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

/// The answer of a function that has no value.
pub(crate) fn done((): ()) -> Outcome {
    Ok(String::new())
}

/// The argument at `index` as a time in nanoseconds; `-` is none.
pub(crate) fn timeout(operation: &Operation, index: usize) -> Result<Option<u64>, Failure> {
    if operation.word(index)? == "-" { Ok(None) } else { operation.number(index).map(Some) }
}

/// Short bytes as text, long ones by their number.
pub(crate) fn describe(bytes: &[u8]) -> String {
    match bytes.len() {
        0..=80 => format!("{:?}", String::from_utf8_lossy(bytes)),
        length => format!("{length} bytes"),
    }
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
    }
}

fn decode(word: &str) -> Result<String, Failure> {
    if word == "''" {
        return Ok(String::new());
    }
    let bad = || Failure::Usage(format!("`%` needs two hexadecimal digits: `{word}`"));
    let mut bytes = Vec::new();
    let mut rest = word;
    while let Some((before, after)) = rest.split_once('%') {
        bytes.extend_from_slice(before.as_bytes());
        let digits = after.get(..2).ok_or_else(bad)?;
        bytes.push(u8::from_str_radix(digits, 16).map_err(|_| bad())?);
        rest = &after[2..];
    }
    bytes.extend_from_slice(rest.as_bytes());
    String::from_utf8(bytes).map_err(|_| Failure::Usage(format!("`{word}` is not UTF-8")))
}
