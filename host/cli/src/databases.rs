//! What `--db` means. Invariant: what is wrong is said all at once, and no message holds a part of an address.

mod address;
mod rights;

pub(crate) use self::rights::{Rights, Tables};

use self::address::Address;
use crate::args::DatabaseArguments;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::origins::{Origins, is_of_file};
use crate::report::Message;
use anyhow::Context;
use caphost::caps::ambient::{self, HostAuthority};
use caphost::caps::db::{DatabaseError, DatabaseSettings, Source};
use caphost::manifest::{DatabasePlace, Declared, Origin};
use caphost::policy::codes::Code;
use caphost::policy::visible::escape;
use caphost::policy::{Policy, Scope, TableScope};
use std::collections::{BTreeMap, HashMap};
use std::path::Path;

/// Databases as they are given: by `--db` and in a manifest. Of one name, the option holds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct GivenDatabases<'a> {
    pub(crate) options: &'a DatabaseArguments,
    pub(crate) declared: &'a [Declared<(String, DatabasePlace)>],
    /// Where the manifest lies.
    pub(crate) directory: &'a Path,
}

/// Databases, read.
#[derive(Debug, Default)]
pub(crate) struct Databases {
    pub(crate) settings: DatabaseSettings,
    /// By name, where each was given.
    pub(crate) origins: BTreeMap<String, Origin>,
    /// What the operator should know of them.
    pub(crate) notes: Vec<Message>,
}

/// What is `given`, whatever the rules on them are and whether the places of files can be used.
///
/// # Errors
/// A usage error: everything that cannot be read of them.
pub(crate) fn parse(given: GivenDatabases<'_>) -> Result<Databases, Failure> {
    let Read { databases, unreadable } = read_all(given);
    if unreadable.is_empty() {
        return Ok(databases);
    }
    Err(Failure { exit: Exit::Usage, messages: unreadable.into_iter().map(|(_, message)| message).collect() })
}

/// What is wrong with `settings`, and with the rules of `policy` on them.
pub(crate) fn problems(settings: &DatabaseSettings, policy: &Policy) -> Result<Vec<DatabaseError>, Failure> {
    let directory =
        ambient::working_directory(HostAuthority::claim()).context("failed to find the working directory")?;
    Ok(settings.problems(policy, &directory, HostAuthority::claim()))
}

/// What is `given`, under `policy`.
///
/// # Errors
/// Everything that is wrong with them, and with the rules of `policy` on them: one message each. A usage error if any of them cannot
/// be read, else a refusal.
pub(crate) fn read(given: GivenDatabases<'_>, policy: &Policy, origins: &Origins) -> Result<Databases, Failure> {
    let Read { mut databases, unreadable } = read_all(given);
    let mut problems = problems(&databases.settings, policy)?;
    // A name whose address cannot be read is there all the same, for rules on it.
    let is_given =
        |problem: &DatabaseError| unreadable.iter().any(|(name, _)| name.eq_ignore_ascii_case(&problem.name));
    problems.retain(|problem| problem.rule.is_none() || !is_given(problem));
    if unreadable.is_empty() && problems.is_empty() {
        databases.notes.extend(unused(&databases.settings, policy));
        return Ok(databases);
    }
    let exit = if unreadable.is_empty() { Exit::Refused } else { Exit::Usage };
    let places = origins.in_manifest();
    let unreadable = unreadable.into_iter().map(|(_, message)| message);
    Err(Failure { exit, messages: unreadable.chain(problems.iter().map(|error| problem(error, &places))).collect() })
}

/// The message about something that is wrong with a database, or with a rule on one; `places` are those of rules in a manifest.
pub(crate) fn problem(error: &DatabaseError, places: &HashMap<String, &Origin>) -> Message {
    let Some(rule) = &error.rule else { return Message::new(error.to_string()).code(Code::UnusableGrant) };
    let name = escape(&error.name);
    let (text, hint) = match places.get(rule) {
        Some(origin) => {
            (format!("{origin}: {error}"), format!("`[db.{name}]` there, or `--db {name}=ADDRESS`, says what it is"))
        }
        None => (error.to_string(), format!("`--db {name}=ADDRESS` says what it is")),
    };
    Message::new(text).code(Code::UnusableGrant).hint(hint)
}

/// The options that could be read, and for each of the others its name, empty if it has none, and what is wrong.
#[derive(Default)]
struct Read {
    databases: Databases,
    unreadable: Vec<(String, Message)>,
}

