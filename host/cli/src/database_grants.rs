//! `caphost db grants`: the SQL of a role of PostgreSQL that may do what is granted, so that the server holds a guest, too.
//! Invariant: every name in it is quoted, whatever it holds; nothing is granted that the policy does not allow.

use crate::args::DbGrantsArguments;
use crate::authority::{Authority, Options};
use crate::databases::{self, Rights, Tables};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output;
use crate::report::Reporter;
use caphost::caps::db::{PostgresSource, Source};
use caphost::policy::DatabaseLimits;
use caphost::policy::visible::is_unprintable;
use std::fmt::{self, Write};
use std::time::Duration;

/// The longest name that PostgreSQL keeps whole, in bytes.
const MAX_NAME: usize = 63;

/// Prints the SQL.
pub(crate) fn print(arguments: DbGrantsArguments, reporter: Reporter) -> Result<Exit, Failure> {
    let options = Options {
        authority: arguments.authority,
        databases: arguments.databases,
        database_limits: arguments.limits,
        ..Options::default()
    };
    let authority = Authority::read(options, None)?;
    let policy = authority.policy();
    let read = databases::read(authority.databases(), &policy, &authority.origins(&policy))?;
    let name = arguments.name;
    let postgres = match read.settings.get(&name) {
        Some(Source::Postgres(postgres)) => postgres,
        Some(Source::Sqlite(_)) => {
            return Err(Failure::usage(format!("db: `{name}` is of SQLite, which has no roles")));
        }
        None => return Err(Failure::usage("db: no `--db` and no manifest names this database")),
    };
    let rights = Rights::of(&policy, &name);
    if rights.is_empty() {
        return Err(Failure::usage(format!("db: nothing of `{name}` is granted; say what with `--allow`")));
    }
    read.notes.iter().for_each(|note| reporter.tell(note));
    let role = arguments.role.unwrap_or_else(|| format!("caphost_{name}"));
    let script = Script { role: &role, postgres, rights: &rights, limits: &policy.limits().databases };
    script.check().map_err(|reason| Failure::usage(format!("db: {reason}")))?;
    output::print(&script.to_string())?;
    Ok(Exit::Success)
}

/// Everything that the SQL is made of. Displayed it is the SQL.
struct Script<'a> {
    role: &'a str,
    postgres: &'a PostgresSource,
    rights: &'a Rights,
    limits: &'a DatabaseLimits,
}

