//! Times SQL through caphost-sdk, as wasm and natively.

use std::io;
use std::path::Path;
use std::process::ExitCode;

use bench_db::{DELETE, Database, INSERT, SCAN, SELECT, name};
use caphost_sdk::Result;
use caphost_sdk::db::{self, Connection};

fn main() -> ExitCode {
    bench_db::main::<Sdk>()
}

struct Sdk(Connection);

impl Database for Sdk {
    fn open(place: &Path) -> io::Result<Self> {
        Ok(Self(db::open(place.to_string_lossy())?))
    }

    fn select(&mut self, id: u32) -> io::Result<usize> {
        let mut rows = self.0.query(SELECT, &[&id])?;
        let Some(row) = rows.next()? else { return Err(io::ErrorKind::NotFound.into()) };
        std::hint::black_box((row.get::<i64>(0)?, row.get::<f64>(2)?));
        Ok(row.get::<&str>(1)?.len())
    }

    fn insert(&mut self, count: u32) -> io::Result<()> {
        let inserted: Result<()> = self.0.transaction(|transaction| {
            transaction.execute(DELETE, &[])?;
            (1..=count).try_for_each(|id| transaction.execute(INSERT, &[&id, &name(id), &17]).map(drop))
        });
        Ok(inserted?)
    }

    fn scan(&mut self, count: u32) -> io::Result<i64> {
        let mut rows = self.0.query(SCAN, &[&count])?;
        let mut sum = 0;
        while let Some(row) = rows.next()? {
            sum += row.get::<i64>(0)?;
            std::hint::black_box((
                row.get::<&str>(1)?,
                row.get::<f64>(2)?,
                row.get::<i64>(3)?,
                row.get::<Option<&str>>(4)?,
            ));
        }
        Ok(sum)
    }
}
