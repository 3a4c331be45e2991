//! Handles: many of them, and dropped in unlikely orders.

use wasip2::clocks::monotonic_clock;
use wasip2::filesystem::preopens;
use wasip2::filesystem::types::{Descriptor, DescriptorFlags, OpenFlags, PathFlags};
use wasip2::io::poll::poll;

use crate::number;

/// The preopen `./data`, or the first.
pub(crate) fn directory() -> Descriptor {
    let mut directories = preopens::get_directories();
    let place = directories.iter().position(|(_, name)| name == "./data").unwrap_or(0);
    directories.swap_remove(place).0
}

/// Opens `a.txt` of `directory` for reading.
fn file(directory: &Descriptor) -> Descriptor {
    directory
        .open_at(PathFlags::empty(), "a.txt", OpenFlags::empty(), DescriptorFlags::READ)
        .expect("./data/a.txt can be opened")
}

/// Makes `count` things and keeps them all.
fn hoard<T>(count: u64, what: &str, mut make: impl FnMut() -> Result<T, String>) {
    let mut hoard = Vec::new();
    for made in 0..count {
        match make() {
            Ok(thing) => hoard.push(thing),
            Err(error) => {
                println!("{what} {made}: {error}");
                return;
            }
        }
    }
    println!("{count} {what} at once");
}

/// Opens files and closes none.
pub(crate) fn open(argument: Option<&str>) {
    let directory = directory();
    hoard(number(argument), "descriptors", || {
        directory
            .open_at(PathFlags::empty(), "a.txt", OpenFlags::empty(), DescriptorFlags::READ)
            .map_err(|code| code.name().to_owned())
    });
}

/// Makes pollables of a clock and drops none.
pub(crate) fn pollables(argument: Option<&str>) {
    hoard(number(argument), "pollables", || Ok(monotonic_clock::subscribe_duration(0)));
}

/// Makes streams of one file and drops none.
pub(crate) fn streams(argument: Option<&str>) {
    let file = file(&directory());
    hoard(number(argument), "streams", || file.read_via_stream(0).map_err(|code| code.name().to_owned()));
}

/// Starts listings of one directory and ends none.
pub(crate) fn listings(argument: Option<&str>) {
    let directory = directory();
    hoard(number(argument), "listings", || directory.read_directory().map_err(|code| code.name().to_owned()));
}

/// Drops parents before their children, and uses the children then.
pub(crate) fn drop_order(_: Option<&str>) {
    let directory = directory();
    let file = file(&directory);
    let stream = file.read_via_stream(0).expect("a stream of an open file");
    let listing = directory.read_directory().expect("a listing of a granted directory");
    drop(directory);
    drop(file);
    let read = stream.blocking_read(5).map_err(|_| ());
    println!("stream after its descriptor: {:?}", read.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()));
    println!("listing after its descriptor: {}", listing.read_directory_entry().is_ok());
    let (first, second) = (stream.subscribe(), stream.subscribe());
    println!("poll the same stream twice: {:?}", poll(&[&first, &second, &first]));
    drop(second);
    drop(first);
    drop(stream);
    drop(listing);
    println!("all dropped");
}