impl Script<'_> {
    /// Refuses names that the server would cut, and those that a terminal would not show as they are.
    fn check(&self) -> Result<(), &'static str> {
        for name in [self.role, self.postgres.database(), self.postgres.schema()] {
            if name.is_empty() || name.len() > MAX_NAME {
                return Err("the name of a role, database or schema has 1 to 63 bytes");
            }
            if name.chars().any(is_unprintable) {
                return Err("the name of the role, database or schema holds a character that cannot be shown");
            }
        }
        Ok(())
    }

    fn role(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (role, database, schema) = (Name(self.role), Name(self.postgres.database()), Name(self.postgres.schema()));
        let connections = self.limits.connections;
        writeln!(f, "-- A role for caphost. Give it a password afterwards: \\password")?;
        writeln!(
            f,
            "CREATE ROLE {role} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS NOINHERIT \
             CONNECTION LIMIT {connections};"
        )?;
        let set = |f: &mut fmt::Formatter<'_>, setting: &str| {
            writeln!(f, "ALTER ROLE {role} IN DATABASE {database} SET {setting};")
        };
        let time = milliseconds(self.limits.statement_time);
        set(f, "search_path = pg_catalog, pg_temp")?;
        set(f, &format!("statement_timeout = '{time}ms'"))?;
        set(f, &format!("lock_timeout = '{time}ms'"))?;
        if !self.rights.writes_any() {
            set(f, "default_transaction_read_only = on")?;
        }
        writeln!(f, "GRANT CONNECT ON DATABASE {database} TO {role};")?;
        writeln!(f, "GRANT USAGE ON SCHEMA {schema} TO {role};")
    }

    fn tables(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (role, schema) = (Name(self.role), Name(self.postgres.schema()));
        for (tables, rights) in [(&self.rights.read, "SELECT"), (&self.rights.write, "INSERT, UPDATE, DELETE")] {
            match tables {
                Tables::All { but } => {
                    writeln!(f, "GRANT {rights} ON ALL TABLES IN SCHEMA {schema} TO {role};")?;
                    self.without(f, rights, but)?;
                }
                Tables::These(names) => names
                    .iter()
                    .try_for_each(|table| writeln!(f, "GRANT {rights} ON TABLE {schema}.{} TO {role};", Name(table)))?,
            }
        }
        Ok(())
    }

    /// Takes back what deny rules cover, in any case: as they do.
    fn without(&self, f: &mut fmt::Formatter<'_>, rights: &str, denied: &[String]) -> fmt::Result {
        if denied.is_empty() {
            return Ok(());
        }
        let names: Vec<_> = denied.iter().map(|name| Text(&name.to_ascii_lowercase()).to_string()).collect();
        let body = format!(
            "\nDECLARE t pg_catalog.regclass;\nBEGIN\n  FOR t IN SELECT c.oid FROM pg_catalog.pg_class c \
             JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace\n    \
             WHERE n.nspname = {} AND pg_catalog.lower(c.relname) = ANY (ARRAY[{}])\n      \
             AND c.relkind IN ('r', 'p', 'v', 'm', 'f')\n  \
             LOOP EXECUTE pg_catalog.format({}, t); END LOOP;\nEND\n",
            Text(self.postgres.schema()),
            names.join(", "),
            Text(&format!("REVOKE {rights} ON TABLE %s FROM {}", escaped_for_format(&Name(self.role).to_string()))),
        );
        writeln!(f, "-- What is denied, and any name that differs in case only.")?;
        writeln!(f, "{}", Block(&body))
    }

    /// The sequences behind columns that number their rows (`serial`). Identity columns need nothing.
    fn sequences(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (role, schema) = (Name(self.role), Name(self.postgres.schema()));
        let tables = match &self.rights.write {
            Tables::All { .. } => return writeln!(f, "GRANT USAGE ON ALL SEQUENCES IN SCHEMA {schema} TO {role};"),
            Tables::These(names) if names.is_empty() => return Ok(()),
            Tables::These(names) => names,
        };
        let tables: Vec<_> =
            tables.iter().map(|table| Text(&format!("{schema}.{}", Name(table))).to_string()).collect();
        let body = format!(
            "\nDECLARE s pg_catalog.regclass;\nBEGIN\n  FOR s IN SELECT d.objid FROM pg_catalog.pg_depend d \
             JOIN pg_catalog.pg_class c ON c.oid = d.objid\n    \
             WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass \
             AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass\n      \
             AND c.relkind = 'S' AND d.deptype = 'a' AND d.refobjid = ANY (ARRAY[{}]::pg_catalog.regclass[])\n  \
             LOOP EXECUTE pg_catalog.format({}, s); END LOOP;\nEND\n",
            tables.join(", "),
            Text(&format!("GRANT USAGE ON SEQUENCE %s TO {}", escaped_for_format(&role.to_string()))),
        );
        writeln!(f, "-- The sequences behind serial columns; identity columns need nothing.")?;
        writeln!(f, "{}", Block(&body))
    }

    /// What concerns others, too, and is left to the reader.
    fn advice(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (database, schema) = (Name(self.postgres.database()), Name(self.postgres.schema()));
        writeln!(f, "-- These concern every role. Without them this one has what everybody has:")?;
        writeln!(f, "-- REVOKE TEMPORARY ON DATABASE {database} FROM PUBLIC;")?;
        writeln!(f, "-- REVOKE CREATE ON SCHEMA {schema} FROM PUBLIC;  -- before PostgreSQL 15")?;
        writeln!(f, "-- REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA {schema} FROM PUBLIC;")
    }
}

impl fmt::Display for Script<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "BEGIN;")?;
        self.role(f)?;
        if self.rights.defines() {
            writeln!(f, "GRANT CREATE ON SCHEMA {} TO {};", Name(self.postgres.schema()), Name(self.role))?;
        }
        self.tables(f)?;
        self.sequences(f)?;
        writeln!(f, "COMMIT;")?;
        self.advice(f)
    }
}

/// An identifier, quoted.
#[derive(Clone, Copy)]
struct Name<'a>(&'a str);

impl fmt::Display for Name<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.0.replace('"', "\"\""))
    }
}

/// A literal of text, whatever `standard_conforming_strings` says.
struct Text<'a>(&'a str);

impl fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let quoted = self.0.replace('\'', "''");
        if quoted.contains('\\') { write!(f, "E'{}'", quoted.replace('\\', "\\\\")) } else { write!(f, "'{quoted}'") }
    }
}

/// A block of code, between marks that do not stand in it.
struct Block<'a>(&'a str);

impl fmt::Display for Block<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut mark = "$caphost$".to_owned();
        while self.0.contains(&mark) {
            mark.pop();
            mark.write_str("_$")?;
        }
        write!(f, "DO {mark}{}{mark};", self.0)
    }
}

/// For the first argument of `format`.
fn escaped_for_format(text: &str) -> String {
    text.replace('%', "%%")
}

/// PostgreSQL counts them in 31 bits; 0 would be no limit.
fn milliseconds(time: Duration) -> u128 {
    time.as_millis().clamp(1, u128::from(i32::MAX.unsigned_abs()))
}

#[cfg(test)]
mod tests;
