//! What is printed so far, and what the walk has found. The other files of this folder are its methods, one file a
//! kind of node.

use super::refusal::SqlRefusal;
use super::relation::Touched;
use super::scope::Scope;
use super::{Rewritten, limits};

/// One node printed, or the refusal.
pub(super) type Printed = Result<(), SqlRefusal>;

/// A walk over one statement.
#[derive(Debug)]
pub(super) struct Printer<'a> {
    /// What an unqualified table means.
    pub(super) schema: &'a str,
    pub(super) text: String,
    pub(super) scope: Scope,
    pub(super) touched: Touched,
    /// How many columns were named so far.
    pub(super) columns: usize,
    depth: usize,
}

impl<'a> Printer<'a> {
    pub(super) fn new(schema: &'a str) -> Self {
        Self { schema, text: String::new(), scope: Scope::default(), touched: Touched::default(), columns: 0, depth: 0 }
    }

    pub(super) fn finish(self) -> Rewritten {
        let Self { schema, text, scope: _, touched, columns: _, depth: _ } = self;
        let kind = touched.kind();
        let (accesses, relations) = touched.into_accesses(schema);
        Rewritten { text, accesses, relations, kind }
    }

    /// Words and signs of the grammar. Nothing of the guest's goes this way.
    pub(super) fn put(&mut self, text: &'static str) {
        self.text.push_str(text);
    }

    /// A node one level deeper than the one that is being printed.
    pub(super) fn deeper(&mut self, print: impl FnOnce(&mut Self) -> Printed) -> Printed {
        if self.depth >= limits::DEPTH {
            return Err(SqlRefusal::invalid("the statement is nested too deeply"));
        }
        self.depth += 1;
        let printed = print(self);
        self.depth -= 1;
        printed
    }

    /// Items with commas between them.
    pub(super) fn list<T>(&mut self, items: &[T], mut print: impl FnMut(&mut Self, &T) -> Printed) -> Printed {
        for (index, item) in items.iter().enumerate() {
            if index > 0 {
                self.put(", ");
            }
            print(self, item)?;
        }
        Ok(())
    }

    /// Items with commas between them, in parentheses.
    pub(super) fn parenthesized<T>(&mut self, items: &[T], print: impl FnMut(&mut Self, &T) -> Printed) -> Printed {
        self.put("(");
        self.list(items, print)?;
        self.put(")");
        Ok(())
    }

    /// A part that may be absent, after `word`.
    pub(super) fn optional<T>(
        &mut self,
        word: &'static str,
        part: Option<&T>,
        print: impl FnOnce(&mut Self, &T) -> Printed,
    ) -> Printed {
        let Some(part) = part else { return Ok(()) };
        self.put(word);
        print(self, part)
    }
}
