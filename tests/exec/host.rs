//! The tests: each starts the guest under `caphost exec` and looks at its answers.

use std::fs;
use std::io::{self, Write};
use std::path::Path;
use std::process::Command;

use anyhow::{Context, ensure};
use caphost_tests::audit;
use caphost_tests::process::{self, Input, Outcome};
use caphost_tests::programs::Programs;
use tempfile::TempDir;

/// What a test is.
type Test = fn() -> anyhow::Result<()>;

/// Every test by its name.
pub(crate) const TESTS: &[(&str, Test)] = &[
    ("the_environment_is_what_was_granted_and_given", environment),
    ("a_program_receives_its_handover_and_its_children_none", received_once),
    ("what_was_handed_over_cannot_be_changed", sealed),
    ("no_descriptor_of_the_caller_reaches_the_program", descriptors),
    ("another_file_on_the_descriptor_is_no_handover", stray),
    ("the_program_keeps_to_its_grants_and_leaves_an_audit_log", audited),
    ("the_kernel_refuses_files_that_are_not_granted", files),
    ("the_kernel_refuses_what_a_grant_of_writing_does_not_say", write_only),
    ("the_kernel_knows_a_grant_of_one_file", one_file),
    ("a_file_that_is_to_be_created_opens_its_directory_and_the_note_says_so", to_be_created),
    ("the_kernel_refuses_the_network_and_other_programs", network_and_programs),
    ("a_deny_rule_below_a_grant_is_a_gap_and_an_obstacle_to_require_landlock", gaps),
    ("without_landlock_the_program_is_not_confined_and_the_note_says_so", no_landlock),
];

fn environment() -> anyhow::Result<()> {
    let place = Place::new()?;
    let mut command = place.exec(&["--allow", "env.read:APP_*", "--env", "B=2", "--deny", "env.read:APP_NOT"])?;
    command.env("APP_ONE", "1").env("APP_NOT", "0");
    let operations =
        ["environment", "sdk environment", "sdk variable APP_ONE", "sdk variable HOME", "sdk variable APP_NOT"];
    let said = place.run(command, &operations)?;
    let expected = "[(\"APP_ONE\", \"1\"), (\"B\", \"2\")]";
    said.answers(&[
        ("environment", expected),
        ("sdk environment", expected),
        ("sdk variable APP_ONE", "Ok(Some(\"1\"))"),
        ("sdk variable HOME", "Err(\"Denied\")"),
        ("sdk variable APP_NOT", "Err(\"Denied\")"),
    ])
}

fn received_once() -> anyhow::Result<()> {
    let place = Place::new()?;
    let program = std::env::current_exe()?;
    let name = program.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let handed = format!("{name} in {}", place.root().display());
    let said = place.run(place.exec(&[])?, &["child handover", "handover", "handover", "child handover"])?;
    let not_yet_received = format!("child handover: handover: {handed}");
    let received = format!("handover: {handed}");
    let expected = [not_yet_received.as_str(), &received, &received, "child handover: handover: none"];
    ensure!(said.lines() == expected, "{said:?}");
    Ok(())
}

fn sealed() -> anyhow::Result<()> {
    let place = Place::new()?;
    let said = place.run(place.exec(&[])?, &["descriptor overwrite", "descriptor cut", "handover"])?;
    said.answers(&[("descriptor overwrite", "PermissionDenied"), ("descriptor cut", "PermissionDenied")])?;
    ensure!(said.outcome.stdout.text.contains(" in "), "{said:?}");
    Ok(())
}

fn descriptors() -> anyhow::Result<()> {
    let place = Place::new()?;
    let with_strays = |options: &[&str]| -> anyhow::Result<Said> {
        let exec = place.exec(options)?;
        place.run(place.with_strays(&exec), &["descriptors", "handover"])
    };
    with_strays(&[])?.answers(&[("descriptors", "[0, 1, 2, 3]")])?;
    let said = with_strays(&["--audit", "log.jsonl"])?;
    // Beside it, the audit log.
    let numbers: Vec<_> = said.lines().first().map_or(Vec::new(), |line| line.split(", ").collect());
    ensure!(numbers.starts_with(&["descriptors: [0", "1", "2", "3"]) && numbers.len() == 5, "{said:?}");
    ensure!(!numbers.iter().any(|number| number.trim_end_matches(']') == "5"), "{said:?}");
    Ok(())
}

