//! What the operator says of databases: which names there are, and what each means. Invariant: values only; nothing here is opened,
//! and no `Debug` text holds a password.

mod problems;
mod resolve;

pub use self::problems::{DatabaseError, DatabaseErrors};

use super::postgres::PostgresSource;
use caphost_policy::SecretSource;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// What stands beside a file of SQLite while it is used.
const COMPANIONS: [&str; 3] = ["-journal", "-wal", "-shm"];

/// The databases that there are for a guest, by their names. The default is none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DatabaseSettings {
    sources: BTreeMap<String, Source>,
    origins: Vec<SecretSource>,
}

/// What a name means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// SQLite.
    Sqlite(SqliteSource),
    /// A server of PostgreSQL.
    Postgres(PostgresSource),
}

/// Where a database of SQLite is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SqliteSource {
    /// In memory, for one session; all its connections share it.
    Memory,
    /// In a file. A session makes a relative path absolute, and follows its links, once, when it begins.
    File(PathBuf),
}

impl DatabaseSettings {
    /// Has `name` mean `source`; answers what it meant before.
    pub fn insert(&mut self, name: impl Into<String>, source: Source) -> Option<Source> {
        self.sources.insert(name.into(), source)
    }

    /// Keeps the variable or file that an address was read from, with a password perhaps, from every guest.
    pub fn hide(&mut self, origin: SecretSource) {
        self.origins.push(origin);
    }

    /// What a name means.
    pub fn get(&self, name: &str) -> Option<&Source> {
        self.sources.get(name)
    }

    /// The names in their order, with what they mean.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Source)> {
        self.sources.iter().map(|(name, source)| (name.as_str(), source))
    }

    /// Whether there is no database.
    pub fn is_empty(&self) -> bool {
        self.sources.is_empty()
    }

    /// What addresses were read from; see [`DatabaseSettings::hide`].
    pub fn origins(&self) -> &[SecretSource] {
        &self.origins
    }

    /// The variables that addresses were read from.
    pub(crate) fn variables(&self) -> impl Iterator<Item = &str> {
        self.origins.iter().filter_map(|origin| match origin {
            SecretSource::Env(name) => Some(name.as_str()),
            SecretSource::File(_) => None,
        })
    }

    /// What no grant of files gives a guest: databases, what stands beside them, and what addresses and certificates are read from.
    pub(crate) fn files(&self, directory: &Path) -> Vec<PathBuf> {
        let origins = self.origins.iter().filter_map(|origin| match origin {
            SecretSource::Env(_) => None,
            SecretSource::File(path) => Some(path.clone()),
        });
        let files = self.sources.values().flat_map(Source::files).chain(origins);
        files.map(|file| directory.join(file)).collect()
    }
}

impl Source {
    fn files(&self) -> Vec<PathBuf> {
        match self {
            Self::Sqlite(SqliteSource::Memory) => Vec::new(),
            Self::Sqlite(SqliteSource::File(path)) => {
                let companions = COMPANIONS.iter().map(|suffix| {
                    let mut name = path.clone().into_os_string();
                    name.push(suffix);
                    name.into()
                });
                [path.clone()].into_iter().chain(companions).collect()
            }
            Self::Postgres(postgres) => postgres.root_certificate().map(Path::to_owned).into_iter().collect(),
        }
    }
}

#[cfg(test)]
mod tests;
