//! What the databases that are granted take of the kernel: a native program opens files and connections by itself. Invariant: of a
//! database that nothing is granted of, nothing is reached.

use super::plan::Gap;
use crate::databases::Rights;
use caphost::caps::db::{DatabaseSettings, PostgresHost, PostgresSource, Source, SqliteSource};
use caphost::policy::Policy;
use std::collections::BTreeSet;
use std::path::PathBuf;

/// What databases take, and what of it the kernel cannot hold.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Needs {
    /// Directories of files of SQLite, real paths.
    pub(super) directories: Vec<PathBuf>,
    /// Directories of sockets of PostgreSQL.
    pub(super) sockets: Vec<PathBuf>,
    /// Files of certificates.
    pub(super) certificates: Vec<PathBuf>,
    pub(super) servers: Servers,
    pub(super) gaps: Vec<Gap>,
}

/// Servers of PostgreSQL on the network.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Servers {
    /// The ports that they listen on.
    pub(super) ports: BTreeSet<u16>,
    /// Whether any is known by a name.
    pub(super) are_looked_up: bool,
}

impl Servers {
    /// Whether there are any.
    pub(super) fn is_any(&self) -> bool {
        !self.ports.is_empty()
    }
}

impl Needs {
    /// What those of `settings` take that `policy` grants anything of. Their paths are real ones.
    pub(super) fn of(settings: &DatabaseSettings, policy: &Policy) -> Self {
        let mut needs = Self::default();
        let (mut files, mut servers, mut parts) = (Vec::new(), Vec::new(), Vec::new());
        for (name, source) in settings.iter() {
            let rights = Rights::of(policy, name);
            if rights.is_empty() || *source == Source::Sqlite(SqliteSource::Memory) {
                continue;
            }
            match source {
                Source::Sqlite(SqliteSource::Memory) => {}
                Source::Sqlite(SqliteSource::File(path)) => {
                    needs.directories.extend(path.parent().map(PathBuf::from));
                    files.push(name.to_owned());
                }
                Source::Postgres(postgres) => {
                    needs.take_server(postgres);
                    servers.push(name.to_owned());
                }
            }
            if !rights.is_everything() {
                parts.push(name.to_owned());
            }
        }
        let gaps = [(files, Gap::Directories as fn(_) -> _), (servers, Gap::Servers), (parts, Gap::Tables)];
        needs.gaps = gaps.into_iter().filter(|(names, _)| !names.is_empty()).map(|(names, gap)| gap(names)).collect();
        needs
    }

    fn take_server(&mut self, postgres: &PostgresSource) {
        self.certificates.extend(postgres.root_certificate().map(PathBuf::from));
        match postgres.host() {
            // A server that starts again makes its socket anew, which a rule on the old one does not cover.
            PostgresHost::Socket(directory) => self.sockets.push(directory.clone()),
            PostgresHost::Address(_) => drop(self.servers.ports.insert(postgres.port())),
            PostgresHost::Name(_) => {
                self.servers.ports.insert(postgres.port());
                self.servers.are_looked_up = true;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use caphost::policy::{PolicyBuilder, parse_list};

    fn needs(allow: &str, deny: &str) -> Needs {
        let mut settings = DatabaseSettings::default();
        let file = |path: &str| Source::Sqlite(SqliteSource::File(path.into()));
        let server = |url: &str| Source::Postgres(PostgresSource::parse(url).unwrap());
        settings.insert("file", file("/srv/data/app.db"));
        settings.insert("memory", Source::Sqlite(SqliteSource::Memory));
        settings.insert("name", server("postgres://app@db.example.com:5433/app?sslrootcert=/etc/ca.pem"));
        settings.insert("address", server("postgres://app@127.0.0.1/app"));
        settings.insert("socket", server("postgres://app@/app?host=/run/postgresql"));
        let builder = parse_list(allow).unwrap().into_iter().fold(Policy::builder(), PolicyBuilder::allow);
        Needs::of(&settings, &parse_list(deny).unwrap().into_iter().fold(builder, PolicyBuilder::deny).build())
    }

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn a_database_that_nothing_is_granted_of_takes_nothing() {
        for (allow, deny) in [("time", ""), ("db", "db"), ("db:memory", ""), ("db:file", "db:FILE")] {
            assert_eq!(needs(allow, deny), Needs::default(), "{allow} but {deny}");
        }
    }

    #[test]
    fn a_file_takes_its_directory() {
        let expected = Needs {
            directories: vec!["/srv/data".into()],
            gaps: vec![Gap::Directories(names(&["file"]))],
            ..Needs::default()
        };
        assert_eq!(needs("db:file", ""), expected);
        for (allow, deny) in [("db.read:file.notes", ""), ("db.read:file", ""), ("db:file", "db.write:file.a")] {
            let gaps = [Gap::Directories(names(&["file"])), Gap::Tables(names(&["file"]))];
            assert_eq!(needs(allow, deny).gaps, gaps, "{allow} but {deny}");
        }
    }

    #[test]
    fn a_server_takes_its_port_or_its_socket() {
        let address = needs("db:address", "");
        assert_eq!(address.servers, Servers { ports: [5432].into(), are_looked_up: false });
        assert_eq!(address.gaps, [Gap::Servers(names(&["address"]))]);
        let name = needs("db:name", "");
        assert_eq!(name.servers, Servers { ports: [5433].into(), are_looked_up: true });
        assert_eq!(name.certificates, [PathBuf::from("/etc/ca.pem")]);
        let socket = needs("db:socket", "");
        assert_eq!(
            (&socket.sockets[..], socket.servers),
            (&[PathBuf::from("/run/postgresql")][..], Servers::default())
        );
        assert_eq!(needs("db", "").gaps.last(), Some(&Gap::Servers(names(&["address", "name", "socket"]))));
    }
}
