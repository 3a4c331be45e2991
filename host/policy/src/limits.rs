//! What a run may consume.

mod databases;

pub use databases::DatabaseLimits;

use std::time::Duration;

/// The bounds of one run. The operator picks them; `None` is unlimited.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Limits {
    /// Linear memory of all instances together, in bytes. Stops a guest that grows until the host swaps.
    pub memory_bytes: Option<u64>,
    /// How long the run may take by the clock on the wall, blocked host calls included.
    pub wall_time: Option<Duration>,
    /// Instructions, as the engine counts fuel. Unlike time it is the same in each run.
    pub fuel: Option<u64>,
    /// Open descriptors, streams, pollables and directory listings together. Stops a guest from using up the host's descriptors.
    pub open_handles: u32,
    /// Core instances, those of nested components included. Stops a component that instantiates itself by the thousand.
    /// The engine reads no component that holds more than 1 000 by itself; with nested ones any number can be reached.
    pub instances: u32,
    /// The largest single host allocation on the guest's behalf, in bytes: a read that asks for more gets a short read.
    pub host_allocation_bytes: u64,
    /// Standard output and standard error together, in bytes.
    pub output_bytes: Option<u64>,
    /// What is done with databases.
    pub databases: DatabaseLimits,
}

impl Limits {
    /// Default of [`Limits::memory_bytes`]: what one 32-bit memory can address.
    pub const DEFAULT_MEMORY_BYTES: u64 = 4 << 30;
    /// Default of [`Limits::open_handles`]: the usual soft limit of a process.
    pub const DEFAULT_OPEN_HANDLES: u32 = 1_024;
    /// Default of [`Limits::instances`].
    pub const DEFAULT_INSTANCES: u32 = 1_000;
    /// Default of [`Limits::host_allocation_bytes`].
    pub const DEFAULT_HOST_ALLOCATION_BYTES: u64 = 16 << 20;

    /// The tighter of both, bound by bound.
    #[must_use]
    pub fn min(self, other: Self) -> Self {
        Self {
            memory_bytes: tighter(self.memory_bytes, other.memory_bytes),
            wall_time: tighter(self.wall_time, other.wall_time),
            fuel: tighter(self.fuel, other.fuel),
            open_handles: self.open_handles.min(other.open_handles),
            instances: self.instances.min(other.instances),
            host_allocation_bytes: self.host_allocation_bytes.min(other.host_allocation_bytes),
            output_bytes: tighter(self.output_bytes, other.output_bytes),
            databases: self.databases.min(other.databases),
        }
    }
}

impl Default for Limits {
    /// - memory: 4 GiB
    /// - wall time, fuel, output: unlimited
    /// - open handles: 1 024
    /// - instances: 1 000
    /// - single host allocation: 16 MiB
    /// - databases: the default [`DatabaseLimits`]
    fn default() -> Self {
        Self {
            memory_bytes: Some(Self::DEFAULT_MEMORY_BYTES),
            wall_time: None,
            fuel: None,
            open_handles: Self::DEFAULT_OPEN_HANDLES,
            instances: Self::DEFAULT_INSTANCES,
            host_allocation_bytes: Self::DEFAULT_HOST_ALLOCATION_BYTES,
            output_bytes: None,
            databases: DatabaseLimits::default(),
        }
    }
}

fn tighter<T: Ord>(left: Option<T>, right: Option<T>) -> Option<T> {
    match (left, right) {
        (Some(left), Some(right)) => Some(left.min(right)),
        (bound, None) | (None, bound) => bound,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tighter_bound_wins_and_none_is_no_bound() {
        let left = Limits { fuel: Some(5), memory_bytes: None, instances: 3, ..Limits::default() };
        let right = Limits { fuel: None, memory_bytes: Some(7), instances: 4, ..Limits::default() };
        let both = left.clone().min(right.clone());
        assert_eq!((both.fuel, both.memory_bytes, both.instances), (Some(5), Some(7), 3));
        assert_eq!(both, right.min(left));
        let databases = DatabaseLimits { connections: 1, ..DatabaseLimits::default() };
        let narrowed = Limits { databases: databases.clone(), ..Limits::default() };
        assert_eq!(Limits::default().min(narrowed).databases, databases);
    }
}
