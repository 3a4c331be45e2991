//! One core for both ends of a connection. On two, most of a round trip is the wait until the other core wakes, which on a virtual
//! machine is the hypervisor's work and hides that of the hosts.

use anyhow::{Context, Result};
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

/// Does `work` with this thread, and the processes that it starts, on the first core that it may use.
pub(super) fn on_one_core<T>(work: impl FnOnce() -> Result<T>) -> Result<T> {
    let all = sched_getaffinity(None).context("failed to ask for the cores")?;
    let mut one = CpuSet::new();
    (0..CpuSet::MAX_CPU).find(|core| all.is_set(*core)).into_iter().for_each(|core| one.set(core));
    sched_setaffinity(None, &one).context("failed to stay on one core")?;
    let outcome = work();
    sched_setaffinity(None, &all).context("failed to use all cores again")?;
    outcome
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_one_core_until_the_work_is_done() {
        let before = sched_getaffinity(None).unwrap();
        let during = on_one_core(|| Ok(sched_getaffinity(None)?)).unwrap();
        assert_eq!(during.count(), 1);
        assert_eq!(sched_getaffinity(None).unwrap(), before);
    }
}
