//! The rows: what each does once.

use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::time::Instant;

use bench::measure::Operation;
use bench::{Row, expect, files};

/// In the order of the table.
pub const ROWS: &[Row] = &[
    Row { name: "now", prepare: now },
    Row { name: "metadata", prepare: metadata },
    Row { name: "metadata-missing", prepare: metadata_missing },
    Row { name: "open-close", prepare: open_close },
    Row { name: "read-1k", prepare: read_whole },
    Row { name: "seek-read-64", prepare: seek_read },
    Row { name: "write-64", prepare: write_small },
    Row { name: "read-16m", prepare: read_pieces },
    Row { name: "write-16m", prepare: write_pieces },
    Row { name: "list-1000", prepare: list },
    Row { name: "create-remove", prepare: create_remove },
];

/// A record: what a small read or write moves.
const RECORD: usize = 64;
/// The writing row starts over after this many records, so that its file stays at 4 MiB.
const RECORDS: u32 = 1 << 16;

fn now(_: &Path) -> io::Result<Operation> {
    Ok(Box::new(|| {
        std::hint::black_box(Instant::now());
        Ok(())
    }))
}

fn metadata(directory: &Path) -> io::Result<Operation> {
    let path = directory.join(files::ONE_KIB);
    Ok(Box::new(move || fs::metadata(&path).map(drop)))
}

fn metadata_missing(directory: &Path) -> io::Result<Operation> {
    let path = directory.join(files::MISSING);
    Ok(Box::new(move || match fs::metadata(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
        Ok(_) => Err(io::Error::other("`missing` is there")),
    }))
}

fn open_close(directory: &Path) -> io::Result<Operation> {
    let path = directory.join(files::ONE_KIB);
    Ok(Box::new(move || File::open(&path).map(drop)))
}

fn read_whole(directory: &Path) -> io::Result<Operation> {
    let path = directory.join(files::ONE_KIB);
    Ok(Box::new(move || {
        let bytes = fs::read(&path)?;
        expect(bytes.len(), 1 << 10)
    }))
}

fn seek_read(directory: &Path) -> io::Result<Operation> {
    let mut file = File::open(directory.join(files::SIXTEEN_MIB))?;
    let mut record = [0; RECORD];
    let mut place = 0_u64;
    Ok(Box::new(move || {
        place = (place + 4_096) % (8 << 20);
        file.seek(SeekFrom::Start(place))?;
        file.read_exact(&mut record)
    }))
}

fn write_small(directory: &Path) -> io::Result<Operation> {
    let mut file = File::create(directory.join(files::SCRATCH))?;
    let mut records = 0;
    Ok(Box::new(move || {
        records += 1;
        if records % RECORDS == 0 {
            file.rewind()?;
        }
        file.write_all(&[b'z'; RECORD])
    }))
}

fn read_pieces(directory: &Path) -> io::Result<Operation> {
    let path = directory.join(files::SIXTEEN_MIB);
    let mut piece = vec![0; files::PIECE];
    Ok(Box::new(move || {
        let mut file = File::open(&path)?;
        let mut total = 0;
        loop {
            match file.read(&mut piece)? {
                0 => return expect(total, files::PIECE * files::PIECES),
                length => total += length,
            }
        }
    }))
}

fn write_pieces(directory: &Path) -> io::Result<Operation> {
    let path = directory.join(files::SCRATCH);
    let piece = vec![b'w'; files::PIECE];
    Ok(Box::new(move || {
        let mut file = File::create(&path)?;
        (0..files::PIECES).try_for_each(|_| file.write_all(&piece))
    }))
}

fn list(directory: &Path) -> io::Result<Operation> {
    let path = directory.join(files::MANY);
    Ok(Box::new(move || {
        let mut entries = 0;
        for entry in fs::read_dir(&path)? {
            std::hint::black_box(entry?.file_name());
            entries += 1;
        }
        expect(entries, files::ENTRIES)
    }))
}

fn create_remove(directory: &Path) -> io::Result<Operation> {
    let path = directory.join("created");
    Ok(Box::new(move || {
        File::create(&path)?;
        fs::remove_file(&path)
    }))
}
