//! The command line, as typed and as meant.

use std::path::PathBuf;

/// What `--help` prints.
pub const HELP: &str = "\
Reports lines, words and bytes of text files, and their most frequent words.

Usage: word-report [--top N] [--output FILE] [PATH]...

  PATH           a file, or a directory to walk (default: `.`)
  --top N        how many words to list (default: 5)
  --output FILE  write the report there and not to standard output
";

/// How many words are listed unless `--top` says otherwise.
const DEFAULT_TOP: usize = 5;

/// What the user wants.
#[derive(Debug, PartialEq, Eq)]
pub enum Command {
    /// Print [`HELP`].
    Help,
    /// Make a report.
    Report(Args),
}

/// What to report on, and where to.
#[derive(Debug, PartialEq, Eq)]
pub struct Args {
    /// Files and directories, never empty.
    pub roots: Vec<PathBuf>,
    /// How many frequent words are listed.
    pub top: usize,
    /// Where the report goes; standard output when absent.
    pub output: Option<PathBuf>,
}

/// Reads the arguments after the program's name.
///
/// # Errors
/// One line that says which argument is wrong.
pub fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Command, String> {
    let mut args = Args { roots: Vec::new(), top: DEFAULT_TOP, output: None };
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--help" | "-h" => return Ok(Command::Help),
            "--top" => args.top = number(&value_of("--top", &mut arguments)?)?,
            "--output" => args.output = Some(value_of("--output", &mut arguments)?.into()),
            "--" => args.roots.extend(arguments.by_ref().map(PathBuf::from)),
            flag if flag.starts_with('-') => return Err(format!("unknown flag `{flag}`")),
            path => args.roots.push(path.into()),
        }
    }
    if args.roots.is_empty() {
        args.roots.push(".".into());
    }
    Ok(Command::Report(args))
}

fn value_of(flag: &str, arguments: &mut impl Iterator<Item = String>) -> Result<String, String> {
    arguments.next().ok_or_else(|| format!("`{flag}` needs a value"))
}

fn number(text: &str) -> Result<usize, String> {
    text.parse().map_err(|_| format!("`--top` needs a number, not `{text}`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse_words(words: &str) -> Result<Command, String> {
        parse(words.split_whitespace().map(String::from))
    }

    #[test]
    fn nothing_means_the_current_directory() {
        let expected = Args { roots: vec![".".into()], top: DEFAULT_TOP, output: None };
        assert_eq!(parse_words(""), Ok(Command::Report(expected)));
    }

    #[test]
    fn flags_take_values_and_paths_keep_their_order() {
        let expected = Args { roots: vec!["a".into(), "-b".into()], top: 3, output: Some("out".into()) };
        assert_eq!(parse_words("a --top 3 --output out -- -b"), Ok(Command::Report(expected)));
    }

    #[test]
    fn a_wrong_flag_is_named() {
        assert_eq!(parse_words("--tpo 3"), Err("unknown flag `--tpo`".into()));
        assert_eq!(parse_words("--top"), Err("`--top` needs a value".into()));
        assert_eq!(parse_words("--top many"), Err("`--top` needs a number, not `many`".into()));
    }
}
