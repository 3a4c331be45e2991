//! Timing one operation: batches long enough for the clock, the median of many batches.

use std::io;
use std::time::{Duration, Instant};

/// A batch takes at least this long, so that reading the clock costs it nothing.
const BATCH: Duration = Duration::from_millis(5);

/// An operation that a row repeats.
pub type Operation = Box<dyn FnMut() -> io::Result<()>>;

/// Nanoseconds of one `operation`: the median of batches that together take about `time`.
///
/// # Errors
/// The first error of the operation.
pub fn median_ns(time: Duration, mut operation: Operation) -> io::Result<f64> {
    let repeats = repeats_of_a_batch(&mut operation)?;
    let mut batches = Vec::new();
    let started = Instant::now();
    while batches.is_empty() || started.elapsed() < time {
        let batch = time_of(repeats, &mut operation)?;
        batches.push(batch.as_nanos() as f64 / f64::from(repeats));
    }
    batches.sort_by(f64::total_cmp);
    Ok(batches.get(batches.len() / 2).copied().unwrap_or_default())
}

/// Doubles until a batch is long enough; the tries warm up what there is to warm up.
fn repeats_of_a_batch(operation: &mut Operation) -> io::Result<u32> {
    let mut repeats = 1_u32;
    while time_of(repeats, operation)? < BATCH {
        repeats = repeats.saturating_mul(2);
    }
    Ok(repeats)
}

fn time_of(repeats: u32, operation: &mut Operation) -> io::Result<Duration> {
    let started = Instant::now();
    for _ in 0..repeats {
        operation()?;
    }
    Ok(started.elapsed())
}
