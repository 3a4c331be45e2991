//! Renaming. The oldest goes first, so that at no time, and whatever fails, a log is overwritten that was to be kept.

use std::path::{Path, PathBuf};

use caphost_sdk::{Result, fs};

/// One rename.
#[derive(Debug, PartialEq, Eq)]
pub struct Move {
    /// The name before.
    pub from: PathBuf,
    /// The name after.
    pub to: PathBuf,
}

/// The renames that rotate `log`, in their order. A generation that is missing ends them: there is room.
///
/// # Errors
/// A refusal.
pub fn plan(log: &Path, keep: u32) -> Result<Vec<Move>> {
    let mut moves = vec![Move { from: log.to_owned(), to: generation(log, 1) }];
    for number in 1..keep {
        let from = generation(log, number);
        if !fs::exists(&from)? {
            break;
        }
        moves.push(Move { from, to: generation(log, number + 1) });
    }
    moves.reverse();
    Ok(moves)
}

/// `app.log.3`, for `app.log` and 3.
pub fn generation(log: &Path, number: u32) -> PathBuf {
    let mut name = log.as_os_str().to_owned();
    name.push(format!(".{number}"));
    name.into()
}
