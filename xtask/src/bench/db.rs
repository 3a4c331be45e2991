//! SQL on SQLite: a guest through the SDK, as wasm and natively, beside the same few lines through rusqlite.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Command;

use anyhow::Result;
use serde::Serialize;

use super::hosts::Bench;
use super::report::Unit;
use super::verdict::Claim;
use super::{samples, whole};
use crate::layout::Platform;
use crate::process;

/// A row: its name in the programs and for `--row`, and in the table.
const TIMED: &[(&str, &str)] = &[
    ("db-select", "select by key"),
    ("db-insert-1000", "insert 1 000 rows in a transaction"),
    ("db-scan", "scan 100 000 rows"),
];
/// What the scan of so many rows does to the memory of the process, and how the table calls it.
const MEMORY: [(&str, u32, &str); 2] = [
    ("db-memory-1000", 1_000, "peak memory, scan of 1 000 rows"),
    ("db-memory", 100_000, "peak memory, scan of 100 000 rows"),
];

/// How many times the time of rusqlite a scan may take.
const SCAN: f64 = 1.3;
/// How many times the time of rusqlite a select by key may take.
const SELECT: f64 = 1.5;
/// How much more memory than rusqlite a hundred times the rows may take, which have 10 MiB. SQLite's own cache grows under both.
const GROWTH: f64 = 2.0 * 1024.0 * 1024.0;

/// The database file, below [`Bench::folder`], and the name that the guest knows it by.
const FILE: &str = "bench.db";
const NAME: &str = "main";
const GRANTS: [&str; 4] = ["--db", "main=sqlite:bench.db", "--allow", "db:main,time.wall"];

/// The medians of one row.
#[derive(Serialize)]
pub(super) struct Statement {
    pub(super) name: &'static str,
    pub(super) title: &'static str,
    pub(super) unit: Unit,
    pub(super) rusqlite: Option<f64>,
    pub(super) native: Option<f64>,
    pub(super) wasm: Option<f64>,
}

impl Statement {
    /// How many times the number of rusqlite the component's is.
    pub(super) fn to_rusqlite(&self) -> Option<f64> {
        Some(self.wasm? / self.rusqlite?)
    }
}

/// Who is measured.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Program {
    Rusqlite,
    Sdk(Platform),
}

const PROGRAMS: [Program; 3] = [Program::Rusqlite, Program::Sdk(Platform::Native), Program::Sdk(Platform::Wasm)];

type Numbers = BTreeMap<(Program, &'static str), Vec<f64>>;

/// Whether a row has this name.
pub(super) fn has(name: &str) -> bool {
    names().any(|row| row == name)
}

/// The names of all rows.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    TIMED.iter().map(|(name, _)| *name).chain(MEMORY.iter().map(|(name, ..)| *name))
}

/// Measures the rows that `wanted` names, or all when it names none, `rounds` times, each program in turn.
pub(super) fn measure(bench: &Bench<'_>, rounds: u32, wanted: &[String]) -> Result<Vec<Statement>> {
    let is_wanted = |name: &str| wanted.is_empty() || wanted.iter().any(|word| word == name);
    if !names().any(is_wanted) {
        return Ok(Vec::new());
    }
    let rusqlite = bench.layout.guest("bench-db-rusqlite", Platform::Native);
    process::output_of(Command::new(rusqlite).arg("prepare").arg(file(bench)))?;
    let timed: Vec<_> = TIMED.iter().map(|(name, _)| *name).filter(|name| is_wanted(name)).collect();
    let mut numbers = Numbers::new();
    for round in 1..=rounds {
        println!("round {round} of {rounds}: databases");
        for program in PROGRAMS {
            if !timed.is_empty() {
                time(bench, program, &timed, &mut numbers)?;
            }
            for (name, rows, _) in MEMORY.iter().filter(|(name, ..)| is_wanted(name)) {
                let mut command = command(bench, program, "wait");
                let peak = whole::peak_memory(command.arg(rows.to_string()))?;
                numbers.entry((program, name)).or_default().extend(peak);
            }
        }
    }
    Ok(statements(&numbers))
}

