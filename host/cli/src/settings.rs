//! What the command line means: rules read, limits set, defaults chosen. Commands that start a guest share it.

use crate::args::{
    AuthorityArguments, DatabaseArguments, DatabaseLimitArguments, ExecArguments, LimitArguments, NetworkArguments,
    RunArguments,
};
use crate::databases;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::grants::Grants;
use crate::report::Message;
use crate::roots;
use caphost::caps::ambient::HostAuthority;
use caphost::caps::db::DatabaseSettings;
use caphost::caps::net::NetworkSettings;
use caphost::caps::stdio::Stdin;
use caphost::inspect::Finding;
use caphost::policy::{
    Capability, Grant, HttpRule, Item, Limits, NameScope, Policy, PolicyBuilder, Rule, RuleError, Scope, parse_items,
};
use caphost::{Cache, OnDeny};
use std::ffi::OsString;
use std::path::PathBuf;

/// What the operator wrote about a guest's authority, read.
#[derive(Debug)]
pub(crate) struct Authority {
    /// The items of `--allow`.
    pub(crate) allow: Vec<Item>,
    /// The grants of `--allow-http`.
    http: Vec<Grant>,
    deny: Vec<Rule>,
    /// The variables that the guest is given.
    environment: Vec<(String, String)>,
    /// For each of them, the grant to read it.
    readable: Vec<Rule>,
}

/// What a guest is given.
pub(crate) struct Granted {
    pub(crate) policy: Policy,
    pub(crate) environment: Vec<(String, String)>,
    pub(crate) databases: DatabaseSettings,
    /// What the operator should know of them.
    pub(crate) notes: Vec<Message>,
}

/// Everything about one run.
pub(crate) struct RunSettings {
    pub(crate) component: PathBuf,
    pub(crate) arguments: Vec<String>,
    pub(crate) granted: Granted,
    pub(crate) on_deny: OnDeny,
    pub(crate) is_strict: bool,
    pub(crate) stdin: Stdin,
    pub(crate) network: NetworkSettings,
    pub(crate) audit: Option<PathBuf>,
    pub(crate) cache: Cache,
}

/// Everything about one native program.
pub(crate) struct ExecSettings {
    pub(crate) program: OsString,
    pub(crate) arguments: Vec<OsString>,
    pub(crate) granted: Granted,
    pub(crate) network: NetworkSettings,
    pub(crate) audit: Option<PathBuf>,
    pub(crate) requires_landlock: bool,
}

/// What `arguments` mean.
///
/// # Errors
/// A usage error for what cannot be read; a refusal for a grant that nothing can use.
pub(crate) fn of_run(arguments: RunArguments) -> Result<RunSettings, Failure> {
    let limits = limits(&arguments.limits, &arguments.database_limits);
    let granted = granted(arguments.authority, &arguments.databases, limits)?;
    let mut words = arguments.component_and_arguments.into_iter();
    let component = words.next().ok_or_else(|| Failure::usage("name the component to run"))?;
    Ok(RunSettings {
        component: component.into(),
        arguments: words.map(guest_argument).collect::<Result<_, _>>()?,
        granted,
        on_deny: arguments.on_deny.into(),
        is_strict: arguments.strict,
        stdin: if arguments.no_stdin { Stdin::Closed } else { Stdin::Host },
        network: network(&arguments.network)?,
        audit: arguments.audit.audit,
        cache: if arguments.no_cache { Cache::Off } else { Cache::user(HostAuthority::claim()) },
    })
}

/// What `arguments` mean.
///
/// # Errors
/// As [`of_run`].
pub(crate) fn of_exec(arguments: ExecArguments) -> Result<ExecSettings, Failure> {
    let limits = limits(&LimitArguments::default(), &arguments.database_limits);
    let granted = granted(arguments.authority, &arguments.databases, limits)?;
    let mut words = arguments.program_and_arguments.into_iter();
    let program = words.next().ok_or_else(|| Failure::usage("name the program to start"))?;
    Ok(ExecSettings {
        program,
        arguments: words.collect(),
        granted,
        network: network(&arguments.network)?,
        audit: arguments.audit.audit,
        requires_landlock: arguments.require_landlock,
    })
}

/// What a guest is given by `arguments`.
fn granted(arguments: AuthorityArguments, databases: &DatabaseArguments, limits: Limits) -> Result<Granted, Failure> {
    let authority = authority(arguments)?;
    let grants = Grants::of(&authority.allow);
    if !grants.refused.is_empty() {
        return Err(refused(&grants.refused));
    }
    let policy = authority.policy(grants.rules, limits);
    let databases = databases::read(databases, &policy)?;
    let withheld = grants.withheld.iter().map(|withheld| Message::note(withheld.to_string()));
    let notes = withheld.chain(databases.notes).collect();
    Ok(Granted { policy, environment: authority.environment, databases: databases.settings, notes })
}

