//! Counting what a process has open.

use std::time::Duration;
use tokio::runtime::Handle;

/// What the process has open, how many threads, and how many tasks its runtime.
pub(crate) fn counted() -> (usize, usize, usize) {
    let entries = |path: &str| std::fs::read_dir(path).expect("proc(5)").count();
    (entries("/proc/self/fd"), entries("/proc/self/task"), Handle::current().metrics().num_alive_tasks())
}

/// As [`counted`], once what ends by itself has ended.
pub(crate) async fn settled(expected: (usize, usize, usize)) -> (usize, usize, usize) {
    for _ in 0..200 {
        if counted() == expected {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    counted()
}
