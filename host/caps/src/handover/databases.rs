//! The text form of databases. Invariant: no `Debug` text holds an address.

use super::terms::SourceText;
use super::text::invalid;
use crate::db::{DatabaseSettings, PostgresSource, Source, SqliteSource};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::io;
use std::path::PathBuf;

/// Which databases there are.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DatabasesText {
    sources: Vec<(String, AddressText)>,
    origins: Vec<SourceText>,
}

/// Where a database is.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum AddressText {
    SqliteMemory,
    SqliteFile(PathBuf),
    Postgres(String),
}

impl fmt::Debug for AddressText {
    /// What speaks SQL; never where it is.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::SqliteMemory | Self::SqliteFile(_) => "sqlite",
            Self::Postgres(_) => "postgres",
        })
    }
}

impl DatabasesText {
    pub(super) fn of(settings: &DatabaseSettings) -> Self {
        let address = |source: &Source| match source {
            Source::Sqlite(SqliteSource::Memory) => AddressText::SqliteMemory,
            Source::Sqlite(SqliteSource::File(path)) => AddressText::SqliteFile(path.clone()),
            Source::Postgres(postgres) => AddressText::Postgres(postgres.expose_url().to_owned()),
        };
        Self {
            sources: settings.iter().map(|(name, source)| (name.to_owned(), address(source))).collect(),
            origins: settings.origins().iter().cloned().map(SourceText::from).collect(),
        }
    }

    /// What is written down.
    ///
    /// # Errors
    /// An address that cannot be read; it is not repeated.
    pub(super) fn settings(&self) -> io::Result<DatabaseSettings> {
        let mut settings = DatabaseSettings::default();
        for (name, address) in &self.sources {
            let source = match address {
                AddressText::SqliteMemory => Source::Sqlite(SqliteSource::Memory),
                AddressText::SqliteFile(path) => Source::Sqlite(SqliteSource::File(path.clone())),
                AddressText::Postgres(url) => Source::Postgres(PostgresSource::parse(url).map_err(invalid)?),
            };
            settings.insert(name.as_str(), source);
        }
        self.origins.iter().cloned().for_each(|origin| settings.hide(origin.into()));
        Ok(settings)
    }
}