/// The rules and variables of `arguments`.
///
/// # Errors
/// A usage error that shows the place of a typo.
pub(crate) fn authority(arguments: AuthorityArguments) -> Result<Authority, Failure> {
    let environment = last_of_each_name(arguments.env);
    Ok(Authority {
        allow: items("--allow", &arguments.allow)?,
        http: arguments.allow_http.iter().map(|rule| http(rule)).collect::<Result<_, _>>()?,
        deny: items("--deny", &arguments.deny)?.into_iter().flat_map(|item| item.rules).collect(),
        readable: environment.iter().map(|(name, _)| may_read(name)).collect::<Result<_, _>>()?,
        environment,
    })
}

impl Authority {
    /// Every rule of `--allow`, whether this build can use it or not.
    pub(crate) fn written(&self) -> Vec<Rule> {
        self.allow.iter().flat_map(|item| item.rules.iter().cloned()).collect()
    }

    /// The policy that grants `rules`, HTTP requests and the given variables, and refuses what is denied.
    pub(crate) fn policy(&self, rules: Vec<Rule>, limits: Limits) -> Policy {
        let rules = rules.into_iter().chain(self.readable.iter().cloned());
        let grants = rules.map(Grant::from).chain(self.http.iter().cloned());
        let builder = grants.fold(Policy::builder().limits(limits), PolicyBuilder::allow);
        self.deny.iter().cloned().fold(builder, PolicyBuilder::deny).build()
    }
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

/// What `arguments` mean.
///
/// # Errors
/// When a file of certificates cannot be read or has none.
fn network(arguments: &NetworkArguments) -> Result<NetworkSettings, Failure> {
    let tls_roots = arguments.tls_root.iter().map(|path| roots::read(path)).collect::<Result<_, _>>()?;
    Ok(NetworkSettings { name_server: arguments.dns, tls_roots })
}

/// The grant that a rule of `--allow-http` stands for.
fn http(rule: &str) -> Result<Grant, Failure> {
    HttpRule::parse(rule).map_err(|error| unreadable("--allow-http", &error))
}

/// Every item of the lists that were given with `option`.
fn items(option: &str, lists: &[String]) -> Result<Vec<Item>, Failure> {
    let mut items = Vec::new();
    for list in lists {
        items.extend(parse_items(list).map_err(|error| unreadable(option, &error))?);
    }
    Ok(items)
}

/// The failure that shows where a rule cannot be read.
#[cold]
pub(crate) fn unreadable(source: &str, error: &RuleError) -> Failure {
    Failure::usage(error.render(source))
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

fn limits(arguments: &LimitArguments, of_databases: &DatabaseLimitArguments) -> Limits {
    let defaults = Limits::default();
    Limits {
        memory_bytes: arguments.memory.or(defaults.memory_bytes),
        wall_time: arguments.timeout.or(defaults.wall_time),
        fuel: arguments.fuel.or(defaults.fuel),
        open_handles: arguments.max_handles.unwrap_or(defaults.open_handles),
        instances: arguments.max_instances.unwrap_or(defaults.instances),
        host_allocation_bytes: defaults.host_allocation_bytes,
        output_bytes: arguments.max_output.or(defaults.output_bytes),
        databases: databases::limits(of_databases),
    }
}

fn guest_argument(argument: OsString) -> Result<String, Failure> {
    let invalid = |argument: OsString| Failure::usage(format!("the guest's argument {argument:?} is not valid UTF-8"));
    argument.into_string().map_err(invalid)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::{Arguments, Command};
    use caphost::policy::{Request, Target};
    use clap::Parser;

    fn given(allow: &[&str], deny: &[&str], env: &[(&str, &str)]) -> Result<Authority, Failure> {
        let owned = |list: &[&str]| list.iter().map(|text| (*text).to_owned()).collect();
        let env = env.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        authority(AuthorityArguments { allow: owned(allow), deny: owned(deny), env, ..AuthorityArguments::default() })
    }

    fn policy(allow: &[&str], deny: &[&str], env: &[(&str, &str)]) -> Policy {
        let authority = given(allow, deny, env).unwrap();
        authority.policy(authority.written(), Limits::default())
    }

    fn may_read(policy: &Policy, name: &str) -> bool {
        policy.decide(&Request { capability: Capability::EnvRead, target: Target::Name(name) }).is_allowed()
    }

    fn run(options: &[&str]) -> Result<RunSettings, Failure> {
        let all = ["caphost", "run"].iter().chain(options).chain(&["--no-cache", "app.wasm"]);
        match Arguments::try_parse_from(all).unwrap().command {
            Command::Run(arguments) => of_run(*arguments),
            other => panic!("{other:?}"),
        }
    }

    fn refusal(options: &[&str]) -> (u8, String) {
        let failure = run(options).err().unwrap();
        (failure.exit.code(), failure.messages.iter().map(Message::to_string).collect())
    }

    #[test]
    fn lists_add_up() {
        let policy = policy(&["fs.read:/a", "time,random"], &["fs:/a/b"], &[]);
        assert_eq!((policy.grants().len(), policy.denies().len()), (3, 2));
        assert_eq!(self::policy(&["", "core"], &[], &[]).grants().len(), 0);
    }

    #[test]
    fn a_typo_is_a_usage_error_that_shows_the_place() {
        let (exit, text) = refusal(&["--deny", "random,fs.raed:./data"]);
        assert_eq!(exit, 2);
        assert!(text.contains("--deny: `fs.raed`") && text.contains("did you mean `fs.read`?"), "{text}");
    }

    #[test]
    fn the_message_about_a_typo_does_not_deceive() {
        let (_, text) = refusal(&["--allow", "fs.raed:./a\u{202e}gnp.\u{1b}[2J"]);
        assert!(text.contains("  fs.raed:./a\\u{202e}gnp.\\u{1b}[2J\n  ^^^^^^^\n"), "{text}");
    }

    #[test]
    fn a_given_variable_can_be_read_and_no_other() {
        let settings = run(&["--env", "A=1", "--env", "B=2", "--env", "A=3"]).unwrap();
        assert_eq!(settings.granted.environment, [("A".to_owned(), "3".to_owned()), ("B".to_owned(), "2".to_owned())]);
        assert_eq!(["A", "B", "C"].map(|name| may_read(&settings.granted.policy, name)), [true, true, false]);
    }

    #[test]
    fn deny_beats_a_given_variable() {
        assert!(!may_read(&policy(&[], &["env.read:A"], &[("A", "1")]), "A"));
    }

    #[test]
    fn a_rule_on_a_database_takes_one_of_that_name() {
        let (exit, text) = refusal(&["--allow", "db:main,time", "--deny", "db.read:main.secret"]);
        assert_eq!((exit, text.matches("error[CAP0303]: ").count()), (120, 3), "{text}");
        let granted = run(&["--allow", "db:main", "--db", "main=sqlite::memory:", "--db-rows", "7"]).unwrap().granted;
        assert_eq!((granted.databases.iter().count(), granted.policy.limits().databases.rows), (1, Some(7)));
        assert!(granted.notes.is_empty());
        assert_eq!(
            run(&["--deny", "db,env.write"]).unwrap().granted.policy.denies().len(),
            3,
            "a rule on all, of none"
        );
    }

    #[test]
    fn a_profile_that_can_be_used_is_granted_as_a_whole() {
        let settings = run(&["--allow", "env"]).unwrap();
        assert!(may_read(&settings.granted.policy, "A") && settings.granted.policy.has_any_grant(Capability::EnvWrite));
        assert!(run(&["--allow", "fs,time,random,env,net,core"]).unwrap().granted.notes.is_empty());
    }

    #[test]
    fn an_http_rule_is_a_grant_with_terms_beside_those_of_the_lists() {
        let rule = "GET https://api.example.com/v1 authorization: Bearer {env:API_TOKEN}";
        let policy = run(&["--allow", "time", "--allow-http", rule]).unwrap().granted.policy;
        let texts: Vec<_> =
            policy.grants().iter().map(|grant| HttpRule::of(grant).map(|rule| rule.to_string())).collect();
        assert_eq!(texts, [None, Some(rule.to_owned())]);
        let (exit, text) = refusal(&["--allow-http", "GET https://api.example.com/../x"]);
        assert!(exit == 2 && text.contains("--allow-http: ") && text.contains("  ^^^^^"), "{text}");
    }

    #[test]
    fn settings_of_the_network_are_the_system_s_unless_they_are_given() {
        assert_eq!(run(&[]).unwrap().network, NetworkSettings::default());
        let server = run(&["--dns", "192.0.2.1"]).unwrap().network.name_server;
        assert_eq!(server.map(|server| server.to_string()), Some("192.0.2.1:53".to_owned()));
        let (exit, text) = refusal(&["--tls-root", "/dev/null"]);
        assert!(exit == 2 && text.contains("--tls-root: `/dev/null`: it holds no certificate"), "{text}");
        let (exit, text) = refusal(&["--tls-root", "/nowhere/root.pem"]);
        assert!(exit == 124 && text.contains("failed to read `/nowhere/root.pem`"), "{text}");
    }
}
