//! SQLite's C interface, as far as statements need it. Invariant: whoever has a [`Handle`] has its connection's lock, so that no two
//! threads are in one connection, and no statement is used after its connection has closed.
//!
//! The statements of rusqlite are not used: they borrow their connection, where ours outlive a call, and they panic on what stands in
//! a database (a name that is not UTF-8, memory that runs out).

use crate::db::error::SqlError;
use rusqlite::ffi;
use std::ffi::{CStr, c_char, c_int};
use std::ptr::{self, NonNull};
use std::slice;

/// A connection of SQLite. Dropping it closes it; statements of it have to be finalized before.
pub(super) struct Handle(NonNull<ffi::sqlite3>);

/// A prepared statement of one [`Handle`], which alone can use it. Ended by [`Handle::finalize`]: dropping it leaks it, and its connection.
pub(super) struct Raw(NonNull<ffi::sqlite3_stmt>);

/// The row that a statement stands on.
pub(super) struct Row<'a>(&'a Raw);

/// A value of a row. Text is bytes: nobody has looked whether it is UTF-8.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Cell<'a> {
    Null,
    Integer(i64),
    Float(f64),
    Text(&'a [u8]),
    Blob(&'a [u8]),
}

/// What a step led to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stepped {
    Row,
    Done,
}

/// What SQLite said: an extended result code, and a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Failure {
    pub(super) code: c_int,
    pub(super) message: String,
}

/// What preparing led to.
pub(super) struct Prepared {
    /// None for a text that holds no statement.
    pub(super) statement: Option<Raw>,
    /// Where what stands behind the statement begins.
    pub(super) tail: usize,
}

// SAFETY: SQLite is built for several threads, and a connection may be used by any of them, one at a time.
unsafe impl Send for Handle {}
// SAFETY: as a connection; it is used through `&Handle` only, which one thread has at a time.
unsafe impl Send for Raw {}

impl Failure {
    pub(super) fn new(code: c_int, message: &str) -> Self {
        Self { code, message: message.to_owned() }
    }

    /// What SQLite calls a code by itself: its text of a failed opening would name the file.
    pub(super) fn of_code(code: c_int) -> Self {
        // SAFETY: it takes any number, and its text stands for ever.
        let text = unsafe { text(ffi::sqlite3_errstr(code)) };
        Self { code, message: String::from_utf8_lossy(text).into_owned() }
    }

    /// The code without what extends it.
    pub(super) fn primary(&self) -> c_int {
        self.code & 0xff
    }
}

impl From<Failure> for SqlError {
    fn from(failure: Failure) -> Self {
        Self { code: failure.code.to_string(), message: failure.message }
    }
}

impl Handle {
    /// Takes an open connection over.
    ///
    /// # Safety
    /// `connection` is one that `sqlite3_open_v2` gave, and nobody else uses or closes it.
    pub(super) unsafe fn own(connection: NonNull<ffi::sqlite3>) -> Self {
        Self(connection)
    }

    /// The connection, for calls that need no statement.
    pub(super) fn as_ptr(&self) -> *mut ffi::sqlite3 {
        self.0.as_ptr()
    }

    /// Prepares the first statement of `sql`.
    pub(super) fn prepare(&self, sql: &str) -> Result<Prepared, Failure> {
        let length =
            c_int::try_from(sql.len()).map_err(|_| Failure::new(ffi::SQLITE_TOOBIG, "string or blob too big"))?;
        let (mut statement, mut tail) = (ptr::null_mut(), ptr::null());
        let start = sql.as_ptr().cast::<c_char>();
        // SAFETY: the connection is open, `sql` has `length` bytes, and both places are there to be written to.
        let code = unsafe {
            let flags = ffi::SQLITE_PREPARE_PERSISTENT;
            ffi::sqlite3_prepare_v3(self.as_ptr(), start, length, flags, &raw mut statement, &raw mut tail)
        };
        self.checked(code)?;
        let tail = if tail.is_null() { sql.len() } else { (tail as usize).saturating_sub(start as usize) };
        Ok(Prepared { statement: NonNull::new(statement).map(Raw), tail: tail.min(sql.len()) })
    }

