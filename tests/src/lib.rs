//! The tests from outside: what a user of `caphost` sees.
//!
//! A folder `specs/GROUP/CASE/` is one case. Its `case.toml` ([`case`]) says which promise or bypass it pins, which files
//! there are ([`files`]) and what is run; `expected.txt` holds what came out: exit code, standard output and error, audit
//! records ([`audit`]), the files afterwards ([`tree`]). [`spec`] runs a case and [`compare`]s; `--bless` writes the file anew.
//!
//! The other end of the wire are the [`peers`] of the package `caphost-peers`, in a network namespace if a case needs
//! other addresses than the loopback ones.
//!
//! Databases are SQLite files ([`database`]), and a real PostgreSQL of the package `caphost-cluster`.
//!
//! Guests are the programs of `guests/` and the components of [`made`]. Volatile texts are [`redact`]ed.
//! [`coverage`] holds that every function of `caphost:host` and of the WASI packages stands in some case, granted and refused.

pub mod audit;
pub mod case;
pub mod compare;
pub mod coverage;
pub mod database;
pub mod files;
pub mod made;
pub mod peers;
pub mod process;
pub mod programs;
pub mod redact;
pub mod report;
pub mod run;
pub mod spec;
pub mod tamper;
pub mod tree;
