//! What comes once, and is taken once: the outcome of a request, the trailers of a body.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::task::{JoinHandle, unconstrained, yield_now};

/// A value that is there now or later, until it is taken. To drop it before gives up what it waits for.
pub(super) enum Eventual<T> {
    Later(Pin<Box<dyn Future<Output = T> + Send>>),
    Now(Box<T>),
    Taken,
}

impl<T> Eventual<T> {
    pub(super) fn now(value: T) -> Self {
        Self::Now(Box::new(value))
    }

    pub(super) fn later(value: impl Future<Output = T> + Send + 'static) -> Self {
        Self::Later(Box::pin(value))
    }

    /// Ready when it is there, or was.
    pub(super) fn poll_there(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let Self::Later(later) = self else { return Poll::Ready(()) };
        // However often a guest has asked without waiting, it is told as soon as it is there.
        let Poll::Ready(value) = Pin::new(&mut unconstrained(later)).poll(context) else { return Poll::Pending };
        *self = Self::now(value);
        Poll::Ready(())
    }

    /// Whether it is there, or was. What it waits for gets a turn, so that a guest which asks in a loop comes to an end.
    pub(super) async fn is_there(&mut self) -> bool {
        if self.look().await {
            return true;
        }
        yield_now().await;
        self.look().await
    }

    async fn look(&mut self) -> bool {
        poll_fn(|context| Poll::Ready(self.poll_there(context).is_ready())).await
    }

    /// Takes it; nothing when it was taken before, or is not there yet.
    pub(super) fn take(&mut self) -> Option<T> {
        if matches!(self, Self::Later(_)) {
            return None;
        }
        match std::mem::replace(self, Self::Taken) {
            Self::Now(value) => Some(*value),
            Self::Later(_) | Self::Taken => None,
        }
    }
}

/// A task that ends with its owner.
pub(super) struct Task<T>(pub(super) JoinHandle<T>);

impl<T> Future for Task<T> {
    /// Nothing when the task could not come to its end.
    type Output = Option<T>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<T>> {
        Pin::new(&mut self.0).poll(context).map(Result::ok)
    }
}

impl<T> Drop for Task<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use tokio::runtime::Builder;
    use tokio::sync::oneshot;

    fn run(test: impl Future<Output = ()>) {
        Builder::new_current_thread().build().unwrap().block_on(test);
    }

    #[test]
    fn it_is_there_later_and_is_taken_once() {
        run(async {
            let (sender, receiver) = oneshot::channel();
            let mut eventual = Eventual::later(async { receiver.await.unwrap() });
            assert!(!eventual.is_there().await && eventual.take().is_none());
            sender.send(7).unwrap();
            assert!(eventual.is_there().await);
            assert_eq!((eventual.take(), eventual.take()), (Some(7), None));
            assert!(eventual.is_there().await, "it was");
        });
    }

    #[test]
    fn a_guest_that_asks_in_a_loop_lets_the_task_run() {
        run(async {
            let work = async {
                for _ in 0..300 {
                    yield_now().await;
                }
                7
            };
            let mut eventual = Eventual::later(Task(tokio::spawn(work)));
            let mut asked = 0;
            while !eventual.is_there().await {
                asked += 1;
                assert!(asked < 10_000);
            }
            assert_eq!(eventual.take(), Some(Some(7)));
        });
    }

    #[test]
    fn a_task_ends_with_its_owner() {
        run(async {
            let token = Arc::new(());
            let held = Arc::clone(&token);
            let work = async move {
                let _held = held;
                std::future::pending::<()>().await;
            };
            let eventual = Eventual::later(Task(tokio::spawn(work)));
            yield_now().await;
            assert_eq!(Arc::strong_count(&token), 2, "control");
            drop(eventual);
            yield_now().await;
            assert_eq!(Arc::strong_count(&token), 1);
        });
    }
}