    /// Runs a statement to its next row, or its end.
    pub(super) fn step(&self, raw: &mut Raw) -> Result<Stepped, Failure> {
        // SAFETY: the statement is prepared.
        match unsafe { ffi::sqlite3_step(raw.as_ptr()) } {
            ffi::SQLITE_ROW => Ok(Stepped::Row),
            ffi::SQLITE_DONE => Ok(Stepped::Done),
            code => Err(self.failure(code)),
        }
    }

    /// The row that the last step led to.
    pub(super) fn row<'a>(&'a self, raw: &'a mut Raw) -> Row<'a> {
        Row(raw)
    }

    /// Ends a run, and forgets its parameters. How the run went is not told again.
    pub(super) fn reset(&self, raw: &mut Raw) {
        // SAFETY: the statement is prepared; both take one that runs, and one that does not.
        unsafe {
            ffi::sqlite3_reset(raw.as_ptr());
            ffi::sqlite3_clear_bindings(raw.as_ptr());
        }
    }

    /// Ends a statement.
    pub(super) fn finalize(&self, raw: Raw) {
        // SAFETY: the statement is prepared, and given away here.
        unsafe { ffi::sqlite3_finalize(raw.as_ptr()) };
    }

    /// Has a statement tell its program (1) or its plan (2) instead of running, or run (0).
    pub(super) fn set_explain_mode(&self, raw: &mut Raw, mode: c_int) -> Result<(), Failure> {
        // SAFETY: the statement is prepared; a mode that is none is an error.
        self.checked(unsafe { ffi::sqlite3_stmt_explain(raw.as_ptr(), mode) })
    }

    /// Runs a statement of the host's own that gives no rows.
    pub(super) fn run(&self, sql: &CStr) -> Result<(), Failure> {
        let none = ptr::null_mut();
        // SAFETY: the connection is open, and `sql` ends with a zero.
        self.checked(unsafe { ffi::sqlite3_exec(self.as_ptr(), sql.as_ptr(), None, none, ptr::null_mut()) })
    }

    /// Whether no transaction is open.
    pub(super) fn is_autocommit(&self) -> bool {
        // SAFETY: the connection is open.
        unsafe { ffi::sqlite3_get_autocommit(self.as_ptr()) != 0 }
    }

    /// The identity of the row that was inserted last.
    pub(super) fn last_insert_id(&self) -> i64 {
        // SAFETY: the connection is open.
        unsafe { ffi::sqlite3_last_insert_rowid(self.as_ptr()) }
    }

    /// How many rows the last statement that ended changed.
    pub(super) fn changes(&self) -> u64 {
        // SAFETY: the connection is open.
        u64::try_from(unsafe { ffi::sqlite3_changes64(self.as_ptr()) }).unwrap_or(0)
    }

    /// How many rows all statements changed so far, those of triggers and foreign keys included.
    pub(super) fn total_changes(&self) -> i64 {
        // SAFETY: the connection is open.
        unsafe { ffi::sqlite3_total_changes64(self.as_ptr()) }
    }

    /// What SQLite says of a call that gave `code`.
    pub(super) fn checked(&self, code: c_int) -> Result<(), Failure> {
        if code == ffi::SQLITE_OK { Ok(()) } else { Err(self.failure(code)) }
    }

    #[cold]
    fn failure(&self, code: c_int) -> Failure {
        // SAFETY: the connection is open; the text stands until its next call.
        let (extended, message) = unsafe {
            let message = text(ffi::sqlite3_errmsg(self.as_ptr()));
            (ffi::sqlite3_extended_errcode(self.as_ptr()), String::from_utf8_lossy(message).into_owned())
        };
        // A misuse is not noted in the connection.
        let code = if extended & 0xff == code & 0xff { extended } else { code };
        Failure { code, message }
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        // SAFETY: the connection is open, and nobody can use it afterwards. If a statement was left open it stays open, so that
        // nothing is freed that is in use.
        unsafe { ffi::sqlite3_close(self.as_ptr()) };
    }
}

