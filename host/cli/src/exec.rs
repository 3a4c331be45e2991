//! `caphost exec`: becomes a native program that was handed its grants.

mod databases;
mod elf;
mod files;
mod landlock;
mod network;
mod plan;
mod program;
mod sockets;
mod status;

use self::databases::Needs;
use self::plan::Plan;
use self::program::Program;
use self::status::Status;
use crate::args::ExecArguments;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::report::{Message, Reporter};
use crate::settings::{self, ExecSettings};
use crate::units::NAME_SERVER_PORT;
use crate::{begin, dry_run};
use anyhow::Context;
use caphost::caps::ambient::{self, HostAuthority};
use caphost::caps::handover::Handover;
use caphost::policy::codes::Code;
use std::os::unix::process::CommandExt;
use std::process::Command;

/// Becomes the program. Comes back only to say why it could not.
pub(crate) fn exec(arguments: ExecArguments, reporter: Reporter) -> Result<Exit, Failure> {
    let authority = HostAuthority::claim();
    let settings = settings::of_exec(arguments)?;
    settings.granted.notes.iter().for_each(|note| reporter.tell(note));
    let program = Program::find(&settings.program)?;
    if settings.is_dry_run {
        return dry_run::print_exec(&settings);
    }
    let (handover, plan) = prepare(&settings, &program, authority)?;
    // Before the kernel is told, for then not even our own descriptors can be listed.
    let prepared = handover.prepare(authority).context("failed to hand the grants over")?;
    let (abi, gaps) = landlock::restrict(&plan, &program).context("failed to apply Landlock")?;
    let status = Status { abi, network: network::restrict(&plan.sockets), sockets: plan.sockets, gaps };
    if settings.requires_landlock {
        require(&status)?;
    }
    reporter.tell(&Message::note(status.to_string()));
    let error = prepared.exec(command(&settings, &program), authority);
    Err(program.not_started(&error))
}

/// What the program is given, and what the kernel is asked for. A session of our own finds out which grants cannot be used, where
/// they lie, and which variables are granted: as the program's session will.
fn prepare(settings: &ExecSettings, program: &Program, authority: HostAuthority) -> Result<(Handover, Plan), Failure> {
    let policy = settings.granted.policy.clone();
    let working_directory = ambient::working_directory(authority).context("failed to find the working directory")?;
    let protected = begin::protected(&settings.audit, &settings.granted);
    let builder = begin::session(&settings.granted, protected.clone()).working_directory(working_directory.clone());
    let not_begun = |error| begin::not_begun(error, &settings.granted.origins);
    let session = builder.build(authority).map_err(not_begun)?;
    let needs = Needs::of(session.databases().settings(), &policy);
    let known = landlock::known(program, session.gate().policy(), &needs);
    let name_server = settings.network.name_server.map_or(NAME_SERVER_PORT, |server| server.port());
    let plan = Plan::of(session.gate().policy(), &policy, &known, name_server, needs);
    let audit = begin::audit_file(&settings.audit)?;
    let handover = Handover {
        subject: program.name(),
        policy,
        working_directory,
        variables: session.environment().list("caphost exec"),
        protected,
        network: settings.network.clone(),
        secrets: session.secrets().clone(),
        databases: settings.granted.databases.clone(),
        audit: audit.map(|audit| audit.into_file().into()),
        on_audit_error: settings.audit.on_error(),
    };
    Ok((handover, plan))
}

/// What `--require-landlock` asks for.
fn require(status: &Status) -> Result<(), Failure> {
    let missing = status.missing();
    if missing.is_empty() {
        return Ok(());
    }
    let message = Message::new(format!("`--require-landlock`: the kernel would not enforce {missing}"));
    let hint = "without `--require-landlock` the program starts, and a note says what is enforced";
    Err(Failure::new(Exit::Refused, message.code(Code::NotConfined).hint(hint)))
}

#[expect(clippy::disallowed_methods, reason = "this is the program that the operator asked for, by its path")]
fn command(settings: &ExecSettings, program: &Program) -> Command {
    let mut command = Command::new(&program.path);
    command.arg0(&settings.program).args(&settings.arguments);
    command
}
