//! What is asked of every reader.

use caphost::policy::visible::is_unprintable;

/// What any reader may take, however short its input.
const FLOOR_BYTES: u64 = 256 << 10;

/// Answers what `read` does, which may hold `factor` times as much memory as its input has bytes.
pub(crate) fn bounded<T>(length: usize, factor: u64, read: impl FnOnce() -> T) -> T {
    let mut answer = None;
    let taken = allocation_counter::measure(|| answer = Some(read())).bytes_max;
    let most = FLOOR_BYTES + factor * length as u64;
    assert!(taken <= most, "{taken} bytes were held for an input of {length}, and {most} would do");
    answer.unwrap_or_else(|| unreachable!("it was run"))
}

/// Says that a message steers no terminal and is no longer than `most` bytes.
pub(crate) fn assert_fit(message: &str, most: usize) {
    let steering = message.chars().find(|character| *character != '\n' && is_unprintable(*character));
    assert_eq!(steering, None, "{message:?}");
    assert!(message.len() <= most, "a message has {} bytes: {:.500}", message.len(), message);
}
