//! What a run may consume of databases.

use std::time::Duration;

use super::tighter;

/// The bounds of what one guest does with databases. The operator picks them; `None` is unlimited.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DatabaseLimits {
    /// How long one statement may take, waiting for locks included; and each fetch of more of its rows. Stops a query that never ends.
    pub statement_time: Duration,
    /// Rows of one result.
    pub rows: Option<u64>,
    /// The largest row, in bytes, packed; and the largest value that is read or bound. Stops one row from filling the host's memory.
    pub row_bytes: u64,
    /// One result, in bytes, packed. Of rows that are read piece by piece the host holds one piece at a time, whatever this is.
    pub result_bytes: Option<u64>,
    /// Connections that are open at a time, of all databases together. Stops a guest from taking a server's last ones.
    pub connections: u32,
    /// Transactions and savepoints that are open at a time, of all connections together.
    pub transactions: u32,
}

impl DatabaseLimits {
    /// Default of [`DatabaseLimits::statement_time`].
    pub const DEFAULT_STATEMENT_TIME: Duration = Duration::from_secs(30);
    /// Default of [`DatabaseLimits::row_bytes`].
    pub const DEFAULT_ROW_BYTES: u64 = 16 << 20;
    /// Default of [`DatabaseLimits::connections`].
    pub const DEFAULT_CONNECTIONS: u32 = 8;
    /// Default of [`DatabaseLimits::transactions`].
    pub const DEFAULT_TRANSACTIONS: u32 = 8;

    /// The tighter of both, bound by bound.
    #[must_use]
    pub fn min(self, other: Self) -> Self {
        Self {
            statement_time: self.statement_time.min(other.statement_time),
            rows: tighter(self.rows, other.rows),
            row_bytes: self.row_bytes.min(other.row_bytes),
            result_bytes: tighter(self.result_bytes, other.result_bytes),
            connections: self.connections.min(other.connections),
            transactions: self.transactions.min(other.transactions),
        }
    }
}

impl Default for DatabaseLimits {
    /// - time of a statement: 30 s
    /// - rows, and bytes of a result: unlimited
    /// - bytes of a row: 16 MiB
    /// - connections: 8
    /// - transactions: 8
    fn default() -> Self {
        Self {
            statement_time: Self::DEFAULT_STATEMENT_TIME,
            rows: None,
            row_bytes: Self::DEFAULT_ROW_BYTES,
            result_bytes: None,
            connections: Self::DEFAULT_CONNECTIONS,
            transactions: Self::DEFAULT_TRANSACTIONS,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tighter_bound_wins_in_each_place() {
        let seconds = Duration::from_secs;
        let left = DatabaseLimits {
            statement_time: seconds(1),
            rows: Some(5),
            row_bytes: 9,
            result_bytes: None,
            connections: 2,
            transactions: 7,
        };
        let right = DatabaseLimits {
            statement_time: seconds(2),
            rows: None,
            row_bytes: 8,
            result_bytes: Some(3),
            connections: 3,
            transactions: 6,
        };
        let both = DatabaseLimits {
            statement_time: seconds(1),
            rows: Some(5),
            row_bytes: 8,
            result_bytes: Some(3),
            connections: 2,
            transactions: 6,
        };
        assert_eq!(left.clone().min(right.clone()), both);
        assert_eq!(right.min(left), both);
    }
}
