//! `caphost`: runs WebAssembly components with exactly the capabilities they were granted.
//!
//! Arguments ([`args`]) become settings ([`settings`]), and settings a run ([`run`]). What is said to the user is said in
//! [`report`]; exit codes are chosen in [`exit`] and returned by [`main`], and nowhere else.

mod args;
mod audit;
mod authority;
mod begin;
mod check;
mod columns;
mod completions;
mod component;
mod database_grants;
mod databases;
mod diff;
mod docs;
mod dry_run;
mod effective;
mod exec;
mod exit;
mod explain;
mod failure;
mod grants;
mod infer;
mod inspect;
mod keys;
mod learn;
mod manifest_command;
mod manifest_file;
mod new_file;
mod origins;
mod output;
mod report;
mod roots;
mod run;
mod seal;
mod sealed;
mod settings;
mod units;
mod verify;
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
        Command::Exec(arguments) => exec::exec(*arguments, reporter),
        Command::Check(arguments) => check::check(arguments),
        Command::Inspect(arguments) => inspect::inspect(&arguments),
        Command::Seal(arguments) => seal::seal(&arguments, reporter),
        Command::Verify(arguments) => verify::verify(&arguments),
        Command::Keygen(arguments) => keys::keygen(&arguments),
        Command::Init(arguments) => infer::init(&arguments, reporter),
        Command::Infer(arguments) => infer::infer(&arguments),
        Command::Diff(arguments) => diff::diff(&arguments),
        Command::Explain(arguments) => explain::explain(arguments),
        Command::Manifest(command) => manifest_command::obey(command),
        Command::Audit(command) => audit::obey(command, reporter),
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
