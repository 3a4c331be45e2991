//! Time, memory and output without end.

use std::io::{Read, Write};
use std::time::Duration;

use crate::number;

/// Bytes of one allocation of `grow`, and of one write of `flood`.
const PIECE: usize = 64 * 1024;

/// Loops for ever.
pub(crate) fn spin(_: Option<&str>) {
    let mut turns = 0_u64;
    loop {
        turns = std::hint::black_box(turns.wrapping_add(1));
    }
}

/// Sleeps so many milliseconds.
pub(crate) fn sleep(argument: Option<&str>) {
    std::thread::sleep(Duration::from_millis(number(argument)));
    println!("slept");
}

/// Waits for standard input to end.
pub(crate) fn block_stdin(_: Option<&str>) {
    let read = std::io::stdin().read_to_end(&mut Vec::new());
    println!("{:?}", read.map_err(|error| error.kind()));
}

/// Allocates for ever, through std: what cannot be had aborts the guest.
pub(crate) fn grow(_: Option<&str>) {
    let mut pieces = Vec::new();
    loop {
        pieces.push(vec![1_u8; PIECE]);
        std::hint::black_box(&pieces);
    }
}

/// Asks for so many pages of memory, one at a time, and says where it was told no.
pub(crate) fn grow_pages(argument: Option<&str>) {
    for page in 0..number(argument) {
        if !grow_one_page() {
            println!("refused page {page}");
            return;
        }
    }
    println!("granted all");
}

/// Writes so many bytes to standard output.
pub(crate) fn flood(argument: Option<&str>) {
    pour(std::io::stdout(), number(argument));
}

/// Writes so many bytes to standard error.
pub(crate) fn flood_stderr(argument: Option<&str>) {
    pour(std::io::stderr(), number(argument));
}

/// Calls itself until the stack ends.
pub(crate) fn recurse(argument: Option<&str>) {
    println!("{}", depth(number(argument)));
}

#[cfg(target_family = "wasm")]
fn grow_one_page() -> bool {
    core::arch::wasm32::memory_grow(0, 1) != usize::MAX
}

#[cfg(not(target_family = "wasm"))]
fn grow_one_page() -> bool {
    false
}

fn pour(mut to: impl Write, mut left: u64) {
    let piece = vec![b'~'; PIECE];
    while left > 0 {
        let length = usize::try_from(left).unwrap_or(PIECE).min(PIECE);
        if let Err(error) = to.write_all(&piece[..length]) {
            eprintln!("stopped: {:?}", error.kind());
            return;
        }
        left -= length as u64;
    }
}

fn depth(left: u64) -> u64 {
    let frame = std::hint::black_box([left; 64]);
    if left == 0 { 0 } else { frame[usize::try_from(left % 64).unwrap_or(0)].min(1) + depth(left - 1) }
}