fn time(bench: &Bench<'_>, program: Program, timed: &[&'static str], numbers: &mut Numbers) -> Result<()> {
    let printed = process::output_of(command(bench, program, "run").args(timed))?;
    for name in timed {
        numbers.entry((program, name)).or_default().push(samples::number_of(name, &printed)?);
    }
    Ok(())
}

fn statements(numbers: &Numbers) -> Vec<Statement> {
    let timed = TIMED.iter().map(|(name, title)| (*name, *title, Unit::Nanoseconds));
    let rows = timed.chain(MEMORY.iter().map(|(name, _, title)| (*name, *title, Unit::Bytes)));
    let median = |program, name| samples::median(numbers.get(&(program, name))?);
    let statements = rows.map(|(name, title, unit)| Statement {
        name,
        title,
        unit,
        rusqlite: median(Program::Rusqlite, name),
        native: median(Program::Sdk(Platform::Native), name),
        wasm: median(Program::Sdk(Platform::Wasm), name),
    });
    statements.filter(|statement| statement.wasm.is_some()).collect()
}

/// A program that is told to do this with the database.
fn command(bench: &Bench<'_>, program: Program, verb: &str) -> Command {
    let mut command = match program {
        Program::Rusqlite => {
            let mut command = Command::new(bench.layout.guest("bench-db-rusqlite", Platform::Native));
            command.arg(verb).arg(file(bench));
            return command;
        }
        Program::Sdk(_) => Command::new(bench.layout.caphost("release")),
    };
    let platform = if program == Program::Sdk(Platform::Wasm) { Platform::Wasm } else { Platform::Native };
    command.arg(if platform == Platform::Wasm { "run" } else { "exec" });
    command.args(GRANTS).args(["--audit", "audit-db.jsonl"]);
    if platform == Platform::Native {
        command.arg("--");
    }
    command.arg(bench.layout.guest("bench-db", platform)).args([verb, NAME]).current_dir(&bench.folder);
    command
}

fn file(bench: &Bench<'_>) -> PathBuf {
    bench.folder.join(FILE)
}

/// The claims that the measured rows allow to judge.
pub(super) fn claims(statements: &[Statement]) -> Vec<Claim> {
    let found = |name| statements.iter().find(|statement| statement.name == name);
    let timed = |name, what, most: f64| {
        let ratio = found(name).and_then(Statement::to_rusqlite)?;
        let text = format!("{what} at most {most} of the time of rusqlite");
        Some(Claim { text, found: format!("{ratio:.2}"), holds: ratio <= most })
    };
    let growth = || {
        let [(few, ..), (many, ..)] = MEMORY;
        let (few, many) = (found(few)?, found(many)?);
        let beyond = (many.wasm? - few.wasm?) - (many.rusqlite? - few.rusqlite?);
        let mebibytes = |bytes: f64| bytes / 1024.0 / 1024.0;
        Some(Claim {
            text: format!("a scan of 100 000 rows takes at most {} MiB more memory than rusqlite's", mebibytes(GROWTH)),
            found: format!("{:.1} MiB", mebibytes(beyond)),
            holds: beyond <= GROWTH,
        })
    };
    [timed("db-select", "a select by key", SELECT), timed("db-scan", "a scan", SCAN), growth()]
        .into_iter()
        .flatten()
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn statement(name: &'static str, rusqlite: f64, wasm: f64) -> Statement {
        let (rusqlite, wasm) = (Some(rusqlite), Some(wasm));
        Statement { name, title: name, unit: Unit::Nanoseconds, rusqlite, native: None, wasm }
    }

    #[test]
    fn each_bar_is_judged_by_its_own_row() {
        let held = |statements: &[Statement]| claims(statements).iter().map(|claim| claim.holds).collect::<Vec<_>>();
        assert_eq!(held(&[statement("db-select", 2.0, 3.0), statement("db-scan", 2.0, 3.0)]), [true, false]);
        let growth = |wasm| [statement("db-memory-1000", 5e6, 2e7), statement("db-memory", 13e6, wasm)];
        assert_eq!(held(&growth(3e7)), [true], "2 MB more than rusqlite");
        assert_eq!(held(&growth(3.1e7)), [false]);
    }
}
