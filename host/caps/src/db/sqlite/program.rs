//! What a prepared statement opens, by its program. Invariant: what is opened is asked for, also where the authorizer was told nothing
//! of it: of the columns that `join … using` and `natural join` compare it is not.

use super::raw::{Cell, Failure, Handle, Raw, Stepped};
use std::collections::BTreeSet;

/// The pages at which tables and indices begin that a program opens, and how many virtual tables it does.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Program {
    pub(super) read: BTreeSet<i64>,
    pub(super) written: BTreeSet<i64>,
    pub(super) virtuals: usize,
}

/// Marks a page that is not known before the program runs: of a table that it makes (`OPFLAG_P2ISREG`).
const IN_REGISTER: i64 = 0x10;

impl Program {
    /// Reads the program of a statement that does not run, by way of `EXPLAIN`. Those of triggers are in it.
    pub(super) fn of(handle: &Handle, raw: &mut Raw) -> Result<Self, Failure> {
        let mode = raw.explain_mode();
        handle.set_explain_mode(raw, 1)?;
        let outcome = Self::read(handle, raw);
        handle.reset(raw);
        let restored = handle.set_explain_mode(raw, mode);
        let program = outcome?;
        restored.map(|()| program)
    }

    fn read(handle: &Handle, raw: &mut Raw) -> Result<Self, Failure> {
        let mut program = Self::default();
        let mut virtuals = BTreeSet::new();
        while handle.step(raw)? == Stepped::Row {
            let row = handle.row(raw);
            let number = |index| match row.cell(index) {
                Some(Cell::Integer(value)) => value,
                _ => 0,
            };
            let text = |index| match row.cell(index) {
                Some(Cell::Text(value)) => value,
                _ => &[],
            };
            // Columns: address, name, and five arguments.
            let (page, is_known) = (number(3), number(6) & IN_REGISTER == 0);
            match text(1) {
                b"OpenRead" | b"ReopenIdx" if is_known => drop(program.read.insert(page)),
                b"OpenWrite" if is_known => drop(program.written.insert(page)),
                b"VOpen" | b"VUpdate" => drop(virtuals.insert(text(5).to_vec())),
                _ => {}
            }
        }
        program.virtuals = virtuals.len();
        Ok(program)
    }
}
