//! The functions of `caphost:host/fs`; what is done to an open file is in `file`.

use words::{Failure, Operation, Outcome, describe, done};

use crate::bindings::caphost::host::fs::{self, FileMetadata, FileType, NewTime, OpenFlags};
use crate::bindings::caphost::host::types::Datetime;
use crate::handles::{Handle, Handles};
use crate::operation::{Filled, describe_time};

/// `fs.open NEW PATH FLAG…`, and each other function as `fs.NAME ARGUMENT…` in the order of its parameters.
pub(crate) fn run(operation: &Operation<'_>, handles: &mut Handles) -> Option<Outcome> {
    if operation.name == "fs.open" {
        return Some(open(operation, handles));
    }
    let call = match operation.name {
        "fs.read-file" => |o: &Operation<'_>| Ok(describe(&fs::read_file(&o.text(0)?)?)),
        "fs.write-file" => |o: &Operation<'_>| done(fs::write_file(&o.text(0)?, &o.bytes(1)?)?),
        "fs.append-file" => |o: &Operation<'_>| done(fs::append_file(&o.text(0)?, &o.bytes(1)?)?),
        "fs.list-directory" => list_directory,
        "fs.create-directory" => |o: &Operation<'_>| done(fs::create_directory(&o.text(0)?)?),
        "fs.remove-directory" => |o: &Operation<'_>| done(fs::remove_directory(&o.text(0)?)?),
        "fs.remove-file" => |o: &Operation<'_>| done(fs::remove_file(&o.text(0)?)?),
        "fs.rename" => |o: &Operation<'_>| done(fs::rename(&o.text(0)?, &o.text(1)?)?),
        "fs.copy" => |o: &Operation<'_>| Ok(format!("{} bytes", fs::copy(&o.text(0)?, &o.text(1)?)?)),
        "fs.hard-link" => |o: &Operation<'_>| done(fs::hard_link(&o.text(0)?, &o.text(1)?)?),
        "fs.symlink" => |o: &Operation<'_>| done(fs::symlink(&o.text(0)?, &o.text(1)?)?),
        "fs.read-link" => |o: &Operation<'_>| Ok(fs::read_link(&o.text(0)?)?),
        "fs.metadata" => |o: &Operation<'_>| Ok(describe_metadata(&fs::metadata(&o.text(0)?)?, o)),
        "fs.symlink-metadata" => |o: &Operation<'_>| Ok(describe_metadata(&fs::symlink_metadata(&o.text(0)?)?, o)),
        "fs.set-times" => |o: &Operation<'_>| done(fs::set_times(&o.text(0)?, time(o.word(1)?)?, time(o.word(2)?)?)?),
        _ => return None,
    };
    Some(call(operation))
}

fn open(operation: &Operation<'_>, handles: &mut Handles) -> Outcome {
    let mut how = OpenFlags::empty();
    for word in operation.rest(2) {
        how |= match word.as_str() {
            "read" => OpenFlags::READ,
            "write" => OpenFlags::WRITE,
            "append" => OpenFlags::APPEND,
            "create" => OpenFlags::CREATE,
            "create-new" => OpenFlags::CREATE_NEW,
            "truncate" => OpenFlags::TRUNCATE,
            "no-follow" => OpenFlags::NO_FOLLOW,
            other => return Err(Failure::Usage(format!("no flag `{other}`"))),
        };
    }
    let file = fs::open(&operation.text(1)?, how)?;
    handles.keep(operation.word(0)?, Handle::File(file))
}

fn list_directory(operation: &Operation<'_>) -> Outcome {
    let entries = fs::list_directory(&operation.text(0)?)?;
    let mut shown: Vec<_> =
        entries.iter().map(|entry| format!("{} ({})", entry.name, type_name(entry.file_type))).collect();
    shown.sort();
    Ok(match shown.len() {
        0..=20 => format!("{shown:?}"),
        count => format!("{count} entries"),
    })
}

/// What is known about a file: its times, where the operation ends in `show`; of a directory no size, which is the host's affair.
pub(crate) fn describe_metadata(metadata: &FileMetadata, operation: &Operation<'_>) -> String {
    let FileMetadata { file_type, size, links, accessed, modified } = metadata;
    let shown = match file_type {
        FileType::Directory => type_name(*file_type).to_owned(),
        _ => format!("{} size={size} links={links}", type_name(*file_type)),
    };
    if !operation.ends_in("show") {
        return shown;
    }
    format!("{shown} accessed={} modified={}", describe_time(accessed), describe_time(modified))
}

fn type_name(file_type: FileType) -> &'static str {
    match file_type {
        FileType::Regular => "regular",
        FileType::Directory => "directory",
        FileType::Symlink => "symlink",
        FileType::Other => "other",
    }
}

/// `keep`, `now` or `SECONDS[.NANOSECONDS]`, the latter as a number.
fn time(text: &str) -> Result<NewTime, Failure> {
    let bad = || Failure::Usage("a time is `keep`, `now` or SECONDS[.NANOSECONDS]".into());
    Ok(match text {
        "keep" => NewTime::Keep,
        "now" => NewTime::Now,
        text => {
            let (seconds, nanoseconds) = text.split_once('.').unwrap_or((text, "0"));
            NewTime::At(Datetime {
                seconds: seconds.parse().map_err(|_| bad())?,
                nanoseconds: nanoseconds.parse().map_err(|_| bad())?,
            })
        }
    })
}
