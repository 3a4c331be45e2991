//! Medians, ratios and means, as a value that is printed and written as JSON.

use anyhow::Result;
use serde::Serialize;

use super::db::{self, Statement};
use super::hosts::Bench;
use super::machine::{self, Machine};
use super::rows::{ROWS, Row, Source};
use super::samples::{self, Samples};
use super::sdk::Call;
use super::verdict::{self, Claim};

/// Everything that one run of the benchmark found.
#[derive(Serialize)]
pub(super) struct Report {
    /// The day.
    pub(super) date: String,
    /// Where.
    pub(super) machine: Machine,
    /// How many rounds each median is of.
    pub(super) rounds: u32,
    /// The rows that were measured.
    pub(super) rows: Vec<Line>,
    /// Geometric means over the operations.
    pub(super) means: Means,
    /// What we want to hold, and whether it does.
    pub(super) bar: Vec<Claim>,
    /// The calls of the SDK.
    pub(super) sdk: Vec<Call>,
    /// SQL.
    pub(super) db: Vec<Statement>,
}

/// One row: medians in nanoseconds, or in bytes for memory.
#[derive(Serialize)]
pub(super) struct Line {
    pub(super) name: &'static str,
    pub(super) title: &'static str,
    pub(super) unit: Unit,
    /// Whether it counts for the means.
    pub(super) is_operation: bool,
    pub(super) native: Option<f64>,
    pub(super) wasmtime: Option<f64>,
    pub(super) caphost: Option<f64>,
}

/// What a number counts.
#[derive(Clone, Copy, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Unit {
    Nanoseconds,
    Bytes,
}

/// Geometric means of ratios.
#[derive(Serialize)]
pub(super) struct Means {
    pub(super) caphost_to_wasmtime: Option<f64>,
    pub(super) caphost_to_native: Option<f64>,
    pub(super) wasmtime_to_native: Option<f64>,
}

impl Line {
    fn new(row: &Row, samples: &Samples) -> Self {
        let median = |host| samples.get(&(row.name, host)).and_then(|numbers| samples::median(numbers));
        Self {
            name: row.name,
            title: row.title,
            unit: if row.source == Source::Memory { Unit::Bytes } else { Unit::Nanoseconds },
            is_operation: row.source == Source::Operation,
            native: median("native"),
            wasmtime: median("wasmtime"),
            caphost: median("caphost"),
        }
    }

    /// How much of wasmtime's number ours is.
    pub(super) fn to_wasmtime(&self) -> Option<f64> {
        Some(self.caphost? / self.wasmtime?)
    }

    /// How many times the native number ours is.
    pub(super) fn to_native(&self) -> Option<f64> {
        Some(self.caphost? / self.native?)
    }
}

impl Report {
    /// Puts together what was measured.
    pub(super) fn new(
        bench: &Bench<'_>,
        rounds: u32,
        samples: &Samples,
        sdk: Vec<Call>,
        db: Vec<Statement>,
    ) -> Result<Self> {
        let lines = ROWS.iter().map(|row| Line::new(row, samples)).filter(|line| line.caphost.is_some());
        let rows: Vec<_> = lines.collect();
        let means = Means {
            caphost_to_wasmtime: mean(&rows, Line::to_wasmtime),
            caphost_to_native: mean(&rows, Line::to_native),
            wasmtime_to_native: mean(&rows, |line| Some(line.wasmtime? / line.native?)),
        };
        let mut bar = verdict::claims(&rows, &means);
        bar.extend(db::claims(&db));
        Ok(Self { date: machine::today()?, machine: Machine::this(bench)?, rounds, rows, means, bar, sdk, db })
    }
}

/// The geometric mean of a ratio over the operations; nothing when one of them lacks it.
fn mean(rows: &[Line], ratio: impl Fn(&Line) -> Option<f64>) -> Option<f64> {
    let ratios: Option<Vec<f64>> = rows.iter().filter(|line| line.is_operation).map(ratio).collect();
    let ratios = ratios.filter(|ratios| !ratios.is_empty())?;
    let sum: f64 = ratios.iter().map(|ratio| ratio.ln()).sum();
    Some((sum / ratios.len() as f64).exp())
}