fn stray() -> anyhow::Result<()> {
    let place = Place::new()?;
    let guest = place.guest(Command::new(std::env::current_exe()?));
    let said = place.run(place.with_strays(&guest), &["handover", "descriptors"])?;
    said.answers(&[("handover", "none")])?;
    ensure!(said.outcome.stdout.text.contains("descriptors: [0, 1, 2, 3, 5"), "both strays are there: {said:?}");
    place.run(place.guest(Command::new(std::env::current_exe()?)), &["handover"])?.answers(&[("handover", "none")])
}

fn audited() -> anyhow::Result<()> {
    let place = Place::new()?;
    let run = |operation: &str| -> anyhow::Result<(Said, String)> {
        let said = place.run(place.exec(&["--allow", "fs:./data", "--audit", "data/log.jsonl"])?, &[operation])?;
        Ok((said, audit::show(&fs::read_to_string(place.root().join("data/log.jsonl"))?)?))
    };
    let (said, log) = run("sdk read data/a.txt")?;
    said.answers(&[("sdk read data/a.txt", "Ok(\"inside\")")])?;
    ensure!(log.lines().count() == 2 && log.contains("\"asked\":\"data/a.txt\"") && log.contains("\"allow\""), "{log}");
    let (said, log) = run("sdk read outside.txt")?;
    said.answers(&[("sdk read outside.txt", "Err(\"Denied\")")])?;
    ensure!(log.contains("\"decision\":\"deny\",\"code\":\"CAP0102\""), "{log}");
    let (said, log) = run("sdk write data/log.jsonl")?;
    said.answers(&[("sdk write data/log.jsonl", "Err(\"Denied\")")])?;
    ensure!(log.contains("CAP0103"), "{log}");
    Ok(())
}

fn files() -> anyhow::Result<()> {
    let place = Place::new()?;
    let Some(_) = place.landlock("the kernel_refuses_files test")? else { return Ok(()) };
    let operations = [
        "std read data/a.txt",
        "std list data",
        "std read outside.txt",
        "std list .",
        "std write data/a.txt",
        "std read link",
    ];
    place.run(place.exec(&["--allow", "fs.read:./data"])?, &operations)?.answers(&[
        ("std read data/a.txt", "Ok(\"inside\")"),
        ("std list data", "done"),
        ("std read outside.txt", "Err(PermissionDenied)"),
        ("std list .", "PermissionDenied"),
        ("std write data/a.txt", "PermissionDenied"),
        ("std read link", "Err(PermissionDenied)"),
    ])
}

fn write_only() -> anyhow::Result<()> {
    let place = Place::new()?;
    let Some(_) = place.landlock("the test of a grant of writing")? else { return Ok(()) };
    let said = place.run(
        place.exec(&["--allow", "fs.write:./data"])?,
        &[
            "sdk write data/new.txt",
            "sdk read data/new.txt",
            "std read data/new.txt",
            "std list data",
            "std rename data/new.txt data/newer.txt",
            "std remove data/newer.txt",
            "std rename data/a.txt a.txt",
        ],
    )?;
    said.answers(&[
        ("sdk write data/new.txt", "Ok(())"),
        ("sdk read data/new.txt", "Err(\"Denied\")"),
        ("std read data/new.txt", "Err(PermissionDenied)"),
        ("std list data", "PermissionDenied"),
        ("std rename data/new.txt data/newer.txt", "done"),
        ("std remove data/newer.txt", "done"),
        ("std rename data/a.txt a.txt", "PermissionDenied"),
    ])
}

fn one_file() -> anyhow::Result<()> {
    let place = Place::new()?;
    let Some(_) = place.landlock("the test of a grant of one file")? else { return Ok(()) };
    let operations = ["sdk read data/a.txt", "std read data/a.txt", "std read data/b.txt", "std list data"];
    place.run(place.exec(&["--allow", "fs.read:./data/a.txt"])?, &operations)?.answers(&[
        ("sdk read data/a.txt", "Ok(\"inside\")"),
        ("std read data/a.txt", "Ok(\"inside\")"),
        ("std read data/b.txt", "Err(PermissionDenied)"),
        ("std list data", "PermissionDenied"),
    ])
}

