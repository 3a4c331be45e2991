//! Opening a database, and what is set before a guest's first statement. Invariant: nothing of it can be changed by SQL: see
//! [`pragmas`](super::pragmas).

use super::hooks::Hooks;
use super::linear;
use super::raw::{Failure, Handle};
use crate::ambient::sqlite::{self as ambient, Clock, Opened, Place};
use caphost_policy::DatabaseLimits;
use rusqlite::ffi;
use std::ffi::{CStr, c_int};
use std::ptr;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// How large a database in memory may get, in bytes. Ours: half of what SQLite takes in all.
const MEMORY_BYTES: i64 = ambient::HEAP_BYTES / 2;

/// The longest SQL, in bytes. Ours: a hundred times what a program writes by hand.
pub(super) const MAX_SQL_BYTES: usize = 1 << 20;

/// The least that a value may have, whatever the operator allows a row: SQLite reads its own tables under the same bound.
const MIN_LENGTH: u64 = 1 << 20;

/// The most that a value may have: SQLite's own bound.
const MAX_LENGTH: u64 = 1_000_000_000;

/// Bounds that are tighter than SQLite's. They stop statements that take long to prepare, calls of functions that cannot be interrupted, and deep recursion.
const LIMITS: &[(c_int, c_int)] = &[
    (ffi::SQLITE_LIMIT_SQL_LENGTH, MAX_SQL_BYTES as c_int),
    (ffi::SQLITE_LIMIT_EXPR_DEPTH, 200),
    (ffi::SQLITE_LIMIT_COMPOUND_SELECT, 100),
    (ffi::SQLITE_LIMIT_VDBE_OP, 250_000),
    (ffi::SQLITE_LIMIT_FUNCTION_ARG, 127),
    (ffi::SQLITE_LIMIT_ATTACHED, 0),
    (ffi::SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 256),
    (ffi::SQLITE_LIMIT_TRIGGER_DEPTH, 100),
    (ffi::SQLITE_LIMIT_WORKER_THREADS, 0),
];

/// Settings of a connection, on or off.
const SETTINGS: &[(c_int, bool)] = &[
    (ffi::SQLITE_DBCONFIG_DEFENSIVE, true),
    (ffi::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false),
    (ffi::SQLITE_DBCONFIG_WRITABLE_SCHEMA, false),
    (ffi::SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, false),
    (ffi::SQLITE_DBCONFIG_ENABLE_FTS3_TOKENIZER, false),
    (ffi::SQLITE_DBCONFIG_ENABLE_ATTACH_CREATE, false),
    (ffi::SQLITE_DBCONFIG_ENABLE_ATTACH_WRITE, false),
    (ffi::SQLITE_DBCONFIG_ENABLE_FKEY, true),
    (ffi::SQLITE_DBCONFIG_LEGACY_ALTER_TABLE, false),
    // A name in quotes that is none is an error, and not a text.
    (ffi::SQLITE_DBCONFIG_DQS_DML, false),
    (ffi::SQLITE_DBCONFIG_DQS_DDL, false),
    // A plan that depends on a parameter (`like $1`) would be made again at each run, and what it does then was not asked for.
    (ffi::SQLITE_DBCONFIG_ENABLE_QPSG, true),
];

/// What sorting and collecting takes is in memory: nothing is written but the database and what stands beside it.
const FOR_ALL: &CStr =
    c"pragma temp_store = memory; pragma mmap_size = 0; pragma cell_size_check = 1; pragma cache_size = -8192";
const FOR_READING: &CStr = c"pragma query_only = 1";
/// Readers go on while one writes.
const FOR_WRITING: &CStr = c"pragma journal_mode = wal";
const FOR_WRITING_AHEAD: &CStr = c"pragma synchronous = full; pragma journal_size_limit = 16777216";

/// A connection with its callbacks. The handle is dropped first: nothing calls back afterwards.
pub(super) struct Hooked {
    pub(super) handle: Handle,
    pub(super) hooks: Box<Hooks>,
}

/// Opens a database for statements of a guest.
pub(super) fn open(
    place: Place<'_>,
    opened: Opened,
    clock: Clock,
    limits: &DatabaseLimits,
    is_abandoned: Arc<AtomicBool>,
) -> Result<Hooked, Failure> {
    let connection = ambient::open(place, opened, clock).map_err(Failure::of_code)?;
    // SAFETY: it was opened here, for nobody else.
    let handle = unsafe { Handle::own(connection) };
    let length = limits.row_bytes.clamp(MIN_LENGTH, MAX_LENGTH);
    bound(&handle, ffi::SQLITE_LIMIT_LENGTH, c_int::try_from(length).unwrap_or(c_int::MAX));
    LIMITS.iter().for_each(|(limit, value)| bound(&handle, *limit, *value));
    SETTINGS.iter().try_for_each(|(setting, value)| set(&handle, *setting, *value))?;
    linear::install(&handle)?;
    let hooks = Box::new(Hooks::new(clock == Clock::Host, limits.statement_time, is_abandoned));
    // SAFETY: they are in a box of their own, which is dropped behind the connection.
    unsafe { hooks.install(&handle) };
    handle.run(FOR_ALL)?;
    match (place, opened) {
        (_, Opened::ReadOnly) => handle.run(FOR_READING)?,
        (Place::Memory(_), Opened::ReadWrite) => bound_memory(&handle)?,
        // Where the file cannot have it, because of another connection or of its file system, it works as it is.
        (Place::File(_), Opened::ReadWrite) => {
            if is_bearable(handle.run(FOR_WRITING))? {
                handle.run(FOR_WRITING_AHEAD)?;
            }
        }
    }
    Ok(Hooked { handle, hooks })
}

/// Whether it worked; fails for what no database can be used after.
fn is_bearable(outcome: Result<(), Failure>) -> Result<bool, Failure> {
    match outcome {
        Err(failure)
            if matches!(failure.primary(), ffi::SQLITE_NOTADB | ffi::SQLITE_CORRUPT | ffi::SQLITE_CANTOPEN) =>
        {
            Err(failure)
        }
        outcome => Ok(outcome.is_ok()),
    }
}

fn bound(handle: &Handle, limit: c_int, value: c_int) {
    // SAFETY: the connection is open; a limit that is none does nothing.
    unsafe { ffi::sqlite3_limit(handle.as_ptr(), limit, value) };
}

fn set(handle: &Handle, setting: c_int, value: bool) -> Result<(), Failure> {
    let nowhere = ptr::null_mut::<c_int>();
    // SAFETY: the connection is open, and settings that are on or off take a number and a place for it, or null.
    handle.checked(unsafe { ffi::sqlite3_db_config(handle.as_ptr(), setting, c_int::from(value), nowhere) })
}

fn bound_memory(handle: &Handle) -> Result<(), Failure> {
    let mut bytes = MEMORY_BYTES;
    let place = (&raw mut bytes).cast();
    // SAFETY: the connection is open, and this control takes the place of a number of 64 bits.
    handle.checked(unsafe {
        ffi::sqlite3_file_control(handle.as_ptr(), c"main".as_ptr(), ffi::SQLITE_FCNTL_SIZE_LIMIT, place)
    })
}
