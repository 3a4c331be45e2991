//! What is done in a directory: opening, listing, creating, removing, renaming, linking.

use wasip2::filesystem::types::{DescriptorFlags, DescriptorType, OpenFlags};
use words::{Failure, Operation, Outcome, done};

use crate::handles::{Handle, Handles};
use crate::operation::path_flags;

/// Entries of one `list` at most.
const MAX_LISTED: usize = 10_000;

/// `open-at NEW DIR PATH FLAG…`, `read-directory NEW DIR`, `read-directory-entry LISTING`, `list DIR` (all entries, sorted),
/// `create-directory-at DIR PATH`, `remove-directory-at DIR PATH`, `unlink-file-at DIR PATH`, `readlink-at DIR PATH`,
/// `symlink-at DIR TEXT PATH`, `link-at DIR PATH NEWDIR NEWPATH [follow]`, `rename-at DIR PATH NEWDIR NEWPATH`.
pub(crate) fn run(operation: &Operation<'_>, handles: &mut Handles) -> Option<Outcome> {
    let call = match operation.name {
        "open-at" => open_at,
        "read-directory" => read_directory,
        "read-directory-entry" => read_directory_entry,
        "list" => list,
        "create-directory-at" => create_directory_at,
        "remove-directory-at" => remove_directory_at,
        "unlink-file-at" => unlink_file_at,
        "readlink-at" => readlink_at,
        "symlink-at" => symlink_at,
        "link-at" => link_at,
        "rename-at" => rename_at,
        _ => return None,
    };
    operation.rest(0).iter().for_each(|word| handles.want(word));
    Some(call(operation, handles))
}

fn open_at(operation: &Operation<'_>, handles: &mut Handles) -> Outcome {
    let mut open_flags = OpenFlags::empty();
    let mut flags = DescriptorFlags::empty();
    for word in operation.rest(3) {
        match word.as_str() {
            "create" => open_flags |= OpenFlags::CREATE,
            "directory" => open_flags |= OpenFlags::DIRECTORY,
            "exclusive" => open_flags |= OpenFlags::EXCLUSIVE,
            "truncate" => open_flags |= OpenFlags::TRUNCATE,
            "read" => flags |= DescriptorFlags::READ,
            "write" => flags |= DescriptorFlags::WRITE,
            "file-integrity-sync" => flags |= DescriptorFlags::FILE_INTEGRITY_SYNC,
            "data-integrity-sync" => flags |= DescriptorFlags::DATA_INTEGRITY_SYNC,
            "requested-write-sync" => flags |= DescriptorFlags::REQUESTED_WRITE_SYNC,
            "mutate-directory" => flags |= DescriptorFlags::MUTATE_DIRECTORY,
            "follow" => {}
            other => return Err(Failure::Usage(format!("no flag `{other}`"))),
        }
    }
    let directory = handles.descriptor(operation.word(1)?)?;
    let opened = directory.open_at(path_flags(operation, 3), operation.word(2)?, open_flags, flags)?;
    handles.keep(operation.word(0)?, Handle::Descriptor(opened))
}

fn read_directory(operation: &Operation<'_>, handles: &mut Handles) -> Outcome {
    let listing = handles.descriptor(operation.word(1)?)?.read_directory()?;
    handles.keep(operation.word(0)?, Handle::Listing(listing))
}

fn read_directory_entry(operation: &Operation<'_>, handles: &mut Handles) -> Outcome {
    Ok(match handles.listing(operation.word(0)?)?.read_directory_entry()? {
        Some(entry) => format!("{:?} {}", entry.name, kind(entry.type_)),
        None => "end".to_owned(),
    })
}

fn list(operation: &Operation<'_>, handles: &mut Handles) -> Outcome {
    let listing = handles.descriptor(operation.word(0)?)?.read_directory()?;
    let mut entries = Vec::new();
    // An entry that cannot be told is an error in its place; a listing of nothing else must end all the same.
    while entries.len() < MAX_LISTED {
        match listing.read_directory_entry() {
            Ok(Some(entry)) => entries.push(format!("{:?} {}", entry.name, kind(entry.type_))),
            Ok(None) => break,
            Err(code) => entries.push(format!("({})", code.name())),
        }
    }
    entries.sort();
    Ok(format!("[{}]", entries.join(", ")))
}

fn create_directory_at(operation: &Operation<'_>, handles: &mut Handles) -> Outcome {
    done(handles.descriptor(operation.word(0)?)?.create_directory_at(operation.word(1)?)?)
}

fn remove_directory_at(operation: &Operation<'_>, handles: &mut Handles) -> Outcome {
    done(handles.descriptor(operation.word(0)?)?.remove_directory_at(operation.word(1)?)?)
}

fn unlink_file_at(operation: &Operation<'_>, handles: &mut Handles) -> Outcome {
    done(handles.descriptor(operation.word(0)?)?.unlink_file_at(operation.word(1)?)?)
}

fn readlink_at(operation: &Operation<'_>, handles: &mut Handles) -> Outcome {
    let target = handles.descriptor(operation.word(0)?)?.readlink_at(operation.word(1)?)?;
    Ok(format!("{target:?}"))
}

fn symlink_at(operation: &Operation<'_>, handles: &mut Handles) -> Outcome {
    let directory = handles.descriptor(operation.word(0)?)?;
    done(directory.symlink_at(operation.word(1)?, operation.word(2)?)?)
}

fn link_at(operation: &Operation<'_>, handles: &mut Handles) -> Outcome {
    let from = handles.descriptor(operation.word(0)?)?;
    let to = handles.descriptor(operation.word(2)?)?;
    done(from.link_at(path_flags(operation, 4), operation.word(1)?, to, operation.word(3)?)?)
}

fn rename_at(operation: &Operation<'_>, handles: &mut Handles) -> Outcome {
    let from = handles.descriptor(operation.word(0)?)?;
    let to = handles.descriptor(operation.word(2)?)?;
    done(from.rename_at(operation.word(1)?, to, operation.word(3)?)?)
}

/// A descriptor type by its WIT name.
pub(crate) fn kind(descriptor_type: DescriptorType) -> &'static str {
    match descriptor_type {
        DescriptorType::Unknown => "unknown",
        DescriptorType::BlockDevice => "block-device",
        DescriptorType::CharacterDevice => "character-device",
        DescriptorType::Directory => "directory",
        DescriptorType::Fifo => "fifo",
        DescriptorType::SymbolicLink => "symbolic-link",
        DescriptorType::RegularFile => "regular-file",
        DescriptorType::Socket => "socket",
    }
}
