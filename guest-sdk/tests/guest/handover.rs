//! What `caphost exec` gives a process. A test becomes one that was given something, by starting its own program again.

use crate::support::folder;
use caphost_caps::ambient::HostAuthority;
use caphost_caps::handover::Handover;
use caphost_sdk::{capabilities, env, fs};
use std::fs::File;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

/// Where the folder of the test is.
const FOLDER: &str = "CAPHOST_SDK_TEST_FOLDER";

/// Runs one of the ignored tests as a program of its own.
fn start(test: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().expect("this program"));
    command.args(["--exact", "--ignored", "--nocapture", "--test-threads=1", test]);
    command
}

fn run(command: &mut Command) -> Output {
    command.stdin(Stdio::null()).output().expect("a process")
}

#[test]
fn a_process_has_what_it_was_given_and_its_operator_is_told_of_the_rest() {
    let folder = folder();
    let output = run(start("handover::gives").env(FOLDER, folder.path()));
    let (told, audit) = (String::from_utf8_lossy(&output.stderr), folder.path().join("audit.jsonl"));
    assert!(output.status.success(), "{told}");
    let expected = "error[CAP0101]: `fs.write` denied: `out/a`\n  call       caphost:host fs.write-file\n";
    assert!(told.contains(expected), "{told}");
    assert_eq!(told.matches("error[").count(), 1, "{told}");
    let audit = std::fs::read_to_string(audit).expect("an audit log");
    assert_eq!(audit.lines().count(), 1 + 1 + 1 + 100 + 1, "{audit}");
    assert!(audit.lines().rev().nth(1).is_some_and(|line| line.contains("\"decision\":\"deny\"")), "{audit}");
    assert!(audit.lines().last().is_some_and(|line| line.contains("\"end\":\"closed\"")), "{audit}");
}

#[test]
#[ignore = "run as a process of its own"]
fn gives() {
    let folder = PathBuf::from(std::env::var_os(FOLDER).expect("a folder"));
    let grants = caphost_sdk::native::parse_list("fs.read:./data,env.read:APP_MODE").expect("grants");
    let policy = grants.into_iter().fold(caphost_sdk::native::Policy::builder(), |policy, grant| policy.allow(grant));
    let audit = File::create(folder.join("audit.jsonl")).expect("an audit log");
    let handover = Handover {
        subject: "receives".to_owned(),
        policy: policy.build(),
        working_directory: folder,
        variables: vec![("APP_MODE".to_owned(), "fast".to_owned())],
        protected: Vec::new(),
        network: Default::default(),
        secrets: Default::default(),
        databases: Default::default(),
        audit: Some(audit.into()),
        on_audit_error: caphost_caps::OnAuditError::Stop,
    };
    let prepared = handover.prepare(HostAuthority::claim()).expect("a handover");
    panic!("{}", prepared.exec(start("handover::receives"), HostAuthority::claim()));
}

#[test]
#[ignore = "run as a process of its own"]
fn receives() {
    assert_eq!(capabilities::list(), ["fs.read:/data", "env.read:APP_MODE"]);
    assert_eq!(fs::read_to_string("data/report.csv").expect("text"), "name,count\n");
    assert_eq!(env::var("APP_MODE").expect("a value"), "fast");
    for _ in 0..100 {
        assert!(fs::write("out/a", "x").expect_err("a refusal").is_denied());
    }
}
