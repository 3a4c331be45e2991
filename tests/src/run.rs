//! Runs the steps of a case, once, on fresh files.

use std::cell::RefCell;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use caphost_cluster::Database;
use tempfile::TempDir;

use crate::case::{Again, Case, DenyMode, Step};
use crate::peers::{self, Peers};
use crate::process::{self, Input, Outcome};
use crate::programs::{Programs, third_party};
use crate::redact::Redactor;
use crate::report::{self, Shown};
use crate::{audit, files, tree};

/// Data that cases have guests move, and the value of a variable that every run has: no record may hold them.
const NEVER_RECORDED: [&str; 2] = ["do-not-record", "do-not-leak"];

/// The folders of one pass through a case.
struct Place {
    work: PathBuf,
    audit: PathBuf,
    redactor: Redactor,
    peers: RefCell<Option<Peers>>,
    database: Option<Database>,
    _folder: TempDir,
}

/// What all steps of `case` looked like, with `mode` if there is one.
///
/// # Errors
/// When a step hangs, brings the host down, or cannot be run.
pub fn all_steps(case: &Case, mode: Option<DenyMode>, programs: &Programs) -> anyhow::Result<String> {
    let place = Place::new(case, programs)?;
    let mut text = String::new();
    for (index, step) in case.steps.iter().enumerate() {
        if step.args.is_empty() && step.guest.is_empty() {
            text += &report::files(step.note.as_deref(), &place.tree()?);
            continue;
        }
        for (place_in_step, command) in commands(step, mode).iter().enumerate() {
            let note = step.note.as_deref().filter(|_| place_in_step == 0);
            text += &place
                .run(step, note, command, programs)
                .with_context(|| format!("step {}: {command:?}", index + 1))?;
        }
    }
    Ok(text)
}

/// The arguments of `caphost` for each run of `step`, programs still by name.
pub fn commands(step: &Step, mode: Option<DenyMode>) -> Vec<Vec<String>> {
    let Some((guest, arguments)) = step.guest.split_first() else {
        return vec![step.args.clone()];
    };
    let mut command = vec!["run".to_owned()];
    command.extend(mode.iter().flat_map(|mode| ["--on-deny".to_owned(), mode.name().to_owned()]));
    command.extend(step.allow.iter().flat_map(|rule| ["--allow".to_owned(), rule.clone()]));
    command.extend(step.deny.iter().flat_map(|rule| ["--deny".to_owned(), rule.clone()]));
    command.extend(step.options.iter().cloned());
    command.push(format!("{{{guest}}}"));
    command.extend(arguments.iter().cloned());
    if step.each.is_empty() {
        return vec![command];
    }
    let with = |last: &String| command.iter().chain([last]).cloned().collect();
    step.each.iter().map(with).collect()
}

