//! SQLite's doors to the host: files of databases, and what it keeps for the whole process.

use rusqlite::ffi;
use std::ffi::{CStr, CString, c_char, c_int};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::ptr::{self, NonNull};
use std::sync::Once;
use std::sync::atomic::{AtomicU64, Ordering};

/// How much memory SQLite takes in all, in bytes: what queries sort and collect, databases in memory, and what is kept of files. Ours:
/// stops a query from filling the host's memory with what it sorts. It is for all guests of the process together, as SQLite knows no
/// other bound, and it stays as it is where the process has set one.
pub(crate) const HEAP_BYTES: i64 = 256 << 20;

/// Where a database is.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Place<'a> {
    /// In a file, by its path, which is absolute and has no links.
    File(&'a Path),
    /// In memory, by the name that those who share it know.
    Memory(&'a str),
}

/// What is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Opened {
    ReadOnly,
    /// For writing, too; made if it is not there.
    ReadWrite,
}

/// Whether SQL can read the host's clock. Without it `date('now')` is null.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Clock {
    Host,
    None,
}

/// A name for a database in memory, which no other has.
pub(crate) fn memory_name() -> String {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    // With a slash it is shared by the connections of this process that know it.
    format!("/caphost-{}", NEXT.fetch_add(1, Ordering::Relaxed))
}

/// Opens a database. A symbolic link that somebody put into its path meanwhile is not followed.
///
/// Whoever gets it closes it.
///
/// # Errors
/// SQLite's extended result code; also for what is no regular file.
pub(crate) fn open(place: Place<'_>, opened: Opened, clock: Clock) -> Result<NonNull<ffi::sqlite3>, c_int> {
    let (name, vfs) = match place {
        Place::File(path) => {
            check_kind(path)?;
            (path.as_os_str().as_bytes(), file_system(clock))
        }
        Place::Memory(name) => (name.as_bytes(), memory(clock)),
    };
    let name = CString::new(name).map_err(|_| ffi::SQLITE_CANTOPEN)?;
    bound_heap();
    let access = match opened {
        Opened::ReadOnly => ffi::SQLITE_OPEN_READONLY,
        Opened::ReadWrite => ffi::SQLITE_OPEN_READWRITE | ffi::SQLITE_OPEN_CREATE,
    };
    let flags = access | ffi::SQLITE_OPEN_NOFOLLOW | ffi::SQLITE_OPEN_NOMUTEX | ffi::SQLITE_OPEN_EXRESCODE;
    let mut connection = ptr::null_mut();
    // SAFETY: both names end with a zero, and there is a place for the connection.
    let code = unsafe { ffi::sqlite3_open_v2(name.as_ptr(), &raw mut connection, flags, vfs) };
    match NonNull::new(connection) {
        None => Err(ffi::SQLITE_NOMEM),
        Some(connection) if code == ffi::SQLITE_OK => Ok(connection),
        Some(connection) => {
            // SAFETY: SQLite gives a connection also where it fails; it is ours alone, and nobody has it afterwards.
            unsafe { ffi::sqlite3_close(connection.as_ptr()) };
            Err(code)
        }
    }
}

/// SQLite would wait for who writes into a pipe.
fn check_kind(path: &Path) -> Result<(), c_int> {
    match std::fs::symlink_metadata(path) {
        Ok(metadata) if !metadata.is_file() => Err(ffi::SQLITE_CANTOPEN),
        // What is not there, or may not be looked at, SQLite finds out.
        _ => Ok(()),
    }
}

/// Bounds SQLite's memory, if nobody has.
fn bound_heap() {
    // SAFETY: both only read and set a number.
    unsafe {
        if ffi::sqlite3_hard_heap_limit64(-1) == 0 {
            ffi::sqlite3_hard_heap_limit64(HEAP_BYTES);
        }
    }
}

const FILES_WITHOUT_CLOCK: &CStr = c"caphost-files-without-clock";
const MEMORY: &CStr = c"memdb";
const MEMORY_WITHOUT_CLOCK: &CStr = c"caphost-memory-without-clock";

/// The file system that a database in a file is opened with; null is SQLite's own.
fn file_system(clock: Clock) -> *const c_char {
    match clock {
        Clock::Host => ptr::null(),
        Clock::None => without_clock(FILES_WITHOUT_CLOCK),
    }
}

fn memory(clock: Clock) -> *const c_char {
    match clock {
        Clock::Host => MEMORY.as_ptr(),
        Clock::None => without_clock(MEMORY_WITHOUT_CLOCK),
    }
}

fn without_clock(name: &'static CStr) -> *const c_char {
    static REGISTERED: Once = Once::new();
    REGISTERED.call_once(|| {
        register_copy(ptr::null(), FILES_WITHOUT_CLOCK);
        register_copy(MEMORY.as_ptr(), MEMORY_WITHOUT_CLOCK);
    });
    // Where one could not be registered, opening fails, as nothing has its name.
    name.as_ptr()
}

/// Registers a copy of a file system that cannot tell the time.
fn register_copy(of: *const c_char, name: &'static CStr) {
    // SAFETY: `of` is null or ends with a zero. What SQLite finds lasts as long as the process and is only copied here; the copy is never
    // freed, and works as the original does, whose functions find what they need by what is copied with them.
    unsafe {
        let Some(original) = NonNull::new(ffi::sqlite3_vfs_find(of)) else { return };
        let mut copy = Box::new(original.read());
        copy.pNext = ptr::null_mut();
        copy.zName = name.as_ptr();
        copy.xCurrentTime = Some(no_time);
        copy.xCurrentTimeInt64 = Some(no_time_in_milliseconds);
        ffi::sqlite3_vfs_register(Box::into_raw(copy), 0);
    }
}

unsafe extern "C" fn no_time(_: *mut ffi::sqlite3_vfs, _: *mut f64) -> c_int {
    ffi::SQLITE_ERROR
}

unsafe extern "C" fn no_time_in_milliseconds(_: *mut ffi::sqlite3_vfs, _: *mut i64) -> c_int {
    ffi::SQLITE_ERROR
}
