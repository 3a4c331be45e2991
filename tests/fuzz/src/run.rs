//! Running inputs on a stable toolchain.

use std::panic::catch_unwind;
use std::path::{Path, PathBuf};
use std::time::Duration;
use std::{fmt, fs};

use anyhow::{Context, Result};
use rustix::time::{ClockId, clock_gettime};

use crate::{Mutator, Target};

/// What one input may take of a processor: far more than any does, far less than what is not linear.
const MAX_TIME: Duration = Duration::from_secs(5);

/// An input of which a property does not hold. The message of the property is on standard error.
#[derive(Debug)]
pub struct Failure {
    /// The input.
    pub input: Vec<u8>,
    /// What happened.
    pub what: String,
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown: String = self.input.iter().take(2_000).map(|byte| byte.escape_ascii().to_string()).collect();
        write!(formatter, "{}; the input, {} bytes:\n{shown}", self.what, self.input.len())
    }
}

/// Where the inputs of a target are.
#[must_use]
pub fn corpus_folder(target: &Target) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(target.name)
}

/// The inputs of a target: its corpus in the order of the names, then those that are made.
///
/// # Errors
/// When the corpus cannot be read.
pub fn inputs(target: &Target) -> Result<Vec<Vec<u8>>> {
    let folder = corpus_folder(target);
    let listed = fs::read_dir(&folder).with_context(|| format!("failed to list `{}`", folder.display()))?;
    let mut files: Vec<PathBuf> = listed.map(|entry| Ok(entry?.path())).collect::<std::io::Result<_>>()?;
    files.sort();
    let read = |file: &PathBuf| fs::read(file).with_context(|| format!("failed to read `{}`", file.display()));
    let mut inputs = files.iter().map(read).collect::<Result<Vec<_>>>()?;
    inputs.extend((target.made)());
    Ok(inputs)
}

/// Runs one input. Says whether it was read.
///
/// # Errors
/// When a property does not hold, or when it takes very long.
pub fn check(target: &Target, input: &[u8]) -> Result<bool, Failure> {
    let failure = |what: String| Err(Failure { input: input.to_vec(), what });
    let started = processor_time();
    let Ok(is_read) = catch_unwind(|| (target.check)(input)) else {
        return failure(format!("a property of `{}` does not hold", target.name));
    };
    let taken = processor_time().saturating_sub(started);
    if taken > MAX_TIME {
        return failure(format!("`{}` took {taken:?} for one input", target.name));
    }
    Ok(is_read)
}

/// Runs the corpus, then mutated inputs while `goes_on` says so, which is shown each before it is run. Answers how many were mutated, and
/// how many of these were read.
///
/// # Errors
/// The first that fails.
pub fn fuzz(
    target: &Target,
    corpus: &[Vec<u8>],
    seed: u64,
    mut goes_on: impl FnMut(u64, &[u8]) -> bool,
) -> Result<(u64, u64), Failure> {
    let mut mutator = Mutator::new(corpus, target.words, seed);
    for input in corpus {
        if check(target, input)? {
            mutator.keep(input.clone());
        }
    }
    let mut read = 0;
    for count in 0.. {
        let input = mutator.input();
        if !goes_on(count, &input) {
            return Ok((count, read));
        }
        if check(target, &input)? {
            read += 1;
            mutator.keep(input);
        }
    }
    Ok((u64::MAX, read))
}

/// What this thread has taken of a processor: how much others take does not matter.
fn processor_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).unwrap_or(0))
}
