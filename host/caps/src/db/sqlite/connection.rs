//! A connection, which its statements and cursors share. Invariant: one thread at a time is in it, and whoever leaves it has done what
//! others asked for meanwhile: what was given back, and the end of what was abandoned.

use super::hooks::{Hooks, Mode};
use super::open::{self, Hooked};
use super::prepare::Info;
use super::raw::{Failure, Handle, Raw};
use super::schema::Schema;
use super::statement::Statement;
use crate::ambient::sqlite::{self as ambient, Clock, Opened, Place};
use crate::db::access::{Access, Asking};
use crate::db::engine::{Setup, Step};
use crate::db::error::{DbError, DbResult};
use crate::db::settings::SqliteSource;
use crate::db::watch::Watch;
use caphost_policy::Capability;
use rusqlite::ffi;
use std::ffi::{CString, c_int};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// How many statements are kept prepared that nobody has in use. Ours: a program has some tens of them.
const MAX_IDLE: usize = 32;

/// The longest SQL of a statement that is kept so, in bytes. Ours: what is longer is seldom run twice.
const MAX_IDLE_SQL: usize = 16 << 10;

/// The most memory that a statement takes which is kept so, in bytes. Ours: SQLite's memory is that of all guests in this process.
const MAX_IDLE_BYTES: c_int = 256 << 10;

/// One database of a guest. Opens nothing by itself.
pub(in crate::db) struct Store {
    source: Source,
    setup: Setup,
    /// A connection that keeps a database in memory alive while no other one is open.
    anchor: Mutex<Option<Hooked>>,
}

enum Source {
    File(PathBuf),
    Memory(String),
}

/// A connection. It is closed with the last of its statements and cursors.
pub(in crate::db) struct Connection(Arc<Shared>);

/// What a connection, its statements and its cursors have in common.
pub(super) struct Shared {
    core: Mutex<Core>,
    /// Statements that were let go of while another thread was in the connection.
    returned: Mutex<Vec<(Arc<Info>, Raw)>>,
    has_returned: AtomicBool,
    is_abandoned: Arc<AtomicBool>,
    pub(super) setup: Setup,
}

/// What is used by one thread at a time.
pub(super) struct Core {
    /// Prepared statements that nobody uses, the last one used at the end.
    idle: Vec<(Arc<Info>, Raw)>,
    schema: Option<Arc<Schema>>,
    /// Which transaction it is, of those that were begun.
    transaction: u64,
    hooked: Hooked,
    is_abandoned: Arc<AtomicBool>,
}

/// When a transaction takes the lock without which nothing is written.
#[derive(Clone, Copy)]
enum Lock {
    AtOnce,
    WhenNeeded,
}

impl Store {
    pub(in crate::db) fn new(source: &SqliteSource, setup: Setup) -> Arc<Self> {
        let source = match source {
            SqliteSource::File(path) => Source::File(path.clone()),
            SqliteSource::Memory => Source::Memory(ambient::memory_name()),
        };
        Arc::new(Self { source, setup, anchor: Mutex::default() })
    }

    /// Opens the database; makes it, if it is not there and may be written.
    pub(in crate::db) fn open(self: &Arc<Self>) -> DbResult<Connection> {
        let is_abandoned = Arc::<AtomicBool>::default();
        let setup = self.setup.clone();
        let hooked = self.connect(&is_abandoned).map_err(|failure| DbError::Sql(failure.into()))?;
        let core =
            Core { idle: Vec::new(), schema: None, transaction: 0, hooked, is_abandoned: Arc::clone(&is_abandoned) };
        let shared = Arc::new(Shared {
            core: Mutex::new(core),
            returned: Mutex::default(),
            has_returned: AtomicBool::new(false),
            is_abandoned,
            setup,
        });
        // A file that is no database is told of now, and not by the first statement.
        shared.with(|core| core.schema().map(drop))?;
        Ok(Connection(shared))
    }

    fn connect(&self, is_abandoned: &Arc<AtomicBool>) -> Result<Hooked, Failure> {
        let Setup { authority, limits, is_read_only, .. } = &self.setup;
        let opened = if *is_read_only { Opened::ReadOnly } else { Opened::ReadWrite };
        let tells_time = authority.allows(&Access { capability: Capability::TimeWall, table: None });
        let clock = if tells_time { Clock::Host } else { Clock::None };
        let open = |place, opened| open::open(place, opened, clock, limits, Arc::clone(is_abandoned));
        match &self.source {
            Source::File(path) => open(Place::File(path), opened),
            Source::Memory(name) => {
                let mut anchor = self.anchor.lock().unwrap_or_else(PoisonError::into_inner);
                if anchor.is_none() {
                    *anchor = Some(open(Place::Memory(name), Opened::ReadWrite)?);
                }
                open(Place::Memory(name), opened)
            }
        }
    }
}

