//! Which names are common table expressions (WITH) at a place of the statement, and not tables.

/// The common tables that are visible, the innermost last.
#[derive(Debug, Default)]
pub(super) struct Scope(Vec<String>);

impl Scope {
    /// Where a query begins, for [`Scope::leave`].
    pub(super) fn enter(&self) -> usize {
        self.0.len()
    }

    pub(super) fn define(&mut self, name: String) {
        self.0.push(name);
    }

    /// Forgets what was defined since then.
    pub(super) fn leave(&mut self, place: usize) {
        self.0.truncate(place);
    }

    pub(super) fn holds(&self, name: &str) -> bool {
        self.0.iter().any(|defined| defined == name)
    }
}
