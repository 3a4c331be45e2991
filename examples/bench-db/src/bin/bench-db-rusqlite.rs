//! Times the same SQL through rusqlite, natively: what the guest is measured against. As wasm it does nothing.

use std::process::ExitCode;

#[cfg(target_family = "wasm")]
fn main() -> ExitCode {
    eprintln!("error: this is a native program");
    ExitCode::FAILURE
}

#[cfg(not(target_family = "wasm"))]
fn main() -> ExitCode {
    native::main()
}

#[cfg(not(target_family = "wasm"))]
mod native {
    use std::path::Path;
    use std::process::ExitCode;
    use std::{env, fs, io};

    use bench_db::{DELETE, Database, INSERT, ITEM, ITEMS, SCAN, SELECT, TABLES, name, note};
    use rusqlite::hooks::{AuthContext, Authorization};
    use rusqlite::{Connection, Result};

    pub(crate) fn main() -> ExitCode {
        let arguments: Vec<String> = env::args().skip(1).collect();
        let [verb, path] = arguments.as_slice() else { return bench_db::main::<Rusqlite>() };
        if verb != "prepare" {
            return bench_db::main::<Rusqlite>();
        }
        match prepare(Path::new(path)) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                eprintln!("error: {error}");
                ExitCode::FAILURE
            }
        }
    }

    /// Lays the database out anew.
    fn prepare(path: &Path) -> io::Result<()> {
        for name in ["", "-wal", "-shm"] {
            let mut file = path.as_os_str().to_owned();
            file.push(name);
            match fs::remove_file(file) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        let mut database = Rusqlite::open(path)?;
        fill(&mut database.0).map_err(io::Error::other)
    }

    fn fill(connection: &mut Connection) -> Result<()> {
        let transaction = connection.transaction()?;
        TABLES.iter().try_for_each(|table| transaction.execute(table, []).map(drop))?;
        for id in 1..=ITEMS {
            let row = (id, name(id), f64::from(id) / 100.0, id % 97, note(id));
            transaction.prepare_cached(ITEM)?.execute(row)?;
        }
        transaction.commit()
    }

    struct Rusqlite(Connection);

    impl Database for Rusqlite {
        fn open(place: &Path) -> io::Result<Self> {
            open(place).map(Self).map_err(io::Error::other)
        }

        fn select(&mut self, id: u32) -> io::Result<usize> {
            select(&self.0, id).map_err(io::Error::other)
        }

        fn insert(&mut self, count: u32) -> io::Result<()> {
            insert(&mut self.0, count).map_err(io::Error::other)
        }

        fn scan(&mut self, count: u32) -> io::Result<i64> {
            scan(&self.0, count).map_err(io::Error::other)
        }
    }

    /// With the settings of the host, and an authorizer, which the host cannot do without.
    fn open(place: &Path) -> Result<Connection> {
        let mut connection = Connection::open(place)?;
        connection.pragma_update(None, "journal_mode", "wal")?;
        connection.pragma_update(None, "synchronous", "normal")?;
        connection.pragma_update(None, "cache_size", -8_192)?;
        connection.authorizer(Some(|_: AuthContext<'_>| Authorization::Allow))?;
        Ok(connection)
    }

    fn select(connection: &Connection, id: u32) -> Result<usize> {
        let mut statement = connection.prepare_cached(SELECT)?;
        let mut rows = statement.query([id])?;
        let Some(row) = rows.next()? else { return Err(rusqlite::Error::QueryReturnedNoRows) };
        std::hint::black_box((row.get::<_, i64>(0)?, row.get::<_, f64>(2)?));
        Ok(row.get_ref(1)?.as_str()?.len())
    }

    fn insert(connection: &mut Connection, count: u32) -> Result<()> {
        let transaction = connection.transaction()?;
        transaction.prepare_cached(DELETE)?.execute([])?;
        for id in 1..=count {
            transaction.prepare_cached(INSERT)?.execute((id, name(id), 17))?;
        }
        transaction.commit()
    }

    fn scan(connection: &Connection, count: u32) -> Result<i64> {
        let mut statement = connection.prepare_cached(SCAN)?;
        let mut rows = statement.query([count])?;
        let mut sum = 0;
        while let Some(row) = rows.next()? {
            sum += row.get::<_, i64>(0)?;
            let (name, note) = (row.get_ref(1)?.as_str()?, row.get_ref(4)?.as_str_or_null()?);
            std::hint::black_box((name, row.get::<_, f64>(2)?, row.get::<_, i64>(3)?, note));
        }
        Ok(sum)
    }
}
