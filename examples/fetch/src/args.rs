//! The command line.

/// What `--help` prints.
pub(crate) const HELP: &str = "\
Asks for a URL, and prints what comes back

Usage: fetch [OPTIONS] URL

Options:
  --header 'NAME: VALUE'  Send this header too; can be given again
  --post TEXT             Send this text with POST, instead of asking with GET
  --help                  Print this
";

/// What is asked of the program.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Command {
    /// Say how it is used.
    Help,
    /// Ask for something.
    Fetch(Args),
}

/// A request.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Args {
    /// What is asked for.
    pub(crate) url: String,
    /// What is sent beside it.
    pub(crate) headers: Vec<(String, String)>,
    /// The body, if it is a POST.
    pub(crate) post: Option<String>,
}

/// Reads the words behind the name of the program.
///
/// # Errors
/// Says what makes no sense.
pub(crate) fn parse(mut words: impl Iterator<Item = String>) -> Result<Command, String> {
    let mut args = Args::default();
    while let Some(word) = words.next() {
        let mut value = || words.next().ok_or_else(|| format!("`{word}` needs a value"));
        match word.as_str() {
            "--help" => return Ok(Command::Help),
            "--header" => args.headers.push(header(&value()?)?),
            "--post" => args.post = Some(value()?),
            option if option.starts_with('-') => return Err(format!("there is no option `{option}`")),
            _ if args.url.is_empty() => args.url = word,
            _ => return Err("there is more than one URL".to_owned()),
        }
    }
    if args.url.is_empty() { Err("there is no URL".to_owned()) } else { Ok(Command::Fetch(args)) }
}

fn header(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once(':').ok_or_else(|| format!("`{text}` is no header: it has no `:`"))?;
    Ok((name.trim().to_owned(), value.trim().to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &[&str]) -> Result<Command, String> {
        parse(line.iter().map(|word| (*word).to_owned()))
    }

    #[test]
    fn a_request_is_read() {
        let args = Args {
            url: "https://a.test/".to_owned(),
            headers: vec![("accept".to_owned(), "text/plain".to_owned())],
            post: Some("x".to_owned()),
        };
        let line = ["--header", "accept: text/plain", "https://a.test/", "--post", "x"];
        assert_eq!(parsed(&line), Ok(Command::Fetch(args)));
    }

    #[test]
    fn what_makes_no_sense_is_an_error() {
        for line in [&[][..], &["--post"], &["--header", "x", "u"], &["--get", "u"], &["u", "v"]] {
            assert!(parsed(line).is_err(), "{line:?}");
        }
    }
}
