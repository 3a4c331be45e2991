//! SQLite: what its authorizer has to hold, and what stands in files.

#![expect(clippy::expect_used, clippy::unwrap_used, reason = "a test fails by panic")]

mod again;
mod always;
mod bypass;
mod changes;
mod hidden;
mod input;
mod memory;
mod random;
mod waiting;

use crate::support::policy;
use crate::world::{World, now};
use caphost_caps::Session;
use caphost_caps::ambient::HostAuthority;
use caphost_caps::db::{DatabaseSettings, Source, SqliteSource};
use caphost_caps::guest::Result;
use caphost_caps::guest::db;
use std::sync::OnceLock;
use tempfile::TempDir;

/// Beside the tables of [`World`]: whatever somebody could reach a secret by.
const SHOP: &str = "
    create table secret (id integer primary key, word text);
    insert into secret values (1, 'plugh');
    create index secret_word on secret (word);
    create table words (word text);
    create table \"odd name\" (a);
    create table log (x);
    create table parent (id integer primary key, name text unique);
    create table child (id integer primary key, parent references parent (id) on delete cascade);
    insert into parent values (1, 'a');
    insert into child values (1, 1);
    create view peek as select word from secret;
    create view peek_again as select * from peek;
    create view fixed as select 1 as one;
    create table inbox (text);
    create trigger leak after insert on inbox begin insert into log select word from secret; end;
    create view door as select 1 as word;
    create trigger open instead of insert on door begin insert into secret (word) values (new.word); end;
    create table chain (n);
    create trigger pull after insert on chain when new.n < 3 begin insert into chain values (new.n + 1); delete from log; end;
    create table stamped (a, at text default current_timestamp);
    create virtual table ft using fts5 (text);
    insert into ft values ('hello there');
    create virtual table over using fts5 (word, content = 'secret', content_rowid = 'id');
    insert into over (over) values ('rebuild');
    create virtual table old using fts4 (text);
    create virtual table box using rtree (id, low, high);
    insert into box values (1, 0, 1);
    create virtual table vocabulary using fts5vocab (ft, row);
";

fn shop(allow: &str, deny: &str) -> World {
    let world = World::new(allow, deny);
    world.outside.execute_batch(SHOP).expect("the tables of a shop");
    world
}

/// Runs a statement on a shop of its own.
#[expect(clippy::disallowed_methods, reason = "a test copies a file by path")]
fn run(allow: &str, deny: &str, sql: &str) -> Result<db::Table> {
    static FILE: OnceLock<Vec<u8>> = OnceLock::new();
    // Made once: most tests are of many statements.
    let file = FILE.get_or_init(|| {
        let world = shop("db", "");
        world.outside.execute_batch("pragma journal_mode = delete").expect("one file");
        std::fs::read(world.outside.path().expect("a path")).expect("a database")
    });
    let folder = TempDir::new().expect("a folder");
    let path = folder.path().join("main.db");
    std::fs::write(&path, file).expect("a copy");
    let mut settings = DatabaseSettings::default();
    settings.insert("main", Source::Sqlite(SqliteSource::File(path)));
    let session = Session::builder(policy(allow, deny)).databases(settings).build(HostAuthority::claim());
    let connection = now(db::open(&session.expect("a session"), "main")).expect("a connection");
    now(connection.query(sql, &[]))
}