impl Place {
    fn new(case: &Case, programs: &Programs) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        let root = folder.path().canonicalize()?;
        let work = root.join("here");
        fs::create_dir(&work)?;
        files::make(case, &work, &|name| programs.component(name))?;
        let peers = Peers::start(case, &root, programs)?;
        let found = peers.iter().flat_map(Peers::found);
        let redactor = found.fold(Redactor::default(), |redactor, (name, port)| redactor.port(port, name));
        let database = database(case, programs)?;
        let redactor = database.iter().fold(redactor, without_database);
        let redactor = redactor
            .path(&work, "{work}")
            .path(&root, "{temp}")
            .path(programs.guests(), "{guests}")
            .path(&third_party(), "{crates}")
            .path(&programs.natives(), "{natives}")
            .path(programs.made(), "{made}")
            .path(programs.cache(), "{cache}");
        Ok(Self {
            work,
            audit: root.join("audit.jsonl"),
            redactor,
            peers: RefCell::new(peers),
            database,
            _folder: folder,
        })
    }

    fn run(&self, step: &Step, note: Option<&str>, command: &[String], programs: &Programs) -> anyhow::Result<String> {
        step.tampered.iter().try_for_each(|tampered| tampered.make(&self.work))?;
        for (name, text) in &step.writes {
            fs::write(self.work.join(name), text).with_context(|| format!("failed to write `{name}`"))?;
        }
        if step.seen {
            // What reached the peers before is no part of this step.
            self.seen()?;
        }
        let (mut outcome, beside) = self.start_beside(step, command, programs)?;
        let instead = match step.again {
            None => None,
            Some(again) => self.second(again, step, command, &outcome, programs)?,
        };
        let shown = Shown {
            lines: step.lines,
            directory: step.directory.as_deref(),
            instead_of_stdout: instead,
            is_unordered: step.unordered,
            audit: step.audit.then(|| self.audit()).transpose()?,
            tree: step.tree.then(|| self.tree()).transpose()?,
            rows: self.rows(step)?,
            beside,
            seen: if step.seen { self.seen()? } else { None },
        };
        for output in [&mut outcome.stdout, &mut outcome.stderr] {
            output.text = self.redactor.redact(&output.text);
        }
        Ok(report::run(note, command, &outcome, &shown))
    }

    /// Runs again, and says what stands in the place of standard output.
    fn second(
        &self,
        again: Again,
        step: &Step,
        command: &[String],
        first: &Outcome,
        programs: &Programs,
    ) -> anyhow::Result<Option<&'static str>> {
        let second = self.start(step, command, programs)?;
        let is_same = second.stdout.text == first.stdout.text;
        match (again, is_same) {
            (Again::Same, true) => Ok(None),
            (Again::Differs, false) => Ok(Some("differs from run to run")),
            (Again::Same, false) => bail!("two runs differ: {} and {}", first.stdout.text, second.stdout.text),
            (Again::Differs, true) => bail!("two runs print the same: {}", first.stdout.text),
        }
    }

    fn start(&self, step: &Step, command: &[String], programs: &Programs) -> anyhow::Result<Outcome> {
        let mut process = self.command(programs.caphost(), programs);
        for (index, argument) in command.iter().enumerate() {
            process.arg(programs.resolve(&self.fill(argument))?);
            if index == 0 && step.audit {
                process.arg("--audit").arg(&self.audit);
            }
        }
        for (name, value) in &step.environment {
            process.env(name, self.fill(value));
        }
        if let Some(directory) = &step.directory {
            process.current_dir(self.work.join(directory));
        }
        let input =
            if step.stdin_silent { Input::Silent } else { Input::Text(step.stdin.as_deref().unwrap_or_default()) };
        let limit = step.timeout.map_or(process::HANG, Duration::from_secs);
        // A log is appended to: each run is shown with its own.
        remove(&self.audit)?;
        let outcome = process::run(process, input, limit)?;
        ensure_alive(&outcome)?;
        Ok(outcome)
    }

    /// Runs `command`, and beside it the client of the step, if it has one; what that one looked like.
    fn start_beside(
        &self,
        step: &Step,
        command: &[String],
        programs: &Programs,
    ) -> anyhow::Result<(Outcome, Option<String>)> {
        if step.beside.is_empty() {
            return Ok((self.start(step, command, programs)?, None));
        }
        let words: Vec<String> = step.beside.iter().map(|word| self.fill(word)).collect();
        let words = peers::beside(&words, programs)?;
        let (program, rest) = words.split_first().context("no program")?;
        let mut client = self.command(Path::new(program), programs);
        client.args(rest);
        thread::scope(|scope| {
            let client = scope.spawn(|| process::run(client, Input::Text(""), process::HANG));
            let outcome = self.start(step, command, programs)?;
            let mut client = client.join().ok().context("the client's thread panicked")??;
            for output in [&mut client.stdout, &mut client.stderr] {
                output.text = self.redactor.redact(&output.text);
            }
            Ok((outcome, Some(report::beside(&step.beside, &client))))
        })
    }

    /// `program` in the working directory, and in the case's network.
    fn command(&self, program: &Path, programs: &Programs) -> Command {
        let entry = self.peers.borrow().as_ref().map(|peers| peers.entry().to_vec()).unwrap_or_default();
        let Some((first, rest)) = entry.split_first() else { return programs.command(program, &self.work) };
        let mut command = programs.command(Path::new(first), &self.work);
        command.args(rest).arg(program);
        command
    }

    /// `word` with the working directory and the ports of peers in their places.
    fn fill(&self, word: &str) -> String {
        let mut word = word.replace("{work}", &self.work.to_string_lossy());
        if let Some(database) = &self.database {
            word = word.replace("{postgres}", &database.url()).replace("{postgres-socket}", &database.socket_url());
            if let Some(user) = word.strip_prefix("{postgres-as:").and_then(|rest| rest.strip_suffix('}')) {
                word = database.url_as(user);
            }
        }
        self.peers.borrow().as_ref().map_or(word.clone(), |peers| peers.fill(&word))
    }

    fn seen(&self) -> anyhow::Result<Option<String>> {
        let Some(peers) = &mut *self.peers.borrow_mut() else { return Ok(None) };
        let lines: String = peers.seen()?.iter().map(|line| format!("{line}\n")).collect();
        Ok(Some(if lines.is_empty() { "(nothing)\n".to_owned() } else { self.redactor.redact(&lines) }))
    }

    fn audit(&self) -> anyhow::Result<String> {
        let log = fs::read_to_string(&self.audit).context("no audit log was written")?;
        for mark in NEVER_RECORDED {
            ensure!(!log.contains(mark), "the audit log holds data: {mark}");
        }
        Ok(self.redactor.redact(&audit::show(&log)?))
    }

    /// What the step's own statement shows of the case's database.
    fn rows(&self, step: &Step) -> anyhow::Result<Option<String>> {
        let Some((database, sql)) = self.database.as_ref().zip(step.rows.as_deref()) else { return Ok(None) };
        let rows = database.sql(sql)?;
        Ok(Some(if rows.is_empty() { "(none)\n".to_owned() } else { rows }))
    }

    fn tree(&self) -> anyhow::Result<String> {
        Ok(self.redactor.redact(&tree::show(&self.work)?))
    }
}

