//! What the command line means: rules read, limits set, defaults chosen. Commands that start a guest share it.

use crate::args::{AuthorityArguments, LimitArguments, RunArguments};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::report::Message;
use caphost::caps::ambient::HostAuthority;
use caphost::caps::escape;
use caphost::caps::stdio::Stdin;
use caphost::inspect::{Finding, unenforced};
use caphost::policy::{Capability, Limits, NameScope, Policy, PolicyBuilder, Rule, RuleError, Scope, parse_list};
use caphost::{Cache, OnDeny};
use std::ffi::OsString;
use std::path::PathBuf;

/// What a guest may do, and the variables that it is given.
#[derive(Debug)]
pub(crate) struct Authority {
    pub(crate) policy: Policy,
    pub(crate) environment: Vec<(String, String)>,
}

/// Everything about one run.
pub(crate) struct RunSettings {
    pub(crate) component: PathBuf,
    pub(crate) arguments: Vec<String>,
    pub(crate) authority: Authority,
    pub(crate) on_deny: OnDeny,
    pub(crate) is_strict: bool,
    pub(crate) stdin: Stdin,
    pub(crate) audit: Option<PathBuf>,
    pub(crate) cache: Cache,
}

/// What `arguments` mean.
///
/// # Errors
/// A usage error for what cannot be read; a refusal for a rule that nothing enforces.
pub(crate) fn of_run(arguments: RunArguments) -> Result<RunSettings, Failure> {
    let authority = authority(arguments.authority, limits(&arguments.limits))?;
    require_enforced(&authority.policy)?;
    let mut words = arguments.component_and_arguments.into_iter();
    let component = words.next().ok_or_else(|| Failure::usage("name the component to run"))?;
    Ok(RunSettings {
        component: component.into(),
        arguments: words.map(guest_argument).collect::<Result<_, _>>()?,
        authority,
        on_deny: arguments.on_deny.into(),
        is_strict: arguments.strict,
        stdin: if arguments.no_stdin { Stdin::Closed } else { Stdin::Host },
        audit: arguments.audit,
        cache: if arguments.no_cache { Cache::Off } else { Cache::user(HostAuthority::claim()) },
    })
}

/// The rules and variables of `arguments`, under `limits`.
///
/// # Errors
/// A usage error that shows the place of a typo.
pub(crate) fn authority(arguments: AuthorityArguments, limits: Limits) -> Result<Authority, Failure> {
    let environment = last_of_each_name(arguments.env);
    let mut builder = Policy::builder().limits(limits);
    builder = rules("--allow", &arguments.allow)?.into_iter().fold(builder, PolicyBuilder::allow);
    builder = rules("--deny", &arguments.deny)?.into_iter().fold(builder, PolicyBuilder::deny);
    for (name, _) in &environment {
        builder = builder.allow(may_read(name)?);
    }
    Ok(Authority { policy: builder.build(), environment })
}

/// Refuses a policy with rules that would not hold.
fn require_enforced(policy: &Policy) -> Result<(), Failure> {
    let findings = unenforced(policy);
    if findings.is_empty() { Ok(()) } else { Err(refused(&findings)) }
}

/// The failure that says what was found before the start.
pub(crate) fn refused(findings: &[Finding]) -> Failure {
    let mut messages = Vec::new();
    for (index, finding) in findings.iter().enumerate() {
        let message = Message::new(finding.to_string()).code(finding.code());
        // A hint that the next message repeats is said once.
        let is_repeated = findings.get(index + 1).is_some_and(|next| next.hint() == finding.hint());
        messages.push(if is_repeated { message } else { message.hint(finding.hint()) });
    }
    Failure { exit: Exit::Refused, messages }
}

/// Every rule of the lists that were given with `option`.
pub(crate) fn rules(option: &str, lists: &[String]) -> Result<Vec<Rule>, Failure> {
    let mut rules = Vec::new();
    for list in lists {
        rules.extend(parse_list(list).map_err(|error| unreadable(option, &error))?);
    }
    Ok(rules)
}

/// The failure that shows where a rule cannot be read.
#[cold]
pub(crate) fn unreadable(source: &str, error: &RuleError) -> Failure {
    Failure::usage(error.render(source).lines().map(visible).collect::<Vec<_>>().join("\n"))
}

/// Replaces what would deceive the eye, one for one, so that the mark stays below its place.
fn visible(line: &str) -> String {
    let is_shown = |character: char| {
        character == '\\' || escape(character.encode_utf8(&mut [0; 4])).to_string().len() == character.len_utf8()
    };
    line.chars().map(|character| if is_shown(character) { character } else { char::REPLACEMENT_CHARACTER }).collect()
}