fn read_all(given: GivenDatabases<'_>) -> Read {
    let mut read = Read::default();
    let mut names: Vec<&str> = Vec::new();
    for (index, option) in given.options.db.iter().enumerate() {
        let (name, address) = match split(option) {
            Ok(parts) => parts,
            Err(reason) => {
                read.refuse("", &format!("--db, number {}: {reason}", index + 1));
                continue;
            }
        };
        if let Some(known) = names.iter().find(|known| known.eq_ignore_ascii_case(name)) {
            let twice = if *known == name { "is given twice" } else { "is given in two spellings" };
            read.refuse(name, &format!("--db: `{name}` {twice}"));
            continue;
        }
        names.push(name);
        read.put(name, address::read(address), &Origin::option("--db"));
    }
    for Declared { value: (name, place), origin } in given.declared {
        if !names.iter().any(|known| known.eq_ignore_ascii_case(name)) {
            read.put(name, address::of(place, given.directory), origin);
        }
    }
    read
}

impl Read {
    fn put(&mut self, name: &str, address: Result<Address, String>, origin: &Origin) {
        match address {
            Ok(address) => self.take(name, address, origin),
            Err(reason) => self.refuse(name, &format!("{origin}: `{}`: {reason}", escape(name))),
        }
    }

    fn take(&mut self, name: &str, Address { source, origin: found_in, is_password_seen }: Address, origin: &Origin) {
        if is_password_seen {
            self.databases.notes.push(password_is_seen(name, origin));
        }
        if let Some(found_in) = found_in {
            self.databases.settings.hide(found_in);
        }
        self.databases.settings.insert(name, source);
        self.databases.origins.insert(name.to_owned(), origin.clone());
    }

    fn refuse(&mut self, name: &str, text: &str) {
        self.unreadable.push((name.to_owned(), Message::new(text)));
    }
}

fn password_is_seen(name: &str, origin: &Origin) -> Message {
    if is_of_file(origin) {
        let note = format!("the password of `{name}` stands in {origin}");
        return Message::note(note)
            .hint("`url-env = \"VARIABLE\"` and `url-file = \"PATH\"` keep it out of the manifest");
    }
    let note = format!("other users of this machine can see the password of `{name}` on the command line");
    Message::note(note).hint(format!("`--db {name}=env:VARIABLE` and `--db {name}=file:PATH` keep it from them"))
}

/// `NAME=ADDRESS`. What stands for a name and is none is not repeated: it may be an address, with a password in it.
fn split(option: &str) -> Result<(&str, &str), &'static str> {
    const FORM: &str =
        "write `NAME=ADDRESS`, such as `main=sqlite:app.db`; a name is of ASCII letters, digits, `_` and `-`";
    let (name, address) = option.split_once('=').ok_or(FORM)?;
    let is_name = TableScope::parse(name).is_ok_and(|scope| scope.table().is_none());
    if is_name { Ok((name, address)) } else { Err(FORM) }
}

/// A note on each database that nothing is granted of.
pub(crate) fn unused(settings: &DatabaseSettings, policy: &Policy) -> Vec<Message> {
    let unused = settings.iter().map(|(name, _)| name).filter(|name| Rights::of(policy, name).is_empty());
    let note = |name| Message::note(format!("nothing of the database `{name}` is granted"));
    unused.map(|name| note(name).hint(format!("--allow db.read:{name}"))).collect()
}

/// Whether a scope is of a database, or of all of them.
fn is_about(scope: &Scope, name: &str, is_same: fn(&str, &str) -> bool) -> bool {
    match scope {
        Scope::Any => true,
        Scope::Table(scope) => is_same(scope.database(), name),
        _ => false,
    }
}

/// What a database is, for people; never its password.
pub(crate) fn described(source: &Source) -> String {
    use caphost::caps::db::{PostgresHost, SqliteSource};
    let text = match source {
        Source::Sqlite(SqliteSource::Memory) => "SQLite, in memory".to_owned(),
        Source::Sqlite(SqliteSource::File(path)) => format!("SQLite, `{}`", path.display()),
        Source::Postgres(postgres) => {
            let host = match postgres.host() {
                PostgresHost::Name(name) => name.clone(),
                PostgresHost::Address(address) => std::net::SocketAddr::new(*address, postgres.port()).to_string(),
                PostgresHost::Socket(directory) => directory.display().to_string(),
            };
            format!("PostgreSQL, `{}` at `{host}` as `{}`", postgres.database(), postgres.user())
        }
    };
    escape(&text).to_string()
}

#[cfg(test)]
mod tests;
