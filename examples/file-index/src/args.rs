//! The command line, as typed and as meant.

use std::path::PathBuf;

/// What `--help` prints.
pub const HELP: &str = "\
Lists SHA-256, size and path of every file under a directory, sorted by path.

Usage: file-index [--output FILE] [PATH]...

  PATH           a directory to walk, or a file (default: `.`, everything that is granted)
  --output FILE  write the index there and not to standard output
";

/// What the user wants.
#[derive(Debug, PartialEq, Eq)]
pub enum Command {
    /// Print [`HELP`].
    Help,
    /// Make an index.
    Index(Args),
}

/// What to index, and where to.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Args {
    /// Directories and files, never empty.
    pub roots: Vec<PathBuf>,
    /// Where the index goes; standard output when absent.
    pub output: Option<PathBuf>,
}

/// Reads the arguments after the program's name.
///
/// # Errors
/// One line that says which argument is wrong.
pub fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Command, String> {
    let mut args = Args::default();
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--help" | "-h" => return Ok(Command::Help),
            "--output" => args.output = Some(arguments.next().ok_or("`--output` needs a value")?.into()),
            "--" => args.roots.extend(arguments.by_ref().map(PathBuf::from)),
            flag if flag.starts_with('-') => return Err(format!("unknown flag `{flag}`")),
            path => args.roots.push(path.into()),
        }
    }
    if args.roots.is_empty() {
        args.roots.push(".".into());
    }
    Ok(Command::Index(args))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse_words(words: &str) -> Result<Command, String> {
        parse(words.split_whitespace().map(String::from))
    }

    #[test]
    fn flags_take_values_and_paths_keep_their_order() {
        let expected = Args { roots: vec!["b".into(), "-a".into()], output: Some("out".into()) };
        assert_eq!(parse_words("b --output out -- -a"), Ok(Command::Index(expected)));
        assert_eq!(parse_words(""), Ok(Command::Index(Args { roots: vec![".".into()], output: None })));
    }

    #[test]
    fn a_wrong_flag_is_named() {
        assert_eq!(parse_words("--sort size"), Err("unknown flag `--sort`".into()));
        assert_eq!(parse_words("--output"), Err("`--output` needs a value".into()));
    }
}