fn may_read(name: &str) -> Result<Rule, Failure> {
    let scope = NameScope::parse(name).map_err(|error| Failure::usage(format!("--env: {error}")))?;
    Ok(Rule { capability: Capability::EnvRead, scope: Scope::Name(scope) })
}

/// A variable that is given twice has its last value.
fn last_of_each_name(given: Vec<(String, String)>) -> Vec<(String, String)> {
    let mut environment: Vec<(String, String)> = Vec::new();
    for (name, value) in given {
        match environment.iter_mut().find(|(known, _)| *known == name) {
            Some((_, known)) => *known = value,
            None => environment.push((name, value)),
        }
    }
    environment
}

fn limits(arguments: &LimitArguments) -> Limits {
    let defaults = Limits::default();
    Limits {
        memory_bytes: arguments.memory.or(defaults.memory_bytes),
        wall_time: arguments.timeout.or(defaults.wall_time),
        fuel: arguments.fuel.or(defaults.fuel),
        open_handles: arguments.max_handles.unwrap_or(defaults.open_handles),
        instances: arguments.max_instances.unwrap_or(defaults.instances),
        host_allocation_bytes: defaults.host_allocation_bytes,
        output_bytes: arguments.max_output.or(defaults.output_bytes),
    }
}

fn guest_argument(argument: OsString) -> Result<String, Failure> {
    let invalid = |argument: OsString| Failure::usage(format!("the guest's argument {argument:?} is not valid UTF-8"));
    argument.into_string().map_err(invalid)
}

#[cfg(test)]
mod tests {
    use super::*;
    use caphost::policy::{Request, Target};

    fn given(allow: &[&str], deny: &[&str], env: &[(&str, &str)]) -> Result<Authority, Failure> {
        let owned = |list: &[&str]| list.iter().map(|text| (*text).to_owned()).collect();
        let env = env.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        authority(AuthorityArguments { allow: owned(allow), deny: owned(deny), env }, Limits::default())
    }

    fn texts(failure: Failure) -> (u8, String) {
        let text = format!("{:?}", failure.messages);
        (failure.exit.code(), text)
    }

    #[test]
    fn lists_add_up() {
        let policy = given(&["fs.read:/a", "time,random"], &["fs:/a/b"], &[]).unwrap().policy;
        assert_eq!((policy.grants().len(), policy.denies().len()), (3, 2));
        assert_eq!(given(&["", "core"], &[], &[]).unwrap().policy.grants().len(), 0);
    }

    #[test]
    fn a_typo_is_a_usage_error_that_shows_the_place() {
        let (exit, text) = texts(given(&[], &["random,fs.raed:./data"], &[]).unwrap_err());
        assert_eq!(exit, 2);
        assert!(text.contains("--deny: `fs.raed`") && text.contains("did you mean `fs.read`?"), "{text}");
    }

    #[test]
    fn the_message_about_a_typo_does_not_deceive() {
        let failure = given(&["fs.raed:./a\u{202e}gnp.\u{1b}[2J"], &[], &[]).unwrap_err();
        let text = failure.messages.first().unwrap().to_string();
        assert!(text.contains("fs.raed:./a\u{fffd}gnp.\u{fffd}[2J\n  ^^^^^^^\n"), "{text}");
    }

    #[test]
    fn a_given_variable_can_be_read_and_no_other() {
        let authority = given(&[], &[], &[("A", "1"), ("B", "2"), ("A", "3")]).unwrap();
        assert_eq!(authority.environment, [("A".to_owned(), "3".to_owned()), ("B".to_owned(), "2".to_owned())]);
        let may = |name| {
            authority
                .policy
                .decide(&Request { capability: Capability::EnvRead, target: Target::Name(name) })
                .is_allowed()
        };
        assert!(may("A") && may("B") && !may("C"));
    }

    #[test]
    fn deny_beats_a_given_variable() {
        let policy = given(&[], &["env.read:A"], &[("A", "1")]).unwrap().policy;
        assert!(!policy.decide(&Request { capability: Capability::EnvRead, target: Target::Name("A") }).is_allowed());
    }

    #[test]
    fn a_rule_that_nothing_enforces_is_refused_on_either_side() {
        for (allow, deny) in [(["net"], [""]), ([""], ["db.read:main"])] {
            let policy = given(&allow, &deny, &[]).unwrap().policy;
            let (exit, text) = texts(require_enforced(&policy).unwrap_err());
            assert_eq!(exit, 120);
            assert!(text.contains("NotEnforced"), "{text}");
        }
        require_enforced(&given(&["fs,time,random,env.read"], &[], &[]).unwrap().policy).unwrap();
    }
}
