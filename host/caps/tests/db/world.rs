//! A session on a database of SQLite, and short ways to ask it for something.

#![expect(clippy::expect_used, reason = "a test fails by panic")]

use crate::support::{Log, policy};
use caphost_caps::ambient::HostAuthority;
use caphost_caps::db::{DatabaseSettings, Source, SqliteSource};
use caphost_caps::guest::db::{self, Connection, Statement, Table, Value, unpack};
use caphost_caps::guest::{Error, Result};
use caphost_caps::{ClockHand, Refusal, Session, SessionClock};
use caphost_policy::codes::Code;
use caphost_policy::{DatabaseLimits, Grant, Limits, Policy, PolicyBuilder, parse_list};
use futures_util::FutureExt;
use std::sync::{Arc, Mutex};
use tempfile::TempDir;

/// What there is in each database: notes 1 to 3, and a secret.
const TABLES: &str = "
    pragma journal_mode = wal;
    create table notes (id integer primary key, title text not null unique, body blob, weight real);
    create table tags (note integer not null, name text not null);
    create table secrets (word text not null);
    insert into notes (title, body, weight) values ('one', x'01', 1.5), ('two', null, 2.5), ('three', x'', null);
    insert into secrets values ('xyzzy');
";

pub(crate) struct World {
    pub(crate) session: Session,
    pub(crate) hand: ClockHand,
    /// The database seen from the host.
    pub(crate) outside: rusqlite::Connection,
    refusals: Arc<Mutex<Vec<Refusal>>>,
    log: Log,
    _folder: TempDir,
}

impl World {
    pub(crate) fn new(allow: &str, deny: &str) -> Self {
        Self::with_policy(policy(allow, deny))
    }

    /// With everything granted, within `limits`.
    pub(crate) fn limited(limits: DatabaseLimits) -> Self {
        let limits = Limits { databases: limits, ..Limits::default() };
        Self::with_policy(granted("db").limits(limits).build())
    }

    pub(crate) fn with_policy(policy: Policy) -> Self {
        let folder = TempDir::new().expect("a folder");
        let path = folder.path().join("main.db");
        let outside = rusqlite::Connection::open(&path).expect("a database");
        outside.execute_batch(TABLES).expect("tables");
        let mut settings = DatabaseSettings::default();
        settings.insert("main", Source::Sqlite(SqliteSource::File(path)));
        let (clock, hand) = SessionClock::manual();
        let refusals = Arc::<Mutex<Vec<Refusal>>>::default();
        let (told, log) = (Arc::clone(&refusals), Log::default());
        let session = Session::builder(policy)
            .databases(settings)
            .clock(clock)
            .audit(Box::new(log.clone()))
            .observer(Box::new(move |refusal| told.lock().expect("no panic").push(refusal.clone())))
            .build(HostAuthority::claim())
            .expect("a session");
        Self { session, hand, outside, refusals, log, _folder: folder }
    }

    pub(crate) fn open(&self) -> Connection {
        now(db::open(&self.session, "main")).expect("a connection")
    }

    pub(crate) fn refusals(&self) -> Vec<Refusal> {
        self.refusals.lock().expect("no panic").clone()
    }

    /// Ends the audit log, and answers all that it says.
    pub(crate) fn log(&self) -> String {
        self.session.close_audit().expect("a whole log");
        String::from_utf8(self.log.0.lock().expect("no panic").clone()).expect("UTF-8")
    }

    /// How many notes are committed.
    pub(crate) fn notes(&self) -> i64 {
        self.outside.query_row("select count(*) from notes", [], |row| row.get(0)).expect("a number")
    }
}

pub(crate) fn granted(allow: &str) -> PolicyBuilder {
    parse_list(allow).expect("grants").into_iter().map(Grant::from).fold(Policy::builder(), PolicyBuilder::allow)
}

/// What SQLite does it does at once: no call waits.
pub(crate) fn now<T>(call: impl Future<Output = T>) -> T {
    call.now_or_never().expect("an answer at the first poll")
}

pub(crate) fn query(connection: &Connection, sql: &str) -> Result<Table> {
    now(connection.query(sql, &[]))
}

pub(crate) fn execute(connection: &Connection, sql: &str) -> Result<u64> {
    now(connection.execute(sql, &[]))
}

pub(crate) fn prepare(connection: &Connection, sql: &str) -> Result<Statement> {
    now(connection.prepare(sql))
}

/// Adds a note.
pub(crate) fn add(connection: &Connection, title: &str) -> Result<u64> {
    let sql = "insert into notes (title) values (?1)";
    now(connection.execute(sql, &[Value::Text(title.to_owned())]))
}

/// How many notes the guest sees.
pub(crate) fn count(connection: &Connection) -> Result<i64> {
    match query(connection, "select count(*) from notes")?.rows.first().map(Vec::as_slice) {
        Some([Value::Integer(count)]) => Ok(*count),
        other => panic!("{other:?}"),
    }
}

/// All rows of a statement of so many columns, and how many batches they came in.
pub(crate) fn read_all(statement: &Statement) -> Result<(Vec<Vec<Value>>, usize)> {
    let columns = statement.columns().len();
    let batch = now(statement.query(&[]))?;
    let (mut rows, mut batches) = (unpack(&batch.rows, columns).expect("rows"), 1);
    let Some(mut cursor) = batch.rest else { return Ok((rows, batches)) };
    while let Some(more) = now(cursor.next())? {
        let more = unpack(&more, columns).expect("rows");
        assert!(!more.is_empty());
        rows.extend(more);
        batches += 1;
    }
    assert_eq!(now(cursor.next()), Ok(None), "the end stays the end");
    Ok((rows, batches))
}

/// The code of a refusal; panics on anything else.
pub(crate) fn code<T>(outcome: Result<T>) -> Code {
    let error = outcome.err().expect("a refusal");
    error.denied().unwrap_or_else(|| panic!("{error:?}")).code()
}

/// The code of what the database said; panics on anything else.
pub(crate) fn sql_code<T>(outcome: Result<T>) -> String {
    match outcome.err().expect("an error") {
        Error::Sql(error) => error.code,
        error => panic!("{error:?}"),
    }
}

pub(crate) fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

/// Gives numbers without an end.
pub(crate) const ENDLESS: &str = "with recursive n(x) as (select 1 union all select x + 1 from n) select x from n";

/// Computes without an end, and gives nothing.
pub(crate) const ENDLESS_WORK: &str = "with recursive n(x) as (select 1 union all select x + 1 from n) select x, (select count(*) from notes) from n where x < 0";
