// Included twice: with `env` and `fs` of the SDK, and with those of std.

use std::io::{self, Read, Seek};
use std::path::Path;

use bench::measure::Operation;
use bench::{expect, files};

/// A whole file of 1 KiB.
pub fn read_whole(directory: &Path) -> io::Result<Operation> {
    let path = directory.join(files::ONE_KIB);
    Ok(Box::new(move || expect(fs::read(&path)?.len(), 1 << 10)))
}

/// One piece after the other of a file that is open; from the start again at its end.
pub fn read_pieces(directory: &Path, size: usize) -> io::Result<Operation> {
    let mut file = fs::File::open(directory.join(files::SIXTEEN_MIB))?;
    let mut piece = vec![0; size];
    let pieces = files::PIECE * files::PIECES / size;
    let mut read = 0;
    Ok(Box::new(move || {
        if read == pieces {
            file.rewind()?;
            read = 0;
        }
        read += 1;
        file.read_exact(&mut piece)
    }))
}

/// A variable that is granted.
pub fn variable(_: &Path) -> io::Result<Operation> {
    Ok(Box::new(|| {
        let value = env::var("BENCH_VALUE").map_err(io::Error::other)?;
        expect(value.len(), 5)
    }))
}
