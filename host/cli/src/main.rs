//! `caphost`: runs WebAssembly components with exactly the capabilities they were granted.
//!
//! Arguments ([`args`]) become settings ([`settings`]), and settings a run ([`run`]). What is said to the user is said in
//! [`report`]; exit codes are chosen in [`exit`] and returned by [`main`], and nowhere else.

mod args;
mod begin;
mod check;
mod columns;
mod completions;
mod component;
mod database_grants;
mod databases;
mod docs;
mod exec;
mod exit;
mod explain;
mod failure;
mod grants;
mod inspect;
mod output;
mod report;
mod roots;
mod run;
mod settings;
mod units;
mod watchdog;

use crate::args::{Arguments, Command, DbCommand};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::report::Reporter;
use clap::Parser;
use std::process::ExitCode;

fn main() -> ExitCode {
    let exit = match Arguments::try_parse() {
        Ok(arguments) => obey(arguments),
        Err(error) => usage(&error),
    };
    ExitCode::from(exit.code())
}

fn obey(arguments: Arguments) -> Exit {
    let reporter = Reporter::new(arguments.error_format);
    let outcome = match arguments.command {
        Command::Run(arguments) => run::run(*arguments, reporter),
        Command::Exec(arguments) => exec::exec(arguments, reporter),
        Command::Check(arguments) => check::check(arguments),
        Command::Inspect(arguments) => inspect::inspect(&arguments),
        Command::Explain(arguments) => explain::explain(arguments),
        Command::Db(DbCommand::Grants(arguments)) => database_grants::print(arguments, reporter),
        Command::Completions { shell } => completions::print(shell),
        Command::Docs { topic } => docs::print(topic),
    };
    outcome.unwrap_or_else(|Failure { exit, messages }| {
        messages.iter().for_each(|message| reporter.tell(message));
        exit
    })
}

/// Help and version are answers, all else is a usage error.
fn usage(error: &clap::Error) -> Exit {
    // Nobody is left to be told of a failure to write this.
    let _ = error.print();
    if error.use_stderr() { Exit::Usage } else { Exit::Success }
}
