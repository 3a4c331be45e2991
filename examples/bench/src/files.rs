//! The files that the rows work on.

use std::fs;
use std::io;
use std::path::Path;

/// Read as a whole.
pub const ONE_KIB: &str = "one-kib";
/// Read and written in pieces.
pub const SIXTEEN_MIB: &str = "sixteen-mib";
/// A directory of [`ENTRIES`] empty files.
pub const MANY: &str = "many";
/// Where the writing rows write.
pub const SCRATCH: &str = "scratch";
/// Never there.
pub const MISSING: &str = "missing";

/// How many entries [`MANY`] has.
pub const ENTRIES: usize = 1_000;
/// The size of a piece of [`SIXTEEN_MIB`].
pub const PIECE: usize = 64 << 10;
/// How many pieces [`SIXTEEN_MIB`] has.
pub const PIECES: usize = 256;

/// Creates the files in `directory`; what is there already is written again.
///
/// # Errors
/// Those of the file system.
pub fn prepare(directory: &Path) -> io::Result<()> {
    let many = directory.join(MANY);
    fs::create_dir_all(&many)?;
    for entry in 0..ENTRIES {
        fs::write(many.join(format!("entry-{entry:04}")), "")?;
    }
    fs::write(directory.join(ONE_KIB), [b'x'; 1 << 10])?;
    fs::write(directory.join(SIXTEEN_MIB), vec![b'y'; PIECE * PIECES])
}
