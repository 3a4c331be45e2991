//! Which dynamic loader an ELF program names (`PT_INTERP`): System V ABI, chapters 4 and 5.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

/// What every ELF file begins with.
const MAGIC: &[u8] = b"\x7fELF";
/// The type of the program header that names the loader.
const PT_INTERP: u64 = 3;
/// Program headers that are looked at; a linker writes about a dozen.
const MAX_HEADERS: u64 = 256;
/// The longest name of a loader: `PATH_MAX`.
const MAX_NAME: u64 = 4_096;

/// A field: where it begins, and how many bytes it has.
type Field = (usize, usize);

/// Where the fields stand, for one size of addresses.
struct Layout {
    header: usize,
    table: Field,
    entry_size: Field,
    entry_count: Field,
    entry: usize,
    offset: Field,
    length: Field,
}

const BITS_32: Layout = Layout {
    header: 52,
    table: (28, 4),
    entry_size: (42, 2),
    entry_count: (44, 2),
    entry: 32,
    offset: (4, 4),
    length: (16, 4),
};

const BITS_64: Layout = Layout {
    header: 64,
    table: (32, 8),
    entry_size: (54, 2),
    entry_count: (56, 2),
    entry: 56,
    offset: (8, 8),
    length: (32, 8),
};

/// The loader that a program names; `None` for one that needs none, and for what is no ELF file.
///
/// `read` gives the bytes of the file from an offset on, all or none of them.
pub(super) fn loader(read: impl Fn(u64, usize) -> Option<Vec<u8>>) -> Option<PathBuf> {
    let identification = read(0, 16).filter(|bytes| bytes.starts_with(MAGIC))?;
    let layout = match identification.get(4)? {
        1 => BITS_32,
        2 => BITS_64,
        _ => return None,
    };
    let is_little = *identification.get(5)? == 1;
    let number = |bytes: &[u8], field| number(bytes, field, is_little);
    let header = read(0, layout.header)?;
    let table = number(&header, layout.table)?;
    let size = number(&header, layout.entry_size)?;
    let count = number(&header, layout.entry_count)?;
    let mut entries =
        (0..count.min(MAX_HEADERS)).map_while(|index| read(table.checked_add(index * size)?, layout.entry));
    let entry = entries.find(|entry| number(entry, (0, 4)) == Some(PT_INTERP))?;
    let length = number(&entry, layout.length).filter(|length| *length <= MAX_NAME)?;
    let name = read(number(&entry, layout.offset)?, usize::try_from(length).ok()?)?;
    let name = name.split(|byte| *byte == 0).next().filter(|name| !name.is_empty())?;
    Some(OsStr::from_bytes(name).into())
}

fn number(bytes: &[u8], (start, length): Field, is_little: bool) -> Option<u64> {
    let bytes = bytes.get(start..start + length)?.iter();
    let append = |number: u64, byte: &u8| number << 8 | u64::from(*byte);
    Some(if is_little { bytes.rev().fold(0, append) } else { bytes.fold(0, append) })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file with a header, one header of another type, and the one that names `name`.
    fn file(layout: &Layout, class: u8, is_little: bool, name: &[u8]) -> Vec<u8> {
        let mut bytes = vec![0; layout.header + 2 * layout.entry];
        bytes[..4].copy_from_slice(MAGIC);
        bytes[4..6].copy_from_slice(&[class, if is_little { 1 } else { 2 }]);
        let mut put = |start: usize, (at, length): Field, number: usize| {
            let number = u64::try_from(number).unwrap();
            let field = &mut bytes[start + at..start + at + length];
            if is_little {
                field.copy_from_slice(&number.to_le_bytes()[..length]);
            } else {
                field.copy_from_slice(&number.to_be_bytes()[8 - length..]);
            }
        };
        put(0, layout.table, layout.header);
        put(0, layout.entry_size, layout.entry);
        put(0, layout.entry_count, 2);
        put(layout.header, (0, 4), 1);
        let entry = layout.header + layout.entry;
        put(entry, (0, 4), 3);
        put(entry, layout.offset, entry + layout.entry);
        put(entry, layout.length, name.len());
        bytes.extend_from_slice(name);
        bytes
    }

    fn loader_of(bytes: &[u8]) -> Option<PathBuf> {
        let read = |offset: u64, length: usize| {
            let start = usize::try_from(offset).ok()?;
            bytes.get(start..start.checked_add(length)?).map(<[u8]>::to_vec)
        };
        loader(read)
    }

    #[test]
    fn the_loader_is_found_in_every_form_of_elf() {
        for (layout, class) in [(&BITS_32, 1), (&BITS_64, 2)] {
            for is_little in [true, false] {
                let bytes = file(layout, class, is_little, b"/lib/ld.so\0");
                assert_eq!(loader_of(&bytes), Some("/lib/ld.so".into()), "{class} {is_little}");
            }
        }
    }

    #[test]
    fn a_file_that_is_cut_anywhere_has_none() {
        let bytes = file(&BITS_64, 2, true, b"/lib/ld.so\0");
        for length in 0..bytes.len() {
            assert_eq!(loader_of(&bytes[..length]), None, "{length}");
        }
    }

    #[test]
    fn offsets_that_lead_nowhere_and_long_names_are_none() {
        let mut bytes = file(&BITS_64, 2, true, b"/lib/ld.so\0");
        bytes[32..40].fill(0xff);
        assert_eq!(loader_of(&bytes), None);
        let longest = usize::try_from(MAX_NAME).unwrap();
        assert!(loader_of(&file(&BITS_64, 2, true, &vec![b'x'; longest])).is_some());
        assert_eq!(loader_of(&file(&BITS_64, 2, true, &vec![b'x'; longest + 1])), None);
        assert_eq!(loader_of(b"#!/bin/sh\n"), None);
    }
}
