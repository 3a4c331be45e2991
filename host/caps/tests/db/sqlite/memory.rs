//! What statements leave behind in SQLite's memory, which all databases of the process share.

use super::shop;
use crate::world::{prepare, query};
use rusqlite::ffi;

/// Statements that nobody uses keep little: here each would keep some megabytes.
#[test]
fn what_nobody_uses_takes_little_memory() {
    let world = shop("db", "");
    let name = "x".repeat(90_000);
    world.outside.execute_batch(&format!("create table long (\"{name}\")")).unwrap();
    let connection = world.open();
    assert!(query(&connection, "select * from long").is_ok(), "control");
    // SAFETY: takes nothing, and only counts.
    let used = || unsafe { ffi::sqlite3_memory_used() };
    let before = used();
    for number in 0..30 {
        let columns = vec!["*"; 50].join(", ");
        assert!(prepare(&connection, &format!("select {number}, {columns} from long")).is_ok(), "control");
    }
    // Other tests of this process take some too.
    assert!(used() - before < 64 << 20, "{}", used() - before);
}
