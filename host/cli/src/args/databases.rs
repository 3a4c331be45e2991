//! Arguments about databases.

use super::AuthorityArguments;
use crate::units::{parse_duration, parse_size};
use clap::{Args, Subcommand};
use std::time::Duration;

/// Which databases there are.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Databases")]
pub(crate) struct DatabaseArguments {
    /// Name a database: `main=sqlite:app.db`, `main=sqlite::memory:`, `main=postgres://…`; `main=env:VARIABLE` and
    /// `main=file:PATH` hold one of these, out of everybody's sight; can be given several times
    #[arg(long, value_name = "NAME=ADDRESS")]
    pub(crate) db: Vec<String>,
}

/// How much of databases may be used.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Limits of databases")]
pub(crate) struct DatabaseLimitArguments {
    /// Time of one statement, and of each piece of its rows [default: 30s]
    #[arg(long, value_name = "TIME", value_parser = parse_duration)]
    pub(crate) db_statement_time: Option<Duration>,
    /// Rows of one answer
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) db_rows: Option<u64>,
    /// One row [default: 16MiB]
    #[arg(long, value_name = "SIZE", value_parser = parse_size)]
    pub(crate) db_row_bytes: Option<u64>,
    /// One answer, in all
    #[arg(long, value_name = "SIZE", value_parser = parse_size)]
    pub(crate) db_result_bytes: Option<u64>,
    /// Open connections [default: 8]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) db_connections: Option<u32>,
    /// Open transactions, those inside of others included [default: 8]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) db_transactions: Option<u32>,
}

/// `caphost db`.
#[derive(Debug, Subcommand)]
pub(crate) enum DbCommand {
    /// Print the SQL that makes a role of PostgreSQL with the rights that are granted, and no others
    Grants(DbGrantsArguments),
}

#[derive(Debug, Args)]
#[command(after_help = "\
Nothing is connected to. Read the SQL, and give it to the server as somebody who may make roles.
Example:
  caphost db grants main --db main=env:DATABASE_URL --allow db.read:main.notes | psql app")]
pub(crate) struct DbGrantsArguments {
    #[command(flatten)]
    pub(crate) authority: AuthorityArguments,
    /// The name of the role [default: `caphost_NAME`]
    #[arg(long, value_name = "ROLE")]
    pub(crate) role: Option<String>,
    /// The database, by its name
    #[arg(value_name = "NAME")]
    pub(crate) name: String,
    #[command(flatten)]
    pub(crate) databases: DatabaseArguments,
    #[command(flatten)]
    pub(crate) limits: DatabaseLimitArguments,
}
