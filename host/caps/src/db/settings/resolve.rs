//! Where the files of databases really are. Invariant: a path is looked up once, when a session begins; what a guest does to links
//! after that changes nothing.

use super::{Source, SqliteSource};
use crate::ambient::{HostAuthority, places};
use std::path::Path;

/// Makes the paths of `source` absolute and free of links; relative ones are below `directory`.
///
/// # Errors
/// What stands in the way, for the operator.
pub(super) fn source(source: &mut Source, directory: &Path, authority: HostAuthority) -> Result<(), String> {
    match source {
        Source::Sqlite(SqliteSource::Memory) => Ok(()),
        Source::Sqlite(SqliteSource::File(path)) => {
            *path = places::of_file(&directory.join(&*path), authority)?;
            Ok(())
        }
        Source::Postgres(postgres) => {
            if let Some(path) = postgres.root_certificate().map(|path| directory.join(path)) {
                postgres.set_root_certificate(path);
            }
            Ok(())
        }
    }
}
