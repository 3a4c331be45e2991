//! Settings from options.

use super::*;
use crate::args::{Arguments, AuthorityArguments, Command};
use caphost::policy::{Capability, HttpRule, Policy, Request, Target};
use clap::Parser;

fn policy(allow: &[&str], deny: &[&str], env: &[(&str, &str)]) -> Policy {
    let owned = |list: &[&str]| list.iter().map(|text| (*text).to_owned()).collect();
    let env = env.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let authority = AuthorityArguments { allow: owned(allow), deny: owned(deny), env, ..AuthorityArguments::default() };
    Authority::read(Options { authority, ..Options::default() }, None).unwrap().policy()
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
    assert_eq!(run(&["--deny", "db,env.write"]).unwrap().granted.policy.denies().len(), 3, "a rule on all, of none");
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
    let texts: Vec<_> = policy.grants().iter().map(|grant| HttpRule::of(grant).map(|rule| rule.to_string())).collect();
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
