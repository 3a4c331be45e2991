//! The limits that were given, and the defaults for the rest.

use std::time::Duration;

use caphost_policy::{DatabaseLimits, Limits};

use crate::Declared;

/// The limits that were given; the names are those of the file.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct DeclaredLimits {
    /// `memory`, in bytes.
    pub memory: Option<Declared<u64>>,
    /// `timeout`.
    pub timeout: Option<Declared<Duration>>,
    /// `fuel`.
    pub fuel: Option<Declared<u64>>,
    /// `max-handles`.
    pub max_handles: Option<Declared<u32>>,
    /// `max-instances`.
    pub max_instances: Option<Declared<u32>>,
    /// `max-output`, in bytes.
    pub max_output: Option<Declared<u64>>,
    /// `[limits.db]`.
    pub db: DeclaredDatabaseLimits,
}

/// The limits of databases that were given.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct DeclaredDatabaseLimits {
    /// `statement-time`.
    pub statement_time: Option<Declared<Duration>>,
    /// `rows`.
    pub rows: Option<Declared<u64>>,
    /// `row-bytes`.
    pub row_bytes: Option<Declared<u64>>,
    /// `result-bytes`.
    pub result_bytes: Option<Declared<u64>>,
    /// `connections`.
    pub connections: Option<Declared<u32>>,
    /// `transactions`.
    pub transactions: Option<Declared<u32>>,
}

impl DeclaredLimits {
    /// These limits, those of `replacement` in their place where it has any.
    #[must_use]
    pub fn replaced_by(self, replacement: Self) -> Self {
        Self {
            memory: replacement.memory.or(self.memory),
            timeout: replacement.timeout.or(self.timeout),
            fuel: replacement.fuel.or(self.fuel),
            max_handles: replacement.max_handles.or(self.max_handles),
            max_instances: replacement.max_instances.or(self.max_instances),
            max_output: replacement.max_output.or(self.max_output),
            db: self.db.replaced_by(replacement.db),
        }
    }

    /// These limits, and `defaults` for the rest.
    #[must_use]
    pub fn or(&self, defaults: Limits) -> Limits {
        Limits {
            memory_bytes: value(&self.memory).or(defaults.memory_bytes),
            wall_time: value(&self.timeout).or(defaults.wall_time),
            fuel: value(&self.fuel).or(defaults.fuel),
            open_handles: value(&self.max_handles).unwrap_or(defaults.open_handles),
            instances: value(&self.max_instances).unwrap_or(defaults.instances),
            host_allocation_bytes: defaults.host_allocation_bytes,
            output_bytes: value(&self.max_output).or(defaults.output_bytes),
            databases: self.db.or(defaults.databases),
        }
    }
}

impl DeclaredDatabaseLimits {
    fn replaced_by(self, replacement: Self) -> Self {
        Self {
            statement_time: replacement.statement_time.or(self.statement_time),
            rows: replacement.rows.or(self.rows),
            row_bytes: replacement.row_bytes.or(self.row_bytes),
            result_bytes: replacement.result_bytes.or(self.result_bytes),
            connections: replacement.connections.or(self.connections),
            transactions: replacement.transactions.or(self.transactions),
        }
    }

    fn or(&self, defaults: DatabaseLimits) -> DatabaseLimits {
        DatabaseLimits {
            statement_time: value(&self.statement_time).unwrap_or(defaults.statement_time),
            rows: value(&self.rows).or(defaults.rows),
            row_bytes: value(&self.row_bytes).unwrap_or(defaults.row_bytes),
            result_bytes: value(&self.result_bytes).or(defaults.result_bytes),
            connections: value(&self.connections).unwrap_or(defaults.connections),
            transactions: value(&self.transactions).unwrap_or(defaults.transactions),
        }
    }
}

fn value<T: Copy>(declared: &Option<Declared<T>>) -> Option<T> {
    declared.as_ref().map(|declared| declared.value)
}
