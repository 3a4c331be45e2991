//! Times SQL on SQLite: the same rows through caphost-sdk, as wasm and natively, and through rusqlite.
//!
//! `NAME run DATABASE [--millis N] [ROW]…` prints a line `row nanoseconds` for each row. `NAME wait DATABASE ROWS` scans so many rows,
//! says so and waits for the end of its input, so that its memory can be looked at. `bench-db-rusqlite prepare FILE` lays the
//! database out. `cargo xtask bench` runs them in turn.

use std::io;
use std::path::Path;
use std::process::ExitCode;

use bench::measure::Operation;
use bench::{Row, expect};

/// Rows of the table `items`.
pub const ITEMS: u32 = 100_000;
/// Rows that a transaction inserts.
pub const INSERTED: u32 = 1_000;

/// The tables. What is scanned has 10 MB of text, so that a host that kept it all would be seen.
pub const TABLES: [&str; 2] = [
    "create table items (id integer primary key, name text not null, price real not null, stock integer not null, note text)",
    "create table inserted (id integer primary key, name text not null, stock integer not null)",
];
/// A row of `items`, by its number.
pub const ITEM: &str = "insert into items (id, name, price, stock, note) values ($1, $2, $3, $4, $5)";

/// One row by its key.
pub const SELECT: &str = "select id, name, price from items where id = $1";
/// Empties what the last transaction inserted.
pub const DELETE: &str = "delete from inserted";
/// One of the rows of a transaction.
pub const INSERT: &str = "insert into inserted (id, name, stock) values ($1, $2, $3)";
/// Rows from the first on.
pub const SCAN: &str = "select id, name, price, stock, note from items limit $1";

/// What is measured: the same few lines, on the API of each.
pub trait Database: Sized + 'static {
    /// Opens a database: by its file, or by the name that the operator gave it.
    ///
    /// # Errors
    /// That of the database.
    fn open(place: &Path) -> io::Result<Self>;

    /// Reads the row of a key; how long its name is.
    ///
    /// # Errors
    /// That of the database.
    fn select(&mut self, id: u32) -> io::Result<usize>;

    /// Inserts so many rows in a transaction.
    ///
    /// # Errors
    /// That of the database.
    fn insert(&mut self, count: u32) -> io::Result<()>;

    /// Reads every value of so many rows; the sum of the first.
    ///
    /// # Errors
    /// That of the database.
    fn scan(&mut self, count: u32) -> io::Result<i64>;
}

/// The name of an item.
pub fn name(id: u32) -> String {
    format!("item number {id}")
}

/// The note of an item.
pub fn note(id: u32) -> String {
    format!("{id:>07} stands on the third shelf from the left, behind the tea, and is counted on Mondays")
}

/// The program, on this database.
pub fn main<D: Database>() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [verb, place, count] = arguments.as_slice()
        && verb == "wait"
    {
        return match wait::<D>(place, count) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                eprintln!("error: {error}");
                ExitCode::FAILURE
            }
        };
    }
    bench::main(&[
        Row { name: "db-select", prepare: select::<D> },
        Row { name: "db-insert-1000", prepare: insert::<D> },
        Row { name: "db-scan", prepare: scan::<D> },
    ])
}

fn wait<D: Database>(place: &str, count: &str) -> io::Result<()> {
    let count = count.parse().map_err(io::Error::other)?;
    D::open(Path::new(place))?.scan(count)?;
    println!("scanned");
    io::stdin().read_line(&mut String::new()).map(drop)
}

fn select<D: Database>(place: &Path) -> io::Result<Operation> {
    let mut database = D::open(place)?;
    let mut id = 0;
    Ok(Box::new(move || {
        // Prime to the number of rows: every row comes once before one comes again.
        id = (id + 7_919) % ITEMS;
        expect(database.select(id + 1)?, name(id + 1).len())
    }))
}

fn insert<D: Database>(place: &Path) -> io::Result<Operation> {
    let mut database = D::open(place)?;
    Ok(Box::new(move || database.insert(INSERTED)))
}

fn scan<D: Database>(place: &Path) -> io::Result<Operation> {
    let mut database = D::open(place)?;
    Ok(Box::new(move || {
        let sum = i64::from(ITEMS) * (i64::from(ITEMS) + 1) / 2;
        if database.scan(ITEMS)? == sum { Ok(()) } else { Err(io::Error::other("some rows are missing")) }
    }))
}