fn to_be_created() -> anyhow::Result<()> {
    let place = Place::new()?;
    let Some(_) = place.landlock("the test of a file that is to be created")? else { return Ok(()) };
    let options = ["--allow", "fs.write:./data/new.txt", "--require-landlock"];
    let refused = place.run(place.exec(&options)?, &["sdk write data/new.txt"])?;
    refused.refused("what lies beside the file of `fs.write:./data/new.txt`")?;
    let said =
        place.run(place.exec(&options[..2])?, &["std read data/a.txt", "std list data", "sdk write data/new.txt"])?;
    said.answers(&[
        ("std read data/a.txt", "Err(PermissionDenied)"),
        ("std list data", "PermissionDenied"),
        ("sdk write data/new.txt", "Ok(())"),
    ])?;
    ensure!(said.outcome.stderr.text.contains("what lies beside the file of `fs.write:./data/new.txt`"), "{said:?}");
    // It is there now.
    place
        .run(place.exec(&options)?, &["sdk write data/new.txt", "std write data/b.txt"])?
        .answers(&[("sdk write data/new.txt", "Ok(())"), ("std write data/b.txt", "PermissionDenied")])
}

fn network_and_programs() -> anyhow::Result<()> {
    let place = Place::new()?;
    let Some(note) = place.landlock("the test of the network")? else { return Ok(()) };
    let server = std::net::TcpListener::bind("127.0.0.1:0")?;
    let connect = format!("std connect {}", server.local_addr()?);
    let operations = ["std listen 127.0.0.1:0", &connect, "std run /bin/true", "child say hello"];
    let free = place.run(place.guest(Command::new(std::env::current_exe()?)), &operations)?;
    let held = place.run(place.exec(&[])?, &operations)?;
    for (operation, refusal) in [(operations[0], "PermissionDenied"), (operations[1], "PermissionDenied")] {
        free.answers(&[(operation, "done")])?;
        let expected = if note.enforces("TCP") { refusal } else { "done" };
        held.answers(&[(operation, expected)])?;
    }
    free.answers(&[("std run /bin/true", "done")])?;
    // The program itself can be started again.
    held.answers(&[("std run /bin/true", "PermissionDenied"), ("child say hello", "say hello: hello")])?;
    let datagram = if note.enforces("UDP") { "PermissionDenied" } else { "done" };
    place.run(place.exec(&[])?, &["std datagram 127.0.0.1:0"])?.answers(&[("std datagram 127.0.0.1:0", datagram)])
}

fn gaps() -> anyhow::Result<()> {
    let place = Place::new()?;
    let Some(note) = place.landlock("the test of deny rules")? else { return Ok(()) };
    let options = ["--allow", "fs.read:./data", "--deny", "fs.read:./data/b.txt", "--require-landlock"];
    let gap = "the deny rule `fs.read:./data/b.txt`, which lies in a granted directory";
    place.run(place.exec(&options)?, &["std read data/a.txt"])?.refused(gap)?;
    let said = place.run(place.exec(&options[..4])?, &["std read data/b.txt", "sdk read data/b.txt"])?;
    said.answers(&[("std read data/b.txt", "Ok(\"beside\")"), ("sdk read data/b.txt", "Err(\"Denied\")")])?;
    ensure!(said.outcome.stderr.text.contains(gap), "{said:?}");
    if !note.enforces("TCP") {
        return Ok(());
    }
    // A rule about what is not granted anyway is no obstacle.
    let options = ["--allow", "fs.read:./data", "--deny", "fs.read:./outside.txt", "--require-landlock"];
    place.run(place.exec(&options)?, &["std read data/a.txt"])?.answers(&[("std read data/a.txt", "Ok(\"inside\")")])
}

fn no_landlock() -> anyhow::Result<()> {
    let place = Place::new()?;
    let trace = ["-f", "-o", "/dev/null", "-e", "inject=landlock_create_ruleset:error=ENOSYS"];
    if !Command::new("strace").args(trace).arg("true").output().is_ok_and(|output| output.status.success()) {
        return not_run("the test of a kernel without Landlock needs a working `strace`");
    }
    let exec = |options: &[&str]| -> anyhow::Result<Command> {
        let exec = place.exec(options)?;
        let mut command = place.programs.command("strace".as_ref(), place.root());
        command.args(trace).arg(exec.get_program()).args(exec.get_args());
        Ok(command)
    };
    let said = place.run(exec(&["--allow", "fs.read:./data"])?, &["std read outside.txt", "sdk read outside.txt"])?;
    said.answers(&[("std read outside.txt", "Ok(\"outside\")"), ("sdk read outside.txt", "Err(\"Denied\")")])?;
    ensure!(said.outcome.stderr.text.starts_with("note: landlock: nothing is enforced"), "{said:?}");
    place.run(exec(&["--require-landlock"])?, &["say ran"])?.refused("files, truncating and TCP")
}