/// What a statement says of itself. Safe without its connection's lock: nothing of it changes but by a step, which takes `&mut Raw`.
impl Raw {
    fn as_ptr(&self) -> *mut ffi::sqlite3_stmt {
        self.0.as_ptr()
    }

    pub(super) fn column_count(&self) -> c_int {
        // SAFETY: the statement is prepared.
        unsafe { ffi::sqlite3_column_count(self.as_ptr()) }
    }

    /// The name of a column, and the type that it was declared with. What is not UTF-8 is replaced.
    pub(super) fn column(&self, index: c_int) -> (String, String) {
        // SAFETY: the statement is prepared; both answer null for what is not there, and their texts stand until the next step.
        unsafe {
            let name = text(ffi::sqlite3_column_name(self.as_ptr(), index));
            let type_name = text(ffi::sqlite3_column_decltype(self.as_ptr(), index));
            (String::from_utf8_lossy(name).into_owned(), String::from_utf8_lossy(type_name).into_owned())
        }
    }

    pub(super) fn parameter_count(&self) -> c_int {
        // SAFETY: the statement is prepared.
        unsafe { ffi::sqlite3_bind_parameter_count(self.as_ptr()) }
    }

    /// How a parameter is written; none for `?`.
    pub(super) fn parameter_name(&self, index: c_int) -> Option<&str> {
        // SAFETY: the statement is prepared; the name stands as long as it.
        let name = unsafe { text(ffi::sqlite3_bind_parameter_name(self.as_ptr(), index)) };
        // One that is not UTF-8 cannot come of a text that is.
        std::str::from_utf8(name).ok().filter(|name| !name.is_empty())
    }

    /// Whether it writes nothing by itself. Says nothing of what it may do: SQLite calls `BEGIN` and `ATTACH` read-only.
    pub(super) fn is_read_only(&self) -> bool {
        // SAFETY: the statement is prepared.
        unsafe { ffi::sqlite3_stmt_readonly(self.as_ptr()) != 0 }
    }

    /// See [`Handle::set_explain_mode`].
    pub(super) fn explain_mode(&self) -> c_int {
        // SAFETY: the statement is prepared.
        unsafe { ffi::sqlite3_stmt_isexplain(self.as_ptr()) }
    }

    /// How much memory it takes, in bytes.
    pub(super) fn bytes(&self) -> c_int {
        // SAFETY: the statement is prepared.
        unsafe { ffi::sqlite3_stmt_status(self.as_ptr(), ffi::SQLITE_STMTSTATUS_MEMUSED, 0) }
    }

    /// How often SQLite has prepared it again by itself.
    pub(super) fn prepared_again(&self) -> c_int {
        // SAFETY: the statement is prepared.
        unsafe { ffi::sqlite3_stmt_status(self.as_ptr(), ffi::SQLITE_STMTSTATUS_REPREPARE, 0) }
    }
}

/// Binding. SQLite copies the value.
impl Handle {
    pub(super) fn bind_null(&self, raw: &mut Raw, index: c_int) -> Result<(), Failure> {
        // SAFETY: the statement is prepared; an index that is none is an error.
        self.checked(unsafe { ffi::sqlite3_bind_null(raw.as_ptr(), index) })
    }

    pub(super) fn bind_integer(&self, raw: &mut Raw, index: c_int, value: i64) -> Result<(), Failure> {
        // SAFETY: the statement is prepared; an index that is none is an error.
        self.checked(unsafe { ffi::sqlite3_bind_int64(raw.as_ptr(), index, value) })
    }

