//! Work that goes on while a guest does something else. Invariant: it ends when the guest's store does.

use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::task::JoinSet;

type Set = Mutex<JoinSet<()>>;

/// The background work of one guest. Dropping it ends all of it.
#[derive(Default)]
pub(crate) struct Tasks(Arc<Set>);

/// Begins background work of a guest. A clone does the same.
#[derive(Clone)]
pub(crate) struct Spawner(Weak<Set>);

/// There is nobody to do the work: the guest has ended, or it runs outside of an async runtime.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NobodyThere;

impl Tasks {
    pub(crate) fn spawner(&self) -> Spawner {
        Spawner(Arc::downgrade(&self.0))
    }

    /// Waits for what still goes on, but no longer than `limit`. Where nothing does, it takes no runtime.
    pub(crate) async fn settle(&self, limit: Duration) {
        let mut rest = std::mem::take(&mut *lock(&self.0));
        if rest.is_empty() {
            return;
        }
        let all = async { while rest.join_next().await.is_some() {} };
        // What is not done by then is given up.
        let _ = tokio::time::timeout(limit, all).await;
    }

    #[cfg(test)]
    pub(crate) fn count(&self) -> usize {
        lock(&self.0).len()
    }
}

impl Spawner {
    /// Begins `work`.
    pub(crate) fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) -> Result<(), NobodyThere> {
        let runtime = Handle::try_current().map_err(|_| NobodyThere)?;
        let tasks = self.0.upgrade().ok_or(NobodyThere)?;
        let mut tasks = lock(&tasks);
        // What has ended takes no room.
        while tasks.try_join_next().is_some() {}
        tasks.spawn_on(work, &runtime);
        Ok(())
    }
}

fn lock(tasks: &Set) -> MutexGuard<'_, JoinSet<()>> {
    tasks.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::pending;
    use tokio::runtime::Builder;

    #[test]
    fn work_is_waited_for_and_ends_with_its_owner() {
        Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
            let (tasks, token) = (Tasks::default(), Arc::new(()));
            let hold = |work: bool| {
                let token = Arc::clone(&token);
                async move {
                    let _token = token;
                    if work { tokio::task::yield_now().await } else { pending().await }
                }
            };
            tasks.spawner().spawn(hold(true)).unwrap();
            assert_eq!((tasks.count(), Arc::strong_count(&token)), (1, 2));
            tasks.settle(Duration::from_secs(10)).await;
            assert_eq!(Arc::strong_count(&token), 1);

            tasks.spawner().spawn(hold(false)).unwrap();
            let spawner = tasks.spawner();
            drop(tasks);
            while Arc::strong_count(&token) > 1 {
                tokio::task::yield_now().await;
            }
            assert_eq!(spawner.spawn(hold(true)), Err(NobodyThere));
        });
    }

    #[test]
    fn without_a_runtime_nothing_begins_and_nothing_panics() {
        assert_eq!(Tasks::default().spawner().spawn(async {}), Err(NobodyThere));
    }
}
