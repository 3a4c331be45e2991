//! The role that `caphost db grants` makes: a server takes the SQL, and refuses the role whatever is not granted.

use anyhow::ensure;
use caphost_cluster::{Database, shared};
use caphost_tests::process::{self, Input};
use caphost_tests::programs::Programs;

/// Two tables that count their rows in both ways, one that is denied, and a schema of somebody else.
const TABLES: &str = "create table notes (id bigserial primary key, title text);
    create table tags (id bigint generated always as identity, name text);
    create table \"Secret\" (word text); create table secret (word text);
    create schema other; create table other.t (x int)";

/// A role that is gone with the test.
struct Role<'a> {
    database: &'a Database,
    name: String,
}

impl<'a> Role<'a> {
    /// The role for these grants, in the database.
    fn new(database: &'a Database, options: &[&str]) -> anyhow::Result<Self> {
        let (programs, folder) = (Programs::find()?, tempfile::tempdir()?);
        let name = format!("{}\"'%s", database.name());
        let mut command = programs.command(programs.caphost(), folder.path());
        command.args(["db", "grants", "main", "--db", "main=env:DATABASE_URL", "--role", &name]).args(options);
        command.env("DATABASE_URL", database.url());
        let outcome = process::run(command, Input::Text(""), process::HANG)?;
        ensure!(outcome.ending() == "exit 0", "{}", outcome.stderr.text);
        let role = Self { database, name };
        database.sql(&outcome.stdout.text)?;
        Ok(role)
    }

    /// Its name, quoted.
    fn quoted(&self) -> String {
        self.name.replace('"', "\"\"")
    }

    /// Runs statements as the role.
    fn sql(&self, sql: &str) -> anyhow::Result<String> {
        self.database.sql(&format!("set session authorization \"{}\"; {sql}", self.quoted()))
    }

    /// Each of these must work, and be undone again.
    fn may(&self, statements: &[&str]) -> anyhow::Result<()> {
        for statement in statements {
            let outcome = self.sql(&format!("begin; set transaction read write; {statement}; rollback"));
            ensure!(outcome.is_ok(), "{statement}: {outcome:?}");
        }
        Ok(())
    }

    /// The server must refuse each of these for want of a right.
    fn may_not(&self, statements: &[&str]) -> anyhow::Result<()> {
        for statement in statements {
            let outcome = self.sql(&format!("begin; set transaction read write; {statement}; rollback"));
            let text = outcome.err().map(|error| format!("{error:#}")).unwrap_or_default();
            ensure!(text.contains("permission denied"), "{statement}: {text}");
        }
        Ok(())
    }
}

impl Drop for Role<'_> {
    fn drop(&mut self) {
        let role = self.quoted();
        // The role may never have been made.
        let _ = self.database.sql(&format!("drop owned by \"{role}\"; drop role \"{role}\""));
    }
}

#[test]
fn a_role_of_two_tables_has_no_other() -> anyhow::Result<()> {
    let Some(cluster) = shared("roles::tables") else { return Ok(()) };
    let database = cluster.create_database(TABLES)?;
    let role = Role::new(&database, &["--allow", "db:main.notes,db.read:main.tags"])?;
    role.may(&[
        "select * from public.notes",
        "insert into public.notes (title) values ('a') returning id",
        "update public.notes set title = title",
        "delete from public.notes",
        "select * from public.tags",
    ])?;
    role.may_not(&[
        "insert into public.tags (name) values ('a')",
        "select * from public.secret",
        "select * from other.t",
        "truncate public.notes",
        "create table public.mine (x int)",
        "copy public.secret to stdout",
    ])?;
    Ok(())
}

#[test]
fn a_role_of_everything_but_one_table_has_it_in_no_case() -> anyhow::Result<()> {
    let Some(cluster) = shared("roles::but_one") else { return Ok(()) };
    let database = cluster.create_database(TABLES)?;
    let role = Role::new(&database, &["--allow", "db", "--deny", "db.read:main.SECRET"])?;
    role.may(&[
        "select * from public.notes",
        "insert into public.tags (name) values ('a') returning id",
        "insert into public.secret values ('a')",
        "create table public.mine (x int)",
    ])?;
    role.may_not(&["select * from public.secret", "select * from public.\"Secret\"", "select * from other.t"])
}

#[test]
fn a_role_that_may_only_read_does_so_in_read_only_transactions() -> anyhow::Result<()> {
    let Some(cluster) = shared("roles::reader") else { return Ok(()) };
    let database = cluster.create_database(TABLES)?;
    let role =
        Role::new(&database, &["--allow", "db.read:main", "--db-statement-time", "7s", "--db-connections", "3"])?;
    role.may(&["select * from public.secret"])?;
    role.may_not(&["insert into public.notes (title) values ('a')", "create table public.mine (x int)"])?;
    let set = "select rolconnlimit, rolsuper, array_to_string(setconfig, ';') from pg_roles \
               join pg_db_role_setting on setrole = pg_roles.oid where rolname = ";
    let set = database.sql(&format!("{set}'{}'", role.name.replace('\'', "''")))?;
    for expected in ["3|f|", "statement_timeout=7000ms", "default_transaction_read_only=on", "search_path=pg_catalog"] {
        ensure!(set.contains(expected), "{expected} is not in {set}");
    }
    Ok(())
}
