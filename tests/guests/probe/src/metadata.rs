//! What is known about a file: type, flags, size, times, identity.

use wasip2::clocks::wall_clock::Datetime;
use wasip2::filesystem::types::{DescriptorFlags, DescriptorStat};
use words::{Operation, Outcome, done};

use crate::directories::kind;
use crate::handles::Handles;
use crate::operation::{path_flags, timestamp};

/// `get-flags H`, `get-type H`, `stat H [times]`, `stat-at DIR PATH [follow] [times]`, `set-times H ACCESSED MODIFIED`,
/// `set-times-at DIR PATH ACCESSED MODIFIED [follow]`, `is-same-object H OTHER`, `metadata-hash H OTHER` and
/// `metadata-hash-at DIR PATH OTHERPATH [follow]` (which say only whether the two are equal).
pub(crate) fn run(operation: &Operation<'_>, handles: &mut Handles) -> Option<Outcome> {
    let call = match operation.name {
        "get-flags" => get_flags,
        "get-type" => |o: &Operation<'_>, h: &mut Handles| Ok(kind(h.descriptor(o.word(0)?)?.get_type()?).to_owned()),
        "stat" => stat,
        "stat-at" => stat_at,
        "set-times" => set_times,
        "set-times-at" => set_times_at,
        "is-same-object" => is_same_object,
        "metadata-hash" => metadata_hash,
        "metadata-hash-at" => metadata_hash_at,
        _ => return None,
    };
    operation.rest(0).iter().for_each(|word| handles.want(word));
    Some(call(operation, handles))
}

fn get_flags(operation: &Operation<'_>, handles: &mut Handles) -> Outcome {
    let flags = handles.descriptor(operation.word(0)?)?.get_flags()?;
    let names = [
        (DescriptorFlags::READ, "read"),
        (DescriptorFlags::WRITE, "write"),
        (DescriptorFlags::FILE_INTEGRITY_SYNC, "file-integrity-sync"),
        (DescriptorFlags::DATA_INTEGRITY_SYNC, "data-integrity-sync"),
        (DescriptorFlags::REQUESTED_WRITE_SYNC, "requested-write-sync"),
        (DescriptorFlags::MUTATE_DIRECTORY, "mutate-directory"),
    ];
    let set = names.iter().filter(|(flag, _)| flags.contains(*flag)).map(|(_, name)| *name);
    Ok(set.collect::<Vec<_>>().join(" "))
}

fn stat(operation: &Operation<'_>, handles: &mut Handles) -> Outcome {
    let stat = handles.descriptor(operation.word(0)?)?.stat()?;
    Ok(describe(&stat, operation.has(1, "times")))
}

fn stat_at(operation: &Operation<'_>, handles: &mut Handles) -> Outcome {
    let directory = handles.descriptor(operation.word(0)?)?;
    let stat = directory.stat_at(path_flags(operation, 2), operation.word(1)?)?;
    Ok(describe(&stat, operation.has(2, "times")))
}

fn set_times(operation: &Operation<'_>, handles: &mut Handles) -> Outcome {
    let file = handles.descriptor(operation.word(0)?)?;
    done(file.set_times(timestamp(operation, 1)?, timestamp(operation, 2)?)?)
}

fn set_times_at(operation: &Operation<'_>, handles: &mut Handles) -> Outcome {
    let directory = handles.descriptor(operation.word(0)?)?;
    let (accessed, modified) = (timestamp(operation, 2)?, timestamp(operation, 3)?);
    done(directory.set_times_at(path_flags(operation, 4), operation.word(1)?, accessed, modified)?)
}

fn is_same_object(operation: &Operation<'_>, handles: &mut Handles) -> Outcome {
    let first = handles.descriptor(operation.word(0)?)?;
    Ok(first.is_same_object(handles.descriptor(operation.word(1)?)?).to_string())
}

fn metadata_hash(operation: &Operation<'_>, handles: &mut Handles) -> Outcome {
    let first = handles.descriptor(operation.word(0)?)?.metadata_hash()?;
    let second = handles.descriptor(operation.word(1)?)?.metadata_hash()?;
    Ok(compare((first.lower, first.upper) == (second.lower, second.upper)))
}

fn metadata_hash_at(operation: &Operation<'_>, handles: &mut Handles) -> Outcome {
    let directory = handles.descriptor(operation.word(0)?)?;
    let first = directory.metadata_hash_at(path_flags(operation, 3), operation.word(1)?)?;
    let second = directory.metadata_hash_at(path_flags(operation, 3), operation.word(2)?)?;
    Ok(compare((first.lower, first.upper) == (second.lower, second.upper)))
}

fn compare(equal: bool) -> String {
    if equal { "equal".to_owned() } else { "different".to_owned() }
}

/// Type and number of links, size of what is not a directory; with `times`, when it was read and changed.
fn describe(stat: &DescriptorStat, times: bool) -> String {
    let mut text = kind(stat.type_).to_owned();
    if text != "directory" {
        text += &format!(" size={} links={}", stat.size, stat.link_count);
    }
    if times {
        text += &format!(" accessed={}", time(stat.data_access_timestamp));
        text += &format!(" modified={}", time(stat.data_modification_timestamp));
    }
    text
}

fn time(time: Option<Datetime>) -> String {
    time.map_or_else(|| "none".to_owned(), |time| format!("{}.{:09}", time.seconds, time.nanoseconds))
}
