//! Where the tests start the guest: its files, its kernel, and what it said.

use std::fs;
use std::io::{self, Write};
use std::path::Path;
use std::process::Command;

use anyhow::{Context, ensure};
use caphost_tests::process::{self, Input, Outcome};
use caphost_tests::programs::Programs;
use tempfile::TempDir;

/// A kernel where one system call fails.
pub(crate) struct Kernel {
    trace: [String; 5],
}

impl Kernel {
    /// Says so where that cannot be had.
    pub(crate) fn without(call: &str, error: &str) -> anyhow::Result<Option<Self>> {
        let inject = format!("inject={call}:error={error}");
        let trace = ["-f", "-o", "/dev/null", "-e", &inject].map(str::to_owned);
        if Command::new("strace").args(&trace).arg("true").output().is_ok_and(|output| output.status.success()) {
            return Ok(Some(Self { trace }));
        }
        not_run(&format!("the test of a kernel without `{call}` needs a working `strace`")).map(|()| None)
    }

    pub(crate) fn exec(&self, place: &Place, options: &[&str]) -> anyhow::Result<Command> {
        let exec = place.exec(options)?;
        let mut command = place.programs.command("strace".as_ref(), place.root());
        command.args(&self.trace).arg(exec.get_program()).args(exec.get_args());
        Ok(command)
    }
}

/// The files of one test.
pub(crate) struct Place {
    pub(crate) programs: Programs,
    folder: TempDir,
}

/// What the guest, and `caphost` before it, said.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) outcome: Outcome,
}

impl Place {
    pub(crate) fn new() -> anyhow::Result<Self> {
        let place = Self { programs: Programs::find()?, folder: tempfile::tempdir()? };
        fs::create_dir(place.root().join("data"))?;
        for (file, text) in [("data/a.txt", "inside"), ("data/b.txt", "beside"), ("outside.txt", "outside")] {
            fs::write(place.root().join(file), text)?;
        }
        std::os::unix::fs::symlink("outside.txt", place.root().join("data/link"))?;
        std::os::unix::fs::symlink("outside.txt", place.root().join("link"))?;
        Ok(place)
    }

    pub(crate) fn root(&self) -> &Path {
        self.folder.path()
    }

    /// `caphost exec` of the guest, its operations still to come.
    pub(crate) fn exec(&self, options: &[&str]) -> anyhow::Result<Command> {
        let mut command = self.programs.command(self.programs.caphost(), self.root());
        command.arg("exec").args(options).arg("--").arg(std::env::current_exe()?).arg(crate::GUEST);
        Ok(command)
    }

    /// The guest without `caphost`.
    pub(crate) fn guest(&self, mut command: Command) -> Command {
        command.current_dir(self.root()).arg(crate::GUEST);
        command
    }

    /// The same command, started with files on two descriptors.
    pub(crate) fn with_strays(&self, command: &Command) -> Command {
        let mut shell = self.programs.command("/bin/sh".as_ref(), self.root());
        shell.args(["-c", "exec 3<outside.txt 5<outside.txt; exec \"$@\"", "sh"]);
        shell.arg(command.get_program()).args(command.get_args());
        shell
    }

    pub(crate) fn run(&self, mut command: Command, operations: &[&str]) -> anyhow::Result<Said> {
        command.args(operations);
        Ok(Said { outcome: process::run(command, Input::Text(""), process::HANG)? })
    }

    /// What `caphost exec` says of this kernel; says that `what` is not run where there is no Landlock.
    pub(crate) fn landlock(&self, what: &str) -> anyhow::Result<Option<Note>> {
        let said = self.run(self.exec(&[])?, &[])?;
        let stderr = said.outcome.stderr.text;
        let note = stderr.trim_end().strip_prefix("note: landlock: ").with_context(|| stderr.clone())?;
        let is_without_network = note.ends_with("; network: none, by seccomp");
        match note.strip_prefix("enforced for ") {
            Some(enforced) => {
                let enforced = enforced.split(';').next().unwrap_or_default().to_owned();
                Ok(Some(Note { enforced, is_without_network }))
            }
            None => not_run(&format!("{what} needs a kernel with Landlock")).map(|()| None),
        }
    }
}

/// What the kernel enforces.
pub(crate) struct Note {
    /// The parts, as Landlock does.
    enforced: String,
    pub(crate) is_without_network: bool,
}

impl Note {
    pub(crate) fn enforces(&self, part: &str) -> bool {
        self.enforced.split(", ").flat_map(|parts| parts.split(" and ")).any(|enforced| enforced == part)
    }
}

impl Said {
    pub(crate) fn lines(&self) -> Vec<&str> {
        self.outcome.stdout.text.lines().collect()
    }

    /// What `caphost exec` says of the kernel.
    pub(crate) fn note(&self) -> &str {
        self.outcome.stderr.text.trim_end()
    }

    /// Each operation must have had its answer.
    pub(crate) fn answers(&self, expected: &[(&str, &str)]) -> anyhow::Result<()> {
        for (operation, answer) in expected {
            let line = format!("{operation}: {answer}");
            ensure!(self.lines().contains(&line.as_str()), "no line `{line}` in {self:#?}");
        }
        Ok(())
    }

    /// `--require-landlock` must have refused to start the guest.
    pub(crate) fn refused(&self, why: &str) -> anyhow::Result<()> {
        let Outcome { stdout, stderr, .. } = &self.outcome;
        let is_refused = self.outcome.ending() == "exit 120" && stdout.text.is_empty();
        ensure!(is_refused && stderr.text.contains("error[CAP0304]: ") && stderr.text.contains(why), "{self:#?}");
        Ok(())
    }
}

/// Past the test harness, which would swallow it.
pub(crate) fn not_run(why: &str) -> anyhow::Result<()> {
    Ok(writeln!(io::stderr(), "NOT RUN: {why}")?)
}
