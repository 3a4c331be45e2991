//! Statements that a connection keeps prepared. Dropping one closes it on the server.

use std::collections::VecDeque;
use std::sync::Arc;
use tokio_postgres::Statement;

/// How many are kept; of more, the one that was not used for longest is dropped. Stops a guest from filling the server's memory.
const MAX_STATEMENTS: usize = 64;

/// Statements by their text, the one that was used last first.
#[derive(Default)]
pub(super) struct Cache(VecDeque<(Arc<str>, Statement)>);

impl Cache {
    pub(super) fn get(&mut self, text: &str) -> Option<Statement> {
        let place = self.0.iter().position(|(kept, _)| **kept == *text)?;
        let entry = self.0.remove(place)?;
        let statement = entry.1.clone();
        self.0.push_front(entry);
        Some(statement)
    }

    pub(super) fn keep(&mut self, text: Arc<str>, statement: Statement) {
        self.0.push_front((text, statement));
        self.0.truncate(MAX_STATEMENTS);
    }

    pub(super) fn forget(&mut self, text: &str) {
        self.0.retain(|(kept, _)| **kept != *text);
    }
}
