//! The command line, as typed and as meant.

/// What `--help` prints.
pub const HELP: &str = "\
Prints the configuration that stands in environment variables, secrets masked.

Usage: config-print [--prefix PREFIX] [--reveal] [NAME]...

  NAME             a variable; without any, all that begin with the prefix
  --prefix PREFIX  the prefix (default: `APP_`)
  --reveal         print secrets as they are
";

/// The prefix unless `--prefix` says otherwise.
const DEFAULT_PREFIX: &str = "APP_";

/// What the user wants.
#[derive(Debug, PartialEq, Eq)]
pub enum Command {
    /// Print [`HELP`].
    Help,
    /// Print variables.
    Print(Args),
}

/// Which variables, and how.
#[derive(Debug, PartialEq, Eq)]
pub struct Args {
    /// Which.
    pub selection: Selection,
    /// What becomes of secrets.
    pub secrets: Secrets,
}

/// Which variables are printed.
#[derive(Debug, PartialEq, Eq)]
pub enum Selection {
    /// All whose names begin with this.
    Prefix(String),
    /// These, in this order.
    Names(Vec<String>),
}

/// What becomes of a value that looks like a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Secrets {
    /// It is not printed.
    Masked,
    /// It is printed as it is.
    Revealed,
}

/// Reads the arguments after the program's name.
///
/// # Errors
/// One line that says which argument is wrong.
pub fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Command, String> {
    let (mut prefix, mut names, mut secrets) = (DEFAULT_PREFIX.to_owned(), Vec::new(), Secrets::Masked);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--help" | "-h" => return Ok(Command::Help),
            "--prefix" => prefix = arguments.next().ok_or("`--prefix` needs a value")?,
            "--reveal" => secrets = Secrets::Revealed,
            "--" => names.extend(arguments.by_ref()),
            flag if flag.starts_with('-') => return Err(format!("unknown flag `{flag}`")),
            _ => names.push(argument),
        }
    }
    let selection = if names.is_empty() { Selection::Prefix(prefix) } else { Selection::Names(names) };
    Ok(Command::Print(Args { selection, secrets }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse_words(words: &str) -> Result<Command, String> {
        parse(words.split_whitespace().map(String::from))
    }

    #[test]
    fn without_names_it_is_the_prefix() {
        let masked = |prefix: &str| Args { selection: Selection::Prefix(prefix.to_owned()), secrets: Secrets::Masked };
        assert_eq!(parse_words(""), Ok(Command::Print(masked("APP_"))));
        assert_eq!(parse_words("--prefix DB_"), Ok(Command::Print(masked("DB_"))));
    }

    #[test]
    fn names_keep_their_order() {
        let names = vec!["B".to_owned(), "A".to_owned()];
        let expected = Args { selection: Selection::Names(names), secrets: Secrets::Revealed };
        assert_eq!(parse_words("B --reveal A"), Ok(Command::Print(expected)));
    }

    #[test]
    fn a_wrong_flag_is_named() {
        assert_eq!(parse_words("--show"), Err("unknown flag `--show`".into()));
        assert_eq!(parse_words("--prefix"), Err("`--prefix` needs a value".into()));
    }
}
