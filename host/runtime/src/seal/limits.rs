//! Limits of a seal.

use caphost_policy::{DatabaseLimits, Limits};
use std::time::Duration;

/// What a seal without limits allows: it takes nothing from the operator's own.
pub(super) fn unlimited() -> Limits {
    Limits {
        memory_bytes: None,
        wall_time: None,
        fuel: None,
        open_handles: u32::MAX,
        instances: u32::MAX,
        host_allocation_bytes: u64::MAX,
        output_bytes: None,
        databases: DatabaseLimits {
            statement_time: Duration::MAX,
            rows: None,
            row_bytes: u64::MAX,
            result_bytes: None,
            connections: u32::MAX,
            transactions: u32::MAX,
        },
    }
}

/// The limits of `policy`, by the names that a manifest has for them, that `sealed` is not within.
pub(super) fn beyond(sealed: &Limits, policy: &Limits) -> Vec<&'static str> {
    let both = sealed.clone().min(policy.clone());
    let (own, both_db, own_db) = (sealed, &both.databases, &sealed.databases);
    let checks = [
        ("memory", both.memory_bytes == own.memory_bytes),
        ("timeout", both.wall_time == own.wall_time),
        ("fuel", both.fuel == own.fuel),
        ("max-handles", both.open_handles == own.open_handles),
        ("max-instances", both.instances == own.instances),
        ("max-output", both.output_bytes == own.output_bytes),
        ("db.statement-time", both_db.statement_time == own_db.statement_time),
        ("db.rows", both_db.rows == own_db.rows),
        ("db.row-bytes", both_db.row_bytes == own_db.row_bytes),
        ("db.result-bytes", both_db.result_bytes == own_db.result_bytes),
        ("db.connections", both_db.connections == own_db.connections),
        ("db.transactions", both_db.transactions == own_db.transactions),
    ];
    checks.into_iter().filter(|(_, is_within)| !is_within).map(|(name, _)| name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seal_takes_nothing_that_it_does_not_name() {
        assert_eq!(Limits::default().min(unlimited()), Limits::default());
    }

    #[test]
    fn a_limit_that_is_wider_or_missing_is_beyond() {
        let policy = Limits {
            fuel: Some(5),
            databases: DatabaseLimits { rows: Some(9), ..unlimited().databases },
            ..unlimited()
        };
        assert_eq!(beyond(&unlimited(), &policy), ["fuel", "db.rows"]);
        let within = Limits { fuel: Some(4), memory_bytes: Some(1), ..policy.clone() };
        assert_eq!(beyond(&within, &policy), [""; 0]);
    }
}