impl Connection {
    /// Prepares a statement whose accesses are all allowed.
    pub(in crate::db) fn prepare(&self, asking: Asking<'_>, sql: &str) -> DbResult<Statement> {
        let watch = Watch::begin(&Arc::default(), self.0.setup.limits.statement_time, false);
        let (info, raw) = self.0.with(|core| core.find_or_prepare(asking, sql, &watch))?;
        Ok(Statement::new(Arc::clone(&self.0), info, raw, asking))
    }

    pub(in crate::db) fn last_insert_id(&self) -> DbResult<i64> {
        Ok(self.0.with(|core| core.handle().last_insert_id()))
    }

    pub(in crate::db) fn control(&self, step: Step) -> DbResult<()> {
        // Who could write takes the lock at once, and waits for it where another has it: who reads first and then writes would be told that
        // the database is locked, and would have to begin again.
        let writes = step == Step::Begin && self.0.setup.authority.allows_within(Capability::DbWrite);
        let lock = if writes { Lock::AtOnce } else { Lock::WhenNeeded };
        self.0.with(|core| core.control(step, lock))
    }

    /// Rolls back what is open, at once, or as soon as what runs is interrupted. Does not wait, and may be called on any thread.
    pub(in crate::db) fn abandon(&self) {
        self.0.is_abandoned.store(true, Ordering::SeqCst);
        self.0.settle();
    }
}

impl Shared {
    /// Does something with the connection; waits while another thread does.
    pub(super) fn with<R>(&self, work: impl FnOnce(&mut Core) -> R) -> R {
        let done = {
            let mut core = self.core.lock().unwrap_or_else(PoisonError::into_inner);
            self.tidy(&mut core);
            let done = work(&mut core);
            self.tidy(&mut core);
            done
        };
        self.settle();
        done
    }

    /// Takes a statement back that is of no more use to whoever had it; see [`Core::keep`]. Does not wait.
    pub(super) fn give_back(&self, info: Arc<Info>, raw: Raw) {
        self.returned().push((info, raw));
        self.has_returned.store(true, Ordering::Release);
        if let Ok(mut core) = self.core.try_lock() {
            self.tidy(&mut core);
        }
        self.settle();
    }

    /// Does what was asked for while somebody was in the connection, unless somebody is in it: then that one does, who looks after he has left.
    fn settle(&self) {
        while self.is_abandoned.load(Ordering::SeqCst) {
            let Ok(mut core) = self.core.try_lock() else { return };
            self.tidy(&mut core);
        }
    }

    fn tidy(&self, core: &mut Core) {
        // Both are looked at before they are taken: this is done at each call, and there is seldom anything.
        if self.is_abandoned.load(Ordering::SeqCst) && self.is_abandoned.swap(false, Ordering::SeqCst) {
            // It fails only where nothing is left to roll back.
            let _ = core.control(Step::Rollback, Lock::WhenNeeded);
        }
        if self.has_returned.load(Ordering::Acquire) && self.has_returned.swap(false, Ordering::AcqRel) {
            let returned = std::mem::take(&mut *self.returned());
            returned.into_iter().for_each(|(info, raw)| core.keep(info, raw));
        }
    }

    fn returned(&self) -> MutexGuard<'_, Vec<(Arc<Info>, Raw)>> {
        self.returned.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        let returned = std::mem::take(&mut *self.returned());
        let core = self.core.get_mut().unwrap_or_else(PoisonError::into_inner);
        returned.into_iter().chain(core.idle.drain(..)).for_each(|(_, raw)| core.hooked.handle.finalize(raw));
    }
}

impl Core {
    pub(super) fn handle(&self) -> &Handle {
        &self.hooked.handle
    }

    pub(super) fn hooks(&self) -> &Hooks {
        &self.hooked.hooks
    }

