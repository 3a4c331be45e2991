//! What SQLite asks while it works: may a statement do this, may it go on, may it wait. Invariant: nothing here uses the connection, and
//! nothing panics: what cannot be understood is denied.

use super::action::{Action, Given};
use super::approval::Findings;
use super::approved::{Approved, Verdict};
use super::raw::{Handle, text};
use crate::db::error::DbError;
use crate::db::watch::Watch;
use rusqlite::ffi;
use std::cell::{Cell, RefCell};
use std::ffi::{c_char, c_int, c_void};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

/// After how many steps of SQLite's machine it is asked whether a statement may go on. Ours: some microseconds, of which asking is a hundredth; and where
/// each step calls a function on the largest value, some seconds.
const STEPS: c_int = 100;

/// How long a lock is waited for at most that another connection has, if a statement may take so long. Ours: as SQLite's command line.
const BUSY_TIME: Duration = Duration::from_secs(5);

/// The longest time between two looks whether a lock is free.
const BUSY_PAUSE: Duration = Duration::from_millis(20);

/// What the callbacks of one connection know. SQLite calls them only while its connection is used, which one thread does at a time.
pub(super) struct Hooks {
    mode: RefCell<Mode>,
    findings: RefCell<Findings>,
    /// Whether a statement did what it was not asked for.
    is_unforeseen: Cell<bool>,
    /// What no grant allows, met while a statement ran.
    forbidden: Cell<Option<&'static str>>,
    watch: RefCell<Option<Watch>>,
    /// Why a statement was stopped.
    stopped: RefCell<Option<DbError>>,
    /// How long the lock has been waited for.
    waited: Cell<Duration>,
    /// How long it is waited for at most.
    busy_time: Duration,
    /// Whether SQL can read the clock.
    has_clock: bool,
    /// Set by another thread, to have the statement end that runs.
    is_abandoned: Arc<AtomicBool>,
}

/// Whose statement it is, and what is done with it.
#[derive(Clone, Default)]
pub(super) enum Mode {
    /// The host's own.
    #[default]
    Host,
    /// A guest's is prepared.
    Preparing,
    /// A guest's runs.
    Running(Arc<Approved>),
}

impl Hooks {
    pub(super) fn new(has_clock: bool, statement_time: Duration, is_abandoned: Arc<AtomicBool>) -> Self {
        Self {
            mode: RefCell::default(),
            findings: RefCell::default(),
            is_unforeseen: Cell::new(false),
            forbidden: Cell::new(None),
            watch: RefCell::default(),
            stopped: RefCell::default(),
            waited: Cell::new(Duration::ZERO),
            busy_time: BUSY_TIME.min(statement_time),
            has_clock,
            is_abandoned,
        }
    }

    /// Has a connection ask these hooks.
    ///
    /// # Safety
    /// The hooks stay where they are until the connection is closed.
    pub(super) unsafe fn install(&self, handle: &Handle) {
        let (connection, this) = (handle.as_ptr(), std::ptr::from_ref(self).cast_mut().cast::<c_void>());
        // SAFETY: the connection is open; the callbacks take `this` for what it is, and it lasts as the caller says.
        unsafe {
            ffi::sqlite3_set_authorizer(connection, Some(authorize), this);
            ffi::sqlite3_progress_handler(connection, STEPS, Some(progress), this);
            ffi::sqlite3_busy_handler(connection, Some(busy), this);
        }
    }

    /// Sets what is done next, under what watch, and forgets what was found before.
    pub(super) fn begin(&self, mode: Mode, watch: Option<&Watch>) {
        *self.mode.borrow_mut() = mode;
        *self.watch.borrow_mut() = watch.cloned();
        *self.findings.borrow_mut() = Findings::default();
        *self.stopped.borrow_mut() = None;
        self.is_unforeseen.set(false);
        self.forbidden.set(None);
        self.waited.set(Duration::ZERO);
    }

    /// Ends what [`Hooks::begin`] began: what follows is the host's own.
    pub(super) fn end(&self) {
        *self.mode.borrow_mut() = Mode::Host;
        *self.watch.borrow_mut() = None;
    }

    /// What was found of a statement that was prepared.
    pub(super) fn findings(&self) -> Findings {
        self.findings.take()
    }

