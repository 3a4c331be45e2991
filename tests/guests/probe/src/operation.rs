//! One operation: a name and its arguments, with the conversions from text.

use wasip2::clocks::wall_clock::Datetime;
use wasip2::filesystem::types::{ErrorCode, NewTimestamp, PathFlags};

/// What an operation answered: the text after `ok`, or why there is none.
pub(crate) type Outcome = Result<String, Failure>;

/// Why an operation has no value.
pub(crate) enum Failure {
    /// The interface's own error, by its WIT name.
    Wasi(String),
    /// The call was not made: a handle that it needs was never opened.
    Skipped(String),
    /// The operation is written wrongly.
    Usage(String),
}

impl From<ErrorCode> for Failure {
    fn from(code: ErrorCode) -> Self {
        Self::Wasi(code.name().to_owned())
    }
}

/// An operation as written on the command line.
pub(crate) struct Operation<'a> {
    /// The WIT name of the function.
    pub(crate) name: &'a str,
    words: Vec<String>,
}

impl<'a> Operation<'a> {
    /// Splits at spaces, then decodes `%XX` and `''` in every word.
    pub(crate) fn parse(text: &'a str) -> Result<Self, Failure> {
        let mut words = text.split_ascii_whitespace();
        let name = words.next().ok_or_else(|| Failure::Usage("empty operation".into()))?;
        Ok(Self { name, words: words.map(decode).collect::<Result<_, _>>()? })
    }

    /// The argument at `index`, counted from the one after the name.
    pub(crate) fn word(&self, index: usize) -> Result<&str, Failure> {
        self.words
            .get(index)
            .map(String::as_str)
            .ok_or_else(|| Failure::Usage(format!("`{}` needs {} arguments", self.name, index + 1)))
    }

    /// The argument at `index` as a number.
    pub(crate) fn number(&self, index: usize) -> Result<u64, Failure> {
        let word = self.word(index)?;
        word.parse().map_err(|_| Failure::Usage(format!("`{word}` is not a number")))
    }

    /// The argument at `index` as a new timestamp: `no-change`, `now` or `SECONDS[.NANOSECONDS]`.
    pub(crate) fn timestamp(&self, index: usize) -> Result<NewTimestamp, Failure> {
        let bad = |_| Failure::Usage("a time is `no-change`, `now` or SECONDS[.NANOSECONDS]".into());
        match self.word(index)? {
            "no-change" => Ok(NewTimestamp::NoChange),
            "now" => Ok(NewTimestamp::Now),
            text => {
                let (seconds, nanoseconds) = text.split_once('.').unwrap_or((text, "0"));
                Ok(NewTimestamp::Timestamp(Datetime {
                    seconds: seconds.parse().map_err(bad)?,
                    nanoseconds: nanoseconds.parse().map_err(bad)?,
                }))
            }
        }
    }

    /// The arguments from `index` on.
    pub(crate) fn rest(&self, index: usize) -> &[String] {
        self.words.get(index..).unwrap_or_default()
    }

    /// True if `word` is among the arguments from `index` on.
    pub(crate) fn has(&self, index: usize, word: &str) -> bool {
        self.rest(index).iter().any(|each| each == word)
    }

    /// `symlink-follow` if `follow` is among the arguments from `index` on.
    pub(crate) fn path_flags(&self, index: usize) -> PathFlags {
        if self.has(index, "follow") { PathFlags::SYMLINK_FOLLOW } else { PathFlags::empty() }
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
