//! A session on a database of PostgreSQL, and short ways to ask it for something.

#![expect(clippy::expect_used, reason = "a test fails by panic")]

use crate::support::{Log, policy};
use crate::world::granted;
use caphost_caps::ambient::HostAuthority;
use caphost_caps::db::{DatabaseSettings, PostgresSource, Source};
use caphost_caps::guest::Result;
use caphost_caps::guest::db::{self, Connection, Table, Value};
use caphost_caps::{Refusal, Session};
use caphost_cluster::{Cluster, Database};
use caphost_policy::{DatabaseLimits, Limits, Policy};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::time::timeout;

/// Long enough for any machine to do what it does at all.
pub(crate) const SOON: Duration = Duration::from_secs(60);

/// What there is in each database: notes 1 to 3, and a secret, a view that shows it, and a table in parts.
pub(crate) const TABLES: &str = "
    create table notes (id int primary key, title text not null unique, body bytea, weight float8);
    create table tags (note int not null, name text not null);
    create table secrets (word text not null);
    create table parts (id int, word text) partition by range (id);
    create table parts_1 partition of parts for values from (0) to (100);
    create view shown as select word from secrets;
    create view shown_again as select word || '!' as word from shown;
    create view titles as select title from notes;
    create materialized view kept as select word from secrets;
    insert into notes (id, title, body, weight) values (1, 'one', '\\x01', 1.5), (2, 'two', null, 2.5), (3, 'three', '', null);
    insert into secrets values ('xyzzy');
    insert into parts values (1, 'part');
    refresh materialized view kept;";

pub(crate) struct World {
    pub(crate) session: Session,
    /// The database seen from the host. Before the cluster: it is removed first.
    pub(crate) outside: Database,
    pub(crate) cluster: Arc<Cluster>,
    refusals: Arc<Mutex<Vec<Refusal>>>,
    log: Log,
}

impl World {
    /// `None` where there is no PostgreSQL.
    pub(crate) fn new(test: &str, allow: &str, deny: &str) -> Option<Self> {
        Self::with_policy(test, policy(allow, deny))
    }

    /// With everything granted, within `limits`.
    pub(crate) fn limited(test: &str, limits: DatabaseLimits) -> Option<Self> {
        let limits = Limits { databases: limits, ..Limits::default() };
        Self::with_policy(test, granted("db").limits(limits).build())
    }

    pub(crate) fn with_policy(test: &str, policy: Policy) -> Option<Self> {
        Some(Self::on(caphost_cluster::shared(test)?, policy))
    }

    pub(crate) fn on(cluster: Arc<Cluster>, policy: Policy) -> Self {
        let outside = cluster.create_database(TABLES).expect("a database");
        let url = outside.url();
        Self::at(cluster, outside, &url, policy)
    }

    pub(crate) fn at(cluster: Arc<Cluster>, outside: Database, url: &str, policy: Policy) -> Self {
        let refusals = Arc::<Mutex<Vec<Refusal>>>::default();
        let (told, log) = (Arc::clone(&refusals), Log::default());
        let session = Session::builder(policy)
            .databases(settings(url))
            .audit(Box::new(log.clone()))
            .observer(Box::new(move |refusal| told.lock().expect("no panic").push(refusal.clone())))
            .build(HostAuthority::claim())
            .expect("a session");
        Self { session, outside, cluster, refusals, log }
    }

    pub(crate) async fn open(&self) -> Connection {
        db::open(&self.session, "main").await.expect("a connection")
    }

    pub(crate) fn refusals(&self) -> Vec<Refusal> {
        self.refusals.lock().expect("no panic").clone()
    }

    /// Ends the audit log, and answers all that it says.
    pub(crate) fn log(&self) -> String {
        self.session.close_audit().expect("a whole log");
        String::from_utf8(self.log.0.lock().expect("no panic").clone()).expect("UTF-8")
    }

    /// What the server itself says.
    pub(crate) fn ask(&self, sql: &str) -> String {
        self.outside.sql(sql).expect("an answer").trim_end().to_owned()
    }

    /// How many notes are committed.
    pub(crate) fn notes(&self) -> String {
        self.ask("select count(*) from notes")
    }

    /// Starts the server that was killed: its processes may hold its memory for a moment.
    pub(crate) async fn restart(&self) {
        let came = async {
            while self.cluster.restart().is_err() {
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        };
        timeout(SOON, came).await.expect("a server");
    }

    /// Waits until the server says so.
    pub(crate) async fn until(&self, sql: &str, expected: &str) {
        let came = async {
            while self.ask(sql) != expected {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        timeout(SOON, came).await.unwrap_or_else(|_| panic!("{sql}: {}", self.ask(sql)));
    }
}

pub(crate) fn settings(url: &str) -> DatabaseSettings {
    let mut settings = DatabaseSettings::default();
    settings.insert("main", Source::Postgres(PostgresSource::parse(url).expect("a URL")));
    settings
}

/// Waits, but not for ever.
pub(crate) async fn soon<T>(call: impl Future<Output = T>) -> T {
    timeout(SOON, call).await.expect("an answer")
}

pub(crate) async fn query(connection: &Connection, sql: &str) -> Result<Table> {
    soon(connection.query(sql, &[])).await
}

pub(crate) async fn execute(connection: &Connection, sql: &str) -> Result<u64> {
    soon(connection.execute(sql, &[])).await
}

/// The one value of an answer.
pub(crate) async fn value(connection: &Connection, sql: &str) -> Result<Value> {
    let mut table = query(connection, sql).await?;
    assert_eq!((table.rows.len(), table.columns.len()), (1, 1), "{sql}");
    Ok(table.rows.remove(0).remove(0))
}

/// Adds a note.
pub(crate) async fn add(connection: &Connection, id: i64) -> Result<u64> {
    let parameters = [Value::Integer(id), Value::Text(format!("note {id}"))];
    soon(connection.execute("insert into notes (id, title) values ($1, $2)", &parameters)).await
}

/// How many notes the guest sees.
pub(crate) async fn count(connection: &Connection) -> Result<i64> {
    match value(connection, "select count(*) from notes").await? {
        Value::Integer(count) => Ok(count),
        other => panic!("{other:?}"),
    }
}
