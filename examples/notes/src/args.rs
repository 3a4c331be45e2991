//! The command line, as typed and as meant.

/// What `--help` prints.
pub const HELP: &str = "\
Keeps notes in a database.

Usage: notes [--database NAME] COMMAND

  init               make the tables
  add TITLE [TEXT]   add a note, and print its number
  list               list all notes
  show NUMBER        print a note and its tags
  search TEXT        list the notes that hold a text
  tag NUMBER TAG...  give a note tags
  tagged TAG         list the notes that have a tag
  tags               list all tags, and how many notes have each
  remove NUMBER      remove a note and its tags

  --database NAME    the name that the operator gave it (default: `main`)
";

/// The database unless `--database` says otherwise.
const DEFAULT_DATABASE: &str = "main";

/// What the user wants.
#[derive(Debug, PartialEq, Eq)]
pub enum Command {
    /// Print [`HELP`].
    Help,
    /// Do something with the notes in the database of this name.
    Notes(String, Action),
}

/// Something to do with notes.
#[derive(Debug, PartialEq, Eq)]
pub enum Action {
    /// Make the tables.
    Init,
    /// Add a note: its title and its text.
    Add(String, String),
    /// List all notes.
    List,
    /// Print one note.
    Show(i64),
    /// List the notes that hold a text.
    Search(String),
    /// Give a note tags.
    Tag(i64, Vec<String>),
    /// List the notes that have a tag.
    Tagged(String),
    /// List all tags.
    Tags,
    /// Remove a note.
    Remove(i64),
}

/// Reads the words behind the program's name.
///
/// # Errors
/// One line that says what makes no sense.
pub fn parse(arguments: impl Iterator<Item = String>) -> Result<Command, String> {
    let mut words: Vec<String> = arguments.collect();
    if words.iter().any(|word| word == "--help" || word == "-h") {
        return Ok(Command::Help);
    }
    let database = database(&mut words)?;
    let (verb, rest) = words.split_first().ok_or("there is no command")?;
    action(verb, rest).map(|action| Command::Notes(database, action))
}

/// Takes `--database NAME` out of the words before the command.
fn database(words: &mut Vec<String>) -> Result<String, String> {
    match words.first().map(String::as_str) {
        Some("--database") if words.len() < 2 => Err("`--database` needs a value".to_owned()),
        Some("--database") => Ok(words.drain(..2).next_back().unwrap_or_default()),
        Some(flag) if flag.starts_with('-') => Err(format!("unknown flag `{flag}`")),
        _ => Ok(DEFAULT_DATABASE.to_owned()),
    }
}

fn action(verb: &str, rest: &[String]) -> Result<Action, String> {
    match (verb, rest) {
        ("init", []) => Ok(Action::Init),
        ("add", [title]) => Ok(Action::Add(line(title)?, String::new())),
        ("add", [title, text]) => Ok(Action::Add(line(title)?, text.clone())),
        ("list", []) => Ok(Action::List),
        ("show", [note]) => Ok(Action::Show(number(note)?)),
        ("search", [text]) => Ok(Action::Search(text.clone())),
        ("tag", [note, tags @ ..]) if !tags.is_empty() => {
            Ok(Action::Tag(number(note)?, tags.iter().map(|tag| line(tag)).collect::<Result<_, _>>()?))
        }
        ("tagged", [tag]) => Ok(Action::Tagged(line(tag)?)),
        ("tags", []) => Ok(Action::Tags),
        ("remove", [note]) => Ok(Action::Remove(number(note)?)),
        ("init" | "add" | "list" | "show" | "search" | "tag" | "tagged" | "tags" | "remove", _) => {
            Err(format!("`{verb}` does not take that"))
        }
        _ => Err(format!("unknown command `{verb}`")),
    }
}

fn number(word: &str) -> Result<i64, String> {
    word.parse().map_err(|_| format!("`{word}` is no number of a note"))
}

/// What stands in a line of a list must not look like two.
fn line(word: &str) -> Result<String, String> {
    let is_one = !word.is_empty() && !word.chars().any(char::is_control);
    if is_one { Ok(word.to_owned()) } else { Err(format!("`{}` is not one line of text", word.escape_debug())) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(words: &[&str]) -> Result<Command, String> {
        parse(words.iter().map(|word| (*word).to_owned()))
    }

    #[test]
    fn a_command_is_read_with_its_database() {
        assert_eq!(parsed(&["list"]), Ok(Command::Notes("main".into(), Action::List)));
        let tag = Action::Tag(7, vec!["home".into(), "--database".into()]);
        assert_eq!(
            parsed(&["--database", "old", "tag", "7", "home", "--database"]),
            Ok(Command::Notes("old".into(), tag))
        );
    }

    #[test]
    fn what_makes_no_sense_is_an_error() {
        let lines = [
            &[][..],
            &["--database"],
            &["--base", "x"],
            &["add"],
            &["show", "x"],
            &["tag", "1"],
            &["eat"],
            &["add", "a\nb"],
        ];
        for words in lines {
            assert!(parsed(words).is_err(), "{words:?}");
        }
    }
}