    /// The tables that there are, as they were when they were last looked at.
    pub(super) fn schema(&mut self) -> DbResult<Arc<Schema>> {
        if let Some(schema) = &self.schema {
            return Ok(Arc::clone(schema));
        }
        self.hooks().begin(Mode::Host, None);
        let schema = Arc::new(Schema::read(self.handle()).map_err(sql)?);
        self.schema = Some(Arc::clone(&schema));
        Ok(schema)
    }

    /// Has the tables looked at again: after whatever can change them without a new number of the schema, such as the end of a
    /// transaction that had changed them.
    pub(super) fn forget_schema(&mut self) {
        self.schema = None;
    }

    /// Which transaction it is in, if it is.
    pub(super) fn transaction(&self) -> Option<u64> {
        (!self.handle().is_autocommit()).then_some(self.transaction)
    }

    /// Looks whether a call may begin: its transaction goes on, and so does what it stands on.
    pub(super) fn check(&self, watch: &Watch) -> DbResult<()> {
        if watch.is_inside() && self.handle().is_autocommit() {
            return Err(DbError::BadHandle);
        }
        watch.check()
    }

    /// Why a call has failed: what stopped it, if something did.
    pub(super) fn explain(&mut self, failure: Failure, watch: &Watch) -> DbError {
        // It may have been a transaction's last.
        self.forget_schema();
        if let Some(stopped) = self.hooks().stopped() {
            return stopped;
        }
        match failure.primary() {
            ffi::SQLITE_INTERRUPT | ffi::SQLITE_BUSY if self.is_abandoned.load(Ordering::SeqCst) => {
                watch.check().err().unwrap_or(DbError::BadHandle)
            }
            _ => sql(failure),
        }
    }

    /// A statement of this text that is prepared and not in use.
    pub(super) fn take_idle(&mut self, sql: &str) -> Option<(Arc<Info>, Raw)> {
        let at = self.idle.iter().rposition(|(info, _)| *info.sql == *sql)?;
        Some(self.idle.remove(at))
    }

    /// Ends the statements of this text that are prepared and not in use.
    pub(super) fn forget_idle(&mut self, sql: &str) {
        while let Some((_, raw)) = self.take_idle(sql) {
            self.handle().finalize(raw);
        }
    }

    /// Keeps a statement for the next time, unless it is a long one; the one that was not used for longest is ended, if there are too many.
    pub(super) fn keep(&mut self, info: Arc<Info>, mut raw: Raw) {
        if info.sql.len() > MAX_IDLE_SQL || raw.bytes() > MAX_IDLE_BYTES {
            return self.handle().finalize(raw);
        }
        self.handle().reset(&mut raw);
        if self.idle.len() >= MAX_IDLE {
            let (_, oldest) = self.idle.remove(0);
            self.handle().finalize(oldest);
        }
        self.idle.push((info, raw));
    }

    fn control(&mut self, step: Step, lock: Lock) -> DbResult<()> {
        self.hooks().begin(Mode::Host, None);
        let is_outside = self.handle().is_autocommit();
        match step {
            Step::Commit | Step::Savepoint(_) | Step::Release(_) if is_outside => return Err(DbError::BadHandle),
            Step::Rollback | Step::Undo(_) if is_outside => return Ok(()),
            Step::Begin => self.transaction += 1,
            _ => {}
        }
        let text = match step {
            Step::Begin => match lock {
                Lock::AtOnce => "begin immediate".to_owned(),
                Lock::WhenNeeded => "begin".to_owned(),
            },
            Step::Commit => "commit".to_owned(),
            Step::Rollback => "rollback".to_owned(),
            Step::Savepoint(number) => format!("savepoint caphost_{number}"),
            Step::Release(number) => format!("release caphost_{number}"),
            Step::Undo(number) => format!("rollback to caphost_{number}; release caphost_{number}"),
        };
        if matches!(step, Step::Rollback | Step::Undo(_)) {
            self.forget_schema();
        }
        self.run(&text).map_err(|failure| match failure.primary() {
            ffi::SQLITE_BUSY if self.is_abandoned.load(Ordering::SeqCst) => DbError::BadHandle,
            _ => sql(failure),
        })
    }

    /// Runs the host's own SQL.
    pub(super) fn run(&self, text: &str) -> Result<(), Failure> {
        let text = CString::new(text).map_err(|_| Failure::of_code(ffi::SQLITE_MISUSE))?;
        self.handle().run(&text)
    }
}

pub(super) fn sql(failure: Failure) -> DbError {
    DbError::Sql(failure.into())
}
