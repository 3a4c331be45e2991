//! Taking numbers: every host in turn, round after round, so that a slow minute of the machine hits all of them.

use std::collections::BTreeMap;
use std::fs;
use std::process::Command;

use anyhow::{Context, Result, bail};

use super::hosts::{Bench, FILES, Host, TREE};
use super::one_core::on_one_core;
use super::rows::{self, Row, Source, Whole};
use super::{tree, whole};
use crate::layout::Platform;
use crate::process;

/// All numbers of one row under one host.
pub(super) type Samples = BTreeMap<(&'static str, &'static str), Vec<f64>>;

/// Lays out the files, checks that every host gives the same answers, and measures `rounds` times.
pub(super) fn take(bench: &Bench<'_>, rounds: u32, wanted: &[String]) -> Result<Samples> {
    let rows: Vec<&Row> = rows::selected(wanted).collect();
    fs::create_dir_all(&bench.folder)?;
    tree::lay_out(&bench.folder.join(TREE))?;
    process::output_of(
        Command::new(bench.layout.guest("bench", Platform::Native)).arg("prepare").arg(bench.folder.join(FILES)),
    )?;
    warm_up(bench)?;
    let mut samples = Samples::new();
    for round in 1..=rounds {
        for host in &bench.hosts {
            println!("round {round} of {rounds}: {}", host.name());
            for (row, number) in measure(bench, host, &rows)? {
                samples.entry((row, host.name())).or_default().push(number);
            }
        }
    }
    Ok(samples)
}

/// Fills every cache. Who finds less than the others must not be called faster.
fn warm_up(bench: &Bench<'_>) -> Result<()> {
    for program in [Whole::Hello, Whole::Ripgrep] {
        let mut first: Option<Vec<String>> = None;
        for host in &bench.hosts {
            let printed = process::output_of(&mut bench.whole(host, program)?)?;
            let mut lines: Vec<_> = printed.lines().map(String::from).collect();
            lines.sort();
            if first.as_ref().is_some_and(|first| *first != lines) {
                bail!("`{}` gives another answer than the others", host.name());
            }
            first.get_or_insert(lines);
        }
    }
    Ok(())
}

fn measure(bench: &Bench<'_>, host: &Host, rows: &[&'static Row]) -> Result<Vec<(&'static str, f64)>> {
    let mut numbers = operations(bench, host, rows)?;
    numbers.extend(network(bench, host, rows)?);
    for row in rows {
        let number = match row.source {
            Source::Operation | Source::Network => continue,
            Source::Process(program) => Some(whole::time_ns(|| bench.whole(host, program))?),
            Source::Memory => whole::peak_memory(bench.whole(host, Whole::Hello)?.arg("wait"))?,
        };
        numbers.extend(number.map(|number| (row.name, number)));
    }
    Ok(numbers)
}

fn operations(bench: &Bench<'_>, host: &Host, rows: &[&'static Row]) -> Result<Vec<(&'static str, f64)>> {
    timed_by_guest(Source::Operation, rows, || bench.operations(host))
}

fn network(bench: &Bench<'_>, host: &Host, rows: &[&'static Row]) -> Result<Vec<(&'static str, f64)>> {
    on_one_core(|| timed_by_guest(Source::Network, rows, || bench.network(host)))
}

/// The numbers that a guest prints for those of `rows` that come from `source`; it is not started for none.
fn timed_by_guest(
    source: Source,
    rows: &[&'static Row],
    command: impl FnOnce() -> Result<Command>,
) -> Result<Vec<(&'static str, f64)>> {
    let names: Vec<_> = rows.iter().filter(|row| row.source == source).map(|row| row.name).collect();
    if names.is_empty() {
        return Ok(Vec::new());
    }
    let printed = process::output_of(command()?.args(&names))?;
    names.into_iter().map(|name| Ok((name, number_of(name, &printed)?))).collect()
}

/// What a program printed for the row `name`.
pub(super) fn number_of(name: &str, printed: &str) -> Result<f64> {
    let line = printed.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    line.and_then(|number| number.parse().ok()).with_context(|| format!("the guest printed no number for `{name}`"))
}

/// The middle of some numbers.
pub(super) fn median(numbers: &[f64]) -> Option<f64> {
    let mut sorted = numbers.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_not_the_start_of_another() {
        assert_eq!(number_of("metadata", "metadata-missing 2.0\nmetadata 1.5\n").unwrap(), 1.5);
        assert!(number_of("read", "read-1k 2.0").is_err());
    }

    #[test]
    fn the_median_is_in_the_middle() {
        assert_eq!(median(&[9.0, 1.0, 5.0]), Some(5.0));
        assert_eq!(median(&[]), None);
    }
}
