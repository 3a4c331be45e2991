//! The SHA-256 of a file, read in pieces: a file of any size takes the same memory.

use std::io::{self, ErrorKind, Read};
use std::path::Path;

use caphost_sdk::Result;
use caphost_sdk::fs::File;
use sha2::{Digest as _, Sha256};

/// What is read at once: large enough that calls of the host cost nothing beside the hashing.
const PIECE: usize = 64 << 10;

/// What identifies the contents of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Digest {
    /// In lower-case hexadecimal digits.
    pub sha256: String,
    /// How many bytes were hashed, whatever the directory says.
    pub size: u64,
}

impl Digest {
    /// Hashes one file.
    ///
    /// # Errors
    /// A refusal, or that of the file.
    pub fn of_file(path: &Path) -> Result<Self> {
        Ok(Self::of(File::open(path)?)?)
    }

    fn of(mut source: impl Read) -> io::Result<Self> {
        let (mut hasher, mut size) = (Sha256::new(), 0);
        let mut buffer = vec![0; PIECE];
        loop {
            match source.read(&mut buffer) {
                Ok(0) => return Ok(Self { sha256: format!("{:x}", hasher.finalize()), size }),
                Ok(length) => {
                    hasher.update(&buffer[..length]);
                    size += length as u64;
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digest_is_that_of_sha256sum() {
        let digest = Digest::of(&b"hello\n"[..]).unwrap();
        assert_eq!(digest.sha256, "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03");
        assert_eq!(digest.size, 6);
    }

    #[test]
    fn pieces_make_no_difference() {
        let contents = vec![7; PIECE + 1];
        let (start, end) = contents.split_at(9);
        assert_eq!(Digest::of(start.chain(end)).unwrap(), Digest::of(&*contents).unwrap());
        assert_eq!(Digest::of(&*contents).unwrap().size, PIECE as u64 + 1);
    }
}
