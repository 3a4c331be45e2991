//! Limits, with where each is from.

use super::row;
use super::terms::size;
use caphost::manifest::units::duration_text;
use caphost::manifest::{Declared, DeclaredLimits, Origin};
use caphost::policy::{DatabaseLimits, Limits};
use std::time::Duration;

/// A limit: its name in a manifest, its value, and where that is from, if it is no default.
pub(super) struct Limit<'a> {
    pub(super) name: &'static str,
    /// `None`: there is no such limit.
    pub(super) value: Option<String>,
    pub(super) origin: Option<&'a Origin>,
}

/// A line for each limit that was given, and for those that hold by default.
pub(super) fn rows(declared: &DeclaredLimits, limits: &Limits) -> Vec<[String; 3]> {
    let by_default = Origin::option("default");
    let shown = all(declared, limits).into_iter().filter_map(|limit| {
        let value = limit.value?;
        Some(row(limit.name, Some(limit.origin.unwrap_or(&by_default)), value))
    });
    shown.collect()
}

/// Every limit, in the order of the reference.
pub(super) fn all<'a>(declared: &'a DeclaredLimits, limits: &Limits) -> Vec<Limit<'a>> {
    let db = &declared.db;
    let DatabaseLimits { statement_time, rows, row_bytes, result_bytes, connections, transactions } = &limits.databases;
    let size = |bytes: Option<u64>| bytes.map(size);
    let time = |time: Option<Duration>| time.map(duration_text);
    let count = |number: Option<u64>| number.map(|number| number.to_string());
    vec![
        limit("memory", size(limits.memory_bytes), &declared.memory),
        limit("timeout", time(limits.wall_time), &declared.timeout),
        limit("fuel", count(limits.fuel), &declared.fuel),
        limit("max-handles", count(Some(limits.open_handles.into())), &declared.max_handles),
        limit("max-instances", count(Some(limits.instances.into())), &declared.max_instances),
        limit("max-output", size(limits.output_bytes), &declared.max_output),
        limit("db.statement-time", time(Some(*statement_time)), &db.statement_time),
        limit("db.rows", count(*rows), &db.rows),
        limit("db.row-bytes", size(Some(*row_bytes)), &db.row_bytes),
        limit("db.result-bytes", size(*result_bytes), &db.result_bytes),
        limit("db.connections", count(Some((*connections).into())), &db.connections),
        limit("db.transactions", count(Some((*transactions).into())), &db.transactions),
    ]
}

fn limit<'a, T>(name: &'static str, value: Option<String>, declared: &'a Option<Declared<T>>) -> Limit<'a> {
    Limit { name, value, origin: declared.as_ref().map(|declared| &declared.origin) }
}
