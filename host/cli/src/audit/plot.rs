//! A plot of decisions over time, for a terminal. Invariant: memory does not grow with the log: as time goes on, the bars get wider.

use caphost::audit_log::{Decision, Record};
use caphost::policy::visible::escape;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::io::{IsTerminal, stdout};

/// Stretches of time that are told apart.
const BINS: usize = 2_048;
/// Capabilities that have a line of their own; there are fewer.
const MAX_LINES: usize = 32;
/// Columns where nobody says and no terminal does.
const DEFAULT_WIDTH: u16 = 80;
/// Columns beside the bars: the name before them and the number behind.
const BESIDE: u16 = 32;
/// From the lowest to the highest.
const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// How much was decided when.
pub(super) struct Plot {
    lines: BTreeMap<String, Vec<u64>>,
    /// How long a bin is, in microseconds.
    bin_us: u64,
    last_us: u64,
}

impl Default for Plot {
    fn default() -> Self {
        Self { lines: BTreeMap::new(), bin_us: 1, last_us: 0 }
    }
}

impl Plot {
    /// Counts a record.
    pub(super) fn add(&mut self, record: &Record<'_>) {
        while record.elapsed_us / self.bin_us >= BINS as u64 {
            self.halve();
        }
        self.last_us = self.last_us.max(record.elapsed_us);
        let name = match record.decision {
            Decision::Allow => record.capability.clone().into_owned(),
            Decision::Deny => format!("{} REFUSED", record.capability),
        };
        if self.lines.len() >= MAX_LINES && !self.lines.contains_key(&name) {
            return;
        }
        let bins = self.lines.entry(name).or_insert_with(|| vec![0; BINS]);
        let bin = usize::try_from(record.elapsed_us / self.bin_us).unwrap_or(usize::MAX);
        if let Some(count) = bins.get_mut(bin) {
            *count += 1;
        }
    }

    /// Makes each bin twice as long.
    fn halve(&mut self) {
        self.bin_us = self.bin_us.saturating_mul(2);
        for bins in self.lines.values_mut() {
            let mut halved: Vec<u64> = bins.chunks(2).map(|pair| pair.iter().sum()).collect();
            halved.resize(BINS, 0);
            *bins = halved;
        }
    }

    /// The plot, as wide as asked, or as the terminal.
    pub(super) fn text(&self, width: Option<u16>) -> String {
        let width = usize::from(width.or_else(terminal).unwrap_or(DEFAULT_WIDTH).saturating_sub(BESIDE).max(8));
        let used = usize::try_from(self.last_us / self.bin_us).unwrap_or(BINS).min(BINS - 1) + 1;
        let columns: Vec<(&String, Vec<u64>)> = self
            .lines
            .iter()
            .map(|(name, bins)| (name, resampled(bins.get(..used).unwrap_or_default(), width)))
            .collect();
        let highest = columns.iter().flat_map(|(_, bars)| bars).copied().max().unwrap_or(0);
        if highest == 0 {
            return "nothing was decided\n".to_owned();
        }
        let mut text = String::new();
        for (name, bars) in &columns {
            let bars: String = bars.iter().map(|count| bar(*count, highest)).collect();
            let total: u64 = self.lines.get(*name).into_iter().flatten().sum();
            // Writing to a String cannot fail.
            let _ = writeln!(text, "{:<20} {bars} {total}", escape(name).to_string());
        }
        let end = seconds(self.last_us);
        let _ = writeln!(text, "{:<20} 0 s{end:>right$}", "", right = width.saturating_sub(3));
        let _ = writeln!(text, "{:<20} the highest bar is {highest} in {}", "", seconds(self.last_us / width as u64));
        text
    }
}

/// The counts in so many columns. Where there are fewer bins, a bin is in the first of its columns.
fn resampled(bins: &[u64], width: usize) -> Vec<u64> {
    let mut columns = vec![0; width];
    for (index, count) in bins.iter().enumerate() {
        if let Some(column) = columns.get_mut(index * width / bins.len().max(1)) {
            *column += count;
        }
    }
    columns
}

fn bar(count: u64, highest: u64) -> char {
    let step = u128::from(count) * (BARS.len() as u128 - 1) / u128::from(highest.max(1));
    match usize::try_from(step).ok().and_then(|step| BARS.get(step)) {
        Some(bar) if count > 0 => *bar,
        _ => ' ',
    }
}

fn seconds(microseconds: u64) -> String {
    format!("{}.{:03} s", microseconds / 1_000_000, microseconds / 1_000 % 1_000)
}

/// The columns of the terminal that the answer goes to, if it goes to one.
fn terminal() -> Option<u16> {
    let stdout = stdout();
    let size = stdout.is_terminal().then(|| rustix::termios::tcgetwinsize(&stdout).ok())??;
    Some(size.ws_col).filter(|columns| *columns > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(elapsed_us: u64, decision: Decision) -> Record<'static> {
        Record {
            elapsed_us,
            capability: "fs.read".into(),
            call: "".into(),
            asked: "".into(),
            resolved: None,
            scheme: None,
            method: None,
            decision,
            is_partial: false,
            code: None,
            rule: None,
        }
    }

    #[test]
    fn bars_are_as_high_as_what_they_count_and_lines_as_wide_as_asked() {
        let mut plot = Plot::default();
        assert_eq!(plot.text(Some(40)), "nothing was decided\n");
        (0..8).for_each(|_| plot.add(&record(0, Decision::Allow)));
        plot.add(&record(9_999_999, Decision::Allow));
        plot.add(&record(60_000_000_000, Decision::Deny));
        plot.add(&record(5_000_000, Decision::Deny));
        let text = plot.text(Some(42));
        let lines: Vec<_> = text.lines().collect();
        assert_eq!(lines[0], "fs.read              █          9");
        assert!(lines[1].starts_with("fs.read REFUSED      ▁        ▁ 2"), "{text}");
        assert!(lines.iter().all(|line| line.chars().count() <= 60), "{text}");
    }
}
