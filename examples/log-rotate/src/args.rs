//! The command line, as typed and as meant.

use std::path::PathBuf;
use std::time::Duration;

/// What `--help` prints.
pub const HELP: &str = "\
Rotates a log file: FILE becomes FILE.1, FILE.1 becomes FILE.2, and so on.

Usage: log-rotate [--max-size SIZE] [--max-age AGE] [--keep N] [--dry-run] FILE

  --max-size SIZE  rotate when FILE has so many bytes: `500`, `64K`, `10M`, `1G`
  --max-age AGE    rotate when FILE.1 was last written so long ago (FILE, where there is no FILE.1): `90s`, `30m`, `12h`, `7d`
  --keep N         old files to keep (default: 5)
  --dry-run        say what would be renamed, and rename nothing
";

/// Old files that are kept unless `--keep` says otherwise.
const DEFAULT_KEEP: u32 = 5;
/// The most old files, each of which is looked for.
const MAX_KEEP: u32 = 1000;
const SIZES: [(&str, u64); 3] = [("K", 1 << 10), ("M", 1 << 20), ("G", 1 << 30)];
const AGES: [(&str, u64); 4] = [("s", 1), ("m", 60), ("h", 60 * 60), ("d", 24 * 60 * 60)];

/// What the user wants.
#[derive(Debug, PartialEq, Eq)]
pub enum Command {
    /// Print [`HELP`].
    Help,
    /// Rotate a file.
    Rotate(Args),
}

/// What to rotate, and when.
#[derive(Debug, PartialEq, Eq)]
pub struct Args {
    /// The log.
    pub file: PathBuf,
    /// When it is due.
    pub limits: Limits,
    /// Old files to keep, one at least.
    pub keep: u32,
    /// Whether to rename.
    pub mode: Mode,
}

/// When a log is due; one of these at least.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    /// In bytes.
    pub size: Option<u64>,
    /// Since the last rotation.
    pub age: Option<Duration>,
}

/// Whether to rename.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Rename, and say so.
    Rename,
    /// Say what would be renamed.
    DryRun,
}

/// Reads the arguments after the program's name.
///
/// # Errors
/// One line that says which argument is wrong.
pub fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Command, String> {
    let (mut limits, mut keep, mut mode, mut files) = (Limits::default(), DEFAULT_KEEP, Mode::Rename, Vec::new());
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().ok_or_else(|| format!("`{argument}` needs a value"));
        match argument.as_str() {
            "--help" | "-h" => return Ok(Command::Help),
            "--max-size" => limits.size = Some(size(&value()?)?),
            "--max-age" => limits.age = Some(age(&value()?)?),
            "--keep" => keep = number(&value()?)?,
            "--dry-run" => mode = Mode::DryRun,
            "--" => files.extend(arguments.by_ref()),
            flag if flag.starts_with('-') => return Err(format!("unknown flag `{flag}`")),
            _ => files.push(argument),
        }
    }
    if limits == Limits::default() {
        return Err("`--max-size` or `--max-age` is needed".into());
    }
    match <[String; 1]>::try_from(files) {
        Ok([file]) => Ok(Command::Rotate(Args { file: file.into(), limits, keep, mode })),
        Err(files) => Err(format!("one file is needed, not {}", files.len())),
    }
}

fn size(text: &str) -> Result<u64, String> {
    let size = scaled(text, &SIZES).or_else(|| text.parse().ok());
    size.ok_or_else(|| format!("`--max-size` needs a size such as `64K`, not `{text}`"))
}

fn age(text: &str) -> Result<Duration, String> {
    let age = scaled(text, &AGES).map(Duration::from_secs);
    age.ok_or_else(|| format!("`--max-age` needs a time such as `7d`, not `{text}`"))
}

/// A number with one of these units behind it.
fn scaled(text: &str, units: &[(&str, u64)]) -> Option<u64> {
    let (number, scale) = units.iter().find_map(|(unit, scale)| Some((text.strip_suffix(unit)?, scale)))?;
    number.parse::<u64>().ok()?.checked_mul(*scale)
}

fn number(text: &str) -> Result<u32, String> {
    let number = text.parse().ok().filter(|number| (1..=MAX_KEEP).contains(number));
    number.ok_or_else(|| format!("`--keep` needs a number from 1 to {MAX_KEEP}, not `{text}`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse_words(words: &str) -> Result<Command, String> {
        parse(words.split_whitespace().map(String::from))
    }

    #[test]
    fn limits_have_units() {
        let limits = Limits { size: Some(64 << 10), age: Some(Duration::from_secs(7 * 86_400)) };
        let expected = Args { file: "a.log".into(), limits, keep: 2, mode: Mode::DryRun };
        assert_eq!(parse_words("--max-size 64K --max-age 7d --keep 2 --dry-run a.log"), Ok(Command::Rotate(expected)));
        assert_eq!((size("500"), size("1G")), (Ok(500), Ok(1 << 30)));
    }

    #[test]
    fn a_limit_and_one_file_are_needed() {
        assert_eq!(parse_words("a.log"), Err("`--max-size` or `--max-age` is needed".into()));
        assert_eq!(parse_words("--max-size 1"), Err("one file is needed, not 0".into()));
        assert_eq!(parse_words("--max-size 1 a b"), Err("one file is needed, not 2".into()));
    }

    #[test]
    fn a_wrong_value_is_named() {
        for text in ["", "x", "-1", "1T", "18446744073709551615K"] {
            assert_eq!(size(text), Err(format!("`--max-size` needs a size such as `64K`, not `{text}`")));
        }
        assert_eq!(age("7"), Err("`--max-age` needs a time such as `7d`, not `7`".into()));
        assert!(number("1000").is_ok() && number("1001").is_err() && number("0").is_err());
    }
}