/// The files of one test.
struct Place {
    programs: Programs,
    folder: TempDir,
}

/// What the guest, and `caphost` before it, said.
#[derive(Debug)]
struct Said {
    outcome: Outcome,
}

impl Place {
    fn new() -> anyhow::Result<Self> {
        let place = Self { programs: Programs::find()?, folder: tempfile::tempdir()? };
        fs::create_dir(place.root().join("data"))?;
        for (file, text) in [("data/a.txt", "inside"), ("data/b.txt", "beside"), ("outside.txt", "outside")] {
            fs::write(place.root().join(file), text)?;
        }
        std::os::unix::fs::symlink("outside.txt", place.root().join("data/link"))?;
        std::os::unix::fs::symlink("outside.txt", place.root().join("link"))?;
        Ok(place)
    }

    fn root(&self) -> &Path {
        self.folder.path()
    }

    /// `caphost exec` of the guest, its operations still to come.
    fn exec(&self, options: &[&str]) -> anyhow::Result<Command> {
        let mut command = self.programs.command(self.programs.caphost(), self.root());
        command.arg("exec").args(options).arg("--").arg(std::env::current_exe()?).arg(super::GUEST);
        Ok(command)
    }

    /// The guest without `caphost`.
    fn guest(&self, mut command: Command) -> Command {
        command.current_dir(self.root()).arg(super::GUEST);
        command
    }

    /// The same command, started with files on two descriptors.
    fn with_strays(&self, command: &Command) -> Command {
        let mut shell = self.programs.command("/bin/sh".as_ref(), self.root());
        shell.args(["-c", "exec 3<outside.txt 5<outside.txt; exec \"$@\"", "sh"]);
        shell.arg(command.get_program()).args(command.get_args());
        shell
    }

    fn run(&self, mut command: Command, operations: &[&str]) -> anyhow::Result<Said> {
        command.args(operations);
        Ok(Said { outcome: process::run(command, Input::Text(""), process::HANG)? })
    }

    /// What `caphost exec` says of this kernel; says that `what` is not run where there is no Landlock.
    fn landlock(&self, what: &str) -> anyhow::Result<Option<Note>> {
        let said = self.run(self.exec(&[])?, &[])?;
        let stderr = said.outcome.stderr.text;
        let note = stderr.trim_end().strip_prefix("note: landlock: ").with_context(|| stderr.clone())?;
        match note.strip_prefix("enforced for ") {
            Some(enforced) => Ok(Some(Note(enforced.split(';').next().unwrap_or_default().to_owned()))),
            None => not_run(&format!("{what} needs a kernel with Landlock")).map(|()| None),
        }
    }
}

/// The parts that the kernel enforces.
struct Note(String);

impl Note {
    fn enforces(&self, part: &str) -> bool {
        self.0.split(", ").flat_map(|parts| parts.split(" and ")).any(|enforced| enforced == part)
    }
}

impl Said {
    fn lines(&self) -> Vec<&str> {
        self.outcome.stdout.text.lines().collect()
    }

    /// Each operation must have had its answer.
    fn answers(&self, expected: &[(&str, &str)]) -> anyhow::Result<()> {
        for (operation, answer) in expected {
            let line = format!("{operation}: {answer}");
            ensure!(self.lines().contains(&line.as_str()), "no line `{line}` in {self:#?}");
        }
        Ok(())
    }

    /// `--require-landlock` must have refused to start the guest.
    fn refused(&self, why: &str) -> anyhow::Result<()> {
        let Outcome { stdout, stderr, .. } = &self.outcome;
        let is_refused = self.outcome.ending() == "exit 120" && stdout.text.is_empty();
        ensure!(is_refused && stderr.text.contains("error[CAP0304]: ") && stderr.text.contains(why), "{self:#?}");
        Ok(())
    }
}

/// Past the test harness, which would swallow it.
fn not_run(why: &str) -> anyhow::Result<()> {
    Ok(writeln!(io::stderr(), "NOT RUN: {why}")?)
}