    /// Why a statement was stopped, if it was.
    pub(super) fn stopped(&self) -> Option<DbError> {
        self.stopped.take()
    }

    /// Whether a statement was denied something that it was not asked for.
    pub(super) fn is_unforeseen(&self) -> bool {
        self.is_unforeseen.get()
    }

    /// What a running statement was denied, if no grant allows it.
    pub(super) fn forbidden(&self) -> Option<&'static str> {
        self.forbidden.get()
    }

    fn permits(&self, given: &Given<'_>, between: Option<&str>) -> bool {
        let (Ok(mode), Ok(mut findings)) = (self.mode.try_borrow(), self.findings.try_borrow_mut()) else {
            return false;
        };
        match &*mode {
            Mode::Host => true,
            Mode::Preparing => {
                between.into_iter().for_each(|name| findings.note_between(name));
                findings.note(Action::of(given), self.has_clock)
            }
            Mode::Running(approved) => match approved.judge(Action::of(given), self.has_clock) {
                Verdict::Approved => true,
                Verdict::Unforeseen => {
                    self.is_unforeseen.set(true);
                    false
                }
                Verdict::Forbidden(what) => {
                    self.forbidden.set(Some(what));
                    false
                }
            },
        }
    }

    /// Whether the statement may go on. It is stopped once, with one record.
    fn may_go_on(&self) -> bool {
        if self.is_abandoned.load(Ordering::Acquire) && !matches!(self.mode.try_borrow().as_deref(), Ok(Mode::Host)) {
            return false;
        }
        let (Ok(watch), Ok(mut stopped)) = (self.watch.try_borrow(), self.stopped.try_borrow_mut()) else {
            return false;
        };
        if stopped.is_some() {
            return false;
        }
        match watch.as_ref().map_or(Ok(()), Watch::check) {
            Ok(()) => true,
            Err(error) => {
                *stopped = Some(error);
                false
            }
        }
    }

    fn may_wait(&self, tries: c_int) -> bool {
        let waited = self.waited.get();
        // The host's own waits too, to begin a transaction, and is told that it need not.
        if !self.may_go_on() || waited >= self.busy_time || self.is_abandoned.load(Ordering::Acquire) {
            return false;
        }
        let pause = Duration::from_millis(u64::try_from(tries).unwrap_or(0) + 1).min(BUSY_PAUSE);
        thread::sleep(pause);
        self.waited.set(waited + pause);
        true
    }
}

/// # Safety
/// `this` is hooks that live; the texts are null, or end with a zero.
unsafe extern "C" fn authorize(
    this: *mut c_void,
    code: c_int,
    first: *const c_char,
    second: *const c_char,
    database: *const c_char,
    between: *const c_char,
) -> c_int {
    // SAFETY: as `Hooks::install` says.
    let hooks = unsafe { &*this.cast::<Hooks>() };
    // SAFETY: SQLite gives texts that stand until this returns.
    let texts = [first, second, database, between].map(|start| unsafe { argument(start) });
    // A name that is not UTF-8 can be in no grant. Only a damaged file has one.
    let [Ok(first), Ok(second), Ok(database), Ok(between)] = texts else { return ffi::SQLITE_DENY };
    if hooks.permits(&Given { code, first, second, database }, between) { ffi::SQLITE_OK } else { ffi::SQLITE_DENY }
}

/// # Safety
/// `start` is null, or a text that ends with a zero and stands as long as `'a`.
unsafe fn argument<'a>(start: *const c_char) -> Result<Option<&'a str>, std::str::Utf8Error> {
    if start.is_null() {
        return Ok(None);
    }
    // SAFETY: as the caller says.
    std::str::from_utf8(unsafe { text(start) }).map(Some)
}

/// # Safety
/// `this` is hooks that live.
unsafe extern "C" fn progress(this: *mut c_void) -> c_int {
    // SAFETY: as `Hooks::install` says.
    let hooks = unsafe { &*this.cast::<Hooks>() };
    c_int::from(!hooks.may_go_on())
}

/// # Safety
/// `this` is hooks that live.
unsafe extern "C" fn busy(this: *mut c_void, tries: c_int) -> c_int {
    // SAFETY: as `Hooks::install` says.
    let hooks = unsafe { &*this.cast::<Hooks>() };
    c_int::from(hooks.may_wait(tries))
}
