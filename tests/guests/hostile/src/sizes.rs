//! Lengths that no host should believe.

use wasip2::filesystem::types::{DescriptorFlags, OpenFlags, PathFlags};
use wasip2::io::streams::StreamError;
use wasip2::random::{insecure, random};

use crate::handles::directory;

/// More bytes than any machine has.
const HUGE: u64 = 1 << 63;

fn open(name: &str, open_flags: OpenFlags, flags: DescriptorFlags) -> wasip2::filesystem::types::Descriptor {
    directory().open_at(PathFlags::empty(), name, open_flags, flags).expect("./data is granted")
}

fn outcome<T: std::fmt::Debug>(result: Result<T, StreamError>) -> String {
    match result {
        Ok(value) => format!("{value:?}"),
        Err(StreamError::Closed) => "closed".to_owned(),
        Err(StreamError::LastOperationFailed(_)) => "last-operation-failed".to_owned(),
    }
}

/// Reads 2^63 bytes of a short file, every way there is.
pub(crate) fn huge_read(_: Option<&str>) {
    let file = open("a.txt", OpenFlags::empty(), DescriptorFlags::READ);
    println!("read: {:?}", file.read(HUGE, 0).map(|(bytes, end)| (bytes.len(), end)).map_err(|code| code.name()));
    println!(
        "read at 2^63: {:?}",
        file.read(5, HUGE).map(|(bytes, end)| (bytes.len(), end)).map_err(|code| code.name())
    );
    let stream = file.read_via_stream(0).expect("a stream of an open file");
    println!("blocking-read: {}", outcome(stream.blocking_read(HUGE).map(|bytes| bytes.len())));
    let beyond = file.read_via_stream(u64::MAX).map_err(|code| code.name());
    println!("stream at 2^64: {}", beyond.map_or_else(str::to_owned, |stream| outcome(stream.blocking_read(5))));
}

/// Skips 2^63 bytes of a short file.
pub(crate) fn huge_skip(_: Option<&str>) {
    let file = open("a.txt", OpenFlags::empty(), DescriptorFlags::READ);
    let stream = file.read_via_stream(0).expect("a stream of an open file");
    println!("blocking-skip: {}", outcome(stream.blocking_skip(HUGE)));
}

/// Asks for 2^60 random bytes.
pub(crate) fn huge_random(argument: Option<&str>) {
    let bytes = match argument {
        Some("insecure") => insecure::get_insecure_random_bytes(1 << 60),
        _ => random::get_random_bytes(1 << 60),
    };
    println!("{} bytes", bytes.len());
}

/// Writes at, and resizes to, 2^63.
pub(crate) fn huge_write(_: Option<&str>) {
    let file = open("new.txt", OpenFlags::CREATE, DescriptorFlags::WRITE);
    println!("write at 2^63: {:?}", file.write(b"x", HUGE).map_err(|code| code.name()));
    println!("set-size 2^63: {:?}", file.set_size(HUGE).map_err(|code| code.name()));
    let stream = file.write_via_stream(HUGE).map_err(|code| code.name());
    println!(
        "stream at 2^63: {}",
        stream.map_or_else(str::to_owned, |stream| outcome(stream.blocking_write_and_flush(b"x")))
    );
}

/// Writes 2^63 zeroes into a file.
pub(crate) fn huge_zeroes(_: Option<&str>) {
    let file = open("new.txt", OpenFlags::CREATE, DescriptorFlags::WRITE);
    let stream = file.write_via_stream(0).expect("a stream of an open file");
    println!("{}", outcome(stream.blocking_write_zeroes_and_flush(HUGE)));
}

/// Writes 4 MiB in one call, which needs no copy of that size in the host.
pub(crate) fn big_write(_: Option<&str>) {
    let file = open("new.txt", OpenFlags::CREATE, DescriptorFlags::WRITE);
    let bytes = vec![b'~'; 4 << 20];
    println!("write: {:?}", file.write(&bytes, 0).map_err(|code| code.name()));
    let stream = file.write_via_stream(0).expect("a stream of an open file");
    let room = stream.check_write().unwrap_or(0).min(bytes.len() as u64);
    let piece = &bytes[..usize::try_from(room).unwrap_or(0)];
    println!("stream, as much as there is room for: {}", outcome(stream.write(piece)));
}
