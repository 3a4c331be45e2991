//! Counts by capability and resource.

use crate::columns;
use crate::report::json_line;
use caphost::audit_log::{Decision, Record};
use caphost::policy::visible::escape;
use serde::Serialize;
use std::collections::BTreeMap;

/// Resources that are told apart.
const MAX_ROWS: usize = 10_000;

/// How often each resource was asked for.
#[derive(Default)]
pub(super) struct Summary {
    rows: BTreeMap<(String, String), Counts>,
    /// Those that there was no more row for.
    others: Counts,
}

#[derive(Clone, Copy, Default, Serialize)]
struct Counts {
    allowed: u64,
    refused: u64,
}

#[derive(Serialize)]
struct Row<'a> {
    capability: &'a str,
    resource: &'a str,
    #[serde(flatten)]
    counts: Counts,
}

impl Counts {
    fn add(&mut self, decision: Decision) {
        match decision {
            Decision::Allow => self.allowed += 1,
            Decision::Deny => self.refused += 1,
        }
    }
}

impl Summary {
    /// Counts a record.
    pub(super) fn add(&mut self, record: &Record<'_>) {
        let resource = record.resolved.as_deref().unwrap_or(&record.asked);
        let key = (record.capability.clone().into_owned(), resource.to_owned());
        if self.rows.len() >= MAX_ROWS && !self.rows.contains_key(&key) {
            return self.others.add(record.decision);
        }
        self.rows.entry(key).or_default().add(record.decision);
    }

    /// As a table, what was asked for most often first within each capability.
    pub(super) fn text(self) -> String {
        let others = self.others;
        let row = |(capability, resource, counts): (&str, &str, Counts)| {
            let refused = if counts.refused > 0 { format!("{} refused", counts.refused) } else { String::new() };
            [
                escape(capability).to_string(),
                format!("{} allowed", counts.allowed),
                refused,
                escape(resource).to_string(),
            ]
        };
        let mut rows: Vec<_> = self.sorted().into_iter().map(row).collect();
        if others.allowed + others.refused > 0 {
            rows.push(row(("(others)", "", others)));
        }
        columns::align(&rows)
    }

    /// One JSON object a line.
    pub(super) fn json(self) -> String {
        let row = |(capability, resource, counts)| json_line(&Row { capability, resource, counts });
        self.sorted().into_iter().map(row).collect()
    }

    fn sorted(&self) -> Vec<(&str, &str, Counts)> {
        let mut rows: Vec<_> = self
            .rows
            .iter()
            .map(|((capability, resource), counts)| (capability.as_str(), resource.as_str(), *counts))
            .collect();
        rows.sort_by_key(|(capability, resource, counts)| {
            (*capability, std::cmp::Reverse(counts.allowed + counts.refused), *resource)
        });
        rows
    }
}
