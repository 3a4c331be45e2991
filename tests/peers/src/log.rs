//! What reached the peers.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// How long nothing may have come in before the log is read: a peer may see the end of a connection after the guest's.
const SETTLED: Duration = Duration::from_millis(60);
/// Looks at a log that never settles.
const MAX_LOOKS: usize = 50;

/// Lines, each with how often it was written; in no order, since peers see things at the same time.
#[derive(Clone, Debug, Default)]
pub struct Log(Arc<Mutex<BTreeMap<String, u64>>>);

impl Log {
    /// Writes a line of `peer`.
    pub fn note(&self, peer: &str, what: &str) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner).entry(format!("{peer}: {what}")).or_default() += 1;
    }

    /// The lines since the last time, sorted, `×N` behind one that was written more than once.
    pub fn take(&self) -> Vec<String> {
        let lines = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        let shown = |(line, count)| if count == 1 { line } else { format!("{line} ×{count}") };
        lines.into_iter().map(shown).collect()
    }

    /// The same, once nothing more comes in.
    pub async fn take_settled(&self) -> Vec<String> {
        let mut last = self.total();
        for _ in 0..MAX_LOOKS {
            tokio::time::sleep(SETTLED).await;
            let now = self.total();
            if now == last {
                break;
            }
            last = now;
        }
        self.take()
    }

    fn total(&self) -> u64 {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).values().sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_counted_and_taken_once() {
        let log = Log::default();
        log.note("dns", "A b.test");
        log.note("dns", "A a.test");
        log.note("dns", "A b.test");
        assert_eq!(log.take(), ["dns: A a.test", "dns: A b.test ×2"]);
        assert_eq!(log.take(), Vec::<String>::new());
    }
}
