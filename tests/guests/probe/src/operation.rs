//! Arguments of operations as what the functions of `wasi:filesystem` take.

use wasip2::clocks::wall_clock::Datetime;
use wasip2::filesystem::types::{NewTimestamp, PathFlags};
use words::{Failure, Operation};

/// The argument at `index` as a new timestamp: `no-change`, `now` or `SECONDS[.NANOSECONDS]`.
pub(crate) fn timestamp(operation: &Operation<'_>, index: usize) -> Result<NewTimestamp, Failure> {
    let bad = |_| Failure::Usage("a time is `no-change`, `now` or SECONDS[.NANOSECONDS]".into());
    match operation.word(index)? {
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

/// `symlink-follow` if `follow` is among the arguments from `index` on.
pub(crate) fn path_flags(operation: &Operation<'_>, index: usize) -> PathFlags {
    if operation.has(index, "follow") { PathFlags::SYMLINK_FOLLOW } else { PathFlags::empty() }
}
