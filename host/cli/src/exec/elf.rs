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

/// The class of addresses, in the identification.
const CLASS: usize = 4;
/// The order of bytes, in the identification.
const DATA: usize = 5;
const MACHINE: Field = (18, 2);

/// Where the fields stand, for one size of addresses.
struct Layout {
    class: u8,
    header: usize,
    table: Field,
    entry_size: Field,
    entry_count: Field,
    entry: usize,
    offset: Field,
    length: Field,
}

/// The layout of our own programs: the only one by which the kernel reads them, whatever class the file claims to be. No host of
/// the engine has addresses of 32 bits.
const NATIVE: Layout = Layout {
    class: 2,
    header: 64,
    table: (32, 8),
    entry_size: (54, 2),
    entry_count: (56, 2),
    entry: 56,
    offset: (8, 8),
    length: (32, 8),
};

const IS_LITTLE: bool = cfg!(target_endian = "little");

/// Our own `e_machine`; of another architecture no loader is known.
const NATIVE_MACHINE: Option<u64> = if cfg!(target_arch = "x86_64") {
    Some(62)
} else if cfg!(target_arch = "aarch64") {
    Some(183)
} else if cfg!(target_arch = "riscv64") {
    Some(243)
} else {
    None
};

/// The loader that a program names; `None` for one that needs none, and for what is no ELF file of this very architecture.
///
/// The kernel believes less of the header than it says: where the two could read different names there is no loader either.
///
/// `read` gives the bytes of the file from an offset on, all or none of them.
pub(super) fn loader(read: impl Fn(u64, usize) -> Option<Vec<u8>>) -> Option<PathBuf> {
    let header = read(0, NATIVE.header).filter(|header| is_native(header))?;
    let table = number(&header, NATIVE.table)?;
    let size = u64::try_from(NATIVE.entry).ok()?;
    let count = number(&header, NATIVE.entry_count)?;
    let mut entries =
        (0..count.min(MAX_HEADERS)).map_while(|index| read(table.checked_add(index * size)?, NATIVE.entry));
    let entry = entries.find(|entry| number(entry, (0, 4)) == Some(PT_INTERP))?;
    let length = number(&entry, NATIVE.length).filter(|length| *length <= MAX_NAME)?;
    let name = read(number(&entry, NATIVE.offset)?, usize::try_from(length).ok()?)?;
    let name = name.split(|byte| *byte == 0).next().filter(|name| !name.is_empty())?;
    Some(OsStr::from_bytes(name).into())
}

fn is_native(header: &[u8]) -> bool {
    header.starts_with(MAGIC)
        && header.get(CLASS) == Some(&NATIVE.class)
        && header.get(DATA) == Some(&if IS_LITTLE { 1 } else { 2 })
        && NATIVE_MACHINE.is_some_and(|machine| number(header, MACHINE) == Some(machine))
        && number(header, NATIVE.entry_size) == u64::try_from(NATIVE.entry).ok()
}

fn number(bytes: &[u8], (start, length): Field) -> Option<u64> {
    let bytes = bytes.get(start..start + length)?.iter();
    let append = |number: u64, byte: &u8| number << 8 | u64::from(*byte);
    Some(if IS_LITTLE { bytes.rev().fold(0, append) } else { bytes.fold(0, append) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(bytes: &mut [u8], start: usize, (at, length): Field, number: usize) {
        let number = u64::try_from(number).unwrap();
        let field = &mut bytes[start + at..start + at + length];
        if IS_LITTLE {
            field.copy_from_slice(&number.to_le_bytes()[..length]);
        } else {
            field.copy_from_slice(&number.to_be_bytes()[8 - length..]);
        }
    }

    /// A file with a header, one header of another type, and the one that names `name`.
    fn file(name: &[u8]) -> Vec<u8> {
        let mut bytes = vec![0; NATIVE.header + 2 * NATIVE.entry];
        bytes[..4].copy_from_slice(MAGIC);
        bytes[CLASS] = NATIVE.class;
        bytes[DATA] = if IS_LITTLE { 1 } else { 2 };
        put(&mut bytes, 0, MACHINE, usize::try_from(NATIVE_MACHINE.unwrap()).unwrap());
        put(&mut bytes, 0, NATIVE.table, NATIVE.header);
        put(&mut bytes, 0, NATIVE.entry_size, NATIVE.entry);
        put(&mut bytes, 0, NATIVE.entry_count, 2);
        put(&mut bytes, NATIVE.header, (0, 4), 1);
        let entry = NATIVE.header + NATIVE.entry;
        put(&mut bytes, entry, (0, 4), 3);
        put(&mut bytes, entry, NATIVE.offset, entry + NATIVE.entry);
        put(&mut bytes, entry, NATIVE.length, name.len());
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
    fn the_loader_of_a_native_program_is_found() {
        assert_eq!(loader_of(&file(b"/lib/ld.so\0")), Some("/lib/ld.so".into()));
    }

    /// The kernel would read it by the native layout all the same, and find another loader than we.
    #[test]
    fn a_program_that_claims_to_be_of_another_layout_has_none() {
        let with = |start: usize, value: u8| {
            let mut bytes = file(b"/lib/ld.so\0");
            assert_ne!(bytes[start], value);
            bytes[start] = value;
            loader_of(&bytes)
        };
        for (start, value) in
            [(CLASS, 3 - NATIVE.class), (CLASS, 0), (DATA, if IS_LITTLE { 2 } else { 1 }), (MACHINE.0, 3)]
        {
            assert_eq!(with(start, value), None, "{value} at {start}");
        }
        let mut bytes = file(b"/lib/ld.so\0");
        put(&mut bytes, 0, NATIVE.entry_size, NATIVE.entry + 8);
        assert_eq!(loader_of(&bytes), None);
    }

    #[test]
    fn a_file_that_is_cut_anywhere_has_none() {
        let bytes = file(b"/lib/ld.so\0");
        for length in 0..bytes.len() {
            assert_eq!(loader_of(&bytes[..length]), None, "{length}");
        }
    }

    #[test]
    fn offsets_that_lead_nowhere_and_long_names_are_none() {
        let mut bytes = file(b"/lib/ld.so\0");
        let (start, length) = NATIVE.table;
        bytes[start..start + length].fill(0xff);
        assert_eq!(loader_of(&bytes), None);
        let longest = usize::try_from(MAX_NAME).unwrap();
        assert!(loader_of(&file(&vec![b'x'; longest])).is_some());
        assert_eq!(loader_of(&file(&vec![b'x'; longest + 1])), None);
        assert_eq!(loader_of(b"#!/bin/sh\n"), None);
    }
}
