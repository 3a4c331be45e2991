//! `caphost run`.

use crate::args::RunArguments;
use crate::component;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::learn::Learner;
use crate::origins::{Origins, is_of_file};
use crate::report::{Message, Refusals, Reporter, Subject};
use crate::settings::{self, RunSettings};
use crate::{begin, dry_run, sealed, watchdog};
use anyhow::{Context, Error};
use caphost::caps::Denied;
use caphost::caps::ambient::{self, HostAuthority};
use caphost::caps::stdio::Stdout;
use caphost::inspect::{Component, check};
use caphost::manifest::{Declaration, Declared, DeclaredLimits, Origin};
use caphost::policy::codes::Code;
use caphost::policy::visible::escape;
use caphost::{Host, OnDeny, Outcome, Run, RunError};

/// Runs a component, and says how it ended.
pub(crate) fn run(arguments: RunArguments, reporter: Reporter) -> Result<Exit, Failure> {
    let mut settings = settings::of_run(arguments)?;
    let component = component::read(&settings.component)?;
    if let Some(ceiling) = sealed::ceiling(&component, &settings.component, &settings.seal)? {
        settings.granted.hold_to(ceiling);
    }
    component.require_runnable().map_err(|error| component::bad(&name(&component), &error))?;
    let learner = settings.learn.clone();
    match &learner {
        Some(learner) => learner.grant_all(&mut settings.granted, reporter)?,
        None => settings.granted.notes.iter().for_each(|note| reporter.tell(note)),
    }
    if settings.is_dry_run {
        return dry_run::print_run(&settings, &component);
    }
    let (subject, on_deny) = (Subject::of(&component), settings.on_deny);
    let declaration = settings.granted.declaration().clone();
    let refusals = Refusals::new(reporter, subject.clone(), settings.granted.origins.clone());
    let outcome = require_covered(&component, &settings).and_then(|()| start(settings, component, &refusals));
    refusals.finish();
    learner.map_or(Ok(()), |learner| learner.write(reporter))?;
    let (exit, message) = ending(outcome.map_err(|failure| failure.about(&subject))?, on_deny, &declaration);
    if let Some(message) = message {
        reporter.tell(&message.about(&subject));
    }
    Ok(exit)
}

/// What `--strict` asks for.
fn require_covered(component: &Component, settings: &RunSettings) -> Result<(), Failure> {
    let findings = if settings.is_strict { check(component, &settings.granted.effective()) } else { Vec::new() };
    if findings.is_empty() { Ok(()) } else { Err(settings::refused(&findings)) }
}

fn start(settings: RunSettings, component: Component, refusals: &Refusals) -> Result<Outcome, Failure> {
    let audit = begin::audit_log(&settings.audit, refusals.reporter())?;
    let audit = match &settings.learn {
        Some(learner) => Some(learner.listen(audit)),
        None => audit,
    };
    let limit = settings.granted.effective().limits().wall_time;
    let learnt = settings.learn.as_ref().map(Learner::output);
    let origins = settings.granted.origins.clone();
    let not_run = |error| not_run(error, &origins);
    let run = Run {
        protected: begin::protected(&settings.audit, &settings.granted).into_iter().chain(learnt).collect(),
        arguments: settings.arguments,
        environment: settings.granted.environment,
        databases: settings.granted.databases,
        component_directory: settings.granted.component_directory,
        network: settings.network,
        on_deny: settings.on_deny,
        stdin: settings.stdin,
        stdout: Stdout::Host,
        stderr: Stdout::Host,
        audit,
        observer: Some(refusals.observer()),
        ..Run::new(component, settings.granted.policy)
    };
    ambient::survive_file_size_limit(HostAuthority::claim());
    let guest = Host::new(settings.cache).prepare(run, HostAuthority::claim()).map_err(not_run)?;
    if let Some(limit) = limit {
        watchdog::start(limit, refusals.reporter()).context("failed to start a thread")?;
    }
    guest.run_here().map_err(not_run)
}

/// Why nothing ran, or why what ran does not count.
fn not_run(error: RunError, origins: &Origins) -> Failure {
    let text = escape(&error.to_string()).to_string();
    match error {
        RunError::Session(error) => begin::not_begun(error, origins),
        RunError::Seal(_) => Failure::new(Exit::Refused, Message::new(text)),
        // The outer structure was sound, so it is the code inside that the engine does not take.
        RunError::Compile(_) => Failure::new(Exit::BadComponent, Message::new(text).code(Code::Malformed)),
        // Every import has a known name, so it is a type that does not fit.
        RunError::Link(_) => Failure::new(Exit::BadComponent, Message::new(text).code(Code::UnknownImport)),
        RunError::Host(_) | RunError::Audit(_) => Error::new(error).into(),
    }
}