/// The database of `case`, if it has one on PostgreSQL.
fn database(case: &Case, programs: &Programs) -> anyhow::Result<Option<Database>> {
    let Some(postgres) = &case.postgres else { return Ok(None) };
    let cluster = programs.cluster()?.context(caphost_cluster::OBSTACLE)?;
    cluster.create_database(&postgres.sql).map(Some).context("failed to make the database")
}

/// What differs from run to run of a database.
fn without_database(redactor: Redactor, database: &Database) -> Redactor {
    let redactor = redactor.path(database.socket_folder(), "{cluster}").path(Path::new(database.name()), "{database}");
    redactor.port(database.port(), "port")
}

fn remove(path: &Path) -> anyhow::Result<()> {
    if path.exists() {
        fs::remove_file(path)?;
    }
    Ok(())
}

/// Fails on what no expected.txt may call right: a hang, a signal, a panic of the host.
fn ensure_alive(outcome: &Outcome) -> anyhow::Result<()> {
    let ending = outcome.ending();
    let stderr = &outcome.stderr.text;
    ensure!(ending.starts_with("exit "), "{ending}\n{stderr}");
    ensure!(ending != "exit 101" && !stderr.contains("panicked at host/"), "the host panicked\n{stderr}");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_guest_step_is_a_run_for_each() {
        let text = "why = 'x'\n[[step]]\nallow = ['fs']\nguest = ['probe', 'a']\neach = ['b', 'c']\n";
        let case = Case::parse(text).unwrap();
        let seen: Vec<_> = commands(&case.steps[0], Some(DenyMode::Trap)).iter().map(|words| words.join(" ")).collect();
        let start = "run --on-deny trap --allow fs {probe} a";
        assert_eq!(seen, [format!("{start} b"), format!("{start} c")]);
    }
}