    pub(super) fn bind_float(&self, raw: &mut Raw, index: c_int, value: f64) -> Result<(), Failure> {
        // SAFETY: the statement is prepared; an index that is none is an error.
        self.checked(unsafe { ffi::sqlite3_bind_double(raw.as_ptr(), index, value) })
    }

    pub(super) fn bind_text(&self, raw: &mut Raw, index: c_int, value: &str) -> Result<(), Failure> {
        let (start, length) = (value.as_ptr().cast(), value.len() as u64);
        let copied = ffi::SQLITE_TRANSIENT();
        let utf8 = ffi::SQLITE_UTF8 as u8;
        // SAFETY: the statement is prepared, and `value` has `length` bytes, which SQLite copies.
        self.checked(unsafe { ffi::sqlite3_bind_text64(raw.as_ptr(), index, start, length, copied, utf8) })
    }

    pub(super) fn bind_blob(&self, raw: &mut Raw, index: c_int, value: &[u8]) -> Result<(), Failure> {
        if value.is_empty() {
            // Of an empty slice the start may be anything; null would bind nothing.
            // SAFETY: the statement is prepared.
            return self.checked(unsafe { ffi::sqlite3_bind_zeroblob(raw.as_ptr(), index, 0) });
        }
        let (start, length) = (value.as_ptr().cast(), value.len() as u64);
        // SAFETY: the statement is prepared, and `value` has `length` bytes, which SQLite copies.
        self.checked(unsafe { ffi::sqlite3_bind_blob64(raw.as_ptr(), index, start, length, ffi::SQLITE_TRANSIENT()) })
    }
}

impl Row<'_> {
    /// A value; none where SQLite had no memory for it.
    #[inline]
    pub(super) fn cell(&self, index: c_int) -> Option<Cell<'_>> {
        let statement = self.0.as_ptr();
        // SAFETY: the statement stands on a row, and `self` keeps anybody from stepping on. The connection was opened without a mutex, and
        // then a value may be asked itself ("Protected and Unprotected sqlite3_value Objects"), which costs less than to ask for its column
        // each time. The type is asked first, so that nothing is converted but what is stored in another encoding, by the functions that
        // take care of memory that cannot be had; the bytes are counted after that.
        unsafe {
            let value = ffi::sqlite3_column_value(statement, index);
            Some(match ffi::sqlite3_value_type(value) {
                ffi::SQLITE_INTEGER => Cell::Integer(ffi::sqlite3_value_int64(value)),
                ffi::SQLITE_FLOAT => Cell::Float(ffi::sqlite3_value_double(value)),
                ffi::SQLITE_TEXT => {
                    let start = NonNull::new(ffi::sqlite3_column_text(statement, index).cast_mut())?;
                    Cell::Text(bytes(start.as_ptr(), ffi::sqlite3_value_bytes(value)))
                }
                ffi::SQLITE_BLOB => {
                    let start = ffi::sqlite3_column_blob(statement, index).cast::<u8>();
                    match (start.is_null(), ffi::sqlite3_value_bytes(value)) {
                        (true, 0) => Cell::Blob(&[]),
                        (true, _) => return None,
                        (false, length) => Cell::Blob(bytes(start, length)),
                    }
                }
                _ => Cell::Null,
            })
        }
    }
}

/// # Safety
/// `start` is not null, and has `length` bytes that stand as long as `'a`.
unsafe fn bytes<'a>(start: *const u8, length: c_int) -> &'a [u8] {
    // SAFETY: as the caller says; a length that is none is no bytes.
    unsafe { slice::from_raw_parts(start, usize::try_from(length).unwrap_or(0)) }
}

/// The bytes of a text of C; none of null.
///
/// # Safety
/// `start` is null, or the start of a text that ends with a zero and stands as long as `'a`.
pub(super) unsafe fn text<'a>(start: *const c_char) -> &'a [u8] {
    if start.is_null() {
        return &[];
    }
    // SAFETY: as the caller says.
    unsafe { CStr::from_ptr(start) }.to_bytes()
}
