//! Connections to servers live on a thread of their own. Invariant: they go on whatever the guest does. While it computes, or waits for
//! something else, a transaction whose grant has ended is rolled back, and what it has let go of is closed.

use super::error::{DbError, DbResult};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::thread;
use std::time::Duration;
use tokio::runtime::{Builder, Handle};
use tokio::sync::oneshot;
use tokio::time::{sleep, timeout};

/// How long connections may take to end that nobody has any more. What a server then still does for them it ends by itself, once it
/// sees that nobody is there.
const LAST_TIME: Duration = Duration::from_secs(5);

/// How often it is looked whether they have.
const PAUSE: Duration = Duration::from_millis(10);

/// The thread. It ends when this is dropped, and all that lives on it with it.
pub(super) struct Beside {
    handle: Handle,
    /// Dropping it tells the thread.
    _stop: oneshot::Sender<()>,
}

/// Starts the thread with the first connection.
#[derive(Default)]
pub(super) struct Starter(Mutex<Option<Arc<Beside>>>);

/// Something that lives on the thread, with the thread.
pub(super) struct Apart<T> {
    pub(super) it: T,
    pub(super) beside: Arc<Beside>,
}

impl Starter {
    /// # Errors
    /// [`DbError::Io`] where the system has no thread left.
    pub(super) fn beside(&self) -> DbResult<Arc<Beside>> {
        let mut started = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(beside) = &*started {
            return Ok(Arc::clone(beside));
        }
        let beside = Beside::start().map_err(|_| DbError::Io("the system has no thread left".to_owned()))?;
        Ok(Arc::clone(started.insert(Arc::new(beside))))
    }
}

impl Beside {
    fn start() -> std::io::Result<Self> {
        let runtime = Builder::new_current_thread().enable_io().enable_time().build()?;
        let handle = runtime.handle().clone();
        let (stop, stopped) = oneshot::channel::<()>();
        let until_stopped = async {
            let _ = stopped.await;
            let _ = timeout(LAST_TIME, all_ended()).await;
        };
        thread::Builder::new().name("databases".to_owned()).spawn(move || runtime.block_on(until_stopped))?;
        Ok(Self { handle, _stop: stop })
    }

    /// Does `work` on the caller's thread, and what that begins on this one: its connections, its timers, its tasks.
    pub(super) fn within<F: Future>(&self, work: F) -> impl Future<Output = F::Output> + use<'_, F> {
        // In a box: the futures of a server are large, and each call on any database would move that much memory.
        Within { handle: &self.handle, work: Box::pin(work) }
    }
}

async fn all_ended() {
    while Handle::current().metrics().num_alive_tasks() > 0 {
        sleep(PAUSE).await;
    }
}

struct Within<'a, F> {
    handle: &'a Handle,
    work: Pin<Box<F>>,
}

impl<F: Future> Future for Within<'_, F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let _context = self.handle.enter();
        self.work.as_mut().poll(context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt;
    use std::sync::mpsc::{RecvTimeoutError, channel};

    const SOON: Duration = Duration::from_secs(10);

    #[test]
    fn what_was_begun_goes_on_while_nobody_waits_and_is_given_time_to_end() {
        let starter = Starter::default();
        let beside = starter.beside().unwrap();
        let (told, hears) = channel();
        let work = async move {
            tokio::spawn(async move {
                for step in 0..3 {
                    sleep(Duration::from_millis(20)).await;
                    told.send(step).unwrap();
                }
            });
        };
        assert!(beside.within(work).now_or_never().is_some());
        assert_eq!(hears.recv_timeout(SOON), Ok(0), "on its own");
        drop((starter, beside));
        assert_eq!((hears.recv_timeout(SOON), hears.recv_timeout(SOON)), (Ok(1), Ok(2)), "to its end");
        assert_eq!(hears.recv_timeout(SOON), Err(RecvTimeoutError::Disconnected), "and then it is gone");
    }
}
