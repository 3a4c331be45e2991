//! The command line, as typed and as meant.

use crate::alphabet::Alphabet;

/// What `--help` prints.
pub const HELP: &str = "\
Makes passwords and passphrases from random bytes.

Usage: passgen [--length N] [--count N] [--alphabet WHICH] [--seed N]

  --length N        letters of a password (default: 20), words of a passphrase (default: 6)
  --count N         how many (default: 1)
  --alphabet WHICH  `alnum` (default), `letters`, `digits`, `hex`, `symbols`, `words` for a passphrase,
                    or letters of your own: `=abc123`
  --seed N          the same each time, for tests: anybody can predict them
";

/// The longest password. A longer one is no safer, and memory has an end.
const MAX_LENGTH: usize = 1024;
/// The most of one run, for the same reason.
const MAX_COUNT: usize = 1000;

/// What the user wants.
#[derive(Debug, PartialEq, Eq)]
pub enum Command {
    /// Print [`HELP`].
    Help,
    /// Make passwords.
    Make(Args),
}

/// Which passwords to make.
#[derive(Debug, PartialEq, Eq)]
pub struct Args {
    /// Letters or words of each.
    pub length: usize,
    /// How many.
    pub count: usize,
    /// What they are made of.
    pub alphabet: Alphabet,
    /// Where the numbers come from, if not from the host.
    pub seed: Option<u64>,
}

/// Reads the arguments after the program's name.
///
/// # Errors
/// One line that says which argument is wrong.
pub fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Command, String> {
    let (mut length, mut alphabet) = (None, Alphabet::default());
    let (mut count, mut seed) = (1, None);
    while let Some(flag) = arguments.next() {
        let mut value = || arguments.next().ok_or_else(|| format!("`{flag}` needs a value"));
        match flag.as_str() {
            "--help" | "-h" => return Ok(Command::Help),
            "--length" => length = Some(number(&flag, &value()?, MAX_LENGTH)?),
            "--count" => count = number(&flag, &value()?, MAX_COUNT)?,
            "--alphabet" => alphabet = Alphabet::parse(&value()?)?,
            "--seed" => seed = Some(value()?.parse().map_err(|_| "`--seed` needs a number of 64 bits")?),
            _ => return Err(format!("unknown argument `{flag}`")),
        }
    }
    let length = length.unwrap_or(alphabet.usual_length());
    Ok(Command::Make(Args { length, count, alphabet, seed }))
}

fn number(flag: &str, text: &str, most: usize) -> Result<usize, String> {
    let number = text.parse().ok().filter(|number| (1..=most).contains(number));
    number.ok_or_else(|| format!("`{flag}` needs a number from 1 to {most}, not `{text}`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse_words(words: &str) -> Result<Command, String> {
        parse(words.split_whitespace().map(String::from))
    }

    #[test]
    fn the_usual_length_is_that_of_the_alphabet() {
        let usual = |length, alphabet| Ok(Command::Make(Args { length, count: 1, alphabet, seed: None }));
        assert_eq!(parse_words(""), usual(20, Alphabet::default()));
        assert_eq!(parse_words("--alphabet words"), usual(6, Alphabet::Words));
        assert_eq!(parse_words("--length 7 --alphabet words"), usual(7, Alphabet::Words));
    }

    #[test]
    fn sizes_have_bounds() {
        assert!(parse_words("--length 1024 --count 1000").is_ok());
        assert_eq!(parse_words("--length 1025"), Err("`--length` needs a number from 1 to 1024, not `1025`".into()));
        assert_eq!(parse_words("--count 0"), Err("`--count` needs a number from 1 to 1000, not `0`".into()));
        assert!(parse_words("--count 1001").is_err());
    }

    #[test]
    fn a_wrong_argument_is_named() {
        assert_eq!(parse_words("--lenght 3"), Err("unknown argument `--lenght`".into()));
        assert_eq!(parse_words("--seed"), Err("`--seed` needs a value".into()));
    }
}
