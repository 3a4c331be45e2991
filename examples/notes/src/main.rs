//! Keeps notes in a database, which the operator names: SQLite, or PostgreSQL when it grows. The program does not know which.

mod args;
mod store;
#[cfg(test)]
mod tests;

use std::io::{self, Write};
use std::process::ExitCode;

use caphost_sdk::{Error, ErrorKind, env};

use args::{Action, Command};
use store::{Note, Store};

/// Did what was asked for.
const DONE: u8 = 0;
/// The database refused it, or there is no such note.
const FAILED: u8 = 1;
/// The command line made no sense.
const USAGE: u8 = 2;

fn main() -> ExitCode {
    let code = match args::parse(env::args().skip(1)) {
        Ok(Command::Help) => print(args::HELP),
        Ok(Command::Notes(database, action)) => run(&database, action),
        Err(problem) => {
            eprintln!("notes: {problem}\nhint: `notes --help` lists what it takes");
            USAGE
        }
    };
    ExitCode::from(code)
}

fn run(database: &str, action: Action) -> u8 {
    match Store::open(database).and_then(|store| answer(&store, action)) {
        Ok(text) => print(&text),
        Err(error) => {
            eprintln!("notes: {error}");
            if is_without_tables(&error) {
                eprintln!("hint: `notes init` makes the tables");
            }
            FAILED
        }
    }
}

/// What an action has to say.
fn answer(store: &Store, action: Action) -> Result<String, Error> {
    Ok(match action {
        Action::Init => store.init().map(|()| "made the tables\n".to_owned())?,
        Action::Add(title, text) => format!("note {}\n", store.add(&title, &text)?),
        Action::List => lines(&store.list()?),
        Action::Show(id) => {
            let note = store.get(id)?.ok_or(ErrorKind::NotFound)?;
            format!("# {}\n{}\ntags: {}\n", note.title, note.body, store.tags_of(id)?.join(", "))
        }
        Action::Search(text) => lines(&store.search(&text)?),
        Action::Tag(id, tags) => found(store.tag(id, &tags)?).map(|()| format!("tagged note {id}\n"))?,
        Action::Tagged(tag) => lines(&store.tagged(&tag)?),
        Action::Tags => store.tags()?.iter().map(|(name, count)| format!("{count:>6}  {name}\n")).collect(),
        Action::Remove(id) => found(store.remove(id)?).map(|()| format!("removed note {id}\n"))?,
    })
}

fn lines(notes: &[Note]) -> String {
    notes.iter().map(|note| format!("{:>6}  {}\n", note.id, note.title)).collect()
}

fn found(is_there: bool) -> Result<(), Error> {
    if is_there { Ok(()) } else { Err(ErrorKind::NotFound.into()) }
}

/// SQLite's plain error, and PostgreSQL's `undefined_table`.
fn is_without_tables(error: &Error) -> bool {
    matches!(error.sql_code(), Some("1" | "42P01"))
}

/// A reader that went away (`notes list | head`) is no failure of ours.
fn print(text: &str) -> u8 {
    match io::stdout().write_all(text.as_bytes()) {
        Ok(()) => DONE,
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => DONE,
        Err(error) => {
            eprintln!("notes: cannot write to standard output: {error}");
            FAILED
        }
    }
}
