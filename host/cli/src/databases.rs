//! What `--db` means. Invariant: what is wrong is said all at once, and no message holds a part of an address.

mod address;
mod rights;

pub(crate) use self::rights::{Rights, Tables};

use self::address::Address;
use crate::args::{DatabaseArguments, DatabaseLimitArguments};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::report::Message;
use anyhow::Context;
use caphost::caps::ambient::{self, HostAuthority};
use caphost::caps::db::{DatabaseError, DatabaseSettings, Source};
use caphost::policy::codes::Code;
use caphost::policy::visible::escape;
use caphost::policy::{DatabaseLimits, Policy, Rule, Scope, TableScope};

/// Databases, read.
#[derive(Debug, Default)]
pub(crate) struct Databases {
    pub(crate) settings: DatabaseSettings,
    /// What the operator should know of them.
    pub(crate) notes: Vec<Message>,
}

/// What `arguments` mean, whatever the rules on them are and whether the places of files can be used.
///
/// # Errors
/// A usage error: everything that cannot be read of them.
pub(crate) fn parse(arguments: &DatabaseArguments) -> Result<DatabaseSettings, Failure> {
    let Read { databases, unreadable } = read_all(&arguments.db);
    if unreadable.is_empty() {
        return Ok(databases.settings);
    }
    Err(Failure { exit: Exit::Usage, messages: unreadable.into_iter().map(|(_, message)| message).collect() })
}

/// What is wrong with `settings`, and with the rules of `policy` on them.
pub(crate) fn problems(settings: &DatabaseSettings, policy: &Policy) -> Result<Vec<DatabaseError>, Failure> {
    let directory =
        ambient::working_directory(HostAuthority::claim()).context("failed to find the working directory")?;
    Ok(settings.problems(policy, &directory, HostAuthority::claim()))
}

/// What `arguments` mean, under `policy`.
///
/// # Errors
/// Everything that is wrong with them, and with the rules of `policy` on them: one message each. A usage error if any of them cannot
/// be read, else a refusal.
pub(crate) fn read(arguments: &DatabaseArguments, policy: &Policy) -> Result<Databases, Failure> {
    let Read { mut databases, unreadable } = read_all(&arguments.db);
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
    let unreadable = unreadable.into_iter().map(|(_, message)| message);
    Err(Failure { exit, messages: unreadable.chain(problems.iter().map(problem)).collect() })
}

/// The message about something that is wrong with a database, or with a rule on one.
pub(crate) fn problem(error: &DatabaseError) -> Message {
    let message = Message::new(error.to_string()).code(Code::UnusableGrant);
    if error.rule.is_some() {
        return message.hint(format!("`--db {}=ADDRESS` says what it is", escape(&error.name)));
    }
    message
}

/// What `arguments` set, and the defaults for the rest.
pub(crate) fn limits(arguments: &DatabaseLimitArguments) -> DatabaseLimits {
    let defaults = DatabaseLimits::default();
    DatabaseLimits {
        statement_time: arguments.db_statement_time.unwrap_or(defaults.statement_time),
        rows: arguments.db_rows.or(defaults.rows),
        row_bytes: arguments.db_row_bytes.unwrap_or(defaults.row_bytes),
        result_bytes: arguments.db_result_bytes.or(defaults.result_bytes),
        connections: arguments.db_connections.unwrap_or(defaults.connections),
        transactions: arguments.db_transactions.unwrap_or(defaults.transactions),
    }
}

/// The options that could be read, and for each of the others its name, empty if it has none, and what is wrong.
#[derive(Default)]
struct Read {
    databases: Databases,
    unreadable: Vec<(String, Message)>,
}

fn read_all(options: &[String]) -> Read {
    let mut read = Read::default();
    let mut names: Vec<&str> = Vec::new();
    for (index, option) in options.iter().enumerate() {
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
        match address::read(address) {
            Ok(address) => read.take(name, address),
            Err(reason) => read.refuse(name, &format!("--db: `{name}`: {reason}")),
        }
    }
    read
}

impl Read {
    fn take(&mut self, name: &str, Address { source, origin, is_password_seen }: Address) {
        if is_password_seen {
            let note = format!("other users of this machine can see the password of `{name}` on the command line");
            let hint = format!("`--db {name}=env:VARIABLE` and `--db {name}=file:PATH` keep it from them");
            self.databases.notes.push(Message::note(note).hint(hint));
        }
        if let Some(origin) = origin {
            self.databases.settings.hide(origin);
        }
        self.databases.settings.insert(name, source);
    }

    fn refuse(&mut self, name: &str, text: &str) {
        self.unreadable.push((name.to_owned(), Message::new(text)));
    }
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
fn unused(settings: &DatabaseSettings, policy: &Policy) -> Vec<Message> {
    let unused = settings.iter().map(|(name, _)| name).filter(|name| Rights::of(policy, name).is_empty());
    let note = |name| Message::note(format!("nothing of the database `{name}` is granted"));
    unused.map(|name| note(name).hint(format!("--allow db.read:{name}"))).collect()
}

/// Whether a rule is about a database, or about all of them.
fn is_about(rule: &Rule, name: &str, is_same: fn(&str, &str) -> bool) -> bool {
    match &rule.scope {
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
