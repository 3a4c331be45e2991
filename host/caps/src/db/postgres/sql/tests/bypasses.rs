//! Statements that try to get around a grant, each beside one that the same guest may run.

mod calling;
mod changing;
mod reading;
mod statements;

use super::{SCHEMA, shown};
use crate::db::postgres::sql::{Kind, rewrite};

/// Who asks.
#[derive(Clone, Copy, Debug)]
enum Guest {
    /// `db.read:main.notes`
    Reader,
    /// `db.write:main.notes`
    Writer,
    /// `db.read:main.notes` and `db.write:main.notes`
    Both,
    /// `db.read:main`
    ReaderOfAll,
    /// `db.read:main` and `db.write:main`
    Owner,
}

use Guest::{Both, Owner, Reader, ReaderOfAll, Writer};

/// The guest, what it tries, and what it may.
type Case = (Guest, &'static str, &'static str);

fn cases() -> impl Iterator<Item = &'static Case> {
    [reading::CASES, changing::CASES, calling::CASES, statements::CASES].into_iter().flatten()
}

impl Guest {
    fn covers(self, access: &str) -> bool {
        match self {
            Reader => access == "read:notes",
            Writer => access == "write:notes",
            Both => access == "read:notes" || access == "write:notes",
            ReaderOfAll => access.starts_with("read:"),
            Owner => true,
        }
    }

    fn may(self, sql: &str) -> bool {
        rewrite(sql, SCHEMA).is_ok_and(|rewritten| rewritten.accesses.iter().all(|access| self.covers(&shown(access))))
    }
}

#[test]
fn each_attempt_is_refused_and_its_control_is_not() {
    let mut wrong = Vec::new();
    for (guest, attempt, control) in cases() {
        if guest.may(attempt) {
            wrong.push(format!("{guest:?} may: {attempt}"));
        }
        if !guest.may(control) {
            wrong.push(format!("{guest:?} may not: {control}\n    {:?}", rewrite(control, SCHEMA)));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(cases().count() > 200);
}

#[test]
fn a_reader_never_gets_a_change_through() {
    for (guest, attempt, control) in cases() {
        if let (Reader | ReaderOfAll, Ok(rewritten)) = (guest, rewrite(control, SCHEMA)) {
            assert_eq!(rewritten.kind, Kind::Query, "{control}");
        }
        if let (Reader, Ok(rewritten)) = (guest, rewrite(attempt, SCHEMA)) {
            let writes = rewritten.accesses.iter().any(|access| shown(access).starts_with("write:"));
            assert_eq!(rewritten.kind != Kind::Query, writes, "{attempt}");
        }
    }
}