/// The exit code of an outcome, and what is left to say about it.
fn ending(outcome: Outcome, on_deny: OnDeny, declaration: &Declaration) -> (Exit, Option<Message>) {
    match outcome {
        Outcome::Exited(code) => (Exit::Guest(code), None),
        Outcome::Refused(denied) => (Exit::Refused, Some(stopped(denied, on_deny, declaration))),
        Outcome::Limit { code, message } => (limit_exit(code), Some(limit(code, &message, &declaration.limits))),
        Outcome::Trapped { message, backtrace } => {
            let message = message.strip_prefix("wasm trap: ").unwrap_or(&message);
            let message = Message::new(format!("the guest trapped: {}", escape(message))).code(Code::Trap);
            (Exit::Trap, Some(message.backtrace(backtrace)))
        }
    }
}

/// The refusal itself was told when it happened.
fn stopped(denied: Denied, on_deny: OnDeny, declaration: &Declaration) -> Message {
    let declared = origin(&declaration.on_deny).filter(|origin| is_of_file(origin));
    let why = match (on_deny, declared) {
        (OnDeny::Trap, Some(origin)) => format!("by `on-deny` of {origin} every refusal ends it"),
        (OnDeny::Trap, None) => "by `--on-deny trap` every refusal ends it".to_owned(),
        (OnDeny::Error, _) => "the refused call has no way to report it".to_owned(),
    };
    Message::new(format!("the guest was stopped: {why}")).code(denied.code())
}

fn limit(code: Code, which: &str, limits: &DeclaredLimits) -> Message {
    let message = Message::new(format!("{}: {}", code.title(), escape(which))).code(code);
    match limit_option(code, limits) {
        Some((option, Some(origin))) if is_of_file(origin) => {
            message.hint(format!("`{option}` raises the limit, which {origin} sets"))
        }
        Some((option, _)) => message.hint(format!("`{option}` raises the limit")),
        None => message,
    }
}

/// The option that sets the limit, and where it was declared.
fn limit_option(code: Code, limits: &DeclaredLimits) -> Option<(&'static str, Option<&Origin>)> {
    Some(match code {
        Code::MemoryLimit => ("--memory", origin(&limits.memory)),
        Code::TimeLimit => ("--timeout", origin(&limits.timeout)),
        Code::FuelLimit => ("--fuel", origin(&limits.fuel)),
        Code::HandleLimit => ("--max-handles", origin(&limits.max_handles)),
        Code::InstanceLimit => ("--max-instances", origin(&limits.max_instances)),
        Code::OutputLimit => ("--max-output", origin(&limits.max_output)),
        _ => return None,
    })
}

fn origin<T>(declared: &Option<Declared<T>>) -> Option<&Origin> {
    declared.as_ref().map(|declared| &declared.origin)
}

fn limit_exit(code: Code) -> Exit {
    if code == Code::TimeLimit { Exit::Timeout } else { Exit::Limit }
}

fn name(component: &Component) -> String {
    escape(component.name()).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::Arguments;
    use clap::CommandFactory;

    #[test]
    fn every_limit_names_an_option_that_exists() {
        let command = Arguments::command();
        let run = command.find_subcommand("run").unwrap();
        let is_limit = |code: &&Code| code.number().starts_with("CAP02");
        for code in Code::ALL.iter().filter(is_limit) {
            let option = limit_option(*code, &DeclaredLimits::default()).unwrap().0.trim_start_matches("--");
            assert!(run.get_arguments().any(|argument| argument.get_long() == Some(option)), "{option}");
        }
    }

    #[test]
    fn endings_have_their_own_exit_codes() {
        let limit = |code| Outcome::Limit { code, message: "x".to_owned() };
        let exit = |outcome| ending(outcome, OnDeny::Error, &Declaration::default()).0.code();
        assert_eq!(exit(Outcome::Exited(7)), 7);
        assert_eq!(exit(limit(Code::MemoryLimit)), 121);
        assert_eq!(exit(limit(Code::TimeLimit)), 122);
        assert_eq!(exit(Outcome::Trapped { message: "x".to_owned(), backtrace: None }), 134);
    }
}
