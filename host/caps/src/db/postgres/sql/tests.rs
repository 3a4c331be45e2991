//! Statements that try to get around a grant, each beside one that may run; and that what is printed is what was read.

mod bypasses;
mod controls;
mod fixpoint;
mod functions;
mod limits;
mod printed;
mod server;

use super::{Rewritten, SqlRefusal, rewrite};
use crate::db::access::Access;

/// What an unqualified table means in the tests.
const SCHEMA: &str = "public";

fn printed(sql: &str) -> Rewritten {
    rewrite(sql, SCHEMA).unwrap_or_else(|refusal| panic!("{sql}: {refusal:?}"))
}

fn refused(sql: &str) -> SqlRefusal {
    match rewrite(sql, SCHEMA) {
        Ok(rewritten) => panic!("{sql}: printed as {}", rewritten.text),
        Err(refusal) => refusal,
    }
}

/// The accesses as `read:notes write:*`.
fn accesses(sql: &str) -> String {
    let shown: Vec<String> = printed(sql).accesses.iter().map(shown).collect();
    shown.join(" ")
}

fn shown(access: &Access) -> String {
    let Access { capability, table } = access;
    let verb = if *capability == caphost_policy::Capability::DbRead { "read" } else { "write" };
    format!("{verb}:{}", table.as_deref().unwrap_or("*"))
}
